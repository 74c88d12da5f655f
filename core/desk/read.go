package desk

import (
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// page is a part of a log as one receiver sees it.
type page struct {
	events []wire.Event
	more   bool   // there are others in the direction asked for
	last   uint64 // the log was read up to here
}

// chunk is how many events are read from the store at once.
const chunk = 200

// room is how many bytes of a message are left for events; a welcome needs
// the rest.
const roomForEvents = wire.MaxMessage - 8<<10

// pageAfter returns what the receiver may see after seq, oldest first.
func (d *Desk) pageAfter(ctx context.Context, id core.ConversationID, seq uint64, limit int, v wire.View) (page, error) {
	p := page{events: []wire.Event{}, last: seq}
	size := 0
	for {
		events, err := d.Store.After(ctx, id, p.last, chunk)
		if err != nil {
			return p, err
		}
		for _, e := range events {
			if v.Sees(e) {
				out := wire.Render(id, e, v)
				size += len(wire.Encode(out)) + 1
				if len(p.events) == limit || (size > roomForEvents && len(p.events) > 0) {
					p.more = true
					return p, nil
				}
				p.events = append(p.events, out)
			}
			p.last = e.Seq
		}
		if len(events) < chunk {
			return p, nil
		}
	}
}

// pageBefore returns the newest of what the receiver may see before seq,
// oldest first.
func (d *Desk) pageBefore(ctx context.Context, id core.ConversationID, seq uint64, limit int, v wire.View) (page, error) {
	p := page{events: []wire.Event{}}
	size := 0
	for {
		events, err := d.Store.Before(ctx, id, seq, chunk)
		if err != nil {
			return p, err
		}
		for _, e := range slices.Backward(events) {
			seq = e.Seq
			if !v.Sees(e) {
				continue
			}
			out := wire.Render(id, e, v)
			size += len(wire.Encode(out)) + 1
			if len(p.events) == limit || (size > roomForEvents && len(p.events) > 0) {
				p.more = true
				slices.Reverse(p.events)
				return p, nil
			}
			p.events = append(p.events, out)
		}
		if len(events) < chunk {
			slices.Reverse(p.events)
			return p, nil
		}
	}
}

// readable loads a conversation that a peer may read.
func (d *Desk) readable(ctx context.Context, p *Peer, id core.ConversationID) (core.Conversation, error) {
	c, err := d.Store.Load(ctx, id)
	if err != nil || p.Visitor() {
		return c, err
	}
	if c.Seq == 0 {
		return c, core.Errorf(core.NotFound, "there is no such conversation")
	}
	a, err := d.account(ctx, core.AgentID(p.Who.ID), p.tokens)
	if err != nil {
		return c, err
	}
	if !mayRead(a, c) {
		return c, core.Errorf(core.Forbidden, "this conversation is not of your groups")
	}
	return c, nil
}

func (d *Desk) servePage(ctx context.Context, p *Peer, f *wire.Frame) error {
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil {
		return err
	}
	limit := f.Limit
	if limit == 0 {
		limit = lastEvents
	}
	read := d.pageAfter
	if f.Type == wire.Before {
		read = d.pageBefore
	}
	got, err := read(ctx, c.ID, f.Seq, limit, p.view(d.namer(ctx, c)))
	if err != nil {
		return err
	}
	p.answer(wire.Events{Type: "events", Conversation: string(c.ID), Events: got.events, More: got.more})
	return nil
}

// serveRead notes how far somebody has read and tells the others.
func (d *Desk) serveRead(ctx context.Context, p *Peer, f *wire.Frame) error {
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil || c.Seq == 0 {
		return err
	}
	seq := min(f.Seq, c.Seq)
	if err := d.Store.Mark(ctx, c.ID, p.Who.Kind, seq); err != nil {
		return err
	}
	d.tellOthers(c, p, wire.Encode(wire.ReadUpTo{
		Type: "read", Conversation: string(c.ID), By: d.namer(ctx, c)(p.Who), Seq: seq,
	}))
	return nil
}

// typingEvery is how often a typing frame is passed on; what comes between is
// dropped, for the next one says the same.
const typingEvery = 500 * time.Millisecond

// serveTyping tells the others that somebody writes. It is never stored.
func (d *Desk) serveTyping(ctx context.Context, p *Peer, f *wire.Frame) error {
	now := d.Now()
	if now.Sub(p.typed) < typingEvery {
		return nil
	}
	p.typed = now
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil || !c.Session.Phase.Open() {
		return err
	}
	d.tellOthers(c, p, wire.Encode(wire.TypingNow{
		Type: "typing", Conversation: string(c.ID), By: d.namer(ctx, c)(p.Who),
	}))
	return nil
}

// tellOthers pushes a frame to the visitor and the holder, but not to who
// caused it.
func (d *Desk) tellOthers(c core.Conversation, from *Peer, data []byte) {
	topics := []Topic{TopicVisitor(c.ID)}
	if a := c.Session.Agent; a != "" {
		topics = append(topics, TopicAgent(a))
	}
	d.Floor.Each(topics, func(p *Peer) {
		if p != from {
			p.push(0, data)
		}
	})
}

// servePing answers with the heads of what the peer follows, so that even the
// last push of a quiet conversation is found if it was lost.
func (d *Desk) servePing(ctx context.Context, p *Peer, f *wire.Frame) error {
	p.next.Store(int64(f.Next))
	at := wire.Time(d.Now())
	if p.Visitor() {
		c, err := d.Store.Load(ctx, p.Conversation)
		if err != nil {
			return err
		}
		p.answer(wire.VisitorPong{Type: "pong", At: at, Heads: c.Public})
		return nil
	}
	held, err := d.Store.Held(ctx, core.AgentID(p.Who.ID))
	if err != nil {
		return err
	}
	heads := make(map[string]uint64, len(held))
	for _, id := range held[:min(len(held), wire.MaxPage)] {
		c, err := d.Store.Load(ctx, id)
		if err != nil {
			return err
		}
		heads[string(id)] = c.Seq
	}
	waiting, err := d.waiting(ctx, p)
	if err != nil {
		return err
	}
	p.answer(wire.AgentPong{Type: "pong", At: at, Heads: heads, Waiting: waiting})
	return nil
}

// countWaiting bounds how far the line is counted.
const countWaiting = 1000

// waiting counts those who wait in the groups of an agent.
func (d *Desk) waiting(ctx context.Context, p *Peer) (int, error) {
	a, err := d.account(ctx, core.AgentID(p.Who.ID), p.tokens)
	if err != nil {
		return 0, err
	}
	n := 0
	for _, g := range d.seesGroups(ctx, a) {
		line, err := d.Store.Waiting(ctx, g, countWaiting)
		if err != nil {
			return 0, err
		}
		n += len(line)
	}
	return n, nil
}
