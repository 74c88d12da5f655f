package desk_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// The first message, with nobody there and then with somebody: what the
// sender's own connection gets, in order, and what all others do.
func TestFirstMessage(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 2).online()
	amy.sees("presence amy online 0/2")
	bo := n.agent("bo", core.RoleAgent, 2)
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	vi.say("hello")
	vi.sees("#1(0) opened", "ack 1 is #2(1)", "#3(2) queued", "head waiting #3, place 1", "#4(3) assigned amy", "head held #4 by amy")
	tab.sees("#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "head waiting #3, place 1", "#4(3) assigned amy", "head held #4 by amy")
	amy.sees("vi: head waiting #3, place 1", "vi: #4(3) assigned amy", "vi: head held #4 by amy")
	bo.sees("vi: head waiting #3, place 1", "vi: head held #4 by amy")
	amy.in(vi).say("hi")
	amy.sees("vi: ack 1 is #5(4)")
	vi.sees("#5(4) amy: hi")
	tab.sees("#5(4) amy: hi")
	bo.sees()
	if why := n.log(vi.conv)[3].Body.Why; why == nil || why.Able != 1 {
		t.Errorf("why %+v", why)
	}
}

func TestRepeatGapConflict(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	vi.say("one")
	first := vi.sent
	vi.say("two")
	second := vi.sent
	vi.seenAll()
	tab.seenAll()
	vi.serve(first)
	vi.serve(second)
	vi.sees("ack 2 is #4, again", "ack 2 is #4, again")
	vi.serve(strings.Replace(second, "two", "three", 1))
	vi.serve(strings.Replace(second, `"n":2`, `"n":5`, 1))
	vi.sees("error conflict n 2", "error gap n 5, expect 3")
	tab.serve(strings.Replace(second, vi.origin, tab.origin, 1))
	tab.sees("error gap n 2, expect 1")
	if got := len(n.log(vi.conv)); got != 4 {
		t.Errorf("%d events are stored", got)
	}
	// What follows is numbered from 1 under a fresh origin, on the same
	// connection: it has the ack, and not the event too.
	vi.serve(`{"type":"send","origin":"fresh-origin","n":1,"body":{"kind":"text","text":"three"}}`)
	vi.sees("ack 1 is #5(4)")
	tab.sees("#5(4) visitor: three")
}

// A batch is served in order; a bad frame in it is answered, and keeps no
// other from being served.
func TestBatch(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	vi.say("one")
	vi.seenAll()
	vi.serve(`[` + strings.Replace(vi.sent, `"n":1`, `"n":2`, 1) + `,{"type":"send","origin":"origin-of-vi","n":3},` +
		`{"type":"dance"},[],` + strings.Replace(vi.sent, `"n":1`, `"n":3`, 1) + `,{"type":"ping"}]`)
	vi.sees("ack 2 is #4(3)", "error invalid n 3", "error invalid", "error invalid", "ack 3 is #5(4)", "pong #5")
}

func TestWhatIsNotTakenYet(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	vi.seenAll()
	amy.seenAll()
	file := map[string]any{"body": map[string]any{"kind": "file", "url": "https://elsewhere.example/x", "name": "x", "size": 1, "mime": "text/plain"}}
	options := map[string]any{"body": map[string]any{"kind": "options", "text": "?", "options": []string{"a", "b"}}}
	vi.own().frame("send", file)
	vi.n[vi.conv]--
	vi.own().frame("send", options)
	vi.n[vi.conv]--
	vi.own().frame("send", map[string]any{"body": text("psst"), "internal": true})
	vi.n[vi.conv]--
	vi.sees("error unsupported n 2", "error forbidden n 2", "error forbidden n 2")
	vi.n[vi.conv]--
	amy.in(vi).frame("send", options)
	vi.sees("#5(4) amy: ?")
	if got := vi.frames[len(vi.frames)-1].of("body")["options"]; len(got.([]any)) != 2 {
		t.Errorf("options %v", got)
	}
}

