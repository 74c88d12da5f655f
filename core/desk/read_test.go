package desk_test

import (
	"testing"
	"time"

	"kefu/core"
)

// cached is how old what rights are judged by may be.
const cached = 5 * time.Second

func TestReadMarks(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	early := n.visitor("early")
	early.own().read(5) // there is nothing to read
	early.sees()
	vi.say("hello") // 1 to 4
	second := n.comes("amy")
	for _, c := range []*client{vi, tab, amy} {
		c.seenAll()
	}
	amy.in(vi).note("psst") // 5
	amy.seenAll()
	second.seenAll()

	vi.own().read(2)
	vi.own().read(1)       // never back
	vi.own().read(2)       // no news
	vi.own().read(1 << 40) // never past what they may see
	vi.sees()
	for _, c := range []*client{amy, second} {
		c.sees("vi: read visitor #2", "vi: read visitor #4")
	}
	tab.sees("read visitor #2", "read visitor #4")
	amy.in(vi).read(5)
	amy.sees()
	second.sees("vi: read amy #5")
	vi.sees("read amy #4") // the note is none of their business
	marks, err := n.store.Marks(t.Context(), vi.conv)
	n.must(err)
	if marks != (core.Marks{Visitor: 4, Agent: 5}) {
		t.Errorf("marks %+v", marks)
	}
	back := n.connect("back").hello(map[string]any{"token": vi.token})
	if read := back.find("welcome").of("conversation").of("read"); read.num("visitor") != 4 || read.num("agent") != 4 {
		t.Errorf("the visitor's head says %v", read)
	}
	third := n.connect("amy3").hello(map[string]any{"token": n.signed("amy")})
	if read := third.find("welcome").list("conversations")[0].of("read"); read.num("visitor") != 4 || read.num("agent") != 5 {
		t.Errorf("the agent's head says %v", read)
	}
}

func TestTyping(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	bo := n.agent("bo", core.RoleAgent, 1)
	eve := n.agent("eve", core.RoleAdmin, 1)
	vi := n.visitor("vi")
	vi.own().frame("typing", nil) // nobody to tell: no session
	vi.say("hello")
	tab := vi.tab("tab")
	everybody := []*client{amy, bo, eve, vi, tab}
	for _, c := range everybody {
		c.seenAll()
	}
	n.pass(time.Second)
	vi.own().frame("typing", map[string]any{"text": "my password is hunter2"})
	vi.own().frame("typing", nil)
	n.pass(499 * time.Millisecond)
	vi.own().frame("typing", nil)
	amy.sees("vi: typing visitor")
	if amy.frames[len(amy.frames)-1]["text"] != nil {
		t.Error("what is being typed is shown, and no site has allowed it")
	}
	tab.sees("typing visitor")
	n.pass(time.Millisecond)
	vi.own().frame("typing", nil)
	amy.sees("vi: typing visitor")
	tab.sees("typing visitor")

	amy.in(vi).frame("typing", nil)
	vi.sees("typing amy")
	tab.sees("typing amy")
	bo.in(vi).frame("typing", nil) // can write nothing but notes
	eve.in(vi).frame("typing", nil)
	vi.sees("typing eve")
	amy.sees("vi: typing eve")
	bo.sees()
	eve.sees()
	before := len(n.log(vi.conv))
	vi.own().end()
	vi.seenAll()
	n.pass(time.Second)
	amy.in(vi).frame("typing", nil)
	vi.sees()
	if got := len(n.log(vi.conv)); got != before+1 {
		t.Errorf("typing left %d events", got-before-1)
	}
}

func TestPong(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 2).online()
	eve := n.agent("eve", core.RoleSupervisor, 2, "other") // sees all lines
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("hello")
	wu.say("hello")
	amy.in(wu).note("psst")
	n.visitor("xi").say("hello")
	for _, c := range []*client{amy, eve, vi, wu} {
		c.seenAll()
		c.pings(10 * time.Second)
	}
	vi.sees("pong #4")
	wu.sees("pong #4")
	amy.sees("pong vi #4 wu #5, 1 waiting")
	eve.sees("pong , 1 waiting")
	if vi.peer.Next() != 10 || vi.find("pong").str("at") != "2026-01-05T09:00:00.000Z" {
		t.Errorf("next %d, at %s", vi.peer.Next(), vi.find("pong").str("at"))
	}
	n.visitor("yi").pings(0)
}
