package sqlstore

import (
	"context"
	"database/sql"
	"errors"

	"kefu/core"
	"kefu/core/codec"
)

// Profile implements core.Records.
func (st *Store) Profile(ctx context.Context, id core.VisitorID) (core.Profile, error) {
	const row = `SELECT site, name, avatar, lang, external, url, title, referrer, seen, more FROM profile WHERE id = ?1`
	p := core.Profile{ID: id}
	var more []byte
	err := st.read.row(ctx, row, []any{string(id)},
		&p.Site, &p.Name, &p.Avatar, &p.Lang, &p.External, &p.Page.URL, &p.Page.Title, &p.Page.Referrer, clock{&p.Seen}, &more)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return core.Profile{}, core.Errorf(core.NotFound, "there is no such visitor")
	case err != nil:
		return core.Profile{}, unavailable(err)
	}
	if err := codec.More(more, &p); err != nil {
		return core.Profile{}, unavailable(err)
	}
	return p, nil
}

// PutProfile implements core.Records.
func (st *Store) PutProfile(ctx context.Context, p core.Profile) error {
	const row = `INSERT INTO profile (id, site, name, avatar, lang, external, url, title, referrer, seen, more)
		VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
		ON CONFLICT (id) DO UPDATE SET site = excluded.site, name = excluded.name, avatar = excluded.avatar, lang = excluded.lang,
		external = excluded.external, url = excluded.url, title = excluded.title, referrer = excluded.referrer, seen = excluded.seen, more = excluded.more`
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		_, err := s.exec(ctx, row, string(p.ID), string(p.Site), p.Name, p.Avatar, p.Lang, p.External,
			p.Page.URL, p.Page.Title, p.Page.Referrer, millis(p.Seen), string(codec.AppendMore(nil, p)))
		return err
	})
}

// Mark implements core.Records.
func (st *Store) Mark(ctx context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	switch side {
	case core.Visitor:
		return st.mark(ctx, markVisitor, id, seq)
	case core.Staff:
		return st.mark(ctx, markAgent, id, seq)
	default:
		return core.Errorf(core.Invalid, "only visitors and agents read")
	}
}

// head is how far a mark may go: to ?2, but not beyond the log.
const head = `(SELECT key, CASE WHEN last < ?2 THEN last ELSE ?2 END AS seq FROM
	(SELECT key, (SELECT max(seq) FROM event WHERE conversation = key) AS last FROM conversation WHERE id = ?1) AS log) AS head`

const (
	markVisitor = `INSERT INTO mark (conversation, visitor, agent) SELECT key, seq, 0 FROM ` + head + ` WHERE true
		ON CONFLICT (conversation) DO UPDATE SET visitor = excluded.visitor WHERE excluded.visitor > mark.visitor`
	markAgent = `INSERT INTO mark (conversation, visitor, agent) SELECT key, 0, seq FROM ` + head + ` WHERE true
		ON CONFLICT (conversation) DO UPDATE SET agent = excluded.agent WHERE excluded.agent > mark.agent`
)

func (st *Store) mark(ctx context.Context, put string, id core.ConversationID, seq uint64) error {
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		_, err := s.exec(ctx, put, string(id), number(seq))
		return err
	})
}

// Marks implements core.Records.
func (st *Store) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	const row = "SELECT m.visitor, m.agent FROM conversation c JOIN mark m ON m.conversation = c.key WHERE c.id = ?1"
	var m core.Marks
	err := st.read.row(ctx, row, []any{string(id)}, &m.Visitor, &m.Agent)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return core.Marks{}, unavailable(err)
	}
	return m, nil
}

// Secret implements core.Records.
func (st *Store) Secret(ctx context.Context, name string, fresh []byte) ([]byte, error) {
	const kept = "SELECT value FROM secret WHERE name = ?1"
	var secret []byte
	switch err := st.read.row(ctx, kept, []any{name}, &secret); {
	case err == nil:
		return secret, nil
	case !errors.Is(err, sql.ErrNoRows):
		return nil, unavailable(err)
	}
	err := st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		const first = "INSERT INTO secret (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING"
		if _, err := s.exec(ctx, first, name, append([]byte{}, fresh...)); err != nil {
			return err
		}
		return s.row(ctx, kept, []any{name}, &secret)
	})
	if err != nil {
		return nil, err
	}
	return secret, nil
}
