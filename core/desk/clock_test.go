package desk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kefu/core"
)

// counting counts the calls that a tick makes.
type counting struct {
	core.Store
	loads, rearms int
	broken        bool // Due fails
}

func (st *counting) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	st.loads++
	return st.Store.Load(ctx, id)
}

func (st *counting) Rearm(ctx context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	st.rearms++
	return st.Store.Rearm(ctx, id, seq, alarm)
}

func (st *counting) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	if st.broken {
		return nil, errors.New("the disk is on fire")
	}
	return st.Store.Due(ctx, after, until, limit)
}

func newCounting(t *testing.T) (*node, *counting) {
	w := newWorld(t)
	st := &counting{Store: w.store}
	w.store = st
	return w.node(), st
}

// keep has a client ping every ten seconds while time passes, with a tick
// every second.
func (n *node) keep(d time.Duration, who ...*client) {
	for at := range int(d / time.Second) {
		n.pass(time.Second)
		if at%10 == 9 {
			for _, c := range who {
				c.pings(10 * time.Second)
			}
		}
		n.tick()
	}
}

// An agent who does not answer loses the session after three minutes; nobody
// else being there, they get it back.
func TestTickAgentSilent(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	vi.seenAll()
	n.keep(3*time.Minute-time.Second, amy)
	vi.sees()
	n.keep(time.Second)
	vi.sees("#5(4) released amy silent", "#6(5) queued", "head waiting #6, place 1", "#7(6) assigned amy", "head held #7 by amy")
	bo := n.agent("bo", core.RoleAgent, 1).online()
	n.keep(7*time.Minute, amy, bo) // patience doubles for who let it go
	vi.sees("#8(7) released amy silent", "#9(8) queued", "head waiting #9, place 1", "#10(9) assigned bo", "head held #10 by bo")
}

