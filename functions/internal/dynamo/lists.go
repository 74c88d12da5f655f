package dynamo

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"kefu/core"
)

// open returns the pointers under a prefix of what is open, as they are
// stored: those that wait and those that are with the assistant.
func (st *Store) open(ctx context.Context, prefix string) ([]item, error) {
	var out []item
	err := st.each(ctx, all(partOpen, prefix), func(it item) (bool, error) {
		out = append(out, it)
		return false, nil
	})
	return out, err
}

// Waiting implements core.Lists.
func (st *Store) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	return st.waiting(ctx, g, limit, false)
}

// GlanceWaiting implements desk.Glancer: Waiting by weak reads.
func (st *Store) GlanceWaiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	return st.waiting(ctx, g, limit, true)
}

func (st *Store) waiting(ctx context.Context, g core.GroupID, limit int, weak bool) ([]core.Place, error) {
	if limit <= 0 {
		return nil, nil
	}
	s := all(partOpen, linePrefix) // of all groups, each of which has an order
	if g != "" {
		s = all(partOpen, groupPrefix(g))
		s.limit = limit
	}
	s.weak = weak
	line, err := st.line(ctx, s)
	if err != nil {
		return nil, err
	}
	var out []core.Place
	for _, p := range line {
		out = append(out, core.Place{At: moment(p.place), ID: p.id})
	}
	slices.SortFunc(out, compare)
	return out[:min(limit, len(out))], nil
}

// compare orders places as lists do.
func compare(p, q core.Place) int { return cmp.Or(p.At.Compare(q.At), cmp.Compare(p.ID, q.ID)) }

// line returns those who wait, in the order of the span; if that has a limit,
// at least so many if there are.
func (st *Store) line(ctx context.Context, s span) ([]pointer, error) {
	var out []pointer
	var page []item
	flush := func() error {
		checked, err := st.check(ctx, page)
		out, page = append(out, checked...), page[:0]
		return err
	}
	err := st.each(ctx, s, func(it item) (bool, error) {
		if page = append(page, it); s.limit == 0 || len(out)+len(page) < s.limit {
			return false, nil
		}
		err := flush()
		return len(out) >= s.limit, err
	})
	return out, cmp.Or(err, flush())
}

// check leaves out who does not wait any more. A place in line is looked at
// once in a while only: it is deleted with the change that ends it, and one
// that is there in vain costs whoever offers it a seat a read.
func (st *Store) check(ctx context.Context, line []item) ([]pointer, error) {
	now := st.Now()
	var doubtful []item
	var out []pointer
	for _, it := range line {
		seen, _ := st.looked.Get(keyOf(it))
		if now.Sub(getTime(it, "n")) < announceFor || now.Sub(seen) < announceFor {
			out = append(out, pointerOf(it))
		} else {
			doubtful = append(doubtful, it)
		}
	}
	heads, err := st.verify(ctx, doubtful)
	for _, h := range heads {
		p, _ := h.where()
		st.looked.Add(p.key, now)
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b pointer) int { return strings.Compare(a.sk, b.sk) })
	return out, err
}

// verify loads what pointers point at, and leaves out what is elsewhere.
func (st *Store) verify(ctx context.Context, pointers []item) ([]head, error) {
	ids := make([]core.ConversationID, len(pointers))
	for i, it := range pointers {
		ids[i] = pointerOf(it).id
	}
	heads, err := st.load(ctx, ids, st.head)
	if err != nil {
		return nil, err
	}
	var out []head
	for i, it := range pointers {
		if h, ok := heads[ids[i]]; ok && st.stands(ctx, it, h) {
			out = append(out, h)
		}
	}
	return out, nil
}

// maxList is the most that List returns.
const maxList = 200

// List implements core.Lists. There is no index of tags.
func (st *Store) List(ctx context.Context, q core.Query) ([]core.Conversation, error) {
	if q.Tag != "" {
		return nil, core.Errorf(core.Unsupported, "this host finds no conversations by their tags")
	}
	limit := maxList
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	var out []core.Conversation
	for _, list := range []func(context.Context, core.Query, int) ([]head, error){st.listOpen, st.listHeld, st.listClosed} {
		heads, err := list(ctx, q, limit)
		if err != nil {
			return nil, err
		}
		for _, h := range heads {
			out = append(out, h.Conversation)
		}
	}
	slices.SortFunc(out, func(a, b core.Conversation) int { return compare(since(b), since(a)) })
	return out[:min(limit, len(out))], nil
}

