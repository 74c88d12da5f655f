package wire

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"time"
	"unicode/utf8"

	"kefu/core"
)

// The types of client frames.
const (
	Hello    = "hello"
	Send     = "send"
	Typing   = "typing"
	Read     = "read"
	Human    = "human"
	End      = "end"
	Rate     = "rate"
	Take     = "take"
	Transfer = "transfer"
	Reopen   = "reopen"
	Status   = "status"
	After    = "after"
	Before   = "before"
	Ping     = "ping"
	Edit     = "edit"
	Recall   = "recall"
	Watch    = "watch"
	Tagging  = "tag"
	Snooze   = "snooze"
	Moved    = "page"
)

// Version is the protocol's, in hello.v and welcome.v.
const Version = 1

// MaxPage is how many events one after or before may ask for.
const MaxPage = 200

const maxID = 64 // bytes

// MaxInt is the greatest n or seq: what every client can count to and every
// store can keep.
const MaxInt = 1<<53 - 1

// Frame is a client frame. Which fields are in use depends on Type; those that
// UntilTime is snooze.until, of any zone; zero if it is no time.
func (f *Frame) UntilTime() time.Time {
	t, err := time.Parse(time.RFC3339, f.Until)
	if err != nil {
		return time.Time{}
	}
	return t
}

// Decode let pass have the shape the protocol asks for.
type Frame struct {
	Type         string `json:"type"`
	Conversation string `json:"conversation"` // visitors leave it out
	Origin       string `json:"origin"`
	N            uint64 `json:"n"`

	// hello
	V     int       `json:"v"`
	Token string    `json:"token"`
	Site  string    `json:"site"`
	After *uint64   `json:"after"`
	Epoch string    `json:"epoch"`
	User  *UserAuth `json:"user"`
	Page  *Page     `json:"page"`
	Lang  string    `json:"lang"`
	Tag   string    `json:"tag"`

	// what the numbered ones carry
	Body     *Body   `json:"body"`
	Internal bool    `json:"internal"`
	Session  uint32  `json:"session"`
	Score    uint8   `json:"score"`
	Comment  string  `json:"comment"`
	To       *Target `json:"to"`
	Note     string  `json:"note"`

	Add    []string `json:"add"`    // tag
	Remove []string `json:"remove"` // tag
	Until  string   `json:"until"`  // snooze: RFC 3339

	Text          string   `json:"text"`          // typing
	Doing         string   `json:"doing"`         // typing: see Doing
	Seq           uint64   `json:"seq"`           // read, after, before, edit, recall
	Limit         int      `json:"limit"`         // after, before
	Conversations []string `json:"conversations"` // watch

	Status   string `json:"status"`   // status
	Capacity *int   `json:"capacity"` // status
	Next     int    `json:"next"`     // ping: seconds

	// Bad says what is wrong with the frame; its code is definite. Type,
	// Conversation, Origin and N are then set as far as they could be read
	// and are fit to be answered with.
	Bad error `json:"-"`
}

// UserAuth is hello.user: a JWT that the site's own server signed.
type UserAuth struct {
	Token string `json:"token"`
}

// Page is hello.page: where the visitor is.
type Page struct {
	URL      string `json:"url"`
	Title    string `json:"title,omitempty"`
	Referrer string `json:"referrer,omitempty"`
}

// Target is transfer.to: an agent or a group.
type Target struct {
	Agent string `json:"agent,omitempty"`
	Group string `json:"group,omitempty"`
}

// Doing returns what an agent may say in typing that they do with a
// conversation: they have it on their screen, write a note in it, or have
// turned away. Only agents are told.
func Doing() []string { return []string{"views", "notes", "left"} }

// Numbered reports whether frames of this type carry origin and n and are
// answered by an ack.
func Numbered(typ string) bool {
	switch typ {
	case Send, Human, End, Rate, Take, Transfer, Reopen, Edit, Recall, Tagging, Snooze:
		return true
	default:
		return false
	}
}

// Decode reads one message of a client: a frame or a batch. The error is for
// a message that is no such thing at all; a single bad frame has Bad set.
func Decode(data []byte, lim core.Limits) ([]Frame, error) {
	switch {
	case len(data) > lim.Frame:
		return nil, core.Errorf(core.TooLarge, "a message may have %d bytes", lim.Frame)
	case !utf8.Valid(data):
		return nil, core.Errorf(core.Invalid, "a message must be UTF-8")
	}
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) == 0 || trimmed[0] != '[' {
		frames := make([]Frame, 1)
		frames[0].decode(data, lim)
		return frames, nil
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		return nil, core.Errorf(core.Invalid, "not JSON")
	}
	switch {
	case len(parts) == 0:
		return nil, core.Errorf(core.Invalid, "a batch has at least one frame")
	case len(parts) > lim.Batch:
		return nil, core.Errorf(core.TooLarge, "a batch has at most %d frames", lim.Batch)
	}
	frames := make([]Frame, len(parts))
	for i, p := range parts {
		frames[i].decode(p, lim)
	}
	return frames, nil
}

func (f *Frame) decode(data []byte, lim core.Limits) {
	err := json.Unmarshal(data, f)
	switch {
	case err != nil:
		f.Bad = shapeError(err)
	case hasNUL(data):
		f.Bad = core.Errorf(core.Invalid, "U+0000 is no character of a text")
	default:
		f.Bad = f.check(lim)
	}
	if f.Bad != nil {
		f.trim()
	}
}

// trim drops what a refusal must not repeat: it would be longer than a
// message may be.
func (f *Frame) trim() {
	if len(f.Conversation) > maxID {
		f.Conversation = ""
	}
	if !validOrigin(f.Origin) {
		f.Origin = ""
	}
}

// hasNUL reports whether JSON holds an escaped U+0000; it can stand nowhere
// but in a string. Nobody types it, and not every store can keep it.
func hasNUL(data []byte) bool {
	escape := []byte(`\u0000`)
	for {
		i := bytes.Index(data, escape)
		if i < 0 {
			return false
		}
		slashes := 0
		for i-slashes >= 0 && data[i-slashes] == '\\' {
			slashes++
		}
		if slashes%2 == 1 {
			return true // else the backslash is itself escaped, and this is text
		}
		data = data[i+len(escape):]
	}
}

// shapeError says where the JSON does not fit, in words of the protocol. It
// repeats nothing of what was sent.
func shapeError(err error) error {
	var t *json.UnmarshalTypeError
	switch {
	case !errors.As(err, &t):
		return core.Errorf(core.Invalid, "not JSON")
	case t.Field == "":
		return core.Errorf(core.Invalid, "a frame is a JSON object with a type")
	default:
		return core.Errorf(core.Invalid, "%s: %s is expected", t.Field, expected(t.Type))
	}
}

func expected(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String:
		return "a string"
	case reflect.Bool:
		return "true or false"
	case reflect.Slice:
		return "a list"
	case reflect.Struct, reflect.Pointer:
		return "an object"
	case reflect.Uint8, reflect.Uint32, reflect.Uint64:
		return fmt.Sprintf("an integer from 0 to %d", min(uint64(1)<<t.Bits()-1, MaxInt))
	default:
		return "an integer"
	}
}
