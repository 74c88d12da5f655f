package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// tight is a world in which a visitor may send 64 frames at once and 10 a
// second.
func tight(t *testing.T) *node {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 10, 64 })
	return w.node()
}

// batchOf is frames from to to, as one message.
func (c *client) batchOf(from, to int) string {
	var frames []string
	for n := from; n <= to; n++ {
		frames = append(frames, object(map[string]any{"type": "send", "origin": c.origin, "n": n, "body": text(fmt.Sprint(n))}))
	}
	return "[" + strings.Join(frames, ",") + "]"
}

// told counts the errors since the last time that say rate_limited, and
// returns the numbers they answer and the greatest retry.
func (c *client) told() (ns []int, retry float64) {
	for _, f := range c.news() {
		if f.str("code") == "rate_limited" {
			ns, retry = append(ns, int(f.num("n"))), max(retry, f.float("retry"))
		}
	}
	return ns, retry
}

func (f frame) float(key string) float64 {
	x, _ := f[key].(float64)
	return x
}

// Promise 22: who sends too fast is told so, with when to come again, and what
// was refused is not stored. Who comes again then is served.
func TestTooFast(t *testing.T) {
	n := tight(t)
	vi := n.visitor("vi")
	for i := range 64 {
		vi.serve(vi.batchOf(i+1, i+1))
	}
	if ns, _ := vi.told(); len(ns) > 0 {
		t.Fatalf("a burst is refused: %v", ns)
	}
	stored := len(n.log(vi.conv))
	vi.serve(vi.batchOf(65, 65))
	if ns, retry := vi.told(); fmt.Sprint(ns) != "[65]" || retry != 0.1 {
		t.Errorf("one too many: %v, retry %v", ns, retry)
	}
	if got := len(n.log(vi.conv)); got != stored {
		t.Errorf("it is stored all the same: %d events, %d before", got, stored)
	}
	n.pass(100 * time.Millisecond)
	vi.serve(vi.batchOf(65, 65))
	if ack := vi.find("ack"); ack.num("n") != 65 {
		t.Errorf("the repeat is answered by %v", ack)
	}
}

// A batch is taken or refused as a whole: half of one would tear the order.
func TestTooFastIsAWholeMessage(t *testing.T) {
	n := tight(t)
	vi := n.visitor("vi")
	vi.serve(vi.batchOf(1, 60))
	vi.seenAll()
	stored := len(n.log(vi.conv))
	batch := vi.batchOf(61, 70)
	vi.serve(batch)
	ns, retry := vi.told()
	if fmt.Sprint(ns) != "[61 62 63 64 65 66 67 68 69 70]" || retry != 0.6 || len(n.log(vi.conv)) != stored {
		t.Errorf("told of %v, retry %v, %d events more", ns, retry, len(n.log(vi.conv))-stored)
	}
	n.pass(600 * time.Millisecond)
	vi.serve(batch)
	if ack := vi.find("ack"); ack.num("n") != 70 {
		t.Errorf("the repeat is answered by %v", ack)
	}
	// What has no number is told of once; what would have no answer too.
	for _, message := range []string{`[{"type":"after","seq":1},{"type":"before","seq":1}]`, `{"type":"typing"}`, "{", "[]"} {
		vi.serve(vi.batchOf(71, 134)) // there is no room for this either
		vi.seenAll()
		vi.serve(message)
		if ns, retry := vi.told(); fmt.Sprint(ns) != "[0]" || retry <= 0 {
			t.Errorf("%s: told of %v, retry %v", message, ns, retry)
		}
	}
}

// What counts is the visitor: their tabs share, and others behind the same
// address do not notice. (All clients of these tests come from one address.)
func TestTooFastIsOfOneVisitor(t *testing.T) {
	n := tight(t)
	vi, other := n.visitor("vi"), n.visitor("other")
	tab := vi.tab("tab")
	vi.serve(vi.batchOf(1, 64))
	tab.seenAll()
	tab.serve(tab.batchOf(1, 1))
	if ns, _ := tab.told(); len(ns) != 1 {
		t.Error("a second tab may send as much again")
	}
	other.serve(other.batchOf(1, 64))
	if ns, _ := other.told(); len(ns) > 0 {
		t.Errorf("another visitor of the same address is told of %v", ns)
	}
	amy := n.agent("amy", core.RoleSupervisor, 1)
	for range 5*64 + 1 {
		amy.serve(`{"type":"before","seq":1,"conversation":"` + string(vi.conv) + `"}`)
	}
	if ns, _ := amy.told(); len(ns) != 1 {
		t.Errorf("of five times as much an agent is refused %d", len(ns))
	}
}

