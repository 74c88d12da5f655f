package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"kefu/core"
)

// maxList is the most that List returns.
const maxList = 200

// Waiting implements core.Lists. The phase is written out, for the index is
// one of that phase alone.
func (st *Store) Waiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error) {
	if g == "" {
		return st.places(ctx, "SELECT queued, id FROM conversation WHERE phase = 2 ORDER BY queued, id LIMIT ?1", max(limit, 0))
	}
	const line = "SELECT queued, id FROM conversation WHERE phase = 2 AND grp = ?1 ORDER BY queued, id LIMIT ?2"
	return st.places(ctx, line, string(g), max(limit, 0))
}

// Due implements core.Lists.
func (st *Store) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	const alarms = `SELECT alarm, id FROM conversation WHERE alarm <= ?1 AND (alarm, id) > (?2, ?3)
		ORDER BY alarm, id LIMIT ?4`
	return st.places(ctx, alarms, until.UnixMilli(), after.At.UnixMilli(), string(after.ID), max(limit, 0))
}

func (st *Store) places(ctx context.Context, query string, args ...any) ([]core.Place, error) {
	var out []core.Place
	err := st.read.rows(ctx, query, args, func(scan scan) error {
		var p core.Place
		err := scan(clock{&p.At}, &p.ID)
		out = append(out, p)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// Held implements core.Lists.
func (st *Store) Held(ctx context.Context, id core.AgentID) ([]core.ConversationID, error) {
	return column[core.ConversationID](ctx, st.read, "SELECT id FROM conversation WHERE agent = ?1", string(id))
}

// column returns what a query for one column of text yields.
func column[T ~string](ctx context.Context, s *statements, query string, args ...any) ([]T, error) {
	var out []T
	err := s.rows(ctx, query, args, func(scan scan) error {
		var v T
		err := scan(&v)
		out = append(out, v)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

// Rearm implements core.Lists.
func (st *Store) Rearm(ctx context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	const set = `UPDATE conversation SET alarm = ?3
		WHERE id = ?1 AND (SELECT max(seq) FROM event WHERE conversation = key) = ?2`
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, set, string(id), number(seq), millis(alarm))
		if err == nil && n == 0 {
			return core.Errorf(core.Conflict, "the conversation has moved on")
		}
		return err
	})
}

// List implements core.Lists. It asks for each phase by itself, for only that
// way an index has the rows in order, and merges what comes back: the few
// that wait are found without passing by all that are closed.
func (st *Store) List(ctx context.Context, q core.Query) ([]core.Conversation, error) {
	if q.Limit <= 0 || q.Limit > maxList {
		q.Limit = maxList
	}
	phases := q.Phases
	if len(phases) == 0 {
		phases = []core.Phase{core.None, core.Bot, core.Waiting, core.Held, core.Closed, core.Snoozed}
	}
	ctx, cancel := st.read.bounded(ctx)
	defer cancel()
	tx, err := st.reads.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: st.read.view}) // one view for all phases
	if err != nil {
		return nil, unavailable(err)
	}
	defer tx.Rollback()
	var out []core.Conversation
	for _, phase := range phases {
		if out, err = listed(ctx, st.read.on(tx), q, phase, out); err != nil {
			return nil, unavailable(err)
		}
	}
	slices.SortFunc(out, func(a, b core.Conversation) int {
		return cmp.Or(b.Session.Since.Compare(a.Session.Since), strings.Compare(string(b.ID), string(a.ID)))
	})
	out = slices.CompactFunc(out, func(a, b core.Conversation) bool { return a.ID == b.ID }) // a phase named twice
	return out[:min(len(out), q.Limit)], nil
}

// listed appends the first conversations of one phase.
func listed(ctx context.Context, s *statements, q core.Query, phase core.Phase, out []core.Conversation) ([]core.Conversation, error) {
	where, args := conditions(q, phase)
	err := s.rows(ctx, listing(where), args, func(scan scan) error {
		var id core.ConversationID
		var header []byte
		if err := scan(&id, &header); err != nil {
			return err
		}
		c, err := unpacked(id, header)
		out = append(out, c)
		return err
	})
	return out, err
}

// listing is the query for conversations with their newest headers.
func listing(where string) string {
	return `SELECT c.id, e.header FROM conversation c JOIN event e
		ON e.conversation = c.key AND e.seq = (SELECT max(seq) FROM event WHERE conversation = c.key)
		WHERE ` + where + ` ORDER BY c.since DESC, c.id DESC LIMIT ?1`
}

// conditions returns what q asks of the conversations of a phase. The first
// argument is the limit.
func conditions(q core.Query, phase core.Phase) (where string, args []any) {
	args = []any{q.Limit}
	arg := func(v any) string {
		args = append(args, v)
		return fmt.Sprintf("?%d", len(args))
	}
	all := []string{"c.phase = " + arg(int(phase))}
	if q.Agent != "" {
		all = append(all, "c.agent = "+arg(string(q.Agent)))
	}
	if q.Site != "" {
		all = append(all, "c.site = "+arg(string(q.Site)))
	}
	if q.Tag != "" {
		all = append(all, "c.key IN (SELECT conversation FROM label WHERE tag = "+arg(q.Tag)+")")
	}
	if len(q.Groups) > 0 {
		var in []string
		for _, g := range q.Groups {
			in = append(in, arg(string(g)))
		}
		all = append(all, "c.grp IN ("+strings.Join(in, ", ")+")")
	}
	if q.Before != (core.Place{}) {
		all = append(all, "(c.since, c.id) < ("+arg(q.Before.At.UnixMilli())+", "+arg(string(q.Before.ID))+")")
	}
	return strings.Join(all, " AND "), args
}
