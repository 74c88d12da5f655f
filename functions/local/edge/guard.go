package edge

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/http"
	"time"
)

// errTooBig says that a client sent a frame or a message beyond the limits.
var errTooBig = errors.New("the frame or message is too large")

// guardedWriter hands out a connection that is read through a guard.
type guardedWriter struct{ http.ResponseWriter }

// Hijack implements http.Hijacker.
func (w *guardedWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	raw, old, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	// What the client sent ahead of our answer is in the old buffer.
	g := &guard{Conn: raw, from: io.MultiReader(io.LimitReader(old.Reader, int64(old.Reader.Buffered())), raw)}
	return g, bufio.NewReadWriter(bufio.NewReader(g), bufio.NewWriter(raw)), nil
}

// guard is a connection that reads no further than a frame that is too large.
// The WebSocket library limits messages only, and does not show frames.
type guard struct {
	net.Conn
	from io.Reader

	// Owned by whoever reads.
	header  []byte // of the frame that begins, as far as it came
	payload uint64 // bytes of the frame that are still to come
	message uint64 // bytes of the message so far
	tooBig  bool
}

// Read implements net.Conn.
func (g *guard) Read(p []byte) (int, error) {
	if g.tooBig {
		return 0, errTooBig
	}
	n, err := g.from.Read(p)
	for i := 0; i < n; {
		if g.payload > 0 {
			skip := min(g.payload, uint64(n-i))
			g.payload -= skip
			i += int(skip)
			continue
		}
		g.header = append(g.header, p[i])
		i++
		if g.begin(); g.tooBig {
			return i, errTooBig
		}
	}
	return n, err
}

// begin looks at a header, if it is complete: two bytes, the extended length,
// the mask.
func (g *guard) begin() {
	h := g.header
	if len(h) < 2 {
		return
	}
	size, need := uint64(h[1]&0x7f), 2
	switch size {
	case 126:
		need += 2
	case 127:
		need += 8
	}
	extended := h[2:min(need, len(h))]
	if h[1]&0x80 != 0 {
		need += 4
	}
	if len(h) < need {
		return
	}
	switch len(extended) {
	case 2:
		size = uint64(binary.BigEndian.Uint16(extended))
	case 8:
		size = binary.BigEndian.Uint64(extended)
	}
	g.header, g.payload = h[:0], size
	if h[0]&0x08 != 0 { // a control frame, also in the middle of a message
		return
	}
	if g.message += size; size > MaxFrame || g.message > MaxMessage {
		g.tooBig = true
	}
	if h[0]&0x80 != 0 {
		g.message = 0
	}
}

// linger is how long a client may still send after we refused to read on.
const linger = time.Second

// Close implements net.Conn. If there is something unread, closing at once
// would reset the connection, and the client might never see why.
func (g *guard) Close() error {
	if half, ok := g.Conn.(interface{ CloseWrite() error }); ok && g.tooBig {
		_ = half.CloseWrite()
		late := time.AfterFunc(linger, func() { _ = g.Conn.Close() })
		_, _ = io.Copy(io.Discard, g.Conn)
		late.Stop()
	}
	return g.Conn.Close()
}
