package desk_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
)

// What was said may be corrected and taken back for a while, by its author; the
// other side sees it happen, and nobody gets the text again.
func TestEditAndRecall(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	vi.say("my password is 1234")
	vi.seenAll()
	tab.seenAll()
	amy.seenAll()

	vi.own().frame("edit", map[string]any{"seq": 2, "body": text("my password is 12345")})
	vi.sees("ack 2 is #5(4)")
	tab.sees("#5(4) edited #2: my password is 12345")
	amy.sees("vi: #5(4) edited #2: my password is 12345")

	amy.in(vi).frame("recall", map[string]any{"seq": 2})
	amy.sees("vi: error forbidden n 1")
	amy.n[vi.conv]--
	vi.own().frame("recall", map[string]any{"seq": 2})
	vi.sees("ack 3 is #6(5)")
	amy.sees("vi: #6(5) recalled #2")
	tab.sees("#6(5) recalled #2")

	vi.own().frame("edit", map[string]any{"seq": 2, "body": text("never mind")})
	vi.sees("error conflict n 4")
	amy.in(vi).frame("after", map[string]any{"seq": 0})
	page := amy.find("events")
	if got := object(page); strings.Contains(got, "1234") {
		t.Errorf("taken back, and yet: %s", got)
	}
	for seq, want := range map[int]string{2: "#2(1) visitor: gone", 5: "#5(4) visitor: gone"} {
		if got := page.list("events")[seq-1].event(); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
}

// The time is the site's, and what is internal stays so.
func TestEditInTime(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	amy.in(vi).note("a nice one")
	amy.seenAll()
	vi.seenAll()
	amy.in(vi).frame("edit", map[string]any{"seq": 5, "body": text("a very nice one")})
	amy.sees("vi: ack 2 is #6(5)")
	amy.in(vi).frame("recall", map[string]any{"seq": 5})
	amy.sees("vi: ack 3 is #7(6)")
	vi.sees()
	amy.in(vi).say("hi")
	vi.sees("#8(4) amy: hi")
	n.pass(2*time.Minute + time.Second)
	amy.seenAll()
	amy.in(vi).frame("edit", map[string]any{"seq": 8, "body": text("hi there")})
	amy.sees("vi: error conflict n 5")
	n.set(func(s *core.Settings) { s.Sites[0].Edit = 0 })
	n.pass(6 * time.Second) // by then the desk knows
	vi.say("bye")
	vi.seenAll()
	vi.own().frame("recall", map[string]any{"seq": 9})
	vi.sees("error forbidden n 3")
}
