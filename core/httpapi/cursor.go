package httpapi

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"kefu/core"
)

// cursorOf returns a place of the list of conversations as an opaque string.
// It is exact to the nanosecond: rounded, it would skip or repeat a
// conversation. It is not signed, for it gives no right to anything.
func cursorOf(p core.Place) string {
	at := p.At
	plain := strconv.FormatInt(at.Unix(), 36) + "." + strconv.FormatInt(int64(at.Nanosecond()), 36) + "." + string(p.ID)
	return base64.RawURLEncoding.EncodeToString([]byte(plain))
}

// parseCursor reads what cursorOf wrote, and nothing else.
func parseCursor(s string) (core.Place, bool) {
	plain, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return core.Place{}, false
	}
	sec, rest, _ := strings.Cut(string(plain), ".")
	nsec, id, _ := strings.Cut(rest, ".")
	seconds, err := strconv.ParseInt(sec, 36, 64)
	if err != nil {
		return core.Place{}, false
	}
	nanos, err := strconv.ParseInt(nsec, 36, 32)
	if err != nil {
		return core.Place{}, false
	}
	p := core.Place{At: time.Unix(seconds, nanos).UTC(), ID: core.ConversationID(id)}
	year := p.At.Year() // what is beyond four digits sorts wrongly as text, in some stores
	return p, id != "" && len(id) <= 64 && year >= 1 && year <= 9999 && cursorOf(p) == s
}
