package wire_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// A visitor sees nothing internal, no why and no note; origin and n are for
// the author alone; prev skips what the receiver can not see.
func TestRender(t *testing.T) {
	for _, e := range logged() {
		for _, v := range []wire.View{toVisitor, toAmy, toBo} {
			if v.Visitor && e.Internal {
				if v.Sees(e) {
					t.Errorf("#%d %s: a visitor sees what is internal", e.Seq, e.Body.Kind)
				}
				continue
			}
			got := wire.Render(conv, e, v)
			data := string(wire.Encode(got))
			if v.Visitor && (strings.Contains(data, `"why"`) || strings.Contains(data, `"note"`) || strings.Contains(data, `"internal"`)) {
				t.Errorf("#%d to the visitor: %s", e.Seq, data)
			}
			if own := e.Origin != "" && e.By == v.Me; own != (got.Origin != "") || own != (got.N != 0) {
				t.Errorf("#%d to %v: origin %q, n %d", e.Seq, v.Me, got.Origin, got.N)
			}
			want := e.Seq - 1
			if v.Visitor {
				want = e.Prev
			}
			if got.Prev != want || got.Seq != e.Seq || got.Session != e.Session || !time.Time(got.At).Equal(e.At) {
				t.Errorf("#%d to %v: %+v", e.Seq, v.Me, got)
			}
			if said := e.Body.Kind.Said() || e.Body.Kind == core.KindTombstone; said && got.By.ID != e.By.ID || !said && !reflect.DeepEqual(got.By, wire.Party{Kind: "system"}) {
				t.Errorf("#%d to %v: by %+v", e.Seq, v.Me, got.By)
			}
		}
	}
}

// What a visitor can see is a chain: each event names the one before it.
func TestPrevIsAChain(t *testing.T) {
	for _, v := range []wire.View{toVisitor, toAmy} {
		last := uint64(0)
		for _, e := range logged() {
			if !v.Sees(e) {
				continue
			}
			if got := wire.Render(conv, e, v); got.Prev != last {
				t.Errorf("visitor %v: #%d says %d is before it, not %d", v.Visitor, e.Seq, got.Prev, last)
			}
			last = e.Seq
		}
	}
}

func TestPreview(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", ""}, {"short", "short"}, {strings.Repeat("客", 200), strings.Repeat("客", 200)},
		{strings.Repeat("客", 201), strings.Repeat("客", 199) + "…"}, {strings.Repeat("a", 4000), strings.Repeat("a", 199) + "…"},
		{strings.Repeat("🙂", 4000), strings.Repeat("🙂", 199) + "…"},
	} {
		edited := wire.Event{Body: wire.Body{Kind: "edited", Seq: 2, Body: &wire.Body{Kind: "text", Text: c.text}}}
		form := wire.Event{Body: wire.Body{Kind: "form", Fields: []wire.Field{{ID: "a", Label: "A", Value: c.text}, {ID: "b", Label: "B", Value: "b"}}}}
		if now := wire.Preview(form).Body.Fields; len(now) != 1 || now[0].Value != c.want || len(form.Body.Fields) != 2 || form.Body.Fields[0].Value != c.text {
			t.Errorf("a form: %+v", now)
		}
		if now := wire.Preview(edited).Body; now.Seq != 2 || now.Body.Text != c.want || edited.Body.Body.Text != c.text {
			t.Errorf("%.20s, edited: %+v", c.text, now.Body)
		}
		long := wire.Event{Body: wire.Body{Kind: "text", Text: c.text, Comment: c.text, Note: c.text, Why: &wire.Why{}, Options: []string{"a"}}}
		got := wire.Preview(long).Body
		if got.Text != c.want || got.Comment != c.want || got.Note != c.want || got.Why != nil {
			t.Errorf("%.20s: %+v", c.text, got)
		}
		if len(got.Options) != 1 {
			t.Error("a preview of options without options is no options body")
		}
		if long.Body.Text != c.text || long.Body.Why == nil {
			t.Error("Preview changed what it was given")
		}
	}
}

