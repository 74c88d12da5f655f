package edge

import (
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// TestSeeded: each kind decides by a sequence of its own, the same for a seed.
func TestSeeded(t *testing.T) {
	draw := func(seed uint64, disturb bool) (list []bool) {
		f := NewFaults(seed)
		f.Set(0.5)
		for range 64 {
			if disturb {
				f.Hit(Vanish)
			}
			list = append(list, f.Hit(Crash))
		}
		return list
	}
	if !slices.Equal(draw(1, false), draw(1, true)) {
		t.Error("another kind changes the sequence")
	}
	if slices.Equal(draw(1, false), draw(2, false)) {
		t.Error("the seed does not change the sequence")
	}
	f := NewFaults(1)
	for range 1000 {
		if f.Hit(Delay) {
			t.Fatal("a fault that was not switched on")
		}
	}
	f.Set(0.2, Delay)
	for range 1000 {
		f.Hit(Delay)
	}
	if n := f.Hits()[Delay]; n < 150 || n > 250 {
		t.Errorf("%d of 1000 at 0.2", n)
	}
	if (*Faults)(nil).Hit(Delay) {
		t.Error("no faults strike")
	}
}

// TestParse: what a flag says.
func TestParse(t *testing.T) {
	f := NewFaults(1)
	if err := f.Parse("all=0, crash=1"); err != nil || !f.Hit(Crash) || f.Hit(Vanish) {
		t.Errorf("%v, %v", err, f.rates)
	}
	for text, want := range map[string]string{"": "probability", "crash": "probability", "crash=2": "probability", "crash=NaN": "probability", "rain=1": "vanish", "vanish=1,rain=1": "rain"} {
		if err := f.Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if f.Hit(Vanish) {
		t.Error("a list that is wrong sets nothing")
	}
}

// TestReorder: a message that is held up ends behind its successor, or after a
// while if there is none.
func TestReorder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := NewFaults(1)
		w := newWorld(t, Options{Routes: defaultTo(plain(echo)), Faults: faults})
		c := w.open(t)
		faults.Set(1, Reorder)
		send(t, c, "first")
		synctest.Wait()
		faults.Set(0)
		send(t, c, "second")
		if a, b := receive(t, c), receive(t, c); a != "second" || b != "first" {
			t.Errorf("%s, %s", a, b)
		}
		faults.Set(1, Reorder)
		began := time.Now()
		send(t, c, "alone")
		if got := receive(t, c); got != "alone" || time.Since(began) != maxHold {
			t.Errorf("%s after %v", got, time.Since(began))
		}
	})
}

// TestMessageFaults: a message comes twice, or late.
func TestMessageFaults(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		faults := NewFaults(1)
		w := newWorld(t, Options{Routes: defaultTo(plain(echo)), Faults: faults})
		c := w.open(t)
		faults.Set(1, Duplicate)
		send(t, c, "twice")
		if a, b := receive(t, c), receive(t, c); a != "twice" || b != "twice" {
			t.Errorf("%s, %s", a, b)
		}
		faults.Set(0)
		faults.Set(1, Delay)
		began := time.Now()
		for range 10 {
			send(t, c, "late")
			receive(t, c)
		}
		if d := time.Since(began); d <= 0 || d >= 10*maxDelay {
			t.Errorf("ten took %v", d)
		}
	})
}

// TestPostFaults: what a post is answered, and what arrives.
func TestPostFaults(t *testing.T) {
	faults := NewFaults(1)
	w := newWorld(t, Options{Faults: faults})
	c := w.open(t)
	id := w.id(t)
	for fault, want := range map[Fault]int{Vanish: 0, FalseGone: 410, Throttle: 429, TooLarge: 413} {
		faults.Set(0)
		faults.Set(1, fault)
		if code := statusOf(w.post(t, id, "lost")); code != want {
			t.Errorf("%s: %d", fault, code)
		}
	}
	faults.Set(0)
	if err := w.post(t, id, "found"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c); got != "found" {
		t.Errorf("got %q", got)
	}
}

// TestLostDisconnect: nobody hears of the end.
func TestLostDisconnect(t *testing.T) {
	faults := NewFaults(1)
	faults.Set(1, LostDisconnect)
	r := &recorder{}
	w := newWorld(t, Options{Faults: faults, Routes: map[string]Route{"$disconnect": {Function: r.function(result{StatusCode: 200})}}})
	c := w.open(t)
	w.id(t)
	_ = c.CloseNow()
	within(t, "it struck", func() bool { return faults.Hits()[LostDisconnect] == 1 })
	w.Close()
	if len(r.got()) != 0 {
		t.Errorf("the function heard %v", r.got())
	}
}

// TestAllAtOnce: with everything on, nothing hangs and nothing is left.
func TestAllAtOnce(t *testing.T) {
	faults := NewFaults(3)
	faults.Set(0.3)
	w := newWorld(t, Options{Faults: faults, Routes: defaultTo(plain(echo))})
	var clients sync.WaitGroup
	for range 8 {
		clients.Go(func() {
			c, _, err := w.dial(t, "/ws")
			if err != nil {
				t.Error(err)
				return
			}
			for range 20 {
				send(t, c, "x")
				receive(t, c)
			}
			_ = c.CloseNow()
		})
	}
	clients.Wait()
	within(t, "all have gone", func() bool { return w.Connections() == 0 })
}
