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
	case wire.Take, wire.Transfer, wire.Reopen, wire.Status:
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

// account returns the account of a peer that is an agent's, or Forbidden if
// its token no longer counts.
func (d *Desk) account(ctx context.Context, id core.AgentID, generation uint64) (core.Account, error) {
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		return core.Account{}, err
	}
	a, ok := staff[id]
	if !ok || a.Disabled || a.Tokens != generation {
		return core.Account{}, core.Errorf(core.Forbidden, "this login no longer counts")
	}
	return a, nil
}

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

// seesGroups are the groups whose lines an agent sees.
func (d *Desk) seesGroups(ctx context.Context, a core.Account) []core.GroupID {
	if !a.Role.Leads() {
		return a.Groups
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return a.Groups
	}
	all := slices.Clone(a.Groups)
	for _, g := range settings.Groups {
		if !slices.Contains(all, g.ID) {
			all = append(all, g.ID)
		}
	}
	return all
}
