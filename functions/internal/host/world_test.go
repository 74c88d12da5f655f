package host_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/gateway"
	"kefu/functions/internal/host"
	"kefu/functions/local/edge"
)

// world is a table, a gateway, and processes of the function socket.
type world struct {
	testing.TB
	clock    clock
	table    string
	api      dynamo.API // between the processes and the table
	faults   *edge.Faults
	gateway  *edge.Gateway
	function *socketFunction
	url      string
	log      *lines
	count    int

	assistant host.Assistant                                 // of processes from now on
	models    func(p core.Provider, key string) assist.Model // likewise
}

// lines is what functions have logged, metrics included.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.String()
}

// newWorld starts one with so many processes that serve in turn.
func newWorld(t testing.TB, processes int) *world {
	t.Helper()
	w := &world{TB: t, table: newTable(t), api: db, faults: edge.NewFaults(1), function: &socketFunction{}, log: &lines{}}
	server := httptest.NewUnstartedServer(nil)
	w.url = "http://" + server.Listener.Addr().String() + "/ws"
	for range processes {
		w.function.hosts = append(w.function.hosts, w.process())
	}
	keys := aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "secret"}
	to := func(responds bool) edge.Route { return edge.Route{Function: w.function, Responds: responds} }
	w.gateway = edge.New(t.Context(), edge.Options{
		Routes:      map[string]edge.Route{"$connect": to(false), "$disconnect": to(false), "$default": to(true)},
		Credentials: keys, Now: time.Now, Faults: w.faults, Log: slog.New(slog.DiscardHandler),
	})
	server.Config.Handler = w.gateway
	server.Start()
	t.Cleanup(func() {
		w.gateway.Close()
		server.Close()
	})
	return w
}

