package edge

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/coder/websocket"
)

type (
	event  = events.APIGatewayWebsocketProxyRequest
	result = events.APIGatewayProxyResponse
)

// recorder remembers the events that a function got.
type recorder struct {
	mu     sync.Mutex
	events []event
}

func (r *recorder) function(res result) plain {
	return func(e event) (result, error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
		return res, nil
	}
}

func (r *recorder) got() []event {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.events)
}

// echo returns what it was sent.
func echo(e event) (result, error) { return result{StatusCode: 200, Body: e.Body}, nil }

func defaultTo(f Invoker) map[string]Route { return map[string]Route{"$default": {f, true}} }

// TestConnect: the function sees who comes, chooses a subprotocol, and may
// refuse.
func TestConnect(t *testing.T) {
	r := &recorder{}
	answer := result{StatusCode: 200, Headers: map[string]string{"sec-websocket-protocol": "kefu.v1"}}
	w := newWorld(t, Options{Routes: map[string]Route{"$connect": {Function: r.function(answer)}}})
	c, _, err := w.dial(t, "/ws?site=a&site=b", "other", "kefu.v1")
	if err != nil {
		t.Fatal(err)
	}
	if c.Subprotocol() != "kefu.v1" {
		t.Errorf("the subprotocol is %q", c.Subprotocol())
	}
	e := r.got()[0]
	rc := e.RequestContext
	if rc.RouteKey != "$connect" || rc.EventType != "CONNECT" || rc.Stage != "ws" || rc.DomainName != "gateway.test" || rc.MessageID != nil ||
		rc.Identity.UserAgent != "a client" || !strings.HasSuffix(rc.ConnectionID, "=") || rc.RequestTimeEpoch == 0 || e.Body != "" {
		t.Errorf("the event is %+v", e)
	}
	if e.Headers["Origin"] != "https://page.test" || e.Headers["Sec-WebSocket-Protocol"] != "other,kefu.v1" || e.Headers["Upgrade"] != "" {
		t.Errorf("the headers are %v", e.Headers)
	}
	if e.QueryStringParameters["site"] != "b" || len(e.MultiValueQueryStringParameters["site"]) != 2 {
		t.Errorf("the query is %v", e.QueryStringParameters)
	}
}

// TestRefusal: a status other than 2xx is the client's, a failure is 502.
func TestRefusal(t *testing.T) {
	fails := plain(func(event) (result, error) { return result{}, errors.New("no") })
	for want, f := range map[int]Invoker{403: says(403, ""), 429: says(429, ""), 502: fails, 503: says(503, "")} {
		w := newWorld(t, Options{Routes: map[string]Route{"$connect": {Function: f}}})
		_, res, err := w.dial(t, "/ws")
		if err == nil || res.StatusCode != want {
			t.Errorf("%v, %v; want %d", res, err, want)
		}
	}
	w := newWorld(t, Options{Routes: map[string]Route{"$connect": {Function: says(0, "")}}})
	if _, res, err := w.dial(t, "/ws"); err == nil || res.StatusCode != 502 {
		t.Errorf("an answer without a status: %v, %v", res, err)
	}
	if _, res, err := w.dial(t, "/other"); err == nil || res.StatusCode != 403 {
		t.Errorf("another path: %v, %v", res, err)
	}
	if n := w.Connections(); n != 0 {
		t.Errorf("%d connections", n)
	}
}

// TestNoUpgrade: who only asks is no connection, and no function hears of it.
func TestNoUpgrade(t *testing.T) {
	r := &recorder{}
	g := New(t.Context(), Options{Now: time.Now, Routes: map[string]Route{"$connect": {Function: r.function(result{StatusCode: 200})}}})
	defer g.Close()
	w := httptest.NewRecorder()
	g.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/ws", nil))
	if w.Code != http.StatusUpgradeRequired || len(r.got()) != 0 {
		t.Errorf("%d, %v", w.Code, r.got())
	}
}

// TestForwarded: what a client says of its address comes before what we know.
func TestForwarded(t *testing.T) {
	r := httptest.NewRequest(http.MethodGet, "/ws", nil)
	r.Header.Set("X-Forwarded-For", "10.0.0.1")
	if last, _ := headers(r); last["X-Forwarded-For"] != "10.0.0.1, 192.0.2.1" || last["X-Forwarded-Port"] != "80" {
		t.Errorf("%v", last)
	}
}

// TestPending: until the function has answered there is no connection.
func TestPending(t *testing.T) {
	var w *world
	var id string
	connect := plain(func(e event) (result, error) {
		id = e.RequestContext.ConnectionID
		if code := statusOf(w.post(t, id, "early")); code != 410 {
			t.Errorf("a post in $connect: %d, want 410", code)
		}
		return result{StatusCode: 200}, nil
	})
	w = newWorld(t, Options{Routes: map[string]Route{"$connect": {Function: connect}}})
	c := w.open(t)
	if w.id(t) != id {
		t.Errorf("%s is not %s", w.id(t), id)
	}
	if err := w.post(t, id, "on time"); err != nil {
		t.Fatal(err)
	}
	if got := receive(t, c); got != "on time" {
		t.Errorf("got %q", got)
	}
}

