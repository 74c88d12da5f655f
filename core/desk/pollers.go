package desk

import (
	"context"
	"sync"
	"time"

	"kefu/core"
)

// pollers remembers visitors between two of their polls, when no connection
// does: until when they count as there, and what their hello said. All of it
// may be lost: then they are away until they poll again, and a session that
// they open has no tag.
type pollers struct {
	mu sync.Mutex
	of map[core.ConversationID]poller // guarded by mu; at most maxPollers
}

type poller struct {
	until   time.Time
	tag     string
	profile *core.Profile // not stored yet; nil: it is, or there is none
}

const maxPollers = 10_000

// stays is how long a poller is there after a poll that waited so many seconds
// and was told to come back after so many.
func stays(next, wait int) time.Duration {
	return max(time.Duration(next+wait)*2500*time.Millisecond, 10*time.Second)
}

// keep remembers a poller. If there are too many, any other is forgotten.
func (ps *pollers) keep(id core.ConversationID, p poller) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if ps.of == nil {
		ps.of = map[core.ConversationID]poller{}
	}
	if _, ok := ps.of[id]; !ok && len(ps.of) >= maxPollers {
		for other := range ps.of {
			delete(ps.of, other)
			break
		}
	}
	ps.of[id] = p
}

func (ps *pollers) find(id core.ConversationID) (poller, bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p, ok := ps.of[id]
	return p, ok
}

func (ps *pollers) forget(id core.ConversationID) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	delete(ps.of, id)
}

// lapsed forgets those who have not come back in time, and returns them.
func (ps *pollers) lapsed(now time.Time) (ids []core.ConversationID) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for id, p := range ps.of {
		if !now.Before(p.until) {
			delete(ps.of, id)
			ids = append(ids, id)
		}
	}
	return ids
}

// online reports whether a visitor is there: connected, or between two polls.
func (d *Desk) online(ctx context.Context, id core.ConversationID) bool {
	if d.Floor.Present(ctx, TopicVisitor(id)) {
		return true
	}
	p, ok := d.pollers.find(id)
	return ok && d.Now().Before(p.until)
}

// tickPollers tells agents of those who have ceased to poll.
func (d *Desk) tickPollers(ctx context.Context) error {
	for _, id := range d.pollers.lapsed(d.Now()) {
		d.visitorGone(ctx, id)
	}
	return ctx.Err()
}
