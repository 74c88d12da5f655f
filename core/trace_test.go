package core_test

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"kefu/core"
)

// trace tells what an input did, a line each: the events, the seats, the
// effects, the session as it is now, and when it wants to be looked at.
func (w *world) trace(c core.Change, err error) string {
	var out strings.Builder
	if err != nil {
		fmt.Fprintf(&out, "refused: %v", err)
		if e := new(core.Error); errors.As(err, &e) && e.Expect > 0 {
			fmt.Fprintf(&out, ", expect n=%d", e.Expect)
		}
		return out.String() + "\n"
	}
	for _, e := range c.Events {
		out.WriteString(w.event(e))
	}
	if c.Empty() {
		out.WriteString("nothing to store\n")
	}
	for _, gone := range c.Erase {
		fmt.Fprintf(&out, "erased: #%d\n", gone.Seq)
	}
	out.WriteString(seats(c))
	if list := effects(c.Effects); list != "" {
		fmt.Fprintf(&out, "then: %s\n", list)
	}
	if !c.Empty() {
		fmt.Fprintf(&out, "now: %s\n", session(c.Conversation))
		out.WriteString(w.alarm(c))
	}
	return out.String()
}

func (w *world) event(e core.Event) string {
	var out strings.Builder
	fmt.Fprintf(&out, "#%d (prev %d) %s: %s", e.Seq, e.Prev, party(e.By), body(e))
	if e.Internal {
		out.WriteString(" (internal)")
	}
	if e.N > 0 {
		fmt.Fprintf(&out, " [%s n=%d]", e.Origin, e.N)
	}
	if !e.At.Equal(w.now) {
		fmt.Fprintf(&out, " at %s", clock(e.At))
	}
	return out.String() + "\n"
}

func party(p core.Party) string {
	if p.Kind == core.Visitor || p.Kind == core.Staff {
		return p.ID
	}
	return map[core.PartyKind]string{core.System: "desk", core.Robot: "bot"}[p.Kind]
}

// body shows the fields that the event's kind uses.
func body(e core.Event) string {
	b := e.Body
	out := string(b.Kind)
	for _, f := range []struct{ before, value string }{
		{" from ", string(b.From)}, {" to ", string(b.Agent)}, {" to the group ", string(b.Group)},
		{" for ", b.Tag}, {", ", string(b.Reason)},
	} {
		if b.Kind == core.KindSnoozed && f.before == " to " {
			f.before = " for "
		}
		if b.Kind == core.KindReleased && f.before == " to " {
			f.before = " "
		}
		if f.value != "" {
			out += f.before + f.value
		}
	}
	if b.Score > 0 {
		out += fmt.Sprintf(" session %d with %d", b.Session, b.Score)
	}
	if b.Seq > 0 {
		out += fmt.Sprintf(" #%d", b.Seq)
	}
	if b.Text != "" {
		out += fmt.Sprintf(" %q", b.Text)
	}
	for _, f := range b.Fields {
		out += fmt.Sprintf(" %s=%q", f.Label, f.Value)
	}
	for _, s := range b.Sources {
		out += " from " + s.ID
	}
	for _, t := range b.Add {
		out += fmt.Sprintf(" +%q", t)
	}
	for _, t := range b.Remove {
		out += fmt.Sprintf(" -%q", t)
	}
	if !b.Until.IsZero() {
		out += " until " + clock(b.Until)
	}
	return out + why(b.Why)
}

func why(w *core.Why) string {
	if w == nil {
		return ""
	}
	out := " (" + string(w.Tier)
	if w.Members > 0 {
		out += fmt.Sprintf(": %d of %d able, shard %d by %q", w.Able, w.Members, w.Shard, w.Key)
	}
	for _, c := range w.Candidates {
		out += fmt.Sprintf(", %s %.2f", c.Agent, c.Load)
	}
	for _, r := range w.Removed {
		out += fmt.Sprintf(", not %s %s", r.Agent, r.Bar)
	}
	return out + ")"
}

func seats(c core.Change) string {
	var list []string
	if c.Take != "" {
		list = append(list, "take "+string(c.Take))
	}
	if c.Free != "" {
		list = append(list, "free "+string(c.Free))
	}
	if list == nil {
		return ""
	}
	return "seats: " + strings.Join(list, ", ") + "\n"
}

