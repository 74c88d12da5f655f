package sqlstore

import (
	"context"

	"kefu/core"
)

// messages are plain changes of many conversations, as the columns of one
// statement.
type messages struct {
	ids, bys, origins, bodies             []string
	seqs, prevs, sessions, ats, kinds, ns []int64
	internals                             []bool
	headers                               [][]byte
	won                                   []bool // by the number of the change; set by insert
	number                                map[slot]int
}

// slot is what two changes can not both win.
type slot struct {
	id  core.ConversationID
	seq uint64
}

// newMessages takes the changes of jobs. Of two for one slot the second has
// lost it, whatever becomes of the first: so they know who is meant by it.
func newMessages(batch []*job) *messages {
	m := &messages{won: make([]bool, len(batch)), number: make(map[slot]int, len(batch))}
	for i, j := range batch {
		p := j.change
		at := slot{p.Conversation.ID, p.Events[0].Seq}
		if _, taken := m.number[at]; taken {
			continue
		}
		m.number[at] = i
		m.add(p)
	}
	return m
}

func (m *messages) add(p *packedChange) {
	e := p.Events[0]
	m.ids, m.seqs, m.prevs = append(m.ids, string(p.Conversation.ID)), append(m.seqs, number(e.Seq)), append(m.prevs, number(e.Prev))
	m.sessions, m.ats = append(m.sessions, int64(e.Session)), append(m.ats, e.At.UnixMilli())
	m.kinds, m.bys = append(m.kinds, int64(e.By.Kind)), append(m.bys, e.By.ID)
	m.origins, m.ns = append(m.origins, string(e.Origin)), append(m.ns, number(e.N))
	m.internals, m.bodies = append(m.internals, e.Internal), append(m.bodies, string(p.bodies[0]))
	m.headers = append(m.headers, p.header)
}

// insert stores each message whose slot is free and next, and notes which.
func (m *messages) insert(ctx context.Context, s *statements) error {
	const rows = `WITH stored AS (
		INSERT INTO event (conversation, seq, prev, session, at, by_kind, by_id, origin, n, internal, body, header)
		SELECT c.key, m.seq, m.prev, m.session, m.at, m.by_kind, m.by_id, m.origin, m.n, m.internal, m.body, m.header
		FROM unnest(?1::text[], ?2::bigint[], ?3::bigint[], ?4::bigint[], ?5::bigint[], ?6::bigint[],
			?7::text[], ?8::text[], ?9::bigint[], ?10::boolean[], ?11::text[], ?12::bytea[])
			AS m (id, seq, prev, session, at, by_kind, by_id, origin, n, internal, body, header)
		JOIN conversation c ON c.id = m.id COLLATE "C"
		WHERE coalesce((SELECT max(e.seq) FROM event e WHERE e.conversation = c.key), 0) + 1 = m.seq
		ORDER BY c.key
		ON CONFLICT DO NOTHING
		RETURNING conversation, seq)
		SELECT c.id, s.seq FROM stored s JOIN conversation c ON c.key = s.conversation`
	args := []any{
		m.ids, m.seqs, m.prevs, m.sessions, m.ats, m.kinds, m.bys, m.origins, m.ns, m.internals, m.bodies, m.headers,
	}
	return s.rows(ctx, rows, args, func(scan scan) error {
		var at slot
		if err := scan(&at.id, &at.seq); err != nil {
			return err
		}
		m.won[m.number[at]] = true
		return nil
	})
}
