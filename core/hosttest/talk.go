package hosttest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// A talk is a few visitors and agents who say things at random while
// something is done to the host, or to the network before it; in the end
// everybody must have what the log has, and the log all that was promised.

// world is what the clients of one talk share.
type world struct {
	history *history
	start   time.Time
	url     func() string // of the host or what stands before it, now
	http    *http.Client
	polls   bool // visitors come by long-poll too
	ordered bool // what is sent on a connection arrives in its order
	suite   *suite

	patience time.Duration // without any frame, while one is due
	seats    int           // of each agent

	acks     atomic.Int64 // seen by all
	quiet    atomic.Bool  // nobody begins anything new
	settling atomic.Bool  // nobody has anything left to send: look whether all is there
	ends     map[string]end
}

// end is where a log ends, by seq: for staff, and for its visitor.
type end struct{ all, public uint64 }

func (e end) of(c *talker) uint64 {
	if c.agent() {
		return e.all
	}
	return e.public
}

// endOf folds a log.
func endOf(log []entry) (e end) {
	for _, x := range log {
		if e.all = x.seq; !x.internal {
			e.public = x.seq
		}
	}
	return e
}

func (w *world) now() time.Duration { return time.Since(w.start) }

// talk is a world with those in it.
type talk struct {
	*world
	p       *play
	talkers []*talker
	staff   []*account
	stop    context.CancelFunc
	all     sync.WaitGroup

	conversations []string // of the visitors
}

// long reports whether there is time for more: what make test-long sets.
func long() bool { return os.Getenv("KEFU_TEST_LONG") != "" }

// seedOf is the seed of a run. It is printed, and may be given.
func seedOf(t *testing.T) uint64 {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv("KEFU_TEST_SEED"), 10, 64); err == nil {
		seed = v
	}
	t.Logf("KEFU_TEST_SEED=%d", seed)
	return seed
}

// newTalk brings four visitors together, one of them with a second tab, and
// two agents, neither of whom has seats for all.
func newTalk(p *play, seed uint64, w *world) *talk {
	p.Helper()
	if p.host.Profile.has(Settings) {
		p.settings(func(all fields) { // what is tried here is not the limits
			limits, _ := all["limits"].(map[string]any)
			limits["rate"], limits["burst"] = 1000, 1000
		})
	}
	w.history, w.start, w.http, w.seats, w.suite = newHistory(), time.Now(), p.http, 2, p.suite
	t := &talk{world: w, p: p}
	for i := range 4 {
		c := newTalker(w, fmt.Sprintf("v%d", i), seed+uint64(i))
		first := p.visitor(c.name)
		c.token = first.token
		c.thread(first.mine())
		t.conversations = append(t.conversations, first.mine())
		first.leave()
		t.talkers = append(t.talkers, c)
	}
	tab := newTalker(w, "v0tab", seed+10)
	tab.token, tab.mute = t.talkers[0].token, true
	t.talkers = append(t.talkers, tab)
	for i := range 2 {
		c := newTalker(w, fmt.Sprintf("a%d-agent", i), seed+20+uint64(i))
		a := p.hire(p.T, "agent", []string{"default"})
		c.token = a.token
		t.staff, t.talkers = append(t.staff, a), append(t.talkers, c)
	}
	return t
}

// begin has everybody talk.
func (t *talk) begin() {
	var ctx context.Context
	ctx, t.stop = context.WithCancel(t.p.ctx)
	for _, c := range t.talkers {
		t.all.Go(func() { c.run(ctx) })
	}
	t.p.Cleanup(func() { t.stop(); t.all.Wait() }) // whatever the story came to
}

// hear waits until so many more frames were acknowledged, and returns whether
// they were.
func (t *talk) hear(more int64) bool {
	t.p.Helper()
	return t.await("they talk", t.acks.Load()+more, t.acks.Load)
}

// await polls until a count is reached, and returns whether it was.
func (t *talk) await(what string, count int64, now func() int64) bool {
	t.p.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for now() < count {
		select {
		case <-tick.C:
		case <-limit:
			t.p.Errorf("it never happened: %s: %d of %d", what, now(), count)
			return false
		}
	}
	return true
}

