package core

import (
	"math"
	"slices"
	"time"
)

// Step decides what an input does to a conversation at the given time. It is
// pure: it keeps nothing, and asking again gives the same answer.
//
// A frame heard before yields its Ack again and nothing to store. A frame
// that the author may not send, or that comes out of turn, is a definite
// error (see Code). Whatever the desk itself brings too late yields nothing.
func Step(c Conversation, rules Rules, at time.Time, in Input) (Change, error) {
	d := begin(c, rules, at)
	err := d.step(in)
	if err != nil {
		return Change{Conversation: c}, err
	}
	return d.finish(), nil
}

func (d *draft) step(in Input) error {
	if d.c.Erased {
		return d.over(in)
	}
	switch in := in.(type) {
	case Said:
		return d.numbered(in.Frame, "send", digestSaid(in), func() error { return d.say(in) })
	case Edited:
		return d.numbered(in.Frame, "edit", digest("edit", in.Target.Seq, digestBody(in.Body)), func() error { return d.edit(in) })
	case Recalled:
		return d.numbered(in.Frame, "recall", digest("recall", in.Target.Seq), func() error { return d.recall(in) })
	case HumanAsked:
		return d.numbered(in.Frame, "human", digest("human", uint64(in.Session)), func() error { return d.human(in) })
	case Ended:
		return d.numbered(in.Frame, "end", digest("end", uint64(in.Session)), func() error { return d.end(in) })
	case Rating:
		return d.numbered(in.Frame, "rate", digest("rate", uint64(in.Session), uint64(in.Score), text(in.Comment)), func() error { return d.rate(in) })
	case Taken:
		return d.numbered(in.Frame, "take", digest("take", uint64(in.Session)), func() error { return d.takeOver(in) })
	case Passed:
		return d.numbered(in.Frame, "transfer", digest("transfer", uint64(in.Session), text(string(in.To.ID)), text(string(in.Group)), text(in.Note)), func() error { return d.pass(in) })
	case Resumed:
		return d.numbered(in.Frame, "reopen", digest("reopen", uint64(in.Session)), func() error { return d.resume(in) })
	case Tagged:
		return d.numbered(in.Frame, "tag", digest("tag", texts(in.Add), texts(in.Remove)), func() error { return d.tag(in) })
	case Deferred:
		return d.numbered(in.Frame, "snooze", digest("snooze", uint64(in.Session), uint64(in.Until.UnixMilli())), func() error { return d.snooze(in) })
	case Answered:
		d.answer(in)
	case Briefed:
		d.brief(in)
	case Offered:
		d.offer(in)
	case Left:
		d.left(in)
	case Identified:
		d.identify()
	case Erased:
		d.forget(in)
	case Tick:
		d.tick(in)
	default:
		return Errorf(Invalid, "unknown input %T", in)
	}
	return nil
}

// numbered checks the number of a frame, lets do decide about it, and
// acknowledges it. A frame that changes nothing leaves a note all the same:
// its number must not get stuck.
func (d *draft) numbered(f Frame, typ string, sum uint64, do func() error) error {
	h := d.c.HeardOf(f.By.Party, f.Origin)
	switch {
	case f.N == 0 || f.Origin == "" || f.By.ID == "":
		return Errorf(Invalid, "author, origin and n are required, n counts from 1")
	case f.N > h.N+1:
		return &Error{Code: Gap, Message: "an earlier frame is missing", Expect: h.N + 1}
	case f.N == h.N && sum != h.Digest:
		return Errorf(Conflict, "n %d of this origin was another frame", f.N)
	case f.N <= h.N:
		d.effects = append(d.effects, Ack{To: f.By.Party, Origin: f.Origin, N: h.N, Seq: h.Seq, Repeat: true, At: h.At})
		return nil
	}
	if err := do(); err != nil {
		return err
	}
	if !d.carried {
		d.carry(f, Body{Kind: KindNoted, Reason: Reason(typ)}, true)
	}
	e := d.events[d.carrier]
	d.c.Heard = hear(d.c.Heard, Heard{By: f.By.Party, Origin: f.Origin, N: f.N, Seq: e.Seq, At: e.At, Digest: sum})
	ack := Ack{To: f.By.Party, Origin: f.Origin, N: f.N, Seq: e.Seq, Prev: e.PrevFor(f.By.Kind == Visitor), At: e.At}
	d.effects = append([]Effect{ack}, d.effects...)
	return nil
}

// Owed returns the effects that c still waits for, from its state alone. A
// host that may have lost some performs these. Whatever owes has a Due.
func Owed(c Conversation) []Effect {
	switch s := c.Session; {
	case s.Phase == Waiting:
		return []Effect{Seek{s.Group}}
	case s.Phase == Bot && s.Ask != 0:
		return []Effect{Ask{s.Ask}}
	}
	return nil
}

// Due returns when c wants a Tick; zero: never.
func Due(c Conversation, rules Rules) time.Time {
	s, t := c.Session, rules.Timeouts(c.Session.Group)
	switch {
	case s.Phase == Bot && s.Ask != 0:
		return s.Asked.Add(max(t.Assistant, time.Second))
	case s.Phase == Waiting:
		return s.Since
	case s.Phase == Snoozed:
		return s.Until
	case s.Phase == Held && !s.Owing.IsZero() && t.Agent > 0:
		return after(s.Owing, s.patience(t))
	case s.Phase == Held && !s.Owing.IsZero():
		return after(s.Spoke, t.Abandoned)
	case s.Phase == Held || s.Phase == Bot:
		return after(s.Spoke, s.silence(t))
	}
	return time.Time{}
}

