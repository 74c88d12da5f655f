package hub

import (
	"cmp"
	"context"
	"slices"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Hub is the Floor of a desk.
var _ desk.Floor = (*Hub)(nil)

// outbox is what two connections can not have at once: the same origin of the
// same author.
type outbox struct {
	who    core.Party
	origin core.Origin
}

// Reserve takes a place for a connection that is about to be opened. It
// returns false if there is none, or if the hub is on its way out.
func (h *Hub) Reserve() bool {
	h.floorMu.Lock()
	defer h.floorMu.Unlock()
	if h.closed || h.open >= h.Connections {
		h.Meter.Full()
		return false
	}
	h.open++
	h.work.Add(1)
	return true
}

// Release gives back a place that Connect was not called for.
func (h *Hub) Release() {
	h.floorMu.Lock()
	h.open--
	h.floorMu.Unlock()
	h.work.Done()
}

// Connect opens a connection in a place that was reserved: page is the HTTP
// Origin, addr the client's address. Whoever calls it reads from the wire,
// and calls Disconnect once that has ended.
func (h *Hub) Connect(w Wire, page, addr string) *Conn {
	c := &Conn{hub: h, wire: w, opened: h.age()}
	c.heard.Store(int64(c.opened))
	c.Peer = desk.NewPeer(c, page, addr)
	h.admit(c)
	return c
}

// admit has a connection known, in a place that was reserved.
func (h *Hub) admit(c *Conn) {
	h.floorMu.Lock()
	h.last++
	c.id = h.last
	h.conns[c.Peer] = c
	late := h.closed || h.pollsOver && c.poll // between Reserve and here
	window := h.window
	h.floorMu.Unlock()
	if late {
		// Close may have gone by: what it does not find, it waits for.
		c.end(wire.CloseShutdown, goingAway, window)
	}
}

// Disconnect forgets a connection, and gives its place back. Nothing is sent
// on it from now on.
func (h *Hub) Disconnect(c *Conn) {
	code := c.kill()
	if !c.poll {
		h.Meter.Closed(code)
	}
	h.floorMu.Lock()
	h.leaveLocked(c)
	delete(h.conns, c.Peer)
	h.floorMu.Unlock()
	h.Release()
}

// Join has p found under these topics, and no longer under those of a former
// Join; see desk.Floor for who is replaced. It does nothing for a peer whose
// connection has ended.
func (h *Hub) Join(_ context.Context, p *desk.Peer, topics ...desk.Topic) error {
	if old := h.join(p, topics); old != nil {
		old.Close(wire.CloseReplaced, "another connection has this origin now")
	}
	return nil
}

// join returns the connection that p replaces, which has left by then.
func (h *Hub) join(p *desk.Peer, topics []desk.Topic) *Conn {
	h.floorMu.Lock()
	defer h.floorMu.Unlock()
	c := h.conns[p]
	if c == nil {
		return nil
	}
	h.leaveLocked(c)
	old := h.claimLocked(c)
	c.topics, c.joined = slices.Clone(topics), true
	c.staff.Store(p.Who.Kind == core.Staff)
	for _, t := range topics {
		h.topics[t] = append(h.topics[t], c)
	}
	return old
}

// claimLocked gives c the claim on its outbox, if it has a right to it, and
// returns whom it takes it from.
func (h *Hub) claimLocked(c *Conn) (old *Conn) {
	key := outbox{c.Peer.Who, c.Peer.Outbox}
	old = h.outboxes[key]
	switch {
	case key.origin == "" || old != nil && !c.Peer.Replaces(old.Peer):
		return nil
	case old != nil:
		h.leaveLocked(old)
	}
	h.outboxes[key] = c
	return old
}

// Leave takes p out. A second time it does nothing.
func (h *Hub) Leave(_ context.Context, p *desk.Peer) {
	h.floorMu.Lock()
	defer h.floorMu.Unlock()
	if c := h.conns[p]; c != nil {
		h.leaveLocked(c)
	}
}

func (h *Hub) leaveLocked(c *Conn) {
	if !c.joined {
		return
	}
	if key := (outbox{c.Peer.Who, c.Peer.Outbox}); h.outboxes[key] == c {
		delete(h.outboxes, key)
	}
	for _, t := range c.topics {
		list := h.topics[t]
		if i := slices.Index(list, c); i >= 0 {
			list = slices.Delete(list, i, i+1)
		}
		if len(list) == 0 {
			delete(h.topics, t)
		} else {
			h.topics[t] = list
		}
	}
	c.topics, c.joined = nil, false
}

// Each calls visit once for every peer found under any of the topics, in the
// order in which they connected. It holds no lock meanwhile, so a peer that
// leaves at that moment may still be visited: what is queued to it is dropped.
func (h *Hub) Each(_ context.Context, topics []desk.Topic, visit func(*desk.Peer)) {
	var few [16]*Conn // usual: a tab or two, an agent or two
	found := h.find(few[:0], topics)
	slices.SortFunc(found, func(a, b *Conn) int { return cmp.Compare(a.id, b.id) })
	for _, c := range slices.Compact(found) {
		visit(c.Peer)
	}
}

// find appends the connections under the topics, some of them repeatedly.
func (h *Hub) find(found []*Conn, topics []desk.Topic) []*Conn {
	h.floorMu.RLock()
	defer h.floorMu.RUnlock()
	for _, t := range topics {
		found = append(found, h.topics[t]...)
	}
	return found
}

// Present reports whether anybody is found under the topic.
func (h *Hub) Present(_ context.Context, t desk.Topic) bool {
	h.floorMu.RLock()
	defer h.floorMu.RUnlock()
	return len(h.topics[t]) > 0
}
