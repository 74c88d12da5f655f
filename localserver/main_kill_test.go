package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/core/wire"
)

// TestKill kills a server again and again while visitors and agents talk,
// restarts it on the same data, and holds what they saw against the log that
// is left, by the promises of delivery.md.
func TestKill(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv("KEFU_TEST_SEED"), 10, 64); err == nil {
		seed = v
	}
	t.Logf("KEFU_TEST_SEED=%d", seed)
	rng := rand.New(rand.NewPCG(seed, 2))
	kills := 8
	if testing.Short() {
		kills = 3
	}

	n := &nemesis{t: t, dir: t.TempDir()}
	w := &world{history: newHistory(), start: time.Now(), url: n.socket}
	n.start()
	clients := n.people(w, seed)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for _, c := range clients {
		all.Go(func() { c.run(ctx) })
	}
	talking := true
	for k := 0; k < kills && talking; k++ {
		talking = n.await("they talk", w.acks.Load()+20+rng.Int64N(200), w.acks.Load)
		n.kill()
		if k%3 == 2 { // and once more before it is up
			n.spawn()
			<-time.After(time.Duration(rng.IntN(200)) * time.Millisecond)
			n.kill()
		}
		n.start()
	}
	n.await("they talk on", w.acks.Load()+100, w.acks.Load)
	w.quiet.Store(true)
	n.await("everything is answered", int64(len(clients)), func() (idle int64) {
		for _, c := range clients {
			if c.idle.Load() {
				idle++
			}
		}
		return idle
	})
	w.settling.Store(true)
	tooLong := time.AfterFunc(30*time.Second, cancel)
	all.Wait()
	if !tooLong.Stop() {
		t.Error("promise 19: some never got all that was said")
	}
	logs := n.logs()
	n.stop()

	for _, f := range w.history.check(logs) {
		t.Error(f)
	}
	if len(w.history.epochs) != 1 {
		t.Errorf("a crash is no restore, but there were %d epochs", len(w.history.epochs))
	}
	n.enough(w.history, logs, kills)
}

// nemesis has a server in its hands. Its methods end the test if what they do
// fails.
type nemesis struct {
	t     *testing.T
	dir   string
	url   atomic.Pointer[string] // of the pages, as the banner has it
	token string                 // of the admin

	cmd    *exec.Cmd
	out    *bufio.Reader
	stderr *bytes.Buffer
}

const adminPassword = "walnut-lantern-42-meadow"

// seats of each agent: two agents for four visitors, so that whoever is online first can not hold all of them.
const seats = 2

// socket is where clients connect, now.
func (n *nemesis) socket() string { return "ws" + strings.TrimPrefix(*n.url.Load(), "http") + "/ws" }

// spawn starts a process, and does not wait until it serves.
func (n *nemesis) spawn() {
	n.t.Helper()
	n.cmd = exec.Command(os.Args[0], "--data", n.dir+"/data", "--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0")
	n.cmd.Env = append(os.Environ(), asServer+"=1", "KEFU_ADMIN_PASSWORD="+adminPassword)
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
	if _, err := n.cmd.Process.Wait(); err != nil {
		n.t.Fatal(err)
	}
}

// stop is SIGTERM, and a server that leaves in order.
func (n *nemesis) stop() {
	n.t.Helper()
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		n.t.Fatal(err)
	}
	if state, err := n.cmd.Process.Wait(); err != nil || state.ExitCode() != exitOK {
		n.t.Errorf("it left with %v, %v\n%s", state, err, n.stderr)
	}
}

// await polls until a count is reached, and returns whether it was.
func (n *nemesis) await(what string, count int64, now func() int64) bool {
	n.t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(time.Minute)
	for now() < count {
		select {
		case <-tick.C:
		case <-limit:
			n.t.Errorf("it never happened: %s: %d of %d\n%s", what, now(), count, n.stderr)
			return false
		}
	}
	return true
}

// people are four visitors, one of them with a second tab, and two agents.
func (n *nemesis) people(w *world, seed uint64) []*client {
	n.t.Helper()
	n.token = n.login("admin")
	var all []*client
	for i := range 4 {
		c := newClient(w, fmt.Sprintf("v%d", i), seed+uint64(i))
		c.token = n.visitorToken(w)
		all = append(all, c)
	}
	tab := newClient(w, "v0tab", seed+10)
	tab.token, tab.mute = all[0].token, true
	all = append(all, tab)
	for i := range 2 {
		c := newClient(w, fmt.Sprintf("a%d-agent", i), seed+20+uint64(i))
		n.call(http.MethodPost, "/v1/agents", map[string]any{"name": c.name, "password": adminPassword, "capacity": seats}, nil)
		c.token = n.login(c.name)
		all = append(all, c)
	}
	return all
}

// visitorToken is what a visitor gets who comes for the first time.
func (n *nemesis) visitorToken(w *world) string {
	n.t.Helper()
	conn, _, err := websocket.Dial(n.t.Context(), w.url(), nil)
	if err != nil {
		n.t.Fatal(err)
	}
	defer conn.CloseNow()
	if err := conn.Write(n.t.Context(), websocket.MessageText, []byte(`{"type":"hello","v":1,"origin":"first-visit"}`)); err != nil {
		n.t.Fatal(err)
	}
	_, m, err := conn.Read(n.t.Context())
	var welcome wire.VisitorWelcome
	if err != nil || json.Unmarshal(m, &welcome) != nil || welcome.Token == "" {
		n.t.Fatalf("%v: %s", err, m)
	}
	return welcome.Token
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

// logs reads every conversation to its end, as the admin.
func (n *nemesis) logs() map[string][]entry {
	n.t.Helper()
	var list struct{ Conversations []wire.Head }
	n.call(http.MethodGet, "/v1/conversations?limit=100", nil, &list)
	logs := map[string][]entry{}
	for _, c := range list.Conversations {
		for more := true; more; {
			var page wire.Events
			n.call(http.MethodGet, fmt.Sprintf("/v1/conversations/%s/events?after=%d&limit=100", c.ID, len(logs[c.ID])), nil, &page)
			for _, e := range page.Events {
				logs[c.ID] = append(logs[c.ID], entryOf(e))
			}
			more = page.More
		}
	}
	return logs
}

// enough fails the test if too little happened to mean anything.
func (n *nemesis) enough(h *history, logs map[string][]entry, kills int) {
	n.t.Helper()
	events, notes := 0, 0
	authors := map[party]int{}
	for _, log := range logs {
		events += len(log)
		for _, e := range log {
			authors[e.by]++
			if e.internal {
				notes++
			}
		}
	}
	outcomes := map[outcome]int{}
	for _, s := range h.sends {
		outcomes[s.outcome]++
	}
	n.t.Logf("%d kills, %d sends (%d acked, %d refused, %d unknown), %d events (%d internal) in %d logs, by %v, %d resumptions, %d arrivals",
		kills, len(h.sends), outcomes[acked], outcomes[refused], outcomes[unknown], events, notes, len(logs), authors, len(h.resumed), len(h.arrivals))
	if len(logs) != 4 || outcomes[acked] < 50*kills || outcomes[unknown] > 0 || notes == 0 || len(authors) < 7 || len(h.resumed) < 4*kills {
		n.t.Error("that is not enough to go by")
	}
}
