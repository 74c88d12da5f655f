package desk_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// faulty is a store whose call number at fails.
type faulty struct {
	core.Store
	at, calls int
	err       error
	failed    string // what failed
}

func (st *faulty) fails(what string) bool {
	st.calls++
	if st.calls != st.at {
		return false
	}
	st.failed = what
	return true
}

// or returns what the call gives, or the fault.
func or[T any](st *faulty, what string, call func() (T, error)) (T, error) {
	if st.fails(what) {
		var none T
		return none, st.err
	}
	return call()
}

func orErr(st *faulty, what string, call func() error) error {
	if st.fails(what) {
		return st.err
	}
	return call()
}

func (st *faulty) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	return or(st, "Load", func() (core.Conversation, error) { return st.Store.Load(ctx, id) })
}

func (st *faulty) Commit(ctx context.Context, c core.Change) error {
	return orErr(st, "Commit", func() error { return st.Store.Commit(ctx, c) })
}

func (st *faulty) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	return or(st, "After", func() ([]core.Event, error) { return st.Store.After(ctx, id, seq, limit) })
}

func (st *faulty) Before(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	return or(st, "Before", func() ([]core.Event, error) { return st.Store.Before(ctx, id, seq, limit) })
}

func (st *faulty) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	return or(st, "Waiting", func() ([]core.Place, error) { return st.Store.Waiting(ctx, g, limit) })
}

func (st *faulty) Held(ctx context.Context, id core.AgentID) ([]core.ConversationID, error) {
	return or(st, "Held", func() ([]core.ConversationID, error) { return st.Store.Held(ctx, id) })
}

func (st *faulty) List(ctx context.Context, q core.Query) ([]core.Conversation, error) {
	return or(st, "List", func() ([]core.Conversation, error) { return st.Store.List(ctx, q) })
}

func (st *faulty) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	return or(st, "Due", func() ([]core.Place, error) { return st.Store.Due(ctx, after, until, limit) })
}

func (st *faulty) Rearm(ctx context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	return orErr(st, "Rearm", func() error { return st.Store.Rearm(ctx, id, seq, alarm) })
}

func (st *faulty) Accounts(ctx context.Context) ([]core.Account, error) {
	return or(st, "Accounts", func() ([]core.Account, error) { return st.Store.Accounts(ctx) })
}

func (st *faulty) PutAccount(ctx context.Context, a core.Account) error {
	return orErr(st, "PutAccount", func() error { return st.Store.PutAccount(ctx, a) })
}

func (st *faulty) SetDuty(ctx context.Context, id core.AgentID, d core.Duty) error {
	return orErr(st, "SetDuty", func() error { return st.Store.SetDuty(ctx, id, d) })
}

func (st *faulty) Renew(ctx context.Context, id core.AgentID, lease time.Time) error {
	return orErr(st, "Renew", func() error { return st.Store.Renew(ctx, id, lease) })
}

func (st *faulty) Paced(ctx context.Context, id core.AgentID, took time.Duration) error {
	return orErr(st, "Paced", func() error { return st.Store.Paced(ctx, id, took) })
}

func (st *faulty) Duty(ctx context.Context, id core.AgentID) (core.Duty, error) {
	return or(st, "Duty", func() (core.Duty, error) { return st.Store.Duty(ctx, id) })
}

func (st *faulty) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	return or(st, "Roster", func() (core.Roster, error) { return st.Store.Roster(ctx, g, at) })
}

func (st *faulty) Lapsed(ctx context.Context, before time.Time) ([]core.AgentID, error) {
	return or(st, "Lapsed", func() ([]core.AgentID, error) { return st.Store.Lapsed(ctx, before) })
}

func (st *faulty) Profile(ctx context.Context, id core.VisitorID) (core.Profile, error) {
	return or(st, "Profile", func() (core.Profile, error) { return st.Store.Profile(ctx, id) })
}

func (st *faulty) PutProfile(ctx context.Context, p core.Profile) error {
	return orErr(st, "PutProfile", func() error { return st.Store.PutProfile(ctx, p) })
}

func (st *faulty) Mark(ctx context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	return orErr(st, "Mark", func() error { return st.Store.Mark(ctx, id, side, seq) })
}

func (st *faulty) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	return or(st, "Marks", func() (core.Marks, error) { return st.Store.Marks(ctx, id) })
}

