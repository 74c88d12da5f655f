package core_test

import (
	"fmt"
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

// Holidays and the days that make up for them, as around the National Day of 2026.
func TestSpecialDays(t *testing.T) {
	day := []core.Part{{From: 9 * 60, Until: 18 * 60}}
	h := core.Hours{Special: []core.Special{{Date: "2026-10-10", Spans: day}}}
	for d := 1; d <= 8; d++ {
		h.Special = append(h.Special, core.Special{Date: fmt.Sprintf("2026-10-%02d", d), Name: "National Day"})
	}
	for d := time.Monday; d <= time.Friday; d++ {
		h.Spans = append(h.Spans, core.Span{Day: d, From: 9 * 60, Until: 18 * 60})
	}
	china := time.FixedZone("CST", 8*3600)
	for at, want := range map[string]bool{
		"2026-09-30 10:00": true, "2026-10-01 10:00": false, "2026-10-08 10:00": false, "2026-10-09 10:00": true,
		"2026-10-10 10:00": true, "2026-10-10 18:00": false, "2026-10-11 10:00": false, "2026-10-17 10:00": false,
	} {
		moment, err := time.ParseInLocation("2006-01-02 15:04", at, china)
		if err != nil || h.Open(moment) != want {
			t.Errorf("%s: open is %v, %v", at, h.Open(moment), err)
		}
	}
	for at, want := range map[string]string{"2026-09-30 18:30": "2026-10-09 09:00", "2026-10-09 19:00": "2026-10-10 09:00", "2026-10-10 18:00": "2026-10-12 09:00"} {
		moment, _ := time.ParseInLocation("2006-01-02 15:04", at, china)
		if got := h.Opens(moment).Format("2006-01-02 15:04"); got != want {
			t.Errorf("after %s it opens %s, want %s", at, got, want)
		}
	}
	// Without times of the week it is open always, but for its holidays.
	h.Spans = nil
	midnight, _ := time.ParseInLocation("2006-01-02 15:04", "2026-10-08 23:59", china)
	if h.Open(midnight) || !h.Opens(midnight).Equal(midnight.Add(time.Minute)) {
		t.Errorf("after the holidays it opens %v", h.Opens(midnight))
	}
	bad := core.DefaultSettings()
	bad.Sites[0].Hours.Special = []core.Special{{Date: "2026-02-30"}, {Date: "2026-10-01", Spans: []core.Part{{From: 60, Until: 60}}}, {Date: "2026-10-01"}}
	const want = `sites[0].hours.special[0].date: a day such as 2026-10-01 is expected, not "2026-02-30"
sites[0].hours.special[1].spans[0]: from must lie before until, within 0:00 and 24:00
sites[0].hours.special[2].date: 2026-10-01 is there twice`
	if err := bad.Validate(); err == nil || err.Error() != "invalid: "+want {
		t.Errorf("%v", err)
	}
}
