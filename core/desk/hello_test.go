package desk_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/identity"
	"kefu/core/wire"
)

func TestHelloOfANewVisitor(t *testing.T) {
	n := newNode(t)
	vi := n.connect("vi").hello(map[string]any{"lang": "zh-CN"})
	vi.sees("welcome visitor, n 0, none #0, nothing")
	w := vi.find("welcome")
	if w.str("token") == "" || w.str("epoch") != "e_1" || w.num("v") != 1 || w["features"] == nil {
		t.Errorf("welcome %v", w)
	}
	if site := w.of("site"); site.str("greeting") == "" || site["open"] != true || site.str("lang") != "zh-CN" {
		t.Errorf("site %v", site)
	}
	if h, l := w.of("heartbeat"), w.of("limits"); h.num("every") != 25 || h.num("max") != 50 || l.num("text") != 4000 || l.num("frame") != 32768 || l.num("batch") != 64 {
		t.Errorf("heartbeat %v, limits %v", h, l)
	}
	if w.of("visitor").str("id") == "" || w.of("visitor")["online"] != true || w.of("conversation").str("site") != "default" {
		t.Errorf("visitor %v, conversation %v", w.of("visitor"), w.of("conversation"))
	}
	if !vi.peer.Known() {
		t.Error("welcomed, and not known")
	}
	if _, err := n.store.Profile(t.Context(), core.VisitorID(w.of("visitor").str("id"))); core.CodeOf(err) != core.NotFound {
		t.Errorf("who only looks leaves a record: %v", err)
	}
	if wu := n.visitor("wu"); wu.conv == vi.conv || wu.token == vi.token {
		t.Error("two visitors are one")
	}
}

func TestHelloOfAReturningVisitor(t *testing.T) {
	n := newNode(t)
	vi := n.connect("vi").hello(map[string]any{"lang": "zh", "page": map[string]any{"url": "https://shop.example/a"}, "tag": "returns"})
	vi.say("hello")
	vi.gone(true)
	n.pass(time.Hour)
	back := n.connect("back").hello(map[string]any{"token": vi.token, "page": map[string]any{"url": "https://shop.example/b"}})
	back.sees("welcome visitor, n 0, waiting #3, place 1, #1-3")
	if back.conv != vi.conv || back.token != vi.token {
		t.Error("the token names another conversation, or was replaced without need")
	}
	id := core.VisitorID(n.load(vi.conv).Visitor)
	p, err := n.store.Profile(t.Context(), id)
	n.must(err)
	if p.Page.URL != "https://shop.example/b" || p.Lang != "zh" || p.Seen != nine.Add(time.Hour) {
		t.Errorf("profile %+v", p)
	}
	if tag := n.load(vi.conv).Session.Tag; tag != "returns" {
		t.Errorf("tag %q", tag)
	}
	again := n.connect("again")
	again.origin = vi.origin
	again.hello(map[string]any{"token": vi.token}).sees("welcome visitor, n 1, waiting #3, place 1, #1-3")

	n.pass(31 * 24 * time.Hour)
	later := n.connect("later").hello(map[string]any{"token": vi.token})
	if later.token == vi.token || later.conv != vi.conv {
		t.Error("a token that is a month old is not replaced, or by another's")
	}
}

