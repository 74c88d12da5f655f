package gateway_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"kefu/functions/internal/gateway"
	"kefu/functions/local/edge"
)

func TestMain(m *testing.M) {
	// net/http waits half a second before it closes on who sent too much; the
	// pusher lives as long as its process, and so do its idle connections.
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"),
		goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// variables is an environment that is in order, but for what is changed.
func variables(endpoint string, change ...string) func(string) string {
	vars := map[string]string{
		gateway.EndpointVariable: endpoint, "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret",
	}
	for i := 0; i < len(change); i += 2 {
		vars[change[i]] = change[i+1]
	}
	return func(name string) string { return vars[name] }
}

func open(t *testing.T, endpoint string) *gateway.Pusher {
	t.Helper()
	p, err := gateway.Open(variables(endpoint), time.Now)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestOpen: what is missing or wrong is named, and the secret is not shown.
func TestOpen(t *testing.T) {
	good := "https://abc.execute-api.eu-central-1.amazonaws.com/ws"
	for _, ok := range []string{good, "http://127.0.0.1:8080/ws", "http://localhost:8080/ws", "http://[::1]:8080/ws"} {
		open(t, ok)
	}
	for _, x := range []struct {
		env  func(string) string
		want string
	}{
		{variables(""), gateway.EndpointVariable}, {variables("abc"), gateway.EndpointVariable}, {variables("http://example.com/ws"), gateway.EndpointVariable},
		{variables("wss://example.com/ws"), gateway.EndpointVariable}, {variables(good + "?a=b"), gateway.EndpointVariable}, {variables("https://a:%zz/"), gateway.EndpointVariable},
		{variables(good, "AWS_REGION", ""), "AWS_REGION"}, {variables(good, "AWS_ACCESS_KEY_ID", ""), "AWS_ACCESS_KEY_ID"},
		{variables(good, "AWS_SECRET_ACCESS_KEY", ""), "AWS_SECRET_ACCESS_KEY"},
	} {
		if _, err := gateway.Open(x.env, time.Now); err == nil || !strings.Contains(err.Error(), x.want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%v, want one that names %s", err, x.want)
		}
	}
}

// TestNames: the names are those of metrics.
func TestNames(t *testing.T) {
	if got := fmt.Sprint(gateway.Delivered, gateway.Gone, gateway.TooLarge, gateway.Busy, gateway.Outcome(0), gateway.Outcome(9)); got != "delivered gone too_large busy unknown unknown" {
		t.Error(got)
	}
}

// TestOutcomes: every answer has its outcome, after one attempt.
func TestOutcomes(t *testing.T) {
	for _, x := range []struct {
		code int
		kind string
		want gateway.Outcome
	}{
		{200, "", gateway.Delivered}, {410, "GoneException", gateway.Gone}, {413, "PayloadTooLargeException", gateway.TooLarge},
		{429, "LimitExceededException", gateway.Busy}, {403, "ForbiddenException", gateway.Busy},
		{500, "InternalServerError", gateway.Busy}, {503, "ServiceUnavailable", gateway.Busy},
	} {
		var calls atomic.Int64
		var path atomic.Value
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			path.Store(r.Method + " " + r.URL.EscapedPath())
			w.Header().Set("X-Amzn-Errortype", x.kind)
			w.WriteHeader(x.code)
			fmt.Fprint(w, `{"message":"m"}`)
		}))
		p := open(t, server.URL+"/ws")
		got, err := p.Push(t.Context(), "a/b=", []byte("{}"))
		if got != x.want || (err != nil) != (got == gateway.Busy) || calls.Load() != 1 || path.Load() != "POST /ws/@connections/a%2Fb%3D" {
			t.Errorf("%d: %v, %v after %d calls of %v", x.code, got, err, calls.Load(), path.Load())
		}
		want := x.want
		if want == gateway.TooLarge { // a close has no size
			want = gateway.Busy
		}
		if got, _ := p.Close(t.Context(), "a="); got != want || calls.Load() != 2 || path.Load() != "DELETE /ws/@connections/a%3D" {
			t.Errorf("close, %d: %v after %d calls of %v", x.code, got, calls.Load(), path.Load())
		}
		server.Close()
		if got, err := p.Push(t.Context(), "a=", []byte("{}")); got != gateway.Busy || err == nil {
			t.Errorf("nobody listens: %v, %v", got, err)
		}
	}
}

// api is API Gateway in the test: it takes at most size bytes, and for some
// connections nothing at all.
type api struct {
	size     int
	messages []string
}

func (a *api) pusher() *gateway.Pusher {
	keys := func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "secret"}, nil
	}
	return gateway.New(gateway.Options{Endpoint: "https://api.test/ws", Region: "us-east-1", Credentials: keys, Transport: a, Now: time.Now})
}

// RoundTrip implements http.RoundTripper.
func (a *api) RoundTrip(r *http.Request) (*http.Response, error) {
	message, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	answer := func(code int) (*http.Response, error) {
		return &http.Response{StatusCode: code, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
	}
	switch id := path.Base(r.URL.Path); {
	case id == "slow":
		<-r.Context().Done()
		return nil, r.Context().Err()
	case id == "half" && len(a.messages) == 1:
		return answer(http.StatusGone)
	case len(message) > a.size:
		return answer(http.StatusRequestEntityTooLarge)
	}
	a.messages = append(a.messages, string(message))
	return answer(http.StatusOK)
}

// TestTimeout: nobody waits for a client that does not keep up.
func TestTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p, began := (&api{}).pusher(), time.Now()
		if got, err := p.Push(t.Context(), "slow", []byte("{}")); got != gateway.Busy || err == nil || time.Since(began) != gateway.Timeout {
			t.Errorf("%v, %v after %v", got, err, time.Since(began))
		}
		if got, err := p.Close(t.Context(), "slow"); got != gateway.Busy || err == nil || time.Since(began) != 2*gateway.Timeout {
			t.Errorf("%v, %v after %v", got, err, time.Since(began))
		}
	})
}

