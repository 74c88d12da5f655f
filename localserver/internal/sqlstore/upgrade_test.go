package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pressly/goose/v3"

	"kefu/core"
	"kefu/localserver/internal/pgtest"
)

// until returns the migrations up to a file, that one included.
func until(t *testing.T, all fs.FS, last string) fs.FS {
	t.Helper()
	names, err := fs.Glob(all, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	some := fstest.MapFS{}
	for _, name := range names {
		text, err := fs.ReadFile(all, name)
		if err != nil {
			t.Fatal(err)
		}
		if name <= last {
			some[name] = &fstest.MapFile{Data: text}
		}
	}
	return some
}

// field is a column of a table.
type field struct{ table, name, kind string }

// fill puts a row into every table that a database of that age has, by what its
// own columns ask for, and returns how many rows there are in each: what a
// server of that age may have left. Rows refer to each other by the one value 1.
func fill(t *testing.T, db *sql.DB, columns []field) map[string]int {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), "SELECT 1"); err != nil {
		t.Fatal(err)
	}
	names, values, order := map[string][]string{}, map[string][]string{}, []string{}
	for _, c := range columns {
		if c.table == "schema_version" || strings.HasPrefix(c.table, "sqlite_") || c.table == "conversation" && c.name == "key" && c.kind == "bigint" {
			continue
		}
		value := "'1'"
		switch kind := strings.ToLower(c.kind); {
		case c.name == "groups":
			value = `'["1"]'`
		case c.name == "body" && c.table == "settings":
			value = "'{}'"
		case kind == "boolean":
			value = "FALSE"
		case strings.Contains(kind, "int") || kind == "real" || strings.HasPrefix(kind, "double"):
			value = "1"
		}
		if names[c.table] == nil {
			order = append(order, c.table)
		}
		names[c.table] = append(names[c.table], c.name)
		values[c.table] = append(values[c.table], value)
	}
	// Those that are referred to come first.
	rows := map[string]int{}
	first := []string{"conversation", "account"}
	for _, table := range append(first, order...) {
		if rows[table] > 0 || names[table] == nil {
			continue
		}
		insert := "INSERT INTO " + table + " (" + strings.Join(names[table], ", ") + ") VALUES (" + strings.Join(values[table], ", ") + ")"
		if _, err := db.ExecContext(t.Context(), insert); err != nil {
			t.Fatalf("%s: %v", insert, err)
		}
		rows[table] = 1
	}
	return rows
}

func columnsOf(t *testing.T, db *sql.DB, query string) (all []field) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var c field
		if err := rows.Scan(&c.table, &c.name, &c.kind); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := rows.Err(); err != nil || len(all) < 20 {
		t.Fatal(len(all), err)
	}
	return all
}

// steps brings an empty database to an age.
func steps(t *testing.T, dialect goose.Dialect, db *sql.DB, some fs.FS) {
	t.Helper()
	p, err := goose.NewProvider(dialect, db, some, goose.WithTableName("schema_version"), goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Up(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// upgraded opens what is old, looks that every row is still there, and that the
// desk can work with it.
func upgraded(t *testing.T, o Options, driver, name string, had map[string]int) {
	t.Helper()
	o.Now, o.Log = (&clockwork{at: start}).read, slog.New(slog.DiscardHandler)
	st, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer shut(t, st)
	db, err := sql.Open(driver, name)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for table, n := range had {
		got := 0
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&got); err != nil || got < n {
			t.Errorf("%s has %d rows, had %d: %v", table, got, n, err)
		}
	}
	if err := st.Ready(context.WithoutCancel(t.Context())); err != nil {
		t.Error(err)
	}
	if _, err := st.AccountNamed(t.Context(), "1"); err != nil {
		t.Errorf("the account is not found: %v", err)
	}
	change := said(t, st, "c_new", "tab-one")
	if err := st.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	if got := length(t, st, "c_new"); got != len(change.Events) {
		t.Errorf("%d events were stored, want %d", got, len(change.Events))
	}
	if _, err := st.After(t.Context(), core.ConversationID("1"), 1, 10); err != nil {
		t.Errorf("the old log: %v", err)
	}
}

// TestUpgrade: a database of every age that there has been, with a row in each
// of its tables, is brought up to date by opening it, and nothing is missing.
func TestUpgrade(t *testing.T) {
	all, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, last := range ages(t, all) {
		t.Run("sqlite "+last, func(t *testing.T) {
			dir := t.TempDir()
			name := dir + "/" + fileName
			db, err := sql.Open("sqlite", name)
			if err != nil {
				t.Fatal(err)
			}
			steps(t, goose.DialectSQLite3, db, until(t, all, last))
			had := fill(t, db, columnsOf(t, db, `SELECT t.name, c.name, c.type FROM sqlite_schema t JOIN pragma_table_info(t.name) c WHERE t.type = 'table'`))
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			upgraded(t, Options{Dir: dir}, "sqlite", name, had)
		})
	}
	all, err = fs.Sub(postgresMigrations, "migrations/postgres")
	if err != nil {
		t.Fatal(err)
	}
	for _, last := range ages(t, all) {
		t.Run("postgres "+last, func(t *testing.T) {
			url := pgtest.Database(t)
			db, err := sql.Open("pgx", url)
			if err != nil {
				t.Fatal(err)
			}
			steps(t, goose.DialectPostgres, db, until(t, all, last))
			had := fill(t, db, columnsOf(t, db, `SELECT table_name, column_name, data_type FROM information_schema.columns WHERE table_schema = 'public' ORDER BY table_name, ordinal_position`))
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
			upgraded(t, Options{URL: url}, "pgx", url, had)
		})
	}
}

// ages are the files of migrations, the last of which is the present.
func ages(t *testing.T, all fs.FS) []string {
	t.Helper()
	names, err := fs.Glob(all, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	return names
}