func TestHelloRefused(t *testing.T) {
	n := newNode(t)
	n.set(func(s *core.Settings) {
		shop := s.Sites[0]
		shop.ID, shop.Origins = "shop", []string{"https://shop.example"}
		other := s.Sites[0]
		other.ID, other.Origins = "other", []string{"https://other.example"}
		s.Sites = append(s.Sites, shop, other)
	})
	vi := n.visitor("vi")
	n.hire("amy", core.RoleAgent, 1)
	n.hire("bo", core.RoleAgent, 1)
	amy, bo := n.signed("amy"), n.signed("bo")
	n.account("bo", func(a *core.Account) { a.Disabled = true })
	old, err := n.keys().SignVisitor("default", "v_old", nine.Add(-400*24*time.Hour))
	n.must(err)
	stale, err := n.keys().SignAgent("amy", 1, nine.Add(-13*time.Hour))
	n.must(err)
	stranger, err := identity.NewKeys(strings.NewReader(strings.Repeat("z", 100)))
	n.must(err)
	forged, err := stranger.SignAgent("amy", 1, nine)
	n.must(err)
	nobody, err := n.keys().SignAgent("nobody", 1, nine)
	n.must(err)
	revoked, err := n.keys().SignAgent("amy", 0, nine)
	n.must(err)
	for _, c := range []struct {
		name  string
		hello map[string]any
		want  core.Code
		close wire.CloseCode
	}{
		{"garbage token", map[string]any{"token": "garbage"}, core.Unauthorized, 4500},
		{"token of another server", map[string]any{"token": forged}, core.Unauthorized, 4500},
		{"token cut short", map[string]any{"token": vi.token[:len(vi.token)-2]}, core.Unauthorized, 4500},
		{"token of another site", map[string]any{"token": vi.token, "site": "shop"}, core.Unauthorized, 4500},
		{"expired visitor", map[string]any{"token": old}, "", 4004},
		{"expired agent", map[string]any{"token": stale}, "", 4004},
		{"disabled agent", map[string]any{"token": bo}, core.Forbidden, 4501},
		{"unknown agent", map[string]any{"token": nobody}, core.Forbidden, 4501},
		{"revoked agent", map[string]any{"token": revoked}, core.Forbidden, 4501},
		{"unknown site", map[string]any{"site": "nowhere"}, core.NotFound, 4501},
		{"page of another site", map[string]any{"site": "other"}, core.Forbidden, 4501},
		{"user token", map[string]any{"user": map[string]any{"token": "x"}}, core.Unauthorized, 4500},
		{"another version", map[string]any{"v": 2}, core.Unsupported, 4502},
		{"no origin", map[string]any{"origin": ""}, core.Invalid, 4502},
	} {
		x := n.connect(c.name).hello(c.hello)
		if x.find("error").str("code") != string(c.want) || x.closed() != c.close || x.find("welcome") != nil {
			t.Errorf("%s: %v, closed with %d", c.name, x.find("error"), x.closed())
		}
		if x.peer.Known() {
			t.Errorf("%s: is known", c.name)
		}
		before := len(x.frames)
		x.serve(`{"type":"ping"}`)
		x.hello(nil)
		if len(x.frames) != before {
			t.Errorf("%s: is served after it was refused", c.name)
		}
		x.gone(true)
	}
	if len(n.floor.topics[desk.TopicVisitor(vi.conv)]) != 1 {
		t.Error("somebody who was refused is found, or who was not is lost")
	}
	n.connect("amy").hello(map[string]any{"token": amy, "site": "nowhere"}).sees("welcome agent, 0 heads, amy offline 0/1")
}

func TestHelloComesFirstAndOnce(t *testing.T) {
	n := newNode(t)
	for _, frame := range []string{`{"type":"ping"}`, `{"type":"send","origin":"origin-of-vi","n":1,"body":{"kind":"text","text":"hi"}}`, `{"type":"what"}`, `nonsense`, `[]`} {
		early := n.connect("early")
		early.serve(frame)
		early.sees("error invalid"+map[bool]string{true: " n 1"}[strings.Contains(frame, `"n":1`)], "bye 4502 invalid")
	}
	vi := n.visitor("vi")
	vi.hello(nil).sees("error invalid")
	if vi.closed() != 0 {
		t.Error("a second hello ends the connection")
	}
	batch := n.connect("batch")
	batch.serve(`[{"type":"hello","v":1,"origin":"origin-1"},{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text","text":"hi"}},{"type":"ping"}]`)
	batch.visitor = true
	batch.sees("welcome visitor, n 0, none #0, nothing", "#1(0) opened", "ack 1 is #2(1)", "#3(2) queued", "head waiting #3, place 1", "pong #3")
	refused := n.connect("refused")
	refused.serve(`[{"type":"hello","v":1,"origin":"origin-1","site":"nowhere"},{"type":"hello","v":1,"origin":"origin-1"},{"type":"ping"}]`)
	refused.sees("error not_found", "bye 4501 not_found")
	if refused.peer.Known() {
		t.Error("a second hello in the batch of a refused one is served")
	}
}

