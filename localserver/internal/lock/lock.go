// Package lock keeps two servers from using one data directory.
//
// The lock is the operating system's, on the file kefu.lock in that directory:
// flock on Unix, LockFileEx on Windows. It goes with the process, however that
// ends, so a server that was killed leaves nothing to clean up and the file
// itself means nothing; it stays, because a lock on a file that somebody may
// delete protects nobody. What is in it is only for people: the process id.
//
// A network file system may not keep such a lock between machines. Two servers
// on two machines must not share a directory; that is what PostgreSQL is for.
package lock

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Name is the name of the lock file in the data directory.
const Name = "kefu.lock"

// Lock is a data directory held by this process.
type Lock struct {
	file *os.File
}

// HeldError says that another process, or another Lock of this one, holds the
// directory.
type HeldError struct {
	Dir string // as given to Acquire
	PID int    // of the holder; 0 if it is not known
}

func (e *HeldError) Error() string {
	if e.PID == 0 {
		return fmt.Sprintf("the data directory %s is used by another server", e.Dir)
	}
	return fmt.Sprintf("the data directory %s is used by another server (pid %d)", e.Dir, e.PID)
}

// errHeld is what the system's part gives for a lock that somebody has.
var errHeld = errors.New("held")

// Acquire takes the directory, which must exist, or fails at once: with a
// [*HeldError] if somebody has it, else with one sentence that names the
// directory and wraps the system's error.
func Acquire(dir string) (*Lock, error) {
	f, err := os.OpenFile(filepath.Join(dir, Name), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, failure(dir, err)
	}
	err = lockFile(f)
	if err == nil {
		err = sign(f)
	}
	if err == nil {
		return &Lock{f}, nil
	}
	if errors.Is(err, errHeld) {
		err = &HeldError{Dir: dir, PID: holder(f)}
	} else {
		err = failure(dir, err)
	}
	_ = f.Close() // nothing of ours is in it
	return nil, err
}

// Release gives the directory back. A second call does nothing.
func (l *Lock) Release() error {
	// The lock goes with the last descriptor. Emptying the file is a courtesy:
	// whoever looks into it sees no stale number.
	err := errors.Join(l.file.Truncate(0), l.file.Close())
	if errors.Is(err, os.ErrClosed) {
		return nil
	}
	return err
}

// sign writes the process id into the file.
func sign(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return err
}

// holder reads what sign wrote, or 0: the holder may be about to write it.
func holder(f *os.File) int {
	text, err := io.ReadAll(io.NewSectionReader(f, 0, 20))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}

// failure is the sentence for what went wrong before anybody could hold it.
func failure(dir string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no data directory %s: %w", dir, cause(err))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the data directory %s can not be written by this user: %w", dir, cause(err))
	default:
		return fmt.Errorf("the data directory %s can not be locked: %w", dir, cause(err))
	}
}

// cause is the error without the path, which the sentence has.
func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}
