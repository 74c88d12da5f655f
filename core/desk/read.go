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

// roomForEvents is how many bytes of a message of nothing but events they may
// take. A single one always fits: see wire, core.Limits and checkAccount.
const roomForEvents = wire.MaxMessage - 1<<10

// shelf takes events as long as there is room for them.
type shelf struct {
	page
	id    core.ConversationID
	view  wire.View
	limit int
	room  int // bytes
}

// put takes an event, if the receiver sees it, and reports whether it had
// room. If not, the page says that there is more.
func (s *shelf) put(e core.Event) bool {
	if !s.view.Sees(e) {
		return true
	}
	out := wire.Render(s.id, e, s.view)
	s.room -= len(wire.Encode(out)) + 1
	if s.more = len(s.events) == s.limit || s.room < 0; s.more {
		return false
	}
	s.events = append(s.events, out)
	return true
}

// pageAfter returns what the receiver may see after seq, oldest first, in at
// most so many bytes.
func (d *Desk) pageAfter(ctx context.Context, id core.ConversationID, seq uint64, limit, room int, v wire.View) (page, error) {
	s := shelf{page: page{events: []wire.Event{}, last: seq}, id: id, view: v, limit: limit, room: room}
	for {
		events, err := d.Store.After(ctx, id, s.last, chunk)
		if err != nil {
			return s.page, err
		}
		for _, e := range events {
			if !s.put(e) {
				return s.page, nil
			}
			s.last = e.Seq
		}
		if len(events) < chunk {
			return s.page, nil
		}
	}
}

