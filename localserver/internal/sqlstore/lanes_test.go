package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
)

// batched has the changes stored as one batch.
func batched(st *Store, changes ...core.Change) []error {
	var batch []*job
	for _, c := range changes {
		p := packed(c)
		j := newJob(p.store)
		j.change = p
		batch = append(batch, j)
	}
	st.writer.(*lanes).finish(batch)
	var errs []error
	for _, j := range batch {
		errs = append(errs, <-j.done)
	}
	return errs
}

func packed(c core.Change) *packedChange {
	p := &packedChange{}
	p.pack(c)
	return p
}

// begun is a conversation whose next change is plain.
func begun(t *testing.T, st *Store, ids ...core.ConversationID) {
	t.Helper()
	for _, id := range ids {
		if err := st.Commit(t.Context(), said(t, st, id, "tab-one")); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPostgresBatch: who lost a slot leaves the rest of the batch alone, and so
// does who can not be stored.
func TestPostgresBatch(t *testing.T) {
	st := node(t, pgtest.Database(t))
	begun(t, st, "c_1", "c_2", "c_3")
	first, second := said(t, st, "c_1", "tab-one"), said(t, st, "c_1", "tab-two")
	stale := said(t, st, "c_2", "tab-one")
	if err := st.Commit(t.Context(), said(t, st, "c_2", "tab-two")); err != nil {
		t.Fatal(err)
	}
	early := said(t, st, "c_3", "tab-one")
	early.Conversation.Seq++
	early.Events[0].Seq++
	stranger := said(t, st, "c_3", "tab-one")
	stranger.Conversation.ID = "c_9"
	if !packed(first).plain() {
		t.Fatal("a message is not plain: the test is wrong")
	}
	wantCodes(t, batched(st, second, first, stale, early, stranger), "", core.Conflict, core.Conflict, core.Conflict, core.Conflict)

	odd, even := said(t, st, "c_1", "tab-one"), said(t, st, "c_3", "tab-one")
	odd.Events[0].By.ID = "v\x00"
	wantCodes(t, batched(st, odd, even), core.Invalid, "")
	for id, want := range map[core.ConversationID]int{"c_1": 4, "c_2": 4, "c_3": 4, "c_9": 0} {
		if got := length(t, st, id); got != want {
			t.Errorf("%s has %d events, want %d", id, got, want)
		}
	}
}

// TestPostgresDeadlock: two transactions that wait for each other are both done.
func TestPostgresDeadlock(t *testing.T) {
	st := node(t, pgtest.Database(t))
	begun(t, st, "c_1", "c_2")
	var both, done sync.WaitGroup
	both.Add(2)
	results, runs := make([]error, 2), make([]int, 2)
	for i, ids := range [][]string{{"c_1", "c_2"}, {"c_2", "c_1"}} {
		done.Go(func() {
			results[i] = st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
				runs[i]++
				const touch = "UPDATE conversation SET tag = tag WHERE id = ?1"
				if _, err := s.exec(ctx, touch, ids[0]); err != nil {
					return err
				}
				if runs[i] == 1 {
					both.Done()
					both.Wait()
				}
				_, err := s.exec(ctx, touch, ids[1])
				return err
			})
		})
	}
	done.Wait()
	wantCodes(t, results, "", "")
	if runs[0]+runs[1] < 3 {
		t.Errorf("they were run %v times, want one of them again", runs)
	}
}

// TestPostgresNameTaken: a name that another node took between the look and the
// write is a conflict.
func TestPostgresNameTaken(t *testing.T) {
	db := pgtest.Database(t)
	here, there := node(t, db), node(t, db)
	amy, bo := core.Account{ID: "amy", Version: 1, Name: "amy"}, core.Account{ID: "bo", Version: 1, Name: "bo"}
	if err := errors.Join(here.PutAccount(t.Context(), amy), here.PutAccount(t.Context(), bo)); err != nil {
		t.Fatal(err)
	}
	bo.Version, bo.Name = 2, "mia"
	runs := 0
	err := here.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
		if err := nameIsFree(ctx, s, core.Account{ID: "amy", Name: "mia"}); err != nil {
			return err
		}
		if runs++; runs == 1 {
			if err := there.PutAccount(t.Context(), bo); err != nil {
				t.Error(err)
			}
		}
		_, err := s.exec(ctx, "UPDATE account SET name = 'mia' WHERE id = 'amy'")
		return err
	})
	if core.CodeOf(err) != core.Conflict || runs != 1 {
		t.Errorf("after %d runs: %v", runs, err)
	}
}

