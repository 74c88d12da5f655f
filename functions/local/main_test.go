package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"kefu/functions/local/edge"
)

// beMain has the test binary be the command.
const beMain = "KEFU_TEST_BE_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(beMain) != "" {
		main()
		return
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	dir, err := os.MkdirTemp("", "kefu-functions-")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	built = sync.OnceValues(func() (string, error) { return dir, buildTo(dir) })
	return m.Run()
}

// TestParse: what the flags make of it, and what they do not take.
func TestParse(t *testing.T) {
	o, err := parse([]string{"--listen", ":80", "--data", "here", "--faults", "crash=1", "--seed", "9", "--environments", "3", "--sweep", "2s", "--loopback"}, io.Discard)
	if err != nil || o.Listen != ":80" || o.Data != "here" || o.Environments != 3 || o.Sweep != 2*time.Second || !o.Loopback || !o.Faults.Hit(edge.Crash) || o.Faults.Hit(edge.Vanish) {
		t.Errorf("%+v, %v", o, err)
	}
	for args, says := range map[string]string{
		"now": `"now"`, "--faults rain=1": "there is no fault", "--faults crash=2": "probability", "--environments 0": "at least 1",
		"--sweep 1ms": "at least 100ms", "--seed x": "seed", "--colour red": "not defined",
	} {
		var said bytes.Buffer
		if code := run(t.Context(), strings.Fields(args), os.Getenv, os.Environ, io.Discard, &said); code != exitMisused || !strings.Contains(said.String(), says) {
			t.Errorf("%s: %d, %s", args, code, said.String())
		}
	}
	var help bytes.Buffer
	if code := run(t.Context(), []string{"--help"}, os.Getenv, os.Environ, io.Discard, &help); code != exitOK || !strings.Contains(help.String(), "-faults name=probability") {
		t.Errorf("--help: %d, %s", code, help.String())
	}
}

// TestNotHere: outside of the repository there is nothing to start.
func TestNotHere(t *testing.T) {
	t.Chdir(t.TempDir())
	var said bytes.Buffer
	if code := run(t.Context(), nil, os.Getenv, os.Environ, io.Discard, &said); code != exitFailed || !strings.Contains(said.String(), "repository") {
		t.Errorf("%d: %s", code, said.String())
	}
}

// TestBanner: where to look, in the language of whoever started it.
func TestBanner(t *testing.T) {
	for lang, words := range map[string]string{"": "Demo page", "de_DE.UTF-8": "Demo page", "zh_CN.UTF-8": "演示页面"} {
		got := banner(lang, "http://127.0.0.1:8080", "secret-words")
		for _, want := range []string{words, "http://127.0.0.1:8080/demo/", "http://127.0.0.1:8080/console/", "secret-words", "admin"} {
			if !strings.Contains(got, want) {
				t.Errorf("%q: no %q in %s", lang, want, got)
			}
		}
	}
	if strings.Contains(banner("", "u", ""), "admin") {
		t.Error("there is nothing to show")
	}
}

// TestReadable: logs as people read them.
func TestReadable(t *testing.T) {
	var out bytes.Buffer
	r := &readable{out: &out}
	for _, line := range []string{
		`[socket 3] {"time":"2026-11-23T10:00:00.123Z","level":"WARN","msg":"a push failed","n":2,"error":"no way"}`,
		`[http 2] {"timestamp":"2026-11-23T10:00:01Z","level":"INFO","message":"served"}`,
		`[socket 3] {"_aws":{},"sent":1}`,
		`[http 1] panic: what now`,
		`nobody said this`,
	} {
		if n, err := io.WriteString(r, line+"\n"); n != len(line)+1 || err != nil {
			t.Error(n, err)
		}
	}
	want := "10:00:00.123 socket 3 WARN a push failed error=no way n=2\n10:00:01.000 http 2 INFO served\n[http 1] panic: what now\nnobody said this\n"
	if out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

// command is a running functions/local.
type command struct {
	*exec.Cmd
	url, password string
	out           *bufio.Reader
}

// start starts the command in a process of its own, and reads its banner.
func start(t *testing.T, args ...string) *command {
	t.Helper()
	c := &command{Cmd: exec.CommandContext(context.WithoutCancel(t.Context()), os.Args[0], append([]string{"--listen", "127.0.0.1:0", "--dist", dist(t)}, args...)...)}
	c.Env, c.Stderr = append(os.Environ(), beMain+"=1", "LC_ALL=C", "KEFU_ADMIN_PASSWORD="), t.Output()
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Process.Kill() }) // it may have ended
	c.out = bufio.NewReader(stdout)
	c.url = c.reads(t, `Console +(http://.*)/console/`)
	c.password = c.reads(t, `password +(\S+)`)
	return c
}

func (c *command) reads(t *testing.T, pattern string) string {
	t.Helper()
	for {
		line, err := c.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%q was not said: %v", pattern, err)
		}
		if found := regexp.MustCompile(pattern).FindStringSubmatch(line); found != nil {
			return found[1]
		}
	}
}

// TestSignals: SIGINT ends it in order, SIGKILL at once; either way nothing of
// it is left: no function, no database.
func TestSignals(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("who is whose child is read from /proc")
	}
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			c := start(t)
			children := childrenOf(t, c.Process.Pid)
			if len(children) < 2 {
				t.Fatalf("a function and a database should run: %v", children)
			}
			if err := c.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			err := c.Wait()
			if inOrder := signal != syscall.SIGKILL; (err == nil) != inOrder {
				t.Errorf("it ended with %v", err)
			}
			within(t, "all have gone", func() bool {
				return !slices.ContainsFunc(children, func(pid int) bool { return alive(pid) })
			})
		})
	}
}

// childrenOf reads who has a parent.
func childrenOf(t *testing.T, parent int) (pids []int) {
	t.Helper()
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range stats {
		if pid, of := readStat(name); of == parent {
			pids = append(pids, pid)
		}
	}
	return pids
}

// readStat reads a process and its parent; one that has gone has neither.
func readStat(name string) (pid, parent int) {
	data, err := os.ReadFile(name)
	if err != nil {
		return 0, 0
	}
	before, after, _ := strings.Cut(string(data), " (")
	pid, _ = strconv.Atoi(before)
	if i := strings.LastIndex(after, ") "); i >= 0 {
		if words := strings.Fields(after[i+2:]); len(words) > 1 {
			parent, _ = strconv.Atoi(words[1])
		}
	}
	return pid, parent
}

func alive(pid int) bool {
	data, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	return err == nil && !strings.Contains(string(data), ") Z ") // one that nobody waits for has ended all the same
}

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(15 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it never happened: %s", what)
		}
	}
}
