package blobdir

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
)

func open(t *testing.T, dir string, most int64) *Store {
	t.Helper()
	s, err := Open(dir, most)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestStore(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, t.TempDir(), 1<<30) })
}

func file(n int) blob.File {
	return blob.File{Key: blobtest.Key(n), Conversation: "c_1", By: core.Party{Kind: core.Visitor, ID: "v_1"}, Name: "a.txt", MIME: "text/plain"}
}

func put(t *testing.T, s *Store, n int, content string) {
	t.Helper()
	if _, err := s.Put(t.Context(), file(n), strings.NewReader(content)); err != nil {
		t.Fatal(err)
	}
}

// What was there when a server ended is there for the next, but for what was
// not whole.
func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data", "uploads")
	s := open(t, dir, 1<<20)
	put(t, s, 1, "hello")
	doubt := blob.Doubt{Key: blobtest.Key(1), At: time.Unix(1_800_000_000, 0)}
	if err := s.Doubt(t.Context(), doubt); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(dir, "coming", blobtest.Key(2))
	if err := os.WriteFile(half, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	again := open(t, dir, 1<<20)
	if f, err := again.Stat(t.Context(), blobtest.Key(1)); err != nil || f.Size != 5 {
		t.Errorf("%+v, %v", f, err)
	}
	if got, err := again.Doubts(t.Context(), doubt.At, 10); err != nil || len(got) != 1 {
		t.Errorf("%d doubts, %v", len(got), err)
	}
	if _, err := os.Stat(half); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("what was not whole: %v", err)
	}
	if again.used.Load() != s.used.Load() || s.used.Load() == 0 {
		t.Errorf("%d bytes are used, and after the restart %d", s.used.Load(), again.used.Load())
	}
}

// A directory is full when it is said to be, and has room again when something
// goes. What did not fit takes none.
func TestFull(t *testing.T) {
	s := open(t, t.TempDir(), 4<<10)
	put(t, s, 1, strings.Repeat("x", 3000))
	if _, err := s.Put(t.Context(), file(2), strings.NewReader(strings.Repeat("x", 1500))); core.CodeOf(err) != core.Unavailable {
		t.Fatalf("one too many: %v", err)
	}
	put(t, s, 3, "a small one")
	for range 2 { // twice: it is counted once
		if err := s.Delete(t.Context(), blobtest.Key(1)); err != nil {
			t.Fatal(err)
		}
	}
	put(t, s, 4, strings.Repeat("x", 3000))
	for _, n := range []int{3, 4} {
		if err := s.Delete(t.Context(), blobtest.Key(n)); err != nil {
			t.Fatal(err)
		}
	}
	if used := s.used.Load(); used != 0 {
		t.Errorf("nothing is there, and it takes %d bytes", used)
	}
}

// A file that is cut off, or no longer ours, is an error and no panic.
func TestDamaged(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	for i, damaged := range []string{"", "{", "{}", "not JSON\nhello", strings.Repeat("{", 2*maxHeader)} {
		if err := os.WriteFile(filepath.Join(dir, "files", blobtest.Key(i)), []byte(damaged), 0o600); err != nil {
			t.Fatal(err)
		}
		if f, err := s.Stat(t.Context(), blobtest.Key(i)); err == nil {
			t.Errorf("%.20q is taken for %+v", damaged, f)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "doubts", "README"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := s.Doubts(t.Context(), time.Unix(1<<40, 0), 10); err != nil || len(got) != 0 {
		t.Errorf("%v, %v", got, err)
	}
}

// A link that somebody put there leads nowhere.
func TestLinks(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte("{}\nsecret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(secret, filepath.Join(dir, "files", blobtest.Key(1))); err != nil {
		t.Skip(err) // this system has none
	}
	if _, content, err := s.Open(t.Context(), blobtest.Key(1)); err == nil {
		data, _ := io.ReadAll(content)
		t.Errorf("read %q", data)
	}
}

// Nobody else can read what visitors send.
func TestPermissions(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no modes here")
	}
	dir := filepath.Join(t.TempDir(), "uploads")
	put(t, open(t, dir, 1<<20), 1, "hello")
	err := filepath.WalkDir(dir, func(name string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := e.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s: %s", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A reader that breaks leaves no file behind, not even one that has no name.
func TestBrokenLeavesNothing(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, 1<<20)
	broken := errors.New("gone")
	if _, err := s.Put(t.Context(), file(1), io.MultiReader(bytes.NewReader(make([]byte, 100_000)), iotest.ErrReader(broken))); !errors.Is(err, broken) {
		t.Errorf("put: %v", err)
	}
	for _, sub := range []string{"files", "coming"} {
		if list, err := os.ReadDir(filepath.Join(dir, sub)); err != nil || len(list) > 0 {
			t.Errorf("%s: %v, %v", sub, list, err)
		}
	}
	if used := s.used.Load(); used != 0 {
		t.Errorf("it takes %d bytes", used)
	}
}
