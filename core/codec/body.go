package codec

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"time"

	"kefu/core"
)

// bodyVersion is written only once it is not 1.
const bodyVersion = 1

// body mirrors core.Body in the JSON that is stored. It is a type of its own
// so that a field of core can be renamed and what is stored stays readable;
// the types that follow are so for the same reason.
type body struct {
	Version int          `json:"v,omitempty"`
	Kind    core.Kind    `json:"kind"`
	Text    string       `json:"text,omitempty"`
	File    attachment   `json:"file,omitzero"`
	Options []string     `json:"options,omitempty"`
	Fields  []formField  `json:"fields,omitempty"`
	Agent   core.AgentID `json:"agent,omitempty"`
	From    core.AgentID `json:"from,omitempty"`
	Group   core.GroupID `json:"group,omitempty"`
	Tag     string       `json:"tag,omitempty"`
	Reason  core.Reason  `json:"reason,omitempty"`
	Session uint32       `json:"session,omitempty"`
	Seq     uint64       `json:"seq,omitempty"`
	Score   uint8        `json:"score,omitempty"`
	Until   stamp        `json:"until,omitzero"`
	Add     []string     `json:"add,omitempty"`
	Remove  []string     `json:"remove,omitempty"`
	Why     *why         `json:"why,omitempty"`
	Sources []source     `json:"sources,omitempty"`
}

type source struct {
	ID    string `json:"id"`
	Title string `json:"title,omitempty"`
	URL   string `json:"url,omitempty"`
}

type attachment struct {
	URL    string `json:"url,omitempty"`
	Name   string `json:"name,omitempty"`
	Size   int64  `json:"size,omitempty"`
	MIME   string `json:"mime,omitempty"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
}

type formField struct {
	ID    string `json:"id"`
	Label string `json:"label,omitempty"`
	Value string `json:"value,omitempty"`
}

type why struct {
	Tier       core.Tier   `json:"tier"`
	Key        string      `json:"key,omitempty"`
	Members    int         `json:"members,omitempty"`
	Shard      int         `json:"shard,omitempty"`
	Able       int         `json:"able,omitempty"`
	Candidates []candidate `json:"candidates,omitempty"`
	Removed    []removed   `json:"removed,omitempty"`
}

type candidate struct {
	Agent core.AgentID `json:"agent"`
	Shard bool         `json:"shard,omitempty"`
	Load  finite       `json:"load"`
	Last  stamp        `json:"last,omitzero"`
}

type removed struct {
	Agent core.AgentID `json:"agent"`
	Bar   core.Bar     `json:"bar"`
}

// finite is a number as JSON has them; what is none is written as 0.
type finite float64

func (f finite) MarshalJSON() ([]byte, error) {
	if math.IsNaN(float64(f)) || math.IsInf(float64(f), 0) {
		f = 0
	}
	return json.Marshal(float64(f))
}

// stamp is a time as the protocol writes times.
type stamp time.Time

func (s stamp) IsZero() bool { return time.Time(s).IsZero() }

func (s stamp) MarshalText() ([]byte, error) {
	return time.Time(s).UTC().AppendFormat(nil, "2006-01-02T15:04:05.000Z07:00"), nil
}

func (s *stamp) UnmarshalText(b []byte) error {
	t, err := time.Parse(time.RFC3339, string(b))
	if t = t.UTC().Truncate(time.Millisecond); err == nil && (t.Year() < 0 || t.Year() > 9999) {
		err = errRange // by its zone; it could not be written again
	}
	*s = stamp(t)
	return err
}

// AppendBody appends b as a JSON object without what is zero, such as
// {"kind":"text","text":"hello"}.
func AppendBody(dst []byte, b core.Body) []byte {
	out := body{
		Kind: b.Kind, Text: b.Text, File: attachment(b.File), Options: b.Options, Agent: b.Agent, From: b.From,
		Group: b.Group, Tag: b.Tag, Reason: b.Reason, Session: b.Session, Seq: b.Seq, Score: b.Score,
		Until: stamp(b.Until), Add: b.Add, Remove: b.Remove, Why: whyJSON(b.Why),
	}
	for _, f := range b.Fields {
		out.Fields = append(out.Fields, formField(f))
	}
	for _, s := range b.Sources {
		out.Sources = append(out.Sources, source(s))
	}
	return appendJSON(dst, out)
}

// appendJSON appends v, which holds nothing that JSON can not say.
func appendJSON(dst []byte, v any) []byte {
	buf := bytes.NewBuffer(dst)
	enc := json.NewEncoder(buf)
	enc.SetEscapeHTML(false) // no browser reads it; a person may
	if err := enc.Encode(v); err != nil {
		panic(fmt.Sprintf("codec: %T has become unfit for JSON: %v", v, err))
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte{'\n'})
}

// whyJSON copies field by field where the types differ.
func whyJSON(w *core.Why) *why {
	if w == nil {
		return nil
	}
	out := &why{Tier: w.Tier, Key: w.Key, Members: w.Members, Shard: w.Shard, Able: w.Able}
	for _, c := range w.Candidates {
		out.Candidates = append(out.Candidates, candidate{c.Agent, c.Shard, finite(c.Load), stamp(c.Last)})
	}
	for _, r := range w.Removed {
		out.Removed = append(out.Removed, removed(r))
	}
	return out
}

// Body reads what AppendBody wrote. Members that it does not know are of a
// newer release and skipped, unless they say that the meaning has changed.
func Body(b []byte) (core.Body, error) {
	var in body
	if err := json.Unmarshal(b, &in); err != nil {
		return core.Body{}, fmt.Errorf("the body of an event is damaged: %w", err)
	}
	if in.Version > bodyVersion {
		return core.Body{}, fmt.Errorf("the body of an event has version %d, this program reads 1 to %d", in.Version, bodyVersion)
	}
	out := core.Body{
		Kind: in.Kind, Text: in.Text, File: core.Attachment(in.File), Agent: in.Agent, From: in.From,
		Group: in.Group, Tag: in.Tag, Reason: in.Reason, Session: in.Session, Seq: in.Seq, Score: in.Score,
		Until: time.Time(in.Until), Why: in.Why.core(),
	}
	if len(in.Options) > 0 { // [] comes back as nil
		out.Options = in.Options
	}
	if len(in.Add) > 0 {
		out.Add = in.Add
	}
	if len(in.Remove) > 0 {
		out.Remove = in.Remove
	}
	for _, f := range in.Fields {
		out.Fields = append(out.Fields, core.FormField(f))
	}
	for _, s := range in.Sources {
		out.Sources = append(out.Sources, core.Source(s))
	}
	return out, nil
}

func (w *why) core() *core.Why {
	if w == nil {
		return nil
	}
	out := &core.Why{Tier: w.Tier, Key: w.Key, Members: w.Members, Shard: w.Shard, Able: w.Able}
	for _, c := range w.Candidates {
		out.Candidates = append(out.Candidates, core.Candidate{Agent: c.Agent, Shard: c.Shard, Load: float64(c.Load), Last: time.Time(c.Last)})
	}
	for _, r := range w.Removed {
		out.Removed = append(out.Removed, core.Removed(r))
	}
	return out
}
