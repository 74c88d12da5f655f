package desk_test

import (
	"fmt"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/memstore"
)

func TestResume(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	vi.says(100, "message ") // 102 events
	for _, c := range []struct {
		name  string
		hello map[string]any
		want  string
	}{
		{"nothing yet", nil, "#53-102"},
		{"from the beginning, no epoch", map[string]any{"after": 0}, "#53-102"},
		{"from the beginning", map[string]any{"after": 0, "epoch": "e_1"}, "#1-102"},
		{"a little behind", map[string]any{"after": 99, "epoch": "e_1"}, "#100-102"},
		{"far behind", map[string]any{"after": 10, "epoch": "e_1"}, "#11-102"},
		{"up to date", map[string]any{"after": 102, "epoch": "e_1"}, "nothing"},
		{"beyond the head", map[string]any{"after": 103, "epoch": "e_1"}, "#53-102, reset"},
		{"far beyond the head", map[string]any{"after": uint64(1)<<53 - 1, "epoch": "e_1"}, "#53-102, reset"},
		{"of another epoch", map[string]any{"after": 99, "epoch": "e_0"}, "#53-102, reset"},
		{"of another epoch, from the beginning", map[string]any{"after": 0, "epoch": "e_0"}, "#53-102, reset"},
		{"without epoch", map[string]any{"after": 99}, "#53-102, reset"},
	} {
		hello := map[string]any{"token": vi.token}
		for k, v := range c.hello {
			hello[k] = v
		}
		x := n.connect("x").hello(hello)
		got := x.news()[0].text(n.world, true)
		if want := "welcome visitor, n 0, waiting #102, place 1, " + c.want; got != want {
			t.Errorf("%s: %s, want %s", c.name, got, want)
		}
		x.gone(true)
	}
	fresh := n.connect("fresh").hello(map[string]any{"after": 5, "epoch": "e_1"})
	fresh.sees("welcome visitor, n 0, none #0, nothing, reset")
}

// A store that was restored has another epoch: clients hear it.
func TestAnotherEpoch(t *testing.T) {
	w := newWorld(t)
	n := w.node()
	vi := n.visitor("vi")
	vi.say("hello")
	secret, err := w.store.Secret(t.Context(), "token-keys", nil)
	n.must(err)
	w.store = memstore.New("e_2")
	_, err = w.store.Secret(t.Context(), "token-keys", secret)
	n.must(err)
	m := w.node()
	vi2 := m.connect("vi").hello(map[string]any{"token": vi.token, "after": 3, "epoch": "e_1"})
	vi2.sees("welcome visitor, n 0, none #0, nothing, reset")
	w.hire("amy", core.RoleAgent, 1)
	amy := m.connect("amy").hello(map[string]any{"token": w.signed("amy"), "epoch": "e_1"})
	amy.sees("welcome agent, 0 heads, amy offline 0/1, reset")
}

// pages follows more until there is no more, and returns how many frames and
// events that took. The client's outlet checks that each fits.
func (c *client) pages(typ string, from uint64) (frames int, seqs []uint64) {
	for more := true; more; {
		c.own().frame(typ, map[string]any{"seq": from, "limit": 200})
		f := c.find("events")
		events := f.list("events")
		if more = f["more"] == true; more && len(events) == 0 {
			c.Fatal("there is more, and nothing comes")
		}
		frames++
		for _, e := range events {
			seqs = append(seqs, e.num("seq"))
		}
		if len(events) > 0 {
			from = events[len(events)-1].num("seq")
			if typ == "before" {
				from = events[0].num("seq")
			}
		}
	}
	return frames, seqs
}

// Long messages are cut into pages of at most 32 KiB; nothing is skipped and
// nothing comes twice, in either direction.
func TestPagesFitAMessage(t *testing.T) {
	n := newNode(t)
	for _, c := range []struct{ name, unit string }{{"cjk", "客"}, {"emoji", "🙂"}, {"separator", "\u2028"}, {"control", "\x01"}, {"quotes", `"`}, {"short", ""}} {
		vi := n.visitor(c.name)
		vi.says(30, "x"+strings.Repeat(c.unit, 3990))
		frames, seqs := vi.pages("after", 0)
		if len(seqs) != 32 || seqs[0] != 1 || seqs[31] != 32 {
			t.Errorf("%s: after brings %v", c.name, seqs)
		}
		_, back := vi.pages("before", 33)
		seen := map[uint64]bool{}
		for _, s := range back {
			seen[s] = true
		}
		if len(back) != 32 || len(seen) != 32 {
			t.Errorf("%s: before brings %v", c.name, back)
		}
		if (frames > 1) != (c.unit != "") {
			t.Errorf("%s: %d frames", c.name, frames)
		}
		again := n.connect("again").hello(map[string]any{"token": vi.token, "after": 2, "epoch": "e_1"})
		w := again.find("welcome")
		if events := w.list("events"); len(events) == 0 || events[0].num("seq") != 3 || (w["more"] == true) != (c.unit != "") {
			t.Errorf("%s: resumed with %s", c.name, numbers(w))
		}
	}
}

