package edge

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coder/websocket"
)

// The limits of API Gateway for WebSocket APIs. None of them can be raised.
const (
	MaxFrame           = 32 << 10         // bytes of payload of one frame of a client
	MaxMessage         = 128 << 10        // bytes of a message, in both directions
	IdleTimeout        = 10 * time.Minute // without a message in either direction
	Lifetime           = 2 * time.Hour
	IntegrationTimeout = 29 * time.Second
)

// Route is where messages of a kind go.
type Route struct {
	Function Invoker
	Responds bool // it has a route response: what the function returns goes to the client
}

// Options are what a Gateway needs. Routes, Credentials and Now are required.
type Options struct {
	Stage       string           // first part of every path; "": ws
	Routes      map[string]Route // "$connect", "$disconnect", "$default" and others; any may be absent
	Selection   string           // of a route by message: "$request.body.type" is a field's path; "": always $default
	Region      string           // "": us-east-1
	Credentials aws.Credentials  // that posts are signed with
	Idle, Life  time.Duration    // 0: IdleTimeout, Lifetime
	Now         func() time.Time
	Log         *slog.Logger // nil: none
	Faults      *Faults      // Reorder to TooLarge
}

// Gateway is a WebSocket API: an http.Handler for the upgrades at /stage and
// the calls at /stage/@connections/id. Make one with New, end it with Close.
type Gateway struct {
	// Static after New.
	Options
	ctx     context.Context // of all connections
	cancel  context.CancelFunc
	running sync.WaitGroup // connections and invocations

	mu     sync.Mutex
	conns  map[string]*conn // guarded by mu: open, by id
	closed bool             // guarded by mu
	usage  Usage            // guarded by mu
}

// New returns a gateway. ctx ends its connections like Close.
func New(ctx context.Context, o Options) *Gateway {
	o.Stage = orElse(o.Stage, "ws")
	o.Region = orElse(o.Region, "us-east-1")
	o.Idle = orElse(o.Idle, IdleTimeout)
	o.Life = orElse(o.Life, Lifetime)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gateway{Options: o, conns: map[string]*conn{}}
	g.ctx, g.cancel = context.WithCancel(ctx)
	return g
}

// Connections returns how many are open.
func (g *Gateway) Connections() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.conns)
}

// Close cuts all connections, and returns when nothing of theirs runs any
// more. No function is told.
func (g *Gateway) Close() {
	g.mu.Lock()
	g.closed = true
	g.mu.Unlock()
	g.cancel()
	g.running.Wait()
}

// ServeHTTP implements http.Handler.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/"+g.Stage)
	id, manages := strings.CutPrefix(path, "/@connections/")
	switch {
	case manages:
		g.serveManagement(w, r, id)
	case path != "" && path != "/":
		reply(w, http.StatusForbidden, note{Message: "Forbidden"})
	case !strings.EqualFold(r.Header.Get("Upgrade"), "websocket"):
		reply(w, http.StatusUpgradeRequired, note{Message: "Upgrade Required"})
	case !g.begin():
		reply(w, http.StatusServiceUnavailable, note{Message: "Service Unavailable"})
	default:
		defer g.running.Done()
		g.serveConnect(w, r)
	}
}

// begin counts something as running, unless the gateway has been closed.
func (g *Gateway) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.running.Add(1)
	}
	return !g.closed
}

// note is what API Gateway itself has to say.
type note struct {
	Message      string `json:"message"`
	ConnectionID string `json:"connectionId,omitempty"`
	RequestID    string `json:"requestId,omitempty"`
}

// serveConnect is the life of a connection.
func (g *Gateway) serveConnect(w http.ResponseWriter, r *http.Request) {
	c := newConn(g, r)
	res, err := g.invoke(g.ctx, "$connect", c.event(connectEvent))
	switch {
	case err != nil:
		g.Log.Warn("a connection was refused", "connection", c.id, "error", err)
		reply(w, http.StatusBadGateway, note{"Internal server error", c.id, token()})
		return
	case res.StatusCode/100 != 2:
		w.WriteHeader(res.StatusCode)
		return
	}
	guarded := &guardedWriter{ResponseWriter: w}
	ws, err := websocket.Accept(guarded, r, &websocket.AcceptOptions{
		Subprotocols:       res.subprotocols(),
		InsecureSkipVerify: true, // API Gateway takes pages of any origin; the function looks
	})
	if err != nil {
		g.Log.Info("an upgrade failed", "connection", c.id, "error", err)
		return
	}
	ws.SetReadLimit(-1) // the guard counts
	c.run(ws)
}

// response is what a function returns to API Gateway.
type response struct {
	StatusCode int               `json:"statusCode"`
	Headers    map[string]string `json:"headers"`
	Body       string            `json:"body"`
}

// subprotocols returns the one that the function chose, if it did.
func (res response) subprotocols() []string {
	for name, value := range res.Headers {
		if strings.EqualFold(name, "Sec-WebSocket-Protocol") {
			return []string{value}
		}
	}
	return nil
}

// invoke calls the function of a route. A route that is absent agrees.
func (g *Gateway) invoke(ctx context.Context, route string, event []byte) (response, error) {
	to, ok := g.Routes[route]
	if !ok {
		return response{StatusCode: http.StatusOK}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, IntegrationTimeout)
	defer cancel()
	result, err := to.Function.Invoke(ctx, event)
	if err != nil {
		return response{}, fmt.Errorf("the function of %s: %w", route, err)
	}
	var res response
	if err := json.Unmarshal(result, &res); err != nil || res.StatusCode < 200 || res.StatusCode > 599 {
		return response{}, errMalformed
	}
	return res, nil
}

var errMalformed = errors.New("the function returned no response: a status code from 200 to 599 is needed")

// route selects where a message goes, as the selection expression says.
func (g *Gateway) route(message []byte) (key string, ok bool) {
	key = "$default"
	if path, is := strings.CutPrefix(g.Selection, "$request.body."); is {
		if found := field(message, strings.Split(path, ".")); found != "" {
			if _, ok := g.Routes[found]; ok && !strings.HasPrefix(found, "$") {
				key = found
			}
		}
	}
	_, ok = g.Routes[key]
	return key, ok
}

// field returns a field of a JSON object as text; "" if there is none.
func field(message []byte, path []string) string {
	for _, name := range path {
		var object map[string]json.RawMessage
		if json.Unmarshal(message, &object) != nil {
			return ""
		}
		message = object[name]
	}
	var text string
	if json.Unmarshal(message, &text) == nil {
		return text
	}
	return string(message)
}
