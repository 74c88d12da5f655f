package httpapi

import (
	"testing"
	"time"

	"kefu/core"
)

// FuzzCursor: a cursor is taken only as it is written, so no two are one
// place, and a place is what it was.
func FuzzCursor(f *testing.F) {
	f.Add(cursorOf(core.Place{ID: "c_1"}))
	f.Add(cursorOf(core.Place{At: time.Date(2026, 11, 23, 17, 0, 0, 123456789, time.UTC), ID: "c.2"}))
	f.Add("")
	f.Add("MS4xLg")
	f.Fuzz(func(t *testing.T, s string) {
		p, ok := parseCursor(s)
		if !ok {
			return
		}
		if back := cursorOf(p); back != s {
			t.Errorf("%q became %v, which is %q", s, p, back)
		}
		if again, ok := parseCursor(cursorOf(p)); !ok || again.ID != p.ID || !again.At.Equal(p.At) {
			t.Errorf("%v became %v", p, again)
		}
		if len(p.ID) == 0 || len(p.ID) > 64 {
			t.Errorf("an id of %d bytes", len(p.ID))
		}
		if _, err := p.At.MarshalText(); err != nil {
			t.Errorf("a time that no store can hold: %v", err)
		}
	})
}
