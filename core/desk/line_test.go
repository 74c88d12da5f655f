package desk_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"kefu/core"
)

// queue puts so many visitors into line, a second apart.
func (n *node) queue(names ...string) []*client {
	n.Helper()
	line := make([]*client, len(names))
	for i, name := range names {
		line[i] = n.visitor(name)
		line[i].say("hello")
		line[i].seenAll()
		n.pass(time.Second)
	}
	return line
}

// held returns who of them is held by whom, in their order.
func (n *node) held(line []*client) string {
	n.Helper()
	s := ""
	for _, v := range line {
		c := n.load(v.conv)
		s += fmt.Sprintf("%s %v", v.name, c.Session.Phase)
		if c.Session.Agent != "" {
			s += " by " + string(c.Session.Agent)
		}
		s += "; "
	}
	return s
}

func TestDispatchDrainsInOrder(t *testing.T) {
	n := newNode(t)
	if err := n.desk.Dispatch(t.Context(), "default"); err != nil {
		t.Errorf("an empty line: %v", err)
	}
	line := n.queue("one", "two", "three", "four")
	amy := n.agent("amy", core.RoleAgent, 2)
	n.must(n.desk.Dispatch(t.Context(), "default"))
	if got := n.held(line); got != "one waiting; two waiting; three waiting; four waiting; " {
		t.Errorf("nobody is on duty: %s", got)
	}
	amy.online()
	if got := n.held(line); got != "one held by amy; two held by amy; three waiting; four waiting; " {
		t.Errorf("two seats: %s", got)
	}
	line[1].own().end()
	if got := n.held(line); got != "one held by amy; two closed; three held by amy; four waiting; " {
		t.Errorf("a seat came free: %s", got)
	}
	amy.serve(`{"type":"status","status":"online","capacity":3}`)
	if got := n.held(line); got != "one held by amy; two closed; three held by amy; four held by amy; " {
		t.Errorf("one more seat: %s", got)
	}
}

// One reading of the roster serves for a whole look at the line: whom a seat
// was given has one less, so that the work is spread without asking again.
func TestDispatchSpreadsTheWork(t *testing.T) {
	w := newWorld(t)
	st := &oldRoster{Store: w.store}
	w.store = st
	n := w.node()
	var names []string
	for i := range 10 {
		names = append(names, fmt.Sprint("visitor-", i))
	}
	line := n.queue(names...)
	n.lazy = true
	for _, id := range []string{"amy", "bo"} {
		n.agent(id, core.RoleAgent, 10).online()
	}
	st.calls = 0
	n.must(n.desk.Dispatch(t.Context(), "default"))
	given := map[core.AgentID]int{}
	for _, v := range line {
		given[n.load(v.conv).Session.Agent]++
	}
	if given["amy"] != 5 || given["bo"] != 5 || st.calls > 2 {
		t.Errorf("given %v, and the roster was read %d times", given, st.calls)
	}
}

// A line longer than one look at it is drained all the same.
func TestDispatchDrainsALongLine(t *testing.T) {
	n := newNode(t)
	var line []*client
	for i := range 150 {
		line = append(line, n.queue(fmt.Sprint("visitor-", i))...)
	}
	n.agent("amy", core.RoleAgent, 70).online()
	n.agent("bo", core.RoleAgent, 70).online()
	for i, v := range line {
		if held := n.load(v.conv).Session.Phase == core.Held; held != (i < 140) {
			t.Fatalf("visitor %d: held %v", i, held)
		}
	}
}

// A session waits in one group, and only agents of that group have a seat
// for it.
func TestDispatchOfTwoGroups(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
	n := w.node()
	line := n.queue("vi", "wu")
	cy := n.agent("cy", core.RoleAgent, 5, "sales").online()
	if got := n.held(line); got != "vi waiting; wu waiting; " {
		t.Errorf("an agent of another group: %s", got)
	}
	eve := n.agent("eve", core.RoleSupervisor, 0)
	eve.in(line[1]).frame("transfer", map[string]any{"to": map[string]any{"group": "sales"}})
	if got := n.held(line); got != "vi waiting; wu held by cy; " {
		t.Errorf("transferred: %s", got)
	}
	n.agent("di", core.RoleAgent, 1, "sales", "default").online()
	if got := n.held(line); got != "vi held by di; wu held by cy; " {
		t.Errorf("an agent of both: %s", got)
	}
	cy.in(line[1]).frame("transfer", map[string]any{"to": map[string]any{"agent": "di"}})
	if f := cy.find("error"); f.str("code") != "full" || n.load(line[1].conv).Session.Agent != "cy" {
		t.Errorf("a transfer without a seat: %v", f)
	}
	cy.n[line[1].conv]--
	cy.in(line[1]).frame("transfer", map[string]any{"to": map[string]any{"agent": "nobody"}})
	if f := cy.find("error"); f.str("code") != "not_found" {
		t.Errorf("a transfer to nobody: %v", f)
	}
	cy.n[line[1].conv]--
	cy.in(line[1]).frame("transfer", map[string]any{"to": map[string]any{"group": "nowhere"}})
	if f := cy.find("error"); f.str("code") != "not_found" {
		t.Errorf("a transfer to no group: %v", f)
	}
	di := n.comes("di")
	eve.in(line[0]).take()
	if f := eve.find("error"); f.str("code") != "full" {
		t.Errorf("taken without a seat: %v", f)
	}
	di.in(line[1]).take()
	if f := di.find("error"); f.str("code") != "conflict" {
		t.Errorf("taken from another: %v", f)
	}
}

