package host

import (
	"context"
	"slices"
	"time"

	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
)

// flight is one invocation: what it has to say to whom, until its end. But for
// the tally it belongs to the goroutine of the invocation.
type flight struct {
	own    *session  // whose frame is served; nil: nobody's
	until  time.Time // when the work must be done, as timers see it: what is left then is for saying what came of it; zero: see usually
	view   *dynamo.View
	tally  tally
	recent recent

	visited map[string]*session // whoever has been found, by connection
	order   []*session          // in the order in which they were
	twice   bool                // the hello that is served was served by another process as well
	letters []func()            // inputs that wait for their turn
	telling bool
	changed bool // something was stored
}

type flightKey struct{}

// flightOf returns the invocation that a context belongs to.
func flightOf(ctx context.Context) *flight {
	f, _ := ctx.Value(flightKey{}).(*flight)
	return f
}

const (
	margin  = time.Second      // of an invocation, kept for saying what came of it
	usually = 10 * time.Second // an invocation that names no deadline
)

// fly begins an invocation.
func (h *Host) fly(ctx context.Context, own *session) (context.Context, *flight) {
	f := &flight{own: own, view: h.conns.View(), visited: map[string]*session{}}
	if end, ok := ctx.Deadline(); ok {
		f.until = end.Add(-margin)
	}
	return context.WithValue(ctx, flightKey{}, f), f
}

// bounded is a context that ends when the work must be done.
func (f *flight) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if f.until.IsZero() {
		return context.WithTimeout(ctx, usually)
	}
	return context.WithDeadline(ctx, f.until)
}

// work is the part of an invocation that is bounded, and survives a panic. It
// looks at groups that were asked for, too, and deletes files that have to go.
func (h *Host) work(ctx context.Context, do func(ctx context.Context)) error {
	ctx, cancel := flightOf(ctx).bounded(ctx)
	defer cancel()
	err := safely(func() { do(ctx) })
	if err != nil {
		h.Log.ErrorContext(ctx, "an invocation panicked", "error", err)
	}
	h.settle(ctx)
	if err := h.desk.Discard(ctx); err != nil {
		h.Log.InfoContext(ctx, "a file that has to go is left to the sweep", "error", err)
	}
	return err
}

// visit returns a connection as this invocation knows it. That of the frame
// being served is the one that the desk serves.
func (f *flight) visit(c dynamo.Connection) *session {
	if f.own != nil && f.own.conn.ID == c.ID {
		return f.own
	}
	s, ok := f.visited[c.ID]
	if !ok {
		s = &session{conn: c}
		s.restore()
		f.visited[c.ID] = s
		f.order = append(f.order, s)
	}
	return s
}

// idle reports whether nothing has come of the invocation so far: nothing stored,
// and nothing to say to anybody.
func (f *flight) idle() bool {
	return !f.changed && !slices.ContainsFunc(f.order, func(s *session) bool { return s.tray.holds() })
}

// of returns the connection of a peer that has been found; nil: it has none.
func (f *flight) of(p *desk.Peer) *session {
	for _, s := range f.order {
		if s.peer == p {
			return s
		}
	}
	if f.own != nil && f.own.peer == p {
		return f.own
	}
	return nil
}
