package ops

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"
)

// handler is one whose server counts nothing yet.
func handler(ready func(context.Context) error) *Handler {
	m, log := NewMetrics("test"), slog.New(slog.DiscardHandler)
	return New(ready, nil, m, NewFlight("", m, time.Now, log), log)
}

// It has started once it was ready, whatever becomes of the store.
func TestStarted(t *testing.T) {
	failure := errors.New("migrating")
	h := handler(func(context.Context) error { return failure })
	status := func() int {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/startupz", nil))
		return w.Code
	}
	if got := status(); got != 503 {
		t.Errorf("before: %d", got)
	}
	failure = nil
	if got := status(); got != 200 {
		t.Errorf("then: %d", got)
	}
	failure = errors.New("away")
	if got := status(); got != 200 {
		t.Errorf("later: %d", got)
	}
}

func TestHealth(t *testing.T) {
	var failure error
	h := handler(func(context.Context) error { return failure })
	expect := func(method, path string, status int, body string) {
		t.Helper()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(method, path, nil))
		if w.Code != status || body != "" && w.Body.String() != body+"\n" {
			t.Errorf("%s %s: %d %q, want %d %q", method, path, w.Code, w.Body, status, body)
		}
	}
	expect("GET", "/livez", 200, "ok")
	expect("GET", "/readyz", 200, "ok")
	expect("HEAD", "/readyz", 200, "")
	expect("POST", "/readyz", http.StatusMethodNotAllowed, "")
	expect("GET", "/", http.StatusNotFound, "")
	expect("GET", "/metrics", 200, "")
	expect("GET", "/debug/pprof/", 200, "")
	expect("GET", "/debug/pprof/goroutine?debug=1", 200, "")
	expect("GET", "/debug/flight", 404, "nothing is recorded: trace.slow is 0s")

	failure = errors.New("disk /var/lib/secret is full")
	expect("GET", "/livez", 200, "ok")
	expect("GET", "/readyz", 503, "the store is not ready")
	failure = nil
	expect("GET", "/readyz", 200, "ok")
	h.Drain()
	expect("GET", "/readyz", 503, "draining")
	expect("GET", "/livez", 200, "ok")
}

// A store that hangs is not ready, and does not hang the answer.
func TestReadyIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := handler(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() })
		begin := time.Now()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		if w.Code != 503 || time.Since(begin) != readyWithin {
			t.Errorf("%d after %s", w.Code, time.Since(begin))
		}
	})
}
