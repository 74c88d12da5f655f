package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
)

// TestBatch: one conflict, one without a seat and one that breaks a rule of
// the database leave the rest of their batch alone.
func TestBatch(t *testing.T) {
	st, _ := opening(t)
	commit := func(c core.Change) func() error {
		return func() error { return st.Commit(t.Context(), c) }
	}
	first, second := said(t, st, "c_1", "tab-one"), said(t, st, "c_1", "tab-two")
	seatless := said(t, st, "c_2", "tab-one")
	seatless.Take = "nobody"
	last := said(t, st, "c_3", "tab-one")
	var unseen, seen int
	results := together(t, st,
		commit(first),
		commit(second),
		commit(seatless),
		func() error {
			return st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
				unseen = length(t, st, "c_1") // for readers nothing has happened yet
				return s.row(ctx, "SELECT count(*) FROM event", nil, &seen)
			})
		},
		func() error {
			return st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
				_, err := s.exec(ctx, "INSERT INTO mark (conversation, visitor, agent) VALUES (99, 1, 1)")
				return err
			})
		},
		commit(last))
	wantCodes(t, results, "", core.Conflict, core.Full, "", core.Unavailable, "")
	if unseen != 0 || seen != len(first.Events) {
		t.Errorf("within the batch readers saw %d events and the writer %d, want 0 and %d", unseen, seen, len(first.Events))
	}
	for id, want := range map[core.ConversationID]int{"c_1": len(first.Events), "c_2": 0, "c_3": len(last.Events)} {
		if got := length(t, st, id); got != want {
			t.Errorf("%s has %d events, want %d", id, got, want)
		}
	}
	if c, _ := st.Load(t.Context(), "c_2"); c.Seq != 0 {
		t.Errorf("who got no seat left %+v", c)
	}
}

// TestCommitFails: if COMMIT itself fails, nobody is told that they are
// stored, nothing is, and the store goes on.
func TestCommitFails(t *testing.T) {
	st, _ := opening(t)
	one, other := said(t, st, "c_1", "tab-one"), said(t, st, "c_1", "tab-two")
	results := together(t, st,
		func() error { return st.Commit(t.Context(), one) },
		func() error { return st.writer.write(t.Context(), breakCommit) },
		func() error { return st.Commit(t.Context(), other) },
		func() error { _, err := st.Secret(t.Context(), "key", []byte("lost")); return err })
	wantCodes(t, results, core.Unavailable, core.Unavailable, core.Conflict, core.Unavailable)
	if got := length(t, st, "c_1"); got != 0 {
		t.Errorf("%d events are stored, want 0", got)
	}
	if err := st.Commit(t.Context(), one); err != nil {
		t.Errorf("after a failed commit: %v", err)
	}
	if secret, err := st.Secret(t.Context(), "key", []byte("kept")); string(secret) != "kept" || err != nil {
		t.Errorf("the secret is %q, %v", secret, err)
	}
}

// breakCommit writes what only COMMIT finds out to be wrong.
func breakCommit(ctx context.Context, s *statements) error {
	if _, err := s.exec(ctx, "PRAGMA defer_foreign_keys = on"); err != nil {
		return err
	}
	_, err := s.exec(ctx, "INSERT INTO mark (conversation, visitor, agent) VALUES (99, 1, 1)")
	return err
}

// TestTransactionLost: some failures end the transaction under our feet.
func TestTransactionLost(t *testing.T) {
	st, _ := opening(t)
	before, after := said(t, st, "c_1", "tab-one"), said(t, st, "c_2", "tab-one")
	results := together(t, st,
		func() error { return st.Commit(t.Context(), before) },
		func() error {
			return st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
				_, err := s.exec(ctx, "ROLLBACK")
				return err
			})
		},
		func() error { return st.Commit(t.Context(), after) })
	wantCodes(t, results, core.Unavailable, core.Unavailable, core.Unavailable)
	for _, c := range []core.Change{before, after} {
		if got := length(t, st, c.Conversation.ID); got != 0 {
			t.Errorf("%d events are stored, want 0", got)
		}
		if err := st.Commit(t.Context(), c); err != nil {
			t.Errorf("then: %v", err)
		}
	}
}

// TestFullDisk: the database may grow no more.
func TestFullDisk(t *testing.T) {
	st, _ := opening(t)
	wide := said(t, st, "c_1", "tab-one")
	wide.Events[1].Body.Text = strings.Repeat("wide ", 20_000)
	limit := func(more int) func() error {
		return func() error {
			return st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
				var pages int
				err := s.row(ctx, "PRAGMA page_count", nil, &pages)
				return errors.Join(err, s.row(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", pages+more), nil, &pages))
			})
		}
	}
	small := said(t, st, "c_2", "tab-one")
	results := together(t, st, limit(0),
		func() error { return st.Commit(t.Context(), small) },
		func() error { return st.Commit(t.Context(), wide) })
	if core.CodeOf(results[2]) != core.Unavailable || sentence(results[2]) != "the disk is full" {
		t.Fatalf("on a full disk: %v", results[2])
	}
	if got := length(t, st, "c_2"); results[1] != nil || got != len(small.Events) {
		t.Errorf("a commit for which there was room ended with %v and left %d events", results[1], got)
	}
	if got := length(t, st, "c_1"); got != 0 {
		t.Errorf("%d events of it are stored, want 0", got)
	}
	if err := errors.Join(limit(1000)(), st.Commit(t.Context(), wide)); err != nil {
		t.Errorf("after the disk had room again: %v", err)
	}
}

func TestGivenUp(t *testing.T) {
	st, _ := opening(t)
	change := said(t, st, "c_1", "tab-one")
	ctx, cancel := context.WithCancel(t.Context())
	release := hold(t, st)
	waited := make(chan error, 1)
	go func() { waited <- st.Commit(ctx, change) }()
	eventually(t, "the commit queues up", func() bool { return len(embeddedWriter(st).jobs) == 1 })
	cancel()
	if err := <-waited; core.CodeOf(err) != core.Unavailable || !errors.Is(err, context.Canceled) {
		t.Fatalf("a commit that was given up while it waited: %v", err)
	}
	release()
	if err := st.Ready(t.Context()); err != nil { // the writer is past it
		t.Fatal(err)
	}
	if got := length(t, st, "c_1"); got != 0 {
		t.Errorf("what was given up while it waited left %d events", got)
	}
}

// TestGivenUpTooLate: once a write is picked up its outcome is told.
func TestGivenUpTooLate(t *testing.T) {
	st, _ := opening(t)
	ctx, cancel := context.WithCancel(t.Context())
	change := said(t, st, "c_1", "tab-one")
	err := st.writer.write(ctx, func(inner context.Context, s *statements) error {
		cancel()
		p := packedChange{Change: change, bodies: [][]byte{{}, {}, {}}, header: []byte{}}
		return p.store(inner, s)
	})
	if err != nil {
		t.Fatalf("a write that was given up while it was done: %v", err)
	}
	var n int
	if err := st.read.row(t.Context(), "SELECT count(*) FROM event", nil, &n); err != nil || n != 3 {
		t.Errorf("%d events are stored, want 3: %v", n, err)
	}
}

func TestClose(t *testing.T) {
	dir, now := t.TempDir(), &clockwork{at: start}
	st := reopening(t, dir, now)
	change := said(t, st, "c_1", "tab-one")
	release := hold(t, st)
	waited := make(chan error, 1)
	go func() { waited <- st.Commit(t.Context(), change) }()
	eventually(t, "the commit queues up", func() bool { return len(embeddedWriter(st).jobs) == 1 })
	closed := make(chan error, 1)
	go func() { closed <- st.Close() }()
	<-embeddedWriter(st).quit
	release()
	err := <-waited
	if err := <-closed; err != nil {
		t.Error(err)
	}
	if err != nil && core.CodeOf(err) != core.Unavailable {
		t.Errorf("a commit that waited: %v", err)
	}
	if late := st.Commit(t.Context(), change); core.CodeOf(late) != core.Unavailable {
		t.Errorf("a commit after Close: %v", late)
	}
	if _, late := st.Load(t.Context(), "c_1"); core.CodeOf(late) != core.Unavailable {
		t.Errorf("a read after Close: %v", late)
	}
	if late := st.Ready(t.Context()); core.CodeOf(late) != core.Unavailable {
		t.Errorf("Ready after Close: %v", late)
	}
	if stored := length(t, reopening(t, dir, now), "c_1"); (err == nil) != (stored > 0) {
		t.Errorf("the commit that waited ended with %v, and %d events are stored", err, stored)
	}
}

func TestReady(t *testing.T) {
	st, now := opening(t)
	probed := func() (ms int64) {
		t.Helper()
		if err := st.Ready(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := st.read.row(t.Context(), "SELECT probed FROM store", nil, &ms); err != nil {
			t.Fatal(err)
		}
		return ms - start.UnixMilli()
	}
	now.advance(time.Millisecond)
	for _, c := range []struct {
		wait time.Duration
		want int64
	}{{0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 1001}, {0, 1001}, {time.Hour, 3601001}} {
		now.advance(c.wait)
		if got := probed(); got != c.want {
			t.Fatalf("the last probe was at %d ms, want %d", got, c.want)
		}
	}

	now.advance(time.Hour)
	release := hold(t, st)
	ctx, cancel := context.WithCancel(t.Context())
	first := make(chan error, 1)
	go func() { first <- st.Ready(ctx) }()
	eventually(t, "the probe queues up", func() bool { return len(embeddedWriter(st).jobs) == 1 })
	expired, stop := context.WithCancel(t.Context())
	stop()
	if err := st.Ready(expired); core.CodeOf(err) != core.Unavailable {
		t.Errorf("Ready while the writer hangs: %v", err)
	}
	cancel()
	if err := <-first; core.CodeOf(err) != core.Unavailable {
		t.Errorf("a probe that was given up: %v", err)
	}
	release()
	if got := probed(); got != 3601001+3600000 { // one given up tells nothing to the next
		t.Errorf("the last probe was at %d ms", got)
	}
}

// Batches are as large as they may be, and whoever lingers waits for more.
func TestBatchSizes(t *testing.T) {
	for _, c := range []struct {
		batch Batch
		sizes string
	}{{Batch{}, "[5]"}, {Batch{Max: 2}, "[2 2 1]"}, {Batch{Max: 1}, "[1 1 1 1 1]"}, {Batch{Max: 9999, Linger: time.Millisecond}, "[5]"}} {
		var sizes []int
		o := Options{Batch: c.batch, Batched: func(n int) { sizes = append(sizes, n) }}
		q := newQueue(o)
		for range 5 {
			q.jobs <- newJob(nil)
		}
		var batch []*job
		for len(q.jobs) > 0 {
			batch = q.gather(batch, <-q.jobs)
		}
		if got := fmt.Sprint(sizes); got != c.sizes {
			t.Errorf("%+v: batches of %s, want %s", c.batch, got, c.sizes)
		}
	}
	q := newQueue(Options{Batch: Batch{Linger: time.Minute, Max: 2}})
	go func() { q.jobs <- newJob(nil) }()
	if got := len(q.gather(nil, newJob(nil))); got != 2 {
		t.Errorf("the one that lingers waits for the next: %d", got)
	}
	close(q.quit)
	if got := len(q.gather(nil, newJob(nil))); got != 1 {
		t.Errorf("but not when all is over: %d", got)
	}
}
