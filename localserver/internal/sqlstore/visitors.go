package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"kefu/core"
)

// Known implements core.Records.
func (st *Store) Known(ctx context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	const known = "SELECT visitor FROM known WHERE site = ?1 AND external = ?2"
	args := []any{string(site), external}
	var id core.VisitorID
	switch err := st.read.row(ctx, known, args, &id); {
	case err == nil:
		return id, nil
	case !errors.Is(err, sql.ErrNoRows):
		return "", unavailable(err)
	case fresh == "":
		return "", core.Errorf(core.NotFound, "there is no such visitor")
	}
	err := st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		const first = "INSERT INTO known (site, external, visitor) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
		if _, err := s.exec(ctx, first, string(site), external, string(fresh)); err != nil {
			return err
		}
		return s.row(ctx, known, args, &id)
	})
	return id, err
}

// Forget implements core.Records.
func (st *Store) Forget(ctx context.Context, p core.Profile, kept ...string) error {
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		if p.External != "" {
			const known = "DELETE FROM known WHERE site = ?1 AND external = ?2 AND visitor = ?3"
			if _, err := s.exec(ctx, known, string(p.Site), p.External, string(p.ID)); err != nil {
				return err
			}
		}
		for _, key := range kept {
			if _, err := s.exec(ctx, "DELETE FROM kept WHERE key = ?1", key); err != nil {
				return err
			}
		}
		_, err := s.exec(ctx, "DELETE FROM profile WHERE id = ?1", string(p.ID))
		return err
	})
}

// Blocks implements core.Records.
func (st *Store) Blocks(ctx context.Context) ([]core.Block, error) {
	const all = "SELECT visitor, agent, reason, at, until FROM block ORDER BY at DESC, visitor"
	var list []core.Block
	err := st.read.rows(ctx, all, nil, func(scan scan) error {
		var b core.Block
		err := scan(&b.Visitor, &b.By, &b.Reason, clock{&b.At}, clock{&b.Until})
		list = append(list, b)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// PutBlock implements core.Records.
func (st *Store) PutBlock(ctx context.Context, b core.Block) error {
	const row = `INSERT INTO block (visitor, agent, reason, at, until) VALUES (?1, ?2, ?3, ?4, ?5)
		ON CONFLICT (visitor) DO UPDATE SET agent = excluded.agent, reason = excluded.reason, at = excluded.at, until = excluded.until`
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		_, err := s.exec(ctx, row, string(b.Visitor), string(b.By), b.Reason, millis(b.At), millis(b.Until))
		return err
	})
}

// DeleteBlock implements core.Records.
func (st *Store) DeleteBlock(ctx context.Context, id core.VisitorID) error {
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, "DELETE FROM block WHERE visitor = ?1", string(id))
		if err == nil && n == 0 {
			return core.Errorf(core.NotFound, "there is no such block")
		}
		return err
	})
}

const keptValue = "SELECT value FROM kept WHERE key = ?1 AND until > ?2"

// Keep implements core.Records. What has ended is removed on the way.
func (st *Store) Keep(ctx context.Context, key string, value []byte, now, until time.Time) ([]byte, error) {
	var kept []byte
	err := st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		if _, err := s.exec(ctx, "DELETE FROM kept WHERE until <= ?1", now.UnixMilli()); err != nil {
			return err
		}
		const first = "INSERT INTO kept (key, value, until) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING"
		if _, err := s.exec(ctx, first, key, append([]byte{}, value...), until.UnixMilli()); err != nil {
			return err
		}
		return s.row(ctx, keptValue, []any{key, now.UnixMilli()}, &kept)
	})
	return kept, err
}

// Kept implements core.Records.
func (st *Store) Kept(ctx context.Context, key string, now time.Time) ([]byte, error) {
	var kept []byte
	err := st.read.row(ctx, keptValue, []any{key, now.UnixMilli()}, &kept)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil, core.Errorf(core.NotFound, "nothing is kept under this key")
	case err != nil:
		return nil, unavailable(err)
	}
	return kept, nil
}
