package core

import "time"

// Change is what one input does to a conversation. A store takes it whole or
// not at all. Only once it is stored are its events delivered and its effects
// performed.
type Change struct {
	Conversation Conversation // the next state; unchanged if there are no events
	Was          Session      // the session before it
	Events       []Event      // 1 to 8, to append at Seq+1 …; none: nothing to store
	Take, Free   AgentID      // who needs a seat for it, who gives one back
	Erase        []Tombstone  // for events that were stored before
	Moved        bool         // phase, its times, group, agent, tag, tags or alarm changed: lists must be rewritten
	Effects      []Effect
}

// Tombstone is what stands in place of an event's body from then on. Of names
// the message that the event had edited; 0: it was a message itself.
type Tombstone struct{ Seq, Of uint64 }

// Body returns the body that a store keeps.
func (t Tombstone) Body() Body { return Body{Kind: KindTombstone, Seq: t.Of} }

// Empty reports whether there is nothing to store. There may be effects.
func (c Change) Empty() bool { return len(c.Events) == 0 }

// Base is the seq that the store must hold for c to be committed.
func (c Change) Base() uint64 { return c.Conversation.Seq - uint64(len(c.Events)) }

// An Effect is something for the host to do once a change is stored. Losing
// one loses nothing: see Owed, and the cursors of clients.
type Effect interface{ effect() }

type (
	// Ack tells an outbox that its frames up to N are stored. Prev is zero
	// when the frame was a repeat.
	Ack struct {
		To     Party
		Origin Origin
		N      uint64
		Seq    uint64 // the event that frame N left
		Prev   uint64 // the event before it that To may see
		Repeat bool
		At     time.Time
	}

	// Ask asks the assistant for an answer to event Seq.
	Ask struct{ Seq uint64 }

	// Seek asks to look for a seat for those who wait in Group.
	Seek struct{ Group GroupID }

	// Paced says how long the visitor waited for the first answer of the
	// agent who was given the session.
	Paced struct {
		Agent AgentID
		Took  time.Duration
	}

	// Room says that Agent may have a seat again: those who wait in the
	// agent's groups should be looked at.
	Room struct{ Agent AgentID }
)

func (Ack) effect()   {}
func (Ask) effect()   {}
func (Seek) effect()  {}
func (Paced) effect() {}
func (Room) effect()  {}