// patience is how long the holder may leave the visitor without a word. It
// doubles each time this agent lost the session for it, so that a desk with
// one sleeping agent does not fill the log by passing it to them all night.
func (s Session) patience(t Timeouts) time.Duration {
	p, _ := s.past(s.Agent)
	times := time.Duration(1) << min(p.Silent, 8)
	return min(t.Agent, math.MaxInt64/times) * times
}

// silence is how long nobody may speak before the next step towards closing.
func (s Session) silence(t Timeouts) time.Duration {
	if s.Warned || t.Warning <= 0 {
		return t.Visitor
	}
	return max(t.Visitor-t.Warning, 0)
}

// after is t+d, or never if d is not positive.
func after(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return t.Add(d)
}

// alarmSlack is how far the clocks of two nodes may be apart. An alarm nearer
// than that may already have been spent by another node, so a change that
// relies on it sets it anew.
const alarmSlack = time.Minute

// begin starts a draft of a change. Milliseconds are what the log and the
// wire carry, so nothing finer is decided upon.
func begin(c Conversation, rules Rules, at time.Time) draft {
	at = at.UTC().Truncate(time.Millisecond)
	if at.Before(c.At) {
		at = c.At
	}
	return draft{was: c, c: c, rules: rules, at: at}
}

// draft is a change in the making.
type draft struct {
	was, c     Conversation
	rules      Rules
	at         time.Time
	events     []Event
	effects    []Effect
	take, free AgentID
	erase      []Tombstone
	carried    bool // an event carries the frame's number …
	carrier    int  // … and it is this one
}

// log appends an event caused by somebody.
func (d *draft) log(by Party, b Body, internal bool) {
	d.c.Seq++
	e := Event{Seq: d.c.Seq, Prev: d.c.Public, Session: d.c.Session.Number, At: d.at, By: by, Internal: internal, Body: b}
	if !internal {
		d.c.Public = e.Seq
	}
	d.c.At = d.at
	d.events = append(d.events, e)
}

// carry appends the event that a frame is acknowledged with.
func (d *draft) carry(f Frame, b Body, internal bool) {
	d.log(f.By.Party, b, internal)
	d.carried, d.carrier = true, len(d.events)-1
	e := &d.events[d.carrier]
	e.Origin, e.N = f.Origin, f.N
}

func (d *draft) effect(e Effect) { d.effects = append(d.effects, e) }

// finish closes the draft.
func (d *draft) finish() Change {
	if len(d.events) == 0 {
		return Change{Conversation: d.was, Was: d.was.Session, Effects: d.effects}
	}
	d.setAlarm()
	a, b := d.was.Session, d.c.Session
	return Change{
		Conversation: d.c, Was: a, Events: d.events, Take: d.take, Free: d.free, Erase: d.erase, Effects: d.effects,
		Moved: a.Number != b.Number || a.Phase != b.Phase || a.Group != b.Group || a.Agent != b.Agent || a.Tag != b.Tag ||
			!a.Since.Equal(b.Since) || !a.Queued.Equal(b.Queued) || !a.Until.Equal(b.Until) || !d.was.Alarm.Equal(d.c.Alarm) ||
			!slices.Equal(d.was.Tags, d.c.Tags),
	}
}

// setAlarm moves the alarm only if the one that is set would come too late or
// may be spent: an early alarm costs one look, a moved one a second row.
func (d *draft) setAlarm() {
	due := Due(d.c, d.rules)
	switch {
	case due.IsZero():
		d.c.Alarm = time.Time{}
	case d.c.Alarm.IsZero() || due.Before(d.c.Alarm) || d.c.Alarm.Before(d.at.Add(alarmSlack)):
		d.c.Alarm = due
	}
}

// phase moves the session on. What belonged to the phase before is cleared.
func (d *draft) phase(p Phase) {
	s := &d.c.Session
	s.Phase, s.Since, s.Ask, s.Asked, s.Warned, s.Until, s.Back = p, d.at, 0, time.Time{}, false, time.Time{}, ""
}

// vacate gives back the seat of whoever holds the session.
func (d *draft) vacate(how parting) {
	s := &d.c.Session
	if s.Agent == "" {
		return
	}
	s.Past = s.leave(s.Agent, how)
	d.free = s.Agent
	d.effect(Room{s.Agent})
	s.Agent = ""
}

// seat gives the session to an agent who needs a seat for it. Whoever holds
// it now leaves.
func (d *draft) seat(id AgentID, why *Why, how parting) {
	from := d.c.Session.Agent
	d.vacate(how)
	d.phase(Held)
	s := &d.c.Session
	s.Agent, s.Human, d.take = id, true, id
	if s.Owing.IsZero() {
		s.Spoke = d.at // the silence begins anew, as of a session that was reopened
	} else {
		s.Owing = d.at // and so does the patience; Spoke says how long the visitor is gone
	}
	d.log(Party{}, Body{Kind: KindAssigned, Agent: id, From: from, Why: why}, false)
}

// queue puts the session in line, at the place it had if it waited before.
func (d *draft) queue(g GroupID) {
	d.phase(Waiting)
	s := &d.c.Session
	s.Group = g
	if s.Queued.IsZero() {
		s.Queued = d.at
	}
	d.log(Party{}, Body{Kind: KindQueued, Group: g}, false)
	d.effect(Seek{g})
}
