package dynamo_test

import (
	"errors"
	"testing"
	"time"

	"kefu/core"
)

var start = time.Date(2026, 1, 17, 9, 0, 0, 0, time.UTC)

// testDesk is a store with what tests do to it, the same to every store.
type testDesk struct {
	*testing.T
	st    core.Store
	rules core.Rules
	now   time.Time
}

func newDesk(t *testing.T, st core.Store) *testDesk {
	s := core.DefaultSettings()
	s.Groups = []core.Group{{ID: "sales"}, {ID: "billing"}}
	s.Sites[0].ID, s.Sites[0].Groups = "shop", []core.GroupID{"sales", "billing"}
	rules, _ := s.Rules("shop")
	return &testDesk{T: t, st: st, rules: rules, now: start}
}

// apply does what a host does.
func (d *testDesk) apply(id core.ConversationID, in core.Input) (core.Change, error) {
	switch in.(type) {
	case core.Edited, core.Recalled:
		return core.Amend(d.Context(), d.st, id, d.rules, d.now, in)
	default:
		return core.Apply(d.Context(), d.st, core.Conversation{ID: id}, d.rules, d.now, in)
	}
}

func (d *testDesk) do(id core.ConversationID, in core.Input) core.Change {
	d.Helper()
	return must(d.apply(id, in))(d.T)
}

func (d *testDesk) hire(id core.AgentID, capacity int) core.Account {
	d.Helper()
	a := account(id, capacity)
	ok(d.T, d.st.PutAccount(d.Context(), a))
	return a
}

func account(id core.AgentID, capacity int) core.Account {
	return core.Account{
		ID: id, Version: 1, Name: "name of " + string(id), Role: core.RoleAgent,
		Groups: []core.GroupID{"sales", "billing"}, Capacity: capacity, Weight: 1,
	}
}

// seats returns how many seats of an agent are taken.
func (d *testDesk) seats(id core.AgentID) int {
	d.Helper()
	a, _ := must(d.st.Roster(d.Context(), "", d.now))(d.T).Find(id)
	return a.Held
}

func visitorOf(id core.ConversationID) core.Actor {
	return core.Actor{Party: core.Party{Kind: core.Visitor, ID: "v-" + string(id)}}
}

func agent(id core.AgentID) core.Actor {
	return core.Actor{Party: core.AgentParty(id), Role: core.RoleSupervisor, Groups: []core.GroupID{"sales", "billing"}}
}

// frame is frame n of an author.
func frame(by core.Actor, n uint64) core.Frame {
	return core.Frame{By: by, Origin: core.Origin("outbox-of-" + by.ID), N: n}
}

// says is the visitor saying something; the first time opens the session.
func says(id core.ConversationID, n uint64, text string) core.Said {
	return core.Said{Frame: frame(visitorOf(id), n), Site: "shop", Body: core.Body{Kind: core.KindText, Text: text}}
}

func (d *testDesk) taken(_ core.ConversationID, who core.AgentID, session uint32) core.Taken {
	return core.Taken{Frame: frame(agent(who), 1), Session: session}
}

// sweep is what the clock of a desk does to a store: alarms, lapsed leases,
// and what those held.
func sweep(t *testing.T, st core.Store) error {
	t.Helper()
	ctx := t.Context()
	_, failed := st.Due(ctx, core.Place{}, start.Add(1000*time.Hour), 1000)
	_, err := st.Waiting(ctx, "", 1000)
	failed = errors.Join(failed, err)
	_, err = st.List(ctx, core.Query{})
	failed = errors.Join(failed, err)
	_, err = st.Lapsed(ctx, start.Add(1000*time.Hour))
	failed = errors.Join(failed, err)
	staff, err := st.Accounts(ctx)
	for _, a := range staff {
		_, e := st.Held(ctx, a.ID)
		err = errors.Join(err, e)
	}
	return errors.Join(failed, err)
}
