package desk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// frame is a server frame as a client reads it.
type frame map[string]any

func parseFrame(data []byte) frame {
	var f frame
	if json.Unmarshal(data, &f) != nil {
		return frame{}
	}
	return f
}

func (f frame) str(key string) string {
	s, _ := f[key].(string)
	return s
}

func (f frame) num(key string) uint64 {
	n, _ := f[key].(float64)
	return uint64(n)
}

func (f frame) of(key string) frame {
	m, _ := f[key].(map[string]any)
	return m
}

func (f frame) list(key string) []frame {
	list, _ := f[key].([]any)
	out := make([]frame, 0, len(list))
	for _, v := range list {
		m, _ := v.(map[string]any)
		out = append(out, m)
	}
	return out
}

// text tells a frame in a line. To agents it begins with whose conversation it
// is about. #5(3) is event 5, the one before it being 3.
func (f frame) text(w *world, visitor bool) string {
	about := f.str("conversation")
	if about == "" {
		about = f.of("conversation").str("id")
	}
	whose := ""
	if !visitor && about != "" {
		w.mu.Lock()
		whose = w.names[about] + ": "
		w.mu.Unlock()
	}
	switch f.str("type") {
	case "welcome":
		return f.welcome()
	case "event":
		return whose + f.event()
	case "ack":
		if _, ok := f["prev"]; !ok {
			return fmt.Sprintf("%sack %d is #%d, again", whose, f.num("n"), f.num("seq"))
		}
		return fmt.Sprintf("%sack %d is #%d(%d)", whose, f.num("n"), f.num("seq"), f.num("prev"))
	case "events":
		return whose + "events " + numbers(f)
	case "conversation":
		return whose + "head " + f.of("conversation").head()
	case "typing":
		return whose + "typing " + f.of("by").party()
	case "read":
		return fmt.Sprintf("%sread %s #%d", whose, f.of("by").party(), f.num("seq"))
	case "presence":
		return "presence " + staff(f.list("agents"))
	case "error":
		return whose + f.refusal()
	case "pong":
		return f.pong(w)
	case "bye":
		return fmt.Sprintf("bye %d %s", f.num("code"), f.str("reason"))
	}
	return fmt.Sprint(map[string]any(f))
}

func (f frame) welcome() string {
	s := "welcome " + f.str("role")
	if f.str("role") == "visitor" {
		s += fmt.Sprintf(", n %d, %s, %s", f.num("n"), f.of("conversation").head(), numbers(f))
	} else {
		s += fmt.Sprintf(", %d heads, %s", len(f.list("conversations")), staff(f.list("agents")))
		if f["more"] == true {
			s += ", more"
		}
	}
	if f["reset"] == true {
		s += ", reset"
	}
	return s
}

// numbers lists the events of a page.
func numbers(f frame) string {
	events := f.list("events")
	s := "nothing"
	if n := len(events); n > 0 {
		s = fmt.Sprintf("#%d-%d", events[0].num("seq"), events[n-1].num("seq"))
	}
	if f["more"] == true {
		s += ", more"
	}
	return s
}

func (f frame) event() string {
	b := f.of("body")
	s := fmt.Sprintf("#%d(%d) ", f.num("seq"), f.num("prev"))
	if f["internal"] == true {
		s += "internal "
	}
	if b.str("kind") == "tombstone" {
		return s + f.of("by").party() + ": gone"
	}
	if f.of("by").str("kind") != "system" {
		return s + f.of("by").party() + ": " + b.str("text")
	}
	s += b.str("kind")
	if b["seq"] != nil {
		s += fmt.Sprintf(" #%d", b.num("seq"))
	}
	if b["body"] != nil {
		s += ": " + b.of("body").str("text")
	}
	if b["agent"] != nil {
		s += " " + b.of("agent").str("name")
	}
	for _, more := range []string{b.str("reason"), b.str("of"), b.of("to").of("agent").str("name"), b.of("to").str("group"), b.str("note")} {
		if more != "" {
			s += " " + more
		}
	}
	return s
}

func (f frame) party() string {
	if f.str("name") != "" {
		return f.str("name")
	}
	return f.str("kind")
}

func (f frame) head() string {
	s := fmt.Sprintf("%s #%d", f.str("phase"), f.num("seq"))
	if f["agent"] != nil {
		s += " by " + f.of("agent").str("name")
	}
	if q := f.of("queue"); q != nil {
		s += fmt.Sprintf(", place %d", q.num("position"))
		if q["eta"] != nil {
			s += fmt.Sprintf(" in %ds", q.num("eta"))
		}
	}
	if f.of("visitor")["online"] != true {
		s += ", away"
	}
	return s
}

func staff(agents []frame) string {
	var out []string
	for _, a := range agents {
		out = append(out, fmt.Sprintf("%s %s %d/%d", a.str("name"), a.str("status"), a.num("held"), a.num("capacity")))
	}
	return strings.Join(out, "; ")
}

func (f frame) refusal() string {
	s := "error " + f.str("code")
	if f["n"] != nil {
		s += fmt.Sprintf(" n %d", f.num("n"))
	}
	if f["expect"] != nil {
		s += fmt.Sprintf(", expect %d", f.num("expect"))
	}
	return s
}

func (f frame) pong(w *world) string {
	heads, ok := f["heads"].(map[string]any)
	if !ok {
		return fmt.Sprintf("pong #%d", f.num("heads"))
	}
	var out []string
	for _, id := range slices.Sorted(maps.Keys(heads)) {
		w.mu.Lock()
		out = append(out, fmt.Sprintf("%s #%d", w.names[id], frame(heads).num(id)))
		w.mu.Unlock()
	}
	slices.Sort(out)
	return fmt.Sprintf("pong %s, %d waiting", strings.Join(out, " "), f.num("waiting"))
}
