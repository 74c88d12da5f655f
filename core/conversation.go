package core

import (
	"crypto/sha256"
	"encoding/base32"
	"slices"
	"strings"
	"time"
)

// Identifiers are opaque strings of at most 64 bytes.
type (
	ConversationID string
	SiteID         string
	GroupID        string
	AgentID        string
	VisitorID      string

	// Origin names one outbox, such as a browser tab: 8 to 40 characters of
	// [A-Za-z0-9_-]. What it sends to a conversation is numbered 1, 2, 3 and
	// so on. An origin belongs to its author; the same string under another
	// author is another origin.
	Origin string
)

// ConversationOf returns the one conversation between a visitor and a site.
// It is derived, not drawn, so that two first messages sent at once meet on
// the same slot instead of opening two conversations.
func ConversationOf(site SiteID, visitor VisitorID) ConversationID {
	sum := sha256.Sum256([]byte(string(site) + "\x00" + string(visitor)))
	id := base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:15])
	return ConversationID("c_" + strings.ToLower(id))
}

// Phase is where a session stands.
type Phase uint8

const (
	None    Phase = iota // there is no session yet
	Bot                  // the assistant answers
	Waiting              // in line for an agent
	Held                 // an agent has a seat on it
	Closed               // over; the visitor's next message opens another
	Snoozed              // put off: nobody has a seat on it until the visitor writes or the time comes
)

// String returns the phase as the protocol names it.
func (p Phase) String() string {
	return [...]string{"none", "bot", "waiting", "held", "closed", "snoozed"}[p]
}

// Open reports whether a session in this phase is going on.
func (p Phase) Open() bool { return p == Bot || p == Waiting || p == Held || p == Snoozed }

// PartyKind is the kind of somebody who acts in a conversation.
type PartyKind uint8

const (
	System  PartyKind = iota // the desk itself
	Visitor                  // who asks
	Staff                    // an agent, whatever the role
	Robot                    // the assistant
)

// String returns the kind as the protocol names it in by.kind.
func (k PartyKind) String() string {
	return [...]string{"system", "visitor", "agent", "bot"}[k]
}

// Party is somebody who acts in a conversation. ID is a VisitorID or an
// AgentID; the desk and the assistant have none.
type Party struct {
	Kind PartyKind
	ID   string
}

// AgentParty is the party of an agent.
func AgentParty(id AgentID) Party { return Party{Staff, string(id)} }

// Conversation is everything that the next decision needs to know about what
// was ever said between one visitor and one site: the fold of its log. It is
// a value: Step never changes the one it is given, nor what its slices hold.
//
// The zero Conversation with an ID stands for one that has no event yet.
type Conversation struct {
	ID      ConversationID
	Site    SiteID
	Visitor VisitorID

	Seq    uint64    // last event; also the version that a commit must find
	Public uint64    // last event the visitor may see
	At     time.Time // when the last event happened; events never go back

	Session Session   // the current episode, or the last one when closed
	Last    AgentID   // who last answered the visitor: affinity
	LastAt  time.Time // when that was
	Heard   []Heard   // how far each outbox was accepted; at most MaxHeard, least recently used first

	Erased bool // all that was said in it is gone or going, and nothing is added any more

	Tags []string // what agents call it, in order; of the conversation, not of one session

	// Alarm is when the store wakes this conversation: never later than
	// Due, often earlier, so that a plain message need not move it. A Tick
	// that comes too early changes nothing, and the host then asks the store
	// to Rearm. Zero: never.
	Alarm time.Time
}

// Session is one episode of service: opened, bot, waiting, held, closed;
// and between two agents, or two words of one, snoozed.
type Session struct {
	Number uint32 // 1, 2, 3 … within the conversation; 0: none yet
	Phase  Phase
	Group  GroupID // where it waits or waited
	Tag    string  // what the visitor came for; orders the agents of the shard
	Agent  AgentID // who holds it, in phase Held
	Human  bool    // an agent has held it
	Past   []Past  // who held it before, at most maxPast

	Since  time.Time // when Phase began
	Queued time.Time // its place in line, kept when it has to wait again; zero: never waited
	Spoke  time.Time // when the visitor, the agent or the bot last said something
	Owing  time.Time // since when the visitor waits for a word; zero: the last word was ours
	Warned bool      // the visitor was told that silence will end it

	Until time.Time // in phase Snoozed: when it comes back
	Back  AgentID   // who put it off, or invited the visitor: they are asked first. Snoozed and Waiting only

	Ask   uint64    // the event the assistant owes an answer to; 0: none
	Asked time.Time // when it was asked
	Turns uint16    // how often the assistant answered
}

