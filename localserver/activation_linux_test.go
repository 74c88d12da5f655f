package main

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// A server takes the socket that systemd has opened, whatever listen says; who
// connects before it runs waits and is answered.
func TestSocketActivation(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	early, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer early.Close()
	if _, err := io.WriteString(early, "GET /v1/openapi.json HTTP/1.1\r\nHost: kefu\r\nConnection: close\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	file, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	// The shell knows its own number, which exec keeps, as systemd does.
	start := func(names string) (*exec.Cmd, io.Reader, io.Reader) {
		t.Helper()
		cmd := exec.Command("sh", "-c", `LISTEN_PID=$$ exec "$0" "$@"`, os.Args[0], "--data", t.TempDir(), "--listen", "127.0.0.1:1", "--ops", "127.0.0.1:0")
		cmd.Env = append(os.Environ(), asServer+"=1", "KEFU_ADMIN_PASSWORD="+adminPassword, "LISTEN_FDS=1", "LISTEN_FDNAMES="+names)
		cmd.ExtraFiles = []*os.File{file}
		out, err := cmd.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		bad, err := cmd.StderrPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = cmd.Process.Kill() })
		return cmd, out, bad
	}
	cmd, out, _ := start("kefu.socket") // systemd's name where the unit has none
	banner := bufio.NewReader(out)
	for {
		line, err := banner.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(line, fmt.Sprintf("http://%s/demo/", l.Addr())) {
			break
		}
	}
	go io.Copy(io.Discard, banner)
	answer, err := http.ReadResponse(bufio.NewReader(early), nil)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("who came early got %v, %v", answer, err)
	} else {
		_ = answer.Body.Close()
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it left with %v", err)
	}
}
