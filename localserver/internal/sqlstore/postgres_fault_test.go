package sqlstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
	"kefu/localserver/internal/sqlstore"
)

// tab is a visitor's tab that keeps the rule for clients: what was not
// answered, or answered unavailable, is sent again under its number.
type tab struct {
	st     core.Store
	rules  core.Rules
	c      core.Conversation
	origin core.Origin
	n      uint64
	acked  map[uint64]uint64 // n: seq

	unavailable int
	longest     time.Duration // that an answer took
}

func newTab(st core.Store, id core.ConversationID, origin core.Origin) *tab {
	rules, _ := core.DefaultSettings().Rules("default")
	return &tab{st: st, rules: rules, c: core.Conversation{ID: id}, origin: origin, acked: map[uint64]uint64{}}
}

// says sends the next message until it is acknowledged.
func (c *tab) says(t *testing.T) error {
	c.n++
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	deadline := time.Now().Add(30 * time.Second)
	for {
		visitor := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_" + string(c.c.ID)}}
		begun := time.Now()
		change, err := core.Apply(t.Context(), c.st, c.c, c.rules, begun, core.Said{
			Frame: core.Frame{By: visitor, Origin: c.origin, N: c.n},
			Site:  "default", Body: core.Body{Kind: core.KindText, Text: "hello"},
		})
		c.longest = max(c.longest, time.Since(begun))
		if err == nil {
			c.c = change.Conversation
			c.acked[c.n] = change.Effects[0].(core.Ack).Seq
			return nil
		}
		if core.CodeOf(err) != core.Unavailable && core.CodeOf(err) != core.Conflict || time.Now().After(deadline) {
			return fmt.Errorf("message %d of %s: %w", c.n, c.c.ID, err)
		}
		if core.CodeOf(err) == core.Unavailable {
			c.unavailable++
		}
		c.c = core.Conversation{ID: c.c.ID} // what it remembers may be wrong
		<-again.C
	}
}

// TestPostgresFaults hurts a server in every way that one is hurt by, and
// checks that nodes say so, lose nothing that they acknowledged, and go on by
// themselves.
func TestPostgresFaults(t *testing.T) {
	s := pgtest.Start(t)
	t.Run("Restart", func(t *testing.T) { restart(t, s) })
	t.Run("Gone", func(t *testing.T) { gone(t, s) })
	t.Run("Locked", func(t *testing.T) { locked(t, s) })
	t.Run("Terminated", func(t *testing.T) { terminated(t, s) })
	t.Run("Backup", func(t *testing.T) { backup(t, s) })
	t.Run("Recovered", func(t *testing.T) { recovered(t, s) })
}

// talking has visitors talk through nodes until stop is called, which then
// returns what they were told.
func talking(t *testing.T, nodes []core.Store, visitors int) (stop func() []*tab) {
	end := make(chan struct{})
	var all sync.WaitGroup
	var list []*tab
	for i := range visitors {
		c := newTab(nodes[i%len(nodes)], crashID(i), "one-tab")
		list = append(list, c)
		all.Go(func() {
			for {
				if err := c.says(t); err != nil {
					t.Error(err)
					return
				}
				select {
				case <-end:
					return
				default:
				}
			}
		})
	}
	return func() []*tab {
		close(end)
		all.Wait()
		return list
	}
}

