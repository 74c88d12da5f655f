package socket

import (
	"bufio"
	"bytes"
	"container/list"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"unicode/utf8"

	"github.com/coder/websocket"

	"kefu/core/wire"
	"kefu/localserver/internal/hub"
)

// socket is a connection as the hub writes to it.
type socket struct {
	// Static after ServeHTTP.
	ws     *websocket.Conn
	below  *strict // ws reads from it
	silent context.Context
	conn   *hub.Conn

	inside bool          // owned by the reader: it has been welcomed
	place  *list.Element // guarded by porch.mu; nil: it is not there
}

var _ hub.Wire = (*socket)(nil)

// Write sends one text message. It has no deadline: the hub sees whom it
// takes too long, and aborts.
func (s *socket) Write(message []byte) error {
	return s.ws.Write(s.silent, websocket.MessageText, message)
}

// Close sends a close frame and waits for the other side's, five seconds each
// at most.
func (s *socket) Close(code wire.CloseCode, reason string) {
	s.below.ending.Store(true)
	_ = s.ws.Close(websocket.StatusCode(code), cut(reason)) // it is over either way
}

// Abort cuts the connection below the library, whose own CloseNow waits for a
// Close that goes on. It goes below TLS too, which would first say goodbye to
// who does not listen, for up to 5 s.
func (s *socket) Abort() {
	below := s.below.Conn
	if over, ok := below.(interface{ NetConn() net.Conn }); ok {
		below = over.NetConn()
	}
	_ = below.Close()
}

// refuse says what is wrong with a message that is none, and closes.
func (s *socket) refuse(err error, code wire.CloseCode) {
	s.conn.Send(wire.Encode(wire.ErrorFor(wire.Frame{}, err)))
	s.conn.Close(code, "")
}

// maxReason is how many bytes of reason a close frame can carry.
const maxReason = 123

func cut(reason string) string {
	for len(reason) > maxReason {
		_, n := utf8.DecodeLastRuneInString(reason)
		reason = reason[:len(reason)-n]
	}
	return reason
}

// message is a buffer for one message.
type message struct {
	data  []byte
	whole bool
}

var errTooLarge = errors.New("the message is too large")

// firstRead is how many bytes a buffer has at first: more than almost every
// message of a client.
const firstRead = 2 << 10

// fill reads a message to its end, or until it is larger than MaxMessage.
func (m *message) fill(r io.Reader) error {
	if m.data == nil {
		m.data = make([]byte, 0, firstRead)
	}
	m.data, m.whole = m.data[:0], false
	for len(m.data) <= MaxMessage {
		if len(m.data) == cap(m.data) {
			m.data = append(m.data, 0)[:len(m.data)]
		}
		// No more than it takes to know: the library waits until all is there.
		n, err := r.Read(m.data[len(m.data):min(cap(m.data), MaxMessage+1)])
		m.data = m.data[:len(m.data)+n]
		switch {
		case errors.Is(err, io.EOF):
			m.whole = true
			return nil
		case err != nil:
			return err
		}
	}
	return errTooLarge
}

// skip reads what fill left, for the library wants each message read to its
// end. The other side has been told by then, and gets a few seconds.
func (m *message) skip(r io.Reader) error {
	if m.whole {
		return nil
	}
	_, err := io.Copy(io.Discard, r)
	return err
}

// The sizes of a connection's buffers. Messages that are larger are read and
// written past them, so they cost system calls, not copies.
const (
	readBuffer  = 256
	writeBuffer = 512
)

// smallBuffers hands out a connection with small buffers in place of the
// server's, and remembers it.
type smallBuffers struct {
	http.ResponseWriter
	below *strict
}

// Unwrap is for http.ResponseController.
func (s *smallBuffers) Unwrap() http.ResponseWriter { return s.ResponseWriter }

// Hijack implements http.Hijacker.
func (s *smallBuffers) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, old, err := http.NewResponseController(s.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	// What the client sent ahead of our answer is in the old buffer.
	early, err := old.Reader.Peek(old.Reader.Buffered())
	if err != nil {
		return nil, nil, err
	}
	s.below = &strict{Conn: raw, early: bytes.Clone(early)}
	return s.below, bufio.NewReadWriter(bufio.NewReaderSize(s.below, readBuffer), bufio.NewWriterSize(raw, writeBuffer)), nil
}
