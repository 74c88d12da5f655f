package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"kefu/core"
)

const accountColumns = `SELECT id, version, name, display, avatar, role, groups, capacity, weight, password, tokens, disabled FROM account`

func errNoAgent() error { return core.Errorf(core.NotFound, "there is no such agent") }

// Account implements core.Agents.
func (st *Store) Account(ctx context.Context, id core.AgentID) (core.Account, error) {
	return one(st.accounts(ctx, accountColumns+" WHERE id = ?1", string(id)))
}

// AccountNamed implements core.Agents.
func (st *Store) AccountNamed(ctx context.Context, name string) (core.Account, error) {
	return one(st.accounts(ctx, accountColumns+" WHERE name = ?1", name))
}

func one(list []core.Account, err error) (core.Account, error) {
	if err != nil {
		return core.Account{}, err
	}
	if len(list) == 0 {
		return core.Account{}, errNoAgent()
	}
	return list[0], nil
}

// Accounts implements core.Agents.
func (st *Store) Accounts(ctx context.Context) ([]core.Account, error) {
	return st.accounts(ctx, accountColumns+" ORDER BY id")
}

func (st *Store) accounts(ctx context.Context, query string, args ...any) ([]core.Account, error) {
	var out []core.Account
	err := st.read.rows(ctx, query, args, func(scan scan) error {
		var a core.Account
		var groups []byte
		err := scan(&a.ID, &a.Version, &a.Name, &a.Display, &a.Avatar, &a.Role, &groups, &a.Capacity, &a.Weight, &a.Password, &a.Tokens, &a.Disabled)
		if err == nil {
			err = json.Unmarshal(groups, &a.Groups)
		}
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// PutAccount implements core.Agents.
func (st *Store) PutAccount(ctx context.Context, a core.Account) error {
	groups, err := json.Marshal(a.Groups)
	if err != nil {
		return err
	}
	if len(a.Groups) == 0 {
		groups = []byte("null")
	}
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		if err := nameIsFree(ctx, s, a); err != nil {
			return err
		}
		query := `UPDATE account SET version = ?2, name = ?3, display = ?4, avatar = ?5, role = ?6, groups = ?7, capacity = ?8,
			weight = ?9, password = ?10, tokens = ?11, disabled = ?12 WHERE id = ?1 AND version + 1 = ?2`
		if a.Version == 1 {
			query = `INSERT INTO account (id, version, name, display, avatar, role, groups, capacity, weight, password, tokens, disabled)
				VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12) ON CONFLICT DO NOTHING`
		}
		n, err := s.exec(ctx, query, string(a.ID), number(a.Version), a.Name, a.Display, a.Avatar, string(a.Role), string(groups),
			a.Capacity, a.Weight, a.Password, number(a.Tokens), a.Disabled)
		if err == nil && n == 0 {
			return core.Errorf(core.Conflict, "somebody else changed this account first")
		}
		if err != nil {
			return err
		}
		return enrol(ctx, s, a)
	})
}

func nameIsFree(ctx context.Context, s *statements, a core.Account) error {
	var other string
	err := s.row(ctx, "SELECT id FROM account WHERE name = ?1 AND id <> ?2", []any{a.Name, string(a.ID)}, &other)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err == nil {
		return core.Errorf(core.Conflict, "another account has the name %q", a.Name)
	}
	return err
}

// enrol writes the rows by which a group finds its members.
func enrol(ctx context.Context, s *statements, a core.Account) error {
	if _, err := s.exec(ctx, "DELETE FROM member WHERE agent = ?1", string(a.ID)); err != nil {
		return err
	}
	for _, g := range a.Groups {
		const row = "INSERT INTO member (grp, agent) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
		if _, err := s.exec(ctx, row, string(g), string(a.ID)); err != nil {
			return err
		}
	}
	return nil
}

// SetDuty implements core.Agents.
func (st *Store) SetDuty(ctx context.Context, id core.AgentID, d core.Duty) error {
	const put = `INSERT INTO presence (agent, status, lease) SELECT id, ?2, ?3 FROM account WHERE id = ?1
		ON CONFLICT (agent) DO UPDATE SET status = excluded.status, lease = excluded.lease`
	return st.presence(ctx, put, string(id), string(d.Status), millis(d.Lease))
}

// Renew implements core.Agents.
func (st *Store) Renew(ctx context.Context, id core.AgentID, lease time.Time) error {
	const put = `INSERT INTO presence (agent, status, lease) SELECT id, ?2, ?3 FROM account WHERE id = ?1
		ON CONFLICT (agent) DO UPDATE SET lease = CASE WHEN presence.lease > excluded.lease THEN presence.lease ELSE excluded.lease END`
	return st.presence(ctx, put, string(id), string(core.Offline), millis(lease))
}

// Paced implements core.Agents.
func (st *Store) Paced(ctx context.Context, id core.AgentID, took time.Duration) error {
	const row = `SELECT coalesce(pace, 0) FROM presence WHERE agent = ?1`
	const put = `INSERT INTO presence (agent, status, pace) SELECT id, ?2, ?3 FROM account WHERE id = ?1
		ON CONFLICT (agent) DO UPDATE SET pace = excluded.pace`
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		var mean int64
		if err := s.row(ctx, row, []any{string(id)}, &mean); err != nil && !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		next := core.MeanPace(time.Duration(mean)*time.Millisecond, took).Round(time.Millisecond)
		n, err := s.exec(ctx, put, string(id), string(core.Offline), next.Milliseconds())
		if err == nil && n == 0 {
			return errNoAgent()
		}
		return err
	})
}

