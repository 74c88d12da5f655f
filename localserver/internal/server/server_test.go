package server

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/desk"
	"kefu/localserver/internal/config"
	"kefu/localserver/internal/hub"
	"kefu/localserver/internal/ops"
	"kefu/sdk"
)

// A new server: its addresses answer, its first account can log in, and its
// data is nobody else's to read.
func TestNewServer(t *testing.T) {
	c := settings(t)
	s, end := begin(t, Options{Config: c, Files: sdk.Files()})
	for _, line := range strings.Split(s.Banner("en_US.UTF-8"), "\n") {
		if _, url, ok := strings.Cut(line, "http"); ok {
			if status, body := get(t, "http"+url); status != http.StatusOK {
				t.Errorf("http%s: %d %s", url, status, body)
			}
		}
	}
	if _, body := get(t, "http://"+s.OpsAddr().String()+"/livez"); body != "ok" {
		t.Errorf("livez: %s", body)
	}
	visitor(t, s)

	login := func(password string) int {
		body, err := json.Marshal(map[string]string{"name": "admin", "password": password})
		if err != nil {
			t.Fatal(err)
		}
		res, err := http.Post("http://"+s.Addr().String()+"/v1/login", "application/json", strings.NewReader(string(body)))
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		return res.StatusCode
	}
	password := s.Password
	if got := login(password); got != http.StatusOK {
		t.Errorf("log in: %d", got)
	}
	if got := login(password + "x"); got != http.StatusUnauthorized {
		t.Errorf("log in with another password: %d", got)
	}
	if info, err := os.Stat(c.Data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory: %v, %v", info.Mode(), err)
	}
	if err := end(); err != nil {
		t.Fatal(err)
	}

	s, _ = begin(t, Options{Config: c})
	if s.Password != "" || strings.Contains(s.Banner(""), "password") {
		t.Errorf("a password is shown again: %q", s.Password)
	}
	if got := login(password); got != http.StatusOK {
		t.Errorf("log in after a restart: %d", got)
	}
}

