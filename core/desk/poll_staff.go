package desk

import (
	"context"
	"errors"
	"time"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// How soon an agent who polls is expected again: where a poll costs a process
// of its own, later.
const (
	staffPoll     = 2 * time.Second
	staffPollLate = 5 * time.Second

	// staffPollHidden is how many seconds the next poll of a page that nobody
	// sees may take, for browsers let its timers run once a minute.
	staffPollHidden = 60
)

// pollStaff serves a poll of an agent's: for whom no WebSocket gets through, as
// in an office behind an old proxy. It is a connection of one message: its
// frames are those of a socket, judged and answered as there, by the same
// numbers, so that a client may change hands in the middle of anything. A
// hello is answered with the welcome, and each poll prolongs the lease.
//
// Nothing is pushed to it. What there is to know a pong tells (heads, and how
// many wait), which ends every answer but a welcome's, and the client asks for
// what it lacks. It is answered at once, and can not watch.
func (d *Desk) pollStaff(ctx context.Context, p *Peer, token identity.Agent, lim core.Limits) ([]byte, error) {
	q := p.poll
	q.staff = true
	account, err := d.account(ctx, core.AgentID(token.ID), token.Generation)
	if err != nil {
		return nil, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	p.Who, p.tokens, p.expires = core.AgentParty(account.ID), token.Generation, token.Expires
	p.role, p.sees = account.Role, seen(account, settings)
	p.next.Store(staffPollHidden)
	hello := false
	if len(q.Frames) > 0 && q.Frames[0].Type == wire.Hello {
		f := &q.Frames[0]
		q.Frames, hello = q.Frames[1:], true
		if f.Bad != nil {
			return nil, f.Bad
		}
		p.Outbox = core.Origin(f.Origin)
		d.arrive(ctx, account.ID)
		if err := d.greetAgent(ctx, p, f, account, settings); err != nil {
			return nil, err
		}
		d.seekFor(ctx, account.ID)
	} else {
		p.Outbox = core.Origin(q.Origin)
		p.know()
		d.renew(ctx, account.ID, staffPollHidden)
	}
	if err := d.pollFrames(ctx, p, lim); err != nil {
		return nil, err
	}
	if !hello && !p.ended {
		if err := d.servePing(ctx, p); err != nil {
			return nil, err
		}
	}
	next := staffPoll
	if d.Hold == nil {
		next = staffPollLate
	}
	return q.compose(news{}, int(next/time.Second)), nil
}

// pollsAsStaff returns the agent whose token a poll has, if it is one's. What
// is no token of an agent's may be a visitor's.
func (d *Desk) pollsAsStaff(q wire.Poll) (token identity.Agent, ok bool, err error) {
	text := q.Token
	if len(q.Frames) > 0 && q.Frames[0].Type == wire.Hello && q.Frames[0].Token != "" {
		text = q.Frames[0].Token
	}
	if text == "" {
		return token, false, nil
	}
	token, err = d.keys.Agent(text, d.Now())
	switch {
	case err == nil:
		return token, true, nil
	case errors.Is(err, identity.ErrExpired):
		return token, true, err
	default:
		return token, false, nil
	}
}
