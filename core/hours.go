package core

import (
	"fmt"
	"slices"
	"time"
)

// Hours are when a site is open, in its own time zone. No spans: always.
type Hours struct {
	Zone  string // IANA name, such as Asia/Shanghai; empty: UTC
	Spans []Span
}

// Span is a time of the week: from and until in minutes after midnight.
type Span struct {
	Day         time.Weekday
	From, Until int
}

// Open reports whether the site is open at a time given in its own zone.
func (h Hours) Open(at time.Time) bool {
	if len(h.Spans) == 0 {
		return true
	}
	minute := at.Hour()*60 + at.Minute()
	return slices.ContainsFunc(h.Spans, func(s Span) bool {
		return s.Day == at.Weekday() && s.From <= minute && minute < s.Until
	})
}

// Opens returns the next moment at which the site is open, after a time given
// in its own zone, at which it is closed. The zero time: never, or it is a
// fortnight away.
//
// What is open is a matter of the clock on the wall, which a zone now and then
// puts forward or back. It does so at a quarter of an hour, so the search looks
// at each of those, and within one at the times where a span begins: a span
// whose beginning is skipped begins when the clock goes on, and one that comes
// twice begins the first time.
func (h Hours) Opens(at time.Time) time.Time {
	const quarter, fortnight = 15 * time.Minute, 14 * 24 * time.Hour
	if len(h.Spans) == 0 {
		return time.Time{}
	}
	at = at.Truncate(time.Minute)
	for t := at; t.Sub(at) < fortnight; t = t.Truncate(quarter).Add(quarter) {
		for _, from := range h.begin(t, t.Truncate(quarter).Add(quarter)) {
			if from.After(at) && h.Open(from) {
				return from
			}
		}
	}
	return time.Time{}
}

// begin returns t, and the times from then until end at which spans begin, in
// order.
func (h Hours) begin(t, end time.Time) []time.Time {
	out := []time.Time{t}
	minute := t.Hour()*60 + t.Minute()
	for _, s := range h.Spans {
		from := t.Add(time.Duration(s.From-minute) * time.Minute)
		if s.Day == t.Weekday() && s.From > minute && from.Before(end) {
			out = append(out, from)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// maxSpans is how many times of the week there are at most: a welcome has them.
const maxSpans = 50

func (v *faults) hours(at string, h Hours) {
	if len(h.Spans) > maxSpans {
		v.add(at, "at most %d are expected, not %d", maxSpans, len(h.Spans))
	}
	for i, s := range h.Spans {
		if s.Day < 0 || s.Day > 6 || s.From < 0 || s.Until > 24*60 || s.From >= s.Until {
			v.add(fmt.Sprintf("%s[%d]", at, i), "from must lie before until, within 0:00 and 24:00 of a weekday")
		}
	}
}
