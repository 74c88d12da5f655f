package httpapi

import (
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net"
	"net/http"
	"net/netip"
	"path"
	"runtime/debug"
	"strings"
	"time"

	"kefu/core"
)

// maxBody is how many bytes the body of a request may have.
const maxBody = 64 << 10

func errTooLarge() error {
	return core.Errorf(core.TooLarge, "a request may have %d bytes", maxBody)
}

// guard stands before the operations: it gives a request its id and its time,
// turns away what no operation has to see, and survives what goes wrong.
type guard struct {
	Options
	mux     *http.ServeMux
	origins *http.CrossOriginProtection
}

// request is what an operation knows of its request besides the input.
type request struct {
	id   string
	addr string // of the client, without the port; empty if unknown
}

type requestKey struct{}

func requestOf(ctx context.Context) request {
	r, _ := ctx.Value(requestKey{}).(request)
	return r
}

func (g *guard) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	w := &writer{ResponseWriter: rw}
	info := request{id: g.newID(), addr: addrOf(r.RemoteAddr)}
	apiHeaders(w.Header(), info.id)
	ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), requestKey{}, info), g.Timeout)
	defer cancel()
	r = r.WithContext(ctx)
	defer g.end(w, r, g.Now())
	if p := g.refuse(r); p != nil {
		if r.Method == http.MethodOptions && p.allow != "" {
			w.Header().Set("Allow", p.allow) // and nothing that lets pages of other origins in
			w.WriteHeader(http.StatusNoContent)
			return
		}
		p.write(w)
		return
	}
	r.Header.Set("Content-Type", "application/json") // refuse saw to it; huma would compare it letter by letter
	g.mux.ServeHTTP(w, r)
}

// end logs the request, and turns a panic into an answer if there was none.
func (g *guard) end(w *writer, r *http.Request, began time.Time) {
	id := requestOf(r.Context()).id
	if v := recover(); v != nil {
		if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
			panic(v)
		}
		g.Log.LogAttrs(r.Context(), slog.LevelError, "request panicked", slog.String("request", id),
			slog.String("route", r.Pattern), slog.Any("panic", v), slog.String("stack", string(debug.Stack())))
		if w.status != 0 {
			panic(http.ErrAbortHandler) // half an answer must not look like a whole one
		}
		problemOf(nil, id).write(w)
	}
	g.Log.LogAttrs(r.Context(), slog.LevelDebug, "request", slog.String("request", id),
		slog.String("method", r.Method), slog.String("route", r.Pattern), slog.Int("status", w.status),
		slog.Duration("took", g.Now().Sub(began)))
}

// refuse returns why no operation has to see the request, or nil.
func (g *guard) refuse(r *http.Request) *Problem {
	id := requestOf(r.Context()).id
	if p := g.unrouted(r, id); p != nil {
		return p
	}
	switch {
	case g.origins.Check(r) != nil:
		return problemOf(core.Errorf(core.Forbidden, "a page of another origin may not do that"), id)
	case r.ContentLength > maxBody && (r.URL.Path != "/v1/knowledge/import" || r.ContentLength > maxImport):
		return problemOf(errTooLarge(), id)
	case r.ContentLength != 0 && !isJSON(r.Header.Get("Content-Type")):
		return problemOf(core.Errorf(core.Invalid, "Content-Type: application/json is expected"), id).as(http.StatusUnsupportedMediaType)
	}
	return nil
}

// unrouted returns 404 or 405 for what the mux has no handler for, or nil. The
// mux would redirect a path that is not clean; here nothing is at it.
func (g *guard) unrouted(r *http.Request, id string) *Problem {
	notFound := problemOf(core.Errorf(core.NotFound, "there is nothing here"), id)
	if path.Clean(r.URL.Path) != r.URL.Path {
		return notFound
	}
	fallback, pattern := g.mux.Handler(r)
	if pattern != "" {
		return nil
	}
	said := unsent{header: http.Header{}} // which of the two it is, only the mux's own answer tells
	fallback.ServeHTTP(said, r)
	allow := said.header.Get("Allow")
	if allow == "" {
		return notFound
	}
	p := problemOf(core.Errorf(core.Invalid, "the method must be one of %s", allow), id).as(http.StatusMethodNotAllowed)
	p.allow = allow + ", OPTIONS"
	return p
}

// isJSON also keeps forms of other sites out: a page can send those without
// asking first.
func isJSON(contentType string) bool {
	kind, params, err := mime.ParseMediaType(contentType)
	charset, given := params["charset"]
	return err == nil && kind == "application/json" && (!given || strings.EqualFold(charset, "utf-8"))
}

// newID returns a name for a request: 16 characters, 80 bits.
func (g *guard) newID() string {
	raw := make([]byte, 10)
	if _, err := io.ReadFull(g.Random, raw); err != nil {
		_, _ = rand.Read(raw) // never fails; a request must not for want of a name
	}
	return strings.ToLower(base32.StdEncoding.EncodeToString(raw))
}

// addrOf returns the address of a client as text that is the same for the same
// client: no port, no zone, IPv4 never as IPv6. Headers do not count, since
// anybody can write them.
func addrOf(remote string) string {
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote // Lambda has no port to tell
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return ""
	}
	return addr.Unmap().WithZone("").String()
}

// writer remembers the status, and lets the first one count: what is behind a
// refusal of huma's is found out after huma chose a status but before it is
// sent, see api.translate.
type writer struct {
	http.ResponseWriter
	status int // 0: nothing sent yet
}

func (w *writer) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
		w.ResponseWriter.WriteHeader(status)
	}
}

func (w *writer) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.ResponseWriter.Write(b)
}

// Unwrap lets deadlines be set through w.
func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// unsent is a ResponseWriter that keeps the headers and drops the rest.
type unsent struct{ header http.Header }

func (u unsent) Header() http.Header         { return u.header }
func (u unsent) WriteHeader(int)             {}
func (u unsent) Write(b []byte) (int, error) { return len(b), nil }
