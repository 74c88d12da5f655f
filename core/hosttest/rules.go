package hosttest

import "strings"

// What protocol.md asks of clients, as clients of stories keep it.

// receive serves one frame by the rules for clients.
func (c *client) receive(f frame) {
	c.all = append(c.all, f)
	c.inbox = append(c.inbox, f)
	switch f.Type {
	case "welcome":
		c.welcomed(f)
	case "event":
		c.place(c.view(f.Conversation.ID), eventOf(f))
	case "events":
		v := c.view(f.Conversation.ID)
		c.placeAll(v, f.Events)
		if v.ahead = false; f.More {
			c.ask(v)
		}
	case "ack":
		c.acknowledged(f)
	case "conversation":
		if old, ok := c.heads[f.Conversation.ID]; !ok || f.Conversation.Head.Seq >= old.Seq {
			c.heads[f.Conversation.ID] = *f.Conversation.Head
		}
	case "pong":
		c.pongs++
		c.compare(f)
	case "bye":
		c.words = append(c.words, f.Code)
	case "error":
		if f.N == 0 {
			c.words = append(c.words, f.Code)
		}
	}
}

func (c *client) welcomed(f frame) {
	c.epoch = f.Epoch
	if !c.visitor() {
		for _, h := range f.Conversations {
			c.heads[h.ID] = h
		}
		return
	}
	c.token = f.Token
	c.heads[f.Conversation.ID] = *f.Conversation.Head
	v := c.view(f.Conversation.ID)
	if f.Reset || len(v.events) == 0 {
		v.events = nil
		v.events = append(v.events, f.Events...)
	} else {
		c.placeAll(v, f.Events)
	}
	c.link.seen(v.last(), c.epoch, c.token)
}

func eventOf(f frame) event {
	return event{
		Conversation: f.Conversation.ID, Seq: f.Seq, Prev: *orZero(f.Prev), At: f.At.Time, Session: f.Session,
		By: f.By, Body: f.Body, Internal: f.Internal, Origin: f.Origin, N: f.N,
	}
}

func orZero(n *uint64) *uint64 {
	if n == nil {
		return new(uint64)
	}
	return n
}

func (c *client) placeAll(v *view, events []event) {
	for _, e := range events {
		c.place(v, e)
	}
}

// place is the rule of prev.
func (c *client) place(v *view, e event) {
	if e.Internal && c.visitor() {
		c.t.Errorf("promise 14: %s, a visitor, is shown the internal event %v", c.name, e)
	}
	switch {
	case e.Seq <= v.last():
	case e.Prev == v.last():
		v.events = append(v.events, e)
		if c.visitor() {
			c.link.seen(v.last(), c.epoch, c.token)
		}
	default:
		c.ask(v)
	}
}

// ask asks for what a view lacks.
func (c *client) ask(v *view) {
	if v.ahead {
		return
	}
	v.ahead = true
	_ = c.link.send(c.about(v.id, fields{"seq": v.last()}.of("after"))) // if it is lost, heal asks again
}

// about names the conversation where that is needed.
func (c *client) about(id string, f fields) fields {
	if !c.visitor() {
		f["conversation"] = id
	}
	return f
}

// acknowledged places what was sent as if it had come back; what else the
// frame caused has to be asked for.
func (c *client) acknowledged(f frame) {
	v := c.view(f.Conversation.ID)
	m := v.mailing
	switch b, ok := m["body"].(fields); {
	case f.Prev == nil:
	case ok && m["type"] == "send" && m["origin"] == f.Origin && m["n"] == f.N:
		kind, _ := b["kind"].(string)
		said, _ := b["text"].(string)
		c.place(v, event{
			Conversation: v.id, Seq: f.Seq, Prev: *f.Prev, At: f.At.Time, By: party{Kind: c.kind(), ID: c.id()},
			Body: body{Kind: kind, Text: strings.TrimSpace(said)}, Internal: m["internal"] == true, Origin: f.Origin, N: f.N,
		})
	case f.Seq > v.last():
		c.ask(v)
	}
}

func (c *client) kind() string {
	if c.visitor() {
		return "visitor"
	}
	return "agent"
}

// compare finds in a pong what never came.
func (c *client) compare(f frame) {
	if c.visitor() {
		if v := c.view(c.mine()); f.Heads.Mine > v.last() {
			c.ask(v)
		}
		return
	}
	for id, seq := range f.Heads.Of {
		if v := c.view(id); seq > v.last() {
			c.ask(v)
		}
	}
}