// since is the place of c in List, which runs from the greatest to the least.
func since(c core.Conversation) core.Place { return core.Place{At: c.Session.Since, ID: c.ID} }

// asks reports whether a query asks for one of these phases.
func asks(q core.Query, phases ...core.Phase) bool {
	return len(q.Phases) == 0 || slices.ContainsFunc(phases, func(p core.Phase) bool { return slices.Contains(q.Phases, p) })
}

// selects reports whether a query asks for what a pointer points at.
func selects(q core.Query, p pointer) bool {
	return (len(q.Groups) == 0 || slices.Contains(q.Groups, p.group)) && (q.Site == "" || p.site == q.Site) &&
		(q.Before == core.Place{} || core.Place{At: moment(p.since), ID: p.id}.Less(q.Before))
}

// listOpen lists those who wait, are snoozed or with the assistant. Nobody holds them.
func (st *Store) listOpen(ctx context.Context, q core.Query, limit int) ([]head, error) {
	if q.Agent != "" || !asks(q, core.Bot, core.Waiting, core.Snoozed) {
		return nil, nil
	}
	items, err := st.open(ctx, "")
	if err != nil {
		return nil, err
	}
	items = slices.DeleteFunc(items, func(it item) bool {
		phase := core.Waiting
		switch {
		case strings.HasPrefix(getStr(it, "sk"), botPrefix):
			phase = core.Bot
		case strings.HasPrefix(getStr(it, "sk"), napPrefix):
			phase = core.Snoozed
		}
		return !selects(q, pointerOf(it)) || !asks(q, phase)
	})
	slices.SortFunc(items, func(a, b item) int {
		p, q := pointerOf(a), pointerOf(b)
		return cmp.Or(cmp.Compare(q.since, p.since), cmp.Compare(q.id, p.id))
	})
	var out []head
	for len(items) > 0 && len(out) < limit {
		n := min(limit-len(out), len(items))
		heads, err := st.verify(ctx, items[:n])
		if err != nil {
			return nil, err
		}
		out, items = append(out, heads...), items[n:]
	}
	return out, nil
}

// listHeld lists what agents hold. There is no more of it than there are
// seats, so all of it is loaded.
func (st *Store) listHeld(ctx context.Context, q core.Query, _ int) ([]head, error) {
	if !asks(q, core.Held) {
		return nil, nil
	}
	var agents []item
	var err error
	if q.Agent == "" {
		agents, err = st.agents(ctx)
	} else {
		agents, err = st.agent(ctx, q.Agent)
	}
	if err != nil {
		return nil, err
	}
	heads, err := st.holding(ctx, agents, st.head)
	return slices.DeleteFunc(heads, func(h head) bool {
		s := h.Session
		return !selects(q, pointer{id: h.ID, group: s.Group, site: h.Site, since: millis(s.Since)})
	}), err
}

// listClosed lists what is over.
func (st *Store) listClosed(ctx context.Context, q core.Query, limit int) ([]head, error) {
	if q.Agent != "" || !asks(q, core.Closed) {
		return nil, nil
	}
	s := all(partClosed, "")
	s.newest, s.limit = true, limit+1 // the one that Before names may be among them
	if q.Before != (core.Place{}) {
		s.to = placeSK(q.Before)
	}
	var out []head
	var page []item
	flush := func() error {
		heads, err := st.verify(ctx, page)
		out, page = append(out, heads...), page[:0]
		return err
	}
	err := st.each(ctx, s, func(it item) (bool, error) {
		if !selects(q, pointerOf(it)) {
			return false, nil
		}
		if page = append(page, it); len(out)+len(page) < limit {
			return false, nil
		}
		err := flush()
		return len(out) >= limit, err
	})
	return out, cmp.Or(err, flush())
}
