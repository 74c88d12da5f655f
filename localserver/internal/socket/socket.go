// Package socket carries connections over WebSocket: GET /ws, by
// coder/websocket, to the hub and the desk.
//
// It keeps what RFC 6455 says of frames: the library does most of it, strict.go
// the rest; conformance_test.go is the table of cases.
//
// It keeps what the protocol says of the transport. A message is text, valid
// UTF-8 (the library does not look), at most [MaxMessage] bytes; whatever else
// comes is answered with an error and a close. The subprotocol kefu.v1 is
// optional. Which pages may connect is a matter of the site they ask for, so
// the desk judges their origin when they say hello. Compression is off: a
// context costs 120 KiB a connection, and lets a few bytes become many.
//
// Who is silent takes no place from others: those who have not said hello may
// have half of all places, and of more the one that came first is closed. (A
// client says hello at once; and any has but ten seconds.)
//
// # Memory
//
// Most connections are idle, so what an idle one holds decides how many there
// can be. The handler returns once the connection is open, which lets net/http
// drop the request, the response and the goroutine with its stack, and a
// goroutine of our own reads on: a fresh one for each message, for serving one
// makes the stack grow, and a goroutine that waits would keep it so. (4 KiB
// instead of 8; starting one costs less than can be measured beside a message.)
// The library takes the buffers of net/http over, 4 KiB each way; we hand it
// small ones. A message is read into a buffer that goes back to a pool when it
// has been served.
package socket

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"unicode/utf8"

	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
	"kefu/localserver/internal/hub"
)

// MaxMessage is how many bytes a message may have before it is refused
// without reading on. The desk refuses, more gently, from a little less.
const MaxMessage = wire.MaxMessage + 1<<10

// Options are what a Handler needs.
type Options struct {
	Hub   *hub.Hub
	Serve func(ctx context.Context, p *desk.Peer, message []byte) // as Desk.Serve; the message is only lent
	Gone  func(ctx context.Context, p *desk.Peer, clean bool)     // as Desk.Gone
	Log   *slog.Logger                                            // nil: none
}

// Handler opens connections. Make one with New.
type Handler struct {
	// Static after New.
	Options
	ctx    context.Context // of all connections
	silent context.Context // ctx without its end, which would cost the library a timer for each read

	porch    porch
	messages sync.Pool // of *message; empty at first
}

// New returns a handler whose connections are served in ctx. They end by
// themselves, or with the hub; ctx must outlive both.
func New(ctx context.Context, o Options) *Handler {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	h := &Handler{Options: o, ctx: ctx, silent: context.WithoutCancel(ctx)}
	h.porch.most = max(o.Hub.Connections/2, 1)
	return h
}

// retryAfter is what a client that finds no place is told to wait, in seconds.
const retryAfter = "5"

// ServeHTTP opens a connection and returns.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !h.Hub.Reserve() {
		w.Header().Set("Retry-After", retryAfter)
		http.Error(w, "too many connections", http.StatusServiceUnavailable)
		return
	}
	small := &smallBuffers{ResponseWriter: w}
	ws, err := websocket.Accept(small, r, &websocket.AcceptOptions{
		Subprotocols:       []string{"kefu.v1"},
		InsecureSkipVerify: true, // the desk judges the origin, by the site
	})
	if err != nil {
		h.Hub.Release()
		h.Log.Debug("not a WebSocket", "addr", r.RemoteAddr, "error", err)
		return
	}
	ws.SetReadLimit(-1) // ours says why before it closes
	s := &socket{ws: ws, below: small.below, silent: h.silent}
	s.conn = h.Hub.Connect(s, r.Header.Get("Origin"), host(r.RemoteAddr))
	s.conn.Peer.Browser = r.UserAgent()
	if first := h.porch.enter(s); first != nil {
		first.conn.Close(wire.CloseStale, "no hello yet, and too many wait")
	}
	go h.read(s) // the hub waits for it: it ends with Disconnect
}

// host is the address without the port.
func host(addr string) string {
	if h, _, err := net.SplitHostPort(addr); err == nil {
		return h
	}
	return addr
}

// read waits for one message, serves it, and passes the connection on to a
// goroutine of its own kind; or ends it.
func (h *Handler) read(s *socket) {
	err := h.readOne(s)
	if !s.inside && (err != nil || s.conn.Peer.Known()) {
		s.inside = true
		h.porch.leave(s)
	}
	if err == nil {
		go h.read(s)
		return
	}
	if f := new(fault); errors.As(err, &f) {
		_ = s.ws.Close(f.code, f.problem) // what the library says of faults that it finds itself
	}
	// Who hangs up before we do leaves cleanly.
	code := websocket.CloseStatus(err)
	clean := !s.conn.Ended() && (code == websocket.StatusNormalClosure || code == websocket.StatusGoingAway || code == websocket.StatusNoStatusRcvd)
	s.Abort()
	h.guard(s, func() { h.Gone(h.ctx, s.conn.Peer, clean) })
	_ = s.ws.CloseNow() // waits for the library; the connection itself is cut
	h.Log.Debug("disconnected", "addr", s.conn.Peer.Addr, "clean", clean, "error", err)
	h.Hub.Disconnect(s.conn)
}

// readOne waits for one message and serves it. An error means that there will
// be no other.
func (h *Handler) readOne(s *socket) error {
	typ, r, err := s.ws.Reader(s.silent)
	if err != nil {
		return err
	}
	s.conn.Began()
	m, ok := h.messages.Get().(*message)
	if !ok {
		m = new(message)
	}
	defer h.messages.Put(m)
	err = m.fill(r)
	if err != nil && !errors.Is(err, errTooLarge) {
		return err
	}
	s.conn.Heard()
	switch {
	case s.conn.Ended(): // what comes while we close is of no interest
	case err != nil:
		s.refuse(core.Errorf(core.TooLarge, "a message may have %d bytes", wire.MaxMessage), wire.CloseProtocol)
	case typ != websocket.MessageText:
		s.refuse(core.Errorf(core.Invalid, "messages are text"), wire.CloseCode(websocket.StatusUnsupportedData))
	case !utf8.Valid(m.data):
		s.refuse(core.Errorf(core.Invalid, "messages are UTF-8"), wire.CloseCode(websocket.StatusInvalidFramePayloadData))
	default:
		h.guard(s, func() { h.Serve(h.ctx, s.conn.Peer, m.data) })
	}
	return m.skip(r)
}

// guard ends a connection whose service panics, and only that.
func (h *Handler) guard(s *socket, serve func()) {
	defer func() {
		if p := recover(); p != nil {
			h.Log.Error("serving a connection panicked", "error", fmt.Sprintf("%v\n%s", p, debug.Stack()))
			s.refuse(core.Errorf(core.Internal, ""), wire.CloseCode(websocket.StatusInternalError))
		}
	}()
	serve()
}
