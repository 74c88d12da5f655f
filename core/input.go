package core

import "time"

// An Input is something that happened and asks for a decision.
type Input interface{ input() }

// Frame is what every input that a person sends has in common: who sent it
// and its number. Frames are numbered 1, 2, 3 … within (conversation,
// origin), so a repeat is recognised and a missing one noticed.
type Frame struct {
	By     Actor
	Origin Origin
	N      uint64
}

// Actor is the author of a frame with what their rights depend on.
type Actor struct {
	Party
	Role   Role      // of staff
	Groups []GroupID // of staff
}

// Target is the message that an edit or a recall is about. Whoever sends one
// says only Seq; the rest is what the log says of it up to the head that the
// input is decided upon. Amend fills it in.
type Target struct {
	Seq   uint64
	Event Event    // as it is stored now; its Seq is 0 if there is none
	Edits []uint64 // the events that edited it
	Gone  bool     // it was recalled
}

// Role is what a member of staff may do.
type Role string

const (
	RoleAgent      Role = "agent"      // their own conversations, notes in their groups
	RoleSupervisor Role = "supervisor" // every conversation
	RoleAdmin      Role = "admin"      // that, and settings and accounts
)

// Leads reports whether the role may act in conversations of others.
func (r Role) Leads() bool { return r == RoleSupervisor || r == RoleAdmin }

// What people send.
type (
	// Said is a message. The visitor's first one opens a session; Site and
	// Tag are then used. Internal is a note among agents. Of an image or a
	// file, Body is what the sender says of it, File what is stored under
	// that URL, and in the log; or Lost says why it can not be sent. Neither
	// counts for a repeat: by then the file may have been taken back. Host is
	// who invited the visitor to say it, and Group where they work: a session
	// that it opens waits there, and is theirs first.
	Said struct {
		Frame
		Site     SiteID
		Tag      string
		Body     Body
		File     *Attachment
		Lost     error
		Internal bool
		Host     AgentID
		Group    GroupID
	}

	// Edited gives a message of one's own another text.
	Edited struct {
		Frame
		Target Target
		Body   Body
	}

	// Recalled takes a message of one's own back: its text is erased.
	Recalled struct {
		Frame
		Target Target
	}

	// HumanAsked is the visitor asking for a person.
	HumanAsked struct {
		Frame
		Session uint32
	}

	// Ended closes a session, by either side.
	Ended struct {
		Frame
		Session uint32
	}

	// Rating is the visitor's score of a session, this one or an earlier.
	Rating struct {
		Frame
		Session uint32
		Score   uint8 // 1 to 5
		Comment string
	}

	// Taken is an agent taking a session.
	Taken struct {
		Frame
		Session uint32
	}

	// Passed is an agent passing a session on, to the agent To (as the
	// roster shows them now) or, if To.ID is empty, to a group.
	Passed struct {
		Frame
		Session uint32
		To      Agent
		Group   GroupID
		Note    string
	}

	// Tagged is an agent giving the conversation tags, or taking some away.
	Tagged struct {
		Frame
		Add, Remove []string
	}

	// Deferred is an agent snoozing a session, or giving a snoozed one
	// another time.
	Deferred struct {
		Frame
		Session uint32
		Until   time.Time
	}

	// Resumed is an agent reopening a closed session.
	Resumed struct {
		Frame
		Session uint32
	}
)

// What the desk itself brings. None of these is refused; what comes too late
// changes nothing.
type (
	// Answered is the assistant's answer to event Ask, or with Hand set its
	// decision that a person is needed. It counts only while that question
	// is open.
	Answered struct {
		Ask     uint64
		Text    string // may be empty when Hand is set
		Sources []Source
		Noted   []FormField // what it took down of what the visitor said, for whoever takes over
		Hand    Reason      // why a person is needed; "": none is
		Close   bool        // the visitor has what they came for; nothing if Hand is set, or without Text
	}

	// Briefed is a note of the assistant's for the staff, such as a summary.
	// It counts while that session goes on, once a person is needed.
	Briefed struct {
		Session uint32
		Text    string
	}

	// Offered brings the agents of the group, in answer to Seek. It counts
	// only while the session waits in that group.
	Offered struct {
		Group  GroupID
		Roster Roster
	}

	// Left says that an agent is gone: the session they hold waits again.
	Left struct {
		Agent  AgentID
		Reason Reason
	}

	// Identified says that the visitor is known by name from now on.
	Identified struct{}

	// Erased ends a conversation for good, and takes these bodies out of its
	// log; see Remains. Who erases brings it until nothing remains.
	Erased struct{ Gone []Tombstone }

	// Tick says that the time in Due may have come. Online tells whether
	// the visitor is connected.
	Tick struct{ Online bool }
)

func (Said) input()       {}
func (Edited) input()     {}
func (Recalled) input()   {}
func (HumanAsked) input() {}
func (Ended) input()      {}
func (Rating) input()     {}
func (Taken) input()      {}
func (Passed) input()     {}
func (Resumed) input()    {}
func (Tagged) input()     {}
func (Deferred) input()   {}
func (Answered) input()   {}
func (Briefed) input()    {}
func (Offered) input()    {}
func (Left) input()       {}
func (Identified) input() {}
func (Erased) input()     {}
func (Tick) input()       {}