// pageBefore returns the newest of what the receiver may see before seq,
// oldest first, in at most so many bytes.
func (d *Desk) pageBefore(ctx context.Context, id core.ConversationID, seq uint64, limit, room int, v wire.View) (page, error) {
	s := shelf{page: page{events: []wire.Event{}}, id: id, view: v, limit: limit, room: room}
	for {
		events, err := d.Store.Before(ctx, id, seq, chunk)
		if err != nil {
			return s.page, err
		}
		for _, e := range slices.Backward(events) {
			if !s.put(e) {
				break
			}
			seq = e.Seq
		}
		if s.more || len(events) < chunk {
			slices.Reverse(s.events)
			return s.page, nil
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
	if !mayRead(a, c.Session) {
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
	got, err := read(ctx, c.ID, f.Seq, limit, min(roomForEvents, p.space()), p.view(d.namer(ctx, c)))
	if err != nil {
		return err
	}
	p.answer(wire.Events{Type: "events", Conversation: string(c.ID), Events: got.events, More: got.more})
	return nil
}

// reader reports whether what somebody has read counts as read by their side.
// Among staff it is the holder, who has to answer: were it anybody who looks,
// a visitor would be told that they were read by nobody who answers them, and
// the holder not what is new. Once it is over whoever looks may have the rest.
func reader(who core.Party, s core.Session) bool {
	switch {
	case who.Kind == core.Visitor:
		return true
	case s.Agent != "":
		return who.ID == string(s.Agent)
	default:
		return !s.Phase.Open()
	}
}

// serveRead notes how far somebody has read and tells the others, if that is
// news and theirs to say.
func (d *Desk) serveRead(ctx context.Context, p *Peer, f *wire.Frame) error {
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil || c.Seq == 0 || !reader(p.Who, c.Session) {
		return err
	}
	was, err := d.Store.Marks(ctx, c.ID)
	if err != nil {
		return err
	}
	seq, old := min(f.Seq, c.Seq), was.Agent
	if p.Visitor() {
		seq, old = min(f.Seq, c.Public), was.Visitor
	}
	if seq <= old {
		return nil
	}
	if err := d.Store.Mark(ctx, c.ID, p.Who.Kind, seq); err != nil {
		return err
	}
	by := d.namer(ctx, c)(p.Who)
	d.tellOthers(ctx, c, p, func(to *Peer) any {
		upTo := seq
		if to.Visitor() {
			upTo = min(seq, c.Public) // an agent also reads what is internal
		}
		return wire.ReadUpTo{Type: "read", Conversation: string(c.ID), By: by, Seq: upTo}
	})
	return nil
}

// typingEvery is how often a typing frame is passed on; what comes between is
// dropped, for the next one says the same.
const typingEvery = 500 * time.Millisecond

// serveTyping tells the others that somebody writes, and agents also what, if
// the site shows it: never another tab, which may be open before other eyes. It
// is never stored. Who can write nothing but notes is not announced.
//
// What agents say they are doing (see wire.Doing) is for agents only: two of
// them are not to answer the same visitor without knowing of each other.
func (d *Desk) serveTyping(ctx context.Context, p *Peer, who core.Actor, f *wire.Frame) error {
	if f.Doing != "" {
		return d.serveDoing(ctx, p, f)
	}
	now := d.Now()
	if now.Sub(p.typed) < typingEvery {
		return nil
	}
	p.typed = now
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil || !c.Session.Phase.Open() {
		return err
	}
	if who.Kind == core.Staff && !who.Role.Leads() && who.ID != string(c.Session.Agent) {
		return nil
	}
	frame := wire.TypingNow{Type: "typing", Conversation: string(c.ID), By: d.namer(ctx, c)(p.Who)}
	preview := frame
	if p.Visitor() && f.Text != "" {
		settings, err := d.settings.get(ctx, now)
		if err != nil {
			return err
		}
		if site, _ := settings.Site(c.Site); site.Preview {
			preview.Text = f.Text
		}
	}
	d.tellOthers(ctx, c, p, func(to *Peer) any {
		if to.Visitor() {
			return frame
		}
		return preview
	})
	return nil
}

func (d *Desk) serveDoing(ctx context.Context, p *Peer, f *wire.Frame) error {
	if p.Visitor() {
		return core.Errorf(core.Forbidden, "doing: only agents say that")
	}
	c, err := d.readable(ctx, p, core.ConversationID(f.Conversation))
	if err != nil {
		return err
	}
	said := wire.Encode(wire.TypingNow{Type: "typing", Conversation: string(c.ID), By: d.namer(ctx, c)(p.Who), Doing: f.Doing})
	topics := []Topic{TopicWatch(c.ID)}
	if a := c.Session.Agent; a != "" {
		topics = append(topics, TopicAgent(a))
	}
	d.Floor.Each(ctx, topics, func(to *Peer) {
		if to != p && !to.Visitor() && to.reads(c.Session) {
			to.push(0, said)
		}
	})
	return nil
}

// tellOthers pushes a frame to the visitor and the holder, but not to who
// caused it.
func (d *Desk) tellOthers(ctx context.Context, c core.Conversation, from *Peer, frame func(to *Peer) any) {
	topics := []Topic{TopicVisitor(c.ID), TopicWatch(c.ID)}
	if a := c.Session.Agent; a != "" {
		topics = append(topics, TopicAgent(a))
	}
	d.Floor.Each(ctx, topics, func(p *Peer) {
		if p != from && p.reads(c.Session) {
			p.push(0, wire.Encode(frame(p)))
		}
	})
}

// serveWatch replaces what an agent watches. The answer is a head of each;
// their events follow. What they may not read changes nothing.
func (d *Desk) serveWatch(ctx context.Context, p *Peer, f *wire.Frame) error {
	if p.poll != nil {
		return core.Errorf(core.Unsupported, "a poll is not told of what happens: ask for it")
	}
	watched := make([]core.ConversationID, len(f.Conversations))
	topics := slices.Clone(p.topics)
	for i, id := range f.Conversations {
		watched[i] = core.ConversationID(id)
		if _, err := d.readable(ctx, p, watched[i]); err != nil {
			return err
		}
		topics = append(topics, TopicWatch(watched[i]))
	}
	before := p.watched
	p.watched = watched
	if err := d.Floor.Join(ctx, p, topics...); err != nil { // it listens first: what comes between is pushed
		p.watched = before
		return err
	}
	for _, id := range watched {
		c, err := d.readable(ctx, p, id)
		if err != nil {
			return err
		}
		facts, err := d.facts(ctx, c)
		if err != nil {
			return err
		}
		p.pushHead(facts, d.namer(ctx, c))
	}
	return nil
}
