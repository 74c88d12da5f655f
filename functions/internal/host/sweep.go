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
		if failed = errors.Join(failed, panicked); failed == nil && f.idle() {
			break // nothing had to be done
		}
	}
	failed = errors.Join(failed, h.tellOut(ctx))
	h.Log.InfoContext(ctx, "swept", "told", len(f.order), "took", h.Now().Sub(began).String())
	h.flush(ctx, f)
	return failed
}

// tellOut tells webhooks and channels what happened since the last sweep: as
// much as the time of this one allows, the rest comes with the next.
func (h *Host) tellOut(ctx context.Context) (failed error) {
	for _, tell := range []func(context.Context) error{h.desk.Notify, h.desk.DeliverHooks} {
		panicked := h.work(ctx, func(ctx context.Context) { failed = errors.Join(failed, tell(ctx)) })
		failed = errors.Join(failed, panicked)
	}
	return failed
}
