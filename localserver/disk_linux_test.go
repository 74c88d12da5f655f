package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A disk that fills up under a server: who writes is told unavailable and
// /readyz says so; nobody is dropped and history can be read. When there is room
// it goes on by itself, the same message is stored once, and after kill -9 all
// that was acknowledged is there.
func TestDiskFull(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	data := n.dir + "/data"
	if err := os.Mkdir(data, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", data, "tmpfs", 0, "size=16m"); err != nil {
		t.Skip("this user may not mount a small disk: ", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(data, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	n.start()
	n.token = n.login("admin")
	vi := n.join("")
	vi.tell("", "there is room")
	vi.hear(`"n":1`)
	ballast := filepath.Join(data, "ballast")
	fill(t, ballast)
	wide := strings.Repeat("wide ", 700)
	said, refused := 1, false
	for said < 400 && !refused { // what SQLite has room for in its log is stored yet
		said++
		vi.sent = said - 1
		vi.tell("", fmt.Sprint(said, wide))
		refused = strings.Contains(string(vi.hear(fmt.Sprintf(`"n":%d`, said))), `"code":"unavailable"`)
	}
	if !refused {
		t.Fatal("a full disk takes everything")
	}
	vi.say(map[string]any{"type": "before", "seq": 5})
	vi.hear("there is room")
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	stored := false
	for deadline := time.Now().Add(time.Minute); !stored && time.Now().Before(deadline); {
		vi.sent = said - 1
		vi.tell("", fmt.Sprint(said, wide))
		stored = strings.Contains(string(vi.hear(fmt.Sprintf(`"n":%d`, said))), `"type":"ack"`)
	}
	if !stored {
		t.Fatal("it does not go on when there is room")
	}
	n.kill()
	n.start()
	defer n.stop()
	n.token = n.login("admin")
	var log struct {
		Events []struct{ Body struct{ Kind, Text string } }
	}
	texts, after := map[string]int{}, 0
	for more := true; more; {
		n.call(http.MethodGet, fmt.Sprintf("/v1/conversations/%s/events?limit=50&after=%d", vi.id, after), nil, &log)
		more = len(log.Events) > 0
		after += len(log.Events)
		for _, e := range log.Events {
			if e.Body.Kind == "text" {
				number, _, _ := strings.Cut(e.Body.Text, "wide")
				texts[number]++
			}
		}
		log.Events = nil
	}
	for i := 2; i <= said; i++ {
		if texts[fmt.Sprint(i)] != 1 {
			t.Errorf("message %d is there %d times", i, texts[fmt.Sprint(i)])
		}
	}
}

// fill writes a file until the disk is full.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, size := range []int{1 << 20, 4 << 10, 1} {
		for block := make([]byte, size); err == nil; {
			_, err = f.Write(block)
		}
		err = nil
	}
}
