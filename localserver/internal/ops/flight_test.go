package ops

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"kefu/core"
)

// clock is a time that the test moves.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// sends has m see n messages of which some were slow.
func sends(m *Metrics, n, slow int) {
	for i := range n {
		took := time.Millisecond
		if i < slow {
			took = time.Second
		}
		m.Decided(core.Said{}, core.Change{}, took, nil)
	}
}

func TestFlight(t *testing.T) {
	c, m, dir := &clock{now()}, NewMetrics(""), filepath.Join(t.TempDir(), "traces")
	var log bytes.Buffer
	f := NewFlight(dir, m, c.now, slog.New(slog.NewTextHandler(&log, nil)))
	files := func() []string {
		found, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		return found
	}
	look := func(after time.Duration, want int, what string) {
		t.Helper()
		c.at = c.at.Add(after)
		f.Look()
		if got := files(); len(got) != want {
			t.Errorf("%s: %v", what, got)
		}
	}
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		f.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/debug/flight", nil))
		return w
	}
	sends(m, 1000, 1000)
	look(flightLook, 0, "it is off")
	if w := ask(); w.Code != http.StatusNotFound {
		t.Errorf("off: %d %s", w.Code, w.Body)
	}
	if err := f.Bound(100 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sends(m, 1000, 10)
	look(flightLook, 0, "one of a hundred is the p99")
	sends(m, 99, 99)
	look(flightLook, 0, "too few to tell")
	sends(m, 1000, 11)
	look(time.Second, 0, "not time to look")
	look(flightLook, 1, "more than one of a hundred")
	for _, name := range files() {
		if info, err := os.Stat(name); err != nil || info.Size() == 0 || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
	sends(m, 1000, 1000)
	look(flightLook, 1, "it goes on; one file is enough")
	for range 4 {
		sends(m, 1000, 1000)
		look(flightPause, min(len(files())+1, flightFiles), "later")
	}
	if n := strings.Count(log.String(), "messages are slow"); n != 5 {
		t.Errorf("%d lines in the log:\n%s", n, &log)
	}
	if w := ask(); w.Code != http.StatusOK || w.Body.Len() == 0 {
		t.Errorf("on: %d, %d bytes", w.Code, w.Body.Len())
	}
}

// Where no file can be written that is said, and nothing else happens.
func TestFlightWithoutDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	c, m := &clock{now()}, NewMetrics("")
	var log bytes.Buffer
	f := NewFlight(filepath.Join(file, "traces"), m, c.now, slog.New(slog.NewTextHandler(&log, nil)))
	if err := f.Bound(time.Millisecond); err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	sends(m, 1000, 1000)
	c.at = c.at.Add(flightLook)
	f.Look()
	if !strings.Contains(log.String(), "no trace of it could be written") {
		t.Errorf("the log: %s", &log)
	}
}
