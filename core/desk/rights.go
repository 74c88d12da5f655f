package desk

import (
	"context"
	"slices"

	"kefu/core"
	"kefu/core/wire"
)

// may says who may send which frame at all; what else a right depends on,
// such as who holds the session, is judged by core.Step or by the handler.
// What is not listed is refused.
func may(who core.PartyKind, typ string) bool {
	switch typ {
	case wire.Send, wire.Typing, wire.Read, wire.End, wire.After, wire.Before, wire.Ping:
		return who == core.Visitor || who == core.Staff
	case wire.Human, wire.Rate:
		return who == core.Visitor
	case wire.Take, wire.Transfer, wire.Reopen, wire.Status, wire.Watch:
		return who == core.Staff
	default:
		return false
	}
}

// mayRead says whether an agent may see a conversation: their own, one they
// held, one of their groups, or any if they lead.
func mayRead(a core.Account, c core.Conversation) bool {
	held := func(p core.Past) bool { return p.Agent == a.ID }
	return a.Role.Leads() || c.Session.Agent == a.ID || slices.Contains(a.Groups, c.Session.Group) ||
		slices.ContainsFunc(c.Session.Past, held)
}

// reads is mayRead for a connection, by the rights it was welcomed with; if
// they change, tickRights ends it. Who watches a conversation may lose the
// right to it while nobody looks, as by a transfer to another group.
func (p *Peer) reads(c core.Conversation) bool {
	return p.Visitor() || mayRead(core.Account{ID: core.AgentID(p.Who.ID), Role: p.role, Groups: p.sees}, c)
}

// account returns the account that a token of the given generation is for, or
// Forbidden if that no longer counts. A token that is newer than the copy of
// the staff was signed by another node a moment ago: the copy is read again.
func (d *Desk) account(ctx context.Context, id core.AgentID, generation uint64) (core.Account, error) {
	staff, err := d.staff.get(ctx, d.Now())
	if a, ok := staff[id]; err == nil && (!ok || a.Tokens < generation) {
		d.staff.forget()
		staff, err = d.staff.get(ctx, d.Now())
	}
	if err != nil {
		return core.Account{}, err
	}
	a := staff[id]
	if !counts(a, id, generation) {
		return core.Account{}, errRevoked()
	}
	return a, nil
}

// counts reports whether a token of the given generation for id counts, a
// being the account that was found for it.
func counts(a core.Account, id core.AgentID, generation uint64) bool {
	return a.ID == id && !a.Disabled && a.Tokens == generation
}

func errRevoked() error { return core.Errorf(core.Forbidden, "this login no longer counts") }

// actor returns the author of a peer's frames with what their rights depend
// on.
func (d *Desk) actor(ctx context.Context, p *Peer) (core.Actor, error) {
	if p.Visitor() {
		return core.Actor{Party: p.Who}, nil
	}
	a, err := d.account(ctx, core.AgentID(p.Who.ID), p.tokens)
	return actorOf(a), err
}

func actorOf(a core.Account) core.Actor {
	return core.Actor{Party: core.AgentParty(a.ID), Role: a.Role, Groups: a.Groups}
}

// seesGroups are the groups whose lines an agent sees, in order.
func (d *Desk) seesGroups(ctx context.Context, a core.Account) ([]core.GroupID, error) {
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	return seen(a, settings), nil
}

func seen(a core.Account, settings core.Settings) []core.GroupID {
	groups := slices.Clone(a.Groups)
	for _, g := range settings.Groups {
		if a.Role.Leads() {
			groups = append(groups, g.ID)
		}
	}
	slices.Sort(groups)
	return slices.Compact(groups)
}

// tickRights ends the connections of agents who have other rights than when
// they were welcomed. A login that was revoked is closed for good. Who has
// another role or sees other lines comes back: what a connection listens to is
// decided by its hello.
func (d *Desk) tickRights(ctx context.Context) error {
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		return err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	var revoked, changed []*Peer
	d.Floor.Each([]Topic{TopicStaff}, func(p *Peer) {
		id := core.AgentID(p.Who.ID)
		switch a := staff[id]; {
		case a.Tokens < p.tokens || a.ID == "":
			// The copy is older than the login; the next one will tell.
		case !counts(a, id, p.tokens):
			revoked = append(revoked, p)
		case a.Role != p.role || !slices.Equal(seen(a, settings), p.sees):
			changed = append(changed, p)
		}
	})
	for _, p := range revoked {
		p.answer(wire.ErrorFor(wire.Frame{}, errRevoked()))
		p.out.Close(wire.CloseForbidden, "revoked")
	}
	for _, p := range changed {
		p.out.Close(wire.CloseShutdown, "rights have changed")
	}
	return nil
}
