package core_test

import (
	"testing"
	"time"
	_ "time/tzdata" // the same zones on every machine

	"kefu/core"
)

func span(day time.Weekday, from, until string) core.Span {
	minutes := func(s string) int { return (int(s[0]-'0')*10+int(s[1]-'0'))*60 + int(s[3]-'0')*10 + int(s[4]-'0') }
	return core.Span{Day: day, From: minutes(from), Until: minutes(until)}
}

// week is the same hours on some days.
func week(from, until string, days ...time.Weekday) (spans []core.Span) {
	for _, d := range days {
		spans = append(spans, span(d, from, until))
	}
	return spans
}

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	loc, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return loc
}

func TestOpens(t *testing.T) {
	shanghai := zone(t, "Asia/Shanghai")
	office := core.Hours{Spans: append(week("09:00", "12:00", 1, 2, 3, 4, 5), week("13:30", "18:00", 1, 2, 3, 4, 5)...)}
	for _, c := range []struct{ at, want string }{
		{"2026-11-23T08:59:59", "2026-11-23T09:00:00"}, // a Monday
		{"2026-11-23T12:00:00", "2026-11-23T13:30:00"},
		{"2026-11-23T18:00:00", "2026-11-24T09:00:00"},
		{"2026-11-27T18:00:00", "2026-11-30T09:00:00"}, // over a weekend
		{"2026-12-31T20:00:00", "2027-01-01T09:00:00"},
	} {
		at, err := time.ParseInLocation("2006-01-02T15:04:05", c.at, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		if got := office.Opens(at).Format("2006-01-02T15:04:05"); got != c.want {
			t.Errorf("closed at %s, opens %s, want %s", c.at, got, c.want)
		}
	}
	if got := (core.Hours{}).Opens(nineInTheMorning); !got.IsZero() {
		t.Errorf("always open, and opens %s", got)
	}
}

var nineInTheMorning = time.Date(2026, time.November, 23, 9, 0, 0, 0, time.UTC)

// TestOpensEveryMinute holds Opens against who looks at the clock each minute,
// through weeks in which the clock is put forward or back: by an hour, by half
// of one, at midnight.
func TestOpensEveryMinute(t *testing.T) {
	night := core.Hours{Spans: []core.Span{span(0, "01:00", "02:30"), span(0, "02:40", "02:50"), span(0, "23:00", "24:00"), span(1, "00:00", "00:10"), span(6, "23:50", "24:00")}}
	for _, c := range []struct {
		zone  string
		month time.Month
		day   int // a day before the change
	}{
		{"America/New_York", time.March, 7}, {"America/New_York", time.October, 31}, {"Europe/Berlin", time.March, 28}, {"Europe/Berlin", time.October, 24},
		{"Australia/Lord_Howe", time.April, 4}, {"Australia/Lord_Howe", time.October, 3}, {"Africa/Cairo", time.April, 23}, {"Asia/Shanghai", time.June, 6},
	} {
		loc := zone(t, c.zone)
		begin := time.Date(2026, c.month, c.day, 12, 0, 0, 0, loc)
		next := time.Time{} // found from the end backwards
		for at := begin.Add(9 * 24 * time.Hour); !at.Before(begin); at = at.Add(-time.Minute) {
			switch {
			case night.Open(at):
				next = at
			case !next.IsZero() && at.Unix()/60%31 == 0: // some of the minutes, never the same of an hour
				if got := night.Opens(at.Add(59 * time.Second)); !got.Equal(next) {
					t.Fatalf("closed at %s, opens %s, want %s", at, got, next)
				}
			}
		}
	}
}

func BenchmarkOpens(b *testing.B) {
	h := core.Hours{Spans: week("09:00", "18:00", 1)}
	for b.Loop() {
		h.Opens(time.Date(2026, time.November, 23, 18, 0, 0, 0, time.UTC)) // a week is the longest that is usual
	}
}
