package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// world is what the clients of one run share.
type world struct {
	history *history
	start   time.Time
	url     func() string // of the WebSocket, now

	acks     atomic.Int64 // seen by all
	quiet    atomic.Bool  // nobody begins anything new
	settling atomic.Bool  // nobody has anything left to send: look whether all is there
}

func (w *world) now() time.Duration { return time.Since(w.start) }

// client speaks protocol.md as a visitor or an agent, and goes on whatever
// happens to the server.
type client struct {
	*world
	name    string // begins with v or a
	rng     *rand.Rand
	mute    bool // only watches
	token   string
	origin  string // of its connections
	me      party
	epoch   string
	threads map[string]*thread
	mine    map[string]bool // agents: the conversations they hold

	connections int
	conn        *websocket.Conn
	idle        atomic.Bool // nothing is unanswered
	settled     map[string]bool
}

// thread is what a client knows of one conversation.
type thread struct {
	id       string
	view     []entry
	asked    bool    // for what is missing
	origin   string  // of what is sent here
	next     uint64  // n of the next new frame
	pending  []*send // not answered, by n
	again    *send   // the last that was answered
	outboxes int
}

func newClient(w *world, name string, seed uint64) *client {
	c := &client{world: w, name: name, rng: rand.New(rand.NewPCG(seed, 1)), threads: map[string]*thread{}, mine: map[string]bool{}, settled: map[string]bool{}}
	c.origin = name + "-origin"
	c.idle.Store(true)
	return c
}

func (c *client) agent() bool { return c.name[0] == 'a' }

func (c *client) thread(id string) *thread {
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
func (c *client) run(ctx context.Context) {
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

// done reports whether the server confirmed, while nobody sent, that there is
// nothing this client lacks.
func (c *client) done() bool {
	if !c.settling.Load() {
		return false
	}
	for id := range c.threads {
		if (!c.agent() || c.mine[id]) && !c.settled[id] {
			return false
		}
	}
	return len(c.threads) > 0
}

var errPlanned = errors.New("it hangs up on purpose")

// connection is the life of one connection, from dialling to its end.
func (c *client) connection(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	conn, _, err := websocket.Dial(ctx, c.url(), nil)
	if err != nil {
		return err
	}
	defer conn.CloseNow()
	conn.SetReadLimit(1 << 20)
	c.connections++
	c.conn = conn
	for _, t := range c.threads {
		t.asked = false
	}
	frames := make(chan []byte)
	go read(ctx, conn, frames)
	defer func() { // the reader has ended
		_ = conn.CloseNow()
		for range frames {
		}
	}()
	if err := c.hello(ctx); err != nil {
		return err
	}
	return c.talk(ctx, frames)
}

// read passes frames on until the connection ends.
func read(ctx context.Context, conn *websocket.Conn, frames chan<- []byte) {
	defer close(frames)
	for {
		_, m, err := conn.Read(ctx)
		if err != nil {
			return
		}
		batch := []json.RawMessage{m}
		if m[0] == '[' && json.Unmarshal(m, &batch) != nil {
			return
		}
		for _, f := range batch {
			frames <- f
		}
	}
}

func (c *client) hello(ctx context.Context) error {
	hello := map[string]any{"type": "hello", "v": 1, "origin": c.origin, "token": c.token}
	if c.token == "" {
		delete(hello, "token")
	}
	if c.epoch != "" {
		hello["epoch"] = c.epoch
		for _, t := range c.threads {
			if !c.agent() {
				hello["after"] = t.last()
			}
		}
	}
	return c.write(ctx, hello)
}

func (c *client) write(ctx context.Context, frames ...any) error {
	var message any = frames
	if len(frames) == 1 {
		message = frames[0]
	}
	data, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return c.conn.Write(ctx, websocket.MessageText, data)
}

// patience is how long a client waits for any frame while it wants one.
const patience = 5 * time.Second

// talk takes what comes, and between that does what it has to.
func (c *client) talk(ctx context.Context, frames <-chan []byte) error {
	heard := time.Now()
	welcome := false
	for !c.done() {
		select {
		case f, ok := <-frames:
			if !ok {
				return errors.New("the connection ended")
			}
			heard = time.Now()
			if err := c.take(ctx, f); err != nil {
				return err
			}
			welcome = true
		case <-time.After(time.Duration(1+c.rng.IntN(4)) * time.Millisecond):
			if time.Since(heard) > patience {
				return errors.New("no answer")
			}
			if welcome {
				if err := c.act(ctx); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// act sends something new if there is nothing unanswered, asks whether
// anything is missing, or hangs up.
func (c *client) act(ctx context.Context) error {
	idle := true
	for _, t := range c.threads {
		idle = idle && len(t.pending) == 0
	}
	c.idle.Store(idle)
	switch {
	case c.settling.Load() || c.rng.IntN(20) == 0:
		return c.write(ctx, map[string]any{"type": "ping", "next": 20})
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
	return c.say(ctx, free[c.rng.IntN(len(free))])
}

// say sends one to four new messages, as a batch or one by one, and now and
// then the last one once more.
func (c *client) say(ctx context.Context, t *thread) error {
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
	return c.writeSome(ctx, frames)
}

func (c *client) writeSome(ctx context.Context, frames []any) error {
	if len(frames) == 0 {
		return nil
	}
	if c.rng.IntN(2) == 0 {
		return c.write(ctx, frames...)
	}
	for _, f := range frames {
		if err := c.write(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) frame(s *send) map[string]any {
	f := map[string]any{"type": "send", "origin": s.origin, "n": s.n, "body": map[string]any{"kind": "text", "text": s.text}}
	if c.agent() {
		f["conversation"] = s.conversation
	}
	if s.internal {
		f["internal"] = true
	}
	return f
}

// repeat sends again what is not answered, from n on.
func (c *client) repeat(ctx context.Context, t *thread, from uint64) error {
	var frames []any
	for _, s := range t.pending {
		if s.n >= from {
			frames = append(frames, c.frame(s))
		}
	}
	return c.writeSome(ctx, frames)
}
