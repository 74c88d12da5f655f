package config

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// ear hears what Watch says.
type ear struct {
	t       *testing.T
	changes chan struct{}
}

// watched has Watch look at a file until the test ends, and returns once it
// does: what is done to it has been heard by then, and all is quiet.
func watched(t *testing.T, file string, do func()) ear {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	e, ended := ear{t, make(chan struct{}, 1000)}, make(chan error, 1)
	go func() { ended <- Watch(ctx, []string{file}, func() { e.changes <- struct{}{} }) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	for tries := 0; ; tries++ {
		do()
		select {
		case <-e.changes:
			for !e.quiet() {
				continue
			}
			return e
		case <-time.After(2 * settle):
			if tries == 50 {
				t.Fatal("nothing is heard")
			}
		}
	}
}

// quiet reports whether nothing is heard for a while.
func (e ear) quiet() bool {
	select {
	case <-e.changes:
		return false
	case <-time.After(2 * settle):
		return true
	}
}

func (e ear) spoke(what string) {
	e.t.Helper()
	select {
	case <-e.changes:
	case <-time.After(10 * time.Second):
		e.t.Fatalf("nothing is heard of it: %s", what)
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWatchFile(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kefu.yaml")
	write(t, file, "")
	e := watched(t, file, func() { write(t, file, "listen: :80\n") })

	other := filepath.Join(dir, "kefu.yaml.swp") // as editors save
	write(t, other, "listen: :81\n")
	if err := os.Rename(other, file); err != nil {
		t.Fatal(err)
	}
	e.spoke("another file renamed over it")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	e.spoke("it is gone")
	write(t, file, "listen: :82\n")
	e.spoke("it is back")
}

// A ConfigMap as Kubernetes mounts it: the file is a link into ..data, which is a
// link to a directory with a date, and only that link is replaced.
func TestWatchConfigMap(t *testing.T) {
	dir := t.TempDir()
	version := 0
	next := func() {
		version++
		name := "..2026_" + string(rune('a'+version%26)) + string(rune('a'+version/26))
		for _, err := range []error{
			os.Mkdir(filepath.Join(dir, name), 0o700),
			os.WriteFile(filepath.Join(dir, name, "kefu.yaml"), nil, 0o600),
			os.Symlink(name, filepath.Join(dir, "..data_tmp")),
			os.Rename(filepath.Join(dir, "..data_tmp"), filepath.Join(dir, "..data")),
		} {
			if err != nil {
				t.Error(err)
			}
		}
	}
	next()
	file := filepath.Join(dir, "kefu.yaml")
	if err := os.Symlink("..data/kefu.yaml", file); err != nil {
		t.Fatal(err)
	}
	e := watched(t, file, next)
	next()
	e.spoke("one more")
}

// What others write in the same directory is not looked at.
func TestWatchOnlyThat(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kefu.yaml")
	write(t, file, "")
	e := watched(t, file, func() { write(t, file, "x") })
	for i := range 100 {
		write(t, filepath.Join(dir, "kefu.db-wal"), string(rune('a'+i%26)))
	}
	if !e.quiet() {
		t.Error("it spoke of another file")
	}
}

func TestWatchNothing(t *testing.T) {
	if err := Watch(t.Context(), []string{filepath.Join(t.TempDir(), "none", "kefu.yaml")}, func() {}); err == nil {
		t.Error("a directory that does not exist is watched")
	}
}
