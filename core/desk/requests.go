package desk

import (
	"context"

	"kefu/core"
	"kefu/core/wire"
)

// Groups returns the groups of the desk.
func (d *Desk) Groups(ctx context.Context, _ core.Account) ([]core.Group, error) {
	settings, err := d.settings.get(ctx, d.Now())
	return settings.Groups, err
}

// Sites returns the sites of the desk, of which staff need the names.
func (d *Desk) Sites(ctx context.Context, who core.Account) ([]core.Site, error) {
	if err := allowed("list-sites", who); err != nil {
		return nil, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	return settings.Sites, err
}

// maxList is how many heads a page of Conversations has at most.
const maxList = 200

// Conversations returns the heads that q selects, of those that who may see,
// and the place behind which the next page begins.
func (d *Desk) Conversations(ctx context.Context, who core.Account, q core.Query) ([]wire.Head, core.Place, error) {
	if !scope(who, &q) {
		return []wire.Head{}, core.Place{}, nil
	}
	list, err := d.Store.List(ctx, q)
	if err != nil {
		return nil, core.Place{}, err
	}
	heads := make([]wire.Head, 0, len(list))
	var next core.Place
	for _, c := range list {
		next = core.Place{At: c.Session.Since, ID: c.ID}
		if c.Erased {
			continue
		}
		facts, err := d.facts(ctx, c)
		if err != nil {
			return nil, core.Place{}, err
		}
		heads = append(heads, facts.head(d.viewOf(ctx, who, c), ""))
	}
	if len(list) < q.Limit {
		next = core.Place{}
	}
	return heads, next, nil
}

func (d *Desk) viewOf(ctx context.Context, who core.Account, c core.Conversation) wire.View {
	return wire.View{Me: core.AgentParty(who.ID), Name: d.namer(ctx, c)}
}

// visible loads a conversation that an agent may see.
func (d *Desk) visible(ctx context.Context, who core.Account, id core.ConversationID) (core.Conversation, error) {
	c, err := d.Store.Load(ctx, id)
	switch {
	case err != nil:
		return c, err
	case c.Seq == 0 || c.Erased:
		return c, core.Errorf(core.NotFound, "there is no such conversation")
	case !mayRead(who, c.Session):
		return c, core.Errorf(core.Forbidden, "this conversation is not of your groups")
	}
	return c, nil
}

// Conversation returns one head.
func (d *Desk) Conversation(ctx context.Context, who core.Account, id core.ConversationID) (wire.Head, error) {
	c, err := d.visible(ctx, who, id)
	if err != nil {
		return wire.Head{}, err
	}
	facts, err := d.facts(ctx, c)
	return facts.head(d.viewOf(ctx, who, c), ""), err
}

// Events returns a part of a log: after a seq, or before one, or with neither
// the newest.
func (d *Desk) Events(ctx context.Context, who core.Account, id core.ConversationID, after, before *uint64, limit int) (wire.Events, error) {
	c, err := d.visible(ctx, who, id)
	if err != nil {
		return wire.Events{}, err
	}
	if limit <= 0 || limit > wire.MaxPage {
		limit = lastEvents
	}
	view := d.viewOf(ctx, who, c)
	var got page
	switch {
	case after != nil && before != nil:
		return wire.Events{}, core.Errorf(core.Invalid, "after or before, not both")
	case after != nil:
		got, err = d.pageAfter(ctx, id, min(*after, wire.MaxInt), limit, roomForEvents, view)
	case before != nil:
		got, err = d.pageBefore(ctx, id, min(*before, wire.MaxInt), limit, roomForEvents, view)
	default:
		got, err = d.pageBefore(ctx, id, c.Seq+1, limit, roomForEvents, view)
	}
	return wire.Events{Type: "events", Conversation: string(id), Events: got.events, More: got.more}, err
}
