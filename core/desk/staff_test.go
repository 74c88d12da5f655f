package desk_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
)

func TestAgentWelcome(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales", Name: "Sales"}) })
	n := w.node()
	w.hire("amy", core.RoleSupervisor, 2)
	amy := n.connect("amy").hello(map[string]any{"token": n.signed("amy")})
	amy.sees("welcome supervisor, 0 heads, amy offline 0/2")
	f := amy.find("welcome")
	if f["conversations"] == nil || f["features"] == nil || f["agents"] == nil || f["token"] != nil || f.str("epoch") != "e_1" {
		t.Errorf("welcome %v", f)
	}
	if h, me := f.of("heartbeat"), f.of("agent"); h.num("every") != 10 || me.str("id") != "amy" || me.str("role") != "supervisor" || me.str("status") != "offline" {
		t.Errorf("heartbeat %v, agent %v", h, me)
	}

	amy.online()
	vi, wu, xi := n.visitor("vi"), n.visitor("wu"), n.visitor("xi")
	for _, v := range []*client{vi, wu, xi} {
		n.pass(time.Second)
		v.say("hello")
	}
	amy.in(vi).frame("transfer", map[string]any{"to": map[string]any{"group": "sales"}})
	n.pass(time.Second)
	amy.in(vi).say("I write as who leads")
	for id, groups := range map[string][]core.GroupID{"bo": nil, "cy": {"sales"}, "di": {"sales", "default"}} {
		n.hire(id, core.RoleAgent, 1, groups...)
	}
	n.pass(cached)
	for id, want := range map[string][]string{
		"amy": {"held wu", "held xi", "waiting vi"}, "bo": {}, "cy": {"waiting vi"}, "di": {"waiting vi"},
	} {
		c := n.connect(id + "s-second")
		c.hello(map[string]any{"token": n.signed(id)})
		heads := map[string]bool{}
		for _, h := range c.find("welcome").list("conversations") {
			heads[h.str("phase")+" "+n.names[h.str("id")]] = true
			if h.str("phase") == "waiting" && h.of("queue").num("position") != 1 {
				t.Errorf("%s: %v", id, h)
			}
		}
		for _, h := range want {
			if !heads[h] {
				t.Errorf("%s: no head of %s in %v", id, h, heads)
			}
		}
		if len(heads) != len(want) {
			t.Errorf("%s: heads %v, want %v", id, heads, want)
		}
	}
	// n is the last number of this connection's own origin.
	again := n.connect("again")
	again.origin = amy.origin
	again.hello(map[string]any{"token": n.signed("amy")})
	for _, h := range again.find("welcome").list("conversations") {
		if want := amy.n[core.ConversationID(h.str("id"))]; h.num("n") != want {
			t.Errorf("n of %s is %d, not %d", n.names[h.str("id")], h.num("n"), want)
		}
	}
}

// Who comes back, online as before, is given those who wait.
func TestComingBackIsComingOnline(t *testing.T) {
	n := newNode(t)
	n.agent("amy", core.RoleAgent, 1).online().gone(true)
	n.pass(time.Minute)
	line := n.queue("vi")
	if got := n.held(line); got != "vi waiting; " {
		t.Fatal(got)
	}
	amy := n.connect("amy").hello(map[string]any{"token": n.signed("amy")})
	amy.sees("welcome agent, 1 heads, amy online 0/1", "vi: #4(3) assigned amy", "vi: head held #4 by amy")
}

// movedOn is a store in which something happens after the line was read.
type movedOn struct {
	core.Store
	after func()
}

func (st *movedOn) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	places, err := st.Store.Waiting(ctx, g, limit)
	if do := st.after; do != nil {
		st.after = nil
		do()
	}
	return places, err
}

