package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// spans are the moments of a restart: told to leave, gone, another one ready,
// everybody back.
type spans struct{ left, gone, ready, back time.Duration }

func (s spans) later(at time.Duration) bool { return at > s.left }

// report is what came of it.
type report struct {
	spans
	clients       int
	window        time.Duration
	said          int
	unavailable   int
	wrong         []string        // what was acknowledged and is not in the log as it was said
	first, away   []time.Duration // of everybody, from the bye until they tried to come back, and until they were welcome; sorted
	tries         int             // to come back, of all
	before, while []time.Duration // of messages, from due to acknowledged; sorted
}

func (c *crowd) judge(logs [][]string, s spans) report {
	r := report{spans: s, clients: len(c.people), window: c.window}
	for _, v := range c.people {
		if i := slices.IndexFunc(v.welcomes, s.later); i >= 0 {
			r.away = append(r.away, v.welcomes[i]-s.left)
		}
		if i := slices.IndexFunc(v.tried, s.later); i >= 0 {
			r.first = append(r.first, v.tried[i]-s.left)
			r.tries += len(v.tried) - i
		}
		r.unavailable += v.unavailable
		for _, m := range v.said {
			switch took := m.acked - m.due; {
			case m.due >= s.back:
			case m.acked > s.left: // those on their way when it was told to leave, too
				r.while = append(r.while, took)
			default:
				r.before = append(r.before, took)
			}
		}
	}
	for i, v := range c.people[c.agents:] {
		r.said += len(v.said)
		r.compare(v.origin, len(v.said), logs[i])
	}
	slices.Sort(r.away)
	slices.Sort(r.before)
	slices.Sort(r.while)
	return r
}

// compare holds what somebody said, and was acknowledged, against the log.
func (r *report) compare(origin string, said int, log []string) {
	want := make([]string, said)
	for i := range want {
		want[i] = fmt.Sprintf("%s says %d", origin, i+1)
	}
	if !slices.Equal(want, log) {
		r.wrong = append(r.wrong, fmt.Sprintf("%s said %d, and the log has %q", origin, said, log))
	}
}

// slot is what a half second of the window is.
const slot = 500 * time.Millisecond

// slots are how many did so in each half second since the server was told to
// leave.
func slots(times []time.Duration) (slots []int) {
	for _, at := range times {
		for len(slots) <= int(at/slot) {
			slots = append(slots, 0)
		}
		slots[at/slot]++
	}
	return slots
}

// verdict is nil if all is as promised.
func (r report) verdict() error {
	var errs []error
	if len(r.wrong) > 0 {
		errs = append(errs, fmt.Errorf("of %d visitors the log is not what was acknowledged, such as: %s", len(r.wrong), r.wrong[0]))
	}
	if len(r.away) != r.clients {
		errs = append(errs, fmt.Errorf("%d of %d came back", len(r.away), r.clients))
	}
	if most, fair := slices.Max(append(slots(r.first), 0)), r.clients*int(slot)/int(r.window); most > 3*fair {
		errs = append(errs, fmt.Errorf("%d of %d tried to come back within the same half second", most, r.clients))
	}
	// Who came while nobody was there has backed off, some of them again and again.
	if last, most := r.back-r.left, r.window+3*(r.ready-r.left)+10*time.Second; last > most {
		errs = append(errs, fmt.Errorf("the last one was back after %s: more than %s", last, most))
	}
	return errors.Join(errs...)
}

// at is what a share of them stay within.
func at(sorted []time.Duration, share float64) string {
	if len(sorted) == 0 {
		return "none"
	}
	return sorted[min(int(float64(len(sorted))*share), len(sorted)-1)].Round(100 * time.Microsecond).String()
}

func counts(times []time.Duration) string { return strings.Trim(fmt.Sprint(slots(times)), "[]") }

func (r report) String() string {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "| %s | %s |\n", name, fmt.Sprintf(format, args...))
	}
	b.WriteString("\n| a restart of the server | |\n|---|---|\n")
	row("connections", "%d", r.clients)
	row("messages acknowledged", "%d", r.said)
	row("told that the server was busy, and said again", "%d", r.unavailable)
	row("lost, doubled or out of order", "%d", len(r.wrong))
	row("SIGTERM until it was gone; until the next one was ready", "%s; %s", (r.gone - r.left).Round(time.Millisecond), (r.ready - r.left).Round(time.Millisecond))
	row("tried to come back, by half seconds", "%s", counts(r.first))
	row("were back, by half seconds", "%s", counts(r.away))
	row("away: p50, p99, the last", "%s, %s, %s", at(r.away, .5), at(r.away, .99), at(r.away, 1))
	row("tries for each to come back", "%.2f", float64(r.tries)/float64(max(r.clients, 1)))
	row("due until acknowledged, before: p50, p99", "%s, %s (%d)", at(r.before, .5), at(r.before, .99), len(r.before))
	row("the same during the restart, those who were away included: p50, p99", "%s, %s (%d)", at(r.while, .5), at(r.while, .99), len(r.while))
	return b.String()
}
