package desk

import (
	"context"
	"errors"

	"kefu/core"
	"kefu/core/wire"
)

// serveNumbered has a numbered frame decided. Its answer, an ack or an error,
// comes from the room.
func (d *Desk) serveNumbered(ctx context.Context, p *Peer, who core.Actor, f *wire.Frame) error {
	in, err := d.input(ctx, p, who, f)
	if err != nil {
		return err
	}
	if f.Type == wire.Send && p.profile != nil { // nobody has heard of them yet
		if err := d.arrivals.come(d.Now()); err != nil {
			return err
		}
		if err := d.introduce(ctx, p); err != nil {
			return err
		}
	}
	recalled, err := d.recalling(ctx, who, f)
	if err != nil {
		return err
	}
	d.trailReceived(ctx, f)
	ctx = context.WithoutCancel(ctx) // the frame is decided even if its sender is gone
	answered := p.owe()
	d.Rooms.Tell(ctx, core.ConversationID(f.Conversation), in, func(c core.Change, err error) {
		defer answered()
		if err != nil {
			d.refuseLater(p, *f, err)
			return
		}
		d.perform(ctx, c, p)
		recalled(c)
	})
	return nil
}

// refuseLater is refuse for other goroutines than the one that serves p.
func (d *Desk) refuseLater(p *Peer, f wire.Frame, err error) {
	if p.Visitor() && errors.Is(err, core.ErrErased) {
		p.erased()
		return
	}
	if core.CodeOf(err) == core.Internal {
		d.Log.Error("a frame failed", "type", f.Type, "conversation", f.Conversation, "error", err)
	}
	p.answer(wire.ErrorFor(f, err))
}

// input turns a frame into what the core decides about.
func (d *Desk) input(ctx context.Context, p *Peer, who core.Actor, f *wire.Frame) (core.Input, error) {
	frame := core.Frame{By: who, Origin: core.Origin(f.Origin), N: f.N}
	switch f.Type {
	case wire.Send:
		return d.said(ctx, p, frame, f)
	case wire.Edit:
		return core.Edited{Frame: frame, Target: core.Target{Seq: f.Seq}, Body: f.Body.Core()}, nil
	case wire.Recall:
		return core.Recalled{Frame: frame, Target: core.Target{Seq: f.Seq}}, nil
	case wire.Human:
		return core.HumanAsked{Frame: frame, Session: f.Session}, nil
	case wire.End:
		return core.Ended{Frame: frame, Session: f.Session}, nil
	case wire.Rate:
		return core.Rating{Frame: frame, Session: f.Session, Score: f.Score, Comment: f.Comment}, nil
	case wire.Take:
		return core.Taken{Frame: frame, Session: f.Session}, nil
	case wire.Transfer:
		return d.passed(ctx, frame, f)
	case wire.Tagging:
		return core.Tagged{Frame: frame, Add: f.Add, Remove: f.Remove}, nil
	case wire.Snooze:
		return core.Deferred{Frame: frame, Session: f.Session, Until: f.UntilTime()}, nil
	case wire.Reopen:
		return core.Resumed{Frame: frame, Session: f.Session}, nil
	}
	return nil, core.Errorf(core.Invalid, "type: %q is not known", f.Type)
}

func (d *Desk) said(ctx context.Context, p *Peer, frame core.Frame, f *wire.Frame) (core.Input, error) {
	in := core.Said{Frame: frame, Site: p.Site, Tag: p.Tag, Body: f.Body.Core(), Internal: f.Internal}
	if p.Visitor() {
		d.hosted(ctx, p, &in)
	}
	switch {
	case in.Body.Kind == core.KindOptions && p.Visitor():
		return nil, core.Errorf(core.Forbidden, "a visitor sends no options")
	case in.Body.Kind == core.KindImage || in.Body.Kind == core.KindFile:
		err := d.attach(ctx, &in, core.ConversationID(f.Conversation))
		return in, err
	}
	return in, nil
}

// passed looks the target of a transfer up. Who is unknown or disabled is not
// found; who has no seat is refused by the core.
func (d *Desk) passed(ctx context.Context, frame core.Frame, f *wire.Frame) (core.Input, error) {
	in := core.Passed{Frame: frame, Session: f.Session, Group: core.GroupID(f.To.Group), Note: f.Note}
	if f.To.Agent == "" {
		return in, nil
	}
	roster, err := d.Store.Roster(ctx, "", d.Now())
	if err != nil {
		return nil, err
	}
	to, ok := roster.Find(core.AgentID(f.To.Agent))
	if !ok {
		return nil, core.Errorf(core.NotFound, "there is no agent %q", f.To.Agent)
	}
	in.To = to
	return in, nil
}

// tell has an input of the desk's own decided, performs what follows, and
// waits for it.
func (d *Desk) tell(ctx context.Context, id core.ConversationID, in core.Input) (core.Change, error) {
	type outcome struct {
		change core.Change
		err    error
	}
	done := make(chan outcome, 1)
	work := context.WithoutCancel(ctx) // what is stored is performed, whoever still waits for it
	d.Rooms.Tell(work, id, in, func(c core.Change, err error) {
		if err == nil {
			d.perform(work, c, nil)
		}
		done <- outcome{c, err}
	})
	select {
	case o := <-done:
		return o.change, o.err
	case <-ctx.Done():
		return core.Change{}, &core.Error{Code: core.Unavailable, Message: "no answer in time", Cause: ctx.Err()}
	}
}
