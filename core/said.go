package core

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// say decides about a message of the visitor or of staff.
func (d *draft) say(in Said) error {
	switch {
	case !in.Body.Kind.Said():
		return Errorf(Invalid, "a message can not be of kind %q", in.Body.Kind)
	case in.Lost != nil:
		return in.Lost
	case in.Body.Kind == KindForm && in.By.Kind != Visitor:
		return Errorf(Forbidden, "only a visitor fills in a form")
	case in.File != nil:
		in.Body.File = *in.File
	}
	switch in.By.Kind {
	case Visitor:
		return d.visitorSays(in)
	case Staff:
		return d.agentSays(in)
	default:
		return Errorf(Forbidden, "only visitors and agents send messages")
	}
}

func (d *draft) visitorSays(in Said) error {
	if in.Internal {
		return Errorf(Forbidden, "visitors write no internal notes")
	}
	if err := d.visitor(in.By); err != nil {
		return err
	}
	if !d.c.Session.Phase.Open() {
		return d.open(in)
	}
	d.carry(in.Frame, in.Body, false)
	d.visitorSpoke()
	switch d.c.Session.Phase {
	case Bot:
		d.turn(in.Body)
	case Snoozed:
		d.wake()
	default: // a person's turn
	}
	return nil
}

// open begins the next session with the message that asked for it.
func (d *draft) open(in Said) error {
	if d.c.Visitor == "" {
		d.c.Site, d.c.Visitor = in.Site, VisitorID(in.By.ID)
	}
	if len(d.rules.Site.Groups) == 0 {
		return Errorf(NotFound, "the site %q takes no messages", in.Site)
	}
	last, group := d.c.Session, d.rules.Site.Groups[0]
	returns := last.Phase == Closed && last.Human && d.at.Sub(last.Since) < d.rules.Timeouts(last.Group).Return
	if returns && d.rules.HasGroup(last.Group) {
		group = last.Group // where the person is whom the visitor just talked to
	}
	invited := in.Host != "" && d.rules.HasGroup(in.Group)
	if invited {
		group = in.Group
	}
	d.c.Session = Session{Number: last.Number + 1, Tag: in.Tag, Group: group}
	d.log(Party{}, Body{Kind: KindOpened, Tag: in.Tag}, false)
	d.carry(in.Frame, in.Body, false)
	d.visitorSpoke()
	if d.rules.Site.Assistant && !returns && !invited {
		d.phase(Bot)
		d.turn(in.Body)
		return nil
	}
	d.queue(d.c.Session.Group)
	if invited {
		d.c.Session.Back = in.Host
	}
	return nil
}

// visitorSpoke starts the clock of whoever owes the visitor a word.
func (d *draft) visitorSpoke() {
	s := &d.c.Session
	s.Spoke, s.Warned = d.at, false
	if s.Owing.IsZero() {
		s.Owing = d.at
	}
}

// turn decides who answers what the visitor said: the assistant, unless they
// ask for a person or it has answered often enough.
func (d *draft) turn(b Body) {
	r := d.rules.Site.Receptionist
	switch {
	case b.Kind == KindText && r.Calls(b.Text):
		d.handOff(ByRequest)
	case int(d.c.Session.Turns) >= cmp.Or(r.Turns, DefaultTurns):
		d.handOff(ByTurns)
	default:
		d.ask()
	}
}

// ask makes the newest event the assistant's open question. An earlier one
// that is still open is thereby withdrawn.
func (d *draft) ask() {
	s := &d.c.Session
	s.Ask, s.Asked = d.events[d.carrier].Seq, d.at
	d.effect(Ask{s.Ask})
}