// A heartbeat goes on while its connection is told to be slow, and so does
// coming back. Neither is for nothing.
func TestPingAndHelloAreNotStarved(t *testing.T) {
	n := tight(t)
	vi := n.visitor("vi")
	vi.serve(vi.batchOf(1, 64))
	vi.serve(vi.batchOf(65, 65))
	vi.seenAll()
	for range 10 {
		vi.serve(`{"type":"ping","next":25}`)
	}
	if got := vi.news(); len(got) != 10 || got[9].str("type") != "pong" {
		t.Errorf("pings are answered by %v", got)
	}
	vi.serve(`{"type":"ping","next":25}`)
	if ns, retry := vi.told(); len(ns) != 1 || retry <= 0 {
		t.Errorf("too many pings: %v, %v", ns, retry)
	}
	again := vi.connect("again").hello(map[string]any{"token": vi.token})
	if again.find("welcome") == nil {
		t.Errorf("who was too fast can not come back: %v", again.news())
	}
	for i := range 40 {
		c := vi.connect("again")
		c.origin = again.origin // so each replaces the one before
		c.hello(map[string]any{"token": vi.token})
		if got := c.find("error"); i >= 29 && (got.str("code") != "rate_limited" || got.float("retry") <= 0 || c.closed() != wire.CloseShutdown) {
			t.Fatalf("hello %d is answered by %v, closed with %d", i, got, c.closed())
		} else if i < 29 && got != nil {
			t.Fatalf("hello %d is answered by %v", i, got)
		}
	}
	if code := n.visitor("new").closed(); code != 0 {
		t.Errorf("a new visitor is closed with %d", code)
	}
}

// Promise 22: who goes on although told is closed with 4001, told when to come
// back; another tab is not.
func TestFloodIsClosed(t *testing.T) {
	n := tight(t)
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	sent := 0
	for ; vi.closed() == 0 && sent < 100; sent++ {
		vi.serve(vi.batchOf(1, 64))
	}
	if vi.closed() != wire.CloseSlow || sent != 12 {
		t.Errorf("closed with %d after %d bursts", vi.closed(), sent)
	}
	if found := vi.byes(); found[0].num("window") != 60 || found[0].num("code") != 4001 {
		t.Errorf("it is told %v", found)
	}
	if c := n.connect("again").hello(map[string]any{"token": vi.token}); c.find("error").float("retry") != 1 {
		t.Errorf("it is back at once: %v", c.news())
	}
	tab.serve(tab.batchOf(1, 64))
	if tab.closed() != 0 {
		t.Errorf("the other tab is closed with %d", tab.closed())
	}
	stored := len(n.log(vi.conv))
	vi.serve(vi.batchOf(65, 65))
	if len(n.log(vi.conv)) != stored {
		t.Error("what is closed is served")
	}
}

func (c *client) byes() (found []frame) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range c.frames {
		if f.str("type") == "bye" {
			found = append(found, f)
		}
	}
	return found
}

// A visitor may have many tabs, but not without end. One that comes again
// replaces itself, and one that goes leaves its place.
func TestTooManyConnections(t *testing.T) {
	n := newNode(t)
	vi := n.visitor("vi")
	tabs := []*client{vi}
	for len(tabs) < 20 {
		tabs = append(tabs, vi.tab("tab"))
	}
	n.pass(time.Minute)
	late := vi.connect("late").hello(map[string]any{"token": vi.token})
	if got := late.find("error"); got.str("code") != "rate_limited" || got.float("retry") != 60 || late.closed() != wire.CloseShutdown {
		t.Errorf("one too many is told %v, closed with %d", got, late.closed())
	}
	again := vi.connect("again")
	again.origin = tabs[5].origin
	if again.hello(map[string]any{"token": vi.token}); again.closed() != 0 || tabs[5].closed() != wire.CloseReplaced {
		t.Errorf("one that comes again is closed with %d", again.closed())
	}
	tabs[7].gone(true)
	if c := vi.tab("next"); c.closed() != 0 {
		t.Errorf("the place of one that is gone is not free: closed with %d", c.closed())
	}
	if c := n.visitor("other"); c.closed() != 0 {
		t.Errorf("another visitor is closed with %d", c.closed())
	}
}
