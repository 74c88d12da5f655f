package core_test

import (
	"fmt"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// held is a session that goes on: amy holds it, and both have written.
func heldSession(tb testing.TB) (core.Conversation, core.Rules) {
	rules, c := fuzzRules(0), core.Conversation{ID: "c"}
	for _, in := range []core.Input{
		core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: 1}, Site: "default", Body: hello},
		core.Taken{Frame: core.Frame{By: cast()[1], Origin: "console", N: 1}, Session: 1},
		core.Said{Frame: core.Frame{By: cast()[1], Origin: "console", N: 2}, Body: hello},
	} {
		change, err := core.Step(c, rules, nine, in)
		if err != nil {
			tb.Fatal(err)
		}
		c = change.Conversation
	}
	return c, rules
}

var hello = core.Body{Kind: core.KindText, Text: "Is the blue one still available in size 42?"}

// BenchmarkStep decides about a plain message in a held session.
func BenchmarkStep(b *testing.B) {
	c, rules := heldSession(b)
	in := core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: 2}, Body: hello}
	at := nine.Add(time.Second)
	b.ReportAllocs()
	for b.Loop() {
		if change, err := core.Step(c, rules, at, in); err != nil || len(change.Events) != 1 {
			b.Fatal(change, err)
		}
	}
}

// TestStepAllocates: what a plain message leaves behind is the collector's work.
// The draft of a change is the largest of it, and stays on the stack.
func TestStepAllocates(t *testing.T) {
	c, rules := heldSession(t)
	in := core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: 2}, Body: hello}
	at := nine.Add(time.Second)
	if got := testing.AllocsPerRun(100, func() {
		if _, err := core.Step(c, rules, at, in); err != nil {
			t.Error(err)
		}
	}); got > 5 {
		t.Errorf("%v allocations, want at most 5", got)
	}
}

// BenchmarkPick chooses among a group in which one in ten is away, and the
// others have something to do.
func BenchmarkPick(b *testing.B) {
	for _, n := range []int{10, 100, 1000} {
		b.Run(fmt.Sprintf("agents=%d", n), func(b *testing.B) {
			roster := make(core.Roster, n)
			for i := range roster {
				roster[i] = core.Agent{
					ID: core.AgentID(fmt.Sprintf("a_%012d", i)), Status: core.Online, Held: i % 5, Capacity: 6, Weight: 1,
					Pace: time.Duration(10+i%40) * time.Second, Last: nine.Add(time.Duration(i*7919%n) * time.Second),
				}
				if i%10 == 9 {
					roster[i].Status = core.Away
				}
			}
			c := core.Conversation{Visitor: "vic", Session: core.Session{Phase: core.Waiting, Tag: "returns"}}
			routing := core.DefaultSettings().Routing
			b.ReportAllocs()
			for b.Loop() {
				if _, ok := core.Pick(c, roster, routing, nine); !ok {
					b.Fatal("nobody")
				}
			}
		})
	}
}

// BenchmarkApply stores a plain message in memory, from a warm head.
func BenchmarkApply(b *testing.B) {
	store, rules := memstore.New("e"), fuzzRules(0)
	c := core.Conversation{ID: "c"}
	n := uint64(0)
	b.ReportAllocs()
	for b.Loop() {
		n++
		in := core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: n}, Site: "default", Body: hello}
		change, err := core.Apply(b.Context(), store, c, rules, nine, in)
		if err != nil {
			b.Fatal(err)
		}
		c = change.Conversation
	}
}
