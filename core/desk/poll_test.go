package desk_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// hold has polls held, and found by Join like connections.
func (f *floor) hold(p *desk.Peer, out desk.Outlet) (release func(), ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.peers = append(f.peers, &seat{p, out})
	return func() {}, true
}

// holding returns a node that holds polls.
func (w *world) holding() *node {
	var n *node
	n = w.node(func(o *desk.Options) {
		o.Hold = func(p *desk.Peer, out desk.Outlet) (func(), bool) { return n.floor.hold(p, out) }
	})
	return n
}

// phone is a visitor who polls. It keeps what a client keeps, and holds every
// answer against what is true of all of them.
type phone struct {
	*node
	page   string
	origin string
	body   map[string]any // of the next poll: token, after, epoch and so on
	echoes bool           // it repeats next.head
	loose  bool           // it does not know its cursor
	n      uint64
	conv   core.ConversationID
	log    []uint64 // seqs that it was told of
}

// phone returns one that has said nothing yet.
func (n *node) phone(name string) *phone {
	origin := fmt.Sprintf("origin-of-%s-%d", name, n.again("phone "+name))
	return &phone{node: n, page: "https://shop.example", origin: origin, body: map[string]any{"wait": 0}}
}

// calls is a new visitor's first poll.
func (n *node) calls(name string) *phone {
	n.Helper()
	ph := n.phone(name)
	ph.poll(ph.hello(nil))
	n.world.mu.Lock()
	n.names[string(ph.conv)] = name
	n.world.mu.Unlock()
	return ph
}

func (ph *phone) hello(more map[string]any) map[string]any {
	f := map[string]any{"type": "hello", "v": 1, "origin": ph.origin}
	maps.Copy(f, more)
	return f
}

func (ph *phone) say(text string) map[string]any {
	ph.n++
	return map[string]any{"type": "send", "origin": ph.origin, "n": ph.n, "body": map[string]any{"kind": "text", "text": text}}
}

// request is the body of the next poll.
func (ph *phone) request(frames ...map[string]any) []byte {
	all := map[string]any{"frames": append([]map[string]any{}, frames...)}
	maps.Copy(all, ph.body)
	return []byte(object(all))
}

// poll makes a request and takes the answer.
func (ph *phone) poll(frames ...map[string]any) []frame {
	ph.Helper()
	got, err := ph.ask(ph.Context(), ph.request(frames...))
	ph.must(err)
	return ph.take(got)
}

// ask makes a request; what comes of it may be lost.
func (ph *phone) ask(ctx context.Context, body []byte) ([]byte, error) {
	got, err := ph.desk.Poll(ctx, body, ph.page, "192.0.2.7")
	ph.settle()
	return got, err
}

// refused makes a request and returns the code that it is refused with.
func (ph *phone) refused(frames ...map[string]any) core.Code {
	ph.Helper()
	got, err := ph.ask(ph.Context(), ph.request(frames...))
	if err == nil {
		ph.Errorf("not refused, but answered with %.300s", got)
	}
	return core.CodeOf(err)
}

// order is that of the frames in an answer.
func order(typ string) int {
	return slices.Index([]string{"welcome", "event", "answer", "conversation", "bye", "next"}, typ)
}

// take checks an answer, and moves the cursor.
func (ph *phone) take(data []byte) (frames []frame) {
	ph.Helper()
	if err := json.Unmarshal(data, &frames); err != nil || len(frames) == 0 || len(frames) > 64 || len(data) > wire.MaxMessage {
		ph.Fatalf("%d bytes, %d frames, %v: %.300s", len(data), len(frames), err, data)
	}
	at := 0
	for i, f := range frames {
		typ := f.str("type")
		if slices.Contains([]string{"ack", "error", "events", "pong"}, typ) {
			typ = "answer"
		}
		o := order(typ)
		if o < at || (o == order("next")) != (i == len(frames)-1) {
			ph.Fatalf("%s stands where it can not: %.2000s", f.str("type"), data)
		}
		at = o
		ph.learn(f)
	}
	return frames
}

func (ph *phone) learn(f frame) {
	ph.Helper()
	last, _ := ph.body["after"].(uint64)
	switch f.str("type") {
	case "welcome":
		ph.body["token"], ph.body["epoch"] = f.str("token"), f.str("epoch")
		ph.conv = core.ConversationID(f.of("conversation").str("id"))
		if f["reset"] == true {
			ph.log, last = nil, 0
		}
		for _, e := range f.list("events") {
			last = max(last, e.num("seq"))
			ph.log = append(ph.log, e.num("seq"))
		}
		ph.body["after"] = last
	case "event":
		if !ph.loose && (f.num("prev") != last || f.num("seq") <= last) {
			ph.Errorf("#%d(%d) after #%d", f.num("seq"), f.num("prev"), last)
		}
		ph.log = append(ph.log, f.num("seq"))
		ph.body["after"] = f.num("seq")
	case "next":
		if head := f.str("head"); ph.echoes && head != "" {
			ph.body["head"] = head
		}
	}
}

