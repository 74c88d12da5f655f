package hub

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"kefu/core"
	"kefu/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start returns a hub that runs until the test ends. What o leaves out
// decides at once, and dispatches nothing.
func start(t *testing.T, o Options) *Hub {
	t.Helper()
	if o.Decide == nil {
		o.Decide = func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			c.Seq++
			return core.Change{Conversation: c}, nil
		}
	}
	if o.Dispatch == nil {
		o.Dispatch = func(context.Context, core.GroupID) error { return nil }
	}
	o.Now = time.Now
	h := New(t.Context(), o)
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { h.Run(ctx) })
	t.Cleanup(func() {
		for _, c := range h.connections() {
			h.Disconnect(c) // there is no reader to do it
		}
		h.Close()
		cancel()
		running.Wait()
	})
	return h
}

// note is an input that says which one it is.
func note(n int) core.Input { return core.Said{Frame: core.Frame{N: uint64(n)}} }

func number(in core.Input) int { return int(in.(core.Said).N) }

// outcomes collects what done is called with.
type outcomes struct {
	mu  sync.Mutex
	all []error
}

func (o *outcomes) done(_ core.Change, err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.all = append(o.all, err)
}

// codes counts the outcomes by their code.
func (o *outcomes) codes() map[core.Code]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	count := map[core.Code]int{}
	for _, err := range o.all {
		count[core.CodeOf(err)]++
	}
	return count
}

// line is the far end of a connection, as a Wire. It takes everything at
// once, unless it is stalled.
type line struct {
	mu     sync.Mutex
	got    [][]byte
	closed wire.CloseCode
	cuts   int

	stalled chan struct{} // not nil: Write and Close wait until it is closed, or the line is cut
	cut     chan struct{}
	broken  bool // Write fails
}

func newLine() *line { return &line{cut: make(chan struct{})} }

func (l *line) wait() error {
	if l.stalled == nil {
		return nil
	}
	select {
	case <-l.stalled:
		return nil
	case <-l.cut:
		return errors.New("cut")
	}
}

func (l *line) Write(m []byte) error {
	if err := l.wait(); err != nil || l.broken {
		return errors.New("broken")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.got = append(l.got, bytes.Clone(m))
	return nil
}

func (l *line) Close(code wire.CloseCode, _ string) {
	if l.wait() != nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.closed = code
}

func (l *line) Abort() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.cuts++; l.cuts == 1 {
		close(l.cut)
	}
}

// frames returns what arrived, batches taken apart, and how many messages it
// came in.
func (l *line) frames(t *testing.T) (frames []string, messages int) {
	t.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, m := range l.got {
		if m[0] != '[' {
			frames = append(frames, string(m))
			continue
		}
		var batch []json.RawMessage
		if err := json.Unmarshal(m, &batch); err != nil {
			t.Fatalf("a batch is not JSON: %s", m)
		}
		if len(m) > batchBytes || len(batch) > batchFrames {
			t.Fatalf("a batch has %d bytes and %d frames", len(m), len(batch))
		}
		for _, f := range batch {
			frames = append(frames, string(f))
		}
	}
	return frames, len(l.got)
}

func (l *line) code() wire.CloseCode {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.closed
}

func (l *line) aborted() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cuts > 0
}

// connect opens a connection over l.
func connect(t *testing.T, h *Hub, l *line) *Conn {
	t.Helper()
	if !h.Reserve() {
		t.Fatal("no place for a connection")
	}
	return h.Connect(l, "", "192.0.2.1")
}

// record is a log that counts its lines by message.
type record struct {
	mu    sync.Mutex
	count map[string]int
}

func (r *record) logger() *slog.Logger {
	r.count = map[string]int{}
	return slog.New(slog.NewTextHandler(r, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.MessageKey {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.count[a.Value.String()]++
		}
		return a
	}}))
}

func (*record) Write(p []byte) (int, error) { return len(p), nil }

func (r *record) of(message string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.count[message]
}

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if await(ctx, so) != nil {
		t.Fatalf("it never happened: %s", what)
	}
}

// pass lets time go by on the clock of a synctest bubble.
func pass(d time.Duration) { <-time.After(d) }
