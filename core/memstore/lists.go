package memstore

import (
	"context"
	"slices"
	"time"

	"kefu/core"
)

// maxList is the most that List returns.
const maxList = 200

// Waiting implements core.Lists.
func (st *Store) Waiting(_ context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	return st.places(limit, func(r *record) (time.Time, bool) {
		s := r.state.Session
		return s.Queued, s.Phase == core.Waiting && (g == "" || s.Group == g)
	}), nil
}

// Due implements core.Lists.
func (st *Store) Due(_ context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	return st.places(limit, func(r *record) (time.Time, bool) {
		return r.alarm, !r.alarm.IsZero() && !r.alarm.After(until) && after.Less(core.Place{At: r.alarm, ID: r.state.ID})
	}), nil
}

// places lists, in order, the conversations for which at reports true, under
// the time that it gives them.
func (st *Store) places(limit int, at func(*record) (time.Time, bool)) []core.Place {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []core.Place
	for id, r := range st.conversations {
		if t, ok := at(r); ok {
			out = append(out, core.Place{At: t, ID: id})
		}
	}
	slices.SortFunc(out, compare)
	return out[:min(max(limit, 0), len(out))]
}

// compare orders places as lists do.
func compare(p, q core.Place) int {
	switch {
	case p.Less(q):
		return -1
	case q.Less(p):
		return 1
	}
	return 0
}

// Held implements core.Lists.
func (st *Store) Held(_ context.Context, id core.AgentID) ([]core.ConversationID, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []core.ConversationID
	for _, r := range st.conversations {
		if id != "" && r.state.Session.Agent == id {
			out = append(out, r.state.ID)
		}
	}
	return out, nil
}

// List implements core.Lists.
func (st *Store) List(_ context.Context, q core.Query) ([]core.Conversation, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []core.Conversation
	for _, r := range st.conversations {
		if selects(q, r.state) {
			out = append(out, r.state)
		}
	}
	slices.SortFunc(out, func(a, b core.Conversation) int { return compare(since(b), since(a)) })
	limit := maxList
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	return out[:min(limit, len(out))], nil
}

// since is the place of c in List, which runs from the greatest to the least.
func since(c core.Conversation) core.Place {
	return core.Place{At: c.Session.Since, ID: c.ID}
}

func selects(q core.Query, c core.Conversation) bool {
	s := c.Session
	return (len(q.Phases) == 0 || slices.Contains(q.Phases, s.Phase)) &&
		(q.Agent == "" || s.Agent == q.Agent) &&
		(len(q.Groups) == 0 || slices.Contains(q.Groups, s.Group)) &&
		(q.Site == "" || c.Site == q.Site) &&
		(q.Tag == "" || slices.Contains(c.Tags, q.Tag)) &&
		(q.Before == core.Place{} || since(c).Less(q.Before))
}

// Rearm implements core.Lists.
func (st *Store) Rearm(_ context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	r := st.conversations[id]
	if r == nil || r.state.Seq != seq {
		return core.Errorf(core.Conflict, "the conversation has moved on")
	}
	r.alarm = alarm
	return nil
}
