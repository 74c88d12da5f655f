package desk

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"kefu/core"
)

// tryWrong is n wrong passwords at once, and how many of them were looked at.
func tryWrong(t *throttle, name, addr string, now time.Time, n int) (looked int) {
	for range n {
		if t.begin(name, addr, now) == nil {
			looked++
		}
	}
	return looked
}

func TestThrottleDelays(t *testing.T) {
	th, now := newThrottle(), time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	// Many at once are no faster than one after the other.
	if got := tryWrong(th, "amy", "a", now, 1000); got != freeTries {
		t.Errorf("%d of 1,000 at once are looked at", got)
	}
	for _, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60, 60} {
		want *= time.Second
		err := th.begin("amy", "a", now)
		var e *core.Error
		if !errors.As(err, &e) || e.Code != core.RateLimited || e.Retry != want {
			t.Fatalf("%v, want to wait %v", err, want)
		}
		now = now.Add(want)
		if got := tryWrong(th, "amy", "a", now, 10); got != 1 {
			t.Errorf("after %v %d tries are looked at", want, got)
		}
	}
	if tryWrong(th, "amy", "b", now, 1) != 1 || tryWrong(th, "bo", "a", now, 1) != 1 {
		t.Error("others are slowed down too")
	}
	now = now.Add(forgetTries + time.Second)
	if got := tryWrong(th, "amy", "a", now, 10); got != freeTries {
		t.Errorf("a quarter of an hour later %d are looked at", got)
	}
}

func TestThrottlePassAndTakeBack(t *testing.T) {
	th, now := newThrottle(), time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for range 1000 { // an office that types well
		if err := th.begin("amy", "a", now); err != nil {
			t.Fatal(err)
		}
		th.pass("amy", "a")
	}
	for range 1000 { // a store that is away
		if err := th.begin("amy", "a", now); err != nil {
			t.Fatal(err)
		}
		th.takeBack("amy", "a")
	}
	tryWrong(th, "amy", "a", now, freeTries-1)
	if err := th.begin("amy", "a", now); err != nil {
		t.Fatal(err)
	}
	th.pass("amy", "a")
	if got := tryWrong(th, "amy", "a", now, 10); got != freeTries {
		t.Errorf("after a good password %d are looked at", got)
	}
}

// One address that tries many names is slowed down as a whole, and what is
// remembered is bounded.
func TestThrottleOfAnAddress(t *testing.T) {
	th, now := newThrottle(), time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	looked := 0
	for i := range 1000 {
		looked += tryWrong(th, fmt.Sprint("name", i), "a", now, 1)
	}
	if looked != freeAddrTries {
		t.Errorf("%d names from one address are looked at", looked)
	}
	for i := range 3 * maxTries {
		tryWrong(th, "amy", fmt.Sprint("addr", i), now, 1)
		if len(th.tries) > maxTries+2 {
			t.Fatalf("%d are remembered", len(th.tries))
		}
	}
	old := newThrottle()
	for i := range maxTries / 2 {
		tryWrong(old, "amy", fmt.Sprint("addr", i), now, 1)
	}
	now = now.Add(forgetTries / 2)
	tryWrong(old, "bo", "b", now, freeTries)
	now = now.Add(forgetTries/2 + time.Second)
	tryWrong(old, "cy", "c", now, 1)
	if len(old.tries) > 10 || tryWrong(old, "bo", "b", now, 1) == 0 {
		t.Errorf("what is old is kept: %d", len(old.tries))
	}
}