// restart stops the server in immediate mode under load, again and again.
func restart(t *testing.T, s *pgtest.Server) {
	url := s.Database(t)
	log := &lines{}
	nodes := []core.Store{connect(t, url), logged(t, url, log)}
	first := epoch(t, nodes[0])
	stop := talking(t, nodes, 24)
	probe := newTab(nodes[0], "c_probe", "one-tab")
	for range 3 {
		for range 20 { // so that the others have talked too
			if err := probe.says(t); err != nil {
				t.Fatal(err)
			}
		}
		s.Stop(t)
		s.Start(t)
	}
	eventually(t, "nodes find back by themselves", func() bool {
		return probe.says(t) == nil && log.count("writes to the database work again") > 0
	})
	acked, unavailable := 0, 0
	for i, c := range stop() {
		for _, node := range nodes {
			verify(t, node, crashID(i), c.acked)
		}
		acked, unavailable = acked+len(c.acked), unavailable+c.unavailable
	}
	if unavailable == 0 {
		t.Error("nobody was told that the storage was away: the test is wrong")
	}
	if again := epoch(t, connect(t, url)); again != first {
		t.Errorf("a crash that lost nothing changed the epoch from %s to %s", first, again)
	}
	for _, said := range []string{"writes to the database fail", "writes to the database work again"} {
		if n := log.count(said); n < 1 || n > 10 {
			t.Errorf("the log says %d times: %s", n, said)
		}
	}
	t.Logf("%d messages were acknowledged in 4 lives; unavailable was said %d times", acked, unavailable)
}

// gone: as long as there is no server every answer is unavailable, and soon.
func gone(t *testing.T, s *pgtest.Server) {
	st := connect(t, s.Database(t))
	c := newTab(st, "c_1", "one-tab")
	if err := c.says(t); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	begun := time.Now()
	_, load := st.Load(t.Context(), "c_1")
	_, events := st.After(t.Context(), "c_1", 0, 9)
	_, list := st.List(t.Context(), core.Query{})
	_, secret := st.Secret(t.Context(), "key", []byte("fresh"))
	for i, err := range []error{load, events, list, secret, st.Commit(t.Context(), after(c.c)), st.Ready(t.Context())} {
		if core.CodeOf(err) != core.Unavailable {
			t.Errorf("question %d to a server that is gone: %v", i, err)
		}
	}
	if took := time.Since(begun); took > 3*time.Second {
		t.Errorf("that took %s", took)
	}
	s.Start(t)
	eventually(t, "it is ready again", func() bool { return st.Ready(t.Context()) == nil })
	if err := c.says(t); err != nil {
		t.Error(err)
	}
	verify(t, st, "c_1", c.acked)
}

// locked: who waits too long for somebody else's lock is told, and others are
// not held up by it for long.
func locked(t *testing.T, s *pgtest.Server) {
	url := s.Database(t)
	st := connect(t, url)
	held, free := newTab(st, "c_1", "one-tab"), newTab(st, "c_2", "one-tab")
	for _, c := range []*tab{held, free} {
		if err := c.says(t); err != nil {
			t.Fatal(err)
		}
	}
	tx := begin(t, url)
	const slot = `INSERT INTO event (conversation, seq, prev, session, at, by_kind, by_id, origin, n, internal, body)
		SELECT key, $1, 0, 0, 0, 0, '', '', 0, false, '' FROM conversation WHERE id = 'c_1'`
	if _, err := tx.ExecContext(t.Context(), slot, held.c.Seq+1); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 10 {
			if err := free.says(t); err != nil {
				t.Error(err)
			}
		}
	}()
	begun := time.Now()
	if err := st.Commit(t.Context(), after(held.c)); core.CodeOf(err) != core.Unavailable {
		t.Errorf("a slot that somebody else holds: %v", err)
	}
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("it was told after %s", took)
	}
	<-done
	if free.longest > 6*time.Second {
		t.Errorf("a message to another conversation took %s", free.longest)
	}
	if err := tx.Rollback(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []*tab{held, free} {
		if err := c.says(t); err != nil {
			t.Error(err)
		}
		verify(t, st, c.c.ID, c.acked)
	}
}

// after is a change that says one thing more.
func after(c core.Conversation) core.Change {
	c.Seq++
	return core.Change{Conversation: c, Events: []core.Event{{Seq: c.Seq, At: time.Now(), Body: core.Body{Kind: core.KindText, Text: "more"}}}}
}

