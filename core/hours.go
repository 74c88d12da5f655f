package core

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Hours are when a site is open, in its own time zone. No spans: always.
type Hours struct {
	Zone    string // IANA name, such as Asia/Shanghai; empty: UTC
	Spans   []Span
	Special []Special
}

// Special is a day that goes by hours of its own: a holiday, or a weekend day
// that is worked to make up for one.
type Special struct {
	Date  string // 2026-10-01
	Name  string // for people
	Spans []Part // none: closed
}

// Part is a time of a day, in minutes after midnight.
type Part struct{ From, Until int }

// Span is a time of the week: from and until in minutes after midnight.
type Span struct {
	Day         time.Weekday
	From, Until int
}

// Open reports whether the site is open at a time given in its own zone.
func (h Hours) Open(at time.Time) bool {
	minute := at.Hour()*60 + at.Minute()
	return h.on(at, func(p Part) bool { return p.From <= minute && minute < p.Until })
}

// on reports whether one of the spans of a day is as is says.
func (h Hours) on(at time.Time, is func(Part) bool) bool {
	if len(h.Special) > 0 {
		var date [len(time.DateOnly)]byte
		today := at.AppendFormat(date[:0], time.DateOnly)
		for i := range h.Special {
			if h.Special[i].Date == string(today) {
				return slices.ContainsFunc(h.Special[i].Spans, is)
			}
		}
	}
	if len(h.Spans) == 0 {
		return is(Part{Until: 24 * 60})
	}
	return slices.ContainsFunc(h.Spans, func(s Span) bool { return s.Day == at.Weekday() && is(Part{s.From, s.Until}) })
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
	if len(h.Spans) == 0 && len(h.Special) == 0 {
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
	h.on(t, func(p Part) bool {
		from := t.Add(time.Duration(p.From-minute) * time.Minute)
		if p.From > minute && from.Before(end) {
			out = append(out, from)
		}
		return false // the next one
	})
	slices.SortFunc(out, time.Time.Compare)
	return out
}

// maxSpans is how many times of the week there are at most: a welcome has them.
const maxSpans, maxSpecial, maxParts = 50, 200, 10

func (v *faults) hours(at string, h Hours) {
	if len(h.Spans) > maxSpans {
		v.add(at, "at most %d are expected, not %d", maxSpans, len(h.Spans))
	}
	for i, s := range h.Spans {
		if s.Day < 0 || s.Day > 6 || s.From < 0 || s.Until > 24*60 || s.From >= s.Until {
			v.add(fmt.Sprintf("%s[%d]", at, i), "from must lie before until, within 0:00 and 24:00 of a weekday")
		}
	}
	v.special(strings.TrimSuffix(at, ".spans")+".special", h.Special)
}

func (v *faults) special(at string, list []Special) {
	if len(list) > maxSpecial {
		v.add(at, "at most %d are expected, not %d", maxSpecial, len(list))
		return
	}
	seen := map[string]bool{}
	for i, x := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		if day, err := time.Parse(time.DateOnly, x.Date); err != nil || day.Format(time.DateOnly) != x.Date {
			v.add(at+".date", "a day such as 2026-10-01 is expected, not %.40q", x.Date)
		} else if seen[x.Date] {
			v.add(at+".date", "%s is there twice", x.Date)
		}
		seen[x.Date] = true
		if utf8.RuneCountInString(x.Name) > maxLabel {
			v.add(at+".name", "at most %d characters are expected", maxLabel)
		}
		if len(x.Spans) > maxParts {
			v.add(at+".spans", "at most %d are expected, not %d", maxParts, len(x.Spans))
		}
		for k, s := range x.Spans {
			if s.From < 0 || s.Until > 24*60 || s.From >= s.Until {
				v.add(fmt.Sprintf("%s.spans[%d]", at, k), "from must lie before until, within 0:00 and 24:00")
			}
		}
	}
}
