package socket

import (
	"encoding/binary"
	"io"
	"net"
	"sync/atomic"
	"unicode/utf8"

	"github.com/coder/websocket"
)

// strict is the network below the library. It reads the frames that go by and
// ends the stream before one that RFC 6455 forbids and the library lets pass,
// or cuts without a word: an unmasked one, a length that is not in the shortest
// form or above 63 bits (section 5.2), a reason for closing that is not UTF-8
// (5.5.1). Everything else is the library's to judge.
type strict struct {
	net.Conn
	early []byte // what the client sent behind its handshake

	head    [14]byte // of the frame that comes in; 4 of mask are its last bytes
	have    int      // bytes of head
	left    uint64   // bytes of its payload
	closing bool     // it is a close frame
	reason  []byte   // of a close frame, as it came
	fault   *fault   // nothing is read after it

	ending atomic.Bool // our close frame is on its way
	late   int         // bytes since
}

// maxLate is how much a client may still send that has been told to go: what it
// had on its way. The library reads that byte by byte until the client agrees,
// which a flood would keep a processor busy with.
const maxLate = 4 << 20

// fault is what a client did wrong, and the code that says so.
type fault struct {
	code    websocket.StatusCode
	problem string
}

func (f *fault) Error() string { return f.problem }

// Read implements net.Conn.
func (s *strict) Read(p []byte) (n int, err error) {
	if s.fault != nil {
		return 0, s.fault
	}
	if len(s.early) > 0 {
		n = copy(p, s.early)
		if s.early = s.early[n:]; len(s.early) == 0 {
			s.early = nil
		}
	} else {
		n, err = s.Conn.Read(p)
	}
	if s.ending.Load() {
		if s.late += n; s.late > maxLate {
			return 0, io.EOF
		}
	}
	if good := s.check(p[:n]); s.fault != nil {
		if good == 0 {
			return 0, s.fault
		}
		return good, nil
	}
	return n, err
}

// check follows the frames through data, and returns how many bytes are good;
// all, unless there is a fault now.
func (s *strict) check(data []byte) int {
	at := 0
	for at < len(data) && s.fault == nil {
		begin := at
		if s.left > 0 {
			at += s.payload(data[at:])
		} else {
			at += s.header(data[at:])
		}
		if s.fault != nil {
			return begin
		}
	}
	return at
}

// header takes bytes of a header, up to its end at most.
func (s *strict) header(data []byte) int {
	for i, b := range data {
		s.head[s.have] = b
		s.have++
		if s.have < 2 {
			continue
		}
		if s.head[1]&0x80 == 0 {
			s.fail(websocket.StatusProtocolError, "a client masks its frames")
			return i
		}
		size, bytes := length(s.head[:])
		if s.have < 2+bytes+4 {
			continue
		}
		if least := [...]uint64{2: 126, 8: 1 << 16}[bytes]; size < least || size >= 1<<63 {
			s.fail(websocket.StatusProtocolError, "a length has its shortest form, and 63 bits")
			return i
		}
		// The library refuses a close frame that is larger than control frames are.
		s.left, s.closing = size, s.head[0]&0xf == 8 && size <= 125
		s.reason = s.reason[:0]
		if size == 0 {
			s.have = 0
		}
		return i + 1
	}
	return len(data)
}

// length is what the header says of the payload, and how many more bytes of it
// it takes to say so: 0, 2 or 8.
func length(head []byte) (size uint64, bytes int) {
	switch n := head[1] & 0x7f; n {
	case 126:
		return uint64(binary.BigEndian.Uint16(head[2:])), 2
	case 127:
		return binary.BigEndian.Uint64(head[2:]), 8
	default:
		return uint64(n), 0
	}
}

// payload takes bytes of a payload, up to its end at most.
func (s *strict) payload(data []byte) int {
	n := int(min(s.left, uint64(len(data))))
	if s.closing {
		s.reason = append(s.reason, data[:n]...)
	}
	if s.left -= uint64(n); s.left > 0 {
		return n
	}
	if s.closing && !s.goodReason() {
		s.fail(websocket.StatusInvalidFramePayloadData, "a reason is UTF-8")
	}
	s.have = 0
	return n
}

// goodReason reports whether the reason behind the close code is text.
func (s *strict) goodReason() bool {
	mask := s.head[s.have-4 : s.have]
	for i := range s.reason {
		s.reason[i] ^= mask[i%4]
	}
	return len(s.reason) < 2 || utf8.Valid(s.reason[2:])
}

func (s *strict) fail(code websocket.StatusCode, problem string) {
	s.fault = &fault{code, problem}
}
