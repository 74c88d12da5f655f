package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"

	"kefu/core/wire"
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

// take serves one frame of the server.
func (c *client) take(ctx context.Context, data []byte) error {
	var kind struct{ Type, Role string }
	if err := json.Unmarshal(data, &kind); err != nil {
		c.history.violate("not a frame: %s", data)
		return err
	}
	switch kind.Type {
	case "welcome":
		return c.welcome(ctx, kind.Role, data)
	case "event":
		return decoded(data, func(e wire.Event) error { return c.event(ctx, e) })
	case "events":
		return decoded(data, func(e wire.Events) error { return c.events(ctx, e) })
	case "ack":
		return decoded(data, func(a wire.Ack) error { return c.ack(ctx, a) })
	case "conversation":
		return decoded(data, func(h wire.Conversation) error { return c.head(ctx, h.Conversation) })
	case "error":
		return decoded(data, func(e wire.Error) error { return c.refused(ctx, e) })
	case "pong":
		return c.pong(ctx, data)
	case "bye":
		return errors.New("bye")
	}
	return nil
}

func decoded[T any](data []byte, do func(T) error) error {
	var f T
	if err := json.Unmarshal(data, &f); err != nil {
		return err
	}
	return do(f)
}

func (c *client) welcome(ctx context.Context, role string, data []byte) error {
	if role == "visitor" {
		return decoded(data, func(w wire.VisitorWelcome) error { return c.visitorWelcome(ctx, w) })
	}
	return decoded(data, func(w wire.AgentWelcome) error { return c.agentWelcome(ctx, w) })
}

func (c *client) visitorWelcome(ctx context.Context, w wire.VisitorWelcome) error {
	t := c.thread(w.Conversation.ID)
	if c.epoch != "" {
		r := resumption{connection: c.label(), conversation: t.id, after: t.last(), head: w.Conversation.Seq, more: w.More, reset: w.Reset}
		for _, e := range w.Events {
			r.events = append(r.events, entryOf(e))
		}
		c.history.mu.Lock()
		c.history.resumed = append(c.history.resumed, r)
		c.history.mu.Unlock()
	}
	if w.N >= t.next && t.origin == c.origin {
		c.history.violate("promise 2 (as a client sees it): n %d of %s was accepted, and %d never sent", w.N, t.origin, t.next)
	}
	c.token, c.me = w.Token, party("visitor "+w.Visitor.ID)
	c.learnEpoch(w.Epoch)
	if err := c.events(ctx, wire.Events{Conversation: t.id, Events: w.Events, More: w.More}); err != nil {
		return err
	}
	return c.repeat(ctx, t, 0)
}

func (c *client) agentWelcome(ctx context.Context, w wire.AgentWelcome) error {
	c.me = party("agent " + w.Agent.ID)
	c.learnEpoch(w.Epoch)
	clear(c.mine)
	if err := c.write(ctx, map[string]any{"type": "status", "status": "online", "capacity": 50}); err != nil {
		return err
	}
	for _, h := range w.Conversations {
		if err := c.head(ctx, h); err != nil {
			return err
		}
	}
	for _, t := range c.threads {
		if err := c.repeat(ctx, t, 0); err != nil {
			return err
		}
	}
	return nil
}

func (c *client) learnEpoch(epoch string) {
	c.epoch = epoch
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.epochs[epoch] = true
}

func (c *client) label() string { return fmt.Sprintf("%s#%d", c.name, c.connections) }

// head notes who holds a conversation, and asks for what is missing of it.
func (c *client) head(ctx context.Context, h wire.Head) error {
	if !c.agent() {
		return nil
	}
	if c.mine[h.ID] = h.Agent != nil && "agent "+h.Agent.ID == string(c.me); c.mine[h.ID] {
		return c.catchUp(ctx, c.thread(h.ID), h.Seq)
	}
	return nil
}

// catchUp asks for events if the view does not reach to seq.
func (c *client) catchUp(ctx context.Context, t *thread, seq uint64) error {
	if seq <= t.last() || t.asked {
		return nil
	}
	t.asked = true
	f := map[string]any{"type": "after", "seq": t.last(), "limit": 50}
	if c.agent() {
		f["conversation"] = t.id
	}
	return c.write(ctx, f)
}

func (c *client) event(ctx context.Context, e wire.Event) error {
	c.arrived(e.Conversation, e.Seq)
	return c.place(ctx, c.thread(e.Conversation), entryOf(e))
}

func (c *client) arrived(id string, seq uint64) {
	c.history.mu.Lock()
	defer c.history.mu.Unlock()
	c.history.arrivals = append(c.history.arrivals, arrival{c.label(), id, seq})
}

