package desk

import (
	"cmp"
	"context"
	"sync"
	"time"
)

// cacheFor is how old what rights are judged by may be. Who is sent webhooks is
// no right; hooksFor is for that, once there are any.
const cacheFor, hooksFor = 5 * time.Second, 30 * time.Second

// cache keeps one value that is read again when it is older than cacheFor.
type cache[T any] struct {
	load func(context.Context) (T, error) // static

	mu    sync.Mutex
	keep  time.Duration // guarded by mu, as is all below; load may set it; 0: cacheFor
	value T
	until time.Time // zero: nothing kept
}

// get returns the value. While the store can not be read it goes on with the
// old one, for as long again, rather than refuse everybody.
func (c *cache[T]) get(ctx context.Context, now time.Time) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now.Before(c.until) {
		return c.value, nil
	}
	value, err := c.load(ctx)
	if err != nil {
		if !c.until.IsZero() && now.Before(c.until.Add(cacheFor)) {
			return c.value, nil
		}
		return value, err
	}
	c.value, c.until = value, now.Add(cmp.Or(c.keep, cacheFor))
	return value, nil
}

// old reports whether get would read.
func (c *cache[T]) old(now time.Time) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !now.Before(c.until)
}

// forget has the next get read again, after a change of our own.
func (c *cache[T]) forget() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.until = time.Time{}
}

// Refresh reads those of the copies again, at once, that are too old to be
// used. A host in whose processes little happens calls it before it has
// something served: one after the other they would take three times as long.
func (d *Desk) Refresh(ctx context.Context) {
	now := d.Now()
	var reads sync.WaitGroup
	for _, c := range []interface {
		old(now time.Time) bool
		refresh(ctx context.Context, now time.Time)
	}{&d.staff, &d.settings, &d.blocks} {
		if c.old(now) {
			reads.Go(func() { c.refresh(ctx, now) })
		}
	}
	reads.Wait()
}

// refresh reads the value; who needs it finds out if that failed.
func (c *cache[T]) refresh(ctx context.Context, now time.Time) { _, _ = c.get(ctx, now) }
