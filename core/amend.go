package core

import (
	"context"
	"time"
)

// maxEdits of one message bound what its recall has to erase in one change.
const maxEdits = 20

// edit lets an author give a message another text. The log keeps what was
// first said, and what it says now is an event of its own.
func (d *draft) edit(in Edited) error {
	if err := d.mayAmend(in.By, in.Target); err != nil {
		return err
	}
	switch {
	case in.Body.Kind != KindText || in.Target.Event.Body.Kind != KindText:
		return Errorf(Invalid, "only a text can be edited, and only into another text")
	case len(in.Target.Edits) >= maxEdits:
		return Errorf(Conflict, "this message was edited %d times; that is enough", maxEdits)
	}
	d.carry(in.Frame, Body{Kind: KindEdited, Seq: in.Target.Seq, Text: in.Body.Text}, in.Target.Event.Internal)
	return nil
}

// recall lets an author take a message back. What it said goes with it, and
// what its edits said.
func (d *draft) recall(in Recalled) error {
	if err := d.mayAmend(in.By, in.Target); err != nil {
		return err
	}
	d.erase = []Tombstone{{Seq: in.Target.Seq}}
	for _, seq := range in.Target.Edits {
		d.erase = append(d.erase, Tombstone{Seq: seq, Of: in.Target.Seq})
	}
	d.carry(in.Frame, Body{Kind: KindRecalled, Seq: in.Target.Seq}, in.Target.Event.Internal)
	return nil
}

// mayAmend: the author, of what they said, for a while. To others the answer
// says no more of an event than that it is not theirs.
func (d *draft) mayAmend(by Actor, t Target) error {
	e, limit := t.Event, d.rules.Site.Edit
	switch {
	case by.Kind != Visitor && by.Kind != Staff:
		return Errorf(Forbidden, "only visitors and agents send messages")
	case t.Seq == 0 || e.Seq != t.Seq || e.Seq > d.c.Seq:
		return Errorf(NotFound, "there is no message %d", t.Seq)
	case e.By != by.Party || by.Kind == Visitor && by.ID != string(d.c.Visitor):
		return Errorf(Forbidden, "only who wrote a message may change it")
	case t.Gone || e.Body.Kind == KindTombstone:
		return Errorf(Conflict, "this message was taken back")
	case !e.Body.Kind.Said():
		return Errorf(Invalid, "event %d is no message", t.Seq)
	case limit <= 0:
		return Errorf(Forbidden, "messages can not be changed here")
	case d.at.Sub(e.At) > limit:
		return Errorf(Conflict, "it is too late to change this message")
	}
	return nil
}

// identify tells agents that the visitor is known by name now.
func (d *draft) identify() {
	if d.c.Seq > 0 {
		d.log(Party{}, Body{Kind: KindIdentified}, true)
	}
}

// Amend decides about an Edited or Recalled and stores that, as Apply does for
// other inputs. Memory is no hint here, for what such an input depends on is in
// no head: the head is read, then the log from the target on, and only that
// very head is built upon. So an edit can not slip behind a recall, which would
// leave its text unerased.
func Amend(ctx context.Context, st interface {
	Conversations
	Log
}, id ConversationID, rules Rules, at time.Time, in Input) (Change, error) {
	for range attempts {
		c, err := st.Load(ctx, id)
		if err != nil {
			return Change{Conversation: c}, err
		}
		about, err := aimed(ctx, st, c, in)
		if err != nil {
			return Change{Conversation: c}, err
		}
		change, err := Step(c, rules, at, about)
		if err != nil || change.Empty() {
			return change, err
		}
		switch err := st.Commit(ctx, change); {
		case err == nil:
			return change, nil
		case CodeOf(err) != Conflict:
			return Change{Conversation: c}, err
		}
	}
	return Change{Conversation: Conversation{ID: id}}, errCrowded()
}

// aimed returns an input with its target as the log has it up to a head. Other
// inputs have none.
func aimed(ctx context.Context, st Log, c Conversation, in Input) (Input, error) {
	switch in := in.(type) {
	case Edited:
		t, err := target(ctx, st, c, in.Target.Seq)
		in.Target = t
		return in, err
	case Recalled:
		t, err := target(ctx, st, c, in.Target.Seq)
		in.Target = t
		return in, err
	default:
		return in, nil
	}
}

// target reads what became of an event.
func target(ctx context.Context, st Log, c Conversation, seq uint64) (Target, error) {
	const chunk = 200
	t := Target{Seq: seq}
	if seq == 0 || seq > c.Seq {
		return t, nil
	}
	for last := seq - 1; last < c.Seq; {
		events, err := st.After(ctx, c.ID, last, chunk)
		if err != nil {
			return t, err
		}
		if len(events) == 0 {
			return t, &Error{Code: Unavailable, Message: "the log ends before its head", Retry: time.Second}
		}
		for _, e := range events {
			t.note(e)
		}
		last = events[len(events)-1].Seq
	}
	return t, nil
}

func (t *Target) note(e Event) {
	switch about := e.Body.Seq == t.Seq; {
	case e.Seq == t.Seq:
		t.Event = e
	case about && e.Body.Kind == KindEdited:
		t.Edits = append(t.Edits, e.Seq)
	case about && e.Body.Kind == KindRecalled:
		t.Gone = true
	}
}