// place takes an event into the view by the rule of prev.
func (c *client) place(ctx context.Context, t *thread, e entry) error {
	c.history.mu.Lock()
	c.history.seen[t.id] = append(c.history.seen[t.id], e)
	c.history.mu.Unlock()
	switch {
	case e.prev == t.last():
		t.view = append(t.view, e)
	case e.seq > t.last():
		return c.catchUp(ctx, t, e.seq)
	}
	return nil
}

func (c *client) events(ctx context.Context, f wire.Events) error {
	t := c.thread(f.Conversation)
	t.asked = false
	for _, e := range f.Events {
		if err := c.place(ctx, t, entryOf(e)); err != nil {
			return err
		}
	}
	if f.More {
		return c.catchUp(ctx, t, t.last()+1)
	}
	return nil
}

// ack ends the sends up to n. The event of n itself is placed as if it had
// come; that of a repeat has an old place.
func (c *client) ack(ctx context.Context, a wire.Ack) error {
	t := c.thread(a.Conversation)
	var own *send
	now := c.now()
	t.pending = slices.DeleteFunc(t.pending, func(s *send) bool {
		if s.origin != a.Origin || s.n > a.N {
			return false
		}
		c.history.mu.Lock()
		defer c.history.mu.Unlock()
		s.outcome, s.answered = acked, now
		if s.n == a.N {
			s.seq, own = a.Seq, s
		}
		return true
	})
	c.acks.Add(1)
	if own != nil {
		t.again = own
	}
	if a.Prev == nil {
		return c.catchUp(ctx, t, a.Seq)
	}
	c.arrived(t.id, a.Seq)
	if own == nil { // it was repeated, and both answers came
		return c.catchUp(ctx, t, a.Seq)
	}
	return c.place(ctx, t, entry{seq: a.Seq, prev: *a.Prev, at: time.Time(a.At), by: c.me, kind: "text", text: own.text, internal: own.internal})
}

// refused obeys an error that answers a frame.
func (c *client) refused(ctx context.Context, e wire.Error) error {
	if e.N == 0 {
		return errors.New(e.Code)
	}
	t := c.thread(e.Conversation)
	i := slices.IndexFunc(t.pending, func(s *send) bool { return s.n == e.N })
	switch {
	case e.Origin != t.origin: // given up
		return nil
	case e.Code == "unavailable" || e.Code == "internal" || e.Code == "rate_limited":
		return errors.New(e.Code) // repeated on the next connection
	case e.Code == "gap" && len(t.pending) > 0 && e.Expect < t.pending[0].n:
		c.history.violate("promise 1 (as a client sees it): %s is told to go on from n %d, and %d was acknowledged", e.Origin, e.Expect, t.pending[0].n-1)
		return errors.New("gap")
	case e.Code == "gap":
		return c.repeat(ctx, t, e.Expect)
	case i < 0: // of a repeat
		return nil
	}
	s := t.pending[i]
	c.history.mu.Lock()
	s.outcome, s.answered = refused, c.now()
	c.history.mu.Unlock()
	return c.renumber(ctx, t, slices.Delete(t.pending, i, i+1))
}

// renumber gives the origin up after a definite error, and sends what is left
// under a fresh one. What had been sent under the old one is another send.
func (c *client) renumber(ctx context.Context, t *thread, left []*send) error {
	t.outboxes++
	t.origin, t.next, t.pending, t.again = fmt.Sprintf("%s-%d", c.origin, t.outboxes), 1, nil, nil
	for _, old := range left {
		s := *old
		s.origin, s.n = t.origin, t.next
		t.next++
		c.history.mu.Lock()
		i := slices.Index(c.history.sends, old)
		c.history.sends[i] = &s
		c.history.mu.Unlock()
		t.pending = append(t.pending, &s)
	}
	return c.repeat(ctx, t, 0)
}

// pong compares heads: what is behind is asked for, what is not is settled.
func (c *client) pong(ctx context.Context, data []byte) error {
	heads := map[string]uint64{}
	if c.agent() {
		var p wire.AgentPong
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		heads = p.Heads
	} else {
		var p wire.VisitorPong
		if err := json.Unmarshal(data, &p); err != nil {
			return err
		}
		for id := range c.threads {
			heads[id] = p.Heads
		}
	}
	for id, seq := range heads {
		t := c.thread(id)
		if c.settling.Load() && seq == t.last() {
			c.settled[id] = true
		}
		if err := c.catchUp(ctx, t, seq); err != nil {
			return err
		}
	}
	return nil
}

func entryOf(e wire.Event) entry {
	by := party(e.By.Kind)
	if e.By.ID != "" {
		by += party(" " + e.By.ID)
	}
	return entry{seq: e.Seq, prev: e.Prev, at: time.Time(e.At), by: by, kind: e.Body.Kind, text: strings.TrimSpace(e.Body.Text), internal: e.Internal}
}
