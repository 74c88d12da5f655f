package server

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"kefu/core"
)

const (
	tickEvery  = time.Second
	tickWithin = 10 * time.Second // for one tick; the store then gives up on it
	tellEvery  = time.Minute      // failures of one kind are logged
)

// tick has the desk do what only time brings, until ctx ends. Whatever
// happens to one tick, there is a next.
func (s *Server) tick(ctx context.Context) {
	every := time.NewTicker(tickEvery)
	defer every.Stop()
	var told failures
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		s.flight.Look()
		err := s.tickOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		for _, e := range parts(err) {
			if more, tell := told.tell(core.CodeOf(e), s.Now()); tell {
				s.Log.Error("a tick failed; the next one tries again", "error", e, "unsaid", more)
			}
		}
	}
}

// tickOnce is one tick. A panic is a failure like any other.
func (s *Server) tickOnce(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, tickWithin)
	defer cancel()
	return s.desk.Tick(ctx)
}

// parts are the errors that were joined.
func parts(err error) []error {
	var joined interface{ Unwrap() []error }
	switch {
	case err == nil:
		return nil
	case errors.As(err, &joined):
		return joined.Unwrap()
	default:
		return []error{err}
	}
}

// failures remembers what was said of each kind, so that a store that is away
// for an hour does not fill the log.
type failures struct {
	kinds map[core.Code]*failure
}

type failure struct {
	told   time.Time
	unsaid int
}

// tell reports whether to log a failure now, and how many of its kind were
// not logged since the last one that was.
func (f *failures) tell(kind core.Code, now time.Time) (unsaid int, tell bool) {
	if f.kinds == nil {
		f.kinds = map[core.Code]*failure{}
	}
	k := f.kinds[kind]
	switch {
	case k == nil:
		f.kinds[kind] = &failure{told: now}
		return 0, true
	case now.Sub(k.told) < tellEvery:
		k.unsaid++
		return 0, false
	}
	unsaid = k.unsaid
	*k = failure{told: now}
	return unsaid, true
}
