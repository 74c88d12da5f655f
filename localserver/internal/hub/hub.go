// Package hub holds what is live on one node: the conversations that are being
// decided about, and the connections that are open. It is the desk's Rooms and
// Floor, and each of its connections is a desk.Outlet.
//
// # Rooms
//
// A room is a goroutine that owns one conversation's remembered state and is
// the only one on this node to have anything decided about it. It lives while
// there are letters for it. Afterwards only the state is kept, for a while and
// in bounded number, so that the next letter needs no read: memory is a hint,
// and losing it costs one Load. Nothing is ever flushed, for everything was
// stored before it was acted on.
//
// That a room without letters is no goroutine leaves no room that is just
// ending: whether one has letters and whether it is there are decided under
// one lock. A few goroutines whose room has ended wait for another one:
// deciding needs a deep stack, and growing one anew for each letter took a
// twentieth of a busy server's time.
//
// # Connections
//
// A [Conn] is one connection: a bounded queue outwards, and what must be known
// to give it up. Nobody ever waits for one. A goroutine writes to it while
// something is queued and ends when all is written, so an idle connection has
// none; a connection that can not keep up is closed and resumes.
//
// There are no timers either: [Hub.Run] looks at all connections once a second.
// So every limit in seconds is kept to within one.
//
// A long-poll is a connection too, as far as others see: it has a place, is
// found, can be replaced and is told when the server goes away. What it is
// sent is the desk's to keep; see [Hub.Hold].
//
// # Finding them
//
// There is no hub goroutine, only a lock and maps: connections by topic, and
// by the outbox they write from.
//
// # The end
//
// Everything that the hub starts has ended when Close returns. Drain ends it
// politely before: what was accepted is decided, answered and sent, and every
// connection is told when to come back.
package hub

import (
	"context"
	"errors"
	"log/slog"
	"math"
	"runtime"
	"sync"
	"time"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Options are what a Hub needs. Decide, Dispatch and Now are required.
type Options struct {
	Decide   func(context.Context, core.Conversation, core.Input) (core.Change, error) // as Desk.Decide
	Dispatch func(context.Context, core.GroupID) error                                 // as Desk.Dispatch
	Answer   func(ctx context.Context, id core.ConversationID, seq uint64) error       // as Desk.Answer; nil: nothing is asked
	Brief    func(ctx context.Context, id core.ConversationID, session uint32) error   // as Desk.Brief, likewise
	Embed    func(ctx context.Context, site core.SiteID) error                         // as Desk.Embed, likewise
	Now      func() time.Time
	Log      *slog.Logger // nil: none
	Meter    Meter        // nil: none

	Connections int           // open at a time; 0: 10,000; changed by Limit, guarded by floorMu then
	Memory      int           // idle conversations that are remembered; 0: 10,000
	Idle        time.Duration // how long they are; 0: 10 minutes
}

// Hub is the live part of one node. It is safe for concurrent use.
type Hub struct {
	// Static after New.
	Options
	start time.Time
	ctx   context.Context // of all work here; Close ends it
	stop  context.CancelFunc

	// One for each goroutine of rooms, dispatcher, flusher and open connection. It is only
	// added to under a lock that Drain takes to end that kind of thing, or by
	// what is counted itself.
	work sync.WaitGroup

	roomMu  sync.Mutex
	shut    bool // guarded by roomMu: no more letters, no more seeking
	rooms   map[core.ConversationID]*room
	crew    []chan *room                                // goroutines that wait for a room
	idle    *simplelru.LRU[core.ConversationID, memory] // never holds what is in rooms
	letters int                                         // in all rooms
	asking  int                                         // answers in the making
	seeking map[core.GroupID]*errand

	floorMu   sync.RWMutex
	closed    bool          // guarded by floorMu: no more connections
	open      int           // reserved places, with or without a connection yet
	pollsOver bool          // no poll is held any more
	window    time.Duration // within which those who are late should come back
	last      uint64
	conns     map[*desk.Peer]*Conn
	topics    map[desk.Topic][]*Conn
	outboxes  map[outbox]*Conn
}

// New returns a hub that works in ctx, which should outlive Drain, until
// Close. Run must be called for connections to be given up in time.
func New(ctx context.Context, o Options) *Hub {
	if o.Connections == 0 {
		o.Connections = 10_000
	}
	if o.Memory == 0 {
		o.Memory = 10_000
	}
	if o.Idle == 0 {
		o.Idle = 10 * time.Minute
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = deaf{}
	}
	idle, err := simplelru.NewLRU[core.ConversationID, memory](max(o.Memory, 1), nil)
	if err != nil {
		panic("hub: " + err.Error()) // the size is positive
	}
	h := &Hub{
		Options: o, start: o.Now(), idle: idle,
		rooms: map[core.ConversationID]*room{}, seeking: map[core.GroupID]*errand{},
		conns: map[*desk.Peer]*Conn{}, topics: map[desk.Topic][]*Conn{}, outboxes: map[outbox]*Conn{},
	}
	h.ctx, h.stop = context.WithCancel(ctx)
	return h
}

// age is the time since New: smaller than a time.Time, and never goes back.
func (h *Hub) age() time.Duration { return h.Now().Sub(h.start) }

// sweepEvery is how often Run looks.
const sweepEvery = time.Second

// sweepAtOnce is how many connections it looks at before others have a turn: on
// one core, ten thousand in one go would hold up every message for milliseconds.
const sweepAtOnce = 256

// Run gives up connections that are stale or stuck, and forgets conversations
// that have been idle, until ctx ends.
func (h *Hub) Run(ctx context.Context) {
	tick := time.NewTicker(sweepEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			h.sweep()
		}
	}
}

