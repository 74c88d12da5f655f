package hosttest

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"
)

// talker speaks protocol.md as a visitor or an agent, and goes on whatever
// happens to the host. Unlike the client of a story it never waits for one
// thing: it takes what comes, and between that says something.
type talker struct {
	*world
	name    string // begins with v or a
	rng     *rand.Rand
	mute    bool // only watches
	token   string
	origin  string // of its connections
	me      author
	epoch   string
	threads map[string]*thread
	mine    map[string]bool // agents: the conversations they hold

	connections int
	slow        int // by how many doublings it has more patience than at first
	link        link
	polling     bool
	cursor      uint64      // that the last hello named
	pinged      time.Time   // and no pong came since; zero: one did
	idle        atomic.Bool // nothing is unanswered
}

// thread is what a client knows of one conversation.
type thread struct {
	id       string
	view     []entry
	asked    time.Time // for what is missing; zero: that came
	origin   string    // of what is sent here
	next     uint64    // n of the next new frame
	pending  []*send   // not answered, by n
	again    *send     // the last that was answered
	outboxes int
	refused  uint64    // n at which the origin ended, until what came before is answered
	repeatAt time.Time // what is pending then is sent again: the host asked for it, or an answer was lost
}

func newTalker(w *world, name string, seed uint64) *talker {
	c := &talker{world: w, name: name, rng: rand.New(rand.NewPCG(seed, 1)), threads: map[string]*thread{}, mine: map[string]bool{}}
	c.origin = name + "-origin"
	c.idle.Store(true)
	return c
}

func (c *talker) agent() bool { return c.name[0] == 'a' }

func (c *talker) thread(id string) *thread {
	t := c.threads[id]
	if t == nil {
		t = &thread{id: id, origin: c.origin, next: 1}
		c.threads[id] = t
	}
	return t
}

func (t *thread) last() uint64 {
	if len(t.view) == 0 {
		return 0
	}
	return t.view[len(t.view)-1].seq
}

// run connects again and again, until everything is settled or ctx ends.
func (c *talker) run(ctx context.Context) {
	for ctx.Err() == nil && !c.done() {
		_ = c.connection(ctx) // however it ended, there is a next
		select {
		case <-ctx.Done():
		case <-time.After(time.Duration(c.rng.IntN(40)) * time.Millisecond):
		}
	}
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	for id, t := range c.threads {
		if !c.agent() || c.mine[id] {
			c.history.views[c.name+" "+id] = t.view
		}
	}
}

// done reports whether nobody sends any more and this client has all there is.
// That a pong knows of nothing newer does not say so: it may be a moment old.
func (c *talker) done() bool {
	if !c.settling.Load() {
		return false
	}
	for id, t := range c.threads {
		if (!c.agent() || c.mine[id]) && t.last() < c.ends[id].of(c) {
			return false
		}
	}
	return len(c.threads) > 0
}

// pongWithin is when a ping that was not answered is repeated.
const pongWithin = 300 * time.Millisecond

var errPlanned = errors.New("it hangs up on purpose")

// dial opens a link. A visitor takes now this transport, now that.
func (c *talker) dial(ctx context.Context) (err error) {
	fault := func(err error) { c.history.violate("promise 0 (the protocol): %s: %v", c.name, err) }
	if c.polling = c.polls && !c.agent() && c.rng.IntN(3) == 0; c.polling {
		c.link = startPoll(ctx, c.suite, c.url(), "", c.origin, fault)
		return nil
	}
	s, err := dial(ctx, c.url(), "", c.suite.told(fault))
	c.link = s
	return err
}

// connection is the life of one connection, from dialling to its end.
func (c *talker) connection(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	if err := c.dial(ctx); err != nil {
		return err
	}
	defer c.link.hangUp(false)
	c.connections++
	c.pinged = time.Time{}
	for _, t := range c.threads {
		t.asked = time.Time{}
	}
	if err := c.hello(); err != nil {
		return err
	}
	return c.talk(ctx)
}

func (c *talker) hello() error {
	hello := fields{"type": "hello", "v": 1, "origin": c.origin, "token": c.token}
	if c.token == "" {
		delete(hello, "token")
	}
	if c.epoch != "" {
		hello["epoch"] = c.epoch
		for _, t := range c.threads {
			if !c.agent() {
				c.cursor = t.last()
				hello["after"] = c.cursor
			}
		}
	}
	return c.link.send(hello)
}