// Notes are among agents: the visitor sees neither them nor a hole, and the
// next event that they see says so.
func TestInternalNote(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello")
	vi.seenAll()
	second := n.comes("amy")
	amy.seenAll()
	amy.in(vi).note("a difficult one")
	if h := vi.tab("tab").find("welcome").of("conversation"); h.num("seq") != 4 || h.of("last").num("seq") != 2 {
		t.Errorf("the visitor's head is at #%d, the last thing said #%d", h.num("seq"), h.of("last").num("seq"))
	}
	amy.seenAll()
	amy.in(vi).say("hi")
	amy.sees("vi: ack 2 is #6(5)")
	second.sees("vi: #5(4) internal amy: a difficult one", "vi: head held #5 by amy", "vi: #6(5) amy: hi")
	vi.sees("#6(4) amy: hi")
	vi.own().frame("after", map[string]any{"seq": 2})
	vi.sees("events #3-6")
	for _, e := range vi.find("events").list("events") {
		if e["internal"] != nil || e.num("seq") == 5 {
			t.Errorf("the visitor reads %v", e)
		}
	}
	vi.pings(0)
	vi.sees("pong #6")
}

func TestSessionFromBeginningToEnd(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	bo := n.agent("bo", core.RoleAgent, 1, "default")
	vi := n.visitor("vi")
	vi.say("hello")
	vi.seenAll()
	amy.seenAll()
	bo.online()
	bo.seenAll()

	tab := n.comes("amy")
	amy.in(vi).frame("transfer", map[string]any{"to": map[string]any{"agent": "bo"}, "note": "wants a refund"})
	for _, c := range []*client{tab, bo, vi} { // origin and n are for the author's other tab alone
		i := slices.IndexFunc(c.frames, func(f frame) bool { return f.of("body").str("kind") == "transferred" })
		if own := c.frames[i]["origin"] != nil && c.frames[i]["n"] != nil; own != (c == tab) {
			t.Errorf("%s is sent %v", c.name, c.frames[i])
		}
	}
	amy.sees("vi: ack 1 is #5(4)", "vi: #6(5) assigned bo", "vi: head held #6 by bo")
	bo.sees("vi: #5(4) transferred bo wants a refund", "vi: #6(5) assigned bo", "vi: head held #6 by bo")
	vi.sees("#5(4) transferred bo", "#6(5) assigned bo", "head held #6 by bo")

	amy.in(vi).say("one more thing")
	amy.sees("vi: error conflict n 2")
	amy.n[vi.conv]--
	vi.own().end()
	vi.sees("ack 2 is #7(6)", "head closed #7")
	bo.sees("vi: #7(6) closed request", "vi: head closed #7")
	bo.in(vi).say("bye")
	bo.sees("vi: error conflict n 1")
	bo.n[vi.conv]--
	vi.own().frame("rate", map[string]any{"score": 5, "comment": "quick", "session": 1})
	vi.sees("ack 3 is #8(7)")
	bo.sees() // who held it is no longer concerned
	bo.in(vi).frame("reopen", nil)
	bo.sees("vi: ack 1 is #9(8)", "vi: #10(9) assigned bo", "vi: head held #10 by bo")
	vi.sees("#9(8) reopened", "#10(9) assigned bo", "head held #10 by bo")
	if s := n.load(vi.conv).Session; s.Number != 1 {
		t.Errorf("reopened as session %d", s.Number)
	}
	bo.in(vi).end()
	vi.say("and another question")
	vi.sees("#11(10) closed request", "head closed #11", "#12(11) opened", "ack 4 is #13(12)", "#14(13) queued", "head waiting #14, place 1",
		"#15(14) assigned amy", "head held #15 by amy")
}

