package edge

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// conn is one connection.
type conn struct {
	// Static after newConn.
	g       *Gateway
	id      string
	request *http.Request // the upgrade
	since   time.Time

	// Static after run.
	ws *websocket.Conn

	out    chan outgoing // never closed; what does not fit is refused
	stirs  chan struct{} // that there was activity; never closed
	active atomic.Int64  // when there was, in Unix milliseconds

	mu    sync.Mutex
	seen  int                   // guarded by mu: messages that came
	held  map[int]chan struct{} // guarded by mu: those that wait to be overtaken
	ended *websocket.CloseError // guarded by mu: how we ended it, if we did
}

// outgoing is a message to the client, or the wish to end the connection.
type outgoing struct {
	data []byte
	end  *websocket.CloseError
}

// buffered is how many messages wait for a client that does not read.
const buffered = 64

func newConn(g *Gateway, r *http.Request) *conn {
	c := &conn{
		g: g, id: token(), request: r, since: g.Now(),
		out: make(chan outgoing, buffered), stirs: make(chan struct{}, 1), held: map[int]chan struct{}{},
	}
	c.stir()
	return c
}

// run serves an open connection until it ends.
func (c *conn) run(ws *websocket.Conn) {
	c.ws = ws
	ctx, cancel := context.WithCancel(c.g.ctx)
	var parts sync.WaitGroup
	parts.Go(func() { c.write(ctx) })
	parts.Go(func() { c.watch(ctx) })
	c.g.register(c)
	err := c.read(ctx)
	c.g.unregister(c)
	cancel()
	_ = ws.CloseNow() // it is over either way
	parts.Wait()
	c.g.count(func(u *Usage) { u.Minutes += minutes(c.g.Now().Sub(c.since)) })
	c.left(err)
}

func (g *Gateway) register(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.conns[c.id] = c
}

func (g *Gateway) unregister(c *conn) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.conns, c.id)
}

func (g *Gateway) find(id string) *conn {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.conns[id]
}

// read gives every message to a function, each in a goroutine of its own.
func (c *conn) read(ctx context.Context) error {
	for {
		kind, data, err := c.ws.Read(ctx)
		switch {
		case errors.Is(err, errTooBig):
			c.end(websocket.StatusMessageTooBig, "")
			return err
		case err != nil:
			return err
		case kind == websocket.MessageBinary:
			c.end(websocket.StatusUnsupportedData, "")
			return nil
		case !utf8.Valid(data): // the library does not look
			c.end(websocket.StatusInvalidFramePayloadData, "")
			return nil
		}
		c.stir()
		c.g.count(func(u *Usage) { u.In += units(data) })
		c.accept(data)
	}
}

// write sends what is queued, in order. An end is queued like a message, so
// that what was posted before it arrives.
func (c *conn) write(ctx context.Context) {
	for {
		select {
		case m := <-c.out:
			if m.end != nil {
				c.end(m.end.Code, m.end.Reason)
				return
			}
			if c.ws.Write(ctx, websocket.MessageText, m.data) != nil {
				return // read sees it as well
			}
			c.g.count(func(u *Usage) { u.Out, u.Sent = u.Out+units(m.data), u.Sent+len(m.data) })
			c.stir()
		case <-ctx.Done():
			return
		}
	}
}

// watch ends the connection when it has been idle, or has lived, too long.
func (c *conn) watch(ctx context.Context) {
	idle, life := time.NewTimer(c.g.Idle), time.NewTimer(c.g.Life)
	defer idle.Stop()
	defer life.Stop()
	for {
		select {
		case <-c.stirs:
			idle.Reset(c.g.Idle)
		case <-idle.C:
			c.end(websocket.StatusGoingAway, "Going away")
			return
		case <-life.C:
			c.end(websocket.StatusGoingAway, "Going away")
			return
		case <-ctx.Done():
			return
		}
	}
}

// stir notes activity.
func (c *conn) stir() {
	c.active.Store(c.g.Now().UnixMilli())
	select {
	case c.stirs <- struct{}{}:
	default: // noted, not seen yet
	}
}

// end closes the connection from our side, and waits for the client's answer,
// though not for long. To posts it is gone at once.
func (c *conn) end(code websocket.StatusCode, reason string) {
	c.g.unregister(c)
	c.mu.Lock()
	if c.ended == nil {
		c.ended = &websocket.CloseError{Code: code, Reason: reason}
	}
	c.mu.Unlock()
	_ = c.ws.Close(code, reason) // it is over either way
}

// send queues a message. false: the client does not keep up.
func (c *conn) send(m outgoing) bool {
	select {
	case c.out <- m:
		return true
	default:
		return false
	}
}

// left tells the function that the connection is no more, if all goes well.
func (c *conn) left(err error) {
	c.mu.Lock()
	how := websocket.CloseError{Code: 1006, Reason: "Connection closed abnormally"}
	if c.ended != nil {
		how = *c.ended
	} else {
		errors.As(err, &how)
	}
	c.mu.Unlock()
	if c.g.ctx.Err() != nil || c.g.Faults.Hit(LostDisconnect) {
		return
	}
	if _, err := c.g.invoke(c.g.ctx, "$disconnect", c.event(disconnectEvent(how))); err != nil {
		c.g.Log.Warn("an end was not taken note of", "connection", c.id, "error", err)
	}
}

// clientIP is where the client is, without its port.
func clientIP(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}
