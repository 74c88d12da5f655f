package desk

import (
	"sync"
	"time"

	"kefu/core"
)

// throttle slows down who guesses passwords. It counts failures for an
// address and for a pair of name and address, never for a name alone: or
// anybody could lock anybody out.
type throttle struct {
	mu    sync.Mutex
	tries map[string]tries // bounded by maxTries
}

type tries struct {
	failed int
	last   time.Time
}

const (
	freeTries     = 5  // failures for a name from one address without a delay
	freeAddrTries = 50 // failures from one address, whatever the names: an office behind one NAT
	maxDelay      = time.Minute
	forgetTries   = 15 * time.Minute
	maxTries      = 10000
)

func newThrottle() *throttle { return &throttle{tries: map[string]tries{}} }

// allow returns RateLimited if the next try comes too early.
func (t *throttle) allow(name, addr string, now time.Time) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := max(t.wait(name+"\x00"+addr, freeTries, now), t.wait(addr, freeAddrTries, now))
	if wait <= 0 {
		return nil
	}
	return &core.Error{Code: core.RateLimited, Message: "too many wrong passwords; wait a little", Retry: wait}
}

// wait is how long a key still has to wait: a second after its free tries,
// twice that after each further one, a minute at most.
func (t *throttle) wait(key string, free int, now time.Time) time.Duration {
	k, ok := t.tries[key]
	if !ok || k.failed < free {
		return 0
	}
	delay := min(time.Second<<min(k.failed-free, 10), maxDelay)
	return k.last.Add(delay).Sub(now)
}

func (t *throttle) failed(name, addr string, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.tries) >= maxTries {
		t.tidy(now)
	}
	for _, key := range []string{name + "\x00" + addr, addr} {
		k := t.tries[key]
		if now.Sub(k.last) > forgetTries {
			k.failed = 0
		}
		t.tries[key] = tries{k.failed + 1, now}
	}
}

func (t *throttle) passed(name, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, name+"\x00"+addr)
}

// tidy drops what is old, and if that is not enough, everything: better to
// forget than to grow without bound.
func (t *throttle) tidy(now time.Time) {
	for key, k := range t.tries {
		if now.Sub(k.last) > forgetTries {
			delete(t.tries, key)
		}
	}
	if len(t.tries) >= maxTries {
		clear(t.tries)
	}
}
