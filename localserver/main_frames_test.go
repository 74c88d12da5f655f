package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"kefu/core/wire"
)

// take serves one frame of the server.
func (c *client) take(ctx context.Context, data []byte) error {
	var kind struct{ Type, Role string }
	if err := json.Unmarshal(data, &kind); err != nil {
		c.history.violate("not a frame: %s", data)
		return err
	}
	switch kind.Type {
	case "welcome":
		return c.welcome(ctx, kind.Role, data)
	case "event":
		return decoded(data, func(e wire.Event) error { return c.event(ctx, e) })
	case "events":
		return decoded(data, func(e wire.Events) error { return c.events(ctx, e) })
	case "ack":
		return decoded(data, func(a wire.Ack) error { return c.ack(ctx, a) })
	case "conversation":
		return decoded(data, func(h wire.Conversation) error { return c.head(ctx, h.Conversation) })
	case "error":
		return decoded(data, func(e wire.Error) error { return c.refused(ctx, e) })
	case "pong":
		return c.pong(ctx, data)
	case "bye":
		return errors.New("bye")
	}
	return nil
}

func decoded[T any](data []byte, do func(T) error) error {
	var f T
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	return do(f)
}

func (c *client) welcome(ctx context.Context, role string, data []byte) error {
	if role == "visitor" {
		return decoded(data, func(w wire.VisitorWelcome) error { return c.visitorWelcome(ctx, w) })
	}
	return decoded(data, func(w wire.AgentWelcome) error { return c.agentWelcome(ctx, w) })
}

func (c *client) visitorWelcome(ctx context.Context, w wire.VisitorWelcome) error {
	t := c.thread(w.Conversation.ID)
	if c.epoch != "" {
		r := resumption{connection: c.label(), conversation: t.id, after: t.last(), head: w.Conversation.Seq, more: w.More, reset: w.Reset}
		for _, e := range w.Events {
			r.events = append(r.events, entryOf(e))
		}
		c.history.mu.Lock()
		c.history.resumed = append(c.history.resumed, r)
		c.history.mu.Unlock()
	}
	if w.N >= t.next && t.origin == c.origin {
		c.history.violate("promise 2 (as a client sees it): n %d of %s was accepted, and %d never sent", w.N, t.origin, t.next)
	}
	c.token, c.me = w.Token, party("visitor "+w.Visitor.ID)
	c.learnEpoch(w.Epoch)
	if err := c.events(ctx, wire.Events{Conversation: t.id, Events: w.Events, More: w.More}); err != nil {
		return err
	}
	return c.repeat(ctx, t, 0)
}