func TestBanner(t *testing.T) {
	c := settings(t)
	c.Listen = ":0"
	s, end := begin(t, Options{Config: c, OpenStore: newStore().open})
	_, port, err := net.SplitHostPort(s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	for lang, words := range map[string][]string{"": {"Demo page", "Console", "only this once"}, "zh_CN.UTF-8": {"演示页面", "客服工作台", "只显示这一次"}} {
		banner := s.Banner(lang)
		words = append(words, "http://localhost:"+port+"/demo/", "http://localhost:"+port+"/console/", "http://"+s.OpsAddr().String(), s.Password)
		for _, w := range words {
			if !strings.Contains(banner, w) {
				t.Errorf("%q is not in the banner of %q:\n%s", w, lang, banner)
			}
		}
	}
	if err := end(); err != nil {
		t.Error(err)
	}
}

// What keeps a server from starting is one sentence, and leaves nothing that
// keeps the next one from it.
func TestCanNotStart(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	used := settings(t)
	begin(t, Options{Config: used})

	port := taken.Addr().String()
	for name, test := range map[string]struct {
		change func(*Options)
		want   string
	}{
		"port in use": {func(o *Options) { o.Config.Listen = port }, "the address " + port + " is in use by another program; free it, or choose another with --listen"},
		"ops in use":  {func(o *Options) { o.Config.Ops = port }, "the address " + port + " is in use by another program; free it, or choose another with --ops"},
		"no address":  {func(o *Options) { o.Config.Listen = "192.0.2.1:0" }, "the address 192.0.2.1:0 can not be listened on (--listen): cannot assign requested address"},
		"no directory": {func(o *Options) { o.Config.Data = file + "/data" },
			"the data directory " + file + "/data can not be made: not a directory"},
		"second server": {func(o *Options) { o.Config.Data = used.Data }, "the data directory " + used.Data + " is used by another server (pid "},
		"no store": {func(o *Options) {
			o.OpenStore = func(context.Context, string) (Store, error) { return nil, errors.New("the database is damaged") }
		}, "the database is damaged"},
		"a bad password": {func(o *Options) { o.Config.AdminPassword = "password" }, "the password in KEFU_ADMIN_PASSWORD will not do: "},
	} {
		t.Run(name, func(t *testing.T) {
			o := Options{Config: settings(t), Now: time.Now}
			good := o
			test.change(&o)
			s, err := Open(t.Context(), o)
			if s != nil || err == nil || !strings.HasPrefix(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Fatalf("got %v, want %s", err, test.want)
			}
			s, err = Open(t.Context(), good)
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil { // it never ran
				t.Error(err)
			}
		})
	}
}

// Told to leave in the middle of commits, a server acknowledges what it took,
// says goodbye, and closes its store when nobody writes any more.
func TestLeaving(t *testing.T) {
	db := newStore()
	begun, gate := make(chan struct{}, 10), make(chan struct{})
	db.commit = func(context.Context) error {
		begun <- struct{}{}
		<-gate
		return nil
	}
	s, end := begin(t, Options{Config: settings(t), OpenStore: db.open})
	c := visitor(t, s)
	for n := 1; n <= 3; n++ {
		send(t, c, say(n))
	}
	<-begun
	within(t, "all are taken", func() bool { // a ping is served after what came before it
		send(t, c, `{"type":"ping"}`)
		return receive(t, c).Type == "pong"
	})
	left := make(chan error, 1)
	go func() { left <- end() }()
	within(t, "it is not ready", func() bool {
		status, body := get(t, "http://"+s.OpsAddr().String()+"/readyz")
		return status == http.StatusServiceUnavailable && body == "draining"
	})
	within(t, "nobody new is let in", func() bool {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	})
	close(gate)
	acked, bye := 0, frame{}
	for bye.Type == "" {
		switch f := receive(t, c); f.Type {
		case "ack":
			acked = f.N
		case "bye":
			bye = f
		}
	}
	if acked != 3 || bye.Code != 4000.0 || bye.Window != 2 {
		t.Errorf("acked %d, then %+v", acked, bye)
	}
	if _, _, err := c.Read(t.Context()); websocket.CloseStatus(err) != 4000 {
		t.Errorf("closed with %v", err)
	}
	if err := <-left; err != nil {
		t.Error(err)
	}
	if !db.closed || db.late > 0 {
		t.Errorf("closed %v, %d commits after it", db.closed, db.late)
	}
}

// A store that hangs, and a client that does not answer, do not hold a server
// up for longer than the drain window; the client is told all the same.
func TestLeavingIsBounded(t *testing.T) {
	db := newStore()
	begun := make(chan struct{}, 1)
	db.commit = func(ctx context.Context) error {
		begun <- struct{}{}
		<-ctx.Done()
		return ctx.Err()
	}
	s, end := begin(t, Options{Config: settings(t), OpenStore: db.open})
	c := visitor(t, s)
	send(t, c, say(1))
	<-begun
	start := time.Now()
	if err := end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(start); took < s.Config.Drain.Window || took > s.Config.Drain.Window+2*time.Second {
		t.Errorf("it took %s", took)
	}
	if f := receive(t, c); f.Type != "bye" || f.Code != 4000.0 {
		t.Errorf("the client is told %+v", f)
	}
}

// A listener that fails ends the server, in order.
func TestFailedListener(t *testing.T) {
	db := newStore()
	s, err := Open(t.Context(), Options{Config: settings(t), Now: time.Now, OpenStore: db.open})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.doors[1].listener.Close(); err != nil {
		t.Fatal(err)
	}
	if err := s.Run(t.Context()); err == nil || err.Error() != "a listener failed, see the log" || !db.closed {
		t.Errorf("got %v", err)
	}
}

func TestRequestsAreBounded(t *testing.T) {
	s, _ := begin(t, Options{Config: settings(t), OpenStore: newStore().open})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr().String()+"/v1/openapi.json", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Long", strings.Repeat("x", 32<<10))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("got %d", res.StatusCode)
	}
}

// Ticks fail, panic and hang, and there is always a next; the log has one line
// a minute of each kind.
func TestTicksGoOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log record
		db, ticks := newStore(), 0
		db.due = func() error {
			ticks++
			switch {
			case ticks <= 90:
				return core.Errorf(core.Unavailable, "the disk is away")
			case ticks == 91:
				panic("a bug")
			case ticks == 92:
				<-time.After(30 * time.Second) // slow
			}
			return nil
		}
		s := &Server{Options: Options{Config: config.Default(), Now: time.Now, Log: log.logger()}}
		s.flight = ops.NewFlight("", ops.NewMetrics(""), s.Now, s.Log)
		h := hub.New(t.Context(), hub.Options{Now: time.Now})
		defer h.Close()
		var err error
		if s.desk, err = desk.New(t.Context(), desk.Options{Store: db, Rooms: h, Floor: h, Seek: h.Seek, Now: time.Now}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 151*time.Second)
		defer cancel()
		s.tick(ctx)
		if ticks < 120 || ticks > 122 {
			t.Errorf("%d ticks", ticks)
		}
		if a, b := log.with("the disk is away"), log.with("a bug"); a != 2 || b != 1 || log.with("unsaid=59") != 1 {
			t.Errorf("%d and %d lines: %q", a, b, log.lines)
		}
	})
}
