package server

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
)

// A disk that hangs holds up whoever writes, and only them: others are answered,
// nobody is told that something is stored before it is, and all of it is when
// the disk comes back.
//
// It is the store's port that hangs here: to slow a real disk down takes a
// cgroup that may not be there, and what a commit costs above it is the same.
func TestSlowDisk(t *testing.T) {
	st := newStore()
	gate, slow := make(chan struct{}), atomic.Bool{}
	st.commit = func(ctx context.Context) error {
		if slow.Load() {
			select {
			case <-gate:
			case <-ctx.Done():
				return core.Errorf(core.Unavailable, "given up")
			}
		}
		return nil
	}
	s, _ := begin(t, Options{Config: settings(t), OpenStore: st.open})
	writes, reads := visitor(t, s), visitor(t, s)
	send(t, writes, say(1))
	for receive(t, writes).Type != "ack" {
	}
	slow.Store(true)
	send(t, writes, say(2))
	for range 20 {
		send(t, reads, `{"type":"ping"}`)
		for receive(t, reads).Type != "pong" {
		}
	}
	if status, _ := get(t, "http://"+s.Addr().String()+"/v1/openapi.json"); status != http.StatusOK {
		t.Errorf("the API says %d", status)
	}
	send(t, writes, `{"type":"ping"}`) // its own reader goes on too
	for f := receive(t, writes); f.Type != "pong"; f = receive(t, writes) {
		if f.Type == "ack" {
			t.Fatal("acknowledged before it was stored")
		}
	}
	slow.Store(false)
	close(gate)
	for f := receive(t, writes); f.Type != "ack" || f.N != 2; f = receive(t, writes) {
	}
}

// The clock of the machine is set back and forth: events never go back in time,
// what is said is stored, and nobody who is connected is dropped for it. (What
// is measured in a connection is measured by the clock that is never set.)
func TestClockStepped(t *testing.T) {
	var offset atomic.Int64
	st := newStore()
	c := settings(t)
	s, err := Open(t.Context(), Options{Config: c, OpenStore: st.open, Now: func() time.Time {
		now := time.Now()
		return now.Add(time.Duration(offset.Load()))
	}})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- s.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-over; err != nil {
			t.Error(err)
		}
		http.DefaultClient.CloseIdleConnections()
	}()
	vi := visitor(t, s)
	n := 0
	for _, step := range []time.Duration{0, -2 * time.Hour, -time.Hour, 0, 20 * time.Second, 0} {
		offset.Store(int64(step))
		n++
		send(t, vi, say(n))
		for f := receive(t, vi); f.Type != "ack" || f.N != n; f = receive(t, vi) {
			if f.Type == "bye" {
				t.Fatalf("dropped after a step of %s: %+v", step, f)
			}
		}
	}
	list, err := st.List(t.Context(), core.Query{})
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	log, err := st.After(t.Context(), list[0].ID, 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for i, e := range log {
		if i > 0 && e.At.Before(log[i-1].At) {
			t.Errorf("event %d is of %s, the one before of %s", e.Seq, e.At, log[i-1].At)
		}
		if e.Body.Kind == core.KindText {
			said++
		}
	}
	if said != n {
		t.Errorf("%d of %d messages are stored", said, n)
	}
}
