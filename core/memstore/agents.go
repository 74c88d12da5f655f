package memstore

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"kefu/core"
)

// Account implements core.Agents.
func (st *Store) Account(_ context.Context, id core.AgentID) (core.Account, error) {
	return st.account(func(a core.Account) bool { return a.ID == id })
}

// AccountNamed implements core.Agents.
func (st *Store) AccountNamed(_ context.Context, name string) (core.Account, error) {
	return st.account(func(a core.Account) bool { return a.Name == name })
}

func (st *Store) account(is func(core.Account) bool) (core.Account, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	for _, a := range st.accounts {
		if is(a) {
			return cloneAccount(a), nil
		}
	}
	return core.Account{}, core.Errorf(core.NotFound, "there is no such agent")
}

func cloneAccount(a core.Account) core.Account {
	a.Groups = slices.Clone(a.Groups)
	return a
}

// Accounts implements core.Agents.
func (st *Store) Accounts(context.Context) ([]core.Account, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.accountsLocked(), nil
}

func (st *Store) accountsLocked() []core.Account {
	out := make([]core.Account, 0, len(st.accounts))
	for _, a := range st.accounts {
		out = append(out, cloneAccount(a))
	}
	slices.SortFunc(out, func(a, b core.Account) int { return cmp.Compare(a.ID, b.ID) })
	return out
}

// PutAccount implements core.Agents.
func (st *Store) PutAccount(_ context.Context, a core.Account) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if a.Version == 0 || st.accounts[a.ID].Version != a.Version-1 {
		return core.Errorf(core.Conflict, "somebody else changed this account first")
	}
	for _, b := range st.accounts {
		if b.ID != a.ID && b.Name == a.Name {
			return core.Errorf(core.Conflict, "another account has the name %q", a.Name)
		}
	}
	st.accounts[a.ID] = cloneAccount(a)
	return nil
}

// SetDuty implements core.Agents.
func (st *Store) SetDuty(_ context.Context, id core.AgentID, d core.Duty) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.accounts[id]; !ok {
		return core.Errorf(core.NotFound, "there is no such agent")
	}
	st.duties[id] = d
	return nil
}

// Renew implements core.Agents.
func (st *Store) Renew(_ context.Context, id core.AgentID, lease time.Time) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.accounts[id]; !ok {
		return core.Errorf(core.NotFound, "there is no such agent")
	}
	d, ok := st.duties[id]
	if !ok {
		d.Status = core.Offline
	}
	d.Lease = latest(d.Lease, lease)
	st.duties[id] = d
	return nil
}

// Paced implements core.Agents.
func (st *Store) Paced(_ context.Context, id core.AgentID, took time.Duration) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.accounts[id]; !ok {
		return core.Errorf(core.NotFound, "there is no such agent")
	}
	st.paces[id] = core.MeanPace(st.paces[id], took)
	return nil
}

// Duty implements core.Agents. An unknown agent is Offline.
func (st *Store) Duty(_ context.Context, id core.AgentID) (core.Duty, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if d, ok := st.duties[id]; ok {
		return d, nil
	}
	return core.Duty{Status: core.Offline}, nil
}

// Roster implements core.Agents.
func (st *Store) Roster(_ context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out core.Roster
	for _, a := range st.accountsLocked() {
		if a.Disabled || (g != "" && !slices.Contains(a.Groups, g)) {
			continue
		}
		status := core.Offline
		if d := st.duties[a.ID]; d.Lease.After(at) {
			status = d.Status
		}
		out = append(out, core.Agent{
			ID: a.ID, Status: status, Held: st.heldLocked(a.ID), Capacity: a.Capacity, Weight: a.Weight,
			Pace: st.paces[a.ID], Last: st.given[a.ID],
		})
	}
	return out, nil
}

// Lapsed implements core.Agents. Who never had a lease has none that ended.
func (st *Store) Lapsed(_ context.Context, before time.Time) ([]core.AgentID, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []core.AgentID
	for _, id := range slices.Sorted(maps.Keys(st.duties)) {
		if d := st.duties[id]; !d.Lease.IsZero() && d.Lease.Before(before) && st.heldLocked(id) > 0 {
			out = append(out, id)
		}
	}
	return out, nil
}
