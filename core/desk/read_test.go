package desk_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
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

// Promise 11: 0 <= read <= head, each monotone, and the staff's mark is that of
// who has to answer. Who leads or is of the group looks on without a trace.
func TestOnlyTheHolderReads(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	bo, eve := n.agent("bo", core.RoleAgent, 1), n.agent("eve", core.RoleAdmin, 1)
	vi := n.visitor("vi")
	vi.say("hello") // 1 to 3
	check := func(when string, want uint64) {
		t.Helper()
		marks, err := n.store.Marks(t.Context(), vi.conv)
		n.must(err)
		if marks.Agent != want || marks.Agent > n.load(vi.conv).Seq {
			t.Errorf("%s: read up to #%d, want #%d", when, marks.Agent, want)
		}
	}
	for _, c := range []*client{amy, bo, eve} {
		c.in(vi).read(3)
	}
	check("waiting", 0)
	amy.online() // 4
	vi.seenAll()
	bo.in(vi).read(4)
	eve.in(vi).read(4)
	vi.sees()
	check("held by amy", 0)
	amy.in(vi).read(2)
	amy.in(vi).read(1)
	vi.sees("read amy #2")
	check("read by amy", 2)
	amy.in(vi).read(1 << 30)
	check("read to the end", 4)
	vi.own().end() // 5
	bo.in(vi).read(5)
	check("over, and nobody's", 5)
}

// What a visitor is typing is shown where the site says so: to agents, never
// to another tab, and it is nowhere in the log.
func TestTypingPreview(t *testing.T) {
	n := newNode(t)
	n.set(func(s *core.Settings) { s.Sites[0].Preview, s.Sites[0].Edit = true, 90*time.Second })
	amy, bo := n.agent("amy", core.RoleAgent, 1).online(), n.agent("bo", core.RoleAgent, 1)
	vi := n.visitor("vi")
	vi.say("hello")
	bo.watches(vi)
	tab := vi.tab("tab")
	if site := tab.find("welcome").of("site"); site["preview"] != true || site.num("edit") != 90 {
		t.Errorf("the welcome says %v", site)
	}
	n.pass(time.Second)
	vi.own().frame("typing", map[string]any{"text": "is it stil"})
	for _, c := range []*client{amy, bo} {
		if got := c.find("typing"); got.str("text") != "is it stil" {
			t.Errorf("%s sees %v", c.name, got)
		}
	}
	if got := tab.find("typing"); got == nil || got["text"] != nil {
		t.Errorf("the other tab sees %v", got)
	}
	amy.in(vi).frame("typing", map[string]any{"text": "what amy types"})
	for _, c := range []*client{vi, bo} {
		if got := c.find("typing"); got["text"] != nil && got.str("text") != "is it stil" {
			t.Errorf("%s sees %v", c.name, got)
		}
	}
	if got := n.log(vi.conv); len(got) != 4 {
		t.Errorf("stored %v", got)
	}
	n.pass(time.Second)
	vi.own().frame("typing", map[string]any{"text": strings.Repeat("长", 4001)})
	if got := vi.find("error").str("code"); got != "too_large" {
		t.Errorf("4,001 characters: %q", got)
	}
}

// What agents say they do with a conversation is for the others who have to do
// with it, and never for its visitor.
func TestDoing(t *testing.T) {
	n := newNode(t)
	amy, bo, cy := n.agent("amy", core.RoleAgent, 1).online(), n.agent("bo", core.RoleAgent, 1), n.agent("cy", core.RoleAgent, 1)
	vi := n.visitor("vi")
	vi.say("hello")
	bo.watches(vi)
	for _, c := range []*client{amy, bo, cy, vi} {
		c.seenAll()
	}
	for _, doing := range wire.Doing() { // one after the other, without a pause: none may be lost
		bo.in(vi).frame("typing", map[string]any{"doing": doing})
		if got := amy.find("typing"); got.str("doing") != doing || got.of("by").str("id") != "bo" {
			t.Errorf("the holder sees %v, not that bo %s", got, doing)
		}
		amy.seenAll()
	}
	amy.in(vi).frame("typing", map[string]any{"doing": "views"})
	if got := bo.find("typing"); got.str("doing") != "views" || got.of("by").str("id") != "amy" {
		t.Errorf("who watches sees %v", got)
	}
	for _, c := range []*client{cy, vi} {
		if got := c.find("typing"); got != nil {
			t.Errorf("%s sees %v", c.name, got)
		}
	}
	vi.own().frame("typing", map[string]any{"doing": "views"})
	if got := vi.find("error").str("code"); got != "forbidden" {
		t.Errorf("a visitor who says what agents say: %q", got)
	}
	bo.in(vi).frame("typing", map[string]any{"doing": "sleeps"})
	if got := bo.find("error").str("code"); got != "invalid" {
		t.Errorf("what nobody can do: %q", got)
	}
}

// A head shows what was said last, not what the desk did since; to a visitor
// never a note; and of what was taken back, that it was.
func TestHeadShowsWhatWasSaid(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1)
	vi := n.visitor("vi")
	last := func(token string) frame {
		w := n.connect("x").hello(map[string]any{"token": token}).find("welcome")
		if w.str("role") == "visitor" {
			return w.of("conversation").of("last")
		}
		return w.list("conversations")[0].of("last")
	}
	check := func(when string, visitor, agent uint64) {
		t.Helper()
		a, b := last(vi.token), last(n.signed("amy"))
		if a.num("seq") != visitor || b.num("seq") != agent {
			t.Errorf("%s: the visitor's head shows #%d, the agent's #%d; want #%d and #%d", when, a.num("seq"), b.num("seq"), visitor, agent)
		}
	}
	vi.say("hello") // 1 to 3
	check("waiting", 2, 2)
	amy.online() // 4
	check("assigned", 2, 2)
	amy.in(vi).say("hi") // 5
	check("answered", 5, 5)
	for range 40 {
		n.pass(time.Second)
		amy.in(vi).note("a note") // 6 to 45
	}
	check("behind many notes", 5, 45)
	vi.say("bye") // 46
	vi.own().frame("edit", map[string]any{"seq": 46, "body": text("goodbye")})
	vi.own().frame("recall", map[string]any{"seq": 46})
	check("taken back", 46, 46)
	if got := last(vi.token).of("body").str("kind"); got != "tombstone" {
		t.Errorf("taken back, and shown as %s", got)
	}
	for i := range 40 {
		n.pass(time.Second)
		vi.own().frame("rate", map[string]any{"score": 1 + i%5}) // 49 to 88
	}
	check("far back", 88, 88)
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