// What has moved to another group since the line was read is not shown to
// whom it is none of the business of; nor are its visitors told a place.
func TestListsMayBeOld(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
	st := &movedOn{Store: w.store}
	w.store = st
	n := w.node()
	eve := n.agent("eve", core.RoleSupervisor, 0)
	line := n.queue("vi", "wu")
	n.hire("bo", core.RoleAgent, 1)
	st.after = func() { eve.in(line[0]).frame("transfer", map[string]any{"to": map[string]any{"group": "sales"}}) }
	bo := n.connect("bo").hello(map[string]any{"token": n.signed("bo")})
	if heads := bo.find("welcome").list("conversations"); len(heads) != 1 || heads[0].str("id") != string(line[1].conv) {
		t.Errorf("bo is shown %v", heads)
	}
	line[1].seenAll()
	st.after = func() { line[1].own().end() }
	n.tick()
	line[1].sees("ack 2 is #4(3)", "head closed #4")
}

// The first 50 who wait are those who wait longest, whatever their group.
func TestWelcomeListsTheLongestWaiting(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) {
		s.Groups = append(s.Groups, core.Group{ID: "sales"})
		shop := s.Sites[0]
		shop.ID, shop.Groups = "shop", []core.GroupID{"sales"}
		s.Sites = append(s.Sites, shop)
	})
	n := w.node()
	for i := range 60 {
		n.pass(time.Second)
		v := n.connect(fmt.Sprintf("visitor-%02d", i)).hello(map[string]any{"site": []string{"default", "shop"}[i%2]})
		v.say("hello")
	}
	eve := n.agent("eve", core.RoleSupervisor, 1)
	heads := eve.find("welcome").list("conversations")
	for _, f := range eve.frames[1:] {
		heads = append(heads, f.of("conversation"))
	}
	if len(heads) != 50 || eve.find("welcome")["more"] != true {
		t.Fatalf("%d heads, more %v", len(heads), eve.find("welcome")["more"])
	}
	for i, h := range heads {
		if got := n.names[h.str("id")]; got != fmt.Sprintf("visitor-%02d", i) || h.of("queue").num("position") != uint64(i/2+1) {
			t.Errorf("head %d is of %s, %v", i, got, h.of("queue"))
		}
	}
}

// What does not fit into one message follows in messages of their own: heads
// as conversation frames, colleagues as presence.
func TestWelcomeThatDoesNotFit(t *testing.T) {
	n := newNode(t)
	n.hire("amy", core.RoleAgent, 60)
	for i := range 100 {
		n.hire(fmt.Sprintf("colleague-%03d", i), core.RoleAgent, 1)
		n.account(fmt.Sprintf("colleague-%03d", i), func(a *core.Account) {
			a.Display, a.Avatar = strings.Repeat("\u2028", 64), "https://"+strings.Repeat("a", 1016)
		})
	}
	n.comes("amy").online()
	page := map[string]any{"url": strings.Repeat("\u2028", 600), "title": strings.Repeat("\u2028", 170), "referrer": strings.Repeat("\u2028", 600)}
	for i := range 30 {
		v := n.connect(fmt.Sprint("visitor-", i)).hello(map[string]any{"page": page})
		v.say(strings.Repeat("客", 4000))
	}
	amy := n.connect("amy").hello(map[string]any{"token": n.signed("amy")})
	heads, agents := map[string]bool{}, map[string]bool{}
	for i, f := range amy.news() {
		for _, h := range f.list("conversations") {
			heads[h.str("id")] = true
		}
		for _, a := range f.list("agents") {
			agents[a.str("id")] = true
		}
		switch typ := f.str("type"); {
		case i == 0 && (len(heads) == 0 || len(heads) == 30 || len(agents) == 0 || len(agents) == 101):
			t.Errorf("the welcome has %d heads and %d agents", len(heads), len(agents))
		case i > 0 && typ == "conversation":
			heads[f.of("conversation").str("id")] = true
		case i > 0 && typ != "presence":
			t.Errorf("%s follows", typ)
		}
	}
	if len(heads) != 30 || len(agents) != 101 {
		t.Errorf("%d heads and %d agents in all", len(heads), len(agents))
	}
	tab := n.comes("amy")
	n.tick()
	agents = map[string]bool{}
	for _, f := range tab.news() {
		for _, a := range f.list("agents") {
			agents[a.str("id")] = true
		}
	}
	if len(agents) != 101 {
		t.Errorf("the first tick tells of %d agents", len(agents))
	}
}

