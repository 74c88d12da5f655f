package core

import "slices"

// current reports whether a frame about session n speaks of the one that is
// going on. One that is over is no error: somebody else ended it first.
func (d *draft) current(n uint32) (bool, error) {
	s := d.c.Session
	if n == 0 || n > s.Number {
		return false, Errorf(NotFound, "there is no session %d", n)
	}
	return n == s.Number && s.Phase.Open(), nil
}

// staff checks that staff act on a session they may act on: their own, one
// that waits in a group of theirs, or any if they lead.
func (d *draft) staff(by Actor) error {
	s := d.c.Session
	if by.Kind != Staff {
		return Errorf(Forbidden, "only agents do that")
	}
	if !by.Role.Leads() && by.ID != string(s.Agent) && !slices.Contains(by.Groups, s.Group) {
		return Errorf(Forbidden, "this conversation is not of your groups")
	}
	return nil
}

func (d *draft) human(in HumanAsked) error {
	if err := d.visitor(in.By); err != nil {
		return err
	}
	open, err := d.current(in.Session)
	if err != nil || !open || d.c.Session.Phase != Bot {
		return err
	}
	d.carry(in.Frame, Body{Kind: KindHandoff, Reason: ByRequest}, false)
	d.promise()
	d.queue(d.c.Session.Group)
	return nil
}

func (d *draft) end(in Ended) error {
	open, err := d.current(in.Session)
	if may := d.mayEnd(in.By, open); may != nil {
		return may
	}
	if err != nil || !open {
		return err
	}
	d.carry(in.Frame, Body{Kind: KindClosed, Reason: ByRequest}, false)
	d.shut()
	return nil
}

// mayEnd: the visitor, who holds the session, those who lead, and while nobody
// holds it the agents of its group. That an earlier one is over is no secret
// to them.
func (d *draft) mayEnd(by Actor, open bool) error {
	if by.Kind == Visitor {
		return d.visitor(by)
	}
	if err := d.staff(by); err != nil {
		return err
	}
	if s := d.c.Session; open && s.Phase == Held && !by.Role.Leads() && by.ID != string(s.Agent) {
		return Errorf(Conflict, "another agent holds this session")
	}
	return nil
}

// close ends the session for a reason of the desk's own.
func (d *draft) close(r Reason) {
	d.log(Party{}, Body{Kind: KindClosed, Reason: r}, false)
	d.shut()
}

func (d *draft) shut() {
	d.vacate(done)
	d.phase(Closed)
}

func (d *draft) rate(in Rating) error {
	if err := d.visitor(in.By); err != nil {
		return err
	}
	if in.Score < 1 || in.Score > 5 {
		return Errorf(Invalid, "a score is 1 to 5")
	}
	if _, err := d.current(in.Session); err != nil {
		return err
	}
	d.carry(in.Frame, Body{Kind: KindRated, Session: in.Session, Score: in.Score, Text: in.Comment}, false)
	return nil
}

// takeOver seats the agent who asks. From another agent only those who lead
// may take a session.
func (d *draft) takeOver(in Taken) error {
	if err := d.staff(in.By); err != nil {
		return err
	}
	open, err := d.current(in.Session)
	s, me := d.c.Session, AgentID(in.By.ID)
	switch {
	case err != nil:
		return err
	case !open:
		return Errorf(Conflict, "the session is over")
	case s.Agent == me:
		return nil
	case s.Phase == Held && !in.By.Role.Leads():
		return Errorf(Conflict, "another agent holds this session")
	}
	d.seatFor(in.Frame, me, TierTaken, done)
	return nil
}

// seatFor is seat for a frame that asked for it by name. That outweighs that
// the agent passed the session before.
func (d *draft) seatFor(f Frame, id AgentID, t Tier, how parting) {
	d.seat(id, &Why{Tier: t}, how)
	d.c.Session.Past = d.c.Session.forgive(id)
	e := &d.events[len(d.events)-1]
	e.By = f.By.Party
	if !d.carried {
		e.Origin, e.N = f.Origin, f.N
		d.carried, d.carrier = true, len(d.events)-1
	}
}

