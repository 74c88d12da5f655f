package sqlstore

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kefu/core"
)

// TestErasedTextIsInNoPage: what was recalled is overwritten, not only
// unlinked. That of the log holds from its next checkpoint on, at the latest
// from a clean end.
func TestErasedTextIsInNoPage(t *testing.T) {
	dir := t.TempDir()
	st := reopening(t, dir, &clockwork{at: start})
	secret := strings.Repeat("密码-hunter2 ", 300) // over several pages
	other := strings.Repeat("not-a-secret ", 300)
	for i, text := range []string{secret, other, "hunter2, in short"} {
		change := said(t, st, "c_1", "tab-one")
		for j := range change.Events {
			if change.Events[j].Body.Kind == core.KindText {
				change.Events[j].Body.Text = text
			}
		}
		if err := st.Commit(t.Context(), change); err != nil {
			t.Fatalf("message %d: %v", i, err)
		}
	}
	checkpoint(t, dir)
	if found := bytesIn(t, dir); !bytes.Contains(found, []byte("hunter2")) {
		t.Fatal("the text was never there: the test is wrong")
	}

	change := said(t, st, "c_1", "tab-one")
	change.Erase = []core.Tombstone{{Seq: 2}, {Seq: 5, Of: 2}}
	if err := st.Commit(t.Context(), change); err != nil {
		t.Fatal(err)
	}
	checkpoint(t, dir)
	left := bytesIn(t, dir)
	if bytes.Contains(left, []byte("hunter2")) {
		t.Error("promise 18: the files still hold what was erased")
	}
	if !bytes.Contains(left, []byte("not-a-secret")) {
		t.Error("and they lost what was not")
	}
	shut(t, st)
	if bytes.Contains(bytesIn(t, dir), []byte("hunter2")) {
		t.Error("promise 18: it came back at the end")
	}
}

// checkpoint moves the log into the database and empties it. The writer keeps
// its connection, so it takes another one.
func checkpoint(t *testing.T, dir string) {
	t.Helper()
	db, err := open(dir, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var busy, pages, moved int
	err = db.QueryRowContext(t.Context(), "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &pages, &moved)
	if err != nil || busy != 0 {
		t.Fatalf("the checkpoint did not come through: busy %d, %v", busy, err)
	}
}

// bytesIn is all that the files of a directory hold.
func bytesIn(t *testing.T, dir string) (all []byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	return all
}
