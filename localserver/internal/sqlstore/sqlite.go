package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"github.com/pressly/goose/v3"
	"modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// This file is all that is special about SQLite.

//go:embed migrations/sqlite/*.sql
var migrations embed.FS

func embedded() (fs.FS, error) { return fs.Sub(migrations, "migrations/sqlite") }

const (
	fileName = "kefu.db"

	// A batch knows that it will write. A deferred transaction would find out
	// too late whether it may.
	begin = "BEGIN IMMEDIATE"
)

// open returns connections to the database in a directory. All sync the log
// with each commit; secure_delete overwrites what is erased. A checkpoint is
// what a commit is slow for now and then: at 4,000 pages it is rare, and
// still short.
func open(dir string, connections int, pragmas ...string) (*sql.DB, error) {
	// On Linux, fsync forces a change of the time stamp through the journal of
	// the file system and makes a commit take up to twice as long; it keeps
	// data no safer. Elsewhere there is no choice.
	if _, err := sqlite.Fdatasync(true); err != nil && !errors.Is(err, sqlite.ErrFdatasyncUnavailable) {
		return nil, err
	}
	abs, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return nil, err
	}
	q := url.Values{"_pragma": append([]string{
		"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "fullfsync(on)", "foreign_keys(on)", "secure_delete(on)",
		"temp_store(memory)", "wal_autocheckpoint(4000)", "journal_size_limit(67108864)",
	}, pragmas...)}
	name := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/"), RawQuery: q.Encode()}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	return db, nil
}

func openWriter(dir string) (*sql.DB, error) { return open(dir, 1, "cache_size(-32768)") }

func openReaders(dir string) (*sql.DB, error) {
	return open(dir, 4, "cache_size(-8192)", "query_only(on)")
}

// openSQLite opens the database in o.Dir, or makes one there.
func openSQLite(ctx context.Context, o Options) (_ *Store, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if o.steps == nil {
		if o.steps, err = embedded(); err != nil {
			return nil, err
		}
	}
	if err := private(filepath.Join(o.Dir, fileName)); err != nil {
		return nil, err
	}
	if err := ours(ctx, o.Dir); err != nil {
		return nil, err
	}
	writes, err := openWriter(o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, writes.Close())
		}
	}()
	m := migration{
		dialect: goose.DialectSQLite3, steps: o.steps, name: fileName, unused: unused,
		before: func(ctx context.Context, version int64) error {
			return snapshot(ctx, writes, o.Dir, version, o.Now(), o.Log)
		},
	}
	if o.Beside {
		m.unused, m.before = besideNone, besideOlder
	}
	if err := m.run(ctx, writes); err != nil {
		return nil, err
	}
	epoch, g, err := incarnation(ctx, writes, o)
	if err != nil {
		return nil, err
	}
	reads, err := openReaders(o.Dir)
	if err != nil {
		return nil, err
	}
	st := newStore(epoch, o.Now, newSingle(ctx, writes, g, o))
	st.writes, st.reads, st.read = writes, reads, &statements{db: reads}
	return st, nil
}

// A database that a server has open is not ours to make or to change.

func besideNone(context.Context, *sql.DB) error { return errors.New("there is no desk in it") }

func besideOlder(context.Context, int64) error {
	return errors.New("a server of an older version has it open; stop that first")
}

// private makes an empty file that nobody else may read; SQLite takes it for a
// new database. One that exists stays as it is.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
}

// ours returns an error if the database is another program's, before anything is
// set about it: the mode of its log is written into the file.
func ours(ctx context.Context, dir string) (err error) {
	abs, err := filepath.Abs(filepath.Join(dir, fileName))
	if err != nil {
		return err
	}
	u := url.URL{Scheme: "file", Path: "/" + strings.TrimPrefix(filepath.ToSlash(abs), "/"), RawQuery: "mode=rw&_pragma=busy_timeout(5000)"}
	db, err := sql.Open("sqlite", u.String())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	var versions int
	if err := db.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_schema WHERE name = 'schema_version'").Scan(&versions); err != nil {
		return err
	}
	if versions == 0 {
		return unused(ctx, db)
	}
	return nil
}

// unused returns an error if a database without our version has tables: it is
// somebody else's.
func unused(ctx context.Context, db *sql.DB) error {
	var tables int
	const theirs = "SELECT count(*) FROM sqlite_schema WHERE name NOT IN ('schema_version', 'sqlite_sequence')"
	err := db.QueryRowContext(ctx, theirs).Scan(&tables)
	if err == nil && tables > 0 {
		return errors.New(fileName + " belongs to another program, and is left as it is; name another directory with --data")
	}
	return err
}

// backup copies the database as it is now.
func backup(ctx context.Context, db *sql.DB, file string) error {
	_, err := db.ExecContext(ctx, "VACUUM INTO ?1", file)
	return err
}

// sqliteSentence is sentence for what is said here.
func sqliteSentence(err error) string {
	var e *sqlite.Error
	code := 0
	if errors.As(err, &e) {
		code = e.Code() & 0xff // without the detail
	}
	switch {
	case code == lib.SQLITE_FULL || errors.Is(err, syscall.ENOSPC):
		return "the disk is full"
	case code == lib.SQLITE_NOTADB || code == lib.SQLITE_CORRUPT:
		return "the file is no database, or damaged, and is left as it is; kefu restore puts a copy in its place"
	case code == lib.SQLITE_CANTOPEN || code == lib.SQLITE_PERM || code == lib.SQLITE_READONLY || errors.Is(err, fs.ErrPermission):
		return "there is no right to write there"
	case code == lib.SQLITE_BUSY || code == lib.SQLITE_LOCKED:
		return "another program has locked the database"
	case code == lib.SQLITE_IOERR:
		return "the disk reports an error (" + strconv.Itoa(e.Code()>>8) + ")"
	case errors.Is(err, syscall.ENOTDIR):
		return "that is a file, no directory"
	}
	return ""
}