func (c *client) agentWelcome(ctx context.Context, w wire.AgentWelcome) error {
	c.me = party("agent " + w.Agent.ID)
	c.learnEpoch(w.Epoch)
	clear(c.mine)
	if err := c.write(ctx, map[string]any{"type": "status", "status": "online", "capacity": seats}); err != nil {
		return err
	}
	for _, h := range w.Conversations {
		if err := c.head(ctx, h); err != nil {
			return err
		}
	}
	for _, t := range c.threads {
		if err := c.repeat(ctx, t, 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) learnEpoch(epoch string) {
	c.epoch = epoch
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.epochs[epoch] = true
}

func (c *client) label() string { return fmt.Sprintf("%s#%d", c.name, c.connections) }

// head notes who holds a conversation, and asks for what is missing of it.
func (c *client) head(ctx context.Context, h wire.Head) error {
	if !c.agent() {
		return nil
	}
	if c.mine[h.ID] = h.Agent != nil && "agent "+h.Agent.ID == string(c.me); c.mine[h.ID] {
		return c.catchUp(ctx, c.thread(h.ID), h.Seq)
	}
	return nil
}

// catchUp asks for events if the view does not reach to seq.
func (c *client) catchUp(ctx context.Context, t *thread, seq uint64) error {
	if seq <= t.last() || t.asked {
		return nil
	}
	t.asked = true
	f := map[string]any{"type": "after", "seq": t.last(), "limit": 50}
	if c.agent() {
		f["conversation"] = t.id
	}
	return c.write(ctx, f)
}

func (c *client) event(ctx context.Context, e wire.Event) error {
	c.arrived(e.Conversation, e.Seq)
	return c.place(ctx, c.thread(e.Conversation), entryOf(e))
}

func (c *client) arrived(id string, seq uint64) {
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.arrivals = append(c.history.arrivals, arrival{c.label(), id, seq})
}

// place takes an event into the view by the rule of prev.
func (c *client) place(ctx context.Context, t *thread, e entry) error {
	if e.internal && !c.agent() {
		c.history.violate("promise 14 (isolation): %s was shown the internal event %d of %s", c.name, e.seq, t.id)
	}
	c.history.mu.Lock()
	c.history.seen[t.id] = append(c.history.seen[t.id], e)
	c.history.mu.Unlock()
	switch {
	case e.prev == t.last():
		t.view = append(t.view, e)
	case e.seq > t.last():
		return c.catchUp(ctx, t, e.seq)
	}
	return nil
}

func (c *client) events(ctx context.Context, f wire.Events) error {
	t := c.thread(f.Conversation)
	t.asked = false
	for _, e := range f.Events {
		if err := c.place(ctx, t, entryOf(e)); err != nil {
			return err
		}
	}
	if f.More {
		return c.catchUp(ctx, t, t.last()+1)
	}
	return nil
}

// ack ends the sends up to n. The event of n itself is placed as if it had
// come; that of a repeat has an old place.
func (c *client) ack(ctx context.Context, a wire.Ack) error {
	t := c.thread(a.Conversation)
	var own *send
	now := c.now()
	t.pending = slices.DeleteFunc(t.pending, func(s *send) bool {
		if s.origin != a.Origin || s.n > a.N {
			return false
		}
		c.history.mu.Lock()
		defer c.history.mu.Unlock()
		s.outcome, s.answered = acked, now
		if s.n == a.N {
			s.seq, own = a.Seq, s
		}
		return true
	})
	c.acks.Add(1)
	if own != nil {
		t.again = own
	}
	if a.Prev == nil {
		return c.catchUp(ctx, t, a.Seq)
	}
	c.arrived(t.id, a.Seq)
	if own == nil { // it was repeated, and both answers came
		return c.catchUp(ctx, t, a.Seq)
	}
	return c.place(ctx, t, entry{seq: a.Seq, prev: *a.Prev, at: time.Time(a.At), by: c.me, kind: "text", text: own.text, internal: own.internal})
}

// refused obeys an error that answers a frame.
func (c *client) refused(ctx context.Context, e wire.Error) error {
	if e.N == 0 {
		return errors.New(e.Code)
	}
	t := c.thread(e.Conversation)
	i := slices.IndexFunc(t.pending, func(s *send) bool { return s.n == e.N })
	switch {
	case e.Origin != t.origin: // given up
		return nil
	case e.Code == "unavailable" || e.Code == "internal" || e.Code == "rate_limited":
		return errors.New(e.Code) // repeated on the next connection
	case e.Code == "gap" && len(t.pending) > 0 && e.Expect < t.pending[0].n:
		c.history.violate("promise 1 (as a client sees it): %s is told to go on from n %d, and %d was acknowledged", e.Origin, e.Expect, t.pending[0].n-1)
		return c.renumber(ctx, t, t.pending)
	case e.Code == "gap":
		return c.repeat(ctx, t, e.Expect)
	case i < 0: // of a repeat
		return nil
	}
	s := t.pending[i]
	c.history.mu.Lock()
	s.outcome, s.answered = refused, c.now()
	c.history.mu.Unlock()
	return c.renumber(ctx, t, slices.Delete(t.pending, i, i+1))
}

// renumber gives the origin up after a definite error, and sends what is left
// under a fresh one. What had been sent under the old one is another send.
func (c *client) renumber(ctx context.Context, t *thread, left []*send) error {
	t.outboxes++
	t.origin, t.next, t.pending, t.again = fmt.Sprintf("%s-%d", c.origin, t.outboxes), 1, nil, nil
	for _, old := range left {
		s := *old
		s.origin, s.n = t.origin, t.next
		t.next++
		c.history.mu.Lock()
		i := slices.Index(c.history.sends, old)
		c.history.sends[i] = &s
		c.history.mu.Unlock()
		t.pending = append(t.pending, &s)
	}
	return c.repeat(ctx, t, 0)
}

// pong compares heads: what is behind is asked for, what is not is settled.
func (c *client) pong(ctx context.Context, data []byte) error {
	heads := map[string]uint64{}
	if c.agent() {
		var p wire.AgentPong
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		heads = p.Heads
	} else {
		var p wire.VisitorPong
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		for id := range c.threads {
			heads[id] = p.Heads
		}
	}
	for id, seq := range heads {
		t := c.thread(id)
		if c.settling.Load() && seq == t.last() {
			c.settled[id] = true
		}
		if err := c.catchUp(ctx, t, seq); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(e wire.Event) entry {
	by := party(e.By.Kind)
	if e.By.ID != "" {
		by += party(" " + e.By.ID)
	}
	return entry{seq: e.Seq, prev: e.Prev, at: time.Time(e.At), by: by, kind: e.Body.Kind, text: strings.TrimSpace(e.Body.Text), internal: e.Internal}
}
