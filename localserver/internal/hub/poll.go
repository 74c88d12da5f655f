package hub

import (
	"time"

	"kefu/core/desk"
	"kefu/core/wire"
)

// Hold opens a connection for a poll, whose peer and way out are the desk's.
// It returns false if there is no place, or if the hub is on its way out.
// release must be called when the poll is answered.
func (h *Hub) Hold(p *desk.Peer, out desk.Outlet) (release func(), ok bool) {
	if h.noMorePolls() || !h.Reserve() {
		return nil, false
	}
	c := &Conn{Peer: p, hub: h, wire: held{out}, poll: true, opened: h.age()}
	h.admit(c)
	return func() { h.Disconnect(c) }, true
}

func (h *Hub) noMorePolls() bool {
	h.floorMu.RLock()
	defer h.floorMu.RUnlock()
	return h.pollsOver
}

// EndPolls takes no more polls, and has those that are held answered now, with
// a bye that asks to come back within the window. A host that lets requests
// end before it drains calls it first: polls are requests that would wait for
// news.
func (h *Hub) EndPolls(window time.Duration) {
	h.floorMu.Lock()
	h.pollsOver, h.window = true, window
	h.floorMu.Unlock()
	for _, c := range h.connections() {
		if c.poll {
			c.end(wire.CloseShutdown, goingAway, window)
		}
	}
}

// held is a poll as the hub writes to it, which is only to say why it ends.
type held struct{ out desk.Outlet }

func (p held) Write(message []byte) error {
	p.out.Send(message)
	return nil
}

func (p held) Close(code wire.CloseCode, reason string) { p.out.Close(code, reason) }

func (p held) Abort() { p.out.Close(wire.CloseShutdown, goingAway) }