// Status and seats: what is answered, who is told, and who is seated by it.
func TestStatus(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	bo := n.agent("bo", core.RoleAgent, 1)
	var visitors []*client
	for _, name := range []string{"vi", "wu", "xi"} {
		v := n.visitor(name)
		v.say("hello")
		v.seenAll()
		visitors = append(visitors, v)
		n.pass(time.Second)
	}
	n.tick()
	amy.seenAll()
	bo.seenAll()
	amy.serve(`{"type":"status","status":"online"}`)
	amy.sees("presence amy online 0/1", "vi: #4(3) assigned amy", "vi: head held #4 by amy")
	amy.serve(`{"type":"status","status":"away","capacity":2}`)
	amy.sees("presence amy away 1/2")
	amy.serve(`{"type":"status","status":"online","capacity":2}`)
	amy.sees("presence amy online 1/2", "wu: #4(3) assigned amy", "wu: head held #4 by amy")
	amy.serve(`{"type":"status","status":"online","capacity":1}`)
	amy.sees("presence amy online 2/1") // lowering releases nobody
	for _, bad := range []string{`{"type":"status","status":"online","capacity":-1}`, `{"type":"status","status":"offline","capacity":101}`} {
		amy.serve(bad)
		amy.sees("error invalid")
	}
	amy.serve(`{"type":"status","status":"offline"}`) // keeps what is held
	amy.sees("presence amy offline 2/1")
	if p := n.load(visitors[0].conv).Session.Phase; p != core.Held {
		t.Errorf("offline by hand: the session is %v", p)
	}
	if p := n.load(visitors[2].conv).Session.Phase; p != core.Waiting {
		t.Errorf("nobody has a seat, and the session is %v", p)
	}
	a, err := n.store.Account(t.Context(), "amy")
	n.must(err)
	if a.Capacity != 1 || a.Version != 3 {
		t.Errorf("account %+v", a)
	}
}

// The status is what the agent said last, on whichever node or tab. A tab
// that only pings does not say it again.
func TestStatusIsNotUndoneByAPing(t *testing.T) {
	w := newWorld(t)
	here, there := w.node(), w.node()
	amy := here.agent("amy", core.RoleAgent, 1)
	tab := there.comes("amy")
	tab.online()
	amy.pings(10 * time.Second)
	amy.serve(`{"type":"status","status":"away"}`)
	for range 4 {
		w.pass(10 * time.Second)
		tab.pings(10 * time.Second)
	}
	duty, err := w.store.Duty(t.Context(), "amy")
	w.must(err)
	if duty.Status != core.Away || !duty.Lease.After(w.clock()) {
		t.Errorf("duty %+v", duty)
	}
}

// The lease is 30 s, or two and a half times the announced ping if that is
// more, from the last frame.
func TestLease(t *testing.T) {
	left := func(n *node) time.Duration {
		duty, err := n.store.Duty(t.Context(), "amy")
		n.must(err)
		return duty.Lease.Sub(n.clock())
	}
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	if got := left(n); got != 30*time.Second {
		t.Errorf("after hello: %v", got)
	}
	amy.online()
	if got := left(n); got != 30*time.Second {
		t.Errorf("before the first ping: %v", got)
	}
	n.pass(20 * time.Second)
	amy.serve(`{"type":"ping"}`)
	if got := left(n); got != 30*time.Second {
		t.Errorf("after a ping that announces nothing: %v", got)
	}
	amy.pings(10 * time.Second)
	n.pass(3 * time.Second)
	amy.pings(10 * time.Second)
	if got := left(n); got != 27*time.Second {
		t.Errorf("a renewal that gains little is written: %v", got)
	}
	amy.pings(60 * time.Second)
	if got := left(n); got != 150*time.Second {
		t.Errorf("after a ping that announces 60 s: %v", got)
	}
	amy.gone(true)
	if got := left(n); got <= 0 || got > 5*time.Second {
		t.Errorf("after a clean close: %v", got)
	}
}

