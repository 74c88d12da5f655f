package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/localserver/internal/backup"
	"kefu/localserver/internal/config"
)

// kept opens a server on SQLite whose clock the test moves.
func kept(t *testing.T, change func(*config.Config)) (*Server, *atomic.Pointer[time.Time], *record) {
	t.Helper()
	var clock atomic.Pointer[time.Time]
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	clock.Store(&at)
	c := settings(t)
	change(&c)
	var log record
	s, err := Open(t.Context(), Options{Config: c, Now: func() time.Time { return *clock.Load() }, Log: log.logger()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, &clock, &log
}

func pass(clock *atomic.Pointer[time.Time], d time.Duration) {
	at := clock.Load().Add(d)
	clock.Store(&at)
}

// Copies are made when they are due, whole, and the newest stay; whatever else
// is in that directory is left alone.
func TestScheduledCopies(t *testing.T) {
	dir := t.TempDir()
	s, clock, log := kept(t, func(c *config.Config) { c.Backup = config.Backup{Every: time.Hour, Keep: 2, Dir: dir} })
	if err := os.WriteFile(filepath.Join(dir, "kefu-mine.db"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	there := func() []string {
		names, _, err := copiesIn(dir)
		if err != nil {
			t.Fatal(err)
		}
		return names
	}
	for range 4 {
		s.copyIfDue(t.Context())
		s.copyIfDue(t.Context()) // not again so soon
		pass(clock, time.Hour)
	}
	want := []string{"kefu-20260105T110000Z.db", "kefu-20260105T120000Z.db"}
	if got := there(); !slices.Equal(got, want) {
		t.Fatalf("kept are %v, want %v; %q", got, want, log.lines)
	}
	if _, err := backup.Verify(t.Context(), filepath.Join(dir, want[1])); err != nil {
		t.Error(err)
	}
	last := time.Date(2026, 1, 5, 12, 0, 0, 0, time.UTC).Unix()
	_, text := scrape(t, s)
	for _, line := range []string{fmt.Sprintf("kefu_backup_last_success_timestamp_seconds %v", float64(last)), `kefu_backups_total{result="ok"} 4`} {
		if !strings.Contains(text, line) {
			t.Errorf("no %s", line)
		}
	}
	// The clock is set back a month: it does not wait for a month.
	pass(clock, -31*24*time.Hour)
	s.copyIfDue(t.Context())
	if got := there(); !slices.Contains(got, want[1]) {
		t.Errorf("the newest is gone: %v", got)
	}
	if _, err := os.Stat(filepath.Join(dir, "kefu-mine.db")); err != nil {
		t.Error(err)
	}
}

// A copy that can not be made is an error in the log and in a metric, and is
// tried again a minute later.
func TestCopyFails(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "backups")
	if err := os.WriteFile(dir, nil, 0o600); err != nil { // a file where the directory should be
		t.Fatal(err)
	}
	s, clock, log := kept(t, func(c *config.Config) { c.Backup = config.Backup{Every: time.Hour, Keep: 2, Dir: dir} })
	s.copyIfDue(t.Context())
	_, text := scrape(t, s)
	if !strings.Contains(text, `kefu_backups_total{result="failed"} 1`) || log.with("no copy of the database could be made") != 1 {
		t.Errorf("%q", log.lines)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	pass(clock, 2*time.Minute)
	s.copyIfDue(t.Context())
	if names, _, err := copiesIn(dir); err != nil || len(names) != 1 {
		t.Errorf("then %v, %v", names, err)
	}
}

// What is past its time goes by itself, with its files.
func TestRetention(t *testing.T) {
	s, clock, log := kept(t, func(c *config.Config) { c.Retention = config.Retention{Age: 30, Sites: "shop=0d"} })
	closed(t, s, "default", "v_1")
	closed(t, s, "shop", "v_2")
	s.expire(t.Context())
	if log.with("past its time") != 0 {
		t.Errorf("too early: %q", log.lines)
	}
	pass(clock, 31*24*time.Hour)
	s.expire(t.Context())
	if log.with("conversations=1") != 1 {
		t.Errorf("nothing went: %q", log.lines)
	}
	if _, text := scrape(t, s); !strings.Contains(text, "kefu_expired_conversations_total 1") {
		t.Error("it was not counted")
	}
}

func scrape(t *testing.T, s *Server) (int, string) {
	t.Helper()
	w := newRecorder()
	s.metrics.Handler().ServeHTTP(w, newRequest(t))
	return w.Code, w.Body.String()
}

func newRecorder() *httptest.ResponseRecorder { return httptest.NewRecorder() }

func newRequest(t *testing.T) *http.Request {
	return httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/metrics", nil)
}

// closed stores a conversation that is over.
func closed(t *testing.T, s *Server, site core.SiteID, visitor string) {
	t.Helper()
	at := s.Now().UTC().Truncate(time.Millisecond)
	id := core.ConversationOf(site, core.VisitorID(visitor))
	c := core.Conversation{ID: id, Site: site, Visitor: core.VisitorID(visitor), Seq: 1, Public: 1, At: at, Session: core.Session{Number: 1, Phase: core.Closed, Since: at}}
	e := core.Event{Seq: 1, Session: 1, At: at, Body: core.Body{Kind: core.KindClosed, Reason: core.ByRequest}}
	if err := s.store.Commit(t.Context(), core.Change{Conversation: c, Events: []core.Event{e}, Moved: true}); err != nil {
		t.Fatal(err)
	}
}
