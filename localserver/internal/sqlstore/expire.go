package sqlstore

import (
	"context"
	"errors"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// Expired is what Expire has removed.
type Expired struct {
	Conversations int
	Events        int
	Files         []string // URLs of files that were sent in them
}

// Expire removes conversations of a site ("" for all but the given others) that
// were closed before a time, those first that were closed first, at most so many:
// their logs, marks, and what is known of their visitors. One that goes on is
// never touched, however old its beginning is. Each goes whole or not at all.
//
// Who comes back afterwards begins anew; a client that remembers more than there
// is is told to forget it, as after any reset.
func (st *Store) Expire(ctx context.Context, site core.SiteID, others []core.SiteID, before time.Time, limit int) (out Expired, err error) {
	// The list is read apart from what is written, and each of it is looked at
	// again there: somebody may come back in between.
	const old = `SELECT id, site FROM conversation WHERE phase = ?1 AND since < ?2 ORDER BY since, id LIMIT ?3`
	var ids []core.ConversationID
	most := limit
	if site != "" || len(others) > 0 {
		most = 1 << 30
	}
	err = st.read.rows(ctx, old, []any{int(core.Closed), before.UnixMilli(), most}, func(scan scan) error {
		var id, of string
		if err := scan(&id, &of); err != nil {
			return err
		}
		if len(ids) < limit && (site == "" || site == core.SiteID(of)) && !contains(others, core.SiteID(of)) {
			ids = append(ids, core.ConversationID(id))
		}
		return nil
	})
	if err != nil {
		return out, unavailable(err)
	}
	for _, id := range ids {
		one := Expired{}
		err := st.writer.write(ctx, func(ctx context.Context, s *statements) error {
			one = Expired{} // it may be done again
			return one.remove(ctx, s, id, before)
		})
		if errors.Is(err, errGoesOn) || core.CodeOf(err) == core.Conflict {
			continue
		}
		if err != nil {
			return out, err
		}
		out.Conversations++
		out.Events += one.Events
		out.Files = append(out.Files, one.Files...)
	}
	return out, nil
}

func contains(list []core.SiteID, id core.SiteID) bool {
	for _, x := range list {
		if x == id {
			return true
		}
	}
	return false
}

var errGoesOn = core.Errorf(core.Conflict, "it goes on")

func (x *Expired) remove(ctx context.Context, s *statements, id core.ConversationID, before time.Time) error {
	var key int64
	var visitor string
	const still = `SELECT key, visitor FROM conversation WHERE id = ?1 AND phase = ?2 AND since < ?3`
	n := 0
	err := s.rows(ctx, still, []any{string(id), int(core.Closed), before.UnixMilli()}, func(scan scan) error {
		n++
		return scan(&key, &visitor)
	})
	if err != nil {
		return err
	}
	if n == 0 {
		return errGoesOn
	}
	const files = `SELECT body FROM event WHERE conversation = ?1 AND (body LIKE '%"kind":"file"%' OR body LIKE '%"kind":"image"%')`
	err = s.rows(ctx, files, []any{key}, func(scan scan) error {
		var text []byte
		if err := scan(&text); err != nil {
			return err
		}
		body, err := codec.Body(text)
		if err == nil && body.File.URL != "" {
			x.Files = append(x.Files, body.File.URL)
		}
		return err
	})
	if err != nil {
		return err
	}
	events, err := s.exec(ctx, "DELETE FROM event WHERE conversation = ?1", key)
	if err != nil {
		return err
	}
	x.Events = int(events)
	for _, rest := range []string{"DELETE FROM mark WHERE conversation = ?1", "DELETE FROM label WHERE conversation = ?1", "DELETE FROM conversation WHERE key = ?1"} {
		if _, err := s.exec(ctx, rest, key); err != nil {
			return err
		}
	}
	for _, personal := range []string{"DELETE FROM profile WHERE id = ?1", "DELETE FROM known WHERE visitor = ?1"} {
		if _, err := s.exec(ctx, personal, visitor); err != nil {
			return err
		}
	}
	return nil
}
