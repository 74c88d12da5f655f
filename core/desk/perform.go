package desk

import (
	"context"
	"slices"

	"kefu/core"
	"kefu/core/wire"
)

// perform delivers the events of a stored change and performs its effects.
// sender, if not nil, is the peer whose frame it came from: it gets the ack,
// all others the event.
func (d *Desk) perform(ctx context.Context, c core.Change, sender *Peer) {
	d.answers.overtake(c)
	d.books.note(c, d.Now())
	name := d.namer(ctx, c.Conversation)
	ack := d.ackOf(c)
	d.trailCommitted(ctx, c, ack)
	for i := range c.Events {
		e := &c.Events[i]
		if ack != nil && e.Seq == ack.Seq {
			d.sendAck(ctx, sender, ack)
			d.deliver(ctx, c, e, sender, name)
		} else {
			d.deliver(ctx, c, e, nil, name)
		}
	}
	if ack != nil && len(c.Events) == 0 {
		d.sendAck(ctx, sender, ack)
	}
	switch s := c.Conversation.Session; {
	case changesHead(c):
		d.tellHeads(ctx, c, sender, name)
	case s.Phase == core.Waiting && !c.Empty(): // no agent hears the event, but all of them list it
		facts, err := d.factsAsTold(ctx, c.Conversation)
		d.pushFacts(ctx, facts, err, s.Group, []Topic{TopicGroup(s.Group)}, nil, name)
	}
	d.learn(c)
	d.wantsBrief(ctx, c)
	for _, e := range c.Effects {
		switch e := e.(type) {
		case core.Seek:
			d.Seek(e.Group)
		case core.Room:
			d.seekFor(ctx, e.Agent)
		case core.Paced: // a write, but one a session, and the ack is out; losing it is no harm
			if err := d.Store.Paced(ctx, e.Agent, e.Took); err != nil {
				d.Log.WarnContext(ctx, "how fast an agent answered is not noted", "agent", e.Agent, "error", err)
			}
		case core.Ask:
			d.ask(ctx, c.Conversation.ID, e.Seq)
		}
	}
}

// ackOf returns the ack of a change as it travels, or nil. One of an event
// that its author may not see names no prev: there is nothing to take.
func (d *Desk) ackOf(c core.Change) *wire.Ack {
	var a core.Ack
	found := slices.ContainsFunc(c.Effects, func(e core.Effect) (ok bool) { a, ok = e.(core.Ack); return ok })
	if !found {
		return nil
	}
	out := &wire.Ack{
		Type: "ack", Origin: string(a.Origin), N: a.N, Conversation: string(c.Conversation.ID), Seq: a.Seq, At: wire.Time(a.At),
	}
	hidden := func(e core.Event) bool { return e.Seq == a.Seq && e.Internal && a.To.Kind == core.Visitor }
	if !a.Repeat && !slices.ContainsFunc(c.Events, hidden) {
		out.Prev = &a.Prev
	}
	return out
}

func (d *Desk) sendAck(ctx context.Context, p *Peer, ack *wire.Ack) {
	if p != nil {
		p.push(ack.Seq, wire.Encode(ack))
		d.trailAcknowledged(ctx, ack)
	}
}

// deliver shows one event to everybody whom it concerns but the one who has
// the ack of it.
func (d *Desk) deliver(ctx context.Context, c core.Change, e *core.Event, acked *Peer, name func(core.Party) wire.Party) {
	render := renderer(c.Conversation.ID, e, name)
	to, s := 0, c.Conversation.Session
	d.Floor.Each(ctx, d.concerned(c), func(p *Peer) {
		if p == acked || !p.reads(s) {
			return
		}
		if data := render(p); data != nil {
			p.push(e.Seq, data)
			to++
		}
	})
	d.trailPushed(ctx, c, *e, to)
}

// concerned are the topics that events of a change go to: the visitor, who
// holds it now, who held it until now, and who watches.
func (d *Desk) concerned(c core.Change) []Topic {
	topics := []Topic{TopicVisitor(c.Conversation.ID), TopicWatch(c.Conversation.ID)}
	for _, a := range []core.AgentID{c.Conversation.Session.Agent, c.Was.Agent} {
		if t := TopicAgent(a); a != "" && !slices.Contains(topics, t) {
			topics = append(topics, t)
		}
	}
	return topics
}

