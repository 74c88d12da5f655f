package hub

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"kefu/core"
)

// Calls that come during a run are one more run, whatever their number.
func TestSeekCoalesces(t *testing.T) {
	var runs atomic.Int32
	began, gate := make(chan struct{}, 10), make(chan struct{})
	h := start(t, Options{Dispatch: func(context.Context, core.GroupID) error {
		runs.Add(1)
		began <- struct{}{}
		<-gate
		return nil
	}})
	h.Seek("g")
	<-began
	for range 100 {
		h.Seek("g")
	}
	if runs.Load() != 1 {
		t.Errorf("%d runs at once", runs.Load())
	}
	h.Seek("other")
	<-began // groups do not wait for each other
	close(gate)
	within(t, "the errands end", h.quiet)
	if runs.Load() != 3 {
		t.Errorf("%d runs, want 3", runs.Load())
	}
}

// Whatever happened before a Seek is seen by a run that began after it.
func TestSeekLosesNoWakeUp(t *testing.T) {
	const groups, each = 3, 2000
	var want, seen [groups]atomic.Int64
	h := start(t, Options{Dispatch: func(_ context.Context, g core.GroupID) error {
		i := int(g[0] - '0')
		now := want[i].Load()
		if now < seen[i].Load() {
			t.Error("two runs of a group at once")
		}
		seen[i].Store(now)
		return nil
	}})
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for n := range each {
				want[n%groups].Add(1)
				h.Seek(core.GroupID(fmt.Sprint(n % groups)))
			}
		})
	}
	all.Wait()
	within(t, "the errands end", h.quiet)
	for i := range groups {
		if seen[i].Load() != want[i].Load() {
			t.Errorf("group %d: %d was the last that was seen of %d", i, seen[i].Load(), want[i].Load())
		}
	}
}

func TestSeekOutlivesFailures(t *testing.T) {
	var log record
	runs := 0
	h := start(t, Options{Log: log.logger(), Dispatch: func(context.Context, core.GroupID) error {
		runs++
		switch runs {
		case 1:
			return errors.New("no store")
		case 2:
			panic("a bug")
		}
		return nil
	}})
	for range 3 {
		h.Seek("g")
		within(t, "the errand ends", h.quiet)
	}
	if runs != 3 || log.of("a group could not be served; the alarms of those who wait try again") != 2 {
		t.Errorf("%d runs, log %v", runs, log.count)
	}
}

func TestNoSeekAfterClose(t *testing.T) {
	began := make(chan struct{})
	runs := 0
	h := start(t, Options{Dispatch: func(ctx context.Context, _ core.GroupID) error {
		runs++
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}})
	h.Seek("g")
	<-began
	h.Seek("g")
	h.Close()
	h.Seek("g")
	if runs != 1 || !h.quiet() {
		t.Errorf("%d runs", runs)
	}
}