// waits is how long c waits for an answer before it asks again. As every client
// should it backs off: a host that is slow would else be asked the more the
// slower it is, and each coming again costs it more than what it was asked for.
func (c *talker) waits() time.Duration { return c.patience << c.slow }

// heardAfter has the patience follow how long answers take.
func (c *talker) heardAfter(took time.Duration) {
	if c.slow > 0 && took < c.waits()/8 {
		c.slow--
	}
}

const slowest = 3 // doublings

// talk takes what comes, and between that does what it has to.
func (c *talker) talk(ctx context.Context) error {
	heard := time.Now()
	welcome := false
	for !c.done() {
		select {
		case f, ok := <-c.link.frames():
			if !ok {
				return errors.New("the connection ended")
			}
			c.heardAfter(time.Since(heard))
			heard = time.Now()
			if err := c.take(f); err != nil {
				return err
			}
			welcome = true
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Duration(1+c.rng.IntN(4)) * time.Millisecond):
			if time.Since(heard) > c.waits() {
				c.slow = min(c.slow+1, slowest)
				return errors.New("no answer")
			}
			if welcome {
				if err := c.act(); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// act sends something new if there is nothing unanswered, asks whether
// anything is missing, or hangs up.
func (c *talker) act() error {
	idle := true
	for _, t := range c.threads {
		idle = idle && len(t.pending) == 0
	}
	c.idle.Store(idle)
	for _, t := range c.threads {
		if len(t.pending) > 0 && time.Now().After(t.repeatAt) {
			return c.repeat(t, 0)
		}
	}
	switch {
	case (c.settling.Load() || c.rng.IntN(20) == 0) && time.Since(c.pinged) > pongWithin:
		c.pinged = time.Now()
		return c.link.send(fields{"next": 20}.of("ping"))
	case c.rng.IntN(300) == 0 && !c.quiet.Load():
		return errPlanned
	case c.quiet.Load() || c.mute:
		return nil
	}
	var free []*thread
	for _, id := range slices.Sorted(maps.Keys(c.threads)) {
		if t := c.threads[id]; len(t.pending) == 0 && (!c.agent() || c.mine[id]) {
			free = append(free, t)
		}
	}
	if len(free) == 0 {
		return nil
	}
	return c.say(free[c.rng.IntN(len(free))])
}

// say sends one to four new messages, as a batch or one by one, and now and
// then the last one once more.
func (c *talker) say(t *thread) error {
	var frames []any
	if t.again != nil && c.rng.IntN(10) == 0 {
		frames = append(frames, c.frame(t.again))
	}
	for range 1 + c.rng.IntN(4) {
		s := &send{
			client: c.name, conversation: t.id, by: c.me, origin: t.origin, n: t.next, invoked: c.now(),
			text:     fmt.Sprintf("%s %s %s %d", c.name, t.id, t.origin, t.next),
			internal: c.agent() && c.rng.IntN(4) == 0,
		}
		t.next++
		t.pending = append(t.pending, s)
		frames = append(frames, c.frame(s))
		c.history.mu.Lock()
		c.history.sends = append(c.history.sends, s)
		c.history.mu.Unlock()
	}
	c.idle.Store(false)
	t.repeatAt = time.Now().Add(c.waits())
	return c.writeSome(frames)
}

func (c *talker) writeSome(frames []any) error {
	if len(frames) == 0 {
		return nil
	}
	if !c.ordered || c.rng.IntN(2) == 0 { // the rule is one batch at a time; where there is order, several do no harm
		return c.link.send(frames...)
	}
	for _, f := range frames {
		if err := c.link.send(f); err != nil {
			return err
		}
	}
	return nil
}

func (c *talker) frame(s *send) fields {
	f := fields{"type": "send", "origin": s.origin, "n": s.n, "body": text(s.text)}
	if c.agent() {
		f["conversation"] = s.conversation
	}
	if s.internal {
		f["internal"] = true
	}
	return f
}

// repeat sends again what is not answered, from n on.
func (c *talker) repeat(t *thread, from uint64) error {
	t.repeatAt = time.Now().Add(c.waits())
	var frames []any
	for _, s := range t.pending {
		if s.n >= from {
			frames = append(frames, c.frame(s))
		}
	}
	return c.writeSome(frames)
}
