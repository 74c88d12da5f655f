package core_test

import (
	"fmt"
	"reflect"
	"slices"
	"time"

	"kefu/core"
)

// lawsOfStep lets Step decide, twice, and returns which of the laws it broke,
// or "". The laws are the lines of delivery.md and architecture.md that can be
// seen in one step; the stories, the fuzzer and the long run all obey them.
func lawsOfStep(c core.Conversation, rules core.Rules, at time.Time, in core.Input) string {
	given, spoilt := guarded(c)
	before := fmt.Sprintf("%+v %+v %+v", c, rules, in)
	change, err := core.Step(given, rules, at, in)
	again, err2 := core.Step(given, rules, at, in)
	switch after := fmt.Sprintf("%+v %+v %+v", given, rules, in); {
	case after != before:
		return "Step changed what it was given: " + after + ", was " + before
	case spoilt():
		return "Step wrote behind the end of a slice it was given"
	case !reflect.DeepEqual(change, again) || !reflect.DeepEqual(err, err2):
		return fmt.Sprintf("two answers to one question: %+v, %v and %+v, %v", change, err, again, err2)
	case err != nil:
		return lawsOfRefusal(c, change, err)
	case change.Empty():
		return lawsOfNothing(c, change, in)
	}
	for _, law := range []func(core.Conversation, core.Change, core.Input) string{lawsOfLog, lawsOfSeat, lawsOfHeard, lawsOfAuthors, lawsOfPhase, lawsOfAmending} {
		if broken := law(c, change, in); broken != "" {
			return broken
		}
	}
	if broken := lawsOfTime(c, change, rules, at); broken != "" {
		return broken
	}
	if broken := lawsOfEffects(c, change); broken != "" {
		return broken
	}
	return lawsOfRepeat(change, rules, at, in)
}

// guarded returns c with room behind its slices, where an append that should
// have copied would write, and a function that tells whether one did.
func guarded(c core.Conversation) (core.Conversation, func() bool) {
	heard, past, tag := core.Heard{N: 1 << 60}, core.Past{Agent: "behind the end"}, "behind the end"
	tags := append(slices.Clone(c.Tags), tag)
	h := append(slices.Clone(c.Heard), heard)
	p := append(slices.Clone(c.Session.Past), past)
	if c.Heard != nil {
		c.Heard = h[:len(c.Heard)]
	}
	if c.Session.Past != nil {
		c.Session.Past = p[:len(c.Session.Past)]
	}
	if c.Tags != nil {
		c.Tags = tags[:len(c.Tags)]
	}
	return c, func() bool { return tags[len(tags)-1] != tag || h[len(h)-1] != heard || p[len(p)-1] != past }
}

// A refused input changes nothing, and says so with a code of its own.
func lawsOfRefusal(c core.Conversation, change core.Change, err error) string {
	switch {
	case !idle(c, change) || change.Effects != nil:
		return fmt.Sprintf("refused with %v, and yet: %+v", err, change)
	case !core.Definite(err):
		return fmt.Sprintf("refused with %v, which is no definite code", err)
	}
	return ""
}

// What stores nothing leaves everything as it was. A frame is at least
// acknowledged again.
func lawsOfNothing(c core.Conversation, change core.Change, in core.Input) string {
	f, numbered := frameOf(in)
	var acks []core.Ack
	for _, e := range change.Effects {
		if a, ok := e.(core.Ack); ok {
			acks = append(acks, a)
		}
	}
	switch h := c.HeardOf(f.By.Party, f.Origin); {
	case !idle(c, change):
		return fmt.Sprintf("stores nothing, and yet: %+v", change)
	case numbered && (len(acks) != 1 || acks[0] != core.Ack{To: f.By.Party, Origin: f.Origin, N: h.N, Seq: h.Seq, Repeat: true, At: h.At}):
		return fmt.Sprintf("a repeat of n=%d is answered with %+v", f.N, acks)
	case numbered && f.N > h.N:
		return "a new frame left no event"
	case !numbered && acks != nil:
		return "acknowledges what nobody sent"
	}
	return ""
}

// idle reports whether a change leaves c, its log and all seats alone.
func idle(c core.Conversation, change core.Change) bool {
	return reflect.DeepEqual(change.Conversation, c) && change.Empty() && change.Take == "" && change.Free == "" && change.Erase == nil && !change.Moved
}

