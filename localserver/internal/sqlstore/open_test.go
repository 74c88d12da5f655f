package sqlstore

import (
	"context"
	"database/sql"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"kefu/core"
)

// TestPragmas: what keeps an acknowledged event through a power cut can not be
// seen by killing the process, so it is looked up.
func TestPragmas(t *testing.T) {
	st, _ := opening(t)
	writer := &statements{db: st.writes}
	defer writer.close()
	for pragma, want := range map[string][2]string{ // of the writer and of readers
		"journal_mode":       {"wal", "wal"},
		"synchronous":        {"2", "2"},
		"secure_delete":      {"1", "1"},
		"foreign_keys":       {"1", "1"},
		"busy_timeout":       {"5000", "5000"},
		"wal_autocheckpoint": {"4000", "4000"},
		"query_only":         {"0", "1"},
	} {
		for i, s := range []*statements{writer, st.read} {
			var got string
			if err := s.row(t.Context(), "PRAGMA "+pragma, nil, &got); err != nil || got != want[i] {
				t.Errorf("connection %d: %s is %s, want %s: %v", i, pragma, got, want[i], err)
			}
		}
	}
}

func TestPrivate(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "100% 客服? #1")
	st := reopening(t, dir, &clockwork{at: start})
	if err := st.Ready(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s can be read by others: %v", e.Name(), info.Mode())
		}
	}
	if len(entries) < 3 {
		t.Errorf("the directory holds %v", entries)
	}
}

func refused(t *testing.T, dir string, steps fs.FS) string {
	t.Helper()
	st, err := Open(t.Context(), Options{Dir: dir, Now: (&clockwork{at: start}).read, Log: slog.New(slog.DiscardHandler), steps: steps})
	if err == nil {
		shut(t, st)
		t.Fatal("the store opens")
	}
	return err.Error()
}

func TestOpenRefuses(t *testing.T) {
	in := func(t *testing.T, content string) string {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, fileName), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		return dir
	}
	for name, c := range map[string]struct {
		dir  func(*testing.T) string
		want string
	}{
		"no database": {func(t *testing.T) string { return in(t, strings.Repeat("not a database ", 100)) }, "the file is no database, or damaged, and is left as it is; kefu restore puts a copy in its place"},
		"a file":      {func(t *testing.T) string { return filepath.Join(in(t, ""), fileName) }, "that is a file, no directory"},
		"no rights": {func(t *testing.T) string {
			if os.Geteuid() == 0 {
				t.Skip("root has every right")
			}
			dir := t.TempDir()
			if err := os.Chmod(dir, 0o500); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "there is no right to write there"},
		"somebody else's": {func(t *testing.T) string {
			dir := t.TempDir()
			db, err := sql.Open("sqlite", filepath.Join(dir, fileName))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			if _, err := db.Exec("CREATE TABLE theirs (x)"); err != nil {
				t.Fatal(err)
			}
			return dir
		}, "kefu.db belongs to another program, and is left as it is; name another directory with --data"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := c.dir(t)
			before, _ := os.ReadFile(filepath.Join(dir, fileName))
			got := refused(t, dir, nil)
			if after, _ := os.ReadFile(filepath.Join(dir, fileName)); string(after) != string(before) {
				t.Error("the file was written to")
			}
			if want := "the database in \"" + dir + "\" can not be used: " + c.want; got != want {
				t.Errorf("got  %s\nwant %s", got, want)
			}
		})
	}
}

// next returns the migrations of this release and one of the next.
func next(t *testing.T, now fs.FS, up string) fs.FS {
	t.Helper()
	files := fstest.MapFS{"00099_next.sql": {Data: []byte("-- +goose Up\n" + up)}}
	names, err := fs.Glob(now, "*.sql")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		b, err := fs.ReadFile(now, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: b}
	}
	return files
}

