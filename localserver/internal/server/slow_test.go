package server

import (
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kefu/localserver/internal/config"
)

// pipes is a listener of connections inside the process, for a synctest bubble.
// A pipe holds nothing: who does not read holds up who writes.
type pipes struct {
	next chan net.Conn
	done chan struct{}
	once sync.Once
}

func newPipes() *pipes { return &pipes{next: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) dial() net.Conn {
	near, far := net.Pipe()
	p.next <- far
	return near
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

// Who takes their time over a request is cut, however little is missing, and
// however often a byte comes.
func TestSlowRequests(t *testing.T) {
	const get = "GET /slow HTTP/1.1\r\nHost: x\r\n"
	for name, test := range map[string]struct {
		sent    string
		trickle string        // sent again each second
		reads   bool          // what is answered
		cut     time.Duration // about when
	}{
		"nothing":                   {"", "", true, 5 * time.Second},
		"half a header":             {get, "", true, 5 * time.Second},
		"a header without end":      {get, "X: y\r\n", true, 5 * time.Second},
		"half a handshake":          {get + "Upgrade: websocket\r\nConnection: Upgrade\r\n", "X: y\r\n", true, 5 * time.Second},
		"no body":                   {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "", true, 30 * time.Second},
		"a body by the byte":        {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n", "x", true, 30 * time.Second},
		"chunks without end":        {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n", true, 30 * time.Second},
		"asks and does not read":    {get + "\r\n", "", false, 60 * time.Second},
		"asks, reads, and is quiet": {get + "\r\n", "", true, 75 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &Server{Options: Options{Config: config.Default(), Now: time.Now, Log: (&record{}).logger()}, base: context.Background()}
				h := s.httpServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					_, _ = io.WriteString(w, strings.Repeat("x", 1<<16))
				}))
				p := newPipes()
				var serving sync.WaitGroup
				serving.Go(func() { _ = h.Serve(p) })
				c, begun := p.dial(), time.Now()
				serving.Go(func() { // what is sent, until nobody takes it any more
					_, err := io.WriteString(c, test.sent)
					for err == nil && test.trickle != "" {
						<-time.After(time.Second)
						_, err = io.WriteString(c, test.trickle)
					}
				})
				if !test.reads {
					<-time.After(test.cut + 2*time.Second)
					if got, err := io.ReadAll(c); err != nil || len(got) > 0 {
						t.Errorf("%s later it is still sent %d bytes, %v", time.Since(begun), len(got), err)
					}
				} else if _, err := io.Copy(io.Discard, c); err != nil { // until it is cut
					t.Error(err)
				}
				if took := time.Since(begun); took < test.cut-time.Second || took > test.cut+2*time.Second {
					t.Errorf("cut after %s, want %s", took, test.cut)
				}
				_ = c.Close()
				if err := h.Close(); err != nil {
					t.Error(err)
				}
				serving.Wait()
			})
		})
	}
}