// A visitor who says nothing is warned, then closed. Each word of either side
// begins it anew.
func TestTickVisitorSilent(t *testing.T) {
	n, st := newCounting(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	amy.in(vi).say("hi")
	vi.seenAll()
	n.keep(20*time.Minute, amy)
	amy.in(vi).say("are you there?")
	vi.sees("#6(5) amy: are you there?")
	st.loads = 0
	n.keep(25*time.Minute-time.Second, amy)
	vi.sees()
	if ticks := st.loads - 150; ticks > 20 { // 150 are for amy's pongs
		t.Errorf("an alarm that came too early is looked at %d times", ticks)
	}
	n.keep(time.Second)
	vi.sees("#7(6) warned")
	n.keep(5*time.Minute-time.Second, amy)
	vi.sees()
	n.keep(time.Second, amy)
	vi.sees("#8(7) closed silent", "head closed #8")
	st.loads = 0
	n.keep(time.Minute)
	if st.loads != 0 {
		t.Errorf("a closed conversation is looked at %d times", st.loads)
	}
}

// A vanished agent's conversations wait again ten seconds after the lease,
// at the place in line that they had.
func TestTickLapsedLease(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	line := n.queue("vi", "wu")
	vi := line[0]
	amy.gone(false)
	n.keep(30*time.Second - 2*time.Second) // the lease has ended, the grace has not
	vi.sees()
	n.keep(9 * time.Second)
	vi.sees()
	back := n.comes("amy")
	n.keep(20*time.Second, back)
	vi.sees() // they came back in time
	back.gone(false)
	n.keep(41 * time.Second)
	vi.sees("#5(4) released amy vanished", "#6(5) queued", "head waiting #6, place 1")
	line[1].seenAll()
	n.agent("bo", core.RoleAgent, 1).online()
	if got := n.held(line); got != "vi held by bo; wu waiting; " {
		t.Errorf("%s", got)
	}
}

// A waiting conversation is looked at, in vain, less and less often.
func TestTickBacksOff(t *testing.T) {
	n, st := newCounting(t)
	vi := n.visitor("vi")
	vi.say("hello")
	vi.gone(true)
	st.loads = 0
	n.keep(10 * time.Minute)
	if st.loads < 10 || st.loads > 40 {
		t.Errorf("looked at %d times in ten minutes", st.loads)
	}
	if st.rearms != 0 {
		t.Errorf("rearmed %d times: its alarm can not move while it waits", st.rearms)
	}
	before := st.loads
	n.keep(time.Hour)
	if perHour := st.loads - before; perHour > 80 {
		t.Errorf("looked at %d times in an hour", perHour)
	}
	n.pass(72 * time.Hour)
	n.keep(2 * time.Minute)
	if c := n.load(vi.conv); c.Session.Phase != core.Closed {
		t.Errorf("its visitor has been gone for days, and it is %v", c.Session.Phase)
	}
}

// A waiting session whose visitor is connected is never closed for silence.
func TestTickNeverClosesWhoWaitsHere(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	vi.say("hello")
	n.pass(100 * time.Hour)
	n.keep(3 * time.Minute)
	if c := n.load(vi.conv); c.Session.Phase != core.Waiting {
		t.Errorf("closed: %+v", c.Session)
	}
}

// Whatever fails keeps nothing else from being done, and is tried again.
func TestTickGoesOnAfterAFailure(t *testing.T) {
	n, st := newCounting(t)
	amy := n.agent("amy", core.RoleAgent, 5).online()
	var all []*client
	for _, name := range []string{"vi", "wu", "xi"} {
		v := n.visitor(name)
		v.say("hello")
		amy.in(v).say("hi")
		all = append(all, v)
	}
	n.keep(24*time.Minute, amy)
	tries := 0
	n.rooms.fail = func(id core.ConversationID, in core.Input) error {
		if _, tick := in.(core.Tick); tick && id == all[0].conv {
			tries++
			return errors.New("unreadable")
		}
		return nil
	}
	for range 70 {
		n.pass(time.Second)
		_ = n.desk.Tick(t.Context())
		amy.pings(10 * time.Second)
	}
	warned := func() (s string) {
		for _, v := range all {
			if n.load(v.conv).Session.Warned {
				s += v.name + " "
			}
		}
		return s
	}
	if got := warned(); got != "wu xi " {
		t.Errorf("warned: %s", got)
	}
	if tries < 2 || tries > 8 {
		t.Errorf("what fails is tried %d times in a good minute", tries)
	}
	n.rooms.fail = nil
	n.keep(time.Minute, amy)
	if got := warned(); got != "vi wu xi " {
		t.Errorf("warned after a while: %s", got)
	}

	st.broken = true
	amy.gone(false)
	for range 60 {
		n.pass(time.Second)
		if err := n.desk.Tick(t.Context()); err == nil {
			t.Error("a tick that failed says nothing")
		}
	}
	if got := n.held(all); got != "vi waiting; wu waiting; xi waiting; " {
		t.Errorf("alarms are broken, and with them leases: %s", got)
	}
	st.broken = false

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.desk.Tick(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("a tick after the end: %v", err)
	}
}

// Many who wait in vain do not hide an alarm behind theirs: one tick acts on
// so many, the next goes on behind them.
func TestTickGoesOnBehindThoseWhoWait(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	rules, _ := core.DefaultSettings().Rules("default")
	for i := range 5100 {
		by := core.Actor{Party: core.Party{Kind: core.Visitor, ID: fmt.Sprint("v", i)}}
		said := core.Said{
			Frame: core.Frame{By: by, Origin: "tab-tab-tab", N: 1}, Site: "default", Body: core.Body{Kind: core.KindText, Text: "hello"},
		}
		id := core.ConversationOf("default", core.VisitorID(by.ID))
		_, err := core.Apply(t.Context(), n.store, core.Conversation{ID: id}, rules, n.clock(), said)
		n.must(err)
	}
	n.pass(3 * time.Minute)
	amy.pings(10 * time.Second)
	for range 2 {
		n.must(n.desk.Tick(t.Context()))
		n.pass(time.Second)
	}
	if s := n.load(vi.conv).Session; s.Phase != core.Waiting {
		t.Errorf("amy has been silent for three minutes, and it is %v", s.Phase)
	}
}

// With the rule for silent agents switched off, a held session is not looked at
// again and again, and ends only when its visitor has left it.
func TestTickWithoutPatience(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Sites[0].Timeouts.Agent, s.Sites[0].Timeouts.Abandoned = 0, time.Hour })
	st := &counting{Store: w.store}
	w.store = st
	n := w.node()
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	st.loads = 0
	n.keep(10*time.Minute, amy)
	if looks := st.loads - 60; looks > 5 { // 60 are for amy's pongs
		t.Errorf("looked at %d times in ten minutes", looks)
	}
	n.pass(time.Hour)
	amy.pings(10 * time.Second)
	n.tick()
	if s := n.load(vi.conv).Session; s.Phase != core.Held {
		t.Errorf("its visitor is connected, and it is %v", s.Phase)
	}
	vi.gone(true)
	n.keep(10*time.Second, amy)
	if s := n.load(vi.conv).Session; s.Phase != core.Closed {
		t.Errorf("its visitor is gone, and has been silent for an hour, and it is %v", s.Phase)
	}
}