// renderer encodes an event at most once for each kind of receiver: visitor
// or agent, its author or somebody else.
func renderer(id core.ConversationID, e *core.Event, name func(core.Party) wire.Party) func(*Peer) []byte {
	var done [4][]byte
	return func(p *Peer) []byte {
		v := wire.View{Visitor: p.Visitor(), Me: p.Who, Name: name}
		if !v.Sees(*e) {
			return nil
		}
		kind := 0
		if v.Visitor {
			kind |= 1
		}
		if p.Who == e.By {
			kind |= 2
		}
		if done[kind] == nil {
			out := wire.Render(id, *e, v)
			out.Type = "event"
			done[kind] = wire.Encode(out)
		}
		return done[kind]
	}
}

// changesHead reports whether a change moved the session, so that those who
// list the conversation must be told.
func changesHead(c core.Change) bool {
	a, b := c.Was, c.Conversation.Session
	return a.Number != b.Number || a.Phase != b.Phase || a.Group != b.Group || a.Agent != b.Agent || !a.Until.Equal(b.Until) ||
		slices.ContainsFunc(c.Events, func(e core.Event) bool { return e.Body.Kind == core.KindTagged })
}

// tellHeads sends the new head to the visitor, to who holds or held it, to
// the agents of the group if it began or ceased to wait, and to who caused it:
// somebody who leads may be none of these.
func (d *Desk) tellHeads(ctx context.Context, c core.Change, sender *Peer, name func(core.Party) wire.Party) {
	topics := d.concerned(c)
	if c.Was.Phase == core.Waiting {
		topics = append(topics, TopicGroup(c.Was.Group))
	}
	if s := c.Conversation.Session; s.Phase == core.Waiting && !slices.Contains(topics, TopicGroup(s.Group)) {
		topics = append(topics, TopicGroup(s.Group))
	}
	facts, err := d.facts(ctx, c.Conversation)
	if facts.queue != nil {
		d.clock.stands(c.Conversation.ID, *facts.queue, d.Now())
	}
	d.pushFacts(ctx, facts, err, c.Was.Group, topics, sender, name)
}

// pushHead pushes a head to those under the topics and, unless it is nil or
// among them, to one more. Who sees the group that it was in until now is told
// too, that it is there no longer.
func (d *Desk) pushHead(ctx context.Context, c core.Conversation, was core.GroupID, topics []Topic, also *Peer, name func(core.Party) wire.Party) {
	facts, err := d.facts(ctx, c)
	d.pushFacts(ctx, facts, err, was, topics, also, name)
}

func (d *Desk) pushFacts(ctx context.Context, facts facts, err error, was core.GroupID, topics []Topic, also *Peer, name func(core.Party) wire.Party) {
	c := facts.c
	if err != nil {
		d.Log.WarnContext(ctx, "a head could not be read; clients find it by their heartbeat", "conversation", c.ID, "error", err)
		return
	}
	d.Floor.Each(ctx, topics, func(p *Peer) {
		if p == also {
			also = nil
		}
		if p.reads(c.Session) || slices.Contains(p.sees, was) {
			p.pushHead(facts, name)
		}
	})
	if also != nil {
		also.pushHead(facts, name)
	}
}

func (p *Peer) pushHead(f facts, name func(core.Party) wire.Party) {
	p.push(0, wire.Encode(wire.Conversation{Type: "conversation", Conversation: f.head(p.view(name), p.Outbox)}))
}

func (p *Peer) view(name func(core.Party) wire.Party) wire.View {
	return wire.View{Visitor: p.Visitor(), Me: p.Who, Name: name}
}

// seekFor looks for work for an agent who may have a seat.
func (d *Desk) seekFor(ctx context.Context, id core.AgentID) {
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		return // the alarms of those who wait look again
	}
	for _, g := range staff[id].Groups {
		d.Seek(g)
	}
}

// ask starts the assistant, or says for it that it can not answer.
func (d *Desk) ask(ctx context.Context, id core.ConversationID, seq uint64) {
	if d.Ask != nil && !d.operator().NoBot {
		d.Ask(id, seq)
		return
	}
	d.Rooms.Tell(ctx, id, core.Answered{Ask: seq, Hand: core.ByFailure}, func(c core.Change, err error) {
		if err == nil {
			d.perform(ctx, c, nil)
		}
	})
}