// The log has no holes; Prev skips what the visitor may not see; times never
// go back; a frame leaves exactly one event with its number.
func lawsOfLog(c core.Conversation, change core.Change, in core.Input) string {
	seq, public, at, carriers := c.Seq, c.Public, c.At, 0
	f, numbered := frameOf(in)
	for _, e := range change.Events {
		seq++
		switch {
		case e.Seq != seq || e.Prev != public || e.PrevFor(true) != public || e.PrevFor(false) != seq-1:
			return fmt.Sprintf("event %+v is out of place after #%d, public #%d", e, seq-1, public)
		case e.At.Before(at) || e.At.Nanosecond()%1e6 != 0 || e.At.Location() != time.UTC:
			return fmt.Sprintf("event at %v after one at %v", e.At, at)
		case e.Session != change.Conversation.Session.Number:
			return fmt.Sprintf("event of session %d in session %d", e.Session, change.Conversation.Session.Number)
		case e.Internal != (amongAgents(e.Body.Kind) || isNote(in) || e.By.Kind == core.Robot && e.Body.Kind == core.KindForm):
			return fmt.Sprintf("internal %v: %+v", e.Internal, e)
		}
		if e.N != 0 || e.Origin != "" {
			carriers++
			if !numbered || e.N != f.N || e.Origin != f.Origin || e.By != f.By.Party {
				return fmt.Sprintf("event carries %s %d of %+v", e.Origin, e.N, in)
			}
		}
		if at = e.At; !e.Internal {
			public = seq
		}
	}
	n := change.Conversation
	switch {
	case len(change.Events) > 8:
		return fmt.Sprintf("%d events in one change", len(change.Events))
	case n.Seq != seq || n.Public != public || !n.At.Equal(at) || change.Base() != c.Seq:
		return fmt.Sprintf("head %d, public %d, at %v after events up to %d, %d, %v", n.Seq, n.Public, n.At, seq, public, at)
	case numbered != (carriers == 1):
		return fmt.Sprintf("%d events carry the number of the frame", carriers)
	case n.ID != c.ID || !reflect.DeepEqual(change.Was, c.Session):
		return "the change belongs to another conversation or session"
	}
	return ""
}

// amongAgents: what no visitor is told.
func amongAgents(k core.Kind) bool {
	return slices.Contains([]core.Kind{core.KindNoted, core.KindIdentified, core.KindTagged, core.KindSnoozed, core.KindErased}, k)
}

// A seat is held exactly in phase Held, and Take and Free are the difference.
func lawsOfSeat(c core.Conversation, change core.Change, _ core.Input) string {
	n, free, take := change.Conversation, c.Session.Agent, change.Conversation.Session.Agent
	if free == take {
		free, take = "", ""
	}
	switch {
	case (n.Session.Phase == core.Held) != (n.Session.Agent != ""):
		return fmt.Sprintf("phase %v with agent %q", n.Session.Phase, n.Session.Agent)
	case change.Take != take || change.Free != free:
		return fmt.Sprintf("take %q, free %q, but the seat went from %q to %q", change.Take, change.Free, c.Session.Agent, n.Session.Agent)
	}
	return ""
}

// Nobody is made to have said what they did not say (2), who lost a session
// does not write as its owner (12), the bot answers only the open question
// while the session is its own (16).
func lawsOfAuthors(c core.Conversation, change core.Change, in core.Input) string {
	f, numbered := frameOf(in)
	if numbered && (f.By.ID == "" || f.Origin == "" || f.N == 0) {
		return "a frame without author, origin or number is accepted"
	}
	for _, e := range change.Events {
		switch e.By.Kind {
		case core.System:
			if e.Body.Kind.Said() {
				return "the desk itself says something"
			}
		case core.Robot:
			a, answers := in.(core.Answered)
			b, briefs := in.(core.Briefed)
			switch {
			case answers && c.Session.Phase == core.Bot && c.Session.Ask != 0 && a.Ask == c.Session.Ask && (e.Body.Text == a.Text && !e.Internal || e.Internal && e.Body.Text == ""):
			case briefs && c.Session.Phase.Open() && c.Session.Phase != core.Bot && e.Internal && e.Body.Text == b.Text:
			default:
				return fmt.Sprintf("the bot says %+v after %+v", e, in)
			}
		case core.Visitor:
			if e.By != f.By.Party || (c.Visitor != "" && e.By.ID != string(c.Visitor)) {
				return fmt.Sprintf("%q writes as the visitor %q", e.By.ID, c.Visitor)
			}
		case core.Staff:
			if e.By != f.By.Party {
				return fmt.Sprintf("%q acts as %q", f.By.ID, e.By.ID)
			}
			if e.Body.Kind.Said() && !e.Internal && e.By.ID != string(c.Session.Agent) && !f.By.Role.Leads() {
				return fmt.Sprintf("%q answers in a session of %q", e.By.ID, c.Session.Agent)
			}
		}
	}
	return ""
}

