package backup

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/localserver/internal/sqlstore"
)

func at() time.Time { return time.Date(2026, 1, 17, 12, 0, 0, 0, time.UTC) }

func opened(t *testing.T, dir string) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), sqlstore.Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return st
}

func closed(t *testing.T, st *sqlstore.Store) {
	t.Helper()
	if err := st.Close(); err != nil {
		t.Fatal(err)
	}
}

// say stores message n of a conversation.
func say(ctx context.Context, st *sqlstore.Store, id core.ConversationID, n uint64) error {
	return st.Commit(ctx, core.Change{
		Conversation: core.Conversation{ID: id, Site: "default", Visitor: "v", Seq: n, Public: n, At: at()},
		Events:       []core.Event{{Seq: n, Prev: n - 1, At: at(), Body: core.Body{Kind: core.KindText, Text: fmt.Sprint("message ", n)}}},
		Moved:        n == 1,
	})
}

// try is what the command has for Options.Try.
func try(ctx context.Context, dir string) error {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	return st.Close()
}

// stored makes a store with one conversation of 40 messages, and returns its
// directory and epoch.
func stored(t *testing.T) (dir, epoch string) {
	t.Helper()
	dir = t.TempDir()
	st := opened(t, dir)
	for n := range uint64(40) {
		if err := say(t.Context(), st, "c_1", n+1); err != nil {
			t.Fatal(err)
		}
	}
	epoch, _ = st.Epoch(t.Context())
	closed(t, st)
	return dir, epoch
}

func written(t *testing.T, dir string) (file string) {
	t.Helper()
	file = filepath.Join(t.TempDir(), "kefu.backup")
	if _, err := Write(t.Context(), dir, file); err != nil {
		t.Fatal(err)
	}
	return file
}

// A copy of a store that is written to all the time is the store at one moment,
// for its owner alone, and elsewhere it is a store of another epoch.
func TestWhileInUse(t *testing.T) {
	dir := t.TempDir()
	st := opened(t, dir)
	defer closed(t, st)
	if err := say(t.Context(), st, "c_1", 1); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var last atomic.Uint64
	last.Store(1)
	ended := make(chan error, 1)
	go func() {
		for ctx.Err() == nil {
			if err := say(context.WithoutCancel(ctx), st, "c_1", last.Load()+1); err != nil {
				ended <- err
				return
			}
			last.Add(1)
		}
		ended <- nil
	}()
	for i := range 5 {
		file := filepath.Join(t.TempDir(), fmt.Sprint("copy ", i, "?.db"))
		before := last.Load()
		s, err := Write(t.Context(), dir, file)
		after := last.Load() + 1 // one may be stored and not counted yet
		if err != nil || s.Conversations != 1 || uint64(s.Events) < before || uint64(s.Events) > after {
			t.Fatalf("between %d and %d: %+v, %v", before, after, s, err)
		}
		info, err := os.Stat(file)
		if err != nil || info.Mode().Perm() != 0o600 || info.Size() != s.Bytes {
			t.Errorf("%v, %v", info, err)
		}
		other := t.TempDir()
		if _, aside, err := Restore(t.Context(), Options{File: file, Dir: other, Now: at(), Try: try}); err != nil || aside != "" {
			t.Fatal(aside, err)
		}
		copied := opened(t, other)
		events, err := copied.After(t.Context(), "c_1", uint64(s.Events)-1, 10)
		if err != nil || len(events) != 1 || events[0].Body.Text != fmt.Sprint("message ", s.Events) {
			t.Errorf("its last is %v, %v", events, err)
		}
		theirs, _ := copied.Epoch(t.Context())
		if ours, _ := st.Epoch(t.Context()); ours == theirs {
			t.Error("the epoch is the same")
		}
		closed(t, copied)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// What came after the copy is gone from the database, and kept beside it; each
// time it is another epoch.
func TestRestoreOver(t *testing.T) {
	dir, first := stored(t)
	file := written(t, dir)
	st := opened(t, dir)
	if err := say(t.Context(), st, "c_1", 41); err != nil {
		t.Fatal(err)
	}
	closed(t, st)
	epochs := map[string]bool{first: true}
	for i := range 3 {
		now := at().Add(time.Duration(i) * time.Second)
		s, aside, err := Restore(t.Context(), Options{File: file, Dir: dir, Now: now, Try: try})
		if err != nil || s.Events != 40 || filepath.Base(aside) != "replaced-"+now.Format("20060102T150405Z") {
			t.Fatalf("%+v, %s, %v", s, aside, err)
		}
		former, err := Verify(t.Context(), filepath.Join(aside, database))
		if want := int64(40 + (2-i)/2); err != nil || former.Events != want {
			t.Errorf("aside are %+v, not %d events, %v", former, want, err)
		}
		st := opened(t, dir)
		epoch, _ := st.Epoch(t.Context())
		if epochs[epoch] {
			t.Errorf("the epoch %s again", epoch)
		}
		epochs[epoch] = true
		closed(t, st)
	}
}

// What was in the log of the former database only is aside with it, and not
// applied to the new one.
func TestRestoreOverLog(t *testing.T) {
	dir, _ := stored(t)
	file := written(t, dir)
	st := opened(t, dir) // which keeps it from being emptied
	defer st.Close()
	if err := say(t.Context(), st, "c_1", 41); err != nil {
		t.Fatal(err)
	}
	_, aside, err := Restore(t.Context(), Options{File: file, Dir: dir, Now: at(), Try: try})
	if err != nil {
		t.Fatal(err)
	}
	for where, want := range map[string]int64{dir: 40, aside: 41} {
		if s, err := Verify(t.Context(), filepath.Join(where, database)); err != nil || s.Events != want {
			t.Errorf("%s: %+v, %v", where, s, err)
		}
	}
}

// refused expects a restore to fail with words, and to leave all as it is.
func refused(t *testing.T, dir, file, want string) {
	t.Helper()
	before := listing(t, dir)
	_, _, err := Restore(t.Context(), Options{File: file, Dir: dir, Now: at(), Try: try})
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v, want %s", err, want)
	}
	if after := listing(t, dir); after != before {
		t.Errorf("there were %s, there are %s", before, after)
	}
}

func listing(t *testing.T, dir string) string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return strings.Join(all, " ")
}

