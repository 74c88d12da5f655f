package desk_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/blob/media"
	"kefu/core/desk"
	"kefu/core/identity"
	"kefu/core/memstore"
	"kefu/core/wire"
)

// TestMain fails the run if goroutines remain. The fuzzer leaves some of its
// own.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && code == 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			fmt.Fprintln(os.Stderr, "goroutines remain")
			code = 1
		}
	}
	os.Exit(code)
}

// nine is when tests begin: a Monday morning.
var nine = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// world is what the nodes of a test share: a store, a clock that moves on
// command, and what people are called.
type world struct {
	testing.TB
	store core.Store
	truth core.Store // what the test itself reads, if store is not to be asked

	mu    sync.Mutex
	now   time.Time
	names map[string]string // who a conversation is with
	count map[string]int    // how often a name was used
}

// again returns how often a name was used before.
func (w *world) again(name string) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.count[name]++
	return w.count[name] - 1
}

func newWorld(t testing.TB) *world {
	st := memstore.New("e_1")
	return &world{TB: t, store: st, truth: st, now: nine, names: map[string]string{}, count: map[string]int{}}
}

func (w *world) clock() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

// pass lets time pass. Nothing happens by it but what a tick makes happen.
func (w *world) pass(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = w.now.Add(d)
}

// set changes the settings. A desk that has read others sees them within five
// seconds.
func (w *world) set(change func(*core.Settings)) {
	w.Helper()
	s, err := w.store.Settings(w.Context())
	w.must(err)
	if s.Version == 0 {
		s = core.DefaultSettings()
	}
	s.Sites, s.Groups = slices.Clone(s.Sites), slices.Clone(s.Groups)
	change(&s)
	s.Version++
	w.must(s.Validate())
	w.must(w.store.PutSettings(w.Context(), s))
}

// hire stores an account; its groups are "default" if none are given.
func (w *world) hire(id string, role core.Role, seats int, groups ...core.GroupID) core.Account {
	w.Helper()
	if groups == nil {
		groups = []core.GroupID{"default"}
	}
	a := core.Account{
		ID: core.AgentID(id), Version: 1, Name: id, Display: id, Role: role, Groups: groups, Capacity: seats, Weight: 1, Tokens: 1,
	}
	w.must(w.store.PutAccount(w.Context(), a))
	return a
}

// account changes a stored account, as another node would.
func (w *world) account(id string, change func(*core.Account)) {
	w.Helper()
	a, err := w.store.Account(w.Context(), core.AgentID(id))
	w.must(err)
	change(&a)
	a.Version++
	w.must(w.store.PutAccount(w.Context(), a))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *world) load(id core.ConversationID) core.Conversation {
	w.Helper()
	c, err := w.truth.Load(w.Context(), id)
	w.must(err)
	return c
}

func (w *world) log(id core.ConversationID) []core.Event {
	w.Helper()
	events, err := w.truth.After(w.Context(), id, 0, 1<<20)
	w.must(err)
	return events
}

// keys signs as the desks of this world do.
func (w *world) keys() *identity.Keys {
	w.Helper()
	kept, err := w.store.Secret(w.Context(), "token-keys", nil)
	w.must(err)
	keys, err := identity.ParseKeys(kept)
	w.must(err)
	return keys
}

// node is a desk with a host that has no sockets and no goroutines: whatever
// follows from a call has happened when it returns.
type node struct {
	*world
	desk  *desk.Desk
	rooms rooms
	floor floor

	mu    sync.Mutex
	seeks []core.GroupID // asked for and not dispatched yet
	lazy  bool           // settle leaves seeks to whoever called hold
}

// newNode returns the only node of a world of its own.
func newNode(t testing.TB) *node { return newWorld(t).node() }

func (w *world) node(change ...func(*desk.Options)) *node {
	w.Helper()
	n := &node{world: w}
	n.rooms.node, n.rooms.of = n, map[core.ConversationID]*room{}
	n.floor.topics, n.floor.joined = map[desk.Topic][]*desk.Peer{}, map[*desk.Peer][]desk.Topic{}
	o := desk.Options{
		Media: media.New(media.Budget),
		Store: w.store, Rooms: &n.rooms, Floor: &n.floor, Seek: n.seek, Now: w.clock,
		Random: &source{r: rand.NewChaCha8([32]byte{byte(w.again("node"))})}, Log: slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&o)
	}
	var err error
	n.desk, err = desk.New(w.Context(), o)
	w.must(err)
	return n
}

func (n *node) seek(g core.GroupID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !slices.Contains(n.seeks, g) {
		n.seeks = append(n.seeks, g)
	}
}

// settle dispatches what was asked for, until nothing is.
func (n *node) settle() {
	for {
		n.mu.Lock()
		groups := n.seeks
		if n.lazy {
			groups = nil
		} else {
			n.seeks = nil
		}
		n.mu.Unlock()
		if len(groups) == 0 {
			return
		}
		for _, g := range groups {
			if err := n.desk.Dispatch(n.Context(), g); err != nil {
				n.Logf("dispatch of %s: %v", g, err)
			}
		}
	}
}

