package host

import (
	"context"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"

	"kefu/core"
	"kefu/core/desk"
)

// Host is the Rooms of its desk.
var _ desk.Rooms = (*Host)(nil)

// Tell has an input decided and what follows done before it returns, or, if it
// is called from within what follows another one, right after that.
func (h *Host) Tell(ctx context.Context, id core.ConversationID, in core.Input, done func(core.Change, error)) {
	f := flightOf(ctx)
	f.letters = append(f.letters, func() { h.tell(ctx, f, id, in, done) })
	if f.telling {
		return
	}
	f.telling = true
	defer func() { f.telling = false }()
	for len(f.letters) > 0 {
		next := f.letters[0]
		f.letters = f.letters[1:]
		next()
	}
}

// tell decides one input. The desk takes the deadline from the context, so that
// what is stored is performed; the invocation has one all the same.
func (h *Host) tell(ctx context.Context, f *flight, id core.ConversationID, in core.Input, done func(core.Change, error)) {
	ctx, cancel := f.bounded(ctx)
	defer cancel()
	var change core.Change
	var err error
	was := h.Store.Remembered(ctx, id)
	defer h.lookAhead(ctx, f, was, in)()
	panicked := safely(func() { change, err = h.desk.Decide(ctx, was, in) })
	if panicked != nil {
		h.Log.ErrorContext(ctx, "a decision panicked", "conversation", id, "input", fmt.Sprintf("%T", in), "error", panicked)
		change, err = core.Change{Conversation: core.Conversation{ID: id}}, core.Errorf(core.Internal, "internal error")
	}
	f.tally.decided(change, err)
	f.changed = f.changed || err == nil && !change.Empty()
	if panicked := safely(func() { done(change, err) }); panicked != nil {
		h.Log.ErrorContext(ctx, "what follows a decision panicked", "conversation", id, "error", panicked)
	}
}

// lookAhead looks for whoever is to hear what is said while that is stored, which
// takes as long. Who comes in between is found by neither, and finds the event by
// their heartbeat, like anybody whom a weak read does not know yet. The function
// that is returned waits until that is over: nothing outlives an invocation.
func (h *Host) lookAhead(ctx context.Context, f *flight, c core.Conversation, in core.Input) (seen func()) {
	if _, ok := in.(core.Said); !ok || c.Session.Agent == "" {
		return func() {}
	}
	var looking sync.WaitGroup
	looking.Go(func() {
		_, _ = f.view.Find(ctx, desk.TopicVisitor(c.ID), desk.TopicAgent(c.Session.Agent)) // who needs it asks again
	})
	return looking.Wait
}

// safely calls do and returns what it panicked with, and where.
func safely(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v\n%s", p, debug.Stack())
		}
	}()
	do()
	return nil
}

// seeks are the groups that the desk wants looked at. All invocations in a
// process share them: whichever comes first looks.
type seeks struct {
	mu     sync.Mutex
	groups []core.GroupID // guarded by mu
}

func (s *seeks) add(g core.GroupID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.groups, g) {
		s.groups = append(s.groups, g)
	}
}

func (s *seeks) take() (core.GroupID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.groups) == 0 {
		return "", false
	}
	g := s.groups[0]
	s.groups = s.groups[1:]
	return g, true
}

// maxSeeks is how many groups one invocation looks at: each seat given away
// may ask for another look.
const maxSeeks = 32

// settle looks at the groups that were asked for, while there is time. What is
// left is for the next invocation, or for the sweep, which finds whoever waits.
func (h *Host) settle(ctx context.Context) {
	for range maxSeeks {
		if ctx.Err() != nil {
			return
		}
		g, ok := h.seeks.take()
		if !ok {
			return
		}
		var err error
		if panicked := safely(func() { err = h.desk.Dispatch(ctx, g) }); panicked != nil {
			err = panicked
		}
		if err != nil {
			h.Log.WarnContext(ctx, "a group could not be served; the sweep tries again", "group", g, "error", err)
		}
	}
}