func (h *Hub) sweep() {
	now := h.age()
	h.forgetIdle(now)
	for i, c := range h.connections() {
		if i%sweepAtOnce == sweepAtOnce-1 {
			runtime.Gosched()
		}
		c.check(now)
	}
}

// connections returns all that are open.
func (h *Hub) connections() []*Conn {
	h.floorMu.RLock()
	defer h.floorMu.RUnlock()
	all := make([]*Conn, 0, len(h.conns))
	for _, c := range h.conns {
		all = append(all, c)
	}
	return all
}

// Drain ends everything politely. From its call on there are no new
// connections and letters; what was accepted before is decided, and answered
// to connections that are still open. Then each of them gets a bye that asks
// to come back at a random moment within the window, and is closed.
//
// Deciding takes half of the time that ctx has at most: a store that hangs is
// no reason to leave without a word. Drain returns an error if ctx ends before
// all are gone, or something is still undecided, and leaves that to Close.
func (h *Hub) Drain(ctx context.Context, window time.Duration) error {
	h.refuse()
	half := ctx
	if end, ok := ctx.Deadline(); ok {
		var cancel context.CancelFunc
		half, cancel = context.WithTimeout(ctx, end.Sub(h.Now())/2)
		defer cancel()
	}
	undecided := await(half, h.quiet)
	for _, c := range h.connections() {
		c.end(wire.CloseShutdown, goingAway, window)
	}
	return errors.Join(undecided, await(ctx, h.empty))
}

// goingAway is the reason that goes with CloseShutdown.
const goingAway = "the server is going away"

// Close ends everything now, and returns when it has: connections are cut and
// what is being decided is cancelled, so senders do not learn what came of it.
func (h *Hub) Close() {
	h.refuse()
	h.stop()
	for _, c := range h.connections() {
		c.wire.Abort()
	}
	h.work.Wait()
}

// refuse has no more connections, letters and seeking accepted.
func (h *Hub) refuse() {
	h.roomMu.Lock()
	h.shut = true
	for _, next := range h.crew {
		close(next)
	}
	h.crew = nil
	h.roomMu.Unlock()
	h.floorMu.Lock()
	h.closed = true
	h.floorMu.Unlock()
}

// quiet reports whether nothing is being decided.
func (h *Hub) quiet() bool {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	return len(h.rooms) == 0 && len(h.seeking) == 0
}

// empty reports whether no connection is open.
func (h *Hub) empty() bool {
	h.floorMu.RLock()
	defer h.floorMu.RUnlock()
	return h.open == 0
}

// await looks again and again until it is so. It is used on the way out only,
// where a few milliseconds do not matter and a channel for each thing would.
func await(ctx context.Context, so func() bool) error {
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !so() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
	return nil
}

// seconds rounds up: who is asked to come back within 0.5 s gets 1.
func seconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }
