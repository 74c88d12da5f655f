package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"kefu/core"
)

var start = time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)

// opening returns a store whose clock stands still unless the test moves it.
func opening(t *testing.T) (*Store, *clockwork) {
	t.Helper()
	now := &clockwork{at: start}
	return reopening(t, t.TempDir(), now), now
}

func reopening(t *testing.T, dir string, now *clockwork) *Store {
	t.Helper()
	st, err := Open(t.Context(), Options{Dir: dir, Now: now.read, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	t.Cleanup(func() {
		once.Do(func() {
			select {
			case <-embeddedWriter(st).quit: // the test has closed it
			default:
				shut(t, st)
			}
		})
	})
	return st
}

func shut(t *testing.T, st *Store) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Error(err)
	}
}

type clockwork struct {
	mu sync.Mutex
	at time.Time
}

func (c *clockwork) read() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clockwork) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// said is the change that a visitor's next message makes.
func said(t *testing.T, st *Store, id core.ConversationID, origin core.Origin) core.Change {
	t.Helper()
	c, err := st.Load(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	rules, _ := core.DefaultSettings().Rules("default")
	by := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v_" + string(id)}}
	change, err := core.Step(c, rules, start, core.Said{
		Frame: core.Frame{By: by, Origin: origin, N: c.HeardOf(by.Party, origin).N + 1},
		Site:  "default", Body: core.Body{Kind: core.KindText, Text: "hello"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return change
}

func length(t *testing.T, st *Store, id core.ConversationID) int {
	t.Helper()
	events, err := st.After(t.Context(), id, 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	return len(events)
}

// hold keeps the writer at a job of its own until release is called, so that
// what is written meanwhile becomes one batch.
func hold(t *testing.T, st *Store) (release func()) {
	t.Helper()
	gate, inside, ended := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	go func() {
		ended <- st.writer.write(t.Context(), func(context.Context, *statements) error {
			close(inside)
			<-gate
			return nil
		})
	}()
	<-inside
	return func() {
		close(gate)
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// together runs the writes as one batch, in the order given, and returns
// their results.
func together(t *testing.T, st *Store, writes ...func() error) []error {
	t.Helper()
	release := hold(t, st)
	results := make([]error, len(writes))
	var done sync.WaitGroup
	for i, write := range writes {
		done.Go(func() { results[i] = write() })
		eventually(t, fmt.Sprintf("write %d queues up", i), func() bool { return len(embeddedWriter(st).jobs) == i+1 })
	}
	release()
	done.Wait()
	return results
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	deadline, again := time.After(10*time.Second), time.NewTicker(time.Millisecond)
	defer again.Stop()
	for !is() {
		select {
		case <-again.C:
		case <-deadline:
			t.Fatalf("it does not happen that %s", what)
		}
	}
}

func codes(errs []error) (out []core.Code) {
	for _, err := range errs {
		out = append(out, core.CodeOf(err))
	}
	return out
}

func wantCodes(t *testing.T, got []error, want ...core.Code) {
	t.Helper()
	if g, w := fmt.Sprintf("%q", codes(got)), fmt.Sprintf("%q", want); g != w {
		t.Fatalf("the batch ended %s, want %s: %v", g, w, errors.Join(got...))
	}
}

// embeddedWriter is the writer on SQLite.
func embeddedWriter(st *Store) *single { return st.writer.(*single) }
