package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// This file is all that is special about PostgreSQL, but for how it is
// written to: see lanes.

//go:embed migrations/postgres/*.sql
var postgresMigrations embed.FS

func postgresDialect() dialect {
	return dialect{dollars: true, view: sql.LevelRepeatableRead, lock: "SELECT 1 FROM account WHERE id = ?1 FOR NO KEY UPDATE"}
}

// patience is how long a node waits for the database. Two bounds watch each
// statement: the database gives up by itself after the one it is told, and
// what can not even say so is given up here a little later.
type patience struct {
	connect   time.Duration // for a connection, or a turn on one
	statement time.Duration // for the database to do one thing
	lock      time.Duration // for another transaction to end; more than the second after which PostgreSQL looks for a deadlock
	answer    time.Duration // for the answer to one statement, or a whole write
}

func defaultPatience() patience {
	return patience{connect: 5 * time.Second, statement: 5 * time.Second, lock: 2 * time.Second, answer: 7 * time.Second}
}

// Connections of one node. A server allows 100 unless it is told otherwise.
const (
	readers    = 8
	writers    = 8
	idleFor    = 5 * time.Minute
	renewAfter = time.Hour
)

// openPostgres opens the database that o.URL names, which must be there; its
// tables are made if it has none.
func openPostgres(ctx context.Context, o Options) (*Store, error) {
	if o.patience == (patience{}) {
		o.patience = defaultPatience()
	}
	config, err := pgx.ParseConfig(o.URL)
	if err != nil {
		return nil, errors.New("the URL of the database can not be read; it is written postgres://user:password@host:5432/name?sslmode=verify-full")
	}
	st, err := openedPostgres(ctx, o, config)
	if err != nil {
		return nil, refusal(whereIs(config), err)
	}
	return st, nil
}

// whereIs names a database without who may use it.
func whereIs(c *pgx.ConnConfig) string {
	if strings.HasPrefix(c.Host, "/") {
		return fmt.Sprintf("%q at %s", c.Database, c.Host)
	}
	return fmt.Sprintf("%q at %s", c.Database, net.JoinHostPort(c.Host, fmt.Sprint(c.Port)))
}

func openedPostgres(ctx context.Context, o Options, config *pgx.ConnConfig) (_ *Store, err error) {
	if openToAll(config) {
		o.Log.Warn("the connection to the database may be in the clear; sslmode=verify-full in its URL keeps others from reading it")
	}
	settle(config, o.patience)
	epoch, who, err := prepared(ctx, o, config)
	if err != nil {
		return nil, err
	}
	guard := stdlib.OptionAfterConnect(func(ctx context.Context, c *pgx.Conn) error { return who.check(ctx, c) })
	writes, reads := pool(config, writers, guard), pool(config, readers, guard)
	read := &statements{dialect: postgresDialect(), db: reads, within: o.patience.answer, reread: readers}
	st := newStore(epoch, o.Now, newLanes(ctx, writes, o))
	st.writes, st.reads, st.read = writes, reads, read
	st.who = &who
	return st, nil
}

// settle sets what a session needs, unless the URL has its own ideas. What is
// said there of durability is checked once connected.
func settle(c *pgx.ConnConfig, p patience) {
	for name, value := range map[string]string{
		"application_name":                    "kefu",
		"statement_timeout":                   fmt.Sprint(p.statement.Milliseconds()),
		"lock_timeout":                        fmt.Sprint(p.lock.Milliseconds()),
		"idle_in_transaction_session_timeout": fmt.Sprint(p.statement.Milliseconds()),
	} {
		if _, set := c.RuntimeParams[name]; !set {
			c.RuntimeParams[name] = value
		}
	}
	c.RuntimeParams["client_encoding"] = "UTF8"
	c.RuntimeParams["default_transaction_isolation"] = "read committed"
	c.ConnectTimeout = min(p.connect, max(c.ConnectTimeout, p.connect))
	// After a failover an old primary may come back as a standby.
	c.ValidateConnect = pgconn.ValidateConnectTargetSessionAttrsReadWrite
}

// openToAll reports whether a connection may leave the machine unencrypted.
func openToAll(c *pgx.ConnConfig) bool {
	clear := func(host string, encrypted bool) bool {
		ip := net.ParseIP(host)
		return !encrypted && !strings.HasPrefix(host, "/") && host != "localhost" && (ip == nil || !ip.IsLoopback())
	}
	for _, f := range c.Fallbacks {
		if clear(f.Host, f.TLSConfig != nil) {
			return true
		}
	}
	return clear(c.Host, c.TLSConfig != nil)
}

func pool(c *pgx.ConnConfig, connections int, options ...stdlib.OptionOpenDB) *sql.DB {
	db := stdlib.OpenDB(*c, options...)
	db.SetMaxOpenConns(connections)
	db.SetMaxIdleConns(connections)
	db.SetConnMaxIdleTime(idleFor)
	db.SetConnMaxLifetime(renewAfter)
	return db
}