// An agent who leaves cleanly is offline within 5 s; one who vanishes when the
// lease ends; in between, and with another tab, they are not.
func TestPresenceOfWhoLeaves(t *testing.T) {
	for _, c := range []struct {
		name  string
		clean bool
		there time.Duration // still online
		gone  time.Duration // offline
	}{{"cleanly", true, 3 * time.Second, 5 * time.Second}, {"cut", false, 21 * time.Second, 40 * time.Second}} {
		n := newNode(t)
		amy := n.agent("amy", core.RoleAgent, 1).online()
		tab := n.comes("amy")
		bo := n.agent("bo", core.RoleAgent, 1)
		n.tick()
		bo.seenAll()
		amy.gone(c.clean)
		n.after(4 * time.Second)
		tab.pings(10 * time.Second)
		n.after(4 * time.Second)
		bo.sees() // the other tab is there
		tab.gone(c.clean)
		n.after(c.there)
		bo.sees()
		n.after(c.gone - c.there)
		bo.sees("presence amy offline 0/1")
		amy = n.comes("amy") // the last status holds
		bo.sees()
		n.after(time.Second)
		bo.sees("presence amy online 0/1")
		amy.gone(c.clean)
	}
}

// A visitor who comes and goes is shown to who holds them, or to the group.
func TestPresenceOfVisitors(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	vi := n.visitor("vi")
	vi.say("hello")
	tab := vi.tab("tab")
	amy.seenAll()
	tab.gone(true)
	amy.sees() // there is the other tab
	vi.gone(false)
	amy.sees("vi: head waiting #3, place 1, away")
	back := vi.tab("back")
	amy.sees("vi: head waiting #3, place 1")
	amy.online()
	amy.seenAll()
	back.gone(true)
	amy.sees("vi: head held #4 by amy, away")
	vi.tab("again").own().end()
	amy.seenAll()
	n.connect("not known").gone(true)
	n.visitor("silent").gone(true)
	amy.sees()
}

// Presence is told at most once a tick, and only what changed.
func TestPresenceDiffs(t *testing.T) {
	n := newNode(t)
	amy, bo := n.agent("amy", core.RoleAgent, 1), n.agent("bo", core.RoleAgent, 1)
	n.tick()
	bo.sees("presence amy offline 0/1; bo offline 0/1")
	n.tick()
	bo.sees()
	amy.online()
	amy.serve(`{"type":"status","status":"away"}`)
	amy.serve(`{"type":"status","status":"online","capacity":3}`)
	bo.sees()
	n.tick()
	bo.sees("presence amy online 0/3")
	n.account("amy", func(a *core.Account) { a.Disabled = true })
	n.after(cached)
	bo.sees("presence amy offline 0/0")
	n.tick()
	bo.sees()
}

// slowDuty is a store in which an agent comes back while it is read what they
// last said of themselves.
type slowDuty struct {
	core.Store
	back func()
}

func (st *slowDuty) Duty(ctx context.Context, id core.AgentID) (core.Duty, error) {
	duty, err := st.Store.Duty(ctx, id)
	if back := st.back; back != nil {
		st.back = nil
		done := make(chan struct{})
		go func() { defer close(done); back() }()
		select {
		case <-done: // nothing keeps them from it
		case <-time.After(100 * time.Millisecond): // they wait until the old connection is done with
		}
	}
	return duty, err
}

// An agent who reloads the page and says at once that they are there is there,
// whatever the end of the old connection writes.
func TestReloadUndoesNoStatus(t *testing.T) {
	w := newWorld(t)
	st := &slowDuty{Store: w.store}
	w.store = st
	n := w.node()
	amy := n.agent("amy", core.RoleAgent, 1)
	again := n.connect("amy")
	token := n.signed("amy")
	came := make(chan struct{})
	st.back = func() {
		defer close(came)
		again.hello(map[string]any{"token": token}).online()
	}
	amy.gone(true)
	<-came
	roster, err := n.store.Roster(t.Context(), "", n.clock().Add(20*time.Second))
	n.must(err)
	if a, _ := roster.Find("amy"); a.Status != core.Online {
		t.Errorf("she is %s", a.Status)
	}
}
