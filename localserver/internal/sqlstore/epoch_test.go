package sqlstore

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"kefu/core"
)

func epochOf(t *testing.T, st *Store) string {
	t.Helper()
	e, err := st.Epoch(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// copied copies files of one directory into another.
func copied(t *testing.T, from, to string, names ...string) {
	t.Helper()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join(from, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(to, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// keep makes a copy as an operator does while the server runs.
func keep(t *testing.T, from, to string) {
	t.Helper()
	db, err := openWriter(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(backup(t.Context(), db, filepath.Join(to, fileName)), db.Close()); err != nil {
		t.Fatal(err)
	}
}

func commit(t *testing.T, st *Store) {
	t.Helper()
	if err := st.Commit(t.Context(), said(t, st, "c_1", "tab-one")); err != nil {
		t.Fatal(err)
	}
}

func TestEpochStays(t *testing.T) {
	dir, now := t.TempDir(), &clockwork{at: start}
	st := reopening(t, dir, now)
	first := epochOf(t, st)
	for range 3 {
		now.advance(time.Minute)
		commit(t, st)
	}

	crashed := t.TempDir() // what a kill would leave
	copied(t, dir, crashed, fileName, fileName+"-wal", generationName)
	late := t.TempDir() // and a power cut that came before the file was synced
	copied(t, dir, late, fileName, fileName+"-wal")
	if err := os.WriteFile(filepath.Join(late, generationName), []byte("0000000000000000001\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	shut(t, st)
	for name, dir := range map[string]string{"a close": dir, "a crash": crashed, "a power cut": late} {
		again := reopening(t, dir, now)
		if got := epochOf(t, again); got != first {
			t.Errorf("after %s the epoch is %s, want %s", name, got, first)
		}
		if got := length(t, again, "c_1"); got != 5 {
			t.Errorf("after %s there are %d events, want 5", name, got)
		}
	}
}

// TestEpochChanges: a copy was put back that lacks what was acknowledged since.
func TestEpochChanges(t *testing.T) {
	for name, between := range map[string]func(*testing.T, *Store, *clockwork){
		"in the same run": func(t *testing.T, st *Store, now *clockwork) {
			now.advance(generationEvery)
			commit(t, st)
		},
		"and closed at once": func(*testing.T, *Store, *clockwork) {},
	} {
		t.Run(name, func(t *testing.T) {
			dir, kept, now := t.TempDir(), t.TempDir(), &clockwork{at: start}
			st := reopening(t, dir, now)
			commit(t, st)
			first := epochOf(t, st)
			keep(t, dir, kept)
			between(t, st, now)
			shut(t, st)

			copied(t, kept, dir, fileName)
			restored := reopening(t, dir, now)
			second := epochOf(t, restored)
			if second == first || second == "" {
				t.Errorf("after a restore the epoch is %q, as before", second)
			}
			shut(t, restored)
			if got := epochOf(t, reopening(t, dir, now)); got != second {
				t.Errorf("and when it is opened again %s, want %s", got, second)
			}
		})
	}
}

func TestEpochElsewhere(t *testing.T) {
	dir, elsewhere, now := t.TempDir(), t.TempDir(), &clockwork{at: start}
	st := reopening(t, dir, now)
	first := epochOf(t, st)
	shut(t, st)
	copied(t, dir, elsewhere, fileName)
	if got := epochOf(t, reopening(t, elsewhere, now)); got == first {
		t.Error("a database alone in another directory has the same epoch")
	}
	if err := os.Remove(filepath.Join(dir, fileName)); err != nil {
		t.Fatal(err)
	}
	empty := reopening(t, dir, now)
	second := epochOf(t, empty)
	if second == first {
		t.Error("an empty database where another was has its epoch")
	}
	shut(t, empty)
	if err := os.WriteFile(filepath.Join(dir, generationName), []byte("nonsense"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := epochOf(t, reopening(t, dir, now)); got == second {
		t.Error("a file that can not be read vouches for the database")
	}
}

// TestGeneration: it grows with the writes, at most once a second, and the
// file is never ahead of the database, or a crash would look like a restore.
func TestGeneration(t *testing.T) {
	st, now := opening(t)
	beside := &generation{path: embeddedWriter(st).generation.path}
	if got := beside.read(); got != 1 {
		t.Errorf("at first the file says %d, want 1", got)
	}
	for i, c := range []struct {
		wait time.Duration
		want int64
	}{{0, 1}, {999 * time.Millisecond, 1}, {time.Millisecond, 2}, {0, 2}, {time.Hour, 3}} {
		now.advance(c.wait)
		commit(t, st)
		var stored int64
		if err := st.read.row(t.Context(), "SELECT generation FROM store", nil, &stored); err != nil {
			t.Fatal(err)
		}
		if got := beside.read(); stored != c.want || got != c.want {
			t.Errorf("write %d: the database says %d and the file %d, want %d", i, stored, got, c.want)
		}
	}

	now.advance(time.Hour)
	wantCodes(t, []error{st.writer.write(t.Context(), breakCommit)}, core.Unavailable)
	if got := beside.read(); got != 3 {
		t.Errorf("after a commit that failed the file says %d, want 3", got)
	}
}
