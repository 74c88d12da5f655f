package desk

import (
	"context"
	"slices"

	"kefu/core"
	"kefu/core/wire"
)

// facts is what a head shows besides the conversation itself. They are read
// once for all who are sent the head.
type facts struct {
	c      core.Conversation
	who    core.Profile
	marks  core.Marks
	last   *core.Event // the last thing said
	public *core.Event // the last one of those that the visitor may see
	online bool
	queue  *wire.Queue
}

func (d *Desk) facts(ctx context.Context, c core.Conversation) (facts, error) {
	f, err := d.factsButQueue(ctx, c)
	if err == nil && c.Session.Phase == core.Waiting {
		f.queue, err = d.queue(ctx, c)
	}
	return f, err
}

// factsAsTold shows the place in line that the visitor was last told, if any:
// who writes while they wait does not move, and to count the line anew for each
// of their messages would cost more than to store it.
func (d *Desk) factsAsTold(ctx context.Context, c core.Conversation) (facts, error) {
	f, err := d.factsButQueue(ctx, c)
	if q, ok := d.clock.place(c.ID, d.Now()); ok {
		f.queue = &q
	} else if err == nil {
		f.queue, err = d.queue(ctx, c)
	}
	return f, err
}

// factsButQueue is for those who know the place in line: to find it is to
// read the line.
func (d *Desk) factsButQueue(ctx context.Context, c core.Conversation) (facts, error) {
	f := facts{c: c, online: d.online(ctx, c.ID)}
	if c.Visitor == "" {
		return f, nil
	}
	var err error
	f.who, err = d.Store.Profile(ctx, c.Visitor)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return f, err
	}
	if c.Seq == 0 {
		return f, nil
	}
	if f.marks, err = d.Store.Marks(ctx, c.ID); err != nil {
		return f, err
	}
	f.last, f.public, err = d.lasts(ctx, c)
	return f, err
}

// lookBack is how many events are looked through for the last thing said. What
// the desk itself does comes a few at a time.
const lookBack = 30

// lasts returns the last thing said, or the last event if that is far back,
// and the same of what the visitor may see. One read finds both, but when many
// notes in a row hide the visitor's.
func (d *Desk) lasts(ctx context.Context, c core.Conversation) (last, public *core.Event, err error) {
	events, err := d.Store.Before(ctx, c.ID, c.Seq+1, lookBack)
	if err != nil {
		return nil, nil, err
	}
	last, public = lastSaid(events, true), lastSaid(events, false)
	if public == nil && c.Public > 0 {
		events, err = d.Store.Before(ctx, c.ID, c.Public+1, lookBack)
		public = lastSaid(events, false)
	}
	return last, public, err
}

// lastSaid returns the last event that somebody said, or that is left of such
// a one, or else the last one; nil: there is none.
func lastSaid(events []core.Event, internal bool) (last *core.Event) {
	for i := range slices.Backward(events) {
		e := &events[i]
		gone := e.Body.Kind == core.KindTombstone && e.Body.Seq == 0 // else it was an edit
		switch {
		case e.Internal && !internal:
		case gone || e.Body.Kind.Said():
			return e
		case last == nil:
			last = e
		}
	}
	return last
}

// head returns the head as one receiver sees it.
func (f facts) head(v wire.View, outbox core.Origin) wire.Head {
	c, s := f.c, f.c.Session
	h := wire.Head{
		ID: string(c.ID), Site: string(c.Site), Visitor: f.visitor(v), Phase: s.Phase.String(), Session: s.Number,
		Group: string(s.Group), Tag: s.Tag, Queue: f.queue, Seq: c.Seq,
		Read: wire.Marks{Visitor: f.marks.Visitor, Agent: f.marks.Agent},
	}
	if !s.Since.IsZero() {
		since := wire.Time(s.Since)
		h.Since = &since
	}
	if s.Agent != "" {
		a := v.Name(core.AgentParty(s.Agent))
		a.Kind = ""
		h.Agent = &a
	}
	last := f.last
	if v.Visitor {
		if s.Phase == core.Snoozed { // that is among agents; somebody will come
			h.Phase = core.Waiting.String()
		}
		h.Seq, last = c.Public, f.public
		h.Read.Agent = min(h.Read.Agent, c.Public) // an agent also reads what is internal
	} else {
		h.N = c.HeardOf(v.Me, outbox).N
		h.Tags, h.Back = c.Tags, string(s.Back)
		if !s.Until.IsZero() {
			until := wire.Time(s.Until)
			h.Until = &until
		}
	}
	if last != nil {
		e := wire.Preview(wire.Render(c.ID, *last, v))
		h.Last = &e
	}
	return h
}

// visitor shows the visitor; where they are is for agents only.
func (f facts) visitor(v wire.View) wire.VisitorRef {
	r := wire.VisitorRef{ID: string(f.c.Visitor), Name: f.who.Name, Avatar: f.who.Avatar, Online: f.online}
	if !v.Visitor {
		r.Lang = f.who.Lang
		if p := f.who.Page; p != (core.Page{}) {
			r.Page = &wire.Page{URL: p.URL, Title: p.Title, Referrer: p.Referrer}
		}
	}
	return r
}

// namer returns how parties of a conversation are shown, by their names of
// today: the log keeps only ids.
func (d *Desk) namer(ctx context.Context, c core.Conversation) func(core.Party) wire.Party {
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		d.Log.WarnContext(ctx, "agents are shown without names", "error", err)
	}
	return func(p core.Party) wire.Party {
		out := wire.Party{Kind: p.Kind.String(), ID: p.ID}
		if a, ok := staff[core.AgentID(p.ID)]; ok && p.Kind == core.Staff {
			out.Name, out.Avatar = a.Display, a.Avatar
		}
		return out
	}
}
