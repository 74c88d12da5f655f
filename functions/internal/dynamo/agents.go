package dynamo

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"time"

	"kefu/core"
)

// profile is the part of an account's item that is only read whole, in JSON.
type profile struct {
	Display  string         `json:"display,omitempty"`
	Avatar   string         `json:"avatar,omitempty"`
	Role     core.Role      `json:"role"`
	Groups   []core.GroupID `json:"groups,omitempty"`
	Weight   float64        `json:"weight"`
	Password string         `json:"password,omitempty"`
	Tokens   uint64         `json:"tokens,omitempty"`
	Disabled bool           `json:"disabled,omitempty"`
}

func errNoAgent() error { return core.Errorf(core.NotFound, "there is no such agent") }

func account(it item) (core.Account, error) {
	var p profile
	if err := json.Unmarshal(getBin(it, "a"), &p); err != nil {
		return core.Account{}, errDamaged(it, err)
	}
	return core.Account{
		ID: core.AgentID(getStr(it, "sk")), Version: uint64(getNum(it, "v")), Name: getStr(it, "n"), Capacity: int(getNum(it, "capacity")),
		Display: p.Display, Avatar: p.Avatar, Role: p.Role, Groups: p.Groups, Weight: p.Weight, Password: p.Password,
		Tokens: p.Tokens, Disabled: p.Disabled,
	}, nil
}

// Account implements core.Agents.
func (st *Store) Account(ctx context.Context, id core.AgentID) (core.Account, error) {
	it, err := st.get(ctx, agentKey(id))
	switch {
	case err != nil:
		return core.Account{}, err
	case it == nil:
		return core.Account{}, errNoAgent()
	}
	return account(it)
}

// Accounts implements core.Agents.
func (st *Store) Accounts(ctx context.Context) ([]core.Account, error) {
	agents, err := st.agents(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]core.Account, len(agents))
	for i, it := range agents {
		if out[i], err = account(it); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// PutAccount implements core.Agents. A name is claimed before the account has
// it, and given up after it has it no longer.
func (st *Store) PutAccount(ctx context.Context, a core.Account) error {
	if a.ID == "" || a.Name == "" {
		return errNoName()
	}
	began := st.Now()
	was, err := st.Account(ctx, a.ID)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	if a.Version == 0 || was.Version != a.Version-1 {
		return errChanged("this account")
	}
	var old item // the claim of the name that is given up
	if a.Name != was.Name {
		if old, err = st.get(ctx, nameKey(was.Name)); err != nil {
			return err
		}
		if err := st.claim(ctx, a); err != nil {
			return err
		}
	}
	if err := st.storeAccount(ctx, a, began); err != nil {
		return err
	}
	if old != nil {
		st.tidy(context.WithoutCancel(ctx), nameKey(was.Name), claimed(old))
	}
	return nil
}

func errChanged(what string) error {
	return core.Errorf(core.Conflict, "somebody else changed %s first", what)
}

// storeAccount writes the account itself, with a mark by which its writer
// knows it again when an answer got lost. It leaves presence and seats alone.
func (st *Store) storeAccount(ctx context.Context, a core.Account, began time.Time) error {
	data, err := json.Marshal(profile{a.Display, a.Avatar, a.Role, a.Groups, a.Weight, a.Password, a.Tokens, a.Disabled})
	if err != nil {
		return err
	}
	if st.late(began) {
		return unavailable(errLate)
	}
	mark := newMark()
	r, err := st.update(ctx, agentKey(a.ID), "SET v = :v, n = :n, a = :a, w = :w, #c = :c", condition{
		text: "v = :was OR (attribute_not_exists(v) AND :was = :none)", names: map[string]string{"#c": "capacity"},
		values: item{
			":v": num(a.Version), ":n": str(a.Name), ":a": bin(data), ":w": bin(mark), ":c": num(a.Capacity),
			":was": num(a.Version - 1), ":none": num(0),
		},
	})
	if err != nil || r.ok {
		return err
	}
	it, err := r.instead(ctx)
	if err == nil && !bytes.Equal(getBin(it, "w"), mark) {
		return errChanged("this account")
	}
	return err
}

// SetDuty implements core.Agents.
func (st *Store) SetDuty(ctx context.Context, id core.AgentID, d core.Duty) error {
	return st.presence(ctx, id, "SET duty = :d, lease = :l", item{":d": str(string(d.Status)), ":l": when(d.Lease)})
}

// Renew implements core.Agents.
func (st *Store) Renew(ctx context.Context, id core.AgentID, lease time.Time) error {
	r, err := st.update(ctx, agentKey(id), "SET lease = :l", condition{
		text: "attribute_exists(pk) AND (attribute_not_exists(lease) OR lease < :l)", values: item{":l": when(lease)},
	})
	if err != nil || r.ok {
		return err
	}
	it, err := r.instead(ctx) // either it ends later already, or there is nobody
	if err == nil && it == nil {
		return errNoAgent()
	}
	return err
}

// Paced implements core.Agents. It is advice, so the last writer may win.
func (st *Store) Paced(ctx context.Context, id core.AgentID, took time.Duration) error {
	it, err := st.get(ctx, agentKey(id))
	if err != nil {
		return err
	}
	return st.presence(ctx, id, "SET pace = :p", item{":p": num(int64(core.MeanPace(pace(it), took)))})
}

// pace is kept in nanoseconds: what comes back is what went in.
func pace(it item) time.Duration { return time.Duration(getNum(it, "pace")) }

// presence changes the item of an agent, who must be there.
func (st *Store) presence(ctx context.Context, id core.AgentID, change string, values item) error {
	r, err := st.update(ctx, agentKey(id), change, condition{text: "attribute_exists(pk)", values: values})
	if err == nil && !r.ok {
		return errNoAgent()
	}
	return err
}

// Duty implements core.Agents. An unknown agent is Offline.
func (st *Store) Duty(ctx context.Context, id core.AgentID) (core.Duty, error) {
	it, err := st.get(ctx, agentKey(id))
	return duty(it), err
}

func duty(it item) core.Duty {
	d := core.Duty{Status: core.Status(getStr(it, "duty")), Lease: getTime(it, "lease")}
	if d.Status == "" {
		d.Status = core.Offline
	}
	return d
}

// Roster implements core.Agents.
func (st *Store) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	agents, err := st.agents(ctx)
	if err != nil {
		return nil, err
	}
	var out core.Roster
	for _, it := range agents {
		a, err := account(it)
		if err != nil {
			return nil, err
		}
		if a.Disabled || (g != "" && !slices.Contains(a.Groups, g)) {
			continue
		}
		d := duty(it)
		if !d.Lease.After(at) {
			d.Status = core.Offline
		}
		out = append(out, core.Agent{
			ID: a.ID, Status: d.Status, Held: len(getSet(it, "seats")), Capacity: a.Capacity, Weight: a.Weight,
			Pace: pace(it), Last: getTime(it, "given"),
		})
	}
	return out, nil
}
