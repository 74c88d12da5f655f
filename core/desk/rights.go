package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// roles is a set of those who may do something.
type roles uint8

const (
	visitors roles = 1 << iota
	agents
	supervisors
	admins

	nobody    roles = 0
	leaders         = supervisors | admins
	employees       = agents | leaders
	everybody       = visitors | employees
)

// rolesFor returns the set of one: nobody for a role that is none.
func rolesFor(role core.Role) roles {
	switch role {
	case core.RoleAgent:
		return agents
	case core.RoleSupervisor:
		return supervisors
	case core.RoleAdmin:
		return admins
	default:
		return nobody
	}
}

// sendersOf are the roles that may send each type of frame. What else a right depends on, such as who
// holds the session, is judged by core.Step or by the handler. What is not
// listed nobody sends.
func sendersOf(typ string) roles {
	switch typ {
	case wire.Send, wire.Edit, wire.Recall, wire.Typing, wire.Read, wire.End, wire.After, wire.Before, wire.Ping:
		return everybody
	case wire.Human, wire.Rate, wire.Moved:
		return visitors
	case wire.Take, wire.Transfer, wire.Reopen, wire.Tagging, wire.Snooze, wire.Status, wire.Watch:
		return employees
	default:
		return nobody
	}
}

// may says whether somebody may send such a frame at all.
func may(who core.Actor, typ string) bool {
	mine := rolesFor(who.Role)
	if who.Kind == core.Visitor {
		mine = visitors
	}
	return sendersOf(typ)&mine != 0
}

// callersOf are the roles that may ask for an operation of the HTTP API. What
// is not listed nobody asks for.
func callersOf(operation string) roles {
	switch operation {
	case "logout", "list-agents", "read-agent", "list-groups", "list-sites", "list-conversations", "search-messages", "read-conversation", "read-events",
		"read-visitor", "list-visitors", "invite-visitor", "read-why": // which, is judged there
		return employees
	case "change-agent": // who is no admin, of their own account; see Desk.ChangeAgent
		return employees
	case "list-replies", "create-reply", "change-reply", "delete-reply": // those of others: leaders; see mayKeep
		return employees
	case "read-totp", "begin-totp", "confirm-totp", "end-totp": // their own
		return employees
	case "erase-visitor", "reset-totp", "list-audit", "list-webhooks", "create-webhook", "delete-webhook", "resume-webhook",
		"list-channels", "create-channel", "change-channel", "delete-channel", "test-channel":
		return admins
	case "send-event", "create-upload": // as by a frame: judged there
		return employees
	case "suggest-reply", "summarize", "translate", "search-knowledge", "list-articles": // of conversations that they may read
		return employees
	case "put-article", "import-articles", "delete-article", "list-questions", "propose-answer", "settle-question", "assist-figures", "try-assistant":
		return leaders
	case "test-assistant": // it spends money, and says what is set up
		return admins
	case "list-blocks", "create-block", "delete-block", "read-report", "read-floor":
		return leaders
	case "get-settings": // only admins see their secrets, masked; see Desk.Settings
		return leaders
	case "create-agent", "disable-agent", "create-group", "update-group", "delete-group",
		"put-settings", "settings-history", "rollback-settings": // settings hold the secrets of sites
		return admins
	default:
		return nobody
	}
}

// Allows says whether the role may ask for an operation of the HTTP API, by its
// operationId. Those that need no login are allowed to the empty role too.
func Allows(operation string, role core.Role) bool {
	switch operation {
	case "login", "openapi", "docs":
		return true
	default:
		return callersOf(operation)&rolesFor(role) != 0
	}
}

// allowed is Allows as an error.
func allowed(operation string, who core.Account) error {
	if Allows(operation, who.Role) {
		return nil
	}
	return core.Errorf(core.Forbidden, "your role does not allow that")
}

// mayRead says whether an agent may see a conversation: their own, one they
// held, one of their groups, or any if they lead.
func mayRead(a core.Account, s core.Session) bool {
	held := func(p core.Past) bool { return p.Agent == a.ID }
	return a.Role.Leads() || s.Agent == a.ID || slices.Contains(a.Groups, s.Group) || slices.ContainsFunc(s.Past, held)
}

// reads is mayRead for a connection, by the rights it was welcomed with; if
// they change, tickRights ends it. Who watches a conversation may lose the
// right to it while nobody looks, as by a transfer to another group.
func (p *Peer) reads(s core.Session) bool {
	return p.Visitor() || mayRead(core.Account{ID: core.AgentID(p.Who.ID), Role: p.role, Groups: p.sees}, s)
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

// expired reports whether the token that an agent said hello with counts no
// longer: a connection does not outlive it.
func (p *Peer) expired(now time.Time) bool { return !p.expires.IsZero() && !now.Before(p.expires) }

// actor returns the author of a peer's frames with what their rights depend
// on. Forbidden: they have none any more.
func (d *Desk) actor(ctx context.Context, p *Peer) (core.Actor, error) {
	if p.Visitor() {
		return core.Actor{Party: p.Who}, cmp.Or(d.blockedAt(ctx, p.Addr), d.blocked(ctx, core.VisitorID(p.Who.ID)))
	}
	if p.expired(d.Now()) {
		return core.Actor{}, identity.ErrExpired
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

// tickRights ends the connections of those who have other rights than when
// they were welcomed.
func (d *Desk) tickRights(ctx context.Context) error {
	return errors.Join(d.tickStaff(ctx), d.tickBlocks(ctx))
}

// tickStaff ends those of agents. A login that was revoked is closed for good,
// one that has expired until there is a new one. Who has another role or sees
// other lines comes back: what a connection listens to is decided by its hello.
func (d *Desk) tickStaff(ctx context.Context) error {
	now := d.Now()
	staff, err := d.staff.get(ctx, now)
	if err != nil {
		return err
	}
	settings, err := d.settings.get(ctx, now)
	if err != nil {
		return err
	}
	var revoked, expired, changed []*Peer
	d.Floor.Each(ctx, []Topic{TopicStaff}, func(p *Peer) {
		id := core.AgentID(p.Who.ID)
		switch a := staff[id]; {
		case p.expired(now):
			expired = append(expired, p)
		case a.Tokens < p.tokens || a.ID == "":
			// The copy is older than the login; the next one will tell.
		case !counts(a, id, p.tokens):
			revoked = append(revoked, p)
		case a.Role != p.role || !slices.Equal(seen(a, settings), p.sees):
			changed = append(changed, p)
		}
	})
	for _, p := range revoked {
		p.dismiss(errRevoked(), "revoked")
	}
	for _, p := range expired {
		p.out.Close(wire.CloseExpired, "the token has expired")
	}
	for _, p := range changed {
		p.out.Close(wire.CloseShutdown, "rights have changed")
	}
	return nil
}