// presence writes the row of an agent, who must be there.
func (st *Store) presence(ctx context.Context, put string, args ...any) error {
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, put, args...)
		if err == nil && n == 0 {
			return errNoAgent()
		}
		return err
	})
}

// Duty implements core.Agents. An unknown agent is Offline.
func (st *Store) Duty(ctx context.Context, id core.AgentID) (core.Duty, error) {
	d := core.Duty{Status: core.Offline}
	err := st.read.row(ctx, "SELECT status, lease FROM presence WHERE agent = ?1", []any{string(id)}, &d.Status, clock{&d.Lease})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return core.Duty{}, unavailable(err)
	}
	return d, nil
}

// Roster implements core.Agents.
func (st *Store) Roster(ctx context.Context, g core.GroupID, at time.Time) (core.Roster, error) {
	const everybody = `SELECT a.id, a.capacity, a.weight, coalesce(p.status, ''), p.lease, p.given, coalesce(p.pace, 0),
		(SELECT count(*) FROM conversation c WHERE c.agent = a.id)
		FROM account a LEFT JOIN presence p ON p.agent = a.id WHERE a.disabled = ?1`
	query, args := everybody, []any{false}
	if g != "" {
		query += " AND EXISTS (SELECT 1 FROM member m WHERE m.grp = ?2 AND m.agent = a.id)"
		args = append(args, string(g))
	}
	var out core.Roster
	err := st.read.rows(ctx, query+" ORDER BY a.id", args, func(scan scan) error {
		var a core.Agent
		var lease time.Time
		var pace int64
		err := scan(&a.ID, &a.Capacity, &a.Weight, &a.Status, clock{&lease}, clock{&a.Last}, &pace, &a.Held)
		a.Pace = time.Duration(pace) * time.Millisecond
		if !lease.After(at) {
			a.Status = core.Offline
		}
		out = append(out, a)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// Lapsed implements core.Agents. Who never had a lease has none that ended.
func (st *Store) Lapsed(ctx context.Context, before time.Time) ([]core.AgentID, error) {
	const gone = `SELECT agent FROM presence p WHERE lease < ?1
		AND EXISTS (SELECT 1 FROM conversation c WHERE c.agent = p.agent) ORDER BY agent`
	return column[core.AgentID](ctx, st.read, gone, before.UnixMilli())
}
