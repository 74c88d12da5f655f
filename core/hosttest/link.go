package hosttest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// link is a connection as a client has it, whatever carries it. One goroutine
// uses it.
type link interface {
	// send sends one message: a frame, or a batch of them.
	send(frames ...any) error

	// frames gives what comes, in the order in which it came. It is closed
	// when the link has ended.
	frames() <-chan frame

	// seen says what the client has, for transports that ask with each
	// request instead of once.
	seen(last uint64, epoch, token string)

	// status is the close code, once frames is closed; 0: none came.
	status() int

	// hangUp ends the link, in order or as if the cable were cut, and
	// returns when nothing of it is left.
	hangUp(clean bool)
}

// queue is how many frames a client may lag behind before the host notices
// that it does not read.
const queue = 4096

// socket is a link over WebSocket.
type socket struct {
	conn   *websocket.Conn
	in     chan frame
	ctx    context.Context
	cancel context.CancelFunc
	ended  sync.WaitGroup
	code   atomic.Int64
	fault  func(message []byte, err error) (passOver bool)
}

// patience is how long a client waits for anything that should be there.
const patience = 15 * time.Second

// dial opens a WebSocket. fault is told of what the protocol does not allow,
// and says whether to pass over it.
func dial(ctx context.Context, url, origin string, fault func(message []byte, err error) bool) (*socket, error) {
	dialling, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := &websocket.DialOptions{Subprotocols: []string{"kefu.v1"}, HTTPHeader: http.Header{}}
	if origin != "" {
		o.HTTPHeader.Set("Origin", origin)
	}
	conn, _, err := websocket.Dial(dialling, "ws"+strings.TrimPrefix(url, "http")+"/ws", o)
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	s := &socket{conn: conn, in: make(chan frame, queue), fault: fault}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.ended.Go(s.read)
	return s, nil
}

func (s *socket) read() {
	defer close(s.in)
	for {
		_, m, err := s.conn.Read(s.ctx)
		if err != nil {
			s.code.Store(int64(max(websocket.CloseStatus(err), 0)))
			return
		}
		frames, err := decode(m)
		if err != nil {
			if s.fault(m, err) {
				continue
			}
			return
		}
		for _, f := range frames {
			select {
			case s.in <- f:
			case <-s.ctx.Done():
				return
			}
		}
	}
}

func (s *socket) send(frames ...any) error {
	data, err := json.Marshal(message(frames))
	if err != nil {
		return err
	}
	return s.sendRaw(string(data))
}

// sendRaw sends what need not be a frame.
func (s *socket) sendRaw(m string) error {
	ctx, cancel := context.WithTimeout(s.ctx, patience)
	defer cancel()
	return s.conn.Write(ctx, websocket.MessageText, []byte(m))
}

// message is one frame, or the batch.
func message(frames []any) any {
	if len(frames) == 1 {
		return frames[0]
	}
	return frames
}

func (s *socket) frames() <-chan frame        { return s.in }
func (s *socket) seen(uint64, string, string) {}
func (s *socket) status() int                 { return int(s.code.Load()) }

func (s *socket) hangUp(clean bool) {
	if clean {
		_ = s.conn.Close(websocket.StatusNormalClosure, "") // it is over either way
	}
	s.cancel()
	_ = s.conn.CloseNow()
	s.ended.Wait()
}
