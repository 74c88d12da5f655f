package hosttest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// take serves one frame of the host.
func (c *talker) take(f frame) error {
	switch f.Type {
	case "welcome":
		if f.Role == "visitor" {
			return c.visitorWelcome(f)
		}
		return c.agentWelcome(f)
	case "event":
		return c.event(f)
	case "events":
		return c.events(f)
	case "ack":
		return c.ack(f)
	case "conversation":
		return c.head(*f.Conversation.Head)
	case "error":
		return c.refused(f)
	case "pong":
		return c.pong(f)
	case "bye":
		return errors.New("bye")
	}
	return nil
}

func (c *talker) visitorWelcome(w frame) error {
	t := c.thread(w.Conversation.ID)
	if c.epoch != "" {
		r := resumption{connection: c.label(), conversation: t.id, after: c.cursor, head: w.Conversation.Head.Seq, more: w.More, reset: w.Reset}
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
	c.token, c.me = w.Token, author("visitor "+w.Visitor.ID)
	c.learnEpoch(w.Epoch)
	if err := c.events(w); err != nil {
		return err
	}
	return c.repeat(t, 0)
}

func (c *talker) agentWelcome(w frame) error {
	c.me = author("agent " + w.Agent.ID)
	c.learnEpoch(w.Epoch)
	clear(c.mine)
	if err := c.link.send(fields{"status": "online", "capacity": c.seats}.of("status")); err != nil {
		return err
	}
	for _, h := range w.Conversations {
		if err := c.head(h); err != nil {
			return err
		}
	}
	for _, t := range c.threads {
		if err := c.repeat(t, 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *talker) learnEpoch(epoch string) {
	c.epoch = epoch
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.epochs[epoch] = true
}

func (c *talker) label() string { return fmt.Sprintf("%s#%d", c.name, c.connections) }

// head notes who holds a conversation, and asks for what is missing of it.
func (c *talker) head(h head) error {
	if !c.agent() {
		return nil
	}
	if c.mine[h.ID] = h.Agent != nil && "agent "+h.Agent.ID == string(c.me); c.mine[h.ID] {
		return c.catchUp(c.thread(h.ID), h.Seq)
	}
	return nil
}

// catchUp asks for events if the view does not reach to seq: once, and again
// when the answer is late, for it may have been lost.
func (c *talker) catchUp(t *thread, seq uint64) error {
	if seq <= t.last() || time.Since(t.asked) < c.waits() {
		return nil
	}
	t.asked = time.Now()
	f := fields{"seq": t.last(), "limit": 50}.of("after")
	if c.agent() {
		f["conversation"] = t.id
	}
	return c.link.send(f)
}

func (c *talker) event(f frame) error {
	c.arrived(f.Conversation.ID, f.Seq)
	return c.place(c.thread(f.Conversation.ID), entryOf(eventOf(f)))
}

// arrived notes what came by itself, where that has an order.
func (c *talker) arrived(id string, seq uint64) {
	if !c.ordered || c.polling {
		return
	}
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.arrivals = append(c.history.arrivals, arrival{c.label(), id, seq})
}

// place takes an event into the view by the rule of prev.
func (c *talker) place(t *thread, e entry) error {
	if e.internal && !c.agent() {
		c.history.violate("promise 14 (isolation): %s was shown the internal event %d of %s", c.name, e.seq, t.id)
	}
	c.history.mu.Lock()
	c.history.seen[t.id] = append(c.history.seen[t.id], e)
	c.history.mu.Unlock()
	switch {
	case e.prev == t.last():
		t.view = append(t.view, e)
		if !c.agent() {
			c.link.seen(t.last(), c.epoch, c.token)
		}
	case e.seq > t.last():
		return c.catchUp(t, e.seq)
	}
	return nil
}

func (c *talker) events(f frame) error {
	t := c.thread(f.Conversation.ID)
	t.asked = time.Time{}
	for _, e := range f.Events {
		if err := c.place(t, entryOf(e)); err != nil {
			return err
		}
	}
	if f.More {
		return c.catchUp(t, t.last()+1)
	}
	return nil
}

// ack ends the sends up to n. The event of n itself is placed as if it had
// come; that of a repeat has an old place.
func (c *talker) ack(a frame) error {
	t := c.thread(a.Conversation.ID)
	defer func() { _ = c.giveUp(t) }() // a link that fails is seen by the next to use it
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
		return c.catchUp(t, a.Seq)
	}
	c.arrived(t.id, a.Seq)
	if own == nil { // it was repeated, and both answers came
		return c.catchUp(t, a.Seq)
	}
	return c.place(t, entry{seq: a.Seq, prev: *a.Prev, at: a.At.Time, by: c.me, kind: "text", text: own.text, internal: own.internal})
}

// refused obeys an error that answers a frame.
func (c *talker) refused(e frame) error {
	if e.N == 0 {
		return errors.New(string(e.Code))
	}
	t := c.thread(e.Conversation.ID)
	i := slices.IndexFunc(t.pending, func(s *send) bool { return s.n == e.N })
	switch {
	case e.Origin != t.origin: // given up
		return nil
	case e.Code == "internal":
		return errors.New(string(e.Code)) // repeated on the next connection
	case e.Code == "unavailable" || e.Code == "rate_limited":
		t.repeatAt = time.Now().Add(time.Duration(max(e.Retry, 0.05) * float64(time.Second)))
		return nil
	case e.Code == "gap" && t.refused > 0: // it follows one that was refused
		return nil
	case e.Code == "gap" && len(t.pending) > 0 && e.Expect < t.pending[0].n:
		c.history.violate("promise 1 (as a client sees it): %s is told to go on from n %d, and %d was acknowledged", e.Origin, e.Expect, t.pending[0].n-1)
		return c.renumber(t, t.pending)
	case e.Code == "gap":
		return c.repeat(t, e.Expect)
	case i < 0: // of a repeat
		return nil
	}
	s := t.pending[i]
	c.history.mu.Lock()
	s.outcome, s.answered = refused, c.now()
	c.history.mu.Unlock()
	t.pending, t.refused = slices.Delete(t.pending, i, i+1), s.n
	return c.giveUp(t)
}

// giveUp ends an origin of which a frame was refused, once everything before
// that frame is answered: it may be stored, and must not be sent again under
// another number.
func (c *talker) giveUp(t *thread) error {
	if t.refused == 0 || slices.ContainsFunc(t.pending, func(s *send) bool { return s.n < t.refused }) {
		return nil
	}
	t.refused = 0
	return c.renumber(t, t.pending)
}

// renumber gives the origin up after a definite error, and sends what is left
// under a fresh one. What had been sent under the old one is another send.
func (c *talker) renumber(t *thread, left []*send) error {
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
	return c.repeat(t, 0)
}

// pong compares heads: what is behind is asked for.
func (c *talker) pong(f frame) error {
	c.pinged = time.Time{}
	heads := f.Heads.Of
	if !c.agent() {
		heads = map[string]uint64{}
		for id := range c.threads {
			heads[id] = f.Heads.Mine
		}
	}
	for id, seq := range heads {
		if err := c.catchUp(c.thread(id), seq); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(e event) entry {
	by := author(e.By.Kind)
	if e.By.ID != "" {
		by += author(" " + e.By.ID)
	}
	return entry{seq: e.Seq, prev: e.Prev, at: e.At, by: by, kind: e.Body.Kind, text: strings.TrimSpace(e.Body.Text), internal: e.Internal}
}