// Who leads may act in conversations that they are no part of, and learns what
// became of the head.
func TestWhoLeadsHearsOfTheirOwnDoing(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	eve := n.agent("eve", core.RoleSupervisor, 1)
	vi := n.visitor("vi")
	vi.say("hello")
	amy.seenAll()
	eve.seenAll()
	eve.in(vi).say("a word from the boss")
	eve.sees("vi: ack 1 is #5(4)")
	amy.sees("vi: #5(4) eve: a word from the boss")
	eve.in(vi).end()
	eve.sees("vi: ack 2 is #6(5)", "vi: head closed #6")
	amy.sees("vi: #6(5) closed request", "vi: head closed #6")
}

func TestAssistant(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Sites[0].Assistant = true })
	n := w.node()
	vi := n.visitor("vi")
	vi.say("hello")
	vi.sees("#1(0) opened", "ack 1 is #2(1)", "head bot #2", "#3(2) handoff unavailable", "#4(3) queued", "head waiting #4, place 1")

	w.pass(time.Second)
	asked := []uint64{}
	m := w.node(func(o *desk.Options) { o.Ask = func(_ core.ConversationID, seq uint64) { asked = append(asked, seq) } })
	wu := m.visitor("wu")
	wu.say("hello")
	wu.say("are you there?")
	wu.sees("#1(0) opened", "ack 1 is #2(1)", "head bot #2", "ack 2 is #3(2)")
	m.rooms.Tell(t.Context(), wu.conv, core.Answered{Ask: 2, Text: "too late"}, func(c core.Change, err error) {
		if err != nil || !c.Empty() {
			t.Errorf("an answer to what is no longer asked: %+v, %v", c, err)
		}
	})
	if len(asked) != 2 || asked[1] != 3 {
		t.Errorf("asked %v", asked)
	}
	wu.own().frame("human", nil)
	wu.sees("ack 3 is #4(3)", "#5(4) queued", "head waiting #5, place 2")
	wu.own().frame("human", nil) // again: nothing to leave, but the number counts
	wu.sees("ack 4 is #6, again")
	wu.own().frame("after", map[string]any{"seq": 5})
	wu.sees("events nothing")
}

// Whatever goes wrong inside is `internal` without a word of what it was, and
// the same frame may be sent again.
func TestUnknownErrorsStayInside(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	for _, e := range []struct {
		err  error
		want string
	}{
		{errors.New("disk /dev/sda7 is on fire"), "error internal n 1"},
		{&core.Error{Code: core.Internal, Message: "/dev/sda7", Cause: errors.New("/dev/sda7")}, "error internal n 1"},
		{&core.Error{Code: core.Unavailable, Message: "the store is away", Cause: errors.New("/dev/sda7"), Retry: time.Second}, "error unavailable n 1"},
	} {
		n.rooms.fail = func(core.ConversationID, core.Input) error { return e.err }
		vi.n[vi.conv] = 0
		vi.say("hello")
		if f := vi.find("error"); strings.Contains(f.str("message"), "sda7") || f.str("origin") != vi.origin {
			t.Errorf("%v is told as %v", e.err, f)
		}
		vi.sees(e.want)
	}
	n.rooms.fail = nil
	vi.serve(vi.sent)
	vi.sees("#1(0) opened", "ack 1 is #2(1)", "#3(2) queued", "head waiting #3, place 1")
}

func TestTenMalformedMessages(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	bad := []string{`nonsense`, `{}`, `{"type":"what"}`, `{"type":"send"}`, `{"type":"ping","next":-1}`}
	for i := range 9 {
		vi.serve(bad[i%len(bad)])
	}
	n.pass(61 * time.Second) // they are a minute old, and forgotten
	for i := range 9 {
		vi.serve(bad[i%len(bad)])
	}
	if vi.closed() != 0 {
		t.Fatalf("closed with %d", vi.closed())
	}
	vi.own().frame("send", map[string]any{"body": text(strings.Repeat("a", 4001))}) // too much is not malformed
	vi.seenAll()
	vi.serve(`[{"type":"what"},{"type":"ping"}]`)
	vi.sees("error invalid", "bye 4502 too many malformed frames")
	if vi.closed() != wire.CloseProtocol {
		t.Errorf("closed with %d", vi.closed())
	}
}
