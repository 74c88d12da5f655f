package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cli runs a command in this process with something on standard input.
func cli(t *testing.T, stdin string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, err bytes.Buffer
	code = call{args: args, stdin: strings.NewReader(stdin), stdout: &out, stderr: &err, now: time.Now}.command(t.Context())
	return code, out.String(), err.String()
}

// says expects a command to end with that code, one line on standard error if it
// failed, and a word on either.
func says(t *testing.T, code int, word string, args ...string) (stdout string) {
	t.Helper()
	got, stdout, stderr := cli(t, "", args...)
	lines := min(code, 1)
	if got != code || !strings.Contains(stdout+stderr, word) || strings.Count(stderr, "\n") != lines {
		t.Errorf("kefu %s: exit %d, %q, %q; want exit %d and %q", strings.Join(args, " "), got, stdout, stderr, code, word)
	}
	return stdout
}

func TestCommands(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kefu.yaml")
	if err := os.WriteFile(file, []byte("listen: ':80'\nlog:\n  level: warn\ndatabase: postgres://u:walnut@db/kefu\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	broken := filepath.Join(dir, "broken.yaml")
	if err := os.WriteFile(broken, []byte("listn: ':80'\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, help := range [][]string{{"help"}, {"backup", "--help"}, {"config", "-h"}} {
		says(t, exitOK, "Usage: kefu", help...)
	}
	says(t, exitOK, "kefu ", "version")
	for _, strange := range [][]string{{"serve"}, {"backup"}, {"backup", "a", "b"}, {"config"}, {"config", "show", "--config", file}, {"agent", "add"}, {"agent", "delete", "mia"}, {"bakcup", "x"}} {
		says(t, exitMisconfigured, "there is no command "+strings.Join(strange[:min(len(strange), 2)], " "), strange...)
	}
	says(t, exitOK, "the configuration is good", "config", "check", "--config", file)
	says(t, exitMisconfigured, broken+":1: listn: unknown key; did you mean listen?", "config", "check", "--config", broken)
	says(t, exitMisconfigured, "the certificate can not be used: "+dir+"/a.pem", "config", "check", "--tls.cert", dir+"/a.pem", "--tls.key", dir+"/a.key")
	printed := says(t, exitOK, file+":3", "config", "print", "--config", file)
	if !strings.Contains(printed, "postgres://u@db/kefu") || strings.Contains(printed, "walnut") {
		t.Errorf("printed is %s", printed)
	}
	if schema := says(t, exitOK, "$schema", "config", "schema"); !json.Valid([]byte(schema)) {
		t.Error("the schema is no JSON")
	}
	says(t, exitFailed, "copy it with pg_dump", "backup", dir+"/copy", "--config", file)
	says(t, exitFailed, "put it back with pg_restore", "restore", dir+"/copy", "--config", file)
	says(t, exitFailed, "there is no database in "+dir, "backup", dir+"/copy", "--data", dir)
	says(t, exitFailed, "/copy can not be read: no such file", "restore", dir+"/copy", "--data", dir)
	says(t, exitFailed, "there is no data directory "+dir+"/none; --data says where it is", "agent", "add", "mia", "--data", dir+"/none")
	says(t, exitMisconfigured, "--nonsense: unknown flag", "agent", "add", "mia", "--data", dir, "--nonsense")
	says(t, exitMisconfigured, "doctor wants the public address", "doctor", "chat.example.com")
	says(t, exitMisconfigured, "doctor takes", "doctor", "http://localhost", "--data", dir)
}

// What an operator does with a data directory: a copy of the running system, an
// account, the copy put back; and each of them says what is in its way.
func TestOperations(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	data, file := n.dir+"/data", n.dir+"/copy.db"
	n.start()
	n.token = n.login("admin")
	n.call("POST", "/v1/agents", map[string]string{"name": "early", "password": adminPassword}, nil)
	says(t, exitOK, "every page of it was checked", "backup", file, "--data", data)
	says(t, exitFailed, file+" exists, and nothing is overwritten", "backup", file, "--data", data)
	for _, command := range [][]string{{"restore", file}, {"import", file}} {
		says(t, exitFailed, "is used by another server (pid ", append(command, "--data", data)...)
		says(t, exitFailed, "; stop it first", append(command, "--data", data)...)
	}
	// An account is made, and another locked out, beside the server that runs.
	says(t, exitOK, "the password of Bea is ", "agent", "add", "Bea", "--data", data)
	said := says(t, exitOK, "the password of bea is ", "agent", "passwd", "bea", "--data", data)
	beas, _, _ := strings.Cut(strings.TrimPrefix(said, "the password of bea is "), "\n")
	n.call("POST", "/v1/login", map[string]string{"name": "bea", "password": beas}, nil)
	n.call("POST", "/v1/agents", map[string]string{"name": "late", "password": adminPassword}, nil)
	n.stop()

	says(t, exitOK, "clients start afresh", "restore", file, "--data", data)
	out := says(t, exitOK, "the password of Mia is ", "agent", "add", "Mia", "--supervisor", "--data", data)
	says(t, exitFailed, `the agent "mia" can not be stored: `, "agent", "add", "mia", "--data", data)
	says(t, exitFailed, `there is no agent "late"`, "agent", "passwd", "late", "--data", data) // it came after the copy
	if code, _, stderr := cli(t, "short\n", "agent", "passwd", "early", "--password-stdin", "--data", data); code != exitFailed || !strings.Contains(stderr, "password") {
		t.Errorf("a bad password: %d, %s", code, stderr)
	}
	if code, _, stderr := cli(t, "", "agent", "passwd", "early", "--password-stdin", "--data", data); code != exitFailed || !strings.Contains(stderr, "no password came on standard input") {
		t.Errorf("no password: %d, %s", code, stderr)
	}
	const other = "copper-kettle-17-harbour"
	if code, stdout, stderr := cli(t, other+"\n", "agent", "passwd", "early", "--password-stdin", "--data", data); code != exitOK || stdout+stderr != "" {
		t.Errorf("another password: %d, %s %s", code, stdout, stderr)
	}

	n.start()
	defer n.stop()
	password, _, _ := strings.Cut(strings.TrimPrefix(out, "the password of Mia is "), "\n")
	var mia struct{ Agent struct{ Role string } }
	n.call("POST", "/v1/login", map[string]string{"name": "mia", "password": password}, &mia)
	if mia.Agent.Role != "supervisor" {
		t.Errorf("her role is %q", mia.Agent.Role)
	}
	n.call("POST", "/v1/login", map[string]string{"name": "early", "password": other}, nil)
}
