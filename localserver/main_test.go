package main

import (
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"kefu/localserver/internal/collector"
	"kefu/localserver/internal/lock"
	"kefu/localserver/internal/pgtest"
)

// asServer in the environment makes the test binary be the command.
const asServer = "KEFU_TEST_AS_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(asServer) != "" {
		main()
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		pgtest.Stop()
		os.Exit(code)
	}))
}

// command runs the command in this process, on any ports unless told others.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = run(t.Context(), args, []string{"KEFU_LISTEN=127.0.0.1:0", "KEFU_OPS=127.0.0.1:0", "KEFU_DATA=" + t.TempDir() + "/data"}, &out, &err)
	return code, out.String(), err.String()
}

func TestQuestions(t *testing.T) {
	for arg, want := range map[string]string{"--version": "kefu ", "--help": "Usage: kefu ", "-h": "Usage: kefu "} {
		if code, stdout, stderr := command(t, arg); code != exitOK || !strings.HasPrefix(stdout, want) || stderr != "" {
			t.Errorf("%s: %d, %q, %q", arg, code, stdout, stderr)
		}
	}
}

// TestCollectorIsPaced: with Go's own pace a collection would come twice as often.
func TestCollectorIsPaced(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan int)
	go func() {
		environ := []string{"KEFU_LISTEN=127.0.0.1:0", "KEFU_OPS=127.0.0.1:0", "KEFU_DATA=" + t.TempDir() + "/data"}
		over <- run(ctx, nil, environ, io.Discard, io.Discard)
	}()
	sample := []metrics.Sample{{Name: "/gc/gogc:percent"}}
	late := time.After(20 * time.Second)
	for metrics.Read(sample); sample[0].Value.Uint64() < collector.Least; metrics.Read(sample) {
		select {
		case <-late:
			t.Fatalf("GOGC is %d, want %d or more", sample[0].Value.Uint64(), collector.Least)
		case <-time.After(10 * time.Millisecond):
		}
	}
	stop()
	if code := <-over; code != exitOK {
		t.Errorf("exit %d", code)
	}
}

// What keeps it from starting is said on standard error, and nothing on
// standard output.
func TestFailures(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	dir := t.TempDir()
	held, err := lock.Acquire(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := held.Release(); err != nil {
			t.Error(err)
		}
	})
	file := filepath.Join(dir, "kefu.yaml")
	if err := os.WriteFile(file, []byte("listen: 127.0.0.1:0\nlog:\n  levels: info\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		args []string
		code int
		want string
	}{
		"port in use":     {[]string{"--listen", taken.Addr().String()}, exitFailed, "kefu: the address " + taken.Addr().String() + " is in use"},
		"no directory":    {[]string{"--data", file + "/data"}, exitFailed, "kefu: the data directory " + file + "/data can not be made: not a directory"},
		"second server":   {[]string{"--data", dir}, exitFailed, "kefu: the data directory " + dir + " is used by another server"},
		"unknown key":     {[]string{"--config", file}, exitMisconfigured, file + ":3: log.levels: unknown key; did you mean log.level?"},
		"unknown flag":    {[]string{"--lisen", ":1"}, exitMisconfigured, "--lisen: unknown flag; did you mean --listen?"},
		"not an address":  {[]string{"--listen", "here"}, exitMisconfigured, "--listen: expected an address host:port"},
		"no such file":    {[]string{"--config", dir + "/none.yaml"}, exitMisconfigured, ""},
		"a shown secret":  {[]string{"--admin.password", "x"}, exitMisconfigured, ""},
		"too many places": {[]string{"--limits.connections", "0"}, exitMisconfigured, "--limits.connections: expected a whole number from 1 to"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := command(t, test.args...)
			if code != test.code || stdout != "" || !strings.HasPrefix(stderr, test.want) || strings.Count(stderr, "\n") != 1 {
				t.Errorf("exit %d, stdout %q, stderr %q; want exit %d and %s", code, stdout, stderr, test.code, test.want)
			}
		})
	}
}

// The first thing it says is the banner, without colours; a signal has it
// leave in order.
func TestBannerComesFirst(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	n.spawn()
	banner := ""
	for !strings.Contains(banner, "/readyz") {
		line, err := n.out.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after %q\n%s", err, banner, n.stderr)
		}
		banner += line
	}
	if !strings.HasPrefix(banner, "\nKefu ") || strings.Contains(banner, "\x1b") || !strings.Contains(banner, "/demo/") || !strings.Contains(banner, "/console/") {
		t.Errorf("the banner:\n%s", banner)
	}
	n.stop()
}

// Who holds on to a connection holds up the first signal, not the second.
func TestSecondSignal(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	conn, _, err := websocket.Dial(t.Context(), n.socket(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	signal := func() {
		if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
	}
	signal()
	if _, bye, err := conn.Read(t.Context()); err != nil || !strings.HasPrefix(string(bye), `{"type":"bye","code":4000,`) {
		t.Fatalf("%v: %s", err, bye)
	}
	begun := time.Now()
	signal() // and conn reads no further, so it does not agree to the close
	state, err := n.cmd.Process.Wait()
	if err != nil {
		t.Fatal(err)
	}
	if took := time.Since(begun); took > 3*time.Second || state.ExitCode() == exitOK {
		t.Errorf("it left after %s with %v", took, state)
	}
}