func effects(list []core.Effect) string {
	var out []string
	for _, e := range list {
		switch e := e.(type) {
		case core.Ack:
			s := fmt.Sprintf("ack %s %s n=%d is #%d", party(e.To), e.Origin, e.N, e.Seq)
			if e.Repeat {
				s += " (repeat)"
			} else {
				s += fmt.Sprintf(" (prev %d)", e.Prev)
			}
			out = append(out, s)
		case core.Ask:
			out = append(out, fmt.Sprintf("ask the bot about #%d", e.Seq))
		case core.Seek:
			out = append(out, fmt.Sprintf("seek a seat in %s", e.Group))
		case core.Paced:
			out = append(out, fmt.Sprintf("%s answered within %s", e.Agent, e.Took))
		case core.Room:
			out = append(out, fmt.Sprintf("%s has room", e.Agent))
		default:
			out = append(out, fmt.Sprintf("%#v", e))
		}
	}
	return strings.Join(out, "; ")
}

// session shows the fields of a session that are not zero.
func session(c core.Conversation) string {
	s := c.Session
	out := fmt.Sprintf("session %d %s", s.Number, s.Phase)
	if s.Agent != "" {
		out += " by " + string(s.Agent)
	}
	out += fmt.Sprintf(" in %s since %s", s.Group, clock(s.Since))
	if s.Phase == core.Waiting {
		out += ", in line since " + clock(s.Queued)
	}
	if s.Phase == core.Snoozed {
		out += " until " + clock(s.Until)
	}
	if s.Back != "" {
		out += ", back to " + string(s.Back)
	}
	if !s.Owing.IsZero() && s.Phase.Open() {
		out += ", a word owed since " + clock(s.Owing)
	}
	if s.Ask != 0 {
		out += fmt.Sprintf(", the bot owes #%d", s.Ask)
	}
	if s.Warned {
		out += ", warned"
	}
	for _, p := range s.Past {
		out += fmt.Sprintf(", past %s", p.Agent)
		switch {
		case p.Passed && p.Silent > 0:
			out += fmt.Sprintf(" (passed, silent %d)", p.Silent)
		case p.Passed:
			out += " (passed)"
		case p.Silent > 0:
			out += fmt.Sprintf(" (silent %d)", p.Silent)
		}
	}
	if c.Last != "" {
		out += ", last answered by " + string(c.Last)
	}
	if len(c.Tags) > 0 {
		out += fmt.Sprintf(", tags %q", c.Tags)
	}
	return out
}

// alarm says when the store wakes the conversation, when it wants to be woken,
// and whether a store has to rewrite its lists.
func (w *world) alarm(c core.Change) string {
	out := "alarm: never"
	if a := c.Conversation.Alarm; !a.IsZero() {
		out = "alarm: " + clock(a)
		if due := core.Due(c.Conversation, w.rules); !due.Equal(a) {
			out += ", due only " + clock(due)
		}
	}
	if !c.Moved {
		return out + ", lists untouched\n"
	}
	return out + "\n"
}

// clock shows a time of the first day without the day.
func clock(t time.Time) string {
	layout := "15:04:05.999"
	if t.YearDay() != nine.YearDay() || t.Year() != nine.Year() {
		layout = "Jan 2 " + layout
	}
	return t.Format(layout)
}

// show prints what the store holds: the log as the visitor or staff see it, a
// line, what the outboxes were heard up to, or the seats.
func (w *world) show(c command) string {
	head := w.load(core.ConversationOf("shop", core.VisitorID(w.conversationOf(c))))
	switch c.word(1) {
	case "log":
		return w.showLog(head, c.word(2) != "staff")
	case "line":
		return w.showLine(core.GroupID(c.word(2)))
	case "heard":
		var out strings.Builder
		for _, h := range head.Heard {
			fmt.Fprintf(&out, "%s %s up to n=%d, #%d\n", party(h.By), h.Origin, h.N, h.Seq)
		}
		return out.String()
	case "seats":
		var out strings.Builder
		for _, a := range w.roster("") {
			fmt.Fprintf(&out, "%s %s %d of %d\n", a.ID, a.Status, a.Held, a.Capacity)
		}
		return out.String()
	}
	w.t.Fatalf("what is %q?", c.words)
	return ""
}

func (w *world) showLog(head core.Conversation, visitor bool) string {
	log, err := w.store.After(w.t.Context(), head.ID, 0, 200)
	if err != nil {
		w.t.Fatal(err)
	}
	var out strings.Builder
	for _, e := range log {
		if visitor {
			e.Body.Why = nil // the wire keeps it to staff
		}
		if !visitor || !e.Internal {
			fmt.Fprintf(&out, "#%d (prev %d) %s: %s\n", e.Seq, e.PrevFor(visitor), party(e.By), body(e))
		}
	}
	return out.String()
}

func (w *world) showLine(g core.GroupID) string {
	places, err := w.store.Waiting(w.t.Context(), g, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	names := []string{"line of " + string(g) + ":"}
	for _, p := range places {
		names = append(names, string(w.load(p.ID).Visitor))
	}
	if len(places) == 0 {
		names = append(names, "nobody")
	}
	return strings.Join(names, " ") + "\n"
}