func (d *draft) pass(in Passed) error {
	if err := d.mayPass(in.By); err != nil {
		return err
	}
	open, err := d.current(in.Session)
	s := d.c.Session
	switch {
	case err != nil:
		return err
	case !open:
		return Errorf(Conflict, "the session is over")
	case in.To.ID != "" && in.To.ID == s.Agent:
		return nil
	case in.To.ID != "" && in.To.bar() != "":
		return Errorf(Full, "%s has no free seat now", in.To.ID)
	case in.To.ID == "" && !d.rules.HasGroup(in.Group):
		return Errorf(NotFound, "there is no group %q", in.Group)
	}
	d.carry(in.Frame, Body{Kind: KindTransferred, From: s.Agent, Agent: in.To.ID, Group: in.Group, Text: in.Note}, false)
	d.promise()
	if in.To.ID != "" {
		d.seatFor(in.Frame, in.To.ID, TierTransfer, passed)
		return nil
	}
	d.vacate(passed)
	d.queue(in.Group)
	return nil
}

func (d *draft) mayPass(by Actor) error {
	if err := d.staff(by); err != nil {
		return err
	}
	s := d.c.Session
	if by.Role.Leads() || by.ID == string(s.Agent) {
		return nil
	}
	return Errorf(Conflict, "you do not hold this session")
}

// resume reopens a closed session under its own number.
func (d *draft) resume(in Resumed) error {
	if err := d.staff(in.By); err != nil {
		return err
	}
	s := d.c.Session
	switch {
	case in.Session == 0 || in.Session > s.Number:
		return Errorf(NotFound, "there is no session %d", in.Session)
	case in.Session < s.Number:
		return Errorf(Conflict, "a later session has begun")
	case s.Phase != Closed:
		return nil
	}
	d.carry(in.Frame, Body{Kind: KindReopened}, false)
	d.seatFor(in.Frame, AgentID(in.By.ID), TierTaken, done)
	return nil
}

// offer seats the session with the best of the agents on offer.
func (d *draft) offer(in Offered) {
	s := d.c.Session
	if s.Phase != Waiting || in.Group != s.Group {
		return
	}
	if choice, ok := Pick(d.c, in.Roster, d.rules.Routing, d.at); ok {
		d.seat(choice.Agent, choice.Why, done)
	}
}

// left takes the session from an agent who is gone.
func (d *draft) left(in Left) {
	s := d.c.Session
	if s.Phase != Held || s.Agent != in.Agent {
		return
	}
	d.release(in.Reason)
}

func (d *draft) release(r Reason) {
	d.log(Party{}, Body{Kind: KindReleased, Agent: d.c.Session.Agent, Reason: r}, false)
	how := passed
	if r == BySilence {
		how = silent
	}
	d.vacate(how)
	d.queue(d.c.Session.Group)
}

// tick does what time alone asks for. One that comes too early does nothing.
func (d *draft) tick(in Tick) {
	due := Due(d.c, d.rules)
	if due.IsZero() || d.at.Before(due) {
		return
	}
	switch s := &d.c.Session; {
	case s.Phase == Snoozed:
		d.wake()
	case !in.Online && d.abandoned():
		d.close(ByAbsence)
	case s.Phase == Waiting:
		d.effects = append(d.effects, Owed(d.c)...)
	case s.Phase == Bot && s.Ask != 0:
		s.Ask = 0
		d.handOff(ByTimeout)
	case s.Phase == Held && !s.Owing.IsZero() && d.rules.Timeouts(s.Group).Agent > 0:
		d.release(BySilence)
	case s.Phase == Held && !s.Owing.IsZero(): // with that rule off, the visitor's leaving is all that ends it
	case !s.Warned && d.rules.Timeouts(s.Group).Warning > 0:
		d.warn()
	default:
		d.close(BySilence)
	}
}

// warn tells the visitor that silence will end the session. If the tick is
// late, as after a night without a server, the silence is counted from later
// on: whoever is warned has the whole of the warning to answer.
func (d *draft) warn() {
	s, t := &d.c.Session, d.rules.Timeouts(d.c.Session.Group)
	s.Warned = true
	if from := d.at.Add(t.Warning - t.Visitor); from.After(s.Spoke) {
		s.Spoke = from
	}
	d.log(Party{}, Body{Kind: KindWarned}, false)
}

// abandoned: a session in which the visitor waits for a word is never closed
// for silence, for the silence is ours. Only one whose visitor left it days
// ago is, or agents who sleep would pass it round for ever.
func (d *draft) abandoned() bool {
	s := d.c.Session
	limit := d.rules.Timeouts(s.Group).Abandoned
	return limit > 0 && (s.Phase == Waiting || !s.Owing.IsZero()) && !d.at.Before(s.Spoke.Add(limit))
}
