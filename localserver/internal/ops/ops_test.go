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

func TestHealth(t *testing.T) {
	var failure error
	h := New(func(context.Context) error { return failure }, slog.New(slog.DiscardHandler))
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
		h := New(func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }, slog.New(slog.DiscardHandler))
		begin := time.Now()
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest("GET", "/readyz", nil))
		if w.Code != 503 || time.Since(begin) != readyWithin {
			t.Errorf("%d after %s", w.Code, time.Since(begin))
		}
	})
}