// tells checks what an answer says, next included.
func (ph *phone) tells(frames []frame, want ...string) {
	ph.Helper()
	var got []string
	for _, f := range frames {
		if f.str("type") == "next" {
			got = append(got, fmt.Sprintf("next %d", f.num("seconds")))
			continue
		}
		got = append(got, f.text(ph.world, true))
	}
	if !slices.Equal(got, want) {
		ph.Errorf("the phone is told\n\t%s\nand not\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// waits makes a request that may be held, on another goroutine. It returns how
// to get the answer, and how long it was held.
func (ph *phone) waits(ctx context.Context, frames ...map[string]any) (answer func() ([]frame, time.Duration, error)) {
	type outcome struct {
		data []byte
		err  error
		held time.Duration
	}
	done, body, begun := make(chan outcome, 1), ph.request(frames...), time.Now()
	go func() {
		data, err := ph.desk.Poll(ctx, body, ph.page, "192.0.2.7")
		done <- outcome{data, err, time.Since(begun)}
	}()
	synctest.Wait()
	return func() ([]frame, time.Duration, error) {
		ph.Helper()
		o := <-done
		if o.err != nil {
			return nil, o.held, o.err
		}
		return ph.take(o.data), o.held, nil
	}
}

// A visitor by poll and an agent by socket converse.
func TestPollConversation(t *testing.T) {
	n := newWorld(t).holding()
	amy := n.agent("amy", core.RoleAgent, 1).online()
	amy.seenAll()
	vi := n.phone("vi")
	vi.tells(vi.poll(vi.hello(nil)), "welcome visitor, n 0, none #0, nothing", "next 0")
	n.names[string(vi.conv)] = "vi"
	vi.tells(vi.poll(vi.say("hello")), "#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "ack 1 is #2(1)", "head waiting #3, place 1", "next 0")
	vi.tells(vi.poll(), "#4(3) assigned amy", "head held #4 by amy", "next 0")
	amy.sees("vi: head waiting #3, place 1", "vi: #4(3) assigned amy", "vi: head held #4 by amy")
	th := thread{amy, vi.conv}
	th.note("he sounds angry")
	th.say("hi")
	vi.tells(vi.poll(), "#6(4) amy: hi", "head held #6 by amy", "next 0")
	vi.tells(vi.poll(), "next 0")
	amy.seenAll()
	vi.tells(vi.poll(vi.say("one"), vi.say("two"), map[string]any{"type": "read", "seq": 6}),
		"#7(6) visitor: one", "#8(7) visitor: two", "ack 2 is #7(6)", "ack 3 is #8(7)", "head held #8 by amy", "next 0")
	amy.sees("vi: #7(6) visitor: one", "vi: #8(7) visitor: two", "vi: read visitor #6")
}

// Own events carry their numbers, so that an outbox knows them.
func TestPollBringsOwnEvents(t *testing.T) {
	n := newWorld(t).holding()
	vi := n.calls("vi")
	frames := vi.poll(vi.say("hello"))
	if e := frames[1]; e.str("origin") != vi.origin || e.num("n") != 1 {
		t.Errorf("its own event: %v", e)
	}
}

// Whatever is lost on the way, a repeated request stores once and brings what
// the lost answer did.
func TestPollRepeated(t *testing.T) {
	n := newWorld(t).holding()
	vi := n.calls("vi")
	body := vi.request(vi.say("hello"), vi.say("anybody?"))
	_, err := vi.ask(t.Context(), body) // and the answer is lost
	n.must(err)
	again, err := vi.ask(t.Context(), body)
	n.must(err)
	vi.tells(vi.take(again), "#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "#4(3) visitor: anybody?",
		"ack 2 is #4, again", "ack 2 is #4, again", "head waiting #4, place 1", "next 0")
	if got := n.load(vi.conv).Seq; got != 4 {
		t.Errorf("%d events", got)
	}
	vi.tells(vi.poll(map[string]any{"type": "send", "origin": vi.origin, "n": 9, "body": text("early")}), "error gap n 9, expect 3", "next 0")
}

// A cursor that means nothing here is answered with a reset; none, with the
// last events.
func TestPollReset(t *testing.T) {
	n := newWorld(t).holding()
	vi := n.calls("vi")
	vi.poll(vi.say("hello"))
	for _, c := range []struct {
		name  string
		after any
		epoch string
		want  []string
	}{
		{"up to date", 3, "e_1", []string{"next 0"}},
		{"from the beginning", 0, "e_1", []string{"#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "head waiting #3, place 1", "next 0"}},
		{"beyond the head", 4, "e_1", []string{"welcome visitor, n 0, waiting #3, place 1, #1-3, reset", "next 0"}},
		{"another epoch", 3, "e_0", []string{"welcome visitor, n 0, waiting #3, place 1, #1-3, reset", "next 0"}},
		{"no epoch", 3, "", []string{"welcome visitor, n 0, waiting #3, place 1, #1-3, reset", "next 0"}},
		{"no cursor, which is the beginning", nil, "e_1", []string{"#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "head waiting #3, place 1", "next 0"}},
		{"no cursor at all", nil, "", []string{"welcome visitor, n 0, waiting #3, place 1, #1-3", "next 0"}},
	} {
		t.Log(c.name)
		other := *vi
		other.body = map[string]any{"token": vi.body["token"], "wait": 0, "epoch": c.epoch, "after": c.after}
		if a, ok := c.after.(int); ok {
			other.body["after"] = uint64(a)
		}
		other.tells(other.poll(), c.want...)
	}
	back := n.phone("back")
	back.origin, back.body["token"] = vi.origin, vi.body["token"]
	back.tells(back.poll(back.hello(map[string]any{"after": 1, "epoch": "e_1"})), "welcome visitor, n 1, waiting #3, place 1, #2-3", "next 0")
}

func TestPollRefused(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) {
		shop, other := s.Sites[0], s.Sites[0]
		shop.ID, shop.Origins = "shop", []string{"https://shop.example"}
		other.ID, other.Origins = "other", []string{"https://other.example"}
		s.Sites = append(s.Sites, shop, other)
	})
	n := w.holding()
	vi := n.calls("vi")
	n.hire("amy", core.RoleAgent, 1)
	tired, err := n.keys().SignAgent("amy", 1, nine.Add(-13*time.Hour))
	n.must(err)
	old, err := n.keys().SignVisitor("default", "v_old", nine.Add(-400*24*time.Hour))
	n.must(err)
	elsewhere, err := n.keys().SignVisitor("other", "v_there", nine)
	n.must(err)
	for _, c := range []struct {
		name   string
		body   map[string]any
		frames []map[string]any
		want   core.Code
	}{
		{"nothing", nil, nil, core.Unauthorized},
		{"a send before anything", nil, []map[string]any{vi.say("hi")}, core.Unauthorized},
		{"garbage", map[string]any{"token": "garbage"}, nil, core.Unauthorized},
		{"an expired token", map[string]any{"token": old}, nil, core.Unauthorized},
		{"an agent whose token has expired", map[string]any{"token": tired}, nil, core.Unauthorized},
		{"another site", map[string]any{"token": vi.body["token"], "site": "shop"}, nil, core.Unauthorized},
		{"a site of another page", map[string]any{"token": elsewhere, "site": "other"}, nil, core.Forbidden},
		{"a site of another page, at first", map[string]any{"site": "other"}, []map[string]any{vi.hello(nil)}, core.Forbidden},
		{"no such site", map[string]any{"token": vi.body["token"], "site": "nowhere"}, nil, core.NotFound},
		{"another version", nil, []map[string]any{vi.hello(map[string]any{"v": 2})}, core.Unsupported},
		{"no origin", nil, []map[string]any{vi.hello(map[string]any{"origin": ""})}, core.Invalid},
		{"no JSON", map[string]any{"wait": "long"}, nil, core.Invalid},
	} {
		x := n.phone("x")
		maps.Copy(x.body, c.body)
		if got := x.refused(c.frames...); got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
	if n.floor.Present(t.Context(), desk.TopicVisitor(vi.conv)) {
		t.Error("somebody is left on the floor")
	}
	late := vi.poll(map[string]any{"type": "ping"}, vi.hello(nil), map[string]any{"type": "take", "origin": vi.origin, "n": 1, "conversation": "c_1", "session": 1}, map[string]any{"type": "what"})
	vi.tells(late, "pong #0", "error invalid", "error forbidden n 1", "error invalid", "next 0")
}

// What a first poll said is not forgotten by the time of the first message.
func TestPollKeepsWhatHelloSaid(t *testing.T) {
	n := newWorld(t).holding()
	vi := n.phone("vi")
	vi.poll(vi.hello(map[string]any{"lang": "zh", "tag": "returns", "page": map[string]any{"url": "https://shop.example/a"}}))
	id := func() core.VisitorID { return n.load(vi.conv).Visitor }
	vi.poll()
	vi.poll(vi.say("hello"))
	p, err := n.store.Profile(t.Context(), id())
	n.must(err)
	if p.Page.URL != "https://shop.example/a" || p.Lang != "zh" || n.load(vi.conv).Session.Tag != "returns" {
		t.Errorf("profile %+v, tag %q", p, n.load(vi.conv).Session.Tag)
	}
	// Nor is there nobody if it was.
	wu := n.phone("wu")
	wu.poll(wu.hello(nil))
	n.after(time.Hour)
	wu.poll(wu.say("hello"))
	if p, err := n.store.Profile(t.Context(), n.load(wu.conv).Visitor); err != nil || p.Site != "default" {
		t.Errorf("profile %+v, %v", p, err)
	}
}