func copies(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "kefu-v*"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestMigration(t *testing.T) {
	steps, err := embedded()
	if err != nil {
		t.Fatal(err)
	}
	dir, now := t.TempDir(), &clockwork{at: start}
	st := reopening(t, dir, now)
	before := said(t, st, "c_1", "tab-one")
	if err := st.Commit(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	shut(t, st)
	if found := copies(t, dir); len(found) > 0 {
		t.Errorf("a new database was copied: %v", found)
	}

	refused(t, dir, next(t, steps, "CREATE TABLE broken (;"))
	later, err := Open(t.Context(), Options{Dir: dir, Now: now.read, Log: slog.New(slog.DiscardHandler), steps: next(t, steps, "CREATE TABLE next (x INTEGER);")})
	if err != nil {
		t.Fatal(err)
	}
	if got := length(t, later, "c_1"); got != len(before.Events) {
		t.Errorf("%d events are left, want %d", got, len(before.Events))
	}
	shut(t, later)

	want := `kefu.db was written by a newer kefu (its tables have version 99, this one knows 5): run that one, or put back an older copy`
	if got := refused(t, dir, nil); !strings.HasSuffix(got, want) {
		t.Errorf("got  %s\nwant %s", got, want)
	}

	found := copies(t, dir)
	if len(found) != 1 || filepath.Base(found[0]) != "kefu-v5-20260117.db" {
		t.Fatalf("the copies are %v", found)
	}
	elsewhere := t.TempDir()
	if err := os.Rename(found[0], filepath.Join(elsewhere, fileName)); err != nil {
		t.Fatal(err)
	}
	back := reopening(t, elsewhere, now)
	if got := length(t, back, "c_1"); got != len(before.Events) {
		t.Errorf("the copy has %d events, want %d", got, len(before.Events))
	}
}

// TestIndexes: no question that is asked while the desk works reads a whole
// table that grows.
func TestIndexes(t *testing.T) {
	st, _ := opening(t)
	if err := st.Commit(t.Context(), said(t, st, "c_1", "tab-one")); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	_, err := st.Before(ctx, "c_1", 9, 9)
	for _, ask := range []func() error{
		func() error { return err },
		func() error { _, err := st.After(ctx, "c_1", 0, 9); return err },
		func() error { _, err := st.Waiting(ctx, "default", 9); return err },
		func() error { _, err := st.Waiting(ctx, "", 9); return err },
		func() error { _, err := st.Due(ctx, core.Place{}, start, 9); return err },
		func() error { _, err := st.Held(ctx, "amy"); return err },
		func() error { _, err := st.Roster(ctx, "default", start); return err },
		func() error { _, err := st.Roster(ctx, "", start); return err },
		func() error { _, err := st.Lapsed(ctx, start); return err },
		func() error { _, err := st.Marks(ctx, "c_1"); return err },
		func() error { _, err := st.Profile(ctx, "v_1"); return ignoring(err, core.NotFound) },
		func() error { _, err := st.AccountNamed(ctx, "amy"); return ignoring(err, core.NotFound) },
		func() error { return st.Rearm(ctx, "c_1", 3, start) },
		func() error { return st.Mark(ctx, "c_1", core.Visitor, 1) },
	} {
		if err := ask(); err != nil {
			t.Fatal(err)
		}
	}
	queries := []string{}
	for _, s := range []*statements{st.read, embeddedWriter(st).stmts} {
		for text := range s.prepared {
			queries = append(queries, text)
		}
	}
	for _, q := range []core.Query{
		{}, {Before: core.Place{At: start, ID: "c"}}, {Site: "default", Groups: []core.GroupID{"default"}}, {Agent: "amy"},
	} {
		where, _ := conditions(q, core.Closed)
		queries = append(queries, listing(where))
	}
	growing := []string{"conversation", "c", "event", "e", "mark", "m", "profile"}
	for _, text := range queries {
		for _, step := range plan(t, st, text) {
			if table, ok := strings.CutPrefix(step, "SCAN "); ok && slices.Contains(growing, strings.Fields(table)[0]) {
				t.Errorf("%s\n\t%s", text, step)
			}
			if strings.Contains(step, "TEMP B-TREE") && !strings.Contains(text, "AS older") && !strings.Contains(text, "phase = 2 ORDER") {
				t.Errorf("%s\n\t%s", text, step) // those two sort a page, and who waits
			}
		}
	}
}

func ignoring(err error, code core.Code) error {
	if core.CodeOf(err) == code {
		return nil
	}
	return err
}

// plan returns how SQLite goes about a statement.
func plan(t *testing.T, st *Store, text string) (steps []string) {
	t.Helper()
	switch word, _, _ := strings.Cut(text, " "); word {
	case "SELECT", "INSERT", "UPDATE", "DELETE":
	default:
		return nil
	}
	err := st.read.rows(t.Context(), "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?")), func(scan scan) error {
		var id, parent, unused int
		var step string
		err := scan(&id, &parent, &unused, &step)
		steps = append(steps, step)
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return steps
}

// TestDamage: what can not be read is an error, never an empty conversation
// that somebody would then write over.
func TestDamage(t *testing.T) {
	st, _ := opening(t)
	if err := st.Commit(t.Context(), said(t, st, "c_1", "tab-one")); err != nil {
		t.Fatal(err)
	}
	err := st.writer.write(t.Context(), func(ctx context.Context, s *statements) error {
		_, err := s.exec(ctx, "UPDATE event SET header = ?1, body = ?2 WHERE seq = 3", []byte{9}, "{")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	_, load := st.Load(t.Context(), "c_1")
	_, after := st.After(t.Context(), "c_1", 0, 9)
	_, list := st.List(t.Context(), core.Query{})
	wantCodes(t, []error{load, after, list}, core.Unavailable, core.Unavailable, core.Unavailable)
	if !strings.Contains(load.Error(), "version 9") {
		t.Errorf("the log would say: %v", load)
	}
}
