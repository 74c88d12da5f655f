package desk_test

import (
	"fmt"
	"testing"

	"kefu/core"
	"kefu/core/wire"
)

// watches has an agent watch the conversations of these visitors, and no others.
func (c *client) watches(of ...*client) {
	c.Helper()
	ids := []string{}
	for _, v := range of {
		ids = append(ids, string(v.conv))
	}
	c.serve(object(map[string]any{"type": "watch", "conversations": ids}))
}

// Who watches hears what is said, typed, read and done, once each, also when
// it is over and nobody holds it; and nothing more when they watch another.
func TestWatch(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	bo := n.agent("bo", core.RoleAgent, 1)
	vi := n.visitor("vi")
	vi.say("hello")
	bo.seenAll()
	bo.watches(vi)
	bo.sees("vi: head held #4 by amy")
	amy.in(vi).say("hi")
	amy.in(vi).note("a regular")
	amy.in(vi).read(5)
	bo.sees("vi: #5(4) amy: hi", "vi: #6(5) internal amy: a regular", "vi: read amy #5")
	amy.in(vi).end()
	bo.sees("vi: #7(6) closed request", "vi: head closed #7")
	vi.own().frame("rate", map[string]any{"score": 5})
	bo.sees("vi: #8(7) rated")
	bo.serve(`{"type":"ping"}`)
	if got := bo.find("pong").of("heads").num(string(vi.conv)); got != 8 {
		t.Errorf("the pong says #%d", got)
	}
	bo.seenAll()
	bo.watches()
	vi.say("one more thing")
	bo.sees("vi: head waiting #11, place 1", "vi: head held #12 by amy") // as one of the group, but no event
}

// Holding and watching it, an agent hears everything once.
func TestWatchWhatOneHolds(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	amy.watches(vi)
	amy.seenAll()
	vi.say("are you there?")
	amy.sees("vi: #5(4) visitor: are you there?")
}

// What may not be read is not watched, and the former set stays. Too many at a
// time are refused.
func TestWatchRefused(t *testing.T) {
	n := newNode(t)
	n.agent("amy", core.RoleAgent, 2).online()
	cy := n.agent("cy", core.RoleAgent, 1, "billing")
	sue := n.agent("sue", core.RoleSupervisor, 1)
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("hello")
	wu.say("hello")
	cy.seenAll()
	cy.watches(vi)
	cy.sees("error forbidden")
	sue.watches(vi)
	sue.seenAll()
	sue.serve(fmt.Sprintf(`{"type":"watch","conversations":[%q,"c_nobody"]}`, wu.conv))
	sue.sees("error not_found")
	many := make([]string, wire.MaxWatched+1)
	for i := range many {
		many[i] = string(vi.conv)
	}
	sue.serve(object(map[string]any{"type": "watch", "conversations": many}))
	sue.serve(`{"type":"watch"}`)
	sue.sees("error invalid", "error invalid")
	wu.say("x")
	vi.say("still there?")
	sue.sees("vi: #5(4) visitor: still there?")
}

// A conversation that goes to a group of others is seen going, and then no
// longer.
func TestWatchLosesTheRight(t *testing.T) {
	n := newNode(t)
	n.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "billing"}) })
	amy := n.agent("amy", core.RoleAgent, 1).online()
	bo := n.agent("bo", core.RoleAgent, 1)
	n.agent("cy", core.RoleAgent, 1, "billing").online()
	vi := n.visitor("vi")
	vi.say("hello")
	bo.watches(vi)
	bo.seenAll()
	amy.in(vi).frame("transfer", map[string]any{"to": map[string]any{"group": "billing"}})
	amy.seenAll()
	for _, f := range bo.news() {
		if f.str("type") == "event" {
			t.Errorf("bo sees %v", f)
		}
	}
	vi.say("a secret of billing")
	vi.own().frame("typing", nil)
	bo.sees()
	bo.serve(`{"type":"ping"}`)
	if heads := bo.find("pong").of("heads"); len(heads) != 0 {
		t.Errorf("the pong tells heads %v", heads)
	}
}