// Sessions are numbered 1, 2, 3; one that is over only reopens; waiting ends
// in no silence.
func lawsOfPhase(c core.Conversation, change core.Change, in core.Input) string {
	was, is := c.Session, change.Conversation.Session
	_, resumed := in.(core.Resumed)
	switch {
	case is.Number == was.Number+1 && !was.Phase.Open() && is.Phase.Open():
	case is.Number != was.Number:
		return fmt.Sprintf("session %d follows session %d in phase %v", is.Number, was.Number, was.Phase)
	case !was.Phase.Open() && is.Phase.Open() && !resumed:
		return fmt.Sprintf("%T reopens a session", in)
	case was.Phase.Open() && !is.Phase.Open() && is.Phase != core.Closed:
		return fmt.Sprintf("phase %v becomes %v", was.Phase, is.Phase)
	}
	closed := slices.IndexFunc(change.Events, func(e core.Event) bool { return e.Body.Kind == core.KindClosed })
	switch {
	case (closed >= 0) != (was.Phase.Open() && is.Phase == core.Closed):
		return fmt.Sprintf("phase %v becomes %v with events %+v", was.Phase, is.Phase, change.Events)
	case closed >= 0 && change.Events[closed].Body.Reason == core.BySilence && (was.Phase == core.Waiting || !was.Warned && !was.Owing.IsZero()):
		return "closed for silence, and the silence was ours"
	}
	return ""
}

// Nothing that owes something is forgotten: it has a Due, and an alarm that
// does not come later. Lists are told whatever they show.
func lawsOfTime(c core.Conversation, change core.Change, rules core.Rules, at time.Time) string {
	n := change.Conversation
	due, a, b := core.Due(n, rules), c.Session, n.Session
	t := rules.Timeouts(b.Group)
	moved := a.Number != b.Number || a.Phase != b.Phase || a.Group != b.Group || a.Agent != b.Agent || a.Tag != b.Tag || !c.Alarm.Equal(n.Alarm) ||
		!slices.Equal(c.Tags, n.Tags) || !a.Until.Equal(b.Until)
	switch {
	case len(core.Owed(n)) > 0 && due.IsZero():
		return fmt.Sprintf("owes %v and will never be reminded", core.Owed(n))
	case b.Phase == core.Held && !b.Owing.IsZero() && due.IsZero() && (t.Agent > 0 || t.Abandoned > 0):
		return "a word is owed, and nobody will ever ask for it"
	case n.Alarm.IsZero() != due.IsZero():
		return fmt.Sprintf("alarm %v, due %v", n.Alarm, due)
	case n.Alarm.After(due):
		return fmt.Sprintf("alarm %v is later than due %v", n.Alarm, due)
	case (b.Phase == core.Snoozed) != !b.Until.IsZero() || b.Phase == core.Snoozed && b.Until.After(n.At.Add(core.MaxSnooze)):
		return fmt.Sprintf("%s until %v, now is %v", b.Phase, b.Until, n.At)
	case b.Back != "" && b.Phase != core.Snoozed && b.Phase != core.Waiting:
		return fmt.Sprintf("%s, and goes back to %s", b.Phase, b.Back)
	case len(n.Tags) > core.MaxTags || !slices.IsSorted(n.Tags) || len(slices.Compact(slices.Clone(n.Tags))) != len(n.Tags):
		return fmt.Sprintf("the tags are %q", n.Tags)
	case change.Moved != moved:
		return fmt.Sprintf("moved %v: %+v, before %+v", change.Moved, n, c)
	case n.At.Before(at.Truncate(time.Millisecond)):
		return fmt.Sprintf("at %v is the past, now is %v", n.At, at)
	}
	for _, t := range []time.Time{b.Since, b.Queued, b.Spoke, b.Owing, b.Asked, n.LastAt} {
		if t.After(n.At) {
			return fmt.Sprintf("%v is the future, now is %v", t, n.At)
		}
	}
	return ""
}

