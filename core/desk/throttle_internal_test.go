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

// Who has one address of IPv6 has 2^64 of them; the next subscriber has others.
func TestThrottleOfANetwork(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		one, other string
		same       bool
	}{
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true},
		{"2001:db8:1:2::1", "2001:db8:1:3::1", false},
		{"fe80::1%eth0", "fe80::2%eth1", true},
		{"192.0.2.1", "::ffff:192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"", "", true},
		{"own account", "own account", true},
		{"own account", "", false},
	} {
		th := newThrottle()
		tryWrong(th, "amy", test.one, now, freeTries)
		if same := tryWrong(th, "amy", test.other, now, 1) == 0; same != test.same {
			t.Errorf("%q and %q are one: %v", test.one, test.other, same)
		}
		th.pass("amy", test.other)
		if let := tryWrong(th, "amy", test.one, now, 1) == 1; let != test.same {
			t.Errorf("a good password from %q lets %q in: %v", test.other, test.one, let)
		}
	}
}

// Whatever somebody else does from wherever, who knows the password is let in
// from elsewhere at once, and from the same address within a minute.
func TestThrottleLocksNobodyOut(t *testing.T) {
	th, now := newThrottle(), time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for i := range 2 * maxTries {
		tryWrong(th, "amy", fmt.Sprintf("10.0.%d.%d", i>>8, i&255), now, 1)
		tryWrong(th, fmt.Sprint("name", i), "192.0.2.1", now, 1)
		tryWrong(th, "amy", "192.0.2.1", now, 1)
		if i%100 == 0 {
			now = now.Add(time.Second)
			if err := th.begin("amy", "198.51.100.7", now); err != nil {
				t.Fatalf("after %d tries by others: %v", i, err)
			}
			th.pass("amy", "198.51.100.7")
		}
	}
	err := th.begin("amy", "192.0.2.1", now)
	if e := (*core.Error)(nil); errors.As(err, &e) && e.Retry > maxDelay {
		t.Errorf("told to wait %s", e.Retry)
	}
	if err := th.begin("amy", "192.0.2.1", now.Add(maxDelay)); err != nil {
		t.Errorf("a minute later: %v", err)
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