// TestSamples: our events have the fields that AWS's have, and no other.
func TestSamples(t *testing.T) {
	r := &recorder{}
	w := newWorld(t, Options{Routes: map[string]Route{"$default": {Function: r.function(result{StatusCode: 200})}, "$disconnect": {Function: r.function(result{StatusCode: 200})}}})
	c := w.open(t)
	send(t, c, "hi")
	within(t, "a message", func() bool { return len(r.got()) == 1 })
	if err := c.Close(4000, "bye"); err != nil {
		t.Fatal(err)
	}
	within(t, "the end", func() bool { return len(r.got()) == 2 })
	for i, file := range []string{"testdata/message.json", "testdata/disconnect.json"} {
		b, err := json.Marshal(r.got()[i])
		if err != nil {
			t.Fatal(err)
		}
		if got, want := fields(t, b), sample(t, file); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", file, got, want)
		}
	}
	m, d := r.got()[0].RequestContext, r.got()[1].RequestContext
	if r.got()[0].Body != "hi" || m.RouteKey != "$default" || m.EventType != "MESSAGE" || m.ConnectedAt == 0 {
		t.Errorf("the message is %+v", m)
	}
	if d.RouteKey != "$disconnect" || d.EventType != "DISCONNECT" || d.DisconnectStatusCode != 4000 || *d.DisconnectReason != "bye" || d.ConnectionID != m.ConnectionID {
		t.Errorf("the end is %+v", d)
	}
}

// TestConcurrent: messages of one connection are served at the same time.
func TestConcurrent(t *testing.T) {
	var meeting sync.WaitGroup
	meeting.Add(8)
	w := newWorld(t, Options{Routes: defaultTo(plain(func(e event) (result, error) {
		meeting.Done()
		meeting.Wait() // for ever, were they served one by one
		return echo(e)
	}))})
	c := w.open(t)
	for i := range 8 {
		send(t, c, string(rune('a'+i)))
	}
	var got []string
	for range 8 {
		got = append(got, receive(t, c))
	}
	slices.Sort(got)
	if strings.Join(got, "") != "abcdefgh" {
		t.Errorf("got %v", got)
	}
}

// TestRoutes: which function a message goes to, and what comes back.
func TestRoutes(t *testing.T) {
	w := newWorld(t, Options{Selection: "$request.body.a.b", Routes: map[string]Route{
		"$connect": {says(200, "connect"), true}, "silent": {says(200, "x"), false}, "true": {says(200, "a flag"), true},
		"empty": {says(200, ""), true}, "bad": {says(0, ""), true}, "large": {says(200, strings.Repeat("x", MaxMessage+1)), true},
		"$default": {says(200, "default"), true},
	}})
	c := w.open(t)
	for _, m := range []struct{ sent, want string }{
		{`{"a":{"b":true}}`, "a flag"}, {`{"a":{"b":"none"}}`, "default"}, {`[{"a":{"b":true}}]`, "default"}, {"no JSON", "default"},
		{`{"a":{"b":"$connect"}}`, "default"}, {`{"a":1}`, "default"},
		{`{"a":{"b":"bad"}}`, "Internal server error"}, {`{"a":{"b":"large"}}`, "Internal server error"},
		{`{"a":{"b":"silent"}}`, ""}, {`{"a":{"b":"empty"}}`, ""}, {"last", "default"},
	} {
		send(t, c, m.sent)
		if m.want == "" {
			continue // the next answer shows that there was none
		}
		if got := receive(t, c); !strings.Contains(got, m.want) {
			t.Errorf("%s: %s, want %s", m.sent, got, m.want)
		}
	}
	w = newWorld(t, Options{})
	c = w.open(t)
	send(t, c, "hi")
	if got := receive(t, c); !strings.Contains(got, `"Forbidden","connectionId":"`+w.id(t)) {
		t.Errorf("without any route: %s", got)
	}
}

