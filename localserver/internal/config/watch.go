package config

import (
	"context"
	"path/filepath"
	"time"

	"github.com/fsnotify/fsnotify"
)

// settle is how long Watch waits after the first sign of a change: an editor
// writes a file in several steps, and two files that belong together are two.
const settle = 200 * time.Millisecond

// Watch calls changed when what is in one of the files may be another, until ctx
// ends. It watches their directories, for a file is seldom written in place:
// editors rename another over it, and Kubernetes turns a link in a mounted
// ConfigMap. A directory that can not be watched is an error.
func Watch(ctx context.Context, files []string, changed func()) error {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return err
	}
	defer w.Close()
	seen := map[string]string{} // file -> what it really is
	for _, f := range files {
		if err := w.Add(filepath.Dir(f)); err != nil {
			return err
		}
		seen[filepath.Clean(f)] = target(f)
	}
	var ripe <-chan time.Time // nil: nothing has happened
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-w.Events:
			if ripe == nil && touches(e, seen) {
				ripe = time.After(settle)
			}
		case err := <-w.Errors:
			if err != nil { // such as too many events: then something did happen
				ripe = time.After(settle)
			}
		case <-ripe:
			ripe = nil
			changed()
		}
	}
}

// touches reports whether an event is about one of the files, by its name or
// because a link on the way to it leads elsewhere now. Others in the same
// directory, such as a database, write all the time: they are passed over
// without a look at the disk.
func touches(e fsnotify.Event, seen map[string]string) bool {
	if _, ok := seen[filepath.Clean(e.Name)]; ok {
		return e.Op != fsnotify.Chmod
	}
	if !e.Has(fsnotify.Create) && !e.Has(fsnotify.Rename) && !e.Has(fsnotify.Remove) {
		return false
	}
	moved := false
	for f, was := range seen {
		if is := target(f); is != was {
			seen[f], moved = is, true
		}
	}
	return moved
}

// target follows links; "" if the file is not there now.
func target(file string) string {
	real, err := filepath.EvalSymlinks(file)
	if err != nil {
		return ""
	}
	return real
}
