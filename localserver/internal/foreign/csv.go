package foreign

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// CSV reads a file whose first line names its columns, in any order:
//
//	time     2026-01-17T09:00:00Z, or 2026-01-17 09:00:00 in UTC
//	visitor  the id of the visitor, such as the shop's own
//	text     what was said
//	agent    who said it, by the name they log in with; empty: the visitor (optional)
//	name     what the visitor is called (optional)
//
// Lines may be in any order. The error says that it is no such file; a line that
// can not be read is passed over.
func CSV(r io.Reader) (Archive, error) {
	in := csv.NewReader(r)
	in.FieldsPerRecord, in.ReuseRecord = -1, true
	head, err := in.Read()
	if err != nil {
		return Archive{}, errors.New("the file is empty, or no CSV")
	}
	columns := map[string]int{}
	for i, name := range head {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains([]string{"time", "visitor", "text", "agent", "name"}, name) {
			return Archive{}, fmt.Errorf("there is no use for a column %q; there are time, visitor, text, agent and name", name)
		}
		columns[name] = i + 1
	}
	for _, name := range []string{"time", "visitor", "text"} {
		if columns[name] == 0 {
			return Archive{}, fmt.Errorf("there is no column %q in the first line", name)
		}
	}
	a, b := Archive{Agents: map[string]string{}}, book{talks: map[string]*Talk{}}
	for {
		record, err := in.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		var wrong *csv.ParseError
		switch {
		case errors.As(err, &wrong):
			a.pass("line %d: %v", wrong.Line, wrong.Err)
			continue
		case err != nil:
			return Archive{}, err
		}
		line, _ := in.FieldPos(0)
		b.record(&a, line, func(name string) string {
			if i := columns[name]; i > 0 && i <= len(record) {
				return strings.Clone(record[i-1])
			}
			return ""
		})
	}
	b.into(&a)
	return a, nil
}

func (b *book) record(a *Archive, line int, field func(string) string) {
	at, ok := moment(field("time"))
	visitor, text := strings.TrimSpace(field("visitor")), clean(field("text"))
	switch {
	case !ok:
		a.pass("line %d: %q is no time", line, clip(field("time"), 40))
		return
	case visitor == "" || len(visitor) > 200:
		a.pass("line %d: no visitor", line)
		return
	case text == "":
		a.pass("line %d: no text", line)
		return
	}
	agent := strings.TrimSpace(field("agent"))
	if agent != "" {
		a.Agents[agent] = agent
	}
	t := b.talk(visitor)
	if name := strings.TrimSpace(field("name")); name != "" {
		t.Name = name
	}
	t.Lines = append(t.Lines, Line{At: at, Agent: agent, Text: text})
}

// moment reads a time.
func moment(s string) (time.Time, bool) {
	s = strings.TrimSpace(s)
	for _, layout := range []string{time.RFC3339, time.DateTime, "2006-01-02T15:04:05", "2006-01-02 15:04"} {
		if at, err := time.Parse(layout, s); err == nil && at.Year() > 1970 {
			return at.UTC(), true
		}
	}
	return time.Time{}, false
}
