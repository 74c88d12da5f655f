package hub

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
)

// A hundred thousand conversations come and go: no more are remembered than may
// be, those that are idle are forgotten, and the memory is given back. What
// Stats says is what the metrics say.
func TestMemoryComesBack(t *testing.T) {
	if testing.Short() {
		t.Skip("a hundred thousand conversations")
	}
	const all, atOnce, most = 100_000, 1000, 5000
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{Memory: most, Idle: time.Minute, Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			c.Seq++
			c.Visitor = core.VisitorID(strings.Repeat("v", 200)) // about what there is of one in earnest
			return core.Change{Conversation: c}, nil
		}})
		before := heap()
		var got outcomes
		for n := range all {
			h.Tell(t.Context(), core.ConversationID(fmt.Sprint("c_", n)), note(1), got.done)
			if n%atOnce == atOnce-1 {
				synctest.Wait()
			}
		}
		if s := h.Stats(); s.Idle != most || s.Rooms != 0 || s.Letters != 0 || got.codes()[""] != all {
			t.Errorf("%+v, %v", s, got.codes())
		}
		full := heap()
		<-time.After(2 * time.Minute)
		synctest.Wait()
		if s := h.Stats(); s != (Stats{}) {
			t.Errorf("when all is quiet: %+v", s)
		}
		got.all = nil
		after := heap()
		t.Logf("%d KiB before, %d with %d remembered, %d after", before>>10, full>>10, most, after>>10)
		// The maps keep their buckets: those for 5,000, not for 100,000.
		if full < before+most*200 || after > before+2<<20 {
			t.Errorf("%d KiB before, %d with %d remembered, %d after", before>>10, full>>10, most, after>>10)
		}
	})
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// What is remembered is told to who asks, but not while something is being
// decided about it.
func TestRecall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		during := make(chan bool, 2)
		var h *Hub
		h = start(t, Options{Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			_, known := h.Recall("c")
			during <- known
			c.Seq++
			return core.Change{Conversation: c}, nil
		}})
		var got outcomes
		for n := range 2 {
			h.Tell(t.Context(), "c", note(n), got.done)
			synctest.Wait()
			if c, known := h.Recall("c"); !known || c.Seq != uint64(n+1) || <-during {
				t.Errorf("after %d: %+v, %v", n+1, c, known)
			}
		}
		if _, known := h.Recall("d"); known {
			t.Error("nobody has heard of d")
		}
	})
}
