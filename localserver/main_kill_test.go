package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"kefu/core/hosttest"
)

// TestKill kills a server again and again while visitors and agents talk,
// restarts it on the same data, and holds what they saw against the log that
// is left, by the promises of delivery.md: see hosttest.Crashes.
func TestKill(t *testing.T) {
	kills := 8
	if testing.Short() {
		kills = 3
	}
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	hosttest.Crashes(t, n.host(), kills)
	n.stop()
}

// TestLeave has a server leave in order while visitors and agents talk: see
// hosttest.Leaves.
func TestLeave(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	hosttest.Leaves(t, n.host())
	n.stop()
}

// host is the server as the suite of every host drives it.
func (n *nemesis) host() hosttest.Host {
	kills := 0
	return hosttest.Host{
		URL: *n.url.Load(), Admin: "admin", Password: adminPassword, Profile: profile(),
		Restart: func(t *testing.T) string {
			n.kill()
			if kills++; kills%3 == 0 { // and once more before it is up
				n.spawn()
				<-time.After(time.Duration(kills*37%200) * time.Millisecond)
				n.kill()
			}
			n.start()
			return *n.url.Load()
		},
		Leave: func(t *testing.T) string {
			n.stop()
			n.start()
			return *n.url.Load()
		},
	}
}

// nemesis has a server in its hands. Its methods end the test if what they do
// fails.
type nemesis struct {
	t     *testing.T
	dir   string
	url   atomic.Pointer[string] // of the pages, as the banner has it
	token string                 // of the admin
	env   []string               // more of the environment of each process

	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr *bytes.Buffer
}

const adminPassword = "walnut-lantern-42-meadow"

// socket is where clients connect, now.
func (n *nemesis) socket() string { return "ws" + strings.TrimPrefix(*n.url.Load(), "http") + "/ws" }

// spawn starts a process, and does not wait until it serves.
func (n *nemesis) spawn() {
	n.t.Helper()
	n.cmd = exec.Command(os.Args[0], "--data", n.dir+"/data", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	n.cmd.Env = append(append(os.Environ(), asServer+"=1", "KEFU_ADMIN_PASSWORD="+adminPassword), n.env...)
	n.stderr = &bytes.Buffer{}
	n.cmd.Stderr = n.stderr
	out, err := n.cmd.StdoutPipe()
	if err == nil {
		n.out = bufio.NewReader(out)
		err = n.cmd.Start()
	}
	if err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = n.cmd.Process.Kill() }) // whatever the test came to
}

// start starts a process, and returns once it serves.
func (n *nemesis) start() {
	n.t.Helper()
	n.spawn()
	for {
		line, err := n.out.ReadString('\n')
		if err != nil {
			n.t.Fatalf("the server did not start: %v\n%s", err, n.stderr)
		}
		if _, rest, ok := strings.Cut(line, "http://"); ok {
			url := "http://" + strings.TrimSuffix(strings.TrimSpace(rest), "/demo/")
			n.url.Store(&url)
			break
		}
	}
	go io.Copy(io.Discard, n.out) // ends with the process
}

// kill is kill -9.
func (n *nemesis) kill() {
	n.t.Helper()
	if err := n.cmd.Process.Kill(); err != nil {
		n.t.Fatalf("it was gone already: %v\n%s", err, n.stderr)
	}
	if err := n.cmd.Wait(); n.cmd.ProcessState == nil {
		n.t.Fatal(err)
	}
}

// stop is SIGTERM, and a server that leaves in order.
func (n *nemesis) stop() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
	if err := n.cmd.Wait(); err != nil { // and all that it wrote is in stderr
		n.t.Errorf("it left with %v\n%s", err, n.stderr)
	}
}

func (n *nemesis) login(name string) string {
	n.t.Helper()
	var answer struct{ Token string }
	n.call(http.MethodPost, "/v1/login", map[string]string{"name": name, "password": adminPassword}, &answer)
	return answer.Token
}

// call is a request of the HTTP API that must succeed.
func (n *nemesis) call(method, path string, body, answer any) {
	n.t.Helper()
	var data []byte
	if body != nil {
		var err error
		if data, err = json.Marshal(body); err != nil {
			n.t.Fatal(err)
		}
	}
	req, err := http.NewRequestWithContext(n.t.Context(), method, *n.url.Load()+path, bytes.NewReader(data))
	if err != nil {
		n.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+n.token)
	defer http.DefaultClient.CloseIdleConnections()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		n.t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode >= 300 {
		n.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, got, err)
	}
	if answer != nil {
		if err := json.Unmarshal(got, answer); err != nil {
			n.t.Fatalf("%s %s: %v: %s", method, path, err, got)
		}
	}
}