// TestLimits: what is too large, or no text, ends the connection with its code.
func TestLimits(t *testing.T) {
	for _, x := range []struct {
		name   string
		kind   websocket.MessageType
		frames []int
		want   websocket.StatusCode
	}{
		{"a frame", websocket.MessageText, []int{MaxFrame}, -1},
		{"a frame and a byte", websocket.MessageText, []int{MaxFrame + 1}, websocket.StatusMessageTooBig},
		{"much more", websocket.MessageText, []int{MaxMessage * 10}, websocket.StatusMessageTooBig},
		{"a message", websocket.MessageText, []int{MaxFrame, MaxFrame, MaxFrame, MaxFrame}, -1},
		{"a message and a byte", websocket.MessageText, []int{MaxFrame, MaxFrame, MaxFrame, MaxFrame, 1}, websocket.StatusMessageTooBig},
		{"binary", websocket.MessageBinary, []int{1}, websocket.StatusUnsupportedData},
	} {
		t.Run(x.name, func(t *testing.T) {
			w := newWorld(t, Options{Routes: defaultTo(plain(echo))})
			c := w.open(t)
			var sending sync.WaitGroup
			defer sending.Wait()
			sending.Go(func() { // until the gateway reads no further
				m, err := c.Writer(t.Context(), x.kind)
				for _, n := range x.frames {
					if err == nil {
						_, err = m.Write([]byte(strings.Repeat("x", n)))
					}
				}
				if err == nil {
					err = m.Close()
				}
				if x.want < 0 && err != nil {
					t.Error(err)
				}
			})
			if x.want < 0 {
				receive(t, c)
				send(t, c, "and on")
				if got := receive(t, c); got != "and on" {
					t.Errorf("then %q", got)
				}
			} else if code := ending(t, c); code != x.want {
				t.Errorf("closed with %d, want %d", code, x.want)
			}
		})
	}
	w := newWorld(t, Options{Routes: defaultTo(plain(echo))})
	c := w.open(t)
	send(t, c, "\xff")
	if code := ending(t, c); code != websocket.StatusInvalidFramePayloadData {
		t.Errorf("bad UTF-8: closed with %d", code)
	}
}

// TestIdle: ten minutes without a message in either direction, or two hours in
// all, are the end; pings count for nothing.
func TestIdle(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &recorder{}
		w := newWorld(t, Options{Routes: map[string]Route{"$default": {plain(echo), true}, "$disconnect": {Function: r.function(result{StatusCode: 200})}}})
		c := w.open(t)
		began := time.Now()
		<-time.After(9 * time.Minute)
		send(t, c, "still here")
		receive(t, c)
		id := w.id(t)
		<-time.After(9 * time.Minute)
		if err := w.post(t, id, "so are you"); err != nil {
			t.Fatal(err)
		}
		receive(t, c)
		go func() {
			<-time.After(9 * time.Minute)
			_ = c.Ping(t.Context())
		}()
		if code := ending(t, c); code != websocket.StatusGoingAway {
			t.Errorf("closed with %d", code)
		}
		if lived := time.Since(began); lived != 28*time.Minute {
			t.Errorf("it lived %v, want 28m", lived)
		}
		synctest.Wait()
		if d := r.got()[0].RequestContext; d.DisconnectStatusCode != 1001 || *d.DisconnectReason != "Going away" {
			t.Errorf("the function heard %+v", d)
		}
		if code := statusOf(w.post(t, id, "gone")); code != 410 {
			t.Errorf("a post then: %d", code)
		}
	})
}

func TestLifetime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{Routes: defaultTo(plain(echo))})
		c := w.open(t)
		began := time.Now()
		var chatting sync.WaitGroup
		chatting.Go(func() {
			for c.Write(t.Context(), websocket.MessageText, []byte("busy")) == nil {
				<-time.After(5 * time.Minute)
			}
		})
		if code := ending(t, c); code != websocket.StatusGoingAway || time.Since(began) != Lifetime {
			t.Errorf("closed with %d after %v", code, time.Since(began))
		}
		chatting.Wait()
	})
}

// TestVanishedClient: a connection that just breaks is reported as 1006.
func TestVanishedClient(t *testing.T) {
	r := &recorder{}
	w := newWorld(t, Options{Routes: map[string]Route{"$disconnect": {Function: r.function(result{StatusCode: 200})}}})
	c := w.open(t)
	w.id(t)
	_ = c.CloseNow()
	within(t, "the end", func() bool { return len(r.got()) == 1 })
	if code := r.got()[0].RequestContext.DisconnectStatusCode; code != 1006 {
		t.Errorf("the code is %d", code)
	}
}

// TestClose: the gateway's end is everybody's, and no function hears of it.
func TestClose(t *testing.T) {
	r := &recorder{}
	w := newWorld(t, Options{Routes: map[string]Route{"$disconnect": {Function: r.function(result{StatusCode: 200})}}})
	c := w.open(t)
	w.id(t)
	w.Close()
	ending(t, c)
	if len(r.got()) != 0 || w.Connections() != 0 {
		t.Errorf("%v, %d connections", r.got(), w.Connections())
	}
	if _, res, err := w.dial(t, "/ws"); err == nil || res.StatusCode != 503 {
		t.Errorf("afterwards: %v, %v", res, err)
	}
}
