package desk

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// clock is what a node remembers between two ticks. All of it may be lost.
type clock struct {
	mu     sync.Mutex
	retry  map[core.ConversationID]retry
	seen   []wire.Agent // what the staff was last told of itself; never changed
	mean   map[core.GroupID]time.Duration
	again  map[core.GroupID]bool // a Dispatch failed
	places map[core.ConversationID]wire.Queue
	placed time.Time
	stood  map[core.ConversationID]wire.Queue // those who came since
	since  time.Time

	audited, notified cadence
}

// cadence is how often something is done.
type cadence struct {
	mu   sync.Mutex
	last time.Time // guarded by mu
}

// every reports whether it is time again. The first time it is.
func (p *cadence) every(d time.Duration, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.last) < d {
		return false
	}
	p.last = now
	return true
}

// retry is when an alarm that can not be satisfied yet is looked at again.
type retry struct {
	at   time.Time
	wait time.Duration
}

const (
	retryFirst = 2 * time.Second
	retryMax   = time.Minute
	duePage    = 200
	dueMost    = 5000 // alarms that one tick acts on: the rest comes with the next
)

// Tick does what only time brings: alarms that are due, leases that have
// ended, seats whose dispatch failed, rights that were taken away, the
// presence of the staff, the places of those who wait, pollers who stay away, files that nobody sent.
// The host calls it every second; on Lambda a schedule does, every minute. What
// fails keeps nothing else from being done, and is tried again by the next one.
func (d *Desk) Tick(ctx context.Context) error {
	for _, g := range d.clock.seeks() {
		d.Seek(g)
	}
	return errors.Join(d.tickDue(ctx), d.tickLapsed(ctx), d.tickRights(ctx), d.tellPresence(ctx), d.tellPlaces(ctx), d.tickPollers(ctx), d.tickUploads(ctx), d.tickAudit(ctx), d.tickBooks(ctx))
}

func (d *Desk) tickDue(ctx context.Context) (failed error) {
	now := d.Now()
	var from core.Place
	for acted := 0; acted < dueMost; {
		due, err := d.Store.Due(ctx, from, now, duePage)
		if err != nil {
			return err
		}
		for _, place := range due {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if d.clock.skip(place.ID, now) {
				continue // or many who wait would hide whatever is due behind them
			}
			acted++
			if err := d.wake(ctx, place.ID, now); err != nil {
				d.clock.later(place.ID, now)
				failed = cmp.Or(failed, err)
			}
		}
		if len(due) < duePage {
			break
		}
		from = due[len(due)-1]
	}
	d.clock.tidy(now)
	return failed
}

func (d *Desk) wake(ctx context.Context, id core.ConversationID, now time.Time) error {
	c, err := d.tell(ctx, id, core.Tick{Online: d.online(ctx, id)})
	if err != nil {
		return err
	}
	return d.rearm(ctx, c, now)
}

// rearm looks after an alarm that a tick did not move: it came too early, or
// what it waits for is not to be had yet.
func (d *Desk) rearm(ctx context.Context, c core.Change, now time.Time) error {
	if !c.Empty() {
		return nil
	}
	settings, err := d.settings.get(ctx, now)
	if err != nil {
		return err
	}
	rules, _ := settings.Rules(c.Conversation.Site)
	due := core.Due(c.Conversation, rules)
	if !due.IsZero() && !due.After(now) {
		d.clock.later(c.Conversation.ID, now)
		return nil
	}
	err = d.Store.Rearm(ctx, c.Conversation.ID, c.Conversation.Seq, due)
	if core.CodeOf(err) == core.Conflict {
		return nil // it moved on; the next tick sees where to
	}
	return err
}

// tickLapsed puts what vanished agents hold back into line.
func (d *Desk) tickLapsed(ctx context.Context) error {
	lapsed, err := d.Store.Lapsed(ctx, d.Now().Add(-grace))
	if err != nil {
		return err
	}
	var failed error
	for _, id := range lapsed {
		failed = cmp.Or(failed, d.letGo(ctx, id))
	}
	return failed
}

// letGo puts what an agent holds back into line.
func (d *Desk) letGo(ctx context.Context, id core.AgentID) (failed error) {
	held, err := d.Store.Held(ctx, id)
	if err != nil {
		return err
	}
	for _, c := range held {
		_, err := d.tell(ctx, c, core.Left{Agent: id, Reason: core.ByLease})
		failed = cmp.Or(failed, err)
	}
	return failed
}

// skip reports whether an alarm was found unsatisfiable a moment ago.
func (c *clock) skip(id core.ConversationID, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, ok := c.retry[id]
	return ok && now.Before(r.at)
}

// later puts an alarm off, twice as long each time.
func (c *clock) later(id core.ConversationID, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.retry == nil {
		c.retry = map[core.ConversationID]retry{}
	}
	wait := min(max(c.retry[id].wait*2, retryFirst), retryMax)
	c.retry[id] = retry{now.Add(wait), wait}
}

// seekAgain notes that a group must be looked at again.
func (c *clock) seekAgain(g core.GroupID) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.again == nil {
		c.again = map[core.GroupID]bool{}
	}
	c.again[g] = true
}

// seeks returns the groups that must be looked at again, once.
func (c *clock) seeks() []core.GroupID {
	c.mu.Lock()
	defer c.mu.Unlock()
	groups := slices.Sorted(maps.Keys(c.again))
	clear(c.again)
	return groups
}

// tidy forgets what was not asked for again.
func (c *clock) tidy(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for id, r := range c.retry {
		if now.Sub(r.at) > 2*retryMax {
			delete(c.retry, id)
		}
	}
}

// every reports whether it is time again.
func (c *clock) every(d time.Duration, now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Sub(c.placed) < d {
		return false
	}
	c.placed = now
	return true
}

func (c *clock) newPlace(id core.ConversationID, q wire.Queue) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	old, ok := c.places[id]
	return !ok || old.Position != q.Position || !sameETA(old.ETA, q.ETA)
}

// place returns where a visitor was last told that they stand.
func (c *clock) place(id core.ConversationID, now time.Time) (wire.Queue, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	q, ok := c.places[id]
	if !ok && now.Sub(c.since) < 2*placesEvery {
		q, ok = c.stood[id]
	}
	return q, ok
}

// stands notes the place of somebody who has just come, until the line is told
// the next time. What they go on to write moves nobody.
func (c *clock) stands(id core.ConversationID, q wire.Queue, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stood == nil || now.Sub(c.since) >= placesEvery {
		c.stood, c.since = map[core.ConversationID]wire.Queue{}, now
	}
	c.stood[id] = q
}

func (c *clock) keepPlaces(told map[core.ConversationID]wire.Queue) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.places = told
}

// sameETA: an estimate is rough, so a few seconds are no news.
func sameETA(a, b *int) bool {
	if a == nil || b == nil {
		return a == b
	}
	return max(*a, *b)-min(*a, *b) < 10
}
