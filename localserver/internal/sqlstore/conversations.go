package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"kefu/core"
	"kefu/core/codec"
)

// Load implements core.Conversations.
func (st *Store) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	const newest = `SELECT e.header FROM conversation c JOIN event e ON e.conversation = c.key
		WHERE c.id = ?1 ORDER BY e.seq DESC LIMIT 1`
	var header []byte
	err := st.read.row(ctx, newest, []any{string(id)}, &header)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return core.Conversation{ID: id}, nil
	case err != nil:
		return core.Conversation{ID: id}, unavailable(err)
	}
	c, err := unpacked(id, header)
	if err != nil {
		return core.Conversation{ID: id}, unavailable(err)
	}
	return c, nil
}

// unpacked reads a header. The ID is not in it, for the row has it.
func unpacked(id core.ConversationID, header []byte) (core.Conversation, error) {
	c, err := codec.Conversation(header)
	c.ID = id
	return c, err
}

// packedChange is a change as the writer needs it. Packing is done by the
// caller, for there are many of those and one writer.
type packedChange struct {
	core.Change
	bodies [][]byte // of the events
	header []byte
	buf    []byte // what these are parts of
}

// Commit implements core.Conversations.
func (st *Store) Commit(ctx context.Context, c core.Change) error {
	if c.Empty() {
		return nil
	}
	p, _ := st.packed.Get().(*packedChange)
	if p == nil {
		p = &packedChange{}
	}
	p.pack(c)
	err := st.writer.commit(ctx, p) // who has answered does not look at p any more
	p.clear()
	st.packed.Put(p)
	return err
}

// pack fills p. What it points into is its own.
func (p *packedChange) pack(c core.Change) {
	p.Change = c
	for _, e := range c.Events {
		from := len(p.buf)
		p.buf = codec.AppendBody(p.buf, e.Body)
		p.bodies = append(p.bodies, p.buf[from:])
	}
	from := len(p.buf)
	bare := c.Conversation
	bare.ID = ""
	p.buf = codec.AppendConversation(p.buf, bare)
	p.header = p.buf[from:]
}

// clear has p forget a change, and keep memory for the next.
func (p *packedChange) clear() {
	const most = 4 << 10 // more is no plain message's
	buf, bodies := p.buf[:0], p.bodies[:0]
	if clear(p.bodies); cap(buf) > most {
		buf = nil
	}
	*p = packedChange{buf: buf, bodies: bodies}
}

// store writes the change in the order in which it may be refused: the slot
// first, then the seat. What it has written by then is rolled back.
func (p *packedChange) store(ctx context.Context, s *statements) error {
	if p.Base() == 0 {
		if err := p.insert(ctx, s); err != nil {
			return err
		}
	}
	for i := range p.Events {
		if err := p.log(ctx, s, i); err != nil {
			return err
		}
	}
	if p.Take != "" {
		if err := p.take(ctx, s); err != nil {
			return err
		}
	}
	if err := p.erase(ctx, s); err != nil {
		return err
	}
	if err := p.label(ctx, s); err != nil {
		return err
	}
	if p.Base() != 0 && (p.Moved || p.Take != "" || p.Free != "") {
		return p.update(ctx, s)
	}
	return nil
}

func errConflict() error {
	return core.Errorf(core.Conflict, "somebody else wrote to this conversation first")
}

// log writes event i, if the one before it is the last that is stored.
func (p *packedChange) log(ctx context.Context, s *statements, i int) error {
	const slot = `INSERT INTO event (conversation, seq, prev, session, at, by_kind, by_id, origin, n, internal, body, header)
		SELECT key, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12 FROM conversation
		WHERE id = ?1 AND coalesce((SELECT max(seq) FROM event WHERE conversation = key), 0) + 1 = ?2
		ON CONFLICT DO NOTHING`
	e := p.Events[i]
	var header []byte
	if i == len(p.Events)-1 {
		header = p.header
	}
	n, err := s.exec(ctx, slot, string(p.Conversation.ID), number(e.Seq), number(e.Prev), e.Session, e.At.UnixMilli(),
		int(e.By.Kind), e.By.ID, string(e.Origin), number(e.N), e.Internal, string(p.bodies[i]), header)
	if err == nil && n == 0 {
		return errConflict()
	}
	return err
}

// erase leaves tombstones where bodies were.
func (p *packedChange) erase(ctx context.Context, s *statements) error {
	const row = `UPDATE event SET body = ?3 WHERE conversation = (SELECT key FROM conversation WHERE id = ?1) AND seq = ?2`
	for _, gone := range p.Erase {
		body := codec.AppendBody(nil, gone.Body())
		if _, err := s.exec(ctx, row, string(p.Conversation.ID), number(gone.Seq), string(body)); err != nil {
			return err
		}
	}
	return nil
}

