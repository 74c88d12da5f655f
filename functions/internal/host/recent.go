package host

import (
	"context"
	"sync"
	"time"

	"kefu/core"
	"kefu/functions/internal/dynamo"
)

// recent is what an invocation has just read of visitors: a session that opens
// shows them to one audience after the other, as it is put in line, as it is
// assigned, and each time they would be read anew. It is believed for a moment,
// like a dynamo.View, and follows what the invocation itself writes.
type recent struct {
	mu       sync.Mutex
	profiles map[core.VisitorID]read[core.Profile]    // guarded by mu
	marks    map[core.ConversationID]read[core.Marks] // guarded by mu
}

type read[T any] struct {
	value T
	at    time.Time
}

// recentFor is how long that is believed.
const recentFor = time.Second

// recently returns what was read under a key a moment ago, or reads it. The maps
// of a recent are made when something is kept in them.
func recently[K comparable, V any](ctx context.Context, st *dynamo.Store, in func(*recent) *map[K]read[V], k K, load func(context.Context, K) (V, error)) (V, error) {
	f := flightOf(ctx)
	if f == nil {
		return load(ctx, k)
	}
	now, r := st.Now(), &f.recent
	r.mu.Lock()
	was, ok := (*in(r))[k]
	r.mu.Unlock()
	if ok && now.Sub(was.at) < recentFor {
		return was.value, nil
	}
	v, err := load(ctx, k)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		m := in(r)
		if *m == nil {
			*m = map[K]read[V]{}
		}
		(*m)[k] = read[V]{v, now}
	}
	return v, err
}

func profilesOf(r *recent) *map[core.VisitorID]read[core.Profile] { return &r.profiles }
func marksOf(r *recent) *map[core.ConversationID]read[core.Marks] { return &r.marks }

// forget has the next one read what somebody has written.
func forget[K comparable, V any](ctx context.Context, in func(*recent) *map[K]read[V], k K) {
	if f := flightOf(ctx); f != nil {
		f.recent.mu.Lock()
		defer f.recent.mu.Unlock()
		delete(*in(&f.recent), k)
	}
}

// Profile implements core.Records.
func (s counted) Profile(ctx context.Context, id core.VisitorID) (core.Profile, error) {
	return recently(ctx, s.Store, profilesOf, id, s.Store.Profile)
}

// PutProfile implements core.Records.
func (s counted) PutProfile(ctx context.Context, p core.Profile) error {
	defer forget(ctx, profilesOf, p.ID)
	return s.Store.PutProfile(ctx, p)
}

// Forget implements core.Records.
func (s counted) Forget(ctx context.Context, p core.Profile, kept ...string) error {
	defer forget(ctx, profilesOf, p.ID)
	return s.Store.Forget(ctx, p, kept...)
}

// Marks implements core.Records.
func (s counted) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	return recently(ctx, s.Store, marksOf, id, s.Store.Marks)
}

// Mark implements core.Records.
func (s counted) Mark(ctx context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	defer forget(ctx, marksOf, id)
	return s.Store.Mark(ctx, id, side, seq)
}
