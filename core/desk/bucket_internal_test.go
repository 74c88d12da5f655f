package desk

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"kefu/core"
)

// Over any time, no more than a burst and what has flowed in since is taken;
// and who waits as long as they are told is let through.
func TestBucket(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	a := allowance{rate: 10, burst: 20}
	start := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var b bucket
	taken, now := 0.0, start
	for range 10_000 {
		want := float64(1 + rng.IntN(20))
		wait := b.take(want, a, now)
		if wait == 0 {
			taken += want
		} else if again := b.take(want, a, now.Add(wait)); again != 0 {
			t.Fatalf("told to wait %s for %v, and then %s more", wait, want, again)
		} else {
			taken, now = taken+want, now.Add(wait)
		}
		if most := a.burst + a.rate*now.Sub(start).Seconds() + 0.5; taken > most {
			t.Fatalf("%v taken within %s", taken, now.Sub(start))
		}
		now = now.Add(time.Duration(rng.IntN(1000)) * time.Millisecond)
	}
	if least := a.rate * now.Sub(start).Seconds() * 0.9; taken < least {
		t.Errorf("only %v taken within %s", taken, now.Sub(start))
	}
}

func TestBucketEdges(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	a := allowance{rate: 1, burst: 10}
	var b bucket
	if wait := b.take(64, a, now); wait != 0 {
		t.Errorf("more than a bucket holds never passes: %s", wait)
	}
	if wait := b.take(1, a, now.Add(-time.Hour)); wait != time.Second {
		t.Errorf("a clock that goes back: %s", wait)
	}
	if wait := b.take(1, a, now.Add(time.Second)); wait != 0 {
		t.Errorf("after what it was told: %s", wait)
	}
	if wait := b.take(10, a, now.Add(24*time.Hour)); wait != 0 {
		t.Errorf("a day later it is not full: %s", wait)
	}
	if wait := b.take(1, a, now.Add(24*time.Hour)); wait != time.Second {
		t.Errorf("a day fills it above the brim: %s", wait)
	}
}

// However many there are, a bounded number is remembered, and who sends all the
// time is.
func TestSendersAreBounded(t *testing.T) {
	var s senders
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	a := allowance{rate: 1e-9, burst: 3 * maxSenders / 100}
	busy := core.Party{Kind: core.Visitor, ID: "busy"}
	let := 0
	for i := range 5 * maxSenders {
		s.take(core.Party{Kind: core.Visitor, ID: fmt.Sprint(i)}, framesOf, 1, a, now)
		if i%100 == 0 && s.take(busy, framesOf, 1, a, now) == 0 {
			let++
		}
		if len(s.young)+len(s.old) > 2*maxSenders+2 {
			t.Fatalf("%d are remembered", len(s.young)+len(s.old))
		}
	}
	if let != int(a.burst) {
		t.Errorf("the busy one was let through %d times, and may be %v times", let, a.burst)
	}
}

func TestFloods(t *testing.T) {
	now := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	var p pace
	if p.floods(60, 100, now) || p.floods(40, 100, now.Add(59*time.Second)) {
		t.Error("as many as may be are too many")
	}
	if !p.floods(1, 100, now.Add(59*time.Second)) {
		t.Error("one more is no flood")
	}
	if p.floods(60, 100, now.Add(time.Minute)) || p.floods(40, 100, now.Add(61*time.Second)) {
		t.Error("what was a minute ago counts")
	}
}
