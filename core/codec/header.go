package codec

import (
	"fmt"

	"kefu/core"
)

// headerVersion is the first byte of a header: 1, or 2 for one that has what
// version 1 can not say, or 3 for a conversation that was erased. So what needs neither tags nor snoozing stays as short
// as it was, and readable to the release before.
const (
	headerVersion = 1
	headerTagged  = 2
	headerErased  = 3
)

// Bits of a session's byte of flags. Any other bit is of a later release.
const (
	flagHuman = 1 << iota
	flagWarned
	flagTurns // a count of the assistant's answers follows the session
	flagsEnd
)

// flagPassed shares a byte with the count of a past agent's silences.
const flagPassed = 1 << 7

// Version 1 is, in this order:
//
//	conversation  id site visitor seq public at last lastAt alarm
//	session       number phase group tag agent flags past since queued spoke owing ask asked [turns]
//	heard         count, and for each: kind id origin n seq at digest
//
// Version 2 goes on with
//
//	tags          count, and each
//	snoozed       until back
//
// Version 3 has the same.
//
// Numbers are varints, a digest is 8 bytes, phase, kind and flags are one. A
// text has its length before it, or stands for an earlier one of the header:
// the same few people occur again and again. The time at is milliseconds since
// 1970, all others are the distance from it.

// AppendConversation appends the header of c to dst. A store that has the ID
// as its key anyway clears it before and sets it again after Conversation.
func AppendConversation(dst []byte, c core.Conversation) []byte {
	version := byte(headerVersion)
	if len(c.Tags) > 0 || !c.Session.Until.IsZero() || c.Session.Back != "" {
		version = headerTagged
	}
	if c.Erased {
		version = headerErased
	}
	w := writer{buf: append(dst, version)}
	w.text(string(c.ID))
	w.text(string(c.Site))
	w.text(string(c.Visitor))
	w.uint(c.Seq)
	w.uint(c.Public)
	w.base = 0
	w.time(c.At)
	w.base = millis(c.At) // the other times are near
	w.text(string(c.Last))
	w.time(c.LastAt)
	w.time(c.Alarm)
	w.session(c.Session)
	w.uint(uint64(len(c.Heard)))
	for _, h := range c.Heard {
		w.byte(byte(h.By.Kind))
		w.text(h.By.ID)
		w.text(string(h.Origin))
		w.uint(h.N)
		w.uint(h.Seq)
		w.time(h.At)
		w.fixed(h.Digest)
	}
	if version >= headerTagged {
		w.uint(uint64(len(c.Tags)))
		for _, t := range c.Tags {
			w.text(t)
		}
		w.time(c.Session.Until)
		w.text(string(c.Session.Back))
	}
	return w.buf
}

func (w *writer) session(s core.Session) {
	w.uint(uint64(s.Number))
	w.byte(byte(s.Phase))
	w.text(string(s.Group))
	w.text(s.Tag)
	w.text(string(s.Agent))
	var flags byte
	if s.Human {
		flags |= flagHuman
	}
	if s.Warned {
		flags |= flagWarned
	}
	if s.Turns > 0 {
		flags |= flagTurns
	}
	w.byte(flags)
	w.uint(uint64(len(s.Past)))
	for _, p := range s.Past {
		w.text(string(p.Agent))
		b := min(p.Silent, flagPassed-1)
		if p.Passed {
			b |= flagPassed
		}
		w.byte(b)
	}
	w.time(s.Since)
	w.time(s.Queued)
	w.time(s.Spoke)
	w.time(s.Owing)
	w.uint(s.Ask)
	w.time(s.Asked)
	if s.Turns > 0 {
		w.uint(uint64(s.Turns))
	}
}

// Conversation reads a header. An error says that it is of a later release,
// or damaged; nothing of a damaged one is returned. The strings of the result share one copy of b.
func Conversation(b []byte) (core.Conversation, error) {
	if len(b) == 0 {
		return core.Conversation{}, fmt.Errorf("a conversation's header is empty")
	}
	if b[0] < headerVersion || b[0] > headerErased {
		return core.Conversation{}, fmt.Errorf("a conversation's header has version %d, this program reads 1 to %d", b[0], headerErased)
	}
	r := reader{rest: string(b[1:])}
	c := r.conversation()
	if b[0] >= headerTagged {
		r.tagged(&c)
	}
	c.Erased = b[0] == headerErased
	if err := r.end(); err != nil {
		return core.Conversation{}, fmt.Errorf("a conversation's header is damaged: %w", err)
	}
	return c, nil
}

func (r *reader) conversation() (c core.Conversation) {
	c.ID = core.ConversationID(r.text())
	c.Site = core.SiteID(r.text())
	c.Visitor = core.VisitorID(r.text())
	c.Seq = r.uint()
	c.Public = r.uint()
	c.At = r.time()
	r.base = millis(c.At)
	c.Last = core.AgentID(r.text())
	c.LastAt = r.time()
	c.Alarm = r.time()
	c.Session = r.session()
	if n := r.count(); n > 0 {
		c.Heard = make([]core.Heard, n)
	}
	for i := range c.Heard {
		h := &c.Heard[i]
		h.By.Kind = core.PartyKind(r.byteUpTo(byte(core.Robot)))
		h.By.ID = r.text()
		h.Origin = core.Origin(r.text())
		h.N = r.uint()
		h.Seq = r.uint()
		h.At = r.time()
		h.Digest = r.fixed()
	}
	return c
}

// tagged reads what version 2 has behind version 1.
func (r *reader) tagged(c *core.Conversation) {
	if n := r.count(); n > 0 {
		c.Tags = make([]string, n)
	}
	for i := range c.Tags {
		c.Tags[i] = r.text()
	}
	c.Session.Until = r.time()
	c.Session.Back = core.AgentID(r.text())
}

func (r *reader) session() (s core.Session) {
	s.Number = r.uint32()
	s.Phase = core.Phase(r.byteUpTo(byte(core.Snoozed)))
	s.Group = core.GroupID(r.text())
	s.Tag = r.text()
	s.Agent = core.AgentID(r.text())
	flags := r.byteUpTo(flagsEnd - 1)
	s.Human, s.Warned = flags&flagHuman != 0, flags&flagWarned != 0
	if n := r.count(); n > 0 {
		s.Past = make([]core.Past, n)
	}
	for i := range s.Past {
		s.Past[i].Agent = core.AgentID(r.text())
		b := r.byteUpTo(255)
		s.Past[i].Passed, s.Past[i].Silent = b&flagPassed != 0, b&^flagPassed
	}
	s.Since = r.time()
	s.Queued = r.time()
	s.Spoke = r.time()
	s.Owing = r.time()
	s.Ask = r.uint()
	s.Asked = r.time()
	if flags&flagTurns != 0 {
		s.Turns = r.uint16()
	}
	return s
}