// process is one more process of a function.
func (w *world) process() *host.Host {
	w.Helper()
	var pusher host.Pusher = nobody{}
	if w.gateway != nil || w.faults != nil {
		p, err := gateway.Open(w.getenv, time.Now)
		w.must(err)
		pusher = p
	}
	h, err := host.New(w.Context(), host.Parts{
		Store:     dynamo.New(dynamo.Options{API: w.api, Table: w.table, Now: w.clock.now}),
		Assistant: w.assistant, Models: w.models, Getenv: func(string) string { return "" },
		Pusher: pusher, Now: w.clock.now, Name: "socket", Emit: func(line []byte) { _, _ = w.log.Write(line) },
		Log: slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	w.must(err)
	return h
}

// getenv is the environment of a function.
func (w *world) getenv(name string) string {
	return map[string]string{
		gateway.EndpointVariable: w.url, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret",
		host.TableVariable: w.table, host.DynamoVariable: dbURL,
	}[name]
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

// store is the table as the test itself reads and writes it.
func (w *world) store() *dynamo.Store {
	return dynamo.New(dynamo.Options{API: db, Table: w.table, Now: w.clock.now})
}

// hire makes an account, and returns a token for it.
func (w *world) hire(id string, seats int) string {
	w.Helper()
	ctx := w.Context()
	h := w.function.hosts[0]
	_, err := h.Desk().Bootstrap(ctx, "correct horse")
	w.must(err)
	var token string
	w.must(h.Do(ctx, func(ctx context.Context) {
		_, admin, err := h.Desk().Login(ctx, "admin", "correct horse", "", "192.0.2.1")
		w.must(err)
		_, err = h.Desk().CreateAgent(ctx, admin, desk.NewAgent{Name: id, Password: "battery staple", Capacity: &seats})
		w.must(err)
		token, _, err = h.Desk().Login(ctx, id, "battery staple", "", "192.0.2.2")
		w.must(err)
	}))
	return token
}

// fields is a frame.
type fields map[string]any

// client is one connection.
type client struct {
	*world
	name   string
	ws     *websocket.Conn
	hello  fields
	origin string
	conv   string
	token  string
	n      int
	inbox  chan fields
	done   chan struct{}
	seen   []fields
}

// open connects somebody who says nothing yet.
func (w *world) open(name string) *client {
	w.Helper()
	w.count++
	c := &client{world: w, name: name, origin: fmt.Sprintf("origin-of-%s-%d", name, w.count), inbox: make(chan fields, 1000), done: make(chan struct{})}
	ws, _, err := websocket.Dial(w.Context(), strings.Replace(w.url, "http", "ws", 1), &websocket.DialOptions{
		Subprotocols: []string{"other", host.Subprotocol}, HTTPHeader: map[string][]string{"Origin": {"https://shop.example"}},
	})
	w.must(err)
	c.ws = ws
	ws.SetReadLimit(1 << 20)
	go c.read()
	w.Cleanup(c.hangUp)
	return c
}

func (c *client) hangUp() {
	_ = c.ws.CloseNow()
	<-c.done
}

func (c *client) read() {
	defer close(c.done)
	defer close(c.inbox)
	for {
		_, data, err := c.ws.Read(context.Background())
		if err != nil {
			return
		}
		var list []fields
		if bytes.HasPrefix(data, []byte("[")) {
			_ = json.Unmarshal(data, &list)
		} else {
			var f fields
			_ = json.Unmarshal(data, &f)
			list = []fields{f}
		}
		for _, f := range list {
			c.inbox <- f
		}
	}
}

// say sends a message: one frame, or several.
func (c *client) say(frames ...fields) {
	c.Helper()
	var data []byte
	var err error
	if len(frames) == 1 {
		data, err = json.Marshal(frames[0])
	} else {
		data, err = json.Marshal(frames)
	}
	c.must(err)
	c.must(c.ws.Write(c.Context(), websocket.MessageText, data))
}

// patience is how long a test waits for what must come.
const patience = 10 * time.Second

// await returns the next frame that is wanted, and keeps what came before.
func (c *client) await(what string, wanted func(fields) bool) fields {
	c.Helper()
	timeout := time.After(patience)
	for {
		select {
		case f, ok := <-c.inbox:
			if !ok {
				c.Fatalf("%s: the connection ended before %s; it has seen %v\n%s", c.name, what, c.seen, c.log)
			}
			c.seen = append(c.seen, f)
			if wanted(f) {
				return f
			}
		case <-timeout:
			c.Fatalf("%s: no %s in time; it has seen %v\n%s", c.name, what, c.seen, c.log)
		}
	}
}

// ends waits until the connection has ended, and returns what was seen.
func (c *client) ends() []fields {
	c.Helper()
	timeout := time.After(patience)
	for {
		select {
		case f, ok := <-c.inbox:
			if !ok {
				return c.seen
			}
			c.seen = append(c.seen, f)
		case <-timeout:
			c.Fatalf("%s: the connection did not end; it has seen %v", c.name, c.seen)
		}
	}
}

func is(kind string) func(fields) bool { return func(f fields) bool { return f["type"] == kind } }

// greet says hello and takes the welcome.
func (c *client) greet(more fields) *client {
	c.Helper()
	hello := fields{"type": "hello", "v": 1, "origin": c.origin}
	for k, v := range more {
		hello[k] = v
	}
	c.hello = hello
	c.say(hello)
	w := c.await("welcome", is("welcome"))
	if conv, ok := w["conversation"].(map[string]any); ok {
		c.conv, _ = conv["id"].(string)
	}
	if token, ok := w["token"].(string); ok {
		c.token = token
	}
	return c
}

// visitor is somebody who has opened the page.
func (w *world) visitor(name string) *client { w.Helper(); return w.open(name).greet(nil) }

// agent is a member of staff who is online.
func (w *world) agent(name string, seats int) *client {
	w.Helper()
	c := w.open(name)
	c.token = w.hire(name, seats)
	c.greet(fields{"token": c.token})
	c.say(fields{"type": "status", "status": "online"})
	c.await("presence", is("presence"))
	return c
}

// send sends a text and waits for the ack.
func (c *client) send(conv, words string) fields {
	c.Helper()
	c.n++
	f := fields{"type": "send", "origin": c.origin, "n": c.n, "body": fields{"kind": "text", "text": words}}
	if conv != "" {
		f["conversation"] = conv
	}
	c.say(f)
	return c.await("ack", func(f fields) bool { return f["type"] == "ack" && f["n"] == float64(c.n) })
}

// hears waits for an event with these words.
func (c *client) hears(words string) fields {
	c.Helper()
	return c.await(words, func(f fields) bool { return f["type"] == "event" && text(f) == words })
}

func text(f fields) string {
	body, _ := f["body"].(map[string]any)
	words, _ := body["text"].(string)
	return words
}

// held waits until an agent holds the conversation.
func (c *client) held() fields {
	c.Helper()
	return c.await("a holder", func(f fields) bool {
		head, _ := f["conversation"].(map[string]any)
		return f["type"] == "conversation" && head["phase"] == "held"
	})
}

// log returns the log of a conversation as texts.
func (w *world) texts(conv string) (list []string) {
	w.Helper()
	events, err := w.store().After(w.Context(), core.ConversationID(conv), 0, 1000)
	w.must(err)
	for _, e := range events {
		if e.Body.Kind == core.KindText {
			list = append(list, e.Body.Text)
		}
	}
	return list
}
