package host_test

import (
	"slices"
	"strings"
	"testing"
)

// TestPanic: what panics is logged, and its sender told that nobody knows what
// came of it; the process serves on.
func TestPanic(t *testing.T) {
	b := newBench(t)
	b.event("CONNECT", "mei=", nil)
	w := b.say("mei=", fields{"type": "hello", "v": 1, "origin": "origin-of-mei"}, "welcome")
	send := fields{"type": "send", "origin": "origin-of-mei", "n": 1, "body": fields{"kind": "text", "text": "x"}}
	for _, writes := range []bool{false, true} { // before the decision, and in it
		b.fail = func(write bool) error {
			if write == writes {
				panic("a defect")
			}
			return nil
		}
		got := b.say("mei=", send, "error")
		if got["code"] != "internal" || got["n"] != 1.0 {
			t.Errorf("it is answered with %v", got)
		}
	}
	b.fail = nil
	b.say("mei=", send, "ack")
	if got := b.texts(conversation(w)); !slices.Equal(got, []string{"x"}) {
		t.Errorf("the log is %q", got)
	}
	if !strings.Contains(b.log.String(), "panicked") {
		t.Error("that is not logged")
	}
}
