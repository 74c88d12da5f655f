package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"
)

// readable writes what functions log as JSON, a line at a time, as people read
// it:
//
//	[socket 3] {"time":"2026-11-23T10:00:00.123Z","level":"WARN","msg":"a push failed","error":"…"}
//	10:00:00.123 socket 3 WARN a push failed error=…
//
// Metrics in the embedded format are for CloudWatch, and left out. What is not
// JSON, a panic say, is passed on as it is.
type readable struct{ out io.Writer }

// Write implements io.Writer, for one whole line.
func (r *readable) Write(line []byte) (int, error) {
	text, show := translate(string(bytes.TrimRight(line, "\n")))
	if !show {
		return len(line), nil
	}
	if _, err := io.WriteString(r.out, text+"\n"); err != nil {
		return 0, err
	}
	return len(line), nil
}

// translate returns a line as people read it, and whether they want to.
func translate(line string) (text string, show bool) {
	name, rest, found := strings.Cut(strings.TrimPrefix(line, "["), "] ")
	var fields map[string]any
	if !found || json.Unmarshal([]byte(rest), &fields) != nil {
		return line, true
	}
	if _, metrics := fields["_aws"]; metrics {
		return "", false
	}
	take := func(field string) string {
		s, _ := fields[field].(string)
		delete(fields, field)
		return s
	}
	either := func(a, b string) string { return cmp.Or(take(a), take(b)) } // Lambda names two of them in its own way
	words := []string{clock(either("time", "timestamp")), name, take("level"), either("msg", "message")}
	for _, field := range slices.Sorted(maps.Keys(fields)) {
		words = append(words, fmt.Sprintf("%s=%v", field, fields[field]))
	}
	return strings.Join(slices.DeleteFunc(words, func(w string) bool { return w == "" }), " "), true
}

// clock is the time of day of a time; what is none stays as it is.
func clock(text string) string {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return text
	}
	return t.Format("15:04:05.000")
}
