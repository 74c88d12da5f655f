package wire

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"kefu/core"
)

// Body is what an event says, as it travels. Which fields are there depends
// on Kind; see protocol.md, "Client frames" and "System events".
type Body struct {
	Kind    string   `json:"kind"`
	Text    string   `json:"text,omitempty"`
	URL     string   `json:"url,omitempty"`
	Name    string   `json:"name,omitempty"`
	Size    int64    `json:"size,omitempty"` // bytes
	MIME    string   `json:"mime,omitempty"`
	Width   int      `json:"width,omitempty"` // pixels
	Height  int      `json:"height,omitempty"`
	Options []string `json:"options,omitempty"`
	Fields  []Field  `json:"fields,omitempty"`

	Agent   *Party   `json:"agent,omitempty"`
	From    *Party   `json:"from,omitempty"`
	To      *Parted  `json:"to,omitempty"`
	By      *Party   `json:"by,omitempty"`
	Group   string   `json:"group,omitempty"`
	Tag     string   `json:"tag,omitempty"`
	Reason  string   `json:"reason,omitempty"`
	Note    string   `json:"note,omitempty"`
	Of      string   `json:"of,omitempty"`
	Session uint32   `json:"session,omitempty"`
	Seq     uint64   `json:"seq,omitempty"`  // of edited, recalled and an edit's tombstone: which event
	Body    *Body    `json:"body,omitempty"` // of edited: what it says now
	Score   uint8    `json:"score,omitempty"`
	Comment string   `json:"comment,omitempty"`
	Until   *Time    `json:"until,omitempty"`
	Add     []string `json:"add,omitempty"`
	Remove  []string `json:"remove,omitempty"`
	Why     *Why     `json:"why,omitempty"`     // to agents only
	Sources []Source `json:"sources,omitempty"` // of a bot's text: what of the site's knowledge it rests on
}

// Source is a piece of the site's knowledge.
type Source struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	URL   string `json:"url,omitempty"` // https, of a host that the site lists
}

// Field is one answer of a form, with its question.
type Field struct {
	ID    string `json:"id"`
	Label string `json:"label"`
	Value string `json:"value"`
}

// Parted is transferred.to: an agent with a name, or a group.
type Parted struct {
	Agent *Party `json:"agent,omitempty"`
	Group string `json:"group,omitempty"`
}

// Why is the record of an assignment; see core.Why.
type Why struct {
	Tier       string      `json:"tier"`
	Key        string      `json:"key,omitempty"`
	Members    int         `json:"members,omitempty"`
	Shard      int         `json:"shard,omitempty"`
	Able       int         `json:"able,omitempty"`
	Candidates []Candidate `json:"candidates,omitempty"`
	Removed    []Removed   `json:"removed,omitempty"`
}

// Candidate is an agent who could have been chosen, best first.
type Candidate struct {
	Agent *Party  `json:"agent"`
	Shard bool    `json:"shard"`
	Load  float64 `json:"load"` // held / (capacity × weight × pace factor)
	Last  *Time   `json:"last,omitempty"`
}

// Removed is a member who could not, and what barred them.
type Removed struct {
	Agent *Party `json:"agent"`
	Bar   string `json:"bar"` // offline, away, full, passed
}

const (
	maxOptions = 10
	maxOption  = 80 // characters
	maxURL     = 2048

	maxFields = 20
	maxLabel  = 200  // characters
	maxValue  = 1000 // characters
)

// check holds a body that a client sends against the protocol.
func (b *Body) check(lim core.Limits) error {
	if err := tooLong("body.text", b.Text, lim.Text); err != nil {
		return err
	}
	switch core.Kind(b.Kind) {
	case core.KindText:
		if strings.TrimSpace(b.Text) == "" {
			return core.Errorf(core.Invalid, "body.text: is empty")
		}
		return nil
	case core.KindImage, core.KindFile:
		if !fetchable(b.URL) || len(b.URL) > maxURL || len(b.Name) > 255 || len(b.MIME) > 127 || b.Size < 0 || b.Width < 0 || b.Height < 0 {
			return core.Errorf(core.Invalid, "body: url, name, size and mime as uploads gave them are expected")
		}
		return nil
	case core.KindOptions:
		return b.checkOptions()
	case core.KindForm:
		return b.checkFields(lim)
	default:
		return core.Errorf(core.Invalid, "body.kind: text, image, file, options or form is expected")
	}
}

// fetchable reports whether a page may make a link of s: a path of ours, or
// another server's address. Anything else, such as javascript:, is no file.
func fetchable(s string) bool {
	ours := strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.HasPrefix(s, "/\\")
	return ours || strings.HasPrefix(s, "https://") || strings.HasPrefix(s, "http://")
}

func (b *Body) checkOptions() error {
	if len(b.Options) == 0 || len(b.Options) > maxOptions {
		return core.Errorf(core.Invalid, "body.options: 1 to %d are expected", maxOptions)
	}
	for _, o := range b.Options {
		if strings.TrimSpace(o) == "" {
			return core.Errorf(core.Invalid, "body.options: one is empty")
		}
		if err := tooLong("body.options", o, maxOption); err != nil {
			return err
		}
	}
	return nil
}

func (b *Body) checkFields(lim core.Limits) error {
	if len(b.Fields) == 0 || len(b.Fields) > maxFields {
		return core.Errorf(core.Invalid, "body.fields: 1 to %d are expected", maxFields)
	}
	all := 0
	for i, f := range b.Fields {
		if f.ID == "" || len(f.ID) > core.MaxFieldID {
			return core.Errorf(core.Invalid, "body.fields[%d].id: 1 to %d bytes are expected", i, core.MaxFieldID)
		}
		if err := tooLong(fmt.Sprintf("body.fields[%d].label", i), f.Label, maxLabel); err != nil {
			return err
		}
		if err := tooLong(fmt.Sprintf("body.fields[%d].value", i), f.Value, maxValue); err != nil {
			return err
		}
		all += utf8.RuneCountInString(f.Label) + utf8.RuneCountInString(f.Value)
	}
	if all > lim.Text {
		return core.Errorf(core.TooLarge, "body.fields: at most %d characters together", lim.Text)
	}
	return nil
}

// Core returns the body of a message as the core knows it. Fields that do not
// belong to its kind are dropped.
func (b *Body) Core() core.Body {
	k := core.Kind(b.Kind)
	switch k {
	case core.KindImage, core.KindFile:
		return core.Body{Kind: k, File: core.Attachment{
			URL: b.URL, Name: b.Name, Size: b.Size, MIME: b.MIME, Width: b.Width, Height: b.Height,
		}}
	case core.KindOptions:
		return core.Body{Kind: k, Text: b.Text, Options: b.Options}
	case core.KindForm:
		out := core.Body{Kind: k}
		for _, f := range b.Fields {
			out.Fields = append(out.Fields, core.FormField(f))
		}
		return out
	default:
		return core.Body{Kind: k, Text: b.Text}
	}
}