// TestPostgresSlow: a statement that takes too long is given up, and holds up
// nobody else.
func TestPostgresSlow(t *testing.T) {
	st := node(t, setting(t, pgtest.Database(t), "statement_timeout", "300ms"))
	begun(t, st, "c_1")
	slow := make(chan error, 1)
	go func() {
		slow <- st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
			_, err := s.exec(ctx, "SELECT pg_sleep(60)")
			return err
		})
	}()
	for range 5 {
		begun(t, st, "c_1")
	}
	if err := <-slow; core.CodeOf(err) != core.Unavailable || sentence(err) != "it is too slow, or something is locked" {
		t.Errorf("%v: %s", err, sentence(err))
	}
}

// TestPostgresFrozen: a server that does not answer at all, such as behind a
// network that is cut, is told from one that is busy by the node itself; and a
// commit whose answer is lost is one whose outcome is unknown.
func TestPostgresFrozen(t *testing.T) {
	db := pgtest.Database(t)
	wire := &wire{}
	st := node(t, wire.before(t, db), func(o *Options) {
		o.patience = defaultPatience()
		o.patience.connect, o.patience.answer = 300*time.Millisecond, 300*time.Millisecond
	})
	begun(t, st, "c_1")
	plain, other := said(t, st, "c_1", "tab-one"), said(t, st, "c_2", "tab-one")
	wire.cut(true)
	begun := time.Now()
	_, load := st.Load(t.Context(), "c_1")
	_, list := st.List(t.Context(), core.Query{})
	wantCodes(t, []error{load, list, st.Commit(t.Context(), plain), st.Commit(t.Context(), other), st.Ready(t.Context())},
		core.Unavailable, core.Unavailable, core.Unavailable, core.Unavailable, core.Unavailable)
	if took := time.Since(begun); took > 6*time.Second {
		t.Errorf("that took %s", took)
	}
	wire.cut(false)
	eventually(t, "the node finds back", func() bool { _, err := st.Load(t.Context(), "c_1"); return err == nil })
	for _, c := range []core.Change{plain, other} {
		err := st.Commit(t.Context(), c)
		if want := int(c.Conversation.Seq); length(t, st, c.Conversation.ID) != want || err != nil && core.CodeOf(err) != core.Conflict {
			t.Errorf("%s has %d events, want %d: %v", c.Conversation.ID, length(t, st, c.Conversation.ID), want, err)
		}
	}
}

// wire is what lies between a node and its database.
type wire struct {
	mu   sync.Mutex
	gate chan struct{} // closed while bytes may pass
}

func (w *wire) cut(yes bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if yes {
		w.gate = make(chan struct{})
	} else {
		close(w.gate)
	}
}

// before returns the URL of a database behind the wire.
func (w *wire) before(t *testing.T, db string) string {
	t.Helper()
	w.gate = make(chan struct{})
	w.cut(false)
	dir := t.TempDir()
	near, err := net.Listen("unix", filepath.Join(dir, ".s.PGSQL.5432"))
	if err != nil {
		t.Fatal(err)
	}
	var far string
	behind := part(t, db, func(u *url.URL) {
		far = filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432")
		u.RawQuery = url.Values{"host": {dir}}.Encode()
	})
	var open sync.WaitGroup
	open.Go(func() { w.serve(near, far, &open) })
	t.Cleanup(func() {
		near.Close()
		open.Wait()
	})
	return behind
}

func (w *wire) serve(near net.Listener, far string, open *sync.WaitGroup) {
	for {
		a, err := near.Accept()
		if err != nil {
			return
		}
		b, err := net.Dial("unix", far)
		if err != nil {
			a.Close()
			continue
		}
		open.Go(func() { w.carry(a, b) })
		open.Go(func() { w.carry(b, a) })
	}
}

