package wire

import (
	"bytes"
	"encoding/json"
	"time"

	"kefu/core"
)

// Time travels as RFC 3339 in UTC with milliseconds.
type Time time.Time

// MaxMessage is how many bytes one message may have, in both directions: what
// API Gateway lets pass in one piece.
const MaxMessage = 32 << 10

const timeLayout = `"2006-01-02T15:04:05.000Z"`

// MarshalJSON writes t in UTC.
func (t Time) MarshalJSON() ([]byte, error) {
	return time.Time(t).UTC().AppendFormat(nil, timeLayout), nil
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (t *Time) UnmarshalJSON(b []byte) error {
	u, err := time.Parse(timeLayout, string(b))
	*t = Time(u)
	return err
}

// Party is somebody as others see them.
type Party struct {
	Kind   string `json:"kind,omitempty"` // visitor, agent, bot, system; empty where only agents can stand
	ID     string `json:"id,omitempty"`
	Name   string `json:"name,omitempty"`
	Avatar string `json:"avatar,omitempty"`
}

// Event is an entry of the log as one receiver sees it.
type Event struct {
	Type         string `json:"type,omitempty"` // "event" when it travels alone
	Conversation string `json:"conversation"`
	Seq          uint64 `json:"seq"`
	Prev         uint64 `json:"prev"`
	At           Time   `json:"at"`
	Session      uint32 `json:"session"`
	By           Party  `json:"by"`
	Body         Body   `json:"body"`
	Internal     bool   `json:"internal,omitempty"`
	Origin       string `json:"origin,omitempty"`
	N            uint64 `json:"n,omitempty"`
}

// Head is what a conversation is now, without its log.
type Head struct {
	ID      string     `json:"id"`
	Site    string     `json:"site"`
	Visitor VisitorRef `json:"visitor"`
	Phase   string     `json:"phase"`
	Session uint32     `json:"session"`
	Since   *Time      `json:"since,omitempty"` // when the phase began
	Group   string     `json:"group,omitempty"`
	Tag     string     `json:"tag,omitempty"`
	Tags    []string   `json:"tags,omitempty"`  // to agents
	Until   *Time      `json:"until,omitempty"` // to agents: of a snoozed session
	Back    string     `json:"back,omitempty"`  // to agents: who is asked first when it comes back
	Agent   *Party     `json:"agent,omitempty"`
	Queue   *Queue     `json:"queue,omitempty"`
	Seq     uint64     `json:"seq"`
	N       uint64     `json:"n,omitempty"` // agents: last accepted n of this connection's origin
	Read    Marks      `json:"read"`
	Last    *Event     `json:"last,omitempty"`
}

// VisitorRef is a visitor as agents see one.
type VisitorRef struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Avatar string `json:"avatar,omitempty"`
	Lang   string `json:"lang,omitempty"`
	Page   *Page  `json:"page,omitempty"` // to agents
	Online bool   `json:"online"`
}

// Queue is a place in line: 1 is next. ETA is seconds; absent if unknown.
type Queue struct {
	Position int  `json:"position"`
	ETA      *int `json:"eta,omitempty"`
}

// Marks is how far each side has read.
type Marks struct {
	Visitor uint64 `json:"visitor"`
	Agent   uint64 `json:"agent"`
}

// Agent is a member of staff as their colleagues see one.
type Agent struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Avatar   string   `json:"avatar,omitempty"`
	Role     string   `json:"role,omitempty"`
	Groups   []string `json:"groups,omitempty"`
	Status   string   `json:"status"`
	Held     int      `json:"held"`
	Capacity int      `json:"capacity"`
}

// Heartbeat is seconds between two pings: at first, and at most.
type Heartbeat struct {
	Every int `json:"every"`
	Max   int `json:"max"`
}

// Limits are told to every client.
type Limits struct {
	Text    int      `json:"text"`              // characters
	Frame   int      `json:"frame"`             // bytes
	Batch   int      `json:"batch"`             // frames
	Uploads *Uploads `json:"uploads,omitempty"` // to agents; visitors have them in site
	Edit    int      `json:"edit,omitempty"`    // the same: seconds that a message may be changed for
}

// VisitorWelcome answers a visitor's hello.
type VisitorWelcome struct {
	Type         string     `json:"type"` // welcome
	V            int        `json:"v"`
	Role         string     `json:"role"`
	Token        string     `json:"token"`
	Epoch        string     `json:"epoch"`
	N            uint64     `json:"n"`
	Reset        bool       `json:"reset,omitempty"`
	Heartbeat    Heartbeat  `json:"heartbeat"`
	Limits       Limits     `json:"limits"`
	Features     []string   `json:"features"`
	Visitor      VisitorRef `json:"visitor"`
	Site         SiteInfo   `json:"site"`
	Conversation Head       `json:"conversation"`
	Events       []Event    `json:"events"`
	More         bool       `json:"more"`
}