// tick is one second's tick, and what follows.
func (n *node) tick() {
	n.Helper()
	n.must(n.desk.Tick(n.Context()))
	n.settle()
}

// after lets time pass and ticks.
func (n *node) after(d time.Duration) {
	n.Helper()
	n.pass(d)
	n.tick()
}

// rooms decides at once. What is told from within done comes after it.
type rooms struct {
	*node
	mu   sync.Mutex
	of   map[core.ConversationID]*room
	fail func(core.ConversationID, core.Input) error // what a decision fails with, if anything
	lose func() bool                                 // whether what was stored is not told
}

type room struct {
	c       core.Conversation
	letters []func(*room)
	busy    bool
}

// Tell implements desk.Rooms.
func (rs *rooms) Tell(ctx context.Context, id core.ConversationID, in core.Input, done func(core.Change, error)) {
	rs.mu.Lock()
	r := rs.of[id]
	if r == nil {
		r = &room{c: core.Conversation{ID: id}}
		rs.of[id] = r
	}
	r.letters = append(r.letters, func(r *room) { rs.decide(ctx, r, in, done) })
	mine := !r.busy
	r.busy = true
	rs.mu.Unlock()
	for mine {
		rs.mu.Lock()
		if len(r.letters) == 0 {
			r.busy = false
			rs.mu.Unlock()
			return
		}
		next := r.letters[0]
		r.letters = r.letters[1:]
		rs.mu.Unlock()
		next(r)
	}
}

func (rs *rooms) decide(ctx context.Context, r *room, in core.Input, done func(core.Change, error)) {
	id := r.c.ID
	if rs.fail != nil {
		if err := rs.fail(id, in); err != nil {
			done(core.Change{Conversation: r.c}, err)
			return
		}
	}
	change, err := rs.desk.Decide(ctx, r.c, in)
	if r.c = change.Conversation; err != nil && !core.Definite(err) {
		r.c = core.Conversation{ID: id}
	}
	if rs.lose != nil && err == nil && rs.lose() {
		r.c, change, err = core.Conversation{ID: id}, core.Change{}, core.Errorf(core.Unavailable, "nobody knows")
	}
	done(change, err)
}

// floor finds peers by topic.
type floor struct {
	mu     sync.Mutex
	topics map[desk.Topic][]*desk.Peer
	joined map[*desk.Peer][]desk.Topic
	peers  []*seat // in the order of Join
}

type seat struct {
	peer *desk.Peer
	out  desk.Outlet
}

// Join implements desk.Floor.
func (f *floor) Join(_ context.Context, p *desk.Peer, topics ...desk.Topic) error {
	var replaced []desk.Outlet
	f.mu.Lock()
	for _, s := range f.peers {
		if f.hasLocked(s.peer) && p.Replaces(s.peer) && f.leaveLocked(s.peer) {
			replaced = append(replaced, s.out)
		}
	}
	f.leaveLocked(p)
	f.joined[p] = topics
	for _, t := range topics {
		f.topics[t] = append(f.topics[t], p)
	}
	f.mu.Unlock()
	for _, out := range replaced {
		out.Close(wire.CloseReplaced, "replaced")
	}
	return nil
}

// Leave implements desk.Floor.
func (f *floor) Leave(_ context.Context, p *desk.Peer) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.leaveLocked(p)
}

// hasLocked reports whether p has joined: who has not may be saying hello on
// another goroutine.
func (f *floor) hasLocked(p *desk.Peer) bool {
	return len(f.joined[p]) > 0
}

func (f *floor) leaveLocked(p *desk.Peer) (was bool) {
	topics := f.joined[p]
	for _, t := range topics {
		f.topics[t] = slices.DeleteFunc(slices.Clone(f.topics[t]), func(o *desk.Peer) bool { return o == p })
	}
	delete(f.joined, p)
	return len(topics) > 0
}

// Each implements desk.Floor.
func (f *floor) Each(_ context.Context, topics []desk.Topic, visit func(*desk.Peer)) {
	f.mu.Lock()
	var found []*desk.Peer
	for _, t := range topics {
		for _, p := range f.topics[t] {
			if !slices.Contains(found, p) {
				found = append(found, p)
			}
		}
	}
	f.mu.Unlock()
	for _, p := range found {
		visit(p)
	}
}

// Present implements desk.Floor.
func (f *floor) Present(_ context.Context, t desk.Topic) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.topics[t]) > 0
}

// source is randomness that is the same in every run.
type source struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.r.Read(p)
}

func object(fields map[string]any) string {
	data, err := json.Marshal(fields)
	if err != nil {
		panic(err)
	}
	return string(data)
}
