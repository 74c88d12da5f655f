package host_test

import (
	"context"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/host"
)

func (w *world) sweep() {
	w.Helper()
	ctx, cancel := invocation(w.Context(), "sweep")
	defer cancel()
	w.must(w.process().Sweep(ctx, host.Scheduled{Source: "aws.scheduler"}))
}

// TestSweep: a process that remembers nothing puts what a vanished agent holds
// back into line, and gives it to whoever has a seat.
func TestSweep(t *testing.T) {
	w := newWorld(t, 2)
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "hello")
	mei.held()
	w.faults.Set(1, "lost-disconnect")
	li.hangUp()
	hua := w.agent("hua", 1)
	w.clock.pass(50 * time.Second)
	hua.say(fields{"type": "ping"})
	hua.await("a pong", is("pong"))
	w.sweep()
	head := mei.await("another holder", func(f fields) bool {
		head, _ := f["conversation"].(map[string]any)
		agent, _ := head["agent"].(map[string]any)
		return f["type"] == "conversation" && agent["name"] == "hua"
	})
	if head == nil {
		t.Fatal("nobody")
	}
	hua.held()
}

// TestSweepSendsAway: who was blocked, or whose login was revoked, loses the
// connection within a sweep even if they say nothing; whoever says something,
// with the next cached read.
func TestSweepSendsAway(t *testing.T) {
	w := newWorld(t, 2)
	li, mei, hua := w.agent("li", 1), w.visitor("mei"), w.visitor("hua")
	mei.send("", "hello")
	h := w.process()
	w.must(h.Do(t.Context(), func(ctx context.Context) {
		_, admin, err := h.Desk().Login(ctx, "admin", "correct horse", "", "192.0.2.1")
		w.must(err)
		c, err := w.store().Load(ctx, core.ConversationID(mei.conv))
		w.must(err)
		w.must(h.Desk().Block(ctx, admin, core.Block{Visitor: c.Visitor}))
		l, err := w.store().AccountNamed(ctx, "li")
		w.must(err)
		w.must(h.Desk().Logout(ctx, l))
	}))
	w.clock.pass(6 * time.Second)
	w.sweep()
	for _, c := range []*client{mei, li} {
		seen := c.ends()
		if last := seen[len(seen)-1]; last["type"] != "error" || last["code"] != "forbidden" {
			t.Errorf("the last that %s hears is %v", c.name, last)
		}
	}
	hua.send("", "I may stay")
	found, err := w.store().Connections().Find(t.Context(), desk.TopicStaff)
	w.must(err)
	if len(found) != 0 {
		t.Errorf("rows are left: %+v", found)
	}
}

// TestSweepTellsPresenceOnce: each sweep is another process, and what one has
// told the next one does not tell again; who came or went is told by the next.
func TestSweepTellsPresenceOnce(t *testing.T) {
	w := newWorld(t, 1)
	li := w.agent("li", 1)
	hua := w.agent("hua", 1)
	told := func() (n int) {
		li.say(fields{"type": "ping", "next": 10})
		before := len(li.seen)
		li.await("a pong", is("pong"))
		for _, f := range li.seen[before:] {
			if f["type"] == "presence" {
				n++
			}
		}
		return n
	}
	w.sweep()
	if told() == 0 {
		t.Error("nobody is told of who came")
	}
	w.sweep()
	w.sweep()
	if n := told(); n > 0 {
		t.Errorf("what was told is told again, %d times", n)
	}
	hua.say(fields{"type": "status", "status": "away"})
	hua.await("the new status", is("presence"))
	w.sweep()
	if n := told(); n != 1 {
		t.Errorf("of who went away li is told %d times", n)
	}
}
