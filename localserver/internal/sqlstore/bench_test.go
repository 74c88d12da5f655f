package sqlstore_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
)

// BenchmarkCommit is the durable commit of a plain message, by so many
// writers at once, each in a conversation of its own with a history. All of
// it is measured: Step, packing, the transaction, the sync.
func BenchmarkCommit(b *testing.B) {
	for name, begin := range databases() {
		for _, writers := range []int{1, 16, 256} {
			b.Run(fmt.Sprintf("%s/writers=%d", name, writers), func(b *testing.B) { commits(b, begin(b), writers) })
		}
	}
}

// databases are where the benchmarks are run.
func databases() map[string]func(b *testing.B) core.Store {
	return map[string]func(*testing.B) core.Store{
		"sqlite": func(b *testing.B) core.Store {
			st := open(b, b.TempDir())
			b.Cleanup(func() { st.Close() })
			return st
		},
		"postgres": func(b *testing.B) core.Store { return connect(b, pgtest.Database(b)) },
	}
}

func commits(b *testing.B, st core.Store, writers int) {
	rules, _ := core.DefaultSettings().Rules("default")
	at := time.Now()
	talks := make([]*talk, writers)
	for i := range talks {
		talks[i] = &talk{st: st, rules: rules, at: at, id: core.ConversationID(fmt.Sprintf("c_%024d", i))}
		for range 3 {
			if err := talks[i].say(b); err != nil {
				b.Fatal(err)
			}
		}
	}
	var next atomic.Int64
	var done sync.WaitGroup
	took := make([]time.Duration, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	for _, t := range talks {
		done.Go(func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				begun := time.Now()
				if err := t.say(b); err != nil {
					b.Error(err)
					return
				}
				took[i-1] = time.Since(begun)
			}
		})
	}
	done.Wait()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commits/s")
	slices.Sort(took)
	b.ReportMetric(float64(took[b.N/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[b.N*99/100].Microseconds())/1000, "p99-ms")
}

// talk is one visitor who keeps talking from one tab.
type talk struct {
	st    core.Store
	rules core.Rules
	at    time.Time
	id    core.ConversationID
	c     core.Conversation
	n     uint64
}

func (t *talk) say(tb testing.TB) error {
	t.n++
	t.c.ID = t.id
	visitor := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_" + string(t.id)}}
	change, err := core.Apply(tb.Context(), t.st, t.c, t.rules, t.at, core.Said{
		Frame: core.Frame{By: visitor, Origin: "0S7mC0RrXhN2bTqk4vWzYp", N: t.n},
		Site:  "default", Body: core.Body{Kind: core.KindText, Text: strings.Repeat("hello ", 16)},
	})
	t.c = change.Conversation
	return err
}

func BenchmarkLoad(b *testing.B) {
	for name, begin := range databases() {
		b.Run(name, func(b *testing.B) {
			st := begin(b)
			rules, _ := core.DefaultSettings().Rules("default")
			t := &talk{st: st, rules: rules, at: time.Now(), id: "c_1"}
			for range 100 {
				if err := t.say(b); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := st.Load(b.Context(), "c_1"); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