func (d *draft) agentSays(in Said) error {
	if err := d.mayWrite(in.By, in.Internal); err != nil {
		return err
	}
	d.carry(in.Frame, in.Body, in.Internal)
	if in.Internal {
		return nil
	}
	s := &d.c.Session
	d.pace(in.By)
	s.Spoke, s.Warned, s.Owing = d.at, false, time.Time{}
	s.Ask, s.Asked = 0, time.Time{} // a person answered; the assistant is too late
	if in.By.ID == string(s.Agent) {
		d.c.Last, d.c.LastAt = s.Agent, d.at
	}
	return nil
}

// pace measures a first answer: of who holds the session, to a visitor who
// waits for a word, with none of theirs since they were given it.
func (d *draft) pace(by Actor) {
	s := d.c.Session
	if by.ID != string(s.Agent) || s.Owing.IsZero() || d.c.Last == s.Agent && !d.c.LastAt.Before(s.Since) {
		return
	}
	d.effect(Paced{s.Agent, d.at.Sub(s.Owing)})
}

// mayWrite: the holder, those who lead, and for notes the agents of the group.
// Who lost the session gets a conflict, for they may not know yet.
func (d *draft) mayWrite(by Actor, internal bool) error {
	s := d.c.Session
	switch _, held := s.past(AgentID(by.ID)); {
	case s.Phase == None:
		return Errorf(NotFound, "nothing was said here yet")
	case !by.Role.Leads() && by.ID != string(s.Agent) && !slices.Contains(by.Groups, s.Group) && !held:
		return Errorf(Forbidden, "this conversation is not of your groups")
	case s.Phase == Closed:
		return Errorf(Conflict, "the session is closed; reopen it first")
	case by.Role.Leads() || by.ID == string(s.Agent):
		return nil
	case internal && slices.Contains(by.Groups, s.Group):
		return nil
	case held:
		return Errorf(Conflict, "you no longer hold this session")
	default:
		return Errorf(Forbidden, "only who holds the session answers the visitor")
	}
}

// visitor checks that a frame comes from the visitor whose conversation this
// is.
func (d *draft) visitor(by Actor) error {
	if by.Kind != Visitor || (d.c.Visitor != "" && by.ID != string(d.c.Visitor)) {
		return Errorf(Forbidden, "this is not your conversation")
	}
	return nil
}

// answer decides about the assistant's answer. The fence: it counts only
// while the session is the assistant's and that very question is open.
func (d *draft) answer(in Answered) {
	s := &d.c.Session
	if s.Phase != Bot || s.Ask == 0 || in.Ask != s.Ask {
		return
	}
	s.Ask, s.Asked = 0, time.Time{}
	if in.Text != "" {
		d.log(Party{Kind: Robot}, Body{Kind: KindText, Text: in.Text, Sources: in.Sources}, false)
		s.Spoke, s.Owing = d.at, time.Time{}
		s.Turns = min(s.Turns, math.MaxUint16-1) + 1
	}
	if len(in.Noted) > 0 {
		d.log(Party{Kind: Robot}, Body{Kind: KindForm, Fields: in.Noted}, true)
	}
	switch {
	case in.Hand != "":
		d.handOff(in.Hand)
	case in.Text == "":
		d.handOff(ByFailure)
	case in.Close:
		d.close(ByAssistant)
	}
}

// brief notes what the assistant says to whoever takes over.
func (d *draft) brief(in Briefed) {
	s := d.c.Session
	if in.Text == "" || in.Session != s.Number || s.Phase != Waiting && s.Phase != Held {
		return
	}
	d.log(Party{Kind: Robot}, Body{Kind: KindText, Text: in.Text}, true)
}

// handOff ends the assistant's part: a person is needed.
func (d *draft) handOff(r Reason) {
	d.promise()
	d.log(Party{}, Body{Kind: KindHandoff, Reason: r}, false)
	d.queue(d.c.Session.Group)
}

// promise notes that the visitor was told of somebody who will look after
// them. That is itself something owed: whoever comes next has to say a word.
func (d *draft) promise() {
	if s := &d.c.Session; s.Owing.IsZero() {
		s.Owing = d.at
	}
}
