package main

import (
	"math"
	"strings"
	"testing"
	"time"
)

// TestSample: the figures that are published of the sample, by hand:
// 1 + 20 + 0.354 + 0.0625 and 1 + 1000 + 2.804 + 0.4375.
func TestSample(t *testing.T) {
	for n, want := range map[int]string{2: "$3.37", 20: "$21.42", 200: "$201.93", 1000: "$1,004.24"} {
		if got := dollars(sample(n)); got != want {
			t.Errorf("%d connections: %s, want %s", n, got, want)
		}
	}
}

// TestBill: a message in, two out, one write of a unit, by hand.
func TestBill(t *testing.T) {
	u := units{in: 1, out: 2, invocations: 1, writes: 1, reads: 0.5, sent: 800}
	got := million(total(bill(u, 30)))
	want := 1 + 2 + (0.2 + 0.25*0.03*13.3334) + 0.625 + 0.0625 + (800+200)*0.09e-3
	if math.Abs(got-want) > 1e-9 {
		t.Errorf("%v, want %v", got, want)
	}
	if sum := u.plus(u).minus(u.times(2)); sum != (units{}) {
		t.Errorf("twice minus two times is %+v", sum)
	}
}

// TestReport: what is missed is said, and counted.
func TestReport(t *testing.T) {
	sizes := []size{{"socket", 8_000_000}, {"http", 9_500_000}}
	at := times{start: map[string]spread{"socket": {10 * time.Millisecond, time.Second}, "http": {21 * time.Millisecond, time.Second}}, roundTrip: spread{2 * time.Millisecond, time.Second}}
	message := units{in: 1, out: 2, invocations: 1, writes: 1, sent: 700}
	c := counted{warm: message, cold: message.plus(units{reads: 0.5}), open: message.plus(units{writes: 4, reads: 3})}
	var out strings.Builder
	if missed := report(&out, sizes, at, c); missed != 2 {
		t.Errorf("%d were missed, want the size and the start of http", missed)
	}
	for _, want := range []string{"| bootstrap of http, arm64 | 9.50 MB | 9 MB | **no** |", "| a million messages, warm | $4.01 | $4.05 | yes |", "$1,004.24", "Assumed"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