func TestCutShort(t *testing.T) {
	dir, _ := stored(t)
	whole, err := os.ReadFile(written(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{0, 1, 100, 4096, len(whole) / 2, len(whole) - 4096, len(whole) - 1} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "short")
			if err := os.WriteFile(file, whole[:n], 0o600); err != nil {
				t.Fatal(err)
			}
			refused(t, dir, file, file+" is no ")
		})
	}
}

func TestForeignFiles(t *testing.T) {
	dir, _ := stored(t)
	scratch := t.TempDir()
	altered := func(name, from, statement string) string {
		t.Helper()
		file := filepath.Join(scratch, name)
		if from != "" {
			if err := copyFile(from, file); err != nil {
				t.Fatal(err)
			}
		}
		db, err := sql.Open("sqlite", file)
		if err == nil {
			_, err = db.ExecContext(t.Context(), statement)
			err = errors.Join(err, db.Close())
		}
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	copied := written(t, dir)
	refused(t, dir, filepath.Join(scratch, "none"), "none can not be read: no such file")
	refused(t, dir, scratch, "is no ")
	refused(t, dir, altered("other", "", "CREATE TABLE song (name TEXT)"), "other is no copy of a desk")
	refused(t, dir, altered("hole", copied, "DELETE FROM event WHERE seq = 7"), "1 conversations have a hole in their log")
	refused(t, dir, altered("later", copied, "INSERT INTO schema_version (version_id, is_applied) VALUES (999, 1)"), "was written by a newer kefu")
}

func TestNothingIsOverwritten(t *testing.T) {
	dir, _ := stored(t)
	file := written(t, dir)
	for name, test := range map[string]struct{ dir, file, want string }{
		"it exists":     {dir, file, file + " exists, and nothing is overwritten; choose another name"},
		"no database":   {t.TempDir(), file + ".2", "there is no database in "},
		"no directory":  {dir, filepath.Join(dir, "none", "x"), "can not be written: no such file or directory"},
		"not a backup":  {dir, dir, dir + " exists"},
		"the live file": {dir, filepath.Join(dir, database), "exists"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Write(t.Context(), test.dir, test.file); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v", err)
			}
		})
	}
	// Somebody was quicker, after the first look.
	if err := name(file, file); err == nil || !strings.Contains(err.Error(), "exists") {
		t.Errorf("got %v", err)
	}
}