// carry takes bytes one way until either end closes.
func (w *wire) carry(from, to net.Conn) {
	defer from.Close()
	defer to.Close()
	buf := make([]byte, 1<<16)
	for {
		n, err := from.Read(buf)
		w.mu.Lock()
		gate := w.gate
		w.mu.Unlock()
		<-gate
		if _, wrote := to.Write(buf[:n]); err != nil || wrote != nil {
			return
		}
	}
}

// TestPostgresClose: what is under way ends, what comes later is told.
func TestPostgresClose(t *testing.T) {
	db := pgtest.Database(t)
	st := node(t, db)
	begun(t, st, "c_1")
	change := said(t, st, "c_1", "tab-one")
	second := node(t, db)
	inside, gate, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- second.writer.write(t.Context(), func(context.Context, *statements) error {
			close(inside)
			<-gate
			return nil
		})
	}()
	<-inside
	closed := make(chan error, 1)
	go func() { closed <- second.writer.close() }()
	<-second.writer.(*lanes).quit
	close(gate)
	if err := errors.Join(<-ended, <-closed); err != nil {
		t.Error(err)
	}
	late := []error{second.Commit(t.Context(), change), second.Ready(t.Context()), second.PutProfile(t.Context(), core.Profile{ID: "v_1"})}
	wantCodes(t, late, core.Unavailable, core.Unavailable, core.Unavailable)
	second.writer = closedWriter{second.writer} // for the end of the test
}

// closedWriter is one that was closed already.
type closedWriter struct{ writer }

func (closedWriter) close() error { return nil }

// TestPostgresIndexes: no question that is asked while the desk works reads a
// whole table that grows. Small tables are read whole unless that is forbidden.
func TestPostgresIndexes(t *testing.T) {
	st := node(t, setting(t, pgtest.Database(t), "enable_seqscan", "off"))
	begun(t, st, "c_1", "c_1")
	plans := &explained{DB: st.reads, t: t}
	st.read.db = plans
	ctx := t.Context()
	for _, ask := range []func() error{
		func() error { _, err := st.Load(ctx, "c_1"); return err },
		func() error { _, err := st.Before(ctx, "c_1", 9, 9); return err },
		func() error { _, err := st.After(ctx, "c_1", 0, 9); return err },
		func() error { _, err := st.Waiting(ctx, "default", 9); return err },
		func() error { _, err := st.Waiting(ctx, "", 9); return err },
		func() error { _, err := st.Due(ctx, core.Place{}, start, 9); return err },
		func() error { _, err := st.Held(ctx, "amy"); return err },
		func() error { _, err := st.Roster(ctx, "default", start); return err },
		func() error { _, err := st.Lapsed(ctx, start); return err },
		func() error { _, err := st.Marks(ctx, "c_1"); return err },
		func() error { _, err := st.Profile(ctx, "v_1"); return ignoring(err, core.NotFound) },
		func() error {
			return newMessages([]*job{{change: packed(said(t, st, "c_1", "tab-one"))}}).insert(ctx, st.read)
		},
	} {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	for _, q := range []core.Query{{}, {Before: core.Place{At: start, ID: "c"}}, {Agent: "amy"}} {
		where, args := conditions(q, core.Closed)
		if err := st.read.rows(ctx, listing(where), args, func(scan) error { return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if plans.seen < 15 {
		t.Errorf("only %d plans were seen", plans.seen)
	}
}

// explained looks at the plan of each query before it is run.
type explained struct {
	*sql.DB
	t    *testing.T
	seen int
}

func (e *explained) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	e.seen++
	s := &statements{dialect: postgresDialect(), db: e.DB}
	err := s.rows(ctx, "EXPLAIN "+text, args, func(scan scan) error {
		var step string
		err := scan(&step)
		for _, table := range []string{"conversation", "event", "mark", "profile"} {
			if strings.Contains(step, "Seq Scan on "+table) {
				e.t.Errorf("%s\n\t%s", text, step)
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	return e.DB.QueryContext(ctx, text, args...)
}