// label keeps the index of tags. It follows the events, so a change without any
// writes nothing.
func (p *packedChange) label(ctx context.Context, s *statements) error {
	const (
		add    = `INSERT INTO label (tag, conversation) SELECT ?2, key FROM conversation WHERE id = ?1 ON CONFLICT DO NOTHING`
		remove = `DELETE FROM label WHERE tag = ?2 AND conversation = (SELECT key FROM conversation WHERE id = ?1)`
	)
	for _, e := range p.Events {
		if len(e.Body.Add)+len(e.Body.Remove) == 0 {
			continue
		}
		for text, tags := range map[string][]string{add: e.Body.Add, remove: e.Body.Remove} {
			for _, t := range tags {
				if _, err := s.exec(ctx, text, string(p.Conversation.ID), t); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// insert makes the row of a conversation. If there is one, its first slot is
// taken.
func (p *packedChange) insert(ctx context.Context, s *statements) error {
	const row = `INSERT INTO conversation (id, site, visitor, session, phase, grp, tag, agent, since, queued, alarm)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT DO NOTHING`
	n, err := s.exec(ctx, row, p.columns()...)
	if err == nil && n == 0 {
		return errConflict()
	}
	return err
}

func (p *packedChange) update(ctx context.Context, s *statements) error {
	const row = `UPDATE conversation SET site = ?2, visitor = ?3, session = ?4, phase = ?5, grp = ?6, tag = ?7, agent = ?8,
		since = ?9, queued = ?10, alarm = ?11 WHERE id = ?1`
	_, err := s.exec(ctx, row, p.columns()...)
	return err
}

func (p *packedChange) columns() []any {
	c := p.Conversation
	return []any{
		string(c.ID), string(c.Site), string(c.Visitor), c.Session.Number, int(c.Session.Phase), string(c.Session.Group), c.Session.Tag,
		text(c.Session.Agent), c.Session.Since.UnixMilli(), millis(c.Session.Queued), millis(c.Alarm),
	}
}

// take checks that the agent has a seat for it, or has it already, and notes
// when it was given.
func (p *packedChange) take(ctx context.Context, s *statements) error {
	const seats = `SELECT
		EXISTS (SELECT 1 FROM conversation WHERE agent = ?2 AND id = ?1),
		(SELECT count(*) FROM conversation WHERE agent = ?2),
		coalesce((SELECT capacity FROM account WHERE id = ?2), 0)`
	if s.lock != "" {
		if _, err := s.exec(ctx, s.lock, string(p.Take)); err != nil {
			return err
		}
	}
	var mine bool
	var held, capacity int
	if err := s.row(ctx, seats, []any{string(p.Conversation.ID), string(p.Take)}, &mine, &held, &capacity); err != nil {
		return err
	}
	if !mine && held >= capacity {
		return core.Errorf(core.Full, "%s has no free seat now", p.Take)
	}
	const given = `INSERT INTO presence (agent, status, given) SELECT id, ?3, ?2 FROM account WHERE id = ?1
		ON CONFLICT (agent) DO UPDATE SET given = excluded.given
		WHERE presence.given IS NULL OR presence.given < excluded.given`
	_, err := s.exec(ctx, given, string(p.Take), p.Conversation.At.UnixMilli(), string(core.Offline))
	return err
}

const eventColumns = "SELECT e.seq, e.prev, e.session, e.at, e.by_kind, e.by_id, e.origin, e.n, e.internal, e.body"

// After implements core.Log.
func (st *Store) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	const newer = eventColumns + ` FROM conversation c JOIN event e ON e.conversation = c.key
		WHERE c.id = ?1 AND e.seq > ?2 ORDER BY e.seq LIMIT ?3`
	return st.events(ctx, newer, id, seq, limit)
}

// Before implements core.Log.
func (st *Store) Before(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	const older = `SELECT * FROM (` + eventColumns + ` FROM conversation c JOIN event e ON e.conversation = c.key
		WHERE c.id = ?1 AND e.seq < ?2 ORDER BY e.seq DESC LIMIT ?3) AS older ORDER BY seq`
	return st.events(ctx, older, id, seq, limit)
}

func (st *Store) events(ctx context.Context, query string, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	var out []core.Event
	err := st.read.rows(ctx, query, []any{string(id), number(seq), max(limit, 0)}, func(scan scan) error {
		var e core.Event
		var body []byte
		err := scan(&e.Seq, &e.Prev, &e.Session, clock{&e.At}, &e.By.Kind, &e.By.ID, &e.Origin, &e.N, &e.Internal, &body)
		if err != nil {
			return err
		}
		e.Body, err = codec.Body(body)
		out = append(out, e)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}
