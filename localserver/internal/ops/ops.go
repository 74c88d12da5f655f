// Package ops is what the operator of a server looks at, on a listener of its
// own that is not for the public.
//
//	GET /livez          200 as long as the process can answer at all
//	GET /readyz         200 if it takes work: the store can be written, and
//	                    nobody has asked it to leave; else 503, and in one line
//	                    why not. A line "warning: …" for each model that fails:
//	                    people answer in its place
//	GET /startupz       503 until it was ready once, 200 from then on
//	GET /metrics        everything that is counted, for Prometheus; see Metrics
//	GET /debug/pprof/   profiles of the program, as of net/http/pprof
//	GET /debug/flight   the last seconds, for go tool trace; see Flight
//
// A balancer asks /readyz and sends work elsewhere; whoever restarts what
// hangs asks /livez, which depends on nothing that a restart would not cure.
package ops

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"
)

// readyWithin is how long the store may take to say that it is ready.
const readyWithin = 2 * time.Second

// Handler answers. Make one with New.
type Handler struct {
	// Static after New.
	ready func(context.Context) error
	warn  func(context.Context) []string
	log   *slog.Logger
	mux   http.ServeMux

	draining atomic.Bool
	started  atomic.Bool
}

// New returns a handler that is ready when ready says so; why it is not is
// logged, not shown. What warn says, if it is not nil, is added to the answer of one that is ready.
func New(ready func(context.Context) error, warn func(context.Context) []string, m *Metrics, f *Flight, log *slog.Logger) *Handler {
	if warn == nil {
		warn = func(context.Context) []string { return nil }
	}
	h := &Handler{ready: ready, warn: warn, log: log}
	h.mux.HandleFunc("GET /livez", func(w http.ResponseWriter, _ *http.Request) { answer(w, http.StatusOK, "ok") })
	h.mux.HandleFunc("GET /readyz", h.readyz)
	h.mux.HandleFunc("GET /startupz", h.startupz)
	h.mux.Handle("GET /metrics", m.Handler())
	h.mux.Handle("GET /debug/flight", f)
	h.mux.HandleFunc("/debug/pprof/", pprof.Index)
	h.mux.HandleFunc("/debug/pprof/cmdline", pprof.Cmdline)
	h.mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	h.mux.HandleFunc("/debug/pprof/symbol", pprof.Symbol)
	h.mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	return h
}

// Drain has the server no longer ready, for good.
func (h *Handler) Drain() { h.draining.Store(true) }

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) { h.mux.ServeHTTP(w, r) }

func (h *Handler) readyz(w http.ResponseWriter, r *http.Request) {
	switch {
	case h.draining.Load():
		answer(w, http.StatusServiceUnavailable, "draining")
	case !h.asked(r.Context()):
		answer(w, http.StatusServiceUnavailable, "the store is not ready")
	default:
		lines := []string{"ok"}
		for _, l := range h.warn(r.Context()) {
			lines = append(lines, "warning: "+l)
		}
		answer(w, http.StatusOK, strings.Join(lines, "\n"))
	}
}

func (h *Handler) startupz(w http.ResponseWriter, r *http.Request) {
	if !h.started.Load() && !h.asked(r.Context()) {
		answer(w, http.StatusServiceUnavailable, "the store is not ready")
		return
	}
	answer(w, http.StatusOK, "ok")
}

// asked reports whether the store is ready, as it says itself.
func (h *Handler) asked(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, readyWithin)
	defer cancel()
	if err := h.ready(ctx); err != nil {
		h.log.Warn("not ready", "error", err)
		return false
	}
	h.started.Store(true)
	return true
}

func answer(w http.ResponseWriter, status int, line string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, line+"\n") // who asked may have gone
}
