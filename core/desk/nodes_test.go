package desk_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"kefu/core"
)

// Two nodes over one store, with goroutines of their own, race for seats: no
// agent holds more than their capacity (promise 13), and no seat stays empty
// while somebody waits (promise 20).
func TestTwoNodesRaceForSeats(t *testing.T) {
	w := newWorld(t)
	nodes := []*node{w.node(), w.node()}
	const seats, visitors = 5, 24
	var agents []*client
	for i := range 3 {
		agents = append(agents, nodes[i%2].agent(fmt.Sprint("agent-", i), core.RoleAgent, seats))
	}
	var line []*client
	for i := range visitors {
		v := nodes[i%2].visitor(fmt.Sprint("visitor-", i))
		v.say("hello")
		line = append(line, v)
	}
	var all sync.WaitGroup
	for _, a := range agents {
		all.Go(func() { a.online() })
	}
	for _, n := range nodes {
		all.Go(func() { _ = n.desk.Dispatch(t.Context(), "default") })
	}
	all.Wait()
	for _, n := range nodes {
		n.after(time.Second) // what was given up is tried again
	}
	holders := map[core.AgentID]int{}
	for _, v := range line {
		if c := w.load(v.conv); c.Session.Phase == core.Held {
			holders[c.Session.Agent]++
		}
	}
	for _, a := range agents {
		if got := holders[core.AgentID(a.name)]; got != seats {
			t.Errorf("promises 13 and 20: %s holds %d of %d", a.name, got, seats)
		}
	}
}

// The same visitor writes through two nodes at once: every message is stored
// once, in the order of its tab, and both rooms go on.
func TestOneConversationOnTwoNodes(t *testing.T) {
	w := newWorld(t)
	here, there := w.node(), w.node()
	vi := here.visitor("vi")
	tab := there.connect("tab").hello(map[string]any{"token": vi.token})
	const each = 50
	var both sync.WaitGroup
	for _, c := range []*client{vi, tab} {
		both.Go(func() { c.says(each, c.name) })
	}
	both.Wait()
	log, next := w.log(vi.conv), map[core.Origin]int{}
	for i, e := range log {
		if e.Seq != uint64(i)+1 {
			t.Fatalf("promise 4: event %d has seq %d", i, e.Seq)
		}
		if e.N == 0 {
			continue
		}
		if next[e.Origin]++; e.N != uint64(next[e.Origin]) {
			t.Errorf("promise 6: #%d is n %d, not %d", e.Seq, e.N, next[e.Origin])
		}
	}
	if next[core.Origin(vi.origin)] != each || next[core.Origin(tab.origin)] != each {
		t.Errorf("promises 1 and 3: %v", next)
	}
	for _, c := range []*client{vi, tab} {
		if f := c.find("error"); f != nil {
			t.Errorf("%s: %v", c.name, f)
		}
		c.pings(0)
		if got := c.find("pong").num("heads"); got != uint64(len(log)) {
			t.Errorf("%s: the heartbeat tells of %d of %d events", c.name, got, len(log))
		}
	}
}

// Promise 12: a session taken on two nodes at once has one owner; the other
// hears conflict.
func TestTwoNodesTakeOne(t *testing.T) {
	for range 20 {
		w := newWorld(t)
		here, there := w.node(), w.node()
		amy, bo := here.agent("amy", core.RoleAgent, 1), there.agent("bo", core.RoleAgent, 1)
		vi := here.visitor("vi")
		vi.say("hello")
		var both sync.WaitGroup
		for _, c := range []*client{amy, bo} {
			both.Go(func() { c.in(vi).take() })
		}
		both.Wait()
		winner := w.load(vi.conv).Session.Agent
		for _, c := range []*client{amy, bo} {
			refused, won := c.find("error"), core.AgentID(c.name) == winner
			if won != (refused == nil) || !won && refused.str("code") != "conflict" {
				t.Errorf("promise 12: %s holds it, and %s is told %v", winner, c.name, refused)
			}
		}
	}
}

// interrupted is a store before whose next write of a presence something else
// happens.
type interrupted struct {
	core.Store
	first func()
}

func (st *interrupted) interrupt() {
	if first := st.first; first != nil {
		st.first = nil
		first()
	}
}

func (st *interrupted) SetDuty(ctx context.Context, id core.AgentID, d core.Duty) error {
	st.interrupt()
	return st.Store.SetDuty(ctx, id, d)
}

func (st *interrupted) Renew(ctx context.Context, id core.AgentID, lease time.Time) error {
	st.interrupt()
	return st.Store.Renew(ctx, id, lease)
}

// An agent has a tab on each of two nodes. That one of them pings does not undo
// what is said on the other at that moment.
func TestAPingUndoesNoStatus(t *testing.T) {
	w := newWorld(t)
	st := &interrupted{Store: w.store}
	w.store = st
	here, there := w.node(), w.node()
	amy := here.agent("amy", core.RoleAgent, 1).online()
	second := there.comes("amy")
	w.pass(20 * time.Second)
	st.first = func() { second.serve(`{"type":"status","status":"away"}`) }
	amy.pings(10 * time.Second)
	duty, err := w.store.Duty(t.Context(), "amy")
	w.must(err)
	if want := w.clock().Add(30 * time.Second); st.first != nil || duty != (core.Duty{Status: core.Away, Lease: want}) {
		t.Errorf("amy said away, and is %+v; want a lease until %v", duty, want)
	}
}
