package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/wire"
)

// What was found in go-fly, as tests: those that need a real server. The others
// are in core/desk.
func TestGoFly(t *testing.T) {
	t.Parallel()
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	n.token = n.login("admin")
	n.call(http.MethodPost, "/v1/agents", map[string]any{"name": "amy", "password": adminPassword, "capacity": 5}, nil)
	vi := n.join("")
	vi.tell("", "my number is 42")
	vi.hear(`"type":"ack"`)
	for name, test := range map[string]func(*testing.T, *nemesis, *person){
		"history is read without a login":     noLogin,
		"anyone registers":                    noRegister,
		"the list of agents has their hashes": noHashes,
		"a page of any origin may ask":        noCORS,
		"stored script runs in a page":        noScript,
		"a token in a URL is taken":           noTokenInURL,
	} {
		t.Run(name, func(t *testing.T) { test(t, n, vi) })
	}
	vi.close()
	n.stop()
}

// ask is a request of the HTTP API by anybody.
func (n *nemesis) ask(t *testing.T, method, path, body string, headers map[string]string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, *n.url.Load()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for k, v := range headers {
		req.Header.Set(k, v)
	}
	defer http.DefaultClient.CloseIdleConnections()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res, string(got)
}

func noLogin(t *testing.T, n *nemesis, vi *person) {
	for _, headers := range []map[string]string{nil, {"Authorization": "Bearer " + vi.token}, {"Authorization": "Bearer golivechat"}} {
		for _, path := range []string{"/v1/conversations", "/v1/conversations/" + vi.id, "/v1/conversations/" + vi.id + "/events", "/v1/agents", "/v1/agents/admin", "/v1/groups"} {
			if res, got := n.ask(t, http.MethodGet, path, "", headers); res.StatusCode != http.StatusUnauthorized || strings.Contains(got, "my number") {
				t.Errorf("%s with %v: %d %s", path, headers, res.StatusCode, got)
			}
		}
	}
}

func noRegister(t *testing.T, n *nemesis, vi *person) {
	const account = `{"name":"mallory","password":"walnut-lantern-43-meadow","role":"admin"}`
	for _, test := range []struct {
		token  string
		status int
	}{{"", 401}, {vi.token, 401}, {n.login("amy"), 403}} {
		if res, got := n.ask(t, http.MethodPost, "/v1/agents", account, map[string]string{"Authorization": "Bearer " + test.token}); res.StatusCode != test.status {
			t.Errorf("%d %s", res.StatusCode, got)
		}
	}
}

func noHashes(t *testing.T, n *nemesis, _ *person) {
	res, got := n.ask(t, http.MethodGet, "/v1/agents", "", map[string]string{"Authorization": "Bearer " + n.token})
	if res.StatusCode != http.StatusOK || !strings.Contains(got, "amy") || strings.Contains(got, "argon2") || strings.Contains(got, "assword") {
		t.Errorf("%d %s", res.StatusCode, got)
	}
}

func noCORS(t *testing.T, n *nemesis, _ *person) {
	foreign := map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Authorization": "Bearer " + n.token}
	res, _ := n.ask(t, http.MethodGet, "/v1/agents", "", foreign)
	if h := res.Header.Get("Access-Control-Allow-Origin") + res.Header.Get("Access-Control-Allow-Credentials"); h != "" {
		t.Errorf("a foreign page may read %q", h)
	}
	if res, got := n.ask(t, http.MethodPost, "/v1/logout", "", foreign); res.StatusCode != http.StatusForbidden {
		t.Errorf("a foreign page logs out: %d %s", res.StatusCode, got)
	}
}

