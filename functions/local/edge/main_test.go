package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambda"
	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/coder/websocket"
	"go.uber.org/goleak"
)

// TestMain runs the tests, or, started by a Function, is its bootstrap: a
// handler like any other, behind the library that is deployed.
func TestMain(m *testing.M) {
	if os.Getenv("AWS_LAMBDA_RUNTIME_API") == "" {
		// net/http waits half a second before it closes on who sent too much.
		goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
		return
	}
	switch os.Getenv("INIT") {
	case "exit":
		os.Exit(7)
	case "hang":
		select {}
	case "error":
		res, err := http.Post("http://"+os.Getenv("AWS_LAMBDA_RUNTIME_API")+"/2018-06-01/runtime/init/error", "application/json",
			strings.NewReader(`{"errorType":"NoTable","errorMessage":"TABLE is not set"}`))
		if err != nil || res.StatusCode != http.StatusAccepted {
			panic(fmt.Sprint(res, err))
		}
		os.Exit(1)
	case "sigterm":
		lambda.StartWithOptions(bootstrap(), lambda.WithEnableSIGTERM(func() { fmt.Print("told to end") }))
	}
	lambda.Start(bootstrap())
}

// bootstrap returns a handler that does what the body of its event says.
func bootstrap() func(context.Context, events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
	var mu sync.Mutex
	served := 0
	api := management("", func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint = aws.String(os.Getenv("ENDPOINT"))
		o.Credentials = aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: os.Getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: os.Getenv("AWS_SECRET_ACCESS_KEY")}, nil
		})
	})
	return func(ctx context.Context, e events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		mu.Lock()
		served++
		n := served
		mu.Unlock()
		verb, rest, _ := strings.Cut(e.Body, " ")
		res := events.APIGatewayProxyResponse{StatusCode: 200}
		switch verb {
		case "count":
			res.Body = fmt.Sprintf("%d %d", os.Getpid(), n)
		case "env":
			res.Body = os.Getenv(rest)
		case "deadline":
			at, _ := ctx.Deadline()
			res.Body = fmt.Sprint(time.Until(at) > 0)
		case "post":
			_, err := api.PostToConnection(ctx, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &e.RequestContext.ConnectionID, Data: []byte(rest)})
			return res, err
		case "meet": // others, at a server that lets nobody go until all are there
			_, err := http.Get(rest)
			return res, err
		case "print":
			fmt.Println(rest)
		case "error":
			return res, errors.New(rest)
		case "panic":
			panic(rest)
		case "exit":
			os.Exit(3)
		case "hang":
			select {}
		case "large":
			res.Body = strings.Repeat("x", maxPayload+1)
		}
		return res, nil
	}
}

var keys = aws.Credentials{AccessKeyID: "AKLOCAL", SecretAccessKey: "secret"}

// management returns the SDK's client for a gateway.
func management(host string, options ...func(*apigatewaymanagementapi.Options)) *apigatewaymanagementapi.Client {
	return apigatewaymanagementapi.New(apigatewaymanagementapi.Options{
		Region: "us-east-1", BaseEndpoint: aws.String("http://" + host + "/ws"), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	}, options...)
}

// plain is a function inside the test.
type plain func(events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error)

func (f plain) Invoke(_ context.Context, event []byte) ([]byte, error) {
	var e events.APIGatewayWebsocketProxyRequest
	if err := json.Unmarshal(event, &e); err != nil {
		return nil, err
	}
	res, err := f(e)
	if err != nil {
		return nil, err
	}
	return json.Marshal(res)
}

// says returns a function that answers every event alike.
func says(code int, body string) plain {
	return func(events.APIGatewayWebsocketProxyRequest) (events.APIGatewayProxyResponse, error) {
		return events.APIGatewayProxyResponse{StatusCode: code, Body: body}, nil
	}
}

// world is a gateway behind an HTTP server whose connections never leave the
// process, so that it can live in a synctest bubble.
type world struct {
	*Gateway
	pipes *pipes
	http  *http.Client
	api   *apigatewaymanagementapi.Client
}

func newWorld(t *testing.T, o Options) *world {
	t.Helper()
	o.Now, o.Credentials = time.Now, keys
	w := &world{Gateway: New(t.Context(), o), pipes: newPipes()}
	server := &http.Server{Handler: w.Gateway}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(w.pipes) })
	transport := &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return w.pipes.dial() }}
	w.http = &http.Client{Transport: transport}
	w.api = management("gateway.test", func(o *apigatewaymanagementapi.Options) { o.HTTPClient = w.http })
	t.Cleanup(func() {
		w.Close()
		transport.CloseIdleConnections()
		_ = server.Close()
		serving.Wait()
	})
	return w
}

// dial opens a connection; the error is that of the upgrade.
func (w *world) dial(t *testing.T, path string, subprotocols ...string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	c, res, err := websocket.Dial(t.Context(), "ws://gateway.test"+path, &websocket.DialOptions{
		HTTPClient: w.http, Subprotocols: subprotocols, HTTPHeader: http.Header{"Origin": {"https://page.test"}, "User-Agent": {"a client"}},
	})
	if err == nil {
		c.SetReadLimit(1 << 20)
		t.Cleanup(func() { _ = c.CloseNow() })
	}
	return c, res, err
}

// open is dial for a connection that must come about.
func (w *world) open(t *testing.T) *websocket.Conn {
	t.Helper()
	c, _, err := w.dial(t, "/ws")
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// id returns the id of the only connection, once it is registered: the client
// hears of the upgrade a moment before.
func (w *world) id(t *testing.T) string {
	t.Helper()
	var id string
	within(t, "one connection", func() bool {
		w.mu.Lock()
		defer w.mu.Unlock()
		for id = range w.conns {
		}
		return len(w.conns) == 1
	})
	return id
}

func (w *world) post(t *testing.T, id, text string) error {
	t.Helper()
	_, err := w.api.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte(text)})
	return err
}

func send(t *testing.T, c *websocket.Conn, text string) {
	t.Helper()
	if err := c.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c *websocket.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, m, err := c.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return string(m)
}

// ending reads until the connection ends, and returns the close code.
func ending(t *testing.T, c *websocket.Conn) websocket.StatusCode {
	t.Helper()
	for {
		if _, _, err := c.Read(t.Context()); err != nil {
			return websocket.CloseStatus(err)
		}
	}
}

// barrier returns a server that answers only once n requests have come.
func barrier(t *testing.T, n int) string {
	var mu sync.Mutex
	all := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		if n--; n == 0 {
			close(all)
		}
		mu.Unlock()
		select {
		case <-all:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// pipes is a listener of connections inside the process.
type pipes struct {
	next chan net.Conn
	done chan struct{}
	once sync.Once
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	near, far := net.Pipe()
	select {
	case p.next <- far:
		return near, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.next:
		return c, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error {
	p.once.Do(func() { close(p.done) })
	return nil
}

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

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

// get asks a server of the test, on a connection of its own.
func get(t *testing.T, url string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Close = true
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = res.Body.Close()
}