// prepared checks the database, brings its tables up to date and reads or
// begins its epoch. Nodes that start at once do so one after the other.
func prepared(ctx context.Context, o Options, config *pgx.ConnConfig) (epoch string, who identity, err error) {
	config = config.Copy()
	for _, bound := range []string{"statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout"} {
		config.RuntimeParams[bound] = "0" // a migration takes as long as it takes
	}
	db := pool(config, 3) // of the lock, of goose, and one to spare
	defer func() { err = errors.Join(err, db.Close()) }()
	turn, err := db.Conn(ctx)
	if err != nil {
		return "", who, err
	}
	defer turn.Close() // which gives the lock back, for the pool is closed then
	if err := takeTurn(ctx, turn, o); err != nil {
		return "", who, err
	}
	if err := fit(ctx, turn); err != nil {
		return "", who, err
	}
	if o.steps == nil {
		if o.steps, err = fs.Sub(postgresMigrations, "migrations/postgres"); err != nil {
			return "", who, err
		}
	}
	m := migration{
		dialect: goose.DialectPostgres, steps: o.steps, name: "the database", unused: unusedPostgres,
		before: func(_ context.Context, version int64) error {
			o.Log.Info("migrating the database; the way back is a dump made before", "version", version)
			return nil
		},
	}
	if err := m.run(ctx, db); err != nil {
		return "", who, err
	}
	return incarnationOf(ctx, turn, o)
}

// turnLock is what nodes that start queue up for: any number, "kefu" in ASCII.
const turnLock = 0x6b656675

func takeTurn(ctx context.Context, conn *sql.Conn, o Options) error {
	var mine bool
	if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", turnLock).Scan(&mine); err != nil || mine {
		return err
	}
	o.Log.Info("another node prepares the database; waiting for it")
	_, err := conn.ExecContext(ctx, "SELECT pg_advisory_lock($1)", turnLock)
	return err
}

// fit returns an error if a database can not keep what is promised, or is
// somebody else's.
func fit(ctx context.Context, conn *sql.Conn) error {
	var encoding, fsync string
	var version, foreign int
	const ask = `SELECT current_setting('server_encoding'), current_setting('fsync'), current_setting('server_version_num')::int,
		(SELECT count(*) FROM pg_class c WHERE c.relnamespace = current_schema()::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm')
			AND to_regclass('schema_version') IS NULL)`
	err := conn.QueryRowContext(ctx, ask).Scan(&encoding, &fsync, &version, &foreign)
	switch {
	case err != nil:
		return err
	case version < 130000:
		return errors.New("it is older than PostgreSQL 13")
	case encoding != "UTF8":
		return fmt.Errorf("its encoding is %s; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0", encoding)
	case fsync != "on":
		return errors.New("it runs with fsync=off, so a power cut would lose what was acknowledged; switch it on")
	case foreign > 0:
		return errForeign
	}
	return nil
}

var errForeign = errors.New("it belongs to another program; make one for Kefu alone with CREATE DATABASE")

// unusedPostgres is unused for a database that has the table of versions, as
// others call theirs too, or whose first migration failed.
func unusedPostgres(ctx context.Context, db *sql.DB) error {
	var tables int
	const theirs = `SELECT count(*) FROM pg_class WHERE relnamespace = current_schema()::regnamespace
		AND relkind IN ('r', 'p', 'v', 'm') AND relname <> 'schema_version'`
	err := db.QueryRowContext(ctx, theirs).Scan(&tables)
	if err == nil && tables > 0 {
		return errForeign
	}
	return err
}

// dead reports whether a connection of the pool had ended before it was used,
// such as by a restart of the server. All others may have, too.
func dead(err error) bool {
	var e *pgconn.PgError
	var dial *pgconn.ConnectError
	switch {
	case errors.As(err, &e):
		return e.Severity == "FATAL" && strings.HasPrefix(e.Code, "57P")
	case errors.As(err, &dial):
		return false // there was none
	}
	return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// postgresSentence is sentence for what is said here.
func postgresSentence(err error) string {
	var e *pgconn.PgError
	var dial *pgconn.ConnectError
	if errors.As(err, &e) {
		return sentenceOf(e)
	}
	switch {
	case errors.Is(err, errElsewhere):
		return errElsewhere.Error()
	case errors.As(err, &dial):
		return "no connection to it can be made (" + reason(dial) + ")"
	case errors.Is(err, context.DeadlineExceeded):
		return "it does not answer in time"
	}
	return ""
}

// reason is the last cause: those before it name the user.
func reason(err error) string {
	for {
		inner := errors.Unwrap(err)
		if joined, ok := err.(interface{ Unwrap() []error }); ok && len(joined.Unwrap()) > 0 {
			inner = joined.Unwrap()[0]
		}
		if inner == nil {
			return err.Error()
		}
		err = inner
	}
}

// sentenceOf tells by SQLSTATE, see appendix A of PostgreSQL's manual.
func sentenceOf(e *pgconn.PgError) string {
	switch e.Code {
	case "28P01", "28000":
		return "the user or the password is not accepted"
	case "3D000":
		return "there is no such database; make it with CREATE DATABASE"
	case "42501", "3F000":
		return "the user may not make tables there; let it own the database"
	case "25006":
		return "it only lets read; it may be a standby"
	case "53100":
		return "its disk is full"
	case "53300":
		return "it has no connection left for this node"
	case "57P01", "57P02", "57P03":
		return "it is starting up or shutting down"
	case "57014", "55P03":
		return "it is too slow, or something is locked"
	}
	return fmt.Sprintf("it says %q (%s)", e.Message, e.Code)
}
