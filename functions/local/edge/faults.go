package edge

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Fault is something that the real one does rarely.
type Fault string

// The faults, by where they happen.
const (
	Reorder        Fault = "reorder"         // a message waits until a later one of its connection was answered
	Duplicate      Fault = "duplicate"       // a message is given to the function twice
	Delay          Fault = "delay"           // a message waits up to 50 ms
	LostDisconnect Fault = "lost-disconnect" // the function never hears that a connection ended
	Vanish         Fault = "vanish"          // a post is answered with 200 and goes nowhere
	FalseGone      Fault = "false-gone"      // a post to a living connection is answered with 410
	Throttle       Fault = "throttle"        // a post is answered with 429
	TooLarge       Fault = "too-large"       // a post is answered with 413
	ColdStart      Fault = "cold-start"      // an idle environment is given up for a new one
	LostResponse   Fault = "lost-response"   // the function did its work, and the caller gets an error
	Crash          Fault = "crash"           // an environment dies within 5 ms of having been given an event

	// These are of the database: see package kefu/functions/local/ddb.
	DBThrottle Fault = "db-throttle" // a request is refused: too much was asked for
	DBFail     Fault = "db-fail"     // a request is answered with 500, and nothing was done
	DBLost     Fault = "db-lost"     // a request was served, and the answer is lost
	DBDelay    Fault = "db-delay"    // a request waits up to 50 ms
	DBLag      Fault = "db-lag"      // a weak read says what was true up to half a second ago
)

// AllFaults returns every fault, in the order above.
func AllFaults() []Fault {
	return []Fault{
		Reorder, Duplicate, Delay, LostDisconnect, Vanish, FalseGone, Throttle, TooLarge, ColdStart, LostResponse, Crash,
		DBThrottle, DBFail, DBLost, DBDelay, DBLag,
	}
}

// Faults decide what goes wrong. A nil *Faults lets everything go well. It is
// safe for concurrent use.
type Faults struct {
	mu    sync.Mutex
	rates map[Fault]float64
	dice  map[Fault]*rand.Rand
	hits  map[Fault]int
}

// NewFaults returns faults of which none is switched on.
func NewFaults(seed uint64) *Faults {
	f := &Faults{rates: map[Fault]float64{}, dice: map[Fault]*rand.Rand{}, hits: map[Fault]int{}}
	for _, x := range AllFaults() {
		h := fnv.New64a()
		_, _ = h.Write([]byte(x)) // a hash takes everything
		f.dice[x] = rand.New(rand.NewPCG(seed, h.Sum64()))
	}
	return f
}

// Set gives faults a probability from 0 to 1; none named: all of them.
func (f *Faults) Set(rate float64, faults ...Fault) {
	if len(faults) == 0 {
		faults = AllFaults()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, x := range faults {
		f.rates[x] = rate
	}
}

// Parse sets what a flag says: "crash=0.01,vanish=0.2" or "all=0.05". A fault
// that there is not, or a rate that is none, is an error and sets nothing.
func (f *Faults) Parse(text string) error {
	rates := map[Fault]float64{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		rate, err := strconv.ParseFloat(value, 64)
		if err != nil || !(rate >= 0 && rate <= 1) {
			return fmt.Errorf("fault %q: want name=probability from 0 to 1", part)
		}
		switch {
		case name == "all":
			for _, x := range AllFaults() {
				rates[x] = rate
			}
		case slices.Contains(AllFaults(), Fault(name)):
			rates[Fault(name)] = rate
		default:
			return fmt.Errorf("there is no fault %q; there are all, %s", name, names())
		}
	}
	for x, rate := range rates {
		f.Set(rate, x)
	}
	return nil
}

func names() string {
	var list []string
	for _, x := range AllFaults() {
		list = append(list, string(x))
	}
	return strings.Join(list, ", ")
}

// Hits returns how often each fault has struck. A test that wants a fault to
// be survived asks that it happened at all.
func (f *Faults) Hits() map[Fault]int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return maps.Clone(f.hits)
}

// Hit decides, once, whether a fault strikes.
func (f *Faults) Hit(x Fault) bool {
	if f == nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	rate := f.rates[x]
	if rate == 0 || f.dice[x].Float64() >= rate {
		return false
	}
	f.hits[x]++
	return true
}

// UpTo draws a duration below limit, for a fault that struck.
func (f *Faults) UpTo(x Fault, limit time.Duration) time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return time.Duration(f.dice[x].Int64N(int64(limit)))
}