// An origin has one connection: the younger one.
func TestHelloReplaces(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	again := n.connect("again")
	again.origin = vi.origin
	again.hello(map[string]any{"token": vi.token})
	vi.sees("bye 4503 replaced")
	other := n.connect("other") // the same origin of somebody else is another one
	other.origin = vi.origin
	other.hello(nil)
	if again.closed() != 0 || other.closed() != 0 {
		t.Errorf("closed with %d and %d", again.closed(), other.closed())
	}
	vi.gone(true)
	again.say("still here")
	again.sees("welcome visitor, n 0, none #0, nothing", "#1(0) opened", "ack 1 is #2(1)", "#3(2) queued", "head waiting #3, place 1")
}

func TestSiteHours(t *testing.T) {
	n := newNode(t) // Monday, 9:00 UTC: 17:00 in Shanghai
	n.set(func(s *core.Settings) {
		s.Sites[0].Hours = core.Hours{Zone: "Asia/Shanghai", Spans: []core.Span{{Day: time.Monday, From: 9 * 60, Until: 17*60 + 30}}}
	})
	open := n.connect("vi").hello(nil).find("welcome").of("site")["open"]
	n.pass(time.Hour)
	closed := n.connect("wu").hello(nil).find("welcome").of("site")["open"]
	if open != true || closed != false {
		t.Errorf("open %v at 17:00 and %v at 18:00", open, closed)
	}
}

// interleaved is a store in which something happens just before a read of
// the log, and between the two reads of a welcome.
type interleaved struct {
	core.Store
	before func()
}

func (st *interleaved) meanwhile() {
	if do := st.before; do != nil {
		st.before = nil
		do()
	}
}

func (st *interleaved) Before(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	if limit > 1 {
		st.meanwhile()
	}
	return st.Store.Before(ctx, id, seq, limit)
}

func (st *interleaved) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	st.meanwhile()
	return st.Store.After(ctx, id, seq, limit)
}

// Nothing is pushed before the welcome, and nothing is lost between Join and
// the welcome, whenever it is committed.
func TestNothingFallsBetweenJoinAndWelcome(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Limits.Burst = 1000 })
	st := &interleaved{Store: w.store}
	w.store = st
	n := w.node()
	vi := n.visitor("vi")
	vi.say("one")
	st.before = func() { vi.say("two") }
	fresh := n.connect("fresh").hello(map[string]any{"token": vi.token})
	fresh.sees("welcome visitor, n 0, waiting #3, place 1, #1-3", "#4(3) visitor: two")

	st.before = func() { vi.say("three") }
	resumed := n.connect("resumed").hello(map[string]any{"token": vi.token, "after": 2, "epoch": "e_1"})
	resumed.sees("welcome visitor, n 0, waiting #4, place 1, #3-5") // read with the rest, so not pushed again

	st.before = func() {
		vi.own().end() // phase and all
		vi.say("four")
	}
	changed := n.connect("changed").hello(map[string]any{"token": vi.token})
	changed.sees("welcome visitor, n 0, waiting #5, place 1, #1-5",
		"#6(5) closed request", "head closed #6", "#7(6) opened", "#8(7) visitor: four", "#9(8) queued", "head waiting #9, place 1")

	st.before = func() { vi.says(300, "flood ") }
	flooded := n.connect("flooded").hello(map[string]any{"token": vi.token})
	if flooded.closed() != wire.CloseSlow {
		t.Errorf("what is kept back for a welcome is not bounded: closed with %d", flooded.closed())
	}
}
