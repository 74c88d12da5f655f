package host

import (
	"context"
	"errors"
	"fmt"
)

// Scheduled is what a schedule sends.
type Scheduled struct {
	Source string `json:"source"` // aws.scheduler, or aws.events
}

const ticks = 2 // what the first one does may leave something to do

// Sweep does what only time brings, as desk.Tick says, once a minute. An error
// is for an event that is none of its own, or says what is left to do for the
// next sweep.
func (h *Host) Sweep(ctx context.Context, ev Scheduled) error {
	if ev.Source != "aws.scheduler" && ev.Source != "aws.events" {
		return fmt.Errorf("this is not an event of a schedule: its source is %q", ev.Source)
	}
	began := h.Now()
	ctx, f := h.fly(ctx, nil)
	var failed error
	for range ticks {
		panicked := h.work(ctx, func(ctx context.Context) { failed = h.desk.Tick(ctx) })
		if failed = errors.Join(failed, panicked); failed == nil && len(f.order) == 0 {
			break // nothing had to be done
		}
	}
	h.Log.InfoContext(ctx, "swept", "told", len(f.order), "took", h.Now().Sub(began).String())
	h.flush(ctx, f)
	return failed
}
