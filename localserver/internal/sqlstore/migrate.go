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

// migrate brings the tables up to what this program knows. Migrations only go
// forward; the way back is the copy that is made before.
func migrate(ctx context.Context, db *sql.DB, dir string, steps fs.FS, at time.Time, log *slog.Logger) error {
	p, err := goose.NewProvider(dialect, db, steps,
		goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		return err
	}
	have, want, err := p.GetVersions(ctx)
	switch {
	case err != nil:
		return err
	case have > want:
		return fmt.Errorf("%s was written by a newer kefu (its tables have version %d, this one knows %d): run that one, or put back an older copy", fileName, have, want)
	case have == want:
		return nil
	case have == 0:
		if err := unused(ctx, db); err != nil {
			return err
		}
	default:
		if err := snapshot(ctx, db, dir, have, at, log); err != nil {
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