// An accepted frame is acknowledged first; who begins to wait gets a Seek, a
// new question an Ask, a freed seat a Room.
func lawsOfEffects(c core.Conversation, change core.Change) string {
	a, b := c.Session, change.Conversation.Session
	want := map[core.Effect]bool{}
	for _, e := range change.Events {
		if e.N != 0 {
			want[core.Ack{To: e.By, Origin: e.Origin, N: e.N, Seq: e.Seq, Prev: e.PrevFor(e.By.Kind == core.Visitor), At: e.At}] = true
		}
		if e.Body.Kind == core.KindQueued {
			want[core.Seek{Group: b.Group}] = true
		}
	}
	if b.Ask != 0 && b.Ask != a.Ask {
		want[core.Ask{Seq: b.Ask}] = true
	}
	if change.Free != "" {
		want[core.Room{Agent: change.Free}] = true
	}
	for _, e := range change.Events {
		first := a.Agent != c.Last || c.LastAt.Before(a.Since)
		if e.Body.Kind.Said() && !e.Internal && e.By == core.AgentParty(a.Agent) && a.Phase == core.Held && !a.Owing.IsZero() && first {
			want[core.Paced{Agent: a.Agent, Took: e.At.Sub(a.Owing)}] = true
		}
	}
	for i, e := range change.Effects {
		if _, ack := e.(core.Ack); !want[e] || (ack && i > 0) {
			return fmt.Sprintf("effect %d, %+v, is unexpected", i, e)
		}
		delete(want, e)
	}
	if len(want) > 0 {
		return fmt.Sprintf("effects %+v, missing %v", change.Effects, want)
	}
	return ""
}

// Sending an accepted frame again is acknowledged and stores nothing.
func lawsOfRepeat(change core.Change, rules core.Rules, at time.Time, in core.Input) string {
	f, numbered := frameOf(in)
	if !numbered {
		return ""
	}
	again, err := core.Step(change.Conversation, rules, at, in)
	if err != nil || !again.Empty() {
		return fmt.Sprintf("a repeat gives %+v, %v", again, err)
	}
	if broken := lawsOfNothing(change.Conversation, again, in); broken != "" {
		return broken
	}
	if a := again.Effects[0].(core.Ack); a.N != f.N {
		return fmt.Sprintf("a repeat of n=%d is acknowledged as %d", f.N, a.N)
	}
	return ""
}

// frameOf returns the frame of an input that a person sends.
func frameOf(in core.Input) (core.Frame, bool) {
	v := reflect.ValueOf(in)
	if v.Kind() != reflect.Struct {
		return core.Frame{}, false
	}
	f := v.FieldByName("Frame")
	if !f.IsValid() {
		return core.Frame{}, false
	}
	return f.Interface().(core.Frame), true
}

func isNote(in core.Input) bool {
	switch in := in.(type) {
	case core.Said:
		return in.Internal
	case core.Edited:
		return in.Target.Event.Internal
	case core.Recalled:
		return in.Target.Event.Internal
	case core.Briefed:
		return true
	}
	return false
}

// fold is what a log says about a session: the state again, told by nothing
// but the events. The log is the truth, so a head must agree with it.
type fold struct {
	number uint32
	phase  core.Phase
	agent  core.AgentID
	group  core.GroupID // while it waits
	tag    string
	until  time.Time // while it is snoozed
	tags   []string
	public uint64
}

func (f *fold) add(e core.Event) {
	if !e.Internal {
		f.public = e.Seq
	}
	switch e.Body.Kind {
	case core.KindOpened:
		f.number, f.phase, f.agent, f.tag = f.number+1, core.Bot, "", e.Body.Tag
	case core.KindQueued:
		f.phase, f.agent, f.group = core.Waiting, "", e.Body.Group
	case core.KindAssigned:
		f.phase, f.agent = core.Held, e.Body.Agent
	case core.KindClosed:
		f.phase, f.agent = core.Closed, ""
	case core.KindSnoozed:
		f.phase, f.agent, f.until = core.Snoozed, "", e.Body.Until
	case core.KindTagged:
		for _, t := range e.Body.Remove {
			f.tags = slices.DeleteFunc(f.tags, func(had string) bool { return had == t })
		}
		f.tags = append(f.tags, e.Body.Add...)
		slices.Sort(f.tags)
	}
}

// disagrees returns in what a head is not the fold of its log, or "".
func (f *fold) disagrees(c core.Conversation) string {
	s := c.Session
	if s.Phase == core.None {
		s.Phase = f.phase
	}
	if f.number != s.Number || f.phase != s.Phase || f.agent != s.Agent || f.tag != s.Tag || f.public != c.Public ||
		(f.phase == core.Waiting && f.group != s.Group) || (f.phase == core.Snoozed && !f.until.Equal(s.Until)) || !slices.Equal(f.tags, c.Tags) {
		return fmt.Sprintf("the log says %+v, the head %+v, public #%d", *f, s, c.Public)
	}
	return ""
}
