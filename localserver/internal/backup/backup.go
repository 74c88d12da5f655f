// Package backup copies the SQLite database of a server, which may be running,
// and puts a copy back.
//
// # The way out
//
// [Write] has SQLite itself write what was committed at one moment, with VACUUM
// INTO, beside the file that is wanted; it then opens that copy, has it checked,
// and only then gives it its name. So a file of that name is whole. Nothing is
// ever overwritten, and the server is not held up: readers and the writer of a
// database in WAL mode do not wait for each other. (Its log can not be emptied
// meanwhile, so it grows by what is written during the copy.)
//
// A copy is all that is stored, password hashes and signing keys included: keep
// it as you keep the original.
//
// Run it as the user that the server runs as: SQLite makes files beside the
// database, which the server must be able to use.
//
// # The way back
//
// [Restore] wants the server stopped, and whoever calls it holds the lock of
// the directory. It copies the file into the directory, has it checked and
// opened there by the store's own code, which brings it up to the present
// version, and only then puts it in the place of the database. That one is not
// deleted but moved aside. What the copy lacks was acknowledged once, so the
// restored database begins a new epoch: clients start afresh instead of waiting
// for messages that do not exist any more. The store does so by itself when the
// file kefu.generation is missing, which is therefore removed first.
package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// The files of the store's directory; see sqlstore.
const (
	database   = "kefu.db"
	generation = "kefu.generation"
)

// Summary is what is in a copy.
type Summary struct {
	Bytes         int64
	Conversations int64
	Events        int64
}

// Write copies the database in a directory to a file, which must not exist. An
// error is one sentence; there is no file then.
func Write(ctx context.Context, dir, file string) (Summary, error) {
	source := filepath.Join(dir, database)
	if _, err := os.Stat(source); err != nil {
		return Summary{}, fmt.Errorf("there is no database in %s: %w", dir, cause(err))
	}
	if _, err := os.Lstat(file); err == nil {
		return Summary{}, exists(file)
	}
	unfinished, err := beside(file)
	if err != nil {
		return Summary{}, fmt.Errorf("%s can not be written: %w", file, cause(err))
	}
	defer os.Remove(unfinished)
	if err := vacuum(ctx, source, unfinished); err != nil {
		return Summary{}, fmt.Errorf("the database in %s can not be copied to %s: %s", dir, file, sentence(err))
	}
	summary, err := Verify(ctx, unfinished)
	if err != nil {
		return Summary{}, err
	}
	return summary, name(unfinished, file)
}

func exists(file string) error {
	return fmt.Errorf("%s exists, and nothing is overwritten; choose another name", file)
}

// beside makes an empty file in the directory of another, for its owner alone.
// SQLite takes it for a new database.
func beside(file string) (string, error) {
	f, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*.tmp")
	if err != nil {
		return "", err
	}
	return f.Name(), f.Close()
}

func vacuum(ctx context.Context, source, to string) (err error) {
	db, err := open(source, "ro")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if _, err = db.ExecContext(ctx, "VACUUM INTO ?1", to); err != nil {
		return err
	}
	return synced(to)
}

// name gives a finished file its name, unless there is one of that name now. A
// link fails if there is; where there are no links, nobody is quick enough.
func name(unfinished, file string) error {
	err := os.Link(unfinished, file)
	switch {
	case errors.Is(err, fs.ErrExist):
		return exists(file)
	case err != nil:
		if _, there := os.Lstat(file); there == nil {
			return exists(file)
		}
		err = os.Rename(unfinished, file)
	}
	if err != nil {
		return fmt.Errorf("%s can not be written: %w", file, cause(err))
	}
	return synced(filepath.Dir(file))
}

// Verify opens a copy and has every page of it checked, and that it is a desk's:
// that no conversation has a hole in its log. An error is one sentence.
func Verify(ctx context.Context, file string) (s Summary, err error) {
	info, err := os.Stat(file)
	if err != nil {
		return s, fmt.Errorf("%s can not be read: %w", file, cause(err))
	}
	db, err := open(file, "ro")
	if err != nil {
		return s, err
	}
	defer db.Close()
	if err := sound(ctx, db, info.Size()); err != nil {
		return s, fmt.Errorf("%s is no whole copy: %s", file, sentence(err))
	}
	s.Bytes = info.Size()
	const count = "SELECT (SELECT count(*) FROM conversation), (SELECT count(*) FROM event)"
	if err := db.QueryRowContext(ctx, count).Scan(&s.Conversations, &s.Events); err != nil {
		return s, fmt.Errorf("%s is no copy of a desk: %s", file, sentence(err))
	}
	var holes int64
	const gaps = "SELECT count(*) FROM (SELECT 1 FROM event GROUP BY conversation HAVING max(seq) <> count(*))"
	if err := db.QueryRowContext(ctx, gaps).Scan(&holes); err != nil || holes > 0 {
		return s, fmt.Errorf("%s is damaged: %d conversations have a hole in their log", file, holes)
	}
	return s, nil
}

// sound has SQLite look at every page. A last page that is cut short it takes
// for one that ends in zeros; so that is for us to see.
func sound(ctx context.Context, db *sql.DB, size int64) error {
	var pages int64
	const all = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size"
	if err := db.QueryRowContext(ctx, all).Scan(&pages); err != nil {
		return err
	}
	if size < pages {
		return fmt.Errorf("it was cut short: it has %d bytes of %d", size, pages)
	}
	var result string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&result); err != nil {
		return err
	}
	if result != "ok" {
		return errors.New("SQLite finds it damaged: " + strings.SplitN(result, "\n", 2)[0])
	}
	return nil
}

// open opens a database that exists; mode is ro or rw.
func open(file, mode string) (*sql.DB, error) {
	abs, err := filepath.Abs(file)
	if err != nil {
		return nil, err
	}
	q := url.Values{"mode": {mode}, "_pragma": {"busy_timeout(5000)"}}
	u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/"), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// synced waits until a file, or the names in a directory, are on disk.
func synced(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, fs.ErrPermission) {
		err = nil // some systems do not sync directories
	}
	return errors.Join(err, f.Close())
}

// sentence says what is the matter in words for people.
func sentence(err error) string {
	var e *sqlite.Error
	if errors.As(err, &e) {
		switch e.Code() & 0xff {
		case lib.SQLITE_FULL:
			return "the disk is full"
		case lib.SQLITE_NOTADB, lib.SQLITE_CORRUPT:
			return "the file is no database, or damaged or cut short"
		case lib.SQLITE_CANTOPEN, lib.SQLITE_PERM, lib.SQLITE_READONLY:
			return "it can not be opened; is there a right to read it, and to write beside it?"
		case lib.SQLITE_BUSY, lib.SQLITE_LOCKED:
			return "another program has locked it"
		}
	}
	if errors.Is(err, syscall.ENOSPC) {
		return "the disk is full"
	}
	return cause(err).Error()
}

// cause is the error without the path, which the sentence has.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
