package core

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// The limits of tags. A header has to stay small: it is written with every
// message.
const (
	MaxTags      = 20 // a conversation
	MaxTagLength = 40 // characters
)

// CleanTag returns a tag as it is kept, so that what looks the same is the
// same: lower case, white space at the ends removed and elsewhere one blank. It
// returns false for one that is empty then, too long, or has characters that
// can not be seen.
func CleanTag(s string) (string, bool) {
	if len(s) > 16*MaxTagLength || !utf8.ValidString(s) {
		return "", false
	}
	s = strings.ToLower(strings.Join(strings.Fields(s), " "))
	ok := s != "" && utf8.RuneCountInString(s) <= MaxTagLength && !strings.ContainsFunc(s, unseen)
	return s, ok
}

// unseen: control characters, and those that only direct how others are shown.
func unseen(r rune) bool {
	return control(r) || r == 0xad || 0x200b <= r && r <= 0x200f || 0x2028 <= r && r <= 0x202e || 0x2060 <= r && r <= 0x206f || r == 0xfeff
}

// cleanTags cleans a list, and drops what is there twice.
func cleanTags(list []string) ([]string, error) {
	if len(list) > MaxTags {
		return nil, Errorf(TooLarge, "at most %d tags at once", MaxTags)
	}
	var out []string
	for _, s := range list {
		t, ok := CleanTag(s)
		if !ok {
			return nil, Errorf(Invalid, "a tag has 1 to %d characters that can be seen", MaxTagLength)
		}
		if !slices.Contains(out, t) {
			out = append(out, t)
		}
	}
	return out, nil
}

// tag changes the tags. What is there already, or gone, is not mentioned in the
// log again: only what the frame changed is.
func (d *draft) tag(in Tagged) error {
	if err := d.mayLabel(in.By); err != nil {
		return err
	}
	add, err := cleanTags(in.Add)
	if err != nil {
		return err
	}
	remove, err := cleanTags(in.Remove)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(add, func(t string) bool { return slices.Contains(remove, t) }) {
		return Errorf(Invalid, "a tag can not be added and removed at once")
	}
	has := func(t string) bool { return slices.Contains(d.c.Tags, t) }
	add = slices.DeleteFunc(add, has)
	remove = slices.DeleteFunc(remove, func(t string) bool { return !has(t) })
	if len(add)+len(remove) == 0 {
		return nil
	}
	next := slices.Concat(d.c.Tags, add) // a copy: the state it was is somebody else's
	next = slices.DeleteFunc(next, func(t string) bool { return slices.Contains(remove, t) })
	if len(next) > MaxTags {
		return Errorf(TooLarge, "a conversation has at most %d tags", MaxTags)
	}
	slices.Sort(next)
	if d.c.Tags = next; len(next) == 0 {
		d.c.Tags = nil
	}
	d.carry(in.Frame, Body{Kind: KindTagged, Add: emptyNil(add), Remove: emptyNil(remove)}, true)
	return nil
}

func emptyNil(list []string) []string {
	if len(list) == 0 {
		return nil
	}
	return list
}

// mayLabel: whoever may act on the session, whether it is going on or over.
func (d *draft) mayLabel(by Actor) error {
	if err := d.staff(by); err != nil {
		return err
	}
	if d.c.Session.Phase == None {
		return Errorf(NotFound, "nothing was said here yet")
	}
	return nil
}

// MaxSnooze is how long a session may be put off.
const MaxSnooze = 30 * 24 * time.Hour

// snooze puts a session off: whoever holds it has the seat free meanwhile, and
// is asked first when it comes back. A snoozed one gets another time.
func (d *draft) snooze(in Deferred) error {
	until := in.Until.UTC().Truncate(time.Millisecond)
	open, err := d.current(in.Session)
	s := d.c.Session
	may := d.staff(in.By)
	switch {
	case may != nil:
		return may
	case err != nil:
		return err
	case !open:
		return Errorf(Conflict, "the session is over")
	case s.Phase != Held && s.Phase != Snoozed:
		return Errorf(Conflict, "nobody holds this session; take it first")
	case s.Phase == Held && !in.By.Role.Leads() && in.By.ID != string(s.Agent):
		return Errorf(Conflict, "another agent holds this session")
	case !until.After(d.at):
		return Errorf(Invalid, "until: a time to come is expected")
	case until.After(d.at.Add(MaxSnooze)):
		return Errorf(Invalid, "until: at most %d days from now", MaxSnooze/(24*time.Hour))
	case until.Equal(s.Until):
		return nil
	}
	back := s.Back
	if s.Phase == Held {
		back = s.Agent
		d.vacate(done)
		d.phase(Snoozed)
	}
	d.c.Session.Until, d.c.Session.Back = until, back
	d.carry(in.Frame, Body{Kind: KindSnoozed, Agent: back, Until: until}, true)
	return nil
}

// wake brings a snoozed session back: it waits at the place it had, which is
// before all who came since it was put off, and whoever put it off comes first.
// Somebody promised the visitor to come back to it, so a word is owed, and what
// was put off is not yet abandoned.
func (d *draft) wake() {
	s := &d.c.Session
	back, since := s.Back, s.Since
	if s.Queued.IsZero() {
		s.Queued = since
	}
	s.Spoke = d.at
	d.promise()
	d.queue(s.Group)
	d.c.Session.Back = back
}
