package lock

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const holdEnv = "LOCK_TEST_HOLD"

// TestMain plays the other server when a test starts this binary again: it
// takes the directory, says so, and holds it until its standard input ends.
func TestMain(m *testing.M) {
	dir := os.Getenv(holdEnv)
	if dir == "" {
		os.Exit(m.Run())
	}
	if _, err := Acquire(dir); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0) // without Release, as after a crash
}

// otherServer starts a process that holds dir, and returns it once it does.
func otherServer(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), holdEnv+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil { // kept open: it ends when we close it or die
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if line != "held\n" {
		t.Fatalf("the other server says %q, %v", line, err)
	}
	return cmd
}

func mustAcquire(t *testing.T, dir string) *Lock {
	t.Helper()
	l, err := Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestOneAtATime(t *testing.T) {
	dir := t.TempDir()
	l := mustAcquire(t, dir)

	_, err := Acquire(dir)
	var held *HeldError
	if !errors.As(err, &held) || held.Dir != dir || held.PID != os.Getpid() {
		t.Fatalf("got %v", err)
	}
	if want := fmt.Sprintf("the data directory %s is used by another server (pid %d)", dir, os.Getpid()); err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}

	elsewhere := mustAcquire(t, t.TempDir())
	for range 2 {
		if err := errors.Join(l.Release(), elsewhere.Release()); err != nil {
			t.Error(err)
		}
	}
	if err := mustAcquire(t, dir).Release(); err != nil {
		t.Error(err)
	}
}

func TestAnotherProcess(t *testing.T) {
	dir := t.TempDir()
	other := otherServer(t, dir)

	_, err := Acquire(dir)
	var held *HeldError
	if !errors.As(err, &held) || held.PID != other.Process.Pid {
		t.Errorf("got %v, want it held by pid %d", err, other.Process.Pid)
	}

	// Killed, it leaves its file and its number behind, and nobody minds.
	if err := other.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := other.Wait(); err == nil {
		t.Error("the other server was not killed")
	}
	if text, err := os.ReadFile(filepath.Join(dir, Name)); err != nil || string(text) != fmt.Sprintln(other.Process.Pid) {
		t.Errorf("the file holds %q, %v", text, err)
	}
	if err := mustAcquire(t, dir).Release(); err != nil {
		t.Error(err)
	}
}

func TestFileWithoutNumber(t *testing.T) {
	for _, text := range []string{"", "abc\n", "-5\n", strings.Repeat("1", 1000)} {
		dir := t.TempDir()
		l := mustAcquire(t, dir)
		if err := os.WriteFile(filepath.Join(dir, Name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Acquire(dir)
		if want := "the data directory " + dir + " is used by another server"; err == nil || err.Error() != want {
			t.Errorf("%.10q: got %v, want %s", text, err, want)
		}
		if err := l.Release(); err != nil {
			t.Error(err)
		}
	}
}

func TestDirectoriesThatWillNotDo(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	_, err := Acquire(missing)
	if !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), "there is no data directory "+missing+": ") {
		t.Errorf("got %v", err)
	}

	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(file)
	if err == nil || !strings.Contains(err.Error(), "data directory "+file) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}

	// A directory in the lock file's place fails for everybody, root too, and
	// stands for all that the system may say.
	taken := t.TempDir()
	if err := os.Mkdir(filepath.Join(taken, Name), 0o700); err != nil {
		t.Fatal(err)
	}
	_, err = Acquire(taken)
	if err == nil || !strings.HasPrefix(err.Error(), "the data directory "+taken+" can not be ") {
		t.Errorf("got %v", err)
	}
}

func TestNoRights(t *testing.T) {
	err := failure("/data", &fs.PathError{Op: "open", Path: "/data/kefu.lock", Err: fs.ErrPermission})
	if want := "the data directory /data can not be written by this user: permission denied"; err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
	if !errors.Is(err, fs.ErrPermission) {
		t.Error("the system's error is lost")
	}
}
