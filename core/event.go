package core

import "time"

// Event is an entry of the log. Once committed it never changes, except that
// its body may become a tombstone.
type Event struct {
	Seq      uint64 // 1, 2, 3 … without holes
	Prev     uint64 // the last event before it that the visitor may see
	Session  uint32
	At       time.Time // never before the event with a smaller Seq
	By       Party     // who caused it; the zero Party is the desk
	Origin   Origin    // of the frame that left it, if one did
	N        uint64
	Internal bool // not for the visitor
	Body     Body
}

// PrevFor returns the seq of the event before e that a receiver may see.
func (e Event) PrevFor(visitor bool) uint64 {
	if visitor {
		return e.Prev
	}
	return e.Seq - 1
}

// Kind says what an event is about.
type Kind string

// What people and the assistant say.
const (
	KindText    Kind = "text"    // Text, Sources
	KindImage   Kind = "image"   // File
	KindFile    Kind = "file"    // File
	KindOptions Kind = "options" // Text, Options: quick replies
	KindForm    Kind = "form"    // Fields: what a visitor was asked before they wrote
)

// What happened to the session. The comment names the fields of Body in use.
const (
	KindOpened      Kind = "opened"      // Tag
	KindQueued      Kind = "queued"      // Group
	KindAssigned    Kind = "assigned"    // Agent, From, Why
	KindReleased    Kind = "released"    // Agent, Reason
	KindTransferred Kind = "transferred" // From, and Agent or Group; Text: the note
	KindHandoff     Kind = "handoff"     // Reason
	KindWarned      Kind = "warned"      //
	KindReopened    Kind = "reopened"    //
	KindClosed      Kind = "closed"      // Reason; By of the event says who
	KindRated       Kind = "rated"       // Session, Score, Text: the comment
	KindNoted       Kind = "noted"       // Reason: the frame type that changed nothing
	KindEdited      Kind = "edited"      // Seq: of which event; Text: what it says now
	KindRecalled    Kind = "recalled"    // Seq: of which event
	KindTagged      Kind = "tagged"      // Add, Remove; internal
	KindSnoozed     Kind = "snoozed"     // Agent: who comes first when it is over; Until; internal
	KindIdentified  Kind = "identified"  // the visitor is known by name now
	KindErased      Kind = "erased"      // the conversation was, from here back; internal
	KindTombstone   Kind = "tombstone"   // Seq: see Tombstone. What was here is gone
)

// Said reports whether the kind is something said, not something that
// happened.
func (k Kind) Said() bool {
	switch k {
	case KindText, KindImage, KindFile, KindOptions, KindForm:
		return true
	default:
		return false
	}
}

// Body is what an event says. Which fields are in use depends on Kind.
type Body struct {
	Kind    Kind
	Text    string
	File    Attachment
	Options []string
	Fields  []FormField
	Agent   AgentID
	From    AgentID
	Group   GroupID
	Tag     string
	Reason  Reason
	Session uint32
	Seq     uint64
	Score   uint8
	Until   time.Time
	Add     []string // tags
	Remove  []string // tags
	Why     *Why     // never changed once set
	Sources []Source // of the assistant's text
}

// Source is a piece of the site's knowledge that an answer rests on.
type Source struct{ ID, Title, URL string }

// FormField is one answer of a form, with its question as the visitor read it:
// the form itself may be another one tomorrow.
type FormField struct{ ID, Label, Value string }

// MaxFieldID is how many bytes the ID of a field has at most.
const MaxFieldID = 40

// Attachment is an uploaded file or image.
type Attachment struct {
	URL    string
	Name   string
	Size   int64 // bytes
	MIME   string
	Width  int // pixels, of images
	Height int
}

// Reason says why something happened to a session. Clients translate it.
type Reason string

const (
	BySilence   Reason = "silent"      // the agent did not answer, or the visitor said nothing more
	ByLease     Reason = "vanished"    // the agent's lease ended
	ByOffline   Reason = "offline"     // the agent went offline by hand
	ByRequest   Reason = "request"     // somebody asked for it
	ByErasure   Reason = "erased"      // all that is known of the visitor is erased
	ByAbsence   Reason = "abandoned"   // waited for days and the visitor is gone
	ByTimeout   Reason = "timeout"     // the assistant did not answer in time
	ByFailure   Reason = "unavailable" // the assistant can not answer
	ByAssistant Reason = "assistant"   // the assistant decided so
	ByIgnorance Reason = "unanswered"  // the assistant does not know
	ByTurns     Reason = "turns"       // the assistant has answered often enough
	ByBudget    Reason = "budget"      // the assistant has been used as much as it may
)
