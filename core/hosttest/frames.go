package hosttest

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// The frames of a host, read as protocol.md has them and not by package wire:
// a field that wire renames by mistake is a client that no longer works.

// frame is any frame of a host. Which fields are set depends on Type.
type frame struct {
	Type string
	raw  []byte // as it came

	// welcome
	V         int
	Role      string
	Token     string
	Epoch     string
	N         uint64 // ack, event and error too
	Reset     bool
	Heartbeat struct{ Every, Max int }
	Limits    struct {
		Text, Frame, Batch int
		Uploads            *uploadInfo
	}
	Features      []string
	Visitor       visitorRef
	Site          siteInfo
	Agent         agentInfo
	Conversation  subject // and of most others
	Conversations []head
	Agents        []agentInfo // presence too
	Events        []event     // events too
	More          bool

	// ack, event, error, typing, read
	Origin   string
	Seq      uint64
	Prev     *uint64
	At       when
	Session  uint32
	By       party
	Body     body
	Internal bool
	Text     string
	Code     code // bye too
	Message  string
	Expect   uint64
	Retry    float64

	// pong, bye, next
	Heads   heads
	Waiting int
	Reason  string
	Window  int
	Seconds float64
	Head    string
}

// subject is a conversation, named or shown.
type subject struct {
	ID   string
	Head *head
}

// UnmarshalJSON takes an id or a head.
func (s *subject) UnmarshalJSON(data []byte) error {
	if len(data) > 0 && data[0] == '"' {
		return json.Unmarshal(data, &s.ID)
	}
	s.Head = new(head)
	err := json.Unmarshal(data, s.Head)
	s.ID = s.Head.ID
	return err
}

// code is that of an error, or the number of a bye in digits.
type code string

// UnmarshalJSON takes a string or a number.
func (c *code) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		*c = code(data)
		return nil
	}
	return json.Unmarshal(data, (*string)(c))
}

// when is a time, or of a delta an offset.
type when struct {
	time.Time
	offset int
}

// UnmarshalJSON takes a string or a number.
func (w *when) UnmarshalJSON(data []byte) error {
	if data[0] != '"' {
		return json.Unmarshal(data, &w.offset)
	}
	return json.Unmarshal(data, &w.Time)
}

// heads are those of a pong: of a visitor's one conversation, or by name.
type heads struct {
	Mine uint64
	Of   map[string]uint64
}

// UnmarshalJSON takes a number or an object.
func (h *heads) UnmarshalJSON(data []byte) error {
	if data[0] == '{' {
		return json.Unmarshal(data, &h.Of)
	}
	return json.Unmarshal(data, &h.Mine)
}

type event struct {
	Conversation string
	Seq, Prev    uint64
	At           time.Time
	Session      uint32
	By           party
	Body         body
	Internal     bool
	Origin       string
	N            uint64
}

func (e event) String() string { return fmt.Sprintf("%d:%s %.20q", e.Seq, e.Body.Kind, e.Body.Text) }

type party struct{ Kind, ID, Name, Avatar string }

type body struct {
	Kind string
	Text string
	attachment
	Options []string
	Sources []struct{ ID, Title, URL string }
	Fields  []struct{ ID, Label, Value string }
	Agent   *party
	From    *party
	To      *struct {
		Agent *party
		Group string
	}
	By      *party
	Group   string
	Tag     string
	Reason  string
	Note    string
	Of      string
	Session uint32
	Score   int
	Comment string
	Seq     uint64
	Body    *body
	Why     *struct {
		Tier       string
		Candidates []json.RawMessage
		Removed    []struct {
			Agent *party
			Bar   string
		}
	}
}

// attachment is what a file is, in a message and in the answer to an upload.
type attachment struct {
	URL, Name     string
	Size          int64
	MIME          string
	Width, Height int
}

type head struct {
	ID      string
	Site    string
	Visitor visitorRef
	Phase   string
	Session uint32
	Group   string
	Tag     string
	Agent   *party
	Queue   *struct {
		Position int
		ETA      *int
	}
	Seq  uint64
	N    uint64
	Read struct{ Visitor, Agent uint64 }
	Last *event
}

// holder is the id of who holds the conversation, or "".
func (h head) holder() string {
	if h.Agent == nil {
		return ""
	}
	return h.Agent.ID
}

// position is the place in line, or 0.
func (h head) position() int {
	if h.Queue == nil {
		return 0
	}
	return h.Queue.Position
}

type visitorRef struct {
	ID, Name, Avatar, Lang string
	Page                   *struct{ URL, Title, Referrer string }
	Online                 bool
}

type siteInfo struct {
	Name, Greeting, Lang string
	Open                 bool
	Opens                *time.Time
	Offline, Zone        string
	Hours                []struct {
		Day         int
		From, Until string
	}
	Form *struct {
		Text   string
		Fields []struct {
			ID, Label, Type string
			Required        bool
			Options         []string
		}
	}
	Quick  []string
	Invite []struct {
		ID, Text, Path, Referrer string
		After, Again             int
	}
	Privacy *struct{ Text, URL string }
	Rating  bool
	Uploads *uploadInfo
	Preview bool
	Edit    int
}

// uploadInfo is what files may be sent.
type uploadInfo struct {
	Size  int64
	Types []string
	Post  bool
}

type agentInfo struct {
	ID, Name, Role string
	Groups         []string
	Status         string
	Held, Capacity int
}

// fields are what a client frame carries besides its type.
type fields map[string]any

// of returns the client frame with its type.
func (f fields) of(typ string) fields {
	out := fields{"type": typ}
	for k, v := range f {
		out[k] = v
	}
	return out
}

func text(s string) fields { return fields{"kind": "text", "text": s} }

const (
	maxMessage = 32 << 10 // bytes on the wire, in both directions
	maxBatch   = 64       // frames
)

// decode reads one message of a host: a frame or a batch. An error says what
// the protocol does not allow.
func decode(message []byte) ([]frame, error) {
	if len(message) > maxMessage {
		return nil, fmt.Errorf("a message of %d bytes: %.200s", len(message), message)
	}
	parts := []json.RawMessage{message}
	if len(message) > 0 && message[0] == '[' {
		parts = nil
		if err := json.Unmarshal(message, &parts); err != nil || len(parts) == 0 || len(parts) > maxBatch {
			return nil, fmt.Errorf("no batch: %w: %.200s", err, message)
		}
	}
	return decodeAll(parts)
}

func decodeAll(parts []json.RawMessage) ([]frame, error) {
	frames := make([]frame, len(parts))
	for i, p := range parts {
		f := &frames[i]
		if err := json.Unmarshal(p, f); err != nil || !slices.Contains(serverTypes, f.Type) {
			return nil, fmt.Errorf("no frame of kefu.v1: %w: %.200s", err, p)
		}
		f.raw = slices.Clone(p)
	}
	return frames, nil
}

// serverTypes are all frames of a host, and next, which ends a poll.
var serverTypes = []string{
	"welcome", "ack", "event", "events", "conversation", "typing", "delta", "read", "presence", "error", "pong", "bye", "next",
}
