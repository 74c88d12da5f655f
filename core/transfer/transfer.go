// Package transfer carries everything that a desk keeps from one store to
// another, of whatever kind, through a file.
//
// # The file
//
// One JSON object a line, each with one member that says what it is: first
// "kefu", the version of the format; then "account", "settings" (the oldest
// first), "secret", "block", "document", and for each conversation a "conversation" followed
// by its "events", at most eight a line; last "end" with the counts and a
// digest. It is all that is stored, password hashes and signing keys included:
// keep it as you keep the original.
//
// Not in it are files that were sent (they are in the blob store), who is online,
// and the answers kept for a day for requests that are repeated.
//
// # Counts and digest
//
// The digest is the exclusive or of the SHA-256 of all lines but the first and
// the last, so it depends on what is stored and not on the order in which a
// store lists it. Versions of accounts, settings and documents, which begin anew at 1, are
// left out. [Import] compares what it reads with the last line before it writes
// anything: a file that was cut short is refused. Whoever then exports the store
// that was filled gets the same counts and the same digest, or it is not the same
// desk; that is how the commands check themselves.
//
// The store that is filled has an epoch of its own, so clients read their
// conversations again and nothing they hold is taken for something else.
package transfer

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// format is the version of the file that is written, and the one that is read.
const format = 1

// Counts say how much there is.
type Counts struct {
	Accounts      int `json:"accounts"`
	Settings      int `json:"settings"` // versions
	Blocks        int `json:"blocks"`
	Profiles      int `json:"profiles"`
	Conversations int `json:"conversations"`
	Events        int `json:"events"`
	Documents     int `json:"documents"`
}

func (c Counts) String() string {
	return fmt.Sprintf("%d conversations with %d events, %d visitors, %d accounts, %d blocks, %d documents, %d versions of the settings",
		c.Conversations, c.Events, c.Profiles, c.Accounts, c.Blocks, c.Documents, c.Settings)
}

// Summary is what there is, and what it is worth comparing.
type Summary struct {
	Counts
	Digest string `json:"digest"` // in hexadecimal
}

// line is one line of the file. One of its members is there.
type line struct {
	Kefu         int             `json:"kefu,omitempty"`
	Account      *core.Account   `json:"account,omitempty"`
	Settings     json.RawMessage `json:"settings,omitempty"` // codec.AppendSettings
	Secret       *secret         `json:"secret,omitempty"`
	Block        *core.Block     `json:"block,omitempty"`
	Document     *core.Document  `json:"document,omitempty"`
	Conversation *conversation   `json:"conversation,omitempty"`
	Events       *events         `json:"events,omitempty"`
	End          *Summary        `json:"end,omitempty"`
}

type secret struct {
	Name  string `json:"name"`
	Value []byte `json:"value"`
}

type conversation struct {
	Header  []byte        `json:"header"` // codec.AppendConversation
	Marks   core.Marks    `json:"marks"`
	Profile *core.Profile `json:"profile,omitempty"`
}

type events struct {
	Conversation core.ConversationID `json:"conversation"`
	List         []event             `json:"list"`
}

type event struct {
	Seq      uint64          `json:"seq"`
	Prev     uint64          `json:"prev,omitempty"`
	Session  uint32          `json:"session,omitempty"`
	At       int64           `json:"at"` // milliseconds since 1970
	Kind     core.PartyKind  `json:"by,omitempty"`
	ID       string          `json:"id,omitempty"`
	Origin   core.Origin     `json:"origin,omitempty"`
	N        uint64          `json:"n,omitempty"`
	Internal bool            `json:"internal,omitempty"`
	Body     json.RawMessage `json:"body"` // codec.AppendBody
}

func packed(e core.Event) event {
	return event{
		e.Seq, e.Prev, e.Session, e.At.UnixMilli(), e.By.Kind, e.By.ID, e.Origin, e.N, e.Internal, codec.AppendBody(nil, e.Body),
	}
}

func (e event) core() (core.Event, error) {
	body, err := codec.Body(e.Body)
	return core.Event{
		Seq: e.Seq, Prev: e.Prev, Session: e.Session, At: time.UnixMilli(e.At).UTC(), By: core.Party{Kind: e.Kind, ID: e.ID},
		Origin: e.Origin, N: e.N, Internal: e.Internal, Body: body,
	}, err
}

// sum adds up what is read or written.
type sum struct {
	Counts
	digest [sha256.Size]byte
}

func (s *sum) add(l line, text []byte) {
	switch {
	case l.Account != nil:
		s.Accounts++
	case l.Settings != nil:
		s.Settings++
	case l.Block != nil:
		s.Blocks++
	case l.Document != nil:
		s.Documents++
	case l.Conversation != nil:
		s.Conversations++
		if l.Conversation.Profile != nil {
			s.Profiles++
		}
	case l.Events != nil:
		s.Counts.Events += len(l.Events.List)
	}
	for i, b := range sha256.Sum256(text) {
		s.digest[i] ^= b
	}
}

func (s *sum) summary() Summary { return Summary{s.Counts, hex.EncodeToString(s.digest[:])} }

// secrets are the names under which a desk keeps some.
func secrets() []string { return []string{"token-keys"} }

// Kinds are those of the documents that a desk keeps. A store can not list them,
// so whoever adds one says so here.
func Kinds() []string {
	return []string{
		"article", "assist-question", "assist-usage", "audit", "channel", "channel-state", "knowledge", "reply", "totp", "vectors",
		"webhook", "webhook-cursor", "webhook-mark", "webhook-state",
	}
}