// settle has everybody come to an end: first what was begun is answered, then
// everybody goes on until they have it all. It returns the logs.
func (t *talk) settle() map[string][]entry {
	t.p.Helper()
	t.quiet.Store(true)
	t.await("everything is answered", int64(len(t.talkers)), func() (idle int64) {
		for _, c := range t.talkers {
			if c.idle.Load() {
				idle++
			}
		}
		return idle
	})
	t.ends = map[string]end{} // read by others once they see that they settle
	for id, log := range t.logs() {
		t.ends[id] = endOf(log)
	}
	t.settling.Store(true)
	begun := time.Now()
	tooLong := time.AfterFunc(30*time.Second, t.stop)
	t.all.Wait()
	if !tooLong.Stop() {
		t.p.Error("promise 19: some never got all that was said")
	}
	if took := time.Since(begun); took > t.p.host.Profile.Heal+2*busy {
		t.p.Errorf("promise 19: it took %s until everybody had everything", took)
	}
	logs := t.logs()
	for i, a := range t.staff {
		t.p.desk(fmt.Sprintf("agent %d goes home", i), a) // clear has them go off duty
	}
	return logs
}

// logs reads the log of each visitor.
func (t *talk) logs() map[string][]entry {
	t.p.Helper()
	logs := map[string][]entry{}
	for _, id := range t.conversations {
		for _, e := range t.p.log(t.p.T, id) {
			logs[id] = append(logs[id], entryOf(e))
		}
	}
	return logs
}

// judge fails the story for every promise that was broken, and if too little
// happened to mean anything.
func (t *talk) judge(logs map[string][]entry, troubles int) {
	t.p.Helper()
	h := t.history
	for _, f := range h.check(logs) {
		t.p.Error(f)
	}
	if len(h.epochs) != 1 {
		t.p.Errorf("nothing was restored, but there were %d epochs", len(h.epochs))
	}
	events, notes := 0, 0
	authors := map[author]int{}
	for _, log := range logs {
		events += len(log)
		for _, e := range log {
			authors[e.by]++
			if e.internal {
				notes++
			}
		}
	}
	outcomes := map[outcome]int{}
	for _, s := range h.sends {
		outcomes[s.outcome]++
	}
	t.p.Logf("%d troubles, %d sends (%d acked, %d refused, %d unknown), %d events (%d internal) in %d logs, by %v, %d resumptions, %d arrivals",
		troubles, len(h.sends), outcomes[acked], outcomes[refused], outcomes[unknown], events, notes, len(logs), authors, len(h.resumed), len(h.arrivals))
	if len(logs) != 4 || outcomes[acked] < 50*troubles || outcomes[unknown] > 0 || notes == 0 || len(authors) < 7 || len(h.resumed) < 4*troubles {
		t.p.Error("that is not enough to go by")
	}
}

// Crashes has visitors and agents talk while the host is restarted so many
// times by Host.Restart, and holds what they saw against the log that is left:
// promises 1 to 8, 10 and 14.
func Crashes(t *testing.T, h Host, times int) {
	t.Helper()
	p := &play{T: t, suite: newSuite(t, h), via: "ws", hired: map[string]int{}}
	defer p.clear() // while the host is there
	p.crashes(times)
}

// Leaves has a host leave in order, by Host.Leave: promise 23.
func Leaves(t *testing.T, h Host) {
	t.Helper()
	p := &play{T: t, suite: newSuite(t, h), via: "ws", hired: map[string]int{}}
	defer p.clear() // while the host is there
	tellLeave(p)
}

func (p *play) crashes(times int) {
	p.Helper()
	seed := seedOf(p.T)
	rng := rand.New(rand.NewPCG(seed, 2))
	var url atomic.Pointer[string]
	url.Store(&p.url)
	t := newTalk(p, seed, &world{
		url: func() string { return *url.Load() }, polls: p.host.Profile.has(Poll), ordered: p.host.Profile.Ordered, patience: 5 * time.Second,
	})
	t.begin()
	for range times {
		if !t.hear(20 + rng.Int64N(200)) {
			break
		}
		now := p.host.Restart(p.T)
		url.Store(&now)
	}
	t.hear(100)
	p.url = *url.Load()
	t.judge(t.settle(), times)
}
