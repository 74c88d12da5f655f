package sqlstore

import (
	"context"

	"kefu/core"
	"kefu/core/codec"
)

// Settings implements core.Records.
func (st *Store) Settings(ctx context.Context) (core.Settings, error) {
	list, err := st.History(ctx, 0, 1)
	if err != nil || len(list) == 0 {
		return core.Settings{}, err
	}
	return list[0], nil
}

// History implements core.Records.
func (st *Store) History(ctx context.Context, before uint64, limit int) ([]core.Settings, error) {
	const versions = "SELECT body FROM settings WHERE version < ?1 ORDER BY version DESC LIMIT ?2"
	if before == 0 {
		before = 1 << 62
	}
	var list []core.Settings
	err := st.read.rows(ctx, versions, []any{number(before), limit}, func(scan scan) error {
		var body []byte
		if err := scan(&body); err != nil {
			return err
		}
		s, err := codec.Settings(body)
		list = append(list, s)
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// maxVersions is how many versions of the settings are kept.
const maxVersions = 100

// PutSettings implements core.Records.
func (st *Store) PutSettings(ctx context.Context, s core.Settings) error {
	const row = `INSERT INTO settings (version, body) SELECT ?1, ?2
		WHERE coalesce((SELECT max(version) FROM settings), 0) + 1 = ?1 ON CONFLICT DO NOTHING`
	body := codec.AppendSettings(nil, s)
	return st.writer.write(ctx, func(ctx context.Context, db *statements) error {
		n, err := db.exec(ctx, row, number(s.Version), string(body))
		if err == nil && n == 0 {
			return core.Errorf(core.Conflict, "somebody else changed the settings first")
		}
		if err != nil || s.Version <= maxVersions {
			return err
		}
		_, err = db.exec(ctx, "DELETE FROM settings WHERE version <= ?1", number(s.Version-maxVersions))
		return err
	})
}
