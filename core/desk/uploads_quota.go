package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/blob"
)

// uploads is what a node remembers of files. All of it may be lost.
type uploads struct {
	mu     sync.Mutex
	going  map[core.Party]int // uploads at this moment
	all    int
	memory int64           // bytes of images that are being read
	used   map[string]used // by author and day, bounded by maxUsed
	doomed []blob.Doubt    // files that are to go at once, at most maxDoomed
	swept  time.Time
}

// used is how much somebody has uploaded in a day, as far as this node knows:
// it may be more.
type used struct {
	count int
	bytes int64
}

const (
	maxGoing       = 3   // uploads of one author at a time
	maxGoingAll    = 200 // of all
	maxImageMemory = 128 << 20
	maxUsed        = 10_000
	maxDoomed      = 1000
)

// begin takes a place for an upload, and returns how to give it back.
func (u *uploads) begin(by core.Party) (done func(), err error) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.going[by] >= maxGoing {
		return nil, &core.Error{Code: core.RateLimited, Message: "too many files at a time", Retry: 2 * time.Second}
	}
	if u.all >= maxGoingAll {
		return nil, errUploadsBusy()
	}
	if u.going == nil {
		u.going = map[core.Party]int{}
	}
	u.going[by]++
	u.all++
	return func() {
		u.mu.Lock()
		defer u.mu.Unlock()
		u.all--
		if u.going[by]--; u.going[by] == 0 {
			delete(u.going, by)
		}
	}, nil
}

func errUploadsBusy() error {
	return &core.Error{Code: core.Unavailable, Message: "too many files at a time", Retry: 5 * time.Second}
}

// read reads all of r, as long as there is memory, and returns how to give that
// back. Who sends slowly holds only what they have sent.
func (u *uploads) read(r io.Reader) (data []byte, free func(), err error) {
	const step = 64 << 10
	var b bytes.Buffer
	taken := int64(0)
	free = func() { u.memoryBy(-taken) }
	for {
		if !u.memoryBy(step) {
			return nil, free, errUploadsBusy()
		}
		taken += step
		if n, err := io.CopyN(&b, r, step); err != nil || n < step {
			if errors.Is(err, io.EOF) {
				err = nil
			}
			return b.Bytes(), free, err
		}
	}
}

func (u *uploads) memoryBy(n int64) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if n > 0 && u.memory+n > maxImageMemory {
		return false
	}
	u.memory += n
	return true
}

// doom has a file deleted by the next tick.
func (u *uploads) doom(d blob.Doubt) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if len(u.doomed) < maxDoomed { // the sweep finds the others
		u.doomed = append(u.doomed, d)
	}
}

func (u *uploads) takeDoomed() []blob.Doubt {
	u.mu.Lock()
	defer u.mu.Unlock()
	list := u.doomed
	u.doomed = nil
	return list
}

// sweepNow reports whether it is time again.
func (u *uploads) sweepNow(now time.Time) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	if now.Sub(u.swept) < sweepEvery {
		return false
	}
	u.swept = now
	return true
}

func (u *uploads) usedOf(key string) used {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.used[key]
}

func (u *uploads) note(key string, x used) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.used == nil || len(u.used) >= maxUsed {
		u.used = map[string]used{}
	}
	if x.count > u.used[key].count {
		u.used[key] = x
	}
}

// pacedUpload counts an upload as a frame of its author's, and refuses who is
// known to have had their share of the day.
func (d *Desk) pacedUpload(ctx context.Context, by core.Party, most core.Uploads) error {
	rate, burst := d.limits(ctx).Allowed()
	a := allowance{float64(rate), float64(burst)}.of(by)
	if wait := d.senders.take(by, framesOf, 1, a, d.Now()); wait > 0 {
		return &core.Error{Code: core.RateLimited, Message: "too much at once; come again a little later", Retry: wait}
	}
	key, end := shareOf(by, d.Now())
	return errShare(d.uploads.usedOf(key), 0, most, end.Sub(d.Now()))
}

// shareOf names what somebody uploads in a day, and says when that ends.
func shareOf(by core.Party, now time.Time) (key string, end time.Time) {
	day := now.UTC().Truncate(24 * time.Hour)
	return fmt.Sprintf("upload:%s:%s:%s", by.Kind, by.ID, day.Format("20060102")), day.Add(24 * time.Hour)
}

func errShare(u used, size int64, most core.Uploads, retry time.Duration) error {
	if u.count < most.Count && u.bytes+size <= most.Total && (size > 0 || u.bytes < most.Total) {
		return nil
	}
	return &core.Error{Code: core.RateLimited, Message: "that is enough files for a day", Retry: retry}
}

// countFile counts a file among those of its author's day. Each takes a number, 0,
// 1, 2 …, which says how large it is: so to have the number n is to know what was
// uploaded before, on any node, and no two can have it.
func (d *Desk) countFile(ctx context.Context, by core.Party, most core.Uploads, size int64, file string) error {
	now := d.Now()
	key, end := shareOf(by, now)
	mine := fmt.Appendf(nil, "%d %s", size, file)
	for u := d.uploads.usedOf(key); ; {
		if err := errShare(u, size, most, end.Sub(now)); err != nil {
			return err
		}
		got, err := d.Store.Keep(ctx, fmt.Sprintf("%s:%d", key, u.count), mine, now, end.Add(time.Hour))
		if err != nil {
			return err
		}
		var n int64
		if _, err := fmt.Sscanf(string(got), "%d ", &n); err != nil {
			return &core.Error{Code: core.Internal, Message: "a count of files is damaged", Cause: err}
		}
		u.count, u.bytes = u.count+1, u.bytes+n
		d.uploads.note(key, u)
		if slices.Equal(got, mine) {
			return nil
		}
	}
}
