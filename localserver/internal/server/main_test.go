package server

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"kefu/core"
	"kefu/core/memstore"
	"kefu/localserver/internal/config"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, // certmagic has a limiter for the process, and looks every 5 s if a lock is still its own
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).permit"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"))
}

// store is a memstore that can be made to fail, and notices who comes after
// Close.
type store struct {
	*memstore.Store
	commit func(ctx context.Context) error // nil: none; before the memstore's
	due    func() error                    // nil: none; instead of the memstore's

	mu     sync.Mutex
	closed bool // guarded by mu
	late   int  // guarded by mu: commits after Close
}

func newStore() *store { return &store{Store: memstore.New("epoch")} }

func (s *store) open(context.Context, string) (Store, error) { return s, nil }

func (s *store) Commit(ctx context.Context, c core.Change) error {
	s.mu.Lock()
	if s.closed {
		s.late++
	}
	s.mu.Unlock()
	if s.commit != nil {
		if err := s.commit(ctx); err != nil {
			return err
		}
	}
	return s.Store.Commit(ctx, c)
}

func (s *store) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	if s.due != nil {
		return nil, s.due()
	}
	return s.Store.Due(ctx, after, until, limit)
}

func (s *store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return nil
}

// settings are those of a server on ports of the system's choice.
func settings(t *testing.T) config.Config {
	c := config.Default()
	c.Listen, c.Ops, c.Data, c.Drain.Window = "127.0.0.1:0", "127.0.0.1:0", t.TempDir()+"/data", 2*time.Second
	return c
}

// begin opens a server and runs it. end has it leave, and returns what Run
// did; the test's end does so too.
func begin(t *testing.T, o Options) (s *Server, end func() error) {
	t.Helper()
	o.Now = time.Now
	s, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() { result <- s.Run(ctx) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-result
	})
	t.Cleanup(func() {
		_ = end()
		http.DefaultClient.CloseIdleConnections()
	})
	return s, end
}

// get returns the status and the body of a page.
func get(t *testing.T, url string) (int, string) {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, strings.TrimSpace(string(body))
}

// visitor connects one, and returns it once it is welcome.
func visitor(t *testing.T, s *Server) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.CloseNow() })
	send(t, c, `{"type":"hello","v":1,"origin":"origin-1"}`)
	if f := receive(t, c); f.Type != "welcome" {
		t.Fatalf("got %+v", f)
	}
	return c
}

func say(n int) string {
	return fmt.Sprintf(`{"type":"send","origin":"origin-1","n":%d,"body":{"kind":"text","text":"hi"}}`, n)
}

func send(t *testing.T, c *websocket.Conn, frame string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(frame)); err != nil {
		t.Fatal(err)
	}
}

// frame is what the tests look at in a server's frame.
type frame struct {
	Type   string
	N      int
	Code   any
	Window int
}

func receive(t *testing.T, c *websocket.Conn) frame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, m, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var f frame
	if err := json.Unmarshal(m, &f); err != nil {
		t.Fatalf("%v: %s", err, m)
	}
	return f
}

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it never happened: %s", what)
		}
	}
}

// record is a log whose lines can be counted.
type record struct {
	mu    sync.Mutex
	lines []string
}

func (r *record) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, string(p))
	return len(p), nil
}

func (r *record) logger() *slog.Logger { return slog.New(slog.NewTextHandler(r, nil)) }

// with counts the lines that contain a text.
func (r *record) with(text string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, l := range r.lines {
		if strings.Contains(l, text) {
			n++
		}
	}
	return n
}
