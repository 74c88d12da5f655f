package hub

import (
	"context"
	"errors"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// What was accepted is decided, and its answer goes out before the bye; then
// there is nobody left.
func TestDrain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			pass(time.Second) // a slow disk
			return core.Change{Conversation: c}, nil
		}})
		a, l := guest(t, h, "1", "a", "x")
		hangUpWhenClosed(h, a, l)
		for n := range 3 {
			h.Tell(t.Context(), "c", note(n), func(core.Change, error) {
				h.Each(t.Context(), []desk.Topic{"x"}, func(*desk.Peer) { a.Send(frame(n)) })
			})
		}
		drained := make(chan error)
		go func() { drained <- h.Drain(t.Context(), 4500*time.Millisecond) }()
		synctest.Wait()
		var got outcomes
		h.Tell(t.Context(), "c", note(9), got.done)
		if got.codes()[core.Unavailable] != 1 || h.Reserve() || l.code() != 0 {
			t.Errorf("while it drains: %v, closed %d", got.codes(), l.code())
		}
		if err := <-drained; err != nil {
			t.Error(err)
		}
		want := []string{string(frame(0)), string(frame(1)), string(frame(2)),
			`{"type":"bye","code":4000,"reason":"the server is going away","window":5}`}
		if frames, _ := l.frames(t); !slices.Equal(frames, want) || l.code() != wire.CloseShutdown {
			t.Errorf("closed with %d after %q", l.code(), frames)
		}
		if len(h.connections()) != 0 || !h.quiet() {
			t.Error("something is left")
		}
	})
}

// hangUpWhenClosed plays the reader of a connection: it disconnects once l is
// closed or cut.
func hangUpWhenClosed(h *Hub, c *Conn, l *line) {
	go func() {
		for l.code() == 0 && !l.aborted() {
			pass(time.Millisecond)
		}
		h.Disconnect(c)
	}()
}

// Who takes nothing, and a store that hangs, hold Drain up only for so long;
// Close then ends them.
func TestDrainIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{Decide: func(ctx context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			<-ctx.Done()
			return core.Change{Conversation: c}, ctx.Err()
		}})
		a, l := guest(t, h, "1", "a", "x")
		b, m := guest(t, h, "2", "b", "x")
		l.stalled = make(chan struct{})
		hangUpWhenClosed(h, a, l)
		hangUpWhenClosed(h, b, m)
		var got outcomes
		h.Tell(t.Context(), "c", note(1), got.done)
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		begin := time.Now()
		time.AfterFunc(1600*time.Millisecond, func() {
			if m.code() != wire.CloseShutdown {
				t.Error("a store that hangs keeps the bye back")
			}
		})
		if err := h.Drain(ctx, time.Second); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		if took := time.Since(begin); took != 3*time.Second || l.aborted() {
			t.Errorf("it took %s, cut %v", took, l.aborted())
		}
		begin = time.Now()
		h.Close()
		if took := time.Since(begin); took > time.Second || !l.aborted() || got.codes()[core.Internal] != 1 {
			t.Errorf("Close took %s, cut %v, outcomes %v", took, l.aborted(), got.codes())
		}
	})
}

// Drain and Close meet connections in every state of coming and going.
func TestCloseWhileTheyCome(t *testing.T) {
	for range 20 {
		h := start(t, Options{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for h.Reserve() {
					l := newLine()
					c := h.Connect(l, "", "")
					_ = h.Join(t.Context(), c.Peer, "x")
					c.Send(frame(1))
					h.Tell(context.Background(), "c", note(1), func(core.Change, error) { c.Send(frame(2)) })
					h.Disconnect(c)
				}
			})
		}
		_ = h.Drain(t.Context(), 0) // it may come before the last of them
		h.Close()
		all.Wait()
		if h.open != 0 || len(h.conns) != 0 || len(h.rooms) != 0 {
			t.Errorf("left: %d places, %d connections, %d rooms", h.open, len(h.conns), len(h.rooms))
		}
	}
}