// Only what was written for people is shown to people.
func TestErrorForKeepsCausesToItself(t *testing.T) {
	secret := errors.New("dial tcp 10.0.0.7: password=hunter2")
	f := wire.Frame{Type: wire.Send, Origin: string(origin), N: 3, Conversation: string(conv)}
	for _, c := range []struct {
		err     error
		code    core.Code
		message string
		retry   float64
		expect  uint64
	}{
		{secret, core.Internal, "internal error", 0, 0},
		{fmt.Errorf("while %s: %w", "loading", secret), core.Internal, "internal error", 0, 0},
		{&core.Error{Code: core.Internal, Message: "hunter2", Cause: secret}, core.Internal, "internal error", 0, 0},
		{&core.Error{Code: core.Unavailable, Message: "later", Cause: secret, Retry: 2 * time.Second}, core.Unavailable, "later", 2, 0},
		{&core.Error{Code: core.RateLimited, Message: "later", Cause: secret, Retry: time.Millisecond}, core.RateLimited, "later", 0.1, 0},
		{&core.Error{Code: core.Gap, Message: "missing", Expect: 2}, core.Gap, "missing", 0, 2},
		{fmt.Errorf("hunter2: %w", core.Errorf(core.Full, "no seat")), core.Full, "no seat", 0, 0},
		{errors.Join(io.EOF, core.Errorf(core.Conflict, "over")), core.Conflict, "over", 0, 0},
	} {
		e := wire.ErrorFor(f, c.err)
		want := wire.Error{
			Type: "error", Code: string(c.code), Message: c.message, Conversation: string(conv), Origin: string(origin), N: 3,
			Expect: c.expect, Retry: c.retry,
		}
		if e != want {
			t.Errorf("%v: %+v, want %+v", c.err, e, want)
		}
		if data := string(wire.Encode(e)); strings.Contains(data, "hunter2") || strings.Contains(data, "10.0.0.7") {
			t.Errorf("%v leaks: %s", c.err, data)
		}
	}
	if e := wire.ErrorFor(wire.Frame{Type: wire.Ping, Origin: string(origin)}, secret); e.Origin != "" || e.N != 0 {
		t.Errorf("a frame without number is answered with one: %+v", e)
	}
}

func TestCloseFor(t *testing.T) {
	for code, want := range map[core.Code]wire.CloseCode{
		core.Unauthorized: wire.CloseUnauthorized, core.Forbidden: wire.CloseForbidden, core.NotFound: wire.CloseForbidden,
		core.RateLimited: wire.CloseShutdown, core.Unavailable: wire.CloseShutdown, core.Internal: wire.CloseShutdown,
		core.Invalid: wire.CloseProtocol, core.TooLarge: wire.CloseProtocol, core.Unsupported: wire.CloseProtocol, core.Gap: wire.CloseProtocol,
		core.Conflict: wire.CloseProtocol, core.Full: wire.CloseProtocol,
	} {
		got := wire.CloseFor(core.Errorf(code, "x"))
		if got != want {
			t.Errorf("%s closes with %d, want %d", code, got, want)
		}
		if got.Returns() == core.Definite(core.Errorf(code, "x")) {
			t.Errorf("%s closes with %d: who may come again is sent away, or the other way round", code, got)
		}
	}
	if got := wire.CloseFor(io.EOF); got != wire.CloseShutdown {
		t.Errorf("whatever it was closes with %d", got)
	}
	for _, c := range []wire.CloseCode{wire.CloseShutdown, wire.CloseSlow, wire.CloseStale, wire.CloseExpired} {
		if !c.Returns() {
			t.Errorf("%d does not ask to come back", c)
		}
	}
	for _, c := range []wire.CloseCode{wire.CloseUnauthorized, wire.CloseForbidden, wire.CloseProtocol, wire.CloseReplaced} {
		if c.Returns() {
			t.Errorf("%d asks to come back", c)
		}
	}
}

func TestTime(t *testing.T) {
	shanghai := time.FixedZone("", 8*3600)
	for _, c := range []struct {
		at   time.Time
		want string
	}{
		{time.Date(2026, 11, 23, 16, 33, 0, 7_999_999, time.UTC), `"2026-11-23T16:33:00.007Z"`},
		{time.Date(2026, 11, 24, 0, 33, 0, 0, shanghai), `"2026-11-23T16:33:00.000Z"`},
		{time.Date(2026, 1, 1, 0, 0, 0, 999_000_000, time.UTC), `"2026-01-01T00:00:00.999Z"`},
	} {
		data := encode(t, wire.Time(c.at))
		if string(data) != c.want {
			t.Errorf("%v travels as %s, want %s", c.at, data, c.want)
		}
		var back wire.Time
		unmarshal(t, data, &back)
		if !time.Time(back).Equal(c.at.Truncate(time.Millisecond)) || time.Time(back).Location() != time.UTC {
			t.Errorf("%s is read as %v", data, time.Time(back))
		}
	}
	for _, bad := range []string{`"2026-11-23"`, `"2026-11-23T16:33:00Z"`, `17`, `null`, `""`} {
		var at wire.Time
		if err := json.Unmarshal([]byte(bad), &at); err == nil {
			t.Errorf("%s is read as %v", bad, time.Time(at))
		}
	}
}

func TestEncode(t *testing.T) {
	e := wire.Render(conv, logged()[1], toVisitor)
	data := string(wire.Encode(e))
	if !strings.Contains(data, "<b>in stock</b>") || strings.HasSuffix(data, "\n") {
		t.Errorf("%s", data)
	}
	defer func() {
		if recover() == nil {
			t.Error("what can not be encoded is sent all the same")
		}
	}()
	wire.Encode(wire.Candidate{Load: math.NaN()})
}

func BenchmarkEncode(b *testing.B) {
	e := logged()[1]
	for _, n := range []int{20, 4000} {
		e.Body.Text = strings.Repeat("客", n)
		b.Run(fmt.Sprintf("%d characters", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				f := wire.Render(conv, e, toVisitor)
				f.Type = "event"
				wire.Encode(f)
			}
		})
	}
}
