package desk_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Who is blocked is closed within five seconds, stores nothing, and does not
// come back until the block ends. Others are not touched.
func TestBlock(t *testing.T) {
	n := newNode(t)
	sue := n.hire("sue", core.RoleSupervisor, 1)
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("spam")
	idle := vi.tab("idle")
	vi.seenAll()
	id := core.VisitorID(vi.peer.Who.ID)
	elsewhere := n.node() // another node has it stored
	n.must(elsewhere.desk.Block(t.Context(), sue, core.Block{Visitor: id, Reason: "spam", Until: nine.Add(time.Hour)}))
	n.after(cached)
	vi.sees("error forbidden", "bye 4501 blocked")
	if idle.closed() != wire.CloseForbidden || wu.closed() != 0 {
		t.Errorf("closed with %d and %d", idle.closed(), wu.closed())
	}
	got := n.connect("back").hello(map[string]any{"token": vi.token})
	got.sees("vi: error forbidden", "bye 4501 forbidden")
	list, err := n.desk.Blocks(t.Context(), sue)
	if err != nil || len(list) != 1 || list[0] != (core.Block{Visitor: id, By: "sue", Reason: "spam", At: nine, Until: nine.Add(time.Hour)}) {
		t.Errorf("%+v, %v", list, err)
	}
	n.pass(time.Hour - cached)
	if back := n.tabOf(vi); back.closed() != 0 {
		t.Errorf("the block has ended: closed with %d", back.closed())
	}
	if list, _ = n.desk.Blocks(t.Context(), sue); len(list) != 0 {
		t.Errorf("it is listed yet: %v", list)
	}
}

func (n *node) tabOf(c *client) *client {
	return n.connect("tab").hello(map[string]any{"token": c.token})
}

// A frame that comes before the tick is refused and not stored.
func TestBlockedFrame(t *testing.T) {
	n := newNode(t)
	sue := n.hire("sue", core.RoleAdmin, 1)
	vi := n.visitor("vi")
	n.must(n.desk.Block(t.Context(), sue, core.Block{Visitor: core.VisitorID(vi.peer.Who.ID)}))
	vi.say("spam")
	vi.sees("error forbidden n 1", "bye 4501 blocked")
	if len(n.log(vi.conv)) != 0 {
		t.Error("stored all the same")
	}
	n.must(n.desk.Unblock(t.Context(), sue, core.VisitorID(vi.peer.Who.ID)))
	if back := n.tabOf(vi); back.closed() != 0 {
		t.Errorf("unblocked, and closed with %d", back.closed())
	}
	n.code(core.NotFound, n.desk.Unblock(t.Context(), sue, core.VisitorID(vi.peer.Who.ID)))
}

// A poll that waits ends with the error, and the next one is refused.
func TestBlockedPoll(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		sue := n.hire("sue", core.RoleAdmin, 1)
		vi, _ := n.met()
		answer := vi.waits(t.Context())
		<-time.After(time.Second)
		n.must(n.desk.Block(t.Context(), sue, core.Block{Visitor: n.load(vi.conv).Visitor}))
		n.must(n.desk.Tick(t.Context()))
		frames, took, err := answer()
		n.must(err)
		vi.tells(frames, "error forbidden", "bye 4501 blocked", "next 0")
		if took != time.Second {
			t.Errorf("held for %s", took)
		}
		if got := vi.refused(); got != core.Forbidden {
			t.Errorf("the next poll: %q", got)
		}
	})
}

// Who may block, and what.
func TestBlockRefused(t *testing.T) {
	n := newNode(t)
	amy, sue := n.hire("amy", core.RoleAgent, 1), n.hire("sue", core.RoleSupervisor, 1)
	_, err := n.desk.Blocks(t.Context(), amy)
	n.code(core.Forbidden, err)
	n.code(core.Forbidden, n.desk.Block(t.Context(), amy, core.Block{Visitor: "v_1"}))
	n.code(core.Forbidden, n.desk.Unblock(t.Context(), amy, "v_1"))
	for _, b := range []core.Block{
		{}, {Visitor: core.VisitorID(strings.Repeat("v", 65))}, {Visitor: "v_1", Reason: strings.Repeat("坏", 201)}, {Visitor: "v_1", Until: nine},
	} {
		n.code(core.Invalid, n.desk.Block(t.Context(), sue, b))
	}
	n.must(n.desk.Block(t.Context(), sue, core.Block{Visitor: "v_1", Reason: strings.Repeat("坏", 200)}))
	list, err := n.desk.Blocks(t.Context(), sue)
	n.must(err)
	if !slices.ContainsFunc(list, func(b core.Block) bool { return b.Visitor == "v_1" && b.By == "sue" }) {
		t.Errorf("%v", list)
	}
}
