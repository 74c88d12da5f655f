package desk

import (
	"context"
	"slices"
	"strings"

	"kefu/core"
	"kefu/core/wire"
)

// findScan is how many conversations Find looks at: each may cost the store a
// read, and an agent waits for the answer.
const findScan = 2 * maxList

// Find is Conversations, narrowed down to those that have text in what a list
// shows of them: their visitor's name or id, their own id, or a tag. It
// looks at the newest findScan that q selects, so a page may have fewer than
// q.Limit, even none, and yet a place behind which to go on.
func (d *Desk) Find(ctx context.Context, who core.Account, q core.Query, text string) ([]wire.Head, core.Place, error) {
	heads := []wire.Head{}
	if !scope(who, &q) {
		return heads, core.Place{}, nil
	}
	want := q.Limit
	q.Limit = maxList
	text = strings.ToLower(text)
	for range findScan / maxList {
		list, err := d.Store.List(ctx, q)
		if err != nil {
			return nil, core.Place{}, err
		}
		for _, c := range list {
			q.Before = core.Place{At: c.Session.Since, ID: c.ID}
			if c.Erased {
				continue
			}
			if ok, err := d.shows(ctx, c, text); err != nil {
				return nil, core.Place{}, err
			} else if !ok {
				continue
			}
			f, err := d.facts(ctx, c)
			if err != nil {
				return nil, core.Place{}, err
			}
			if heads = append(heads, f.head(d.viewOf(ctx, who, c), "")); len(heads) == want {
				return heads, q.Before, nil
			}
		}
		if len(list) < maxList {
			return heads, core.Place{}, nil
		}
	}
	return heads, q.Before, nil
}

// shows reports whether a list shows text, in lower case, of a conversation.
// The name is looked at last, for it is the store's to know.
func (d *Desk) shows(ctx context.Context, c core.Conversation, text string) (bool, error) {
	has := func(s string) bool { return strings.Contains(strings.ToLower(s), text) }
	if has(string(c.ID)) || has(string(c.Visitor)) || has(c.Session.Tag) || slices.ContainsFunc(c.Tags, has) {
		return true, nil
	}
	who, err := d.Store.Profile(ctx, c.Visitor)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return false, err
	}
	return has(who.Name), nil
}

// scope bounds a query to what an agent may see, and to a page. False: there
// is nothing.
func scope(who core.Account, q *core.Query) bool {
	if q.Limit <= 0 || q.Limit > maxList {
		q.Limit = maxList
	}
	if who.Role.Leads() || q.Agent == who.ID {
		return true
	}
	if len(q.Groups) == 0 {
		q.Groups = who.Groups
	}
	q.Groups = slices.DeleteFunc(slices.Clone(q.Groups), func(g core.GroupID) bool { return !slices.Contains(who.Groups, g) })
	return len(q.Groups) > 0
}
