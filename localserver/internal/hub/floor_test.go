package hub

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// guest is a connection that has said who it is.
func guest(t *testing.T, h *Hub, who, origin string, topics ...desk.Topic) (*Conn, *line) {
	t.Helper()
	l := newLine()
	c := connect(t, h, l)
	c.Peer.Who, c.Peer.Outbox = core.Party{Kind: core.Visitor, ID: who}, core.Origin(origin)
	_ = h.Join(t.Context(), c.Peer, topics...)
	return c, l
}

// found names those that Each visits, by their origins.
func found(h *Hub, topics ...desk.Topic) string {
	var names []string
	h.Each(context.Background(), topics, func(p *desk.Peer) { names = append(names, string(p.Outbox)) })
	return strings.Join(names, " ")
}

func TestFinding(t *testing.T) {
	h := start(t, Options{})
	a, _ := guest(t, h, "1", "a", "x", "y")
	b, _ := guest(t, h, "2", "b", "y", "z")
	c, _ := guest(t, h, "3", "c")
	expect := func(topics []desk.Topic, want string) {
		t.Helper()
		if got := found(h, topics...); got != want {
			t.Errorf("under %v: %q, want %q", topics, got, want)
		}
		if len(topics) == 1 && h.Present(t.Context(), topics[0]) != (want != "") {
			t.Errorf("Present(%s) is %v", topics[0], want == "")
		}
	}
	expect([]desk.Topic{"x"}, "a")
	expect([]desk.Topic{"y"}, "a b")
	expect([]desk.Topic{"z", "y", "x", "y"}, "a b") // once each
	expect([]desk.Topic{"none"}, "")
	expect(nil, "")

	_ = h.Join(t.Context(), a.Peer, "z", "new") // instead of the former
	expect([]desk.Topic{"x"}, "")
	expect([]desk.Topic{"z"}, "a b")
	_ = h.Join(t.Context(), c.Peer, "z")
	expect([]desk.Topic{"new", "z"}, "a b c")

	h.Leave(t.Context(), b.Peer)
	h.Leave(t.Context(), b.Peer)
	expect([]desk.Topic{"y"}, "")
	expect([]desk.Topic{"z"}, "a c")
	h.Disconnect(a)
	expect([]desk.Topic{"z"}, "c")
	_ = h.Join(t.Context(), a.Peer, "z") // too late
	expect([]desk.Topic{"z"}, "c")
	h.Disconnect(c)
	if len(h.topics) != 0 || len(h.outboxes) != 0 || len(h.conns) != 1 {
		t.Errorf("left over: %d topics, %d outboxes, %d connections", len(h.topics), len(h.outboxes), len(h.conns))
	}
}

func TestManyAreFoundOnceEach(t *testing.T) {
	h := start(t, Options{})
	var want []string
	for n := range 100 {
		want = append(want, fmt.Sprint(n))
		guest(t, h, fmt.Sprint(n), fmt.Sprint(n), "x", "y", desk.Topic(fmt.Sprint(n%7)))
	}
	got := strings.Fields(found(h, "x", "3", "y", "4"))
	if !slices.Equal(got, want) {
		t.Errorf("found %v", got)
	}
}

// A second connection with the same outbox replaces the first; the same origin
// of somebody else is another outbox.
func TestReplacement(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		first, firstLine := guest(t, h, "1", "o", "x")
		_, otherLine := guest(t, h, "2", "o", "x")
		second, secondLine := guest(t, h, "1", "o", "x", "y")
		synctest.Wait()
		if firstLine.code() != wire.CloseReplaced || otherLine.code() != 0 || secondLine.code() != 0 {
			t.Errorf("closed with %d, %d, %d", firstLine.code(), otherLine.code(), secondLine.code())
		}
		if got, _ := firstLine.frames(t); len(got) != 1 || !strings.HasPrefix(got[0], `{"type":"bye","code":4503,`) {
			t.Errorf("the first is told %q", got)
		}
		// The end of the first takes nothing from the second.
		h.Leave(t.Context(), first.Peer)
		h.Disconnect(first)
		if got := found(h, "x", "y"); got != "o o" {
			t.Errorf("found %q", got)
		}
		_ = h.Join(t.Context(), second.Peer, "y") // it does not replace itself
		synctest.Wait()
		if secondLine.code() != 0 {
			t.Errorf("it replaced itself: %d", secondLine.code())
		}
	})
}

// A visitor of Each may do what it likes, and comes upon connections that
// come and go.
func TestEachHoldsNoLock(t *testing.T) {
	h := start(t, Options{})
	guest(t, h, "1", "a", "x")
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			for i := range 200 {
				l := newLine()
				if !h.Reserve() {
					t.Error("no place")
					return
				}
				c := h.Connect(l, "", "")
				c.Peer.Who.ID, c.Peer.Outbox = fmt.Sprint(n), core.Origin(fmt.Sprint(i))
				_ = h.Join(t.Context(), c.Peer, "x")
				h.Each(t.Context(), []desk.Topic{"x"}, func(p *desk.Peer) {
					_ = h.Join(t.Context(), c.Peer, "x")
					_ = h.Present(t.Context(), "x")
				})
				c.Send(frame(i))
				h.Disconnect(c)
			}
		})
	}
	all.Wait()
	if got := found(h, "x"); got != "a" {
		t.Errorf("found %q", got)
	}
}

func TestPlacesAreBounded(t *testing.T) {
	h := start(t, Options{Connections: 2})
	a := connect(t, h, newLine())
	if !h.Reserve() || h.Reserve() {
		t.Error("want two places")
	}
	h.Release()
	h.Disconnect(a)
	for range 2 {
		connect(t, h, newLine())
	}
	if h.Reserve() {
		t.Error("want two places again")
	}
}