// AgentWelcome answers an agent's hello.
type AgentWelcome struct {
	Type          string    `json:"type"` // welcome
	V             int       `json:"v"`
	Role          string    `json:"role"`
	Epoch         string    `json:"epoch"`
	Reset         bool      `json:"reset,omitempty"`
	Heartbeat     Heartbeat `json:"heartbeat"`
	Limits        Limits    `json:"limits"`
	Features      []string  `json:"features"`
	Agent         Agent     `json:"agent"`
	Conversations []Head    `json:"conversations"`
	More          bool      `json:"more"`
	Agents        []Agent   `json:"agents"`
	Assist        []string  `json:"assist,omitempty"` // ids of the sites in whose conversations a model helps agents
}

// Ack says that frames up to N of an origin are on disk.
type Ack struct {
	Type         string  `json:"type"` // ack
	Origin       string  `json:"origin"`
	N            uint64  `json:"n"`
	Conversation string  `json:"conversation"`
	Seq          uint64  `json:"seq"`
	Prev         *uint64 `json:"prev,omitempty"` // absent: a repeat
	At           Time    `json:"at"`
}

// Events answers after and before.
type Events struct {
	Type         string  `json:"type"` // events
	Conversation string  `json:"conversation"`
	Events       []Event `json:"events"`
	More         bool    `json:"more"`
}

// Conversation says that a head changed.
type Conversation struct {
	Type         string `json:"type"` // conversation
	Conversation Head   `json:"conversation"`
}

// TypingNow says that somebody writes.
type TypingNow struct {
	Type         string `json:"type"` // typing
	Conversation string `json:"conversation"`
	By           Party  `json:"by"`
	Text         string `json:"text,omitempty"`
	Doing        string `json:"doing,omitempty"` // of an agent, to agents: see Doing
}

// Delta is a piece of the assistant's answer as it is written. It is never
// stored, and may be lost: the answer comes whole, as an event.
type Delta struct {
	Type         string `json:"type"` // delta
	Conversation string `json:"conversation"`
	Answers      uint64 `json:"answers"` // seq of the question
	Run          int64  `json:"run"`     // the newest wins
	At           int    `json:"at"`      // offset of text, in characters
	Text         string `json:"text"`
}

// ReadUpTo says how far somebody has read.
type ReadUpTo struct {
	Type         string `json:"type"` // read
	Conversation string `json:"conversation"`
	By           Party  `json:"by"`
	Seq          uint64 `json:"seq"`
}

// Invitation is what an agent says to a visitor who is on a page and in no
// session. It is never stored.
type Invitation struct {
	Type string `json:"type"` // invite
	Text string `json:"text"`
	By   Party  `json:"by"`
}

// Presence is the staff as it is now.
type Presence struct {
	Type   string  `json:"type"` // presence
	Agents []Agent `json:"agents"`
}

// VisitorPong answers a visitor's ping; Heads is the last seq they may see.
type VisitorPong struct {
	Type  string `json:"type"` // pong
	At    Time   `json:"at"`
	Heads uint64 `json:"heads"`
}

// AgentPong answers an agent's ping; Heads by conversation.
type AgentPong struct {
	Type    string            `json:"type"` // pong
	At      Time              `json:"at"`
	Heads   map[string]uint64 `json:"heads"`
	Waiting int               `json:"waiting"`
}

// Error refuses a frame, or a connection.
type Error struct {
	Type         string  `json:"type"` // error
	Code         string  `json:"code"`
	Message      string  `json:"message"`
	Conversation string  `json:"conversation,omitempty"`
	Origin       string  `json:"origin,omitempty"`
	N            uint64  `json:"n,omitempty"`
	Expect       uint64  `json:"expect,omitempty"`
	Retry        float64 `json:"retry,omitempty"` // seconds
}

// Bye comes before every close of ours.
type Bye struct {
	Type   string `json:"type"` // bye
	Code   int    `json:"code"`
	Reason string `json:"reason"`
	Window int    `json:"window,omitempty"` // seconds: come back at a random moment within it
}

// Encode returns a server frame as it travels. It escapes no HTML: the
// receiver renders text as text, and escapes would count against the limit.
func Encode(frame any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(frame); err != nil {
		panic("wire: " + err.Error()) // a frame type of this package that can not be encoded
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}

// ErrorFor returns the error frame that answers f; f may be the zero Frame.
func ErrorFor(f Frame, err error) Error {
	e := Error{Type: "error", Code: string(core.Internal), Message: "internal error", Conversation: f.Conversation}
	if Numbered(f.Type) || (f.Type != Hello && f.N > 0) { // a type of a later release may be numbered too
		e.Origin, e.N = f.Origin, f.N
	}
	known, ok := asError(err)
	if !ok {
		return e
	}
	e.Code, e.Message, e.Expect = string(known.Code), known.Message, known.Expect
	if known.Retry > 0 {
		e.Retry = max(known.Retry.Round(100*time.Millisecond).Seconds(), 0.1)
	}
	return e
}
