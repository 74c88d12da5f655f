package sqlstore

import (
	"log/slog"
	"sync"
	"time"
)

// retryAfter is when whoever heard Unavailable may come again.
const retryAfter = time.Second

// outage has the log told when writes start to fail and when they work again,
// not of each of what may be thousands between. It is safe for concurrent use.
type outage struct {
	log *slog.Logger
	now func() time.Time

	mu     sync.Mutex
	failed int       // writes since they last worked
	last   time.Time // when one failed
}

func (o *outage) fail(err error, writes int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed == 0 {
		o.log.Error("writes to the database fail", "what", sentence(err), "error", err)
	}
	o.failed += writes
	o.last = o.now()
}

// count is how many writes failed since they last worked.
func (o *outage) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.failed
}

// over notes that a write works.
func (o *outage) over() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failed > 0 {
		o.log.Info("writes to the database work again", "failed", o.failed)
		o.failed = 0
	}
}

// calm is over where some writes fail while others work: it waits until none
// has failed for a second, or the log would be told of each.
func (o *outage) calm() {
	o.mu.Lock()
	calm := o.failed > 0 && o.now().Sub(o.last) >= retryAfter
	o.mu.Unlock()
	if calm {
		o.over()
	}
}
