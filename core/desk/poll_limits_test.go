package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// However much there is to say, an answer is a message; the rest comes at once.
func TestPollFitsAMessage(t *testing.T) {
	n := newWorld(t).holding()
	for _, c := range []struct{ name, unit string }{{"short", ""}, {"cjk", "客"}, {"control", "\x01"}, {"separator", "\u2028"}} {
		writer := n.visitor(c.name)
		writer.says(70, "x"+strings.Repeat(c.unit, 3990)) // 72 events
		for _, echoes := range []bool{true, false} {
			vi := n.phone(c.name)
			vi.body["token"], vi.echoes = writer.token, echoes
			vi.poll(vi.hello(map[string]any{"after": 1, "epoch": "e_1"}))
			heads := 0
			for polls := 0; len(vi.log) < 71 && polls < 100; polls++ {
				n.pass(time.Second)
				for _, f := range vi.poll() {
					if f.str("type") == "conversation" {
						heads++
					}
				}
			}
			want := make([]uint64, 71)
			for i := range want {
				want[i] = uint64(i) + 2
			}
			if !slices.Equal(vi.log, want) {
				t.Errorf("%s: %v", c.name, vi.log)
			}
			if c.unit != "" && echoes && heads > 1 {
				t.Errorf("%s: %d heads on the way", c.name, heads)
			}
		}
	}
}

// As many frames as there may be in a batch are answered; acks cover others.
func TestPollOfManyFrames(t *testing.T) {
	n := newWorld(t).holding()
	vi := n.calls("vi")
	var frames []map[string]any
	for i := range 64 {
		frames = append(frames, vi.say(fmt.Sprint(i)))
	}
	covered := uint64(0)
	for _, f := range vi.poll(frames...) {
		if f.str("type") == "ack" {
			covered = f.num("n")
		}
	}
	if covered != 64 {
		t.Errorf("acks cover %d frames", covered)
	}
	for range 3 {
		n.pass(10 * time.Second)
		vi.poll()
	}
	if len(vi.log) != 66 {
		t.Errorf("%d events", len(vi.log))
	}
	n.pass(time.Minute)
	frames = nil
	for i := range 64 {
		frames = append(frames, map[string]any{"type": "send", "origin": vi.origin, "n": 1000 + i, "body": text("early")})
	}
	if got := vi.poll(frames...); len(got) < 60 || got[0].str("type") != "error" {
		t.Errorf("%d frames", len(got))
	}
}

// A page of the log takes what room there is; one in an answer.
func TestPollPages(t *testing.T) {
	n := newWorld(t).holding()
	writer := n.visitor("vi")
	writer.says(30, "x"+strings.Repeat("客", 3990))
	vi := n.phone("vi")
	vi.body["token"] = writer.token
	vi.poll(vi.hello(nil))
	before := map[string]any{"type": "before", "seq": 33, "limit": 200}
	got := vi.poll(before, map[string]any{"type": "ping"}, before)
	vi.tells(got, "pong #32", "error rate_limited", "events #31-32, more", "next 0")
	vi.tells(vi.poll(map[string]any{"type": "after", "seq": 0}), "events #1-4, more", "next 0")
}

// Who polls too fast is told so, and when to come again.
func TestPollTooFast(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 1, 64 })
	n := w.holding()
	vi := n.calls("vi")
	refused := 0
	for range 80 {
		if _, err := vi.ask(t.Context(), vi.request()); core.CodeOf(err) == core.RateLimited {
			refused++
		}
	}
	if refused != 17 { // the hello was one too
		t.Errorf("%d of 80 refused", refused)
	}
	got := vi.poll(vi.say("hello"))
	vi.tells(got, "error rate_limited n 1", "next 0")
	if got[0]["retry"] == nil {
		t.Errorf("%v", got[0])
	}
	n.pass(time.Minute)
	vi.n = 0
	if got := vi.poll(vi.say("hello")); len(got) != 6 {
		t.Errorf("after a minute: %v", got)
	}
}

// A host that does not hold polls answers at once, and has the client come
// back sooner the more happens.
func TestPollNotHeld(t *testing.T) {
	n := newNode(t)
	vi := n.calls("vi")
	vi.body["wait"] = 25
	if f := n.visitor("other").find("welcome"); f == nil || slices.Contains(f["features"].([]any), any("poll")) {
		t.Errorf("features %v", f["features"])
	}
	frames := vi.poll(vi.say("hello"))
	if last := frames[len(frames)-1]; last.num("seconds") != 1 {
		t.Errorf("%v", last)
	}
	n.pass(time.Minute)
	vi.tells(vi.poll(), "next 2")
	for idle, want := range map[time.Duration]int{
		0: 1, 15*time.Second - 1: 1, 15 * time.Second: 2, 2*time.Minute - 1: 2, 2 * time.Minute: 5, 10*time.Minute - 1: 5, 10 * time.Minute: 15, 1 << 62: 15,
	} {
		if got := desk.NextPoll(idle); got != want {
			t.Errorf("after %s: %d, want %d", idle, got, want)
		}
	}
}

// FuzzPoll sends anything at all to a host that does not hold polls. Nothing
// panics, what comes back is an answer or a definite refusal, and nobody is
// left on the floor.
func FuzzPoll(f *testing.F) {
	f.Add([]byte(`{"frames":[{"type":"hello","v":1,"origin":"origin-of-fuzz"},{"type":"send","origin":"origin-of-fuzz","n":1,"body":{"kind":"text","text":"hi"}}],"wait":0}`))
	f.Add([]byte(`{"token":"TOKEN","after":0,"epoch":"e_1","wait":0,"frames":[{"type":"before","seq":9},{"type":"after","seq":0},{"type":"end","origin":"origin-of-fuzz","n":1,"session":1}]}`))
	f.Add([]byte(`{"token":"TOKEN","after":9,"origin":"origin-of-fuzz","head":"x","wait":25}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		n := newNode(t)
		vi := n.calls("vi")
		vi.poll(vi.say("hello"))
		token, _ := vi.body["token"].(string)
		got, err := vi.ask(t.Context(), []byte(strings.ReplaceAll(string(body), "TOKEN", token)))
		switch {
		case err == nil:
			x := n.phone("x")
			x.loose = true // its cursor is the fuzzer's
			x.take(got)
		case !core.Definite(err) && core.CodeOf(err) != core.RateLimited:
			t.Errorf("%s: %v", body, err)
		}
		if n.floor.Present(t.Context(), desk.TopicVisitor(vi.conv)) {
			t.Error("somebody is left on the floor")
		}
	})
}
