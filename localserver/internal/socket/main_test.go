package socket

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/memstore"
	"kefu/localserver/internal/hub"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is a handler behind a real HTTP server, before a real desk that keeps
// nothing.
type server struct {
	*httptest.Server
	hub     *hub.Hub
	handler *Handler
	desk    *desk.Desk

	mu   sync.Mutex
	gone []string // guarded by mu: "page clean", in the order of leaving
}

// begin returns a server that runs until the test ends. listen is nil for
// TCP.
func begin(t *testing.T, connections int, listen net.Listener) *server {
	t.Helper()
	s := &server{}
	s.hub = hub.New(t.Context(), hub.Options{
		Now: time.Now, Connections: connections,
		Decide: func(ctx context.Context, c core.Conversation, in core.Input) (core.Change, error) {
			return s.desk.Decide(ctx, c, in)
		},
		Dispatch: func(ctx context.Context, g core.GroupID) error { return s.desk.Dispatch(ctx, g) },
	})
	store := memstore.New("epoch")
	quick := core.DefaultSettings() // these tests are not about who sends too fast
	quick.Version, quick.Limits.Burst = 1, 10_000
	err := store.PutSettings(t.Context(), quick)
	if err != nil {
		t.Fatal(err)
	}
	s.desk, err = desk.New(t.Context(), desk.Options{
		Store: store, Rooms: s.hub, Floor: s.hub, Seek: s.hub.Seek, Now: time.Now,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.handler = New(context.WithoutCancel(t.Context()), Options{Hub: s.hub, Serve: s.serve, Gone: s.leave})
	s.Server = httptest.NewUnstartedServer(s.handler)
	if listen != nil {
		_ = s.Listener.Close()
		s.Listener = listen
	}
	s.Start()
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { s.hub.Run(ctx) })
	t.Cleanup(func() {
		s.hub.Close()
		s.Close()
		cancel()
		running.Wait()
	})
	return s
}

// serve is the desk's, but for a message that is a bug.
func (s *server) serve(ctx context.Context, p *desk.Peer, message []byte) {
	if string(message) == "panic" {
		panic("a bug")
	}
	s.desk.Serve(ctx, p, message)
}

func (s *server) leave(ctx context.Context, p *desk.Peer, clean bool) {
	s.desk.Gone(ctx, p, clean)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = append(s.gone, fmt.Sprint(p.Page, " ", clean))
}

func (s *server) left() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.gone, ", ")
}

// dial opens a connection as a page of the given origin does.
func (s *server) dial(t *testing.T, page string) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), s.URL, &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {page}}})
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
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

// ending reads until the connection ends, and returns the close code and the
// last message before it.
func ending(t *testing.T, c *websocket.Conn) (websocket.StatusCode, string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	last := ""
	for {
		_, m, err := c.Read(ctx)
		if err != nil {
			return websocket.CloseStatus(err), last
		}
		last = string(m)
	}
}

// kind is the type of a frame, and its code if it has one.
func kind(frame string) string {
	var f struct {
		Type string
		Code any
	}
	if json.Unmarshal([]byte(frame), &f) != nil {
		return "not a frame: " + frame
	}
	if f.Code == nil {
		return f.Type
	}
	return fmt.Sprint(f.Type, " ", f.Code)
}

// raw is a client that can do what no library would.
type raw struct {
	net.Conn
	in *bufio.Reader
}

// The frames that the tests send.
const (
	hello = `{"type":"hello","v":1,"origin":"origin-1"}`
	ping  = `{"type":"ping"}`
)

// say is the n-th message of a visitor.
func say(n int, text string) string {
	return fmt.Sprintf(`{"type":"send","origin":"origin-1","n":%d,"body":{"kind":"text","text":%q}}`, n, text)
}

const handshake = "GET /ws HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
	"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

// dialRaw opens a connection with more headers, and sends early right behind
// the request.
func dialRaw(t *testing.T, dial func() (net.Conn, error), headers, early string) (*raw, *http.Response) {
	t.Helper()
	c, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if _, err := io.WriteString(c, handshake+headers+"\r\n"+early); err != nil {
		t.Fatal(err)
	}
	r := &raw{c, bufio.NewReader(c)}
	res, err := http.ReadResponse(r.in, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r, res
}

func (s *server) tcp() (net.Conn, error) { return net.Dial("tcp", s.Listener.Addr().String()) }

const (
	final  = 0x80
	textOp = 1
	contOp = 0
	pingOp = 9
	pongOp = 10
)

// packet is a masked frame; the mask is zero, which is one like any other.
func packet(head byte, payload string) string {
	b := []byte{head, 0x80 | 126, 0, 0, 0, 0, 0, 0}
	binary.BigEndian.PutUint16(b[2:], uint16(len(payload)))
	if len(payload) < 126 {
		b = []byte{head, 0x80 | byte(len(payload)), 0, 0, 0, 0}
	}
	return string(b) + payload
}

// next reads one frame of the server.
func (r *raw) next(t *testing.T) (head byte, payload string) {
	t.Helper()
	var b [4]byte
	if _, err := io.ReadFull(r.in, b[:2]); err != nil {
		t.Fatal(err)
	}
	size := int(b[1])
	if size == 126 {
		if _, err := io.ReadFull(r.in, b[2:4]); err != nil {
			t.Fatal(err)
		}
		size = int(binary.BigEndian.Uint16(b[2:4]))
	}
	data := make([]byte, size)
	if _, err := io.ReadFull(r.in, data); err != nil {
		t.Fatal(err)
	}
	return b[0], string(data)
}

func (r *raw) send(t *testing.T, packets ...string) {
	t.Helper()
	if _, err := io.WriteString(r, strings.Join(packets, "")); err != nil {
		t.Fatal(err)
	}
}

// pipes is a listener of connections inside the process, for a synctest
// bubble.
type pipes struct {
	next chan net.Conn
	done chan struct{}
	once sync.Once
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() (net.Conn, error) {
	near, far := net.Pipe()
	p.next <- far
	return near, nil
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

func (*pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }

// within polls until so, and fails the test if that takes long.
func within(t *testing.T, what string, so func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
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
