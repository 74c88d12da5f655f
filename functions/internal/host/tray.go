package host

import (
	"bytes"
	"encoding/json"
	"sync"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

const (
	maxTray  = 256     // messages
	maxBytes = 1 << 20 // of all of them
)

// tray is what an invocation has for one connection: the Outlet of its peer.
type tray struct {
	mu     sync.Mutex
	frames [][]byte // guarded by mu, as is all below
	size   int
	said   wire.CloseCode // what the last frame said about the end; 0: nothing
	over   bool           // nothing more is added
}

var _ desk.Outlet = (*tray)(nil)

// Send implements desk.Outlet.
func (t *tray) Send(message []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if len(t.frames) >= maxTray || t.size+len(message) > maxBytes {
		t.frames, t.size = nil, 0
		t.closeLocked(wire.CloseSlow, "too much at once")
		return
	}
	t.said = meaning(message)
	t.addLocked(message)
}

func (t *tray) addLocked(message []byte) {
	t.frames = append(t.frames, message)
	t.size += len(message)
}

// Close implements desk.Outlet.
func (t *tray) Close(code wire.CloseCode, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closeLocked(code, reason)
}

func (t *tray) closeLocked(code wire.CloseCode, reason string) {
	if t.over {
		return
	}
	t.over = true
	if t.said != code {
		t.addLocked(wire.Encode(wire.Bye{Type: "bye", Code: int(code), Reason: reason}))
	}
}

func (t *tray) closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over
}

// holds reports whether there is anything to send, or to end.
func (t *tray) holds() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.over || len(t.frames) > 0
}

// take empties the tray, and reports whether the connection is to be closed
// behind what was in it.
func (t *tray) take() (frames [][]byte, over bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	frames, t.frames, t.size = t.frames, nil, 0
	return frames, t.over
}

// meaning returns the close code that a frame stands for: that of a bye, and
// of an error that answers no numbered frame. Others give 0.
func meaning(message []byte) wire.CloseCode {
	if !bytes.HasPrefix(message, []byte(`{"type":"error"`)) && !bytes.HasPrefix(message, []byte(`{"type":"bye"`)) {
		return 0
	}
	var f struct {
		Type string
		Code json.RawMessage // a number in bye, a string in error
		N    uint64
	}
	var number wire.CloseCode
	var code core.Code
	switch {
	case json.Unmarshal(message, &f) != nil || f.N != 0:
		return 0
	case f.Type == "bye" && json.Unmarshal(f.Code, &number) == nil:
		return number
	case f.Type == "error" && json.Unmarshal(f.Code, &code) == nil:
		return wire.CloseFor(core.Errorf(code, ""))
	}
	return 0
}
