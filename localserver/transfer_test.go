package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kefu/localserver/internal/pgtest"
)

// A desk goes from SQLite to PostgreSQL and back, and is the same each time;
// what another system kept is added to it first, while it runs.
func TestTransfer(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	data := n.dir + "/data"
	n.start()
	n.token = n.login("admin")
	n.call("POST", "/v1/agents", map[string]string{"name": "early", "password": adminPassword}, nil)
	csv := filepath.Join(n.dir, "old.csv")
	if err := os.WriteFile(csv, []byte("time,visitor,agent,text\n2025-03-01 10:00:00,u7,,hello\n2025-03-01 10:00:09,u7,mia,welcome\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, "1 conversations with 2 messages and 1 agents", "import", csv, "--from", "csv", "--dry-run", "--data", data)
	says(t, exitFailed, `there is no site "shop"`, "import", csv, "--from", "csv", "--site", "shop", "--data", data)
	says(t, exitOK, "added 1 conversations with 4 events and 1 disabled accounts; 0", "import", csv, "--from=csv", "--data", data)
	says(t, exitOK, "added 0 conversations with 0 events and 0 disabled accounts; 1", "import", csv, "--from=csv", "--data", data)
	says(t, exitMisconfigured, "there are csv and go-fly", "import", csv, "--from", "zendesk", "--data", data)
	says(t, exitFailed, "this is no dump of go-fly", "import", csv, "--from", "go-fly", "--data", data)

	first := filepath.Join(n.dir, "first.kefu")
	digest := digestIn(t, says(t, exitOK, "1 conversations with 4 events", "export", first, "--data", data))
	says(t, exitFailed, "nothing is overwritten", "export", first, "--data", data)
	n.stop()
	says(t, exitFailed, "there is a database in", "import", first, "--data", data)
	says(t, exitOK, "is whole and has 1 conversations", "import", first, "--dry-run", "--data", data)
	says(t, exitFailed, "no file of kefu export", "import", csv, "--data", n.dir+"/none")

	config := filepath.Join(n.dir, "postgres.yaml")
	if err := os.WriteFile(config, []byte("database: "+pgtest.Database(t)+"\ndata: "+n.dir+"/pg\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	says(t, exitOK, digest, "import", first, "--config", config)
	says(t, exitFailed, "there is a desk in that database already", "import", first, "--config", config)
	second := filepath.Join(n.dir, "second.kefu")
	says(t, exitOK, digest, "export", second, "--config", config)

	n.dir = t.TempDir()
	says(t, exitOK, digest, "import", second, "--data", n.dir+"/data")
	n.start()
	defer n.stop()
	n.token = n.login("early") // with the password of then
	if left, err := filepath.Glob(n.dir + "/data/import-*"); err != nil || len(left) > 0 {
		t.Errorf("left over: %v, %v", left, err)
	}
}

func digestIn(t *testing.T, told string) string {
	t.Helper()
	_, digest, ok := strings.Cut(strings.TrimSpace(told), "its digest is ")
	if !ok || len(digest) != 64 {
		t.Fatalf("no digest in %q", told)
	}
	return digest
}
