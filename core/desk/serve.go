package desk

import (
	"context"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// maxBad is how many malformed messages a connection may send in a minute.
const maxBad = 10

// Serve serves one message of a connection. Whatever is wrong with it is
// answered, never dropped; nothing that is sent before the welcome but a hello
// is served, and nothing that comes too fast.
func (d *Desk) Serve(ctx context.Context, p *Peer, data []byte) {
	if p.ended {
		return
	}
	lim := d.limits(ctx)
	frames, err := wire.Decode(data, lim)
	if early := d.paced(p, frames, lim); early != nil {
		d.slow(p, frames, early)
		return
	}
	if err != nil {
		d.refuse(p, wire.Frame{}, err)
		return
	}
	for i := range frames {
		if p.ended {
			return
		}
		d.serve(ctx, p, &frames[i])
	}
}

func (d *Desk) serve(ctx context.Context, p *Peer, f *wire.Frame) {
	switch {
	case f.Bad != nil:
		d.refuse(p, *f, f.Bad)
	case f.Type == wire.Hello && !p.Known():
		err := d.admit(ctx, f)
		if err == nil {
			err = d.hello(ctx, p, f)
		}
		if err != nil {
			d.refuse(p, *f, err)
		}
	case f.Type == wire.Hello:
		d.refuse(p, *f, core.Errorf(core.Invalid, "hello was said already"))
	case !p.Known():
		d.refuse(p, *f, core.Errorf(core.Invalid, "hello comes first"))
	default:
		d.serveKnown(ctx, p, f)
	}
}

func (d *Desk) serveKnown(ctx context.Context, p *Peer, f *wire.Frame) {
	who, err := d.actor(ctx, p)
	if core.CodeOf(err) == core.Forbidden {
		reason := "revoked"
		if p.Visitor() {
			reason = "blocked"
		}
		p.answer(wire.ErrorFor(*f, err))
		p.end(wire.CloseForbidden, reason)
		return
	}
	if err == nil && !may(who, f.Type) {
		err = core.Errorf(core.Forbidden, "a %s may not send %s", p.Who.Kind, f.Type)
	}
	if err == nil {
		err = p.address(f)
	}
	if err == nil && f.Type == wire.Ping {
		p.next.Store(int64(f.Next))
	}
	if err == nil && p.Who.Kind == core.Staff {
		d.renew(ctx, core.AgentID(p.Who.ID), p.Next())
	}
	if err == nil {
		err = d.handle(ctx, p, who, f)
	}
	if err != nil {
		d.refuse(p, *f, err)
	}
}

// address checks the conversation that a frame names, and fills in the
// visitor's own.
func (p *Peer) address(f *wire.Frame) error {
	switch {
	case f.Type == wire.Ping || f.Type == wire.Status || f.Type == wire.Watch || f.Type == wire.Moved:
		return nil
	case p.Visitor() && f.Conversation != "" && f.Conversation != string(p.Conversation):
		return core.Errorf(core.Forbidden, "this is not your conversation")
	case p.Visitor():
		f.Conversation = string(p.Conversation)
	case f.Conversation == "":
		return core.Errorf(core.Invalid, "conversation: is missing")
	}
	return nil
}

func (d *Desk) handle(ctx context.Context, p *Peer, who core.Actor, f *wire.Frame) error {
	switch f.Type {
	case wire.After, wire.Before:
		return d.servePage(ctx, p, f)
	case wire.Read:
		return d.serveRead(ctx, p, f)
	case wire.Typing:
		return d.serveTyping(ctx, p, who, f)
	case wire.Ping:
		return d.servePing(ctx, p)
	case wire.Status:
		return d.serveStatus(ctx, p, f)
	case wire.Watch:
		return d.serveWatch(ctx, p, f)
	case wire.Moved:
		return d.serveMoved(ctx, p, f)
	default:
		return d.serveNumbered(ctx, p, who, f)
	}
}

// refuse answers a frame with an error. A peer that is not known is closed;
// one that sends too much nonsense too.
func (d *Desk) refuse(p *Peer, f wire.Frame, err error) {
	code := core.CodeOf(err)
	if code == core.Internal {
		d.Log.Error("a frame failed", "type", f.Type, "conversation", f.Conversation, "error", err)
	}
	if p.Visitor() {
		f.Conversation = string(p.Conversation)
	}
	if IsExpired(err) {
		p.end(wire.CloseExpired, "the token has expired") // the bye says it: an error would say "do not come back"
		return
	}
	p.answer(wire.ErrorFor(f, err))
	switch {
	case !p.Known():
		p.end(wire.CloseFor(err), string(code))
	case code == core.Invalid && p.tooBad(d.Now()):
		p.end(wire.CloseProtocol, "too many malformed frames")
	}
}

// tooBad counts a malformed frame.
func (p *Peer) tooBad(now time.Time) bool {
	recent := p.bad[:0]
	for _, t := range p.bad {
		if now.Sub(t) < time.Minute {
			recent = append(recent, t)
		}
	}
	p.bad = append(recent, now)
	return len(p.bad) >= maxBad
}

func (d *Desk) limits(ctx context.Context) core.Limits {
	if s, err := d.settings.get(ctx, d.Now()); err == nil {
		return s.Limits
	}
	return core.DefaultLimits()
}
