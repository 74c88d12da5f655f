package hub

import (
	"context"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// tally is a Meter that remembers.
type tally struct {
	mu      sync.Mutex
	decided []error
	took    []time.Duration
	queued  int
	written int
	full    int
	closed  []wire.CloseCode
}

func (m *tally) Decided(_ core.Input, _ core.Change, took time.Duration, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.decided, m.took = append(m.decided, err), append(m.took, took)
}

func (m *tally) Queued([]byte) { m.count(&m.queued) }

func (m *tally) Written(time.Duration) { m.count(&m.written) }

func (m *tally) Full() { m.count(&m.full) }

func (m *tally) Closed(code wire.CloseCode) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.closed = append(m.closed, code)
}

func (m *tally) count(n *int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	*n++
}

// metered is a hub with room for one connection, which takes a while to decide.
func metered(t *testing.T, m Meter) *Hub {
	h := New(t.Context(), Options{
		Now: time.Now, Connections: 1, Meter: m,
		Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			<-time.After(time.Millisecond)
			return core.Change{Conversation: c}, nil
		},
		Dispatch: func(context.Context, core.GroupID) error { return nil },
	})
	t.Cleanup(h.Close)
	return h
}

// Of 33 messages the first, the 17th and the last are measured; how a
// connection ended is counted once, and nothing of it stays in the stats.
func TestMeterOfConnections(t *testing.T) {
	m := new(tally)
	h := metered(t, m)
	if !h.Reserve() || h.Reserve() || m.full != 1 {
		t.Errorf("there is room for one, and %d found none", m.full)
	}
	c := h.Connect(new(sink), "", "")
	for range 33 {
		c.Send([]byte(`{}`))
		if err := await(t.Context(), c.idle); err != nil {
			t.Fatal(err)
		}
	}
	if s := h.Stats(); s != (Stats{Silent: 1}) || m.queued != 33 || m.written != 3 {
		t.Errorf("%+v, %d queued, %d written", s, m.queued, m.written)
	}
	c.Close(wire.CloseStale, "")
	h.Disconnect(c)
	if s := h.Stats(); s != (Stats{}) || len(m.closed) != 1 || m.closed[0] != wire.CloseStale {
		t.Errorf("%+v, closed with %v", s, m.closed)
	}
	h.Limit(0)
	if h.Reserve() {
		t.Error("there is room beyond the limit")
	}
	h.Limit(1)
	if !h.Reserve() {
		t.Error("there is no room below the limit")
	}
	h.Disconnect(h.Connect(new(sink), "", "")) // the other side left
	if len(m.closed) != 2 || m.closed[1] != 0 {
		t.Errorf("closed with %v", m.closed)
	}
}

// idle reports whether all that was queued is written.
func (c *Conn) idle() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return !c.flushing
}

// A letter is measured from when it was put in, its wait for others included;
// one that found no place is told of too.
func TestMeterOfLetters(t *testing.T) {
	m := new(tally)
	h := metered(t, m)
	done := make(chan struct{}, 2)
	for range 2 {
		h.Tell(t.Context(), "c_1", note(1), func(core.Change, error) { done <- struct{}{} })
	}
	<-done
	<-done
	if err := await(t.Context(), func() bool { return h.Stats() == Stats{} }); err != nil {
		t.Fatal(err)
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.took) != 2 || m.took[0] < time.Millisecond || m.took[1] < m.took[0] {
		t.Errorf("they took %v", m.took)
	}
	m.mu.Unlock()
	h.refuse()
	h.Tell(t.Context(), "c_1", note(2), func(core.Change, error) {})
	m.mu.Lock()
	if len(m.decided) != 3 || core.CodeOf(m.decided[2]) != core.Unavailable {
		t.Errorf("they came to %v", m.decided)
	}
}
