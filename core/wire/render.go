package wire

import (
	"errors"

	"kefu/core"
)

// View is who an event is rendered for.
type View struct {
	Visitor bool                   // not an agent
	Me      core.Party             // whose own frames carry origin and n
	Name    func(core.Party) Party // how parties are shown
}

// Sees reports whether the receiver may see the event at all.
func (v View) Sees(e core.Event) bool { return !v.Visitor || !e.Internal }

// Render returns the event as the receiver sees it.
func Render(id core.ConversationID, e core.Event, v View) Event {
	out := Event{
		Conversation: string(id), Seq: e.Seq, Prev: e.PrevFor(v.Visitor), At: Time(e.At), Session: e.Session,
		By: Party{Kind: core.System.String()}, Body: v.body(e), Internal: e.Internal,
	}
	if e.Body.Kind.Said() || e.Body.Kind == core.KindTombstone {
		out.By = v.Name(e.By)
	}
	if e.Origin != "" && e.By == v.Me {
		out.Origin, out.N = string(e.Origin), e.N
	}
	return out
}

func (v View) body(e core.Event) Body {
	b := e.Body
	out := Body{Kind: string(b.Kind)}
	switch b.Kind {
	case core.KindText, core.KindOptions:
		out.Text, out.Options = b.Text, b.Options
		for _, s := range b.Sources {
			out.Sources = append(out.Sources, Source(s))
		}
	case core.KindImage, core.KindFile:
		f := b.File
		out.URL, out.Name, out.Size, out.MIME, out.Width, out.Height = f.URL, f.Name, f.Size, f.MIME, f.Width, f.Height
	case core.KindForm:
		for _, f := range b.Fields {
			out.Fields = append(out.Fields, Field(f))
		}
	case core.KindOpened:
		out.Tag = b.Tag
	case core.KindQueued:
		out.Group = string(b.Group)
	case core.KindAssigned:
		out.Agent, out.From, out.Why = v.agent(b.Agent), v.agent(b.From), v.Why(b.Why)
	case core.KindReleased:
		out.Agent, out.Reason = v.agent(b.Agent), string(b.Reason)
	case core.KindTransferred:
		out.From, out.To = v.agent(b.From), &Parted{Agent: v.agent(b.Agent), Group: string(b.Group)}
		if !v.Visitor {
			out.Note = b.Text
		}
	case core.KindHandoff:
		out.Reason = string(b.Reason)
	case core.KindClosed:
		by := v.Name(e.By)
		out.Reason, out.By = string(b.Reason), &by
	case core.KindRated:
		out.Session, out.Score, out.Comment = b.Session, b.Score, b.Text
	case core.KindEdited:
		out.Seq, out.Body = b.Seq, &Body{Kind: string(core.KindText), Text: b.Text}
	case core.KindRecalled, core.KindTombstone:
		out.Seq = b.Seq
	case core.KindTagged:
		out.Add, out.Remove = b.Add, b.Remove
	case core.KindSnoozed:
		until := Time(b.Until)
		out.Agent, out.Until = v.agent(b.Agent), &until
	case core.KindNoted:
		out.Of = string(b.Reason)
	case core.KindWarned, core.KindReopened, core.KindIdentified, core.KindErased: // the kind says it all
	}
	return out
}

// agent shows an agent by name, without the kind: no other can stand there.
func (v View) agent(id core.AgentID) *Party {
	if id == "" {
		return nil
	}
	p := v.Name(core.AgentParty(id))
	p.Kind = ""
	return &p
}

// Why returns a record of a choice as agents see it; nil to a visitor, for it
// names colleagues and their load.
func (v View) Why(w *core.Why) *Why {
	if w == nil || v.Visitor {
		return nil
	}
	out := &Why{Tier: string(w.Tier), Key: w.Key, Members: w.Members, Shard: w.Shard, Able: w.Able}
	for _, c := range w.Candidates {
		var last *Time
		if !c.Last.IsZero() {
			t := Time(c.Last)
			last = &t
		}
		out.Candidates = append(out.Candidates, Candidate{Agent: v.agent(c.Agent), Shard: c.Shard, Load: c.Load, Last: last})
	}
	for _, r := range w.Removed {
		out.Removed = append(out.Removed, Removed{Agent: v.agent(r.Agent), Bar: string(r.Bar)})
	}
	return out
}

// maxPreview is how many characters of a message a head shows.
const maxPreview = 200

// Preview returns the event cut to what a list shows of it.
func Preview(e Event) Event {
	e.Body.Why = nil
	e.Body.Text, e.Body.Comment, e.Body.Note = cut(e.Body.Text), cut(e.Body.Comment), cut(e.Body.Note)
	if f := e.Body.Fields; len(f) > 0 {
		e.Body.Fields = []Field{{ID: f[0].ID, Label: f[0].Label, Value: cut(f[0].Value)}}
	}
	if b := e.Body.Body; b != nil {
		e.Body.Body = &Body{Kind: b.Kind, Text: cut(b.Text)}
	}
	return e
}

func cut(s string) string {
	if len(s) <= maxPreview {
		return s
	}
	runes := []rune(s)
	if len(runes) <= maxPreview {
		return s
	}
	return string(runes[:maxPreview-1]) + "…"
}

func asError(err error) (*core.Error, bool) {
	var e *core.Error
	ok := errors.As(err, &e) && e.Code != core.Internal
	return e, ok
}
