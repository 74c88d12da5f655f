package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// The way of each event, from the store alone and with the log of the server
// that is running; what was said is in neither.
func TestTrace(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir(), env: []string{"KEFU_LOG_LEVEL=debug", "KEFU_LOG_FORMAT=json"}}
	data := n.dir + "/data"
	n.start()
	vi := n.join("")
	for i, text := range []string{"a secret between us", "and one more"} {
		vi.tell("", text)
		vi.hear(fmt.Sprintf(`"n":%d`, i+1))
	}
	id := vi.id
	out := says(t, exitOK, "session 1 is waiting", "trace", id, "--data", data)
	if !regexp.MustCompile(`(?m)^ +\d+  \S+Z  text +visitor +\S+#1 `).MatchString(out) {
		t.Errorf("the store says\n%s", out)
	}
	vi.close()
	n.stop() // and nobody writes to the log any more
	log := filepath.Join(n.dir, "log.json")
	if err := os.WriteFile(log, n.stderr.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	out = says(t, exitOK, "received ", "trace", id, "--log", log, "--data", data)
	if !regexp.MustCompile(`(?m)text .*#2 +received [0-9:.]+, committed \+[0-9.]+ms, pushed \+[0-9.]+ms to 0, acknowledged \+[0-9.]+ms$`).MatchString(out) {
		t.Errorf("with the log\n%s", out)
	}
	if whole := out + n.stderr.String(); strings.Contains(whole, "secret") || strings.Contains(whole, "one more") {
		t.Error("what was said shows")
	}
	out = says(t, exitOK, "session 1", "trace", id, "--after", "2", "--data", data)
	if strings.Contains(out, "#1 ") || !strings.Contains(out, "#2") {
		t.Errorf("after 2\n%s", out)
	}
	says(t, exitFailed, "there is no conversation c_none", "trace", "c_none", "--data", data)
	says(t, exitFailed, "the log can not be read", "trace", id, "--log", log+".none", "--data", data)
	if err := os.WriteFile(log, []byte("time=2026 level=INFO msg=serving\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitFailed, "the log is not in JSON", "trace", id, "--log", log, "--data", data)
}
