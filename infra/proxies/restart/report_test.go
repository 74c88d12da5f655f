package main

import (
	"strings"
	"testing"
	"time"
)

// What is wrong is found: a message that is lost, there twice, or before an
// earlier one.
func TestWrongLogs(t *testing.T) {
	for name, log := range map[string][]string{
		"lost":         {"a says 1", "a says 3"},
		"doubled":      {"a says 1", "a says 2", "a says 2", "a says 3"},
		"out of order": {"a says 2", "a says 1", "a says 3"},
		"somebody's":   {"a says 1", "b says 2", "a says 3"},
	} {
		r := report{window: time.Second}
		if r.compare("a", 3, log); len(r.wrong) != 1 || r.verdict() == nil {
			t.Errorf("%s: nothing is found", name)
		}
	}
	r := report{window: time.Second}
	if r.compare("a", 2, []string{"a says 1", "a says 2"}); r.verdict() != nil {
		t.Error(r.verdict())
	}
}

// Everybody at once is no spread, and neither is somebody who stays away.
func TestSpread(t *testing.T) {
	even := report{clients: 100, window: 5 * time.Second, spans: spans{ready: time.Second, back: 5 * time.Second}}
	for i := range 100 {
		even.away = append(even.away, time.Duration(i)*50*time.Millisecond)
	}
	even.first = even.away
	if err := even.verdict(); err != nil {
		t.Error(err)
	}
	herd, missing, late := even, even, even
	herd.first = make([]time.Duration, 100)
	missing.away = even.away[:99]
	late.back = 20 * time.Second
	for want, r := range map[string]report{"the same half second": herd, "99 of 100": missing, "the last one": late} {
		if err := r.verdict(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("wanted %q: %v", want, err)
		}
	}
}