func (st *faulty) Known(ctx context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	return or(st, "Known", func() (core.VisitorID, error) { return st.Store.Known(ctx, site, external, fresh) })
}

func (st *faulty) Keep(ctx context.Context, key string, value []byte, now, until time.Time) ([]byte, error) {
	return or(st, "Keep", func() ([]byte, error) { return st.Store.Keep(ctx, key, value, now, until) })
}

func (st *faulty) Blocks(ctx context.Context) ([]core.Block, error) {
	return or(st, "Blocks", func() ([]core.Block, error) { return st.Store.Blocks(ctx) })
}

func (st *faulty) Settings(ctx context.Context) (core.Settings, error) {
	return or(st, "Settings", func() (core.Settings, error) { return st.Store.Settings(ctx) })
}

func (st *faulty) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	return or(st, "Secret", func() ([]byte, error) { return st.Store.Secret(ctx, name, fresh) })
}

func (st *faulty) Epoch(ctx context.Context) (string, error) {
	return or(st, "Epoch", func() (string, error) { return st.Store.Epoch(ctx) })
}

// stubborn repeats what is answered with an error that asks for it, and comes
// back when it is closed with a code that does.
type stubborn struct {
	*client
	hi map[string]any
}

func (s *stubborn) come(n *node, name string, hello map[string]any) {
	s.hi = hello
	for range 3 {
		s.client = n.connect(name).hello(hello)
		if s.closed() == 0 {
			s.seenAll()
			return
		}
		if !s.closed().Returns() {
			n.Fatalf("%s is sent away with %d", name, s.closed())
		}
	}
	n.Fatalf("%s can not come in", name)
}

func (s *stubborn) insist(th thread, typ string, fields map[string]any) {
	th.frame(typ, fields)
	for range 3 {
		again := false
		for _, f := range s.news() {
			code := core.Code(f.str("code"))
			again = again || code == core.Unavailable || code == core.Internal
			if code != "" && !again {
				s.Errorf("%s: %s is refused: %v", s.name, typ, f)
			}
		}
		if !again {
			return
		}
		s.serve(s.sent)
	}
	s.Errorf("%s: %s is never taken", s.name, typ)
}

// TestEveryCallFailsOnce plays one story again and again, each time with
// another call of the store failing. Nothing panics; who repeats gets through;
// nothing is lost or doubled; and two seconds later nobody waits while an
// agent has a seat.
func TestEveryCallFailsOnce(t *testing.T) {
	faults := []error{errors.New("the disk is on fire"), &core.Error{Code: core.Unavailable, Message: "later", Retry: time.Second}}
	failed := map[string]int{}
	for at := 1; ; at++ {
		w := newWorld(t)
		st := &faulty{Store: w.store, err: faults[at%2]}
		w.store = st
		w.vouching(false)
		n := w.node()
		n.hire("amy", core.RoleSupervisor, 2)
		n.hire("bo", core.RoleAgent, 2)
		first, second := n.signed("amy"), n.signed("bo")
		st.calls, st.at = 0, at
		story(t, n, first, second)
		if t.Failed() {
			t.Fatalf("call %d failed: %s", at, st.failed)
		}
		if st.failed == "" {
			break
		}
		failed[st.failed]++
	}
	t.Logf("%v", failed)
}

