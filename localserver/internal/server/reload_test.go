package server

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/localserver/internal/config"
)

// source is a configuration file that the test writes, in memory.
type source struct {
	args []string
	text atomic.Pointer[string]
}

func newSource(t *testing.T, text string) *source {
	s := &source{args: []string{"--listen", "127.0.0.1:0", "--ops", "127.0.0.1:0", "--data", t.TempDir() + "/data", "--config", "kefu.yaml"}}
	s.say(text)
	return s
}

func (s *source) say(text string) { s.text.Store(&text) }

func (s *source) load() (config.Config, error) {
	c, err := config.Load(s.args, nil, func(string) ([]byte, error) { return []byte(*s.text.Load()), nil })
	c.File = "" // which Run would watch
	return c, err
}

// loaded begins a server with what the source says.
func (s *source) begin(t *testing.T, log *record) *Server {
	t.Helper()
	c, err := s.load()
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Config: c, OpenStore: newStore().open, Load: s.load, Level: new(slog.LevelVar)}
	if log != nil {
		o.Log = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: o.Level}))
	}
	server, _ := begin(t, o)
	return server
}

// metric reports whether the metrics have that line.
func metric(t *testing.T, s *Server, line string) bool {
	t.Helper()
	_, text := get(t, "http://"+s.OpsAddr().String()+"/metrics")
	return strings.Contains("\n"+text+"\n", "\n"+line+"\n")
}

func TestReload(t *testing.T) {
	var log record
	src := newSource(t, "limits:\n  connections: 1\n")
	s := src.begin(t, &log)
	visitor(t, s)
	refused := func() bool {
		c, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
		if err == nil {
			_ = c.CloseNow()
		}
		return err != nil
	}
	if !refused() {
		t.Error("one more than there is room for")
	}

	src.say("limits:\n  connections: 2\nlog:\n  level: debug\nlisten: 127.0.0.1:1\ntrusted_proxies: 127.0.0.0/8\n")
	src.args = src.args[2:]
	was := s.Addr().String()
	s.Reload()
	if refused() {
		t.Error("there is room for one more now")
	}
	for _, want := range []string{
		`level=WARN msg="a change waits for the next start" key=listen from=127.0.0.1:0 to=127.0.0.1:1`,
		`level=INFO msg="a change is in force" key=limits.connections from=1 to=2`,
		`level=INFO msg="a change is in force" key=trusted_proxies from="" to=127.0.0.0/8`,
	} {
		if log.with(want) != 1 {
			t.Errorf("no line %s in %q", want, log.lines)
		}
	}
	if s.Addr().String() != was || s.config().Listen != "127.0.0.1:0" || s.trusted() != "127.0.0.0/8" || s.Level.Level() != slog.LevelDebug {
		t.Errorf("in force is %v", s.config())
	}

	before := s.config()
	src.say("limits:\n  connections: 0\nlog:\n  leve: warn\n")
	s.Reload()
	if s.config() != before || log.with("the configuration is refused") != 2 || log.with("log.leve: unknown key; did you mean log.level?") != 1 {
		t.Errorf("a broken file: %v, %q", s.config(), log.lines)
	}
	if !metric(t, s, "kefu_config_last_reload_successful 0") || !metric(t, s, `kefu_config_reloads_total{result="refused"} 1`) {
		t.Error("no metric says so")
	}
	src.say("")
	s.Reload()
	if !metric(t, s, "kefu_config_last_reload_successful 1") || s.config().Limits.Connections != 10_000 {
		t.Errorf("a good file again: %v", s.config())
	}
}

// A thousand configurations, every other one broken, while visitors talk: nobody
// is dropped, and nobody ever sees half of one.
func TestReloadUnderLoad(t *testing.T) {
	const visitors, reloads = 10, 1000
	src := newSource(t, "")
	s := src.begin(t, nil)
	load, stop := context.WithCancel(t.Context())
	var clients sync.WaitGroup
	var pongs, requests, looks atomic.Int64
	for range visitors {
		c := visitor(t, s)
		clients.Go(func() {
			pace := time.NewTicker(100 * time.Millisecond) // or a slow machine makes it more than a visitor may
			defer pace.Stop()
			for ; load.Err() == nil; <-pace.C {
				send(t, c, `{"type":"ping"}`)
				if f := receive(t, c); f.Type != "pong" {
					t.Errorf("got %+v", f)
					return
				}
				pongs.Add(1)
			}
		})
	}
	clients.Go(func() {
		for load.Err() == nil {
			if status, body := get(t, "http://"+s.Addr().String()+"/v1/openapi.json"); status != http.StatusOK {
				t.Errorf("%d %s", status, body)
				return
			}
			requests.Add(1)
		}
	})
	clients.Go(func() {
		for load.Err() == nil {
			c := s.config()
			if whole := c.Limits.Connections - 1000; c.Drain.Window != time.Duration(whole)*time.Millisecond && c.Limits.Connections != 10_000 {
				t.Errorf("half a configuration: %v", c)
				return
			}
			looks.Add(1)
		}
	})
	for i := range reloads {
		src.say(fmt.Sprintf("drain:\n  window: %dms\nlimits:\n  connections: %d\n", i, 1000+i))
		if i%2 == 1 {
			src.say(fmt.Sprintf("drain:\n  window: %dms\nlimits:\n  connections: many\n", i))
		}
		s.Reload()
	}
	within(t, "everybody has talked", func() bool { return pongs.Load() > visitors && requests.Load() > 2 && looks.Load() > 0 })
	stop()
	clients.Wait()
	if !metric(t, s, `kefu_config_reloads_total{result="ok"} 500`) || !metric(t, s, `kefu_config_reloads_total{result="refused"} 500`) {
		t.Error("not all of them were counted")
	}
	if !metric(t, s, `kefu_ws_connections{role="visitor"} 10`) {
		t.Error("somebody is gone")
	}
	t.Logf("%d pongs, %d requests, %d looks", pongs.Load(), requests.Load(), looks.Load())
}

// A file that changes is noticed, without a signal.
func TestReloadByItself(t *testing.T) {
	dir := t.TempDir()
	file := filepath.Join(dir, "kefu.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(file+".new", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+".new", file); err != nil {
			t.Fatal(err)
		}
	}
	write("limits: {connections: 5}\n")
	load := func() (config.Config, error) {
		return config.Load([]string{"--config", file, "--listen=127.0.0.1:0", "--ops=127.0.0.1:0", "--data=" + dir + "/data"}, nil, os.ReadFile)
	}
	c, err := load()
	if err != nil {
		t.Fatal(err)
	}
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open, Load: load})
	n := 5
	within(t, "it is noticed", func() bool {
		n++ // the watch may begin only after the first
		write(fmt.Sprintf("limits: {connections: %d}\n", n))
		return s.config().Limits.Connections > 5
	})
	write("limits: {connections: 77}\n")
	within(t, "the last one is in force", func() bool { return s.config().Limits.Connections == 77 })
}