// The greatest event that there can be fits a message of its own. Into a
// welcome it may not; then that says that there is more.
func TestGreatestEventFits(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	n.account("amy", func(a *core.Account) {
		a.Display, a.Avatar = strings.Repeat("\u2028", 64), "https://"+strings.Repeat("a", 1016)
	})
	n.pass(cached)
	vi := n.visitor("vi")
	vi.say("hello")
	var options []string
	for i := range 10 {
		options = append(options, fmt.Sprint(i)+strings.Repeat("\x01", 79))
	}
	amy.in(vi).frame("send", map[string]any{"body": map[string]any{"kind": "options", "text": strings.Repeat("\x01", 4000), "options": options}})
	if last := vi.find("event"); last.of("body").str("kind") != "options" {
		t.Fatalf("the last event is %v", last)
	}
	back := n.connect("back").hello(map[string]any{"token": vi.token})
	if w := back.find("welcome"); len(w.list("events")) != 0 || w["more"] != true || w["reset"] != nil {
		t.Errorf("welcome with %s", numbers(w))
	}
	if _, seqs := back.pages("after", 0); len(seqs) != 5 {
		t.Errorf("after brings %v", seqs)
	}
	resumed := n.connect("resumed").hello(map[string]any{"token": vi.token, "after": 4, "epoch": "e_1"})
	if w := resumed.find("welcome"); len(w.list("events")) != 0 || w["more"] != true {
		t.Errorf("resumed with %s", numbers(w))
	}
}

func TestAfterAndBefore(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	empty := n.visitor("empty")
	vi.says(60, "m") // 62 events
	vi.seenAll()
	for _, c := range []struct {
		typ    string
		fields map[string]any
		want   string
	}{
		{"after", map[string]any{"seq": 0}, "events #1-50, more"},
		{"after", map[string]any{"seq": 0, "limit": 62}, "events #1-62"},
		{"after", map[string]any{"seq": 0, "limit": 61}, "events #1-61, more"},
		{"after", map[string]any{"seq": 61}, "events #62-62"},
		{"after", map[string]any{"seq": 62}, "events nothing"},
		{"after", map[string]any{"seq": uint64(1)<<53 - 1}, "events nothing"},
		{"before", map[string]any{"seq": 63}, "events #13-62, more"},
		{"before", map[string]any{"seq": uint64(1)<<53 - 1, "limit": 2}, "events #61-62, more"},
		{"before", map[string]any{"seq": 11, "limit": 10}, "events #1-10"},
		{"before", map[string]any{"seq": 11, "limit": 9}, "events #2-10, more"},
		{"before", map[string]any{"seq": 1}, "events nothing"},
		{"before", map[string]any{"seq": 0}, "events nothing"},
		{"after", map[string]any{"seq": uint64(1) << 53}, "error invalid"},
		{"before", map[string]any{"seq": 5, "limit": 201}, "error invalid"},
	} {
		vi.own().frame(c.typ, c.fields)
		vi.sees(c.want)
	}
	empty.own().frame("after", map[string]any{"seq": 0})
	empty.own().frame("before", map[string]any{"seq": 9})
	empty.sees("events nothing", "events nothing")
}

// A long stretch of what a visitor may not see is no end of the log.
func TestPagingOverNotes(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("hello") // 1 to 4
	for range 450 {
		amy.in(vi).note("a note")
	}
	amy.in(vi).say("hi") // 455
	vi.seenAll()
	vi.own().frame("after", map[string]any{"seq": 4})
	vi.own().frame("before", map[string]any{"seq": 455, "limit": 4})
	vi.own().frame("before", map[string]any{"seq": 455, "limit": 3})
	vi.sees("events #455-455", "events #1-4", "events #2-4, more")
	if e := vi.find("event"); e.num("prev") != 4 {
		t.Errorf("prev of the first after the notes: %d", e.num("prev"))
	}
	back := n.connect("back").hello(map[string]any{"token": vi.token})
	back.sees("welcome visitor, n 0, held #455 by amy, #1-455")
	last := back.find("welcome").of("conversation").of("last")
	if last.num("seq") != 455 || last.num("prev") != 4 {
		t.Errorf("last %v", last)
	}
}