// TestBatches: frames travel together as far as a message may be, in order.
func TestBatches(t *testing.T) {
	long := strings.Repeat("x", gateway.MaxMessage/2-3)
	for _, x := range []struct {
		name   string
		frames []string
		size   int
		want   []string
	}{
		{"one", []string{"{1}"}, 1 << 20, []string{"{1}"}},
		{"none", nil, 1 << 20, nil},
		{"some", []string{"1", "2", "3"}, 1 << 20, []string{"[1,2,3]"}},
		{"just", []string{long, long + "xxx"}, 1 << 20, []string{"[" + long + "," + long + "xxx]"}},
		{"more", []string{long, long + "xxxx", "3"}, 1 << 20, []string{long, "[" + long + "xxxx,3]"}},
		{"65", strings.Fields(strings.Repeat("1 ", 65)), 1 << 20, []string{"[1" + strings.Repeat(",1", 63) + "]", "1"}},
		{"halves", []string{"1", "2", "3", "4", "5"}, 5, []string{"[1,2]", "3", "[4,5]"}},
	} {
		a := &api{size: x.size}
		var frames [][]byte
		for _, f := range x.frames {
			frames = append(frames, []byte(f))
		}
		if got, err := a.pusher().Push(t.Context(), "c", frames...); got != gateway.Delivered || err != nil || strings.Join(a.messages, "\n") != strings.Join(x.want, "\n") {
			t.Errorf("%s: %v, %v, %.200q", x.name, got, err, a.messages)
		}
		for _, m := range a.messages {
			if len(m) > gateway.MaxMessage {
				t.Errorf("%s: a message of %d bytes", x.name, len(m))
			}
		}
	}
	a := &api{size: 3}
	if got, err := a.pusher().Push(t.Context(), "c", []byte("1"), []byte("four")); got != gateway.TooLarge || err != nil || len(a.messages) != 1 {
		t.Errorf("one that can not be split: %v, %v, %q", got, err, a.messages)
	}
	a = &api{size: 5}
	if got, _ := a.pusher().Push(t.Context(), "half", []byte("1"), []byte("2"), []byte("3")); got != gateway.Gone {
		t.Errorf("gone in the middle: %v", got)
	}
}

// TestEmulator: the pusher and the gateway that misbehaves agree.
func TestEmulator(t *testing.T) {
	faults, ids := edge.NewFaults(1), make(connects, 1)
	g := edge.New(t.Context(), edge.Options{
		Now: time.Now, Credentials: aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "secret"}, Faults: faults,
		Routes: map[string]edge.Route{"$connect": {Function: ids}},
	})
	server := httptest.NewServer(g)
	defer server.Close()
	defer g.Close()
	p := open(t, server.URL+"/ws")
	c, _, err := websocket.Dial(t.Context(), strings.Replace(server.URL, "http", "ws", 1)+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	id := <-ids
	within(t, "it is open", func() bool { return g.Connections() == 1 })
	for fault, want := range map[edge.Fault]gateway.Outcome{
		edge.FalseGone: gateway.Gone, edge.Throttle: gateway.Busy, edge.TooLarge: gateway.TooLarge, edge.Vanish: gateway.Delivered,
	} {
		faults.Set(0)
		faults.Set(1, fault)
		if got, _ := p.Push(t.Context(), id, []byte(`"lost"`)); got != want {
			t.Errorf("%s: %v, want %v", fault, got, want)
		}
	}
	faults.Set(0)
	if got, err := p.Push(t.Context(), id, []byte("1"), []byte("2")); got != gateway.Delivered || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := p.Close(t.Context(), id); got != gateway.Delivered || err != nil {
		t.Errorf("%v, %v", got, err)
	}
	if _, m, err := c.Read(t.Context()); err != nil || string(m) != "[1,2]" {
		t.Errorf("the client got %q, %v", m, err)
	}
	if _, m, err := c.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusNormalClosure {
		t.Errorf("the client got %q, %v", m, err)
	}
	within(t, "it is gone", func() bool { return g.Connections() == 0 })
	if got, err := p.Push(t.Context(), id, []byte("1")); got != gateway.Gone || err != nil {
		t.Errorf("late: %v, %v", got, err)
	}
}

// connects is a function behind $connect that passes the ids on.
type connects chan string

func (c connects) Invoke(_ context.Context, event []byte) ([]byte, error) {
	var e events.APIGatewayWebsocketProxyRequest
	err := json.Unmarshal(event, &e)
	c <- e.RequestContext.ConnectionID
	return []byte(`{"statusCode":200}`), err
}

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for !so() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("it never happened: %s", what)
		}
	}
}

// TestMessages: what is returned, rather than pushed, is divided alike.
func TestMessages(t *testing.T) {
	long := []byte(`"` + strings.Repeat("x", gateway.MaxMessage-5) + `"`)
	got := gateway.Messages([][]byte{[]byte("1"), []byte("2"), long, []byte("3")})
	if len(got) != 3 || string(got[0]) != "[1,2]" || string(got[1]) != string(long) || string(got[2]) != "3" {
		t.Errorf("%d messages: %.20s", len(got), got)
	}
	if got := gateway.Messages(nil); len(got) != 0 {
		t.Errorf("nothing is %q", got)
	}
}
