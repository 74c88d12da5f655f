package socket

import (
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"
)

// frame is one frame of a client, in whatever form a case wants it.
type frame struct {
	head    byte   // FIN, RSV and the opcode
	payload string // as it is before masking
	size    uint64 // announced instead of the payload's, if not 0
	form    int    // bits of the length: 7, 16 or 64; 0: the shortest
	bare    bool   // not masked
}

const (
	binaryOp = 2
	closeOp  = 8
)

// bytes is the frame on the wire. The mask is never zero, so that what is not
// unmasked shows.
func (f frame) bytes() string {
	size := f.size
	if size == 0 {
		size = uint64(len(f.payload))
	}
	form, masked := f.form, byte(0x80)
	if form == 0 {
		form = 7
		if size > 125 {
			form = 16
		}
		if size > 0xffff {
			form = 64
		}
	}
	if f.bare {
		masked = 0
	}
	b := []byte{f.head}
	switch form {
	case 7:
		b = append(b, masked|byte(size))
	case 16:
		b = binary.BigEndian.AppendUint16(append(b, masked|126), uint16(size))
	default:
		b = binary.BigEndian.AppendUint64(append(b, masked|127), size)
	}
	if f.bare {
		return string(b) + f.payload
	}
	mask := [4]byte{0x37, 0xfa, 0x21, 0x3d}
	b = append(b, mask[:]...)
	for i := range len(f.payload) {
		b = append(b, f.payload[i]^mask[i%4])
	}
	return string(b)
}

// all is frames as one piece.
func all(frames ...frame) string {
	var b strings.Builder
	for _, f := range frames {
		b.WriteString(f.bytes())
	}
	return b.String()
}

func textFrame(s string) frame { return frame{head: final | textOp, payload: s} }
func pingFrame(s string) frame { return frame{head: final | pingOp, payload: s} }

// closing is a close frame with a code and a reason.
func closing(code uint16, reason string) frame {
	return frame{head: final | closeOp, payload: string(binary.BigEndian.AppendUint16(nil, code)) + reason}
}

// told is a frame of the server as the table has it: pong and its payload,
// close and its code, or a message of ours by its type and code.
func told(head byte, payload string) string {
	switch {
	case head == final|pongOp:
		return fmt.Sprintf("pong %s", payload)
	case head == final|closeOp && len(payload) >= 2:
		return fmt.Sprintf("close %d", binary.BigEndian.Uint16([]byte(payload)))
	case head == final|closeOp:
		return "close"
	case head == final|textOp:
		return kind(payload)
	default:
		return fmt.Sprintf("%#x %q", head, payload)
	}
}

// answers reads what the server sends until its close frame, which is answered
// unless ours came first, or until the connection ends.
func (r *raw) answers(t *testing.T) (got []string) {
	t.Helper()
	if err := r.SetReadDeadline(time.Now().Add(15 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := r.in.Peek(1); err != nil {
			if strings.Contains(err.Error(), "timeout") {
				t.Fatalf("the connection stays open after %q", got)
			}
			return got
		}
		head, payload := r.next(t)
		got = append(got, told(head, payload))
		if head == final|closeOp {
			_, _ = io.WriteString(r, frame{head: final | closeOp, payload: payload}.bytes()) // it may be gone already
		}
	}
}

const pong = "pong"

// greeted is a visitor who has been welcomed.
func greeted(t *testing.T, s *server) *raw {
	t.Helper()
	r, _ := dialRaw(t, s.tcp, "", textFrame(hello).bytes())
	if _, got := r.next(t); kind(got) != "welcome" {
		t.Fatalf("got %s", got)
	}
	return r
}

// expect reads these answers and then the end. If it is to go on after them, the
// client asks whether it does, and ends it itself. Until then answers to frames
// of the protocol and to control frames may overtake each other.
func (r *raw) expect(t *testing.T, want []string, goesOn bool) {
	t.Helper()
	var got []string
	if goesOn {
		want = slices.Sorted(slices.Values(want))
		for range want {
			got = append(got, told(r.next(t)))
		}
		slices.Sort(got)
		r.send(t, all(pingFrame("still here"), closing(1000, "")))
		want = append(want, "pong still here", "close 1000")
	}
	if got = append(got, r.answers(t)...); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

// seq is 1, 2 … n-1.
func seq(n int) (at []int) {
	for i := 1; i < n; i++ {
		at = append(at, i)
	}
	return at
}