// oldRoster shows the roster as it was a number of reads ago.
type oldRoster struct {
	core.Store
	old   core.Roster
	reads int // that still show the old one
	calls int

	broken bool
}

func (st *oldRoster) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	st.calls++
	if st.broken {
		return nil, errors.New("the disk is on fire")
	}
	if st.reads > 0 {
		st.reads--
		return append(core.Roster{}, st.old...), nil
	}
	return st.Store.Roster(ctx, g, at)
}

// A roster that is behind leads to Full: that is news, and is read again. If
// it stays behind, Dispatch gives up and the next tick asks again.
func TestDispatchWithAnOldRoster(t *testing.T) {
	w := newWorld(t)
	st := &oldRoster{Store: w.store}
	w.store = st
	n := w.node()
	n.agent("amy", core.RoleAgent, 1).online()
	first := n.queue("first")
	if n.held(first) != "first held by amy; " {
		t.Fatal(n.held(first))
	}
	st.old = core.Roster{{ID: "amy", Status: core.Online, Capacity: 1}}
	n.lazy = true
	second := n.queue("second")
	n.hire("bo", core.RoleAgent, 1)
	n.must(w.store.SetDuty(t.Context(), "bo", core.Duty{Status: core.Online, Lease: n.clock().Add(time.Hour)}))
	st.reads = 2
	n.must(n.desk.Dispatch(t.Context(), "default"))
	if got := n.held(second); got != "second held by bo; " {
		t.Errorf("with a roster that was old twice: %s", got)
	}
	third := n.queue("third")
	st.reads, st.calls = 1<<30, 0
	if err := n.desk.Dispatch(t.Context(), "default"); core.CodeOf(err) != core.Unavailable || st.calls > 20 {
		t.Errorf("with a roster that stays old: %v after %d reads", err, st.calls)
	}
	st.reads = 0
	w.account("bo", func(a *core.Account) { a.Capacity = 2 })
	n.lazy = false
	n.after(time.Second)
	if got := n.held(third); got != "third held by bo; " {
		t.Errorf("after the next tick: %s", got)
	}
}

// One conversation that can not be decided does not keep the others of its
// line waiting, and is tried again by the next tick.
func TestDispatchGoesOnAfterAFailure(t *testing.T) {
	n := newNode(t)
	line := n.queue("one", "two", "three")
	sick := line[0].conv
	n.rooms.fail = func(id core.ConversationID, in core.Input) error {
		if _, offered := in.(core.Offered); offered && id == sick {
			return errors.New("unreadable")
		}
		return nil
	}
	n.agent("amy", core.RoleAgent, 2).online()
	if got := n.held(line); got != "one waiting; two held by amy; three held by amy; " {
		t.Errorf("%s", got)
	}
	line[2].own().end()
	n.rooms.fail = nil
	n.after(time.Second)
	if got := n.held(line); got != "one held by amy; two held by amy; three closed; " {
		t.Errorf("after the next tick: %s", got)
	}
}

// A dispatch that failed is done again by the next tick, however seldom the
// alarms of those who wait are looked at by then.
func TestTickDispatchesAgain(t *testing.T) {
	w := newWorld(t)
	st := &oldRoster{Store: w.store}
	w.store = st
	n := w.node()
	line := n.queue("vi")
	n.keep(10 * time.Minute)
	amy := n.agent("amy", core.RoleAgent, 1)
	st.broken = true
	n.must(w.truth.SetDuty(t.Context(), "amy", core.Duty{Status: core.Online, Lease: n.clock().Add(time.Minute)}))
	if err := n.desk.Dispatch(t.Context(), "default"); err == nil {
		t.Fatal("a dispatch that failed says nothing")
	}
	st.broken = false
	n.after(time.Second)
	amy.seenAll()
	if got := n.held(line); got != "vi held by amy; " {
		t.Errorf("bound 20 is broken: %s", got)
	}
}