// Past is an agent who once held the session.
type Past struct {
	Agent  AgentID
	Passed bool  // it was taken from them (silence, lost lease) or passed on: no candidate while anybody else is on duty
	Silent uint8 // how often they lost it for silence: each time doubles their patience
}

const maxPast, maxSilent = 8, 100

// MaxHeard is how many outboxes a conversation remembers. One that was heard
// since sureHeard others were is never forgotten (delivery.md, 3), and of the
// others the last ownHeard of an author stay as long as somebody else has more:
// a visitor who opens tab after tab must not make the desk forget what agents
// sent.
const MaxHeard, sureHeard, ownHeard = 24, 16, 4

// Heard records that frames up to N of one outbox were accepted.
type Heard struct {
	By     Party
	Origin Origin
	N      uint64
	Seq    uint64    // the event that frame N left
	At     time.Time // and when
	Digest uint64    // of frame N: the same number with another content is a conflict
}

// HeardOf returns what is remembered of an outbox; N is 0 if nothing is.
func (c Conversation) HeardOf(by Party, o Origin) Heard {
	for _, h := range c.Heard {
		if h.Origin == o && h.By == by {
			return h
		}
	}
	return Heard{By: by, Origin: o}
}

// hear returns the list with h as its most recent entry.
func hear(list []Heard, h Heard) []Heard {
	next := make([]Heard, 0, min(len(list)+1, MaxHeard))
	for _, old := range list {
		if old.Origin != h.Origin || old.By != h.By {
			next = append(next, old)
		}
	}
	if len(next) == MaxHeard {
		i := surplus(next, h.By)
		next = slices.Delete(next, i, i+1)
	}
	return append(next, h)
}

// surplus returns the least recently used of those whose author has more than
// ownHeard, one more of by counted in; the first if nobody has whose outbox may
// be forgotten at all.
func surplus(list []Heard, by Party) int {
	return max(0, slices.IndexFunc(list[:len(list)-sureHeard+1], func(old Heard) bool {
		n := 0
		for _, h := range list {
			if h.By == old.By {
				n++
			}
		}
		return n > ownHeard || n == ownHeard && old.By == by
	}))
}

// past returns what the session remembers of an agent.
func (s Session) past(id AgentID) (Past, bool) {
	for _, p := range s.Past {
		if p.Agent == id {
			return p, true
		}
	}
	return Past{Agent: id}, false
}

// passed reports whether an agent is not to be given the session again.
func (s *Session) passed(id AgentID) bool {
	return slices.ContainsFunc(s.Past, func(p Past) bool { return p.Agent == id && p.Passed })
}

// parting says how an agent leaves a session.
type parting uint8

const (
	done   parting = iota // it is over, or somebody else asked for it
	passed                // it is somebody else's turn
	silent                // the same, for they did not answer
)

// leave returns the list with one more agent who held the session.
func (s Session) leave(id AgentID, how parting) []Past {
	p, _ := s.past(id)
	p.Passed = p.Passed || how != done
	if how == silent {
		p.Silent = min(p.Silent+1, maxSilent)
	}
	next := slices.DeleteFunc(slices.Clone(s.Past), func(o Past) bool { return o.Agent == id })
	if len(next) >= maxPast {
		next = next[1:]
	}
	return append(next, p)
}

// forgive returns the list with the agent as a candidate again.
func (s Session) forgive(id AgentID) []Past {
	if !s.passed(id) {
		return s.Past
	}
	next := slices.Clone(s.Past)
	for i := range next {
		next[i].Passed = next[i].Passed && next[i].Agent != id
	}
	return next
}