func story(t *testing.T, n *node, first, second string) {
	var amy, bo, vi, tab stubborn
	vi.come(n, "vi", nil)
	vi.insist(vi.own(), "send", map[string]any{"body": text("one")})
	amy.come(n, "amy", map[string]any{"token": first})
	amy.insist(thread{client: amy.client}, "status", map[string]any{"status": "online", "capacity": 1})
	n.pass(cached)
	_ = n.desk.Tick(t.Context())
	n.pass(2 * time.Second)
	_ = n.desk.Tick(t.Context())
	n.settle()
	if c := n.load(vi.conv); c.Session.Agent != "amy" {
		t.Fatalf("bound 20 is broken: %+v", c.Session)
	}
	tab.come(n, "tab", map[string]any{"token": vi.token, "after": 0, "epoch": "e_1", "user": n.user("u1", nil)})
	if tab.conv != vi.conv {
		t.Fatal("who logs in loses the conversation")
	}
	amy.insist(amy.in(vi.client), "send", map[string]any{"body": text("two")})
	for _, c := range []stubborn{vi, amy} {
		c.insist(c.in(vi.client), "read", map[string]any{"seq": 3})
		c.insist(c.in(vi.client), "typing", nil)
		c.insist(c.in(vi.client), "after", map[string]any{"seq": 1})
		c.insist(c.in(vi.client), "before", map[string]any{"seq": 4})
		c.insist(c.in(vi.client), "ping", map[string]any{"next": 10})
	}
	bo.come(n, "bo", map[string]any{"token": second})
	bo.insist(thread{client: bo.client}, "status", map[string]any{"status": "online"})
	amy.insist(amy.in(vi.client), "transfer", map[string]any{"to": map[string]any{"agent": "bo"}})
	_, _, _ = n.desk.Conversations(t.Context(), core.Account{Role: core.RoleAdmin}, core.Query{})
	_, _ = n.desk.Conversation(t.Context(), core.Account{Role: core.RoleAdmin}, vi.conv)
	_, _ = n.desk.Events(t.Context(), core.Account{Role: core.RoleAdmin}, vi.conv, nil, nil, 0)
	bo.gone(true)
	for range 9 { // their lease, 30 s if it could not be shortened, and the grace
		n.pass(5 * time.Second)
		amy.insist(amy.in(vi.client), "ping", map[string]any{"next": 10})
		_ = n.desk.Tick(t.Context())
		n.settle()
	}
	if c := n.load(vi.conv); c.Session.Agent != "amy" {
		t.Fatalf("bound 20 is broken: %+v", c.Session)
	}
	vi.insist(vi.own(), "end", nil)
	tab.gone(true)
	vi.gone(true)
	amy.gone(false)
	var said []string
	for _, e := range n.log(vi.conv) {
		if e.Body.Kind == core.KindText || e.Body.Kind == core.KindClosed {
			said = append(said, string(e.Body.Kind)+" "+e.Body.Text)
		}
	}
	if !slices.Equal(said, []string{"text one", "text two", "closed "}) {
		t.Errorf("promises 1 and 3 are broken: %q", said)
	}
}

// What New needs of the store it needs at once.
func TestNewFails(t *testing.T) {
	for at := 1; at <= 2; at++ {
		w := newWorld(t)
		st := &faulty{Store: w.store, at: at, err: errors.New("the disk is on fire")}
		n := w.node()
		_, err := desk.New(t.Context(), desk.Options{Store: st, Rooms: &n.rooms, Floor: &n.floor, Seek: n.seek, Now: w.clock})
		if err == nil {
			t.Errorf("%s fails, and New does not", st.failed)
		}
	}
}

// A copy that can not be read again serves for another five seconds, and then
// no longer: rights must not outlive their record.
func TestCopiesDoNotLast(t *testing.T) {
	w := newWorld(t)
	st := &away{Store: w.store}
	w.store = st
	n := w.node()
	amy := n.agent("amy", core.RoleAgent, 1).online()
	st.away = true
	amy.seenAll()
	n.pass(9 * time.Second)
	amy.serve(`{"type":"ping"}`)
	amy.sees("pong , 0 waiting")
	n.pass(time.Second)
	amy.serve(`{"type":"ping"}`)
	amy.sees("error unavailable")
	st.away = false
	amy.serve(`{"type":"ping"}`)
	amy.sees("pong , 0 waiting")
}

// away is a store whose accounts can not be read.
type away struct {
	core.Store
	away bool
}

func (st *away) Accounts(ctx context.Context) ([]core.Account, error) {
	if st.away {
		return nil, core.Errorf(core.Unavailable, "the accounts are away")
	}
	return st.Store.Accounts(ctx)
}

func TestPatience(t *testing.T) {
	for next, want := range map[int]time.Duration{
		0: 125 * time.Second, -1: 125 * time.Second, 1: 10 * time.Second, 4: 10 * time.Second, 10: 25 * time.Second, 50: 125 * time.Second, 600: 1500 * time.Second,
	} {
		if got := desk.Patience(next); got != want {
			t.Errorf("Patience(%d) = %v, want %v", next, got, want)
		}
	}
	if wire.CloseStale.Returns() != true {
		t.Error("who is given up is not asked to come back")
	}
}