// Visitors who wait are told their place at most every five seconds, and only
// if it changed.
func TestPlacesInLine(t *testing.T) {
	n := newNode(t)
	line := n.queue("one", "two", "three")
	n.tick()
	for _, v := range line { // the place they had when they came is not known to the clock
		v.seenAll()
	}
	n.after(5 * time.Second)
	for _, v := range line {
		v.sees()
	}
	line[0].own().end()
	line[0].seenAll()
	n.after(4 * time.Second)
	line[1].sees()
	n.after(time.Second)
	line[0].sees()
	line[1].sees("head waiting #3, place 1")
	line[2].sees("head waiting #3, place 2")
	line[1].gone(true)
	line[1].tab("tab").own().end()
	n.after(5 * time.Second)
	line[2].sees("head waiting #3, place 1")
}

// Who waits is told how long it will take, once sessions of the group have
// ended and somebody is on duty.
func TestEstimate(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	one := n.queue("one")[0]
	amy.pings(600 * time.Second)
	n.pass(78 * time.Second)
	n.queue("two")
	one.own().end() // amy has held them for 80 s
	n.queue("three")
	four := n.connect("four").hello(nil)
	four.say("hello")
	if got := four.find("conversation").text(n.world, true); got != "head waiting #3, place 2 in 160s" {
		t.Errorf("%s", got)
	}
}

// What a visitor writes while they wait is seen in the list of every agent of
// the group, though it is nobody's conversation yet.
func TestWaitingVisitorWritesAgain(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	cy := n.agent("cy", core.RoleAgent, 1, "billing")
	vi := n.visitor("vi")
	vi.say("hello")
	amy.seenAll()
	vi.say("is anybody there?")
	amy.sees("vi: head waiting #4, place 1")
	if got := amy.find("conversation").of("conversation").of("last").of("body").str("text"); got != "is anybody there?" {
		t.Errorf("the list shows %q", got)
	}
	cy.sees()
}

// Dynamic weights: who answers sooner is given more of the same line.
func TestPaceWeighs(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 50).online()
	n.pass(time.Second)
	bo := n.agent("bo", core.RoleAgent, 50)
	guests := map[string]*client{}
	hold := func(name string) *client {
		guests[name] = n.visitor(name)
		guests[name].say("hello")
		return guests[name]
	}
	answer := func(by *client, name string, after time.Duration) {
		hold(name)
		n.pass(after)
		by.in(guests[name]).say("hi")
		guests[name].own().end()
	}
	answer(amy, "quick", 5*time.Second)
	amy.serve(`{"type":"status","status":"away"}`)
	bo.online()
	answer(bo, "slow", 100*time.Second)
	amy.online()
	bo.online()
	for i := range 24 {
		hold(fmt.Sprint("next-", i))
	}
	roster, err := n.store.Roster(t.Context(), "default", n.clock())
	n.must(err)
	a, _ := roster.Find("amy")
	b, _ := roster.Find("bo")
	if a.Pace != 5*time.Second || b.Pace != 100*time.Second {
		t.Errorf("the paces are %v and %v", a.Pace, b.Pace)
	}
	if a.Held != 18 || b.Held != 6 { // 1.5 : 0.5
		t.Errorf("the quick one holds %d, the slow one %d", a.Held, b.Held)
	}
}

// A seat that the first in line can not have goes to one behind them: they were
// let go by this very agent, and somebody else is on duty for them, busy.
func TestDispatchLooksBehindThoseItCanNotSeat(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 70).online()
	for i := range 66 {
		n.visitor(fmt.Sprint("let-go-", i)).say("hello")
	}
	amy.gone(false)
	n.after(time.Minute) // all 66 wait again, and amy let them go
	bo := n.agent("bo", core.RoleAgent, 1).online()
	bo.seenAll()
	last := n.visitor("last")
	last.say("hello")
	n.comes("amy").online()
	if c := n.load(last.conv); c.Session.Phase != core.Held || c.Session.Agent != "amy" {
		t.Errorf("the last in line is %v with %q, and amy has seats", c.Session.Phase, c.Session.Agent)
	}
}

// counted counts how often a line is read.
type counted struct {
	core.Store
	lines int
}

func (st *counted) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	st.lines++
	return st.Store.Waiting(ctx, g, limit)
}

// Who writes while they wait moves nobody, so nobody counts the line: neither
// for those who have just come, nor once a tick has told them their place. Where
// none comes it is counted again after ten seconds.
func TestMessagesOfThoseWhoWaitDoNotCountTheLine(t *testing.T) {
	w := newWorld(t)
	st := &counted{Store: w.store}
	w.store = st
	n := w.node()
	n.hire("amy", core.RoleAgent, 0)
	line := n.queue("vi", "wu")
	count := func(want int) {
		t.Helper()
		st.lines = 0
		line[1].say("hello?")
		line[1].say("still there?")
		if st.lines != want {
			t.Errorf("two messages read the line %d times, want %d", st.lines, want)
		}
	}
	count(0)
	n.pass(10 * time.Second)
	count(2)
	n.tick()
	count(0)
}
