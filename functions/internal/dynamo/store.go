package dynamo

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/sync/errgroup"

	"kefu/core"
)

// Options are what a Store needs. API, Table and Now are required.
type Options struct {
	API   API
	Table string
	Now   func() time.Time
	Log   *slog.Logger // nil: none
	Heads int          // conversations whose state is remembered; 0: 1,000
}

// Store is a core.Store. It is safe for concurrent use.
type Store struct {
	Options
	heads  *lru.Cache[core.ConversationID, head] // as this process saw them last: a hint
	looked *lru.Cache[key, time.Time]            // when a place in line was last checked by this process
}

var _ core.Store = (*Store)(nil)

// New returns a store on a table that is there; see Create and Verify.
func New(o Options) *Store {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Heads <= 0 {
		o.Heads = 1000
	}
	return &Store{Options: o, heads: remember[core.ConversationID, head](o.Heads), looked: remember[key, time.Time](o.Heads)}
}

func remember[K comparable, V any](size int) *lru.Cache[K, V] {
	cache, err := lru.New[K, V](size)
	if err != nil {
		panic("dynamo: " + err.Error()) // the size is positive
	}
	return cache
}

const (
	// commitWithin is how long after its first write a change may still win
	// its slot. A Lambda that was frozen in between finds it over.
	commitWithin = 20 * time.Second

	// announceFor is when whoever announced something is certainly not to
	// come any more: commitWithin, the last request, and a minute by which
	// the clocks of two processes may differ.
	announceFor = 90 * time.Second
)

// late reports whether it is too late to finish what began then.
func (st *Store) late(began time.Time) bool { return st.Now().Sub(began) > commitWithin }

// parallel is how many requests one listing makes at once.
const parallel = 16

// headReader is head, or glance.
type headReader func(context.Context, core.ConversationID) (head, error)

// load loads the heads of several conversations, a few at a time. One that can
// not be read, as of a later release, is logged and left out: it must not keep
// the alarms of all others from being found.
func (st *Store) load(ctx context.Context, ids []core.ConversationID, read headReader) (map[core.ConversationID]head, error) {
	var mu sync.Mutex
	out := make(map[core.ConversationID]head, len(ids))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, id := range ids {
		g.Go(func() error {
			h, err := read(ctx, id)
			if errors.Is(err, errUnreadable) {
				st.Log.ErrorContext(ctx, "a conversation is passed over", "conversation", id, "error", err)
				return nil
			}
			mu.Lock()
			defer mu.Unlock()
			out[id] = h
			return err
		})
	}
	return out, g.Wait()
}
