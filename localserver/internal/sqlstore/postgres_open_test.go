package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"kefu/localserver/internal/pgtest"
)

// node opens a node's store on a database of PostgreSQL.
func node(t *testing.T, url string, adjust ...func(*Options)) *Store {
	t.Helper()
	o := Options{URL: url, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
	for _, a := range adjust {
		a(&o)
	}
	st, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { shut(t, st) })
	return st
}

func postgresSteps(t *testing.T) fs.FS {
	t.Helper()
	steps, err := fs.Sub(postgresMigrations, "migrations/postgres")
	if err != nil {
		t.Fatal(err)
	}
	return steps
}

// part returns a database's URL with one part changed.
func part(t *testing.T, raw string, change func(*url.URL)) string {
	t.Helper()
	u, err := url.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	change(u)
	return u.String()
}

// setting returns the URL with a setting of the session.
func setting(t *testing.T, raw, name, value string) string {
	t.Helper()
	return part(t, raw, func(u *url.URL) {
		q := u.Query()
		q.Set(name, value)
		u.RawQuery = q.Encode()
	})
}

// TestPostgresRefuses: what can not be used is left as it is, and who started
// the server is told what to do, without the password.
func TestPostgresRefuses(t *testing.T) {
	run := func(text string) func(*testing.T, string) string {
		return func(t *testing.T, db string) string { pgtest.Exec(t, db, text); return db }
	}
	for name, c := range map[string]struct {
		make func(t *testing.T, db string) string // returns the URL to open
		want string
	}{
		"no URL": {func(*testing.T, string) string { return "postgres://x:secret@%zz" }, "it is written postgres://"},
		"a wrong password": {func(t *testing.T, db string) string {
			return part(t, db, func(u *url.URL) { u.User = url.UserPassword("kefu", "wrong-secret") })
		}, "the user or the password is not accepted"},
		"no database": {func(t *testing.T, db string) string {
			return part(t, db, func(u *url.URL) { u.Path = "/nowhere" })
		}, "there is no such database; make it with CREATE DATABASE"},
		"no server":       {func(*testing.T, string) string { return "postgres://kefu:secret@127.0.0.1:1/kefu" }, "no connection to it can be made (connection refused)"},
		"no host":         {func(*testing.T, string) string { return "postgres://kefu:secret@kefu.invalid/kefu" }, "no connection to it can be made ("},
		"somebody else's": {run("CREATE TABLE theirs (x int)"), errForeign.Error()},
		"somebody else's with versions": {run(`CREATE TABLE theirs (x int);
			CREATE TABLE schema_version (id serial, version_id bigint, is_applied bool, tstamp timestamp DEFAULT now());
			INSERT INTO schema_version (version_id, is_applied) VALUES (0, true)`), errForeign.Error()},
		"another encoding": {func(t *testing.T, db string) string {
			pgtest.Exec(t, db, "DROP DATABASE IF EXISTS latin")
			pgtest.Exec(t, db, "CREATE DATABASE latin ENCODING 'LATIN1' TEMPLATE template0")
			return part(t, db, func(u *url.URL) { u.Path = "/latin" })
		}, "its encoding is LATIN1; make one with CREATE DATABASE … ENCODING 'UTF8' TEMPLATE template0"},
		"no rights": {func(t *testing.T, db string) string {
			pgtest.Exec(t, db, "REVOKE CREATE ON SCHEMA public FROM PUBLIC; DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN PASSWORD 'guest-secret'")
			return part(t, db, func(u *url.URL) { u.User = url.UserPassword("guest", "guest-secret") })
		}, "the user may not make tables there; let it own the database"},
		"only to read": {func(t *testing.T, db string) string {
			return setting(t, db, "default_transaction_read_only", "on")
		}, "no connection to it can be made (read only connection)"},
		"careless": {func(t *testing.T, db string) string {
			pgtest.Exec(t, db, "ALTER SYSTEM SET fsync = off")
			pgtest.Exec(t, db, "SELECT pg_reload_conf()")
			t.Cleanup(func() {
				pgtest.Exec(t, db, "ALTER SYSTEM RESET fsync")
				pgtest.Exec(t, db, "SELECT pg_reload_conf()")
				eventually(t, "fsync is on again", func() bool { return show(t, db, "fsync") == "on" })
			})
			eventually(t, "fsync is off", func() bool { return show(t, db, "fsync") == "off" })
			return db
		}, "it runs with fsync=off, so a power cut would lose what was acknowledged; switch it on"},
	} {
		t.Run(name, func(t *testing.T) {
			u := c.make(t, pgtest.Database(t))
			st, err := Open(t.Context(), Options{URL: u, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			if err == nil {
				shut(t, st)
				t.Fatal("it opens")
			}
			if got := err.Error(); !strings.Contains(got, c.want) || strings.Contains(got, "secret") {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
}

func show(t *testing.T, db, setting string) (value string) {
	t.Helper()
	conn, err := sql.Open("pgx", db)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.QueryRowContext(context.WithoutCancel(t.Context()), "SELECT current_setting($1)", setting).Scan(&value); err != nil {
		t.Fatal(err)
	}
	return value
}

// TestPostgresStartAtOnce: nodes that find an empty database make its tables
// once, and agree on its epoch.
func TestPostgresStartAtOnce(t *testing.T) {
	db := pgtest.Database(t)
	var all sync.WaitGroup
	nodes := make([]*Store, 4)
	for i := range nodes {
		all.Go(func() {
			st, err := Open(t.Context(), Options{URL: db, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
			if err != nil {
				t.Error(err)
				return
			}
			nodes[i] = st
		})
	}
	all.Wait()
	for _, st := range nodes {
		if st == nil {
			continue
		}
		if st.epoch != nodes[0].epoch {
			t.Errorf("one has the epoch %s, another %s", nodes[0].epoch, st.epoch)
		}
		if err := st.Ready(t.Context()); err != nil {
			t.Error(err)
		}
		shut(t, st)
	}
}

func TestPostgresMigration(t *testing.T) {
	db := pgtest.Database(t)
	open := func(up string) (*Store, error) {
		o := Options{URL: db, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
		if up != "" {
			o.steps = next(t, postgresSteps(t), up)
		}
		return Open(t.Context(), o)
	}
	st, err := open("")
	if err != nil {
		t.Fatal(err)
	}
	before := said(t, st, "c_1", "tab-one")
	if err := st.Commit(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	shut(t, st)
	if _, err := open("CREATE TABLE next (x INTEGER); CREATE TABLE broken (;"); err == nil {
		t.Fatal("a broken migration is taken for done")
	}
	again := node(t, db) // and leaves nothing behind
	if got := length(t, again, "c_1"); got != len(before.Events) {
		t.Errorf("%d events are left, want %d", got, len(before.Events))
	}
	later, err := open("CREATE TABLE next (x INTEGER);")
	if err != nil {
		t.Fatal(err)
	}
	if later.epoch != again.epoch {
		t.Error("a migration begins an epoch")
	}
	shut(t, later)
	_, err = open("")
	const want = "can not be used: the database was written by a newer kefu (its tables have version 99, this one knows 5): run that one, or put back an older copy"
	if err == nil || !strings.HasSuffix(err.Error(), want) {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

// TestPostgresSession: what keeps an acknowledged event, and bounds a wait, is
// so whatever the database has for a default, unless its URL says otherwise.
func TestPostgresSession(t *testing.T) {
	db := pgtest.Database(t)
	pgtest.Exec(t, db, "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database()); END $$")
	st := node(t, setting(t, db, "lock_timeout", "1500ms"))
	for name, want := range map[string]string{
		"synchronous_commit": "on", "statement_timeout": "5s", "lock_timeout": "1500ms", "idle_in_transaction_session_timeout": "5s",
		"transaction_isolation": "read committed", "application_name": "kefu", "client_encoding": "UTF8",
	} {
		var got string
		err := st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
			return s.row(ctx, "SELECT current_setting(?1)", []any{name}, &got)
		})
		if err != nil || got != want {
			t.Errorf("%s is %q, want %q: %v", name, got, want, err)
		}
	}
}

// TestPostgresOrdinaryUser: to own the schema is all the right that is needed,
// and it may be another one than public.
func TestPostgresOrdinaryUser(t *testing.T) {
	db := pgtest.Database(t)
	pgtest.Exec(t, db, "CREATE ROLE shop LOGIN PASSWORD 'walnut'; CREATE SCHEMA desk AUTHORIZATION shop")
	t.Cleanup(func() { pgtest.Exec(t, db, "DROP SCHEMA desk CASCADE; DROP ROLE shop") })
	mine := part(t, setting(t, db, "search_path", "desk"), func(u *url.URL) { u.User = url.UserPassword("shop", "walnut") })
	pgtest.Exec(t, db, "CREATE TABLE theirs (x int)") // beside, where others are
	st := node(t, mine)
	begun(t, st, "c_1", "c_1")
	if err := st.Ready(t.Context()); err != nil {
		t.Error(err)
	}
	if again := node(t, mine); again.epoch != st.epoch {
		t.Errorf("the epoch is %s, then %s", st.epoch, again.epoch)
	}
}

// TestOpenToAll: who may read along is said for what goes through a network,
// and only if nothing keeps them from it.
func TestOpenToAll(t *testing.T) {
	for raw, want := range map[string]bool{
		"postgres://kefu@db.example/kefu":                                true, // prefer: also without
		"postgres://kefu@db.example/kefu?sslmode=disable":                true,
		"postgres://kefu@db.example/kefu?sslmode=require":                false,
		"postgres://kefu@db.example/kefu?sslmode=verify-full":            false,
		"postgres://kefu@10.0.0.7/kefu?sslmode=allow":                    true,
		"postgres://kefu@127.0.0.1/kefu":                                 false,
		"postgres://kefu@[::1]/kefu":                                     false,
		"postgres://kefu@localhost/kefu?sslmode=disable":                 false,
		"postgres:///kefu?host=/run/postgresql":                          false,
		"postgres://kefu@localhost,db.example/kefu?sslmode=disable":      true,
		"postgres://kefu@one.example,two.example/kefu?sslmode=verify-ca": false,
	} {
		c, err := pgx.ParseConfig(raw)
		if err != nil {
			t.Fatal(err)
		}
		if got := openToAll(c); got != want {
			t.Errorf("%s: %v, want %v", raw, got, want)
		}
	}
}

// TestSchemas: the tables of both databases have the same columns, and
// PostgreSQL compares their names byte by byte, as SQLite does.
func TestSchemas(t *testing.T) {
	embedded, _ := opening(t)
	st := node(t, pgtest.Database(t))
	columns := func(s *statements, query string) (list []string) {
		err := s.rows(t.Context(), query, nil, func(scan scan) error {
			var c string
			err := scan(&c)
			if !slices.Contains([]string{"store.generation", "store.identity"}, c) {
				list = append(list, c)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		slices.Sort(list)
		return list
	}
	want := columns(embedded.read, `SELECT t.name || '.' || c.name FROM sqlite_schema t JOIN pragma_table_info(t.name) c
		WHERE t.type = 'table' AND t.name NOT IN ('schema_version', 'sqlite_sequence')`)
	got := columns(st.read, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'schema_version'`)
	if !slices.Equal(got, want) || len(want) < 50 {
		t.Errorf("PostgreSQL has\n%v\nSQLite\n%v", got, want)
	}
	for _, c := range columns(st.read, `SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'text' AND collation_name IS DISTINCT FROM 'C'`) {
		t.Errorf("%s is compared as the locale of the database has it", c)
	}
}
