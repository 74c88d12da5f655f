package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/pressly/goose/v3"
)

// migration brings the tables of a database up to what this program knows.
// Migrations only go forward; the way back is a copy that was made before.
type migration struct {
	dialect goose.Dialect
	steps   fs.FS
	name    string                                      // of the database, for people
	unused  func(context.Context, *sql.DB) error        // an error if there are tables of somebody else
	before  func(ctx context.Context, from int64) error // what is to be done before tables are changed
}

func (m migration) run(ctx context.Context, db *sql.DB) error {
	p, err := goose.NewProvider(m.dialect, db, m.steps,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return fmt.Errorf("%s was written by a newer kefu (its tables have version %d, this one knows %d): run that one, or put back an older copy", m.name, have, want)
	case have == want:
		return nil
	case have == 0:
		if err := m.unused(ctx, db); err != nil {
			return err
		}
	default:
		if err := m.before(ctx, have); err != nil {
			return fmt.Errorf("no copy of the database could be made before its migration: %w", err)
		}
	}
	_, err = p.Up(ctx)
	return err
}

// snapshot copies the database beside itself. There is one copy a version and
// day, the latest: a server that is started again and again because its
// migration fails must not fill the disk.
func snapshot(ctx context.Context, db *sql.DB, dir string, version int64, at time.Time, log *slog.Logger) error {
	name := fmt.Sprintf("kefu-v%d-%s.db", version, at.UTC().Format("20060102"))
	unfinished := filepath.Join(dir, name+".tmp")
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := private(unfinished); err != nil {
		return err
	}
	if err := backup(ctx, db, unfinished); err != nil {
		return err
	}
	if err := synced(unfinished); err != nil {
		return err
	}
	log.Info("copied the database before migrating it", "copy", name)
	return os.Rename(unfinished, filepath.Join(dir, name))
}

// synced waits until a file is on disk.
func synced(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
