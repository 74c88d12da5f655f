package main

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A terminal that is closed sends SIGHUP, and nobody reads what is written to it
// any more. Neither ends a server; what it was told to read, it has read.
func TestClosedTerminal(t *testing.T) {
	dir := t.TempDir()
	file := dir + "/kefu.yaml"
	if err := os.WriteFile(file, []byte("limits: {connections: 5}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0], "--config", file, "--data", dir+"/data", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	cmd.Env = append(os.Environ(), asServer+"=1")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	metrics := ""
	for lines := bufio.NewScanner(stdout); metrics == "" && lines.Scan(); {
		if _, url, ok := strings.Cut(lines.Text(), "http://"); ok && strings.HasSuffix(url, "/readyz") {
			metrics = "http://" + strings.TrimSuffix(url, "readyz") + "metrics"
		}
	}
	_, _ = stdout.Close(), stderr.Close()
	for range 5 {
		if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
			t.Fatal(err)
		}
	}
	defer http.DefaultClient.CloseIdleConnections()
	for limit := time.Now().Add(10 * time.Second); ; {
		res, err := http.Get(metrics)
		if err != nil {
			t.Fatalf("it is gone: %v", err)
		}
		text, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err == nil && strings.Contains(string(text), `kefu_config_reloads_total{result="ok"}`) {
			break
		}
		if time.Now().After(limit) {
			t.Fatalf("it did not read its configuration again:\n%s", text)
		}
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it left with %v", err)
	}
}