// A text that is script is a string in JSON that no browser takes for a page,
// and the pages run nothing but their own files.
func noScript(t *testing.T, n *nemesis, vi *person) {
	res, got := n.ask(t, http.MethodGet, "/v1/conversations/"+vi.id+"/events", "", map[string]string{"Authorization": "Bearer " + n.token})
	if h := res.Header; !strings.Contains(got, "my number is 42") || !strings.HasPrefix(h.Get("Content-Type"), "application/json") || h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Content-Security-Policy") != "default-src 'none'; frame-ancestors 'none'" {
		t.Errorf("%d %v %s", res.StatusCode, h, got)
	}
	for _, page := range []string{"/console/", "/demo/"} {
		res, _ := n.ask(t, http.MethodGet, page, "", nil)
		csp := res.Header.Get("Content-Security-Policy")
		if res.StatusCode != http.StatusOK || !strings.Contains(csp, "default-src 'self'") || strings.Contains(csp, "unsafe") || res.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %d %s", page, res.StatusCode, csp)
		}
	}
}

// GET /ws_kefu?token= and /ws_visitor?visitor_id= are in every proxy's log.
func noTokenInURL(t *testing.T, n *nemesis, vi *person) {
	c, _, err := websocket.Dial(t.Context(), n.socket()+"?token="+n.token+"&visitor_id="+vi.id, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if err := write(t.Context(), c, `{"type":"after","conversation":"`+vi.id+`","seq":0}`); err != nil {
		t.Fatal(err)
	}
	if _, m, err := c.Read(t.Context()); err != nil || !bytes.Contains(m, []byte(`"code":"invalid"`)) {
		t.Errorf("%s %v", m, err)
	}
}

// Promise 22: who is too slow to take what is sent is closed with 4001, while
// the other tab goes on; and (promise 8) finds all of it on resuming.
func TestSlowReaderResumes(t *testing.T) {
	t.Parallel()
	n := &nemesis{t: t, dir: t.TempDir()}
	n.settings(func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 10_000, 10_000 })
	n.start()
	vi := n.join("")
	slow := n.slowTab(vi.token)
	for range 6 {
		vi.tell("", strings.Repeat("长", 3500))
		vi.hear(`"type":"ack"`)
	}
	// It asks for more than the system's buffers and our queue hold, 10 MiB, and
	// does not read. How long the server takes to notice is not known, so it
	// begins anew, with more patience, if that was too little.
	var last end
	for pause := time.Second; last.code == 0 && pause < time.Minute; pause *= 2 {
		for range 400 {
			slow.say(map[string]any{"type": "before", "seq": 12})
		}
		slow.say(map[string]any{"type": "ping"})
		<-time.After(pause)
		for range 20 {
			vi.tell("", "and more")
			vi.hear(`"type":"ack"`)
		}
		last = slow.drain()
	}
	if last.code != 4001 || last.bye != 4001 {
		t.Fatalf("the slow one is closed with %d, after bye %d", last.code, last.bye)
	}
	// It resumes from the last event that it took, and has the whole log.
	again := &person{t: t, conn: n.dial(), origin: "origin-of-slow-tab"}
	again.say(map[string]any{"type": "hello", "v": 1, "origin": again.origin, "token": vi.token, "after": last.seq, "epoch": vi.epoch})
	w := again.welcome()
	seqs := numbers(w.Events)
	for more := w.More; more; {
		again.say(map[string]any{"type": "after", "seq": seqs[len(seqs)-1]})
		var page wire.Events
		if err := json.Unmarshal(again.hear(`"type":"events"`), &page); err != nil {
			t.Fatal(err)
		}
		seqs, more = append(seqs, numbers(page.Events)...), page.More
	}
	var want []uint64
	for seq := last.seq + 1; seq <= w.Conversation.Seq; seq++ {
		want = append(want, seq)
	}
	if w.Reset || len(want) < 10 || !slices.Equal(seqs, want) {
		t.Errorf("resumed after %d of %d, reset %v: %v", last.seq, w.Conversation.Seq, w.Reset, seqs)
	}
	vi.close()
	again.close()
	n.stop()
}

func numbers(events []wire.Event) (seqs []uint64) {
	for _, e := range events {
		seqs = append(seqs, e.Seq)
	}
	return seqs
}

