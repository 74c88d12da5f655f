package backup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Options say what to restore where. All fields are required.
type Options struct {
	File string    // what Write wrote
	Dir  string    // of the store; the caller holds its lock
	Now  time.Time // names what is moved aside

	// Try opens the store in a directory and closes it again: whatever it does
	// to be able to read an older copy, it has done then.
	Try func(ctx context.Context, dir string) error
}

// Restore puts a copy in the place of the database. It returns the directory
// into which the former one was moved, "" if there was none. An error is one
// sentence; up to the last step nothing has changed then.
func Restore(ctx context.Context, o Options) (Summary, string, error) {
	summary, err := Verify(ctx, o.File)
	if err != nil {
		return Summary{}, "", err
	}
	room, err := os.MkdirTemp(o.Dir, "restore-*")
	if err != nil {
		return Summary{}, "", fmt.Errorf("the directory %s can not be written: %w", o.Dir, cause(err))
	}
	defer os.RemoveAll(room)
	ready := filepath.Join(room, database)
	if err := copyFile(o.File, ready); err != nil {
		return Summary{}, "", fmt.Errorf("%s can not be copied into %s: %s", o.File, o.Dir, sentence(err))
	}
	if err := o.Try(ctx, room); err != nil {
		return Summary{}, "", err
	}
	aside, err := replace(o.Dir, ready, o.Now)
	if err != nil {
		return Summary{}, aside, fmt.Errorf("the copy can not be put into %s: %w", o.Dir, cause(err))
	}
	return summary, aside, nil
}

// replace moves the former database aside and the new one in. The generation
// goes first: wherever this is cut short, what is found next is taken for a
// copy. The database itself is replaced in one step, after its log is gone,
// which would else be applied to the new one.
func replace(dir, ready string, now time.Time) (aside string, err error) {
	if err := remove(filepath.Join(dir, generation)); err != nil {
		return "", err
	}
	former := filepath.Join(dir, database)
	if _, err := os.Lstat(former); err == nil {
		aside = filepath.Join(dir, "replaced-"+now.UTC().Format("20060102T150405Z"))
		if err := setAside(former, aside); err != nil {
			return aside, err
		}
	}
	if err := os.Rename(ready, former); err != nil {
		return aside, err
	}
	return aside, synced(dir)
}

func setAside(former, aside string) error {
	if err := os.Mkdir(aside, 0o700); err != nil {
		return err
	}
	if err := copyFile(former, filepath.Join(aside, database)); err != nil {
		return err
	}
	for _, log := range []string{"-wal", "-shm"} {
		err := os.Rename(former+log, filepath.Join(aside, database+log))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// copyFile copies a file to one that must not exist, and waits until it is on
// disk.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Sync(), out.Close())
}
