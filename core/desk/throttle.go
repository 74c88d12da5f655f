package desk

import (
	"net/netip"
	"sync"
	"time"

	"kefu/core"
)

// throttle slows down who guesses passwords. It counts failures for an
// address and for a pair of name and address, never for a name alone: or
// anybody could lock anybody out. Nobody waits longer than maxDelay for the next
// try.
type throttle struct {
	mu    sync.Mutex
	tries map[string]tries // bounded by maxTries
}

type tries struct {
	failed int // those under way count until they have passed
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

// begin counts a try as failed until pass says otherwise, so that many at
// once are as slow as one after the other. It returns RateLimited, and counts
// nothing, if the try comes too early.
func (t *throttle) begin(name, addr string, now time.Time) error {
	addr = network(addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	wait := max(t.wait(pair(name, addr), freeTries, now), t.wait(addr, freeAddrTries, now))
	if wait > 0 {
		return &core.Error{Code: core.RateLimited, Message: "too many wrong passwords; wait a little", Retry: wait}
	}
	if len(t.tries) >= maxTries {
		t.tidy(now)
	}
	for _, key := range []string{pair(name, addr), addr} {
		k := t.tries[key]
		if now.Sub(k.last) > forgetTries {
			k.failed = 0
		}
		t.tries[key] = tries{k.failed + 1, now}
	}
	return nil
}

func pair(name, addr string) string { return name + "\x00" + addr }

// network is what one subscriber has: an address of IPv4, but 2^64 of IPv6. What
// is no address stays as it is.
func network(addr string) string {
	a, err := netip.ParseAddr(addr)
	if err != nil {
		return addr
	}
	if a = a.Unmap().WithZone(""); a.Is4() {
		return a.String()
	}
	return netip.PrefixFrom(a, 64).Masked().String()
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

// pass says that the password was right: the name begins anew.
func (t *throttle) pass(name, addr string) {
	t.takeBack(name, addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.tries, pair(name, network(addr)))
}

// takeBack says that a try was not even looked at.
func (t *throttle) takeBack(name, addr string) {
	addr = network(addr)
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, key := range []string{pair(name, addr), addr} {
		if k, ok := t.tries[key]; ok {
			t.tries[key] = tries{max(k.failed-1, 0), k.last}
		}
	}
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