// slowTab is a tab that reads nothing from now on, with little room for it.
func (n *nemesis) slowTab(token string) *person {
	n.t.Helper()
	dial := func(ctx context.Context, network, addr string) (net.Conn, error) {
		var d net.Dialer
		c, err := d.DialContext(ctx, network, addr)
		if tcp, ok := c.(*net.TCPConn); ok && err == nil {
			err = tcp.SetReadBuffer(64 << 10)
		}
		return c, err
	}
	c, _, err := websocket.Dial(n.t.Context(), n.socket(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{DialContext: dial}}})
	if err != nil {
		n.t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	n.t.Cleanup(func() { _ = c.CloseNow() })
	p := &person{t: n.t, conn: c, origin: "origin-of-slow-tab"}
	p.say(map[string]any{"type": "hello", "v": 1, "origin": p.origin, "token": token})
	p.welcome()
	return p
}

// end is how a connection ended.
type end struct {
	seq  uint64 // of the last event that was pushed to it
	bye  int
	code int
}

// drain reads what is left, to the end, or until a ping is answered: then the
// code is 0.
func (p *person) drain() (e end) {
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for {
		_, m, err := p.conn.Read(ctx)
		if err != nil {
			e.code = int(websocket.CloseStatus(err))
			return e
		}
		var frames []struct {
			Type string
			Seq  uint64
			Code any
		}
		if m[0] != '[' {
			m = slices.Concat([]byte("["), m, []byte("]"))
		}
		if err := json.Unmarshal(m, &frames); err != nil {
			p.t.Fatal(err)
		}
		for _, f := range frames {
			code, _ := f.Code.(float64)
			switch f.Type {
			case "event":
				e.seq = f.Seq
			case "bye":
				e.bye = int(code)
			case "pong":
				return e
			}
		}
	}
}

// swallower is a proxy that one day takes everything and passes nothing on, as
// a tunnel or a radio link does: neither side is told.
type swallower struct {
	net.Listener
	silent atomic.Bool
	server chan string // all that the server sends afterwards
}

func swallow(t *testing.T, to string) *swallower {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &swallower{Listener: l, server: make(chan string, 1)}
	near, far := make(chan net.Conn, 1), make(chan net.Conn, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		up, err := net.Dial("tcp", to)
		if err != nil {
			_ = c.Close()
			return
		}
		near <- c
		far <- up
		go s.pass(up, c, nil)
		var after bytes.Buffer
		s.pass(c, up, &after)
		s.server <- after.String()
	}()
	t.Cleanup(func() {
		_ = l.Close()
		select {
		case c := <-near:
			_ = c.Close()
			_ = (<-far).Close()
		default:
		}
	})
	return s
}

// pass copies until it is silent, and then into after alone.
func (s *swallower) pass(to io.Writer, from io.Reader, after *bytes.Buffer) {
	buffer := make([]byte, 1<<15)
	for {
		n, err := from.Read(buffer)
		switch {
		case err != nil:
			return
		case !s.silent.Load():
			_, _ = to.Write(buffer[:n])
		case after != nil:
			after.Write(buffer[:n])
		}
	}
}

// A half-open connection is given up: 2.5 times the announced pause after the
// last sign of life, at least 10 s, with 4002.
func TestHalfOpen(t *testing.T) {
	t.Parallel()
	n := &nemesis{t: t, dir: t.TempDir()}
	n.start()
	s := swallow(t, strings.TrimPrefix(*n.url.Load(), "http://"))
	c, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	p := &person{t: t, conn: c, origin: "origin-of-somebody"}
	p.say(map[string]any{"type": "hello", "v": 1, "origin": p.origin})
	p.welcome()
	p.say(map[string]any{"type": "ping", "next": 2})
	p.hear(`"pong"`)
	s.silent.Store(true)
	begun := time.Now()
	p.say(map[string]any{"type": "ping", "next": 2}) // nobody hears it
	select {
	case got := <-s.server:
		if took := time.Since(begun); took < 9*time.Second || !strings.Contains(got, `"code":4002`) {
			t.Errorf("after %s: %q", took, got)
		}
	case <-time.After(40 * time.Second):
		t.Error("it is kept")
	}
	_ = c.CloseNow()
	n.stop()
}