// terminated: the server ends the connections of a node, not itself.
func terminated(t *testing.T, s *pgtest.Server) {
	url := s.Database(t)
	nodes := []core.Store{connect(t, url)}
	stop := talking(t, nodes, 8)
	probe := newTab(nodes[0], "c_probe", "one-tab")
	for range 10 {
		if err := probe.says(t); err != nil {
			t.Fatal(err)
		}
		pgtest.Exec(t, url, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'kefu' AND datname = current_database()")
	}
	for i, c := range stop() {
		verify(t, nodes[0], crashID(i), c.acked)
	}
	verify(t, nodes[0], "c_probe", probe.acked)
}

// backup: what pg_dump takes and psql puts back is the same desk
// with a new epoch, for what was acknowledged since the dump is gone.
func backup(t *testing.T, s *pgtest.Server) {
	url := s.Database(t)
	st := connected(t, url)
	c := newTab(st, "c_1", "one-tab")
	if err := c.says(t); err != nil {
		t.Fatal(err)
	}
	first := epoch(t, st)
	dump := s.Run(t, "", "pg_dump", "--clean", "--if-exists", pgtest.Name(t, url))
	if err := c.says(t); err != nil {
		t.Fatal(err)
	}
	kept := 3
	want := func(st *sqlstore.Store, former string) string {
		t.Helper()
		got := epoch(t, st)
		events, err := st.After(t.Context(), "c_1", 0, 100)
		if got == former || err != nil || len(events) != kept {
			t.Errorf("%d events of %d are back under the epoch %s, before %s: %v", len(events), kept, got, former, err)
		}
		return got
	}

	s.Run(t, dump, "psql", "--quiet", "--set", "ON_ERROR_STOP=1", pgtest.Name(t, url)) // under a node that is running
	if err := st.Ready(t.Context()); err != nil {
		t.Fatalf("nobody has found out yet: %v", err)
	}
	second := want(connect(t, url), first)
	eventually(t, "the first node finds out", func() bool { return core.CodeOf(st.Ready(t.Context())) == core.Unavailable })
	if err := st.Close(); err != nil {
		t.Error(err)
	}

	elsewhere := s.Database(t) // in the same cluster
	s.Run(t, dump, "psql", "--quiet", "--set", "ON_ERROR_STOP=1", pgtest.Name(t, elsewhere))
	want(connect(t, elsewhere), second)
}

// recovered: the server was recovered from a backup, so it is on another
// timeline. A node that knows the old one writes nothing there; one that starts
// begins a new epoch.
func recovered(t *testing.T, s *pgtest.Server) {
	url := s.Database(t)
	log := &lines{}
	old := logged(t, url, log)
	c := newTab(old, "c_1", "one-tab")
	if err := c.says(t); err != nil {
		t.Fatal(err)
	}
	s.Stop(t)
	s.Recover(t)
	if _, err := old.Load(t.Context(), "c_1"); core.CodeOf(err) != core.Unavailable || !strings.Contains(fmt.Sprint(err), "start this server again") {
		t.Errorf("a node of the old timeline reads: %v", err)
	}
	if log.count("no connection to the database is used") == 0 {
		t.Error("and nobody is told why")
	}
	st := connect(t, url)
	if epoch(t, st) == epoch(t, old) {
		t.Error("the epoch is as before")
	}
	verify(t, st, "c_1", c.acked) // nothing was lost by this one
}

func begin(t *testing.T, url string) *sql.Tx {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	tx, err := db.BeginTx(context.WithoutCancel(t.Context()), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tx
}

// logged is connect with a log that can be read.
func logged(t *testing.T, url string, log *lines) core.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{URL: url, Now: time.Now, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := st.Close(); err != nil {
			t.Error(err)
		}
	})
	return st
}

// lines is what was logged.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline, again := time.After(15*time.Second), time.NewTicker(20*time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("it does not happen that %s", what)
		}
	}
}
