package host

import (
	"context"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
	"kefu/functions/internal/dynamo"
)

// Host is the Floor of its desk.
var _ desk.Floor = (*Host)(nil)

// watchTries is how often a connection is put again that another frame of it
// has put meanwhile.
const watchTries = 3

const replaced = "another connection has this origin now"

// Join puts the connection of the frame that is served under topics, see
// desk.Floor. Of two processes that serve one hello, the second one fails with
// Conflict, and says nothing.
func (h *Host) Join(ctx context.Context, p *desk.Peer, topics ...desk.Topic) error {
	f := flightOf(ctx)
	if p.Polling() {
		return h.linger(ctx, f, p, topics)
	}
	s := f.own
	for range watchTries {
		c := s.conn
		if len(c.Topics) > 0 { // it was put before, by whatever process
			var err error
			if c, err = h.conns.Fresh(ctx, c.ID); err != nil {
				return ended(err)
			}
		}
		first := len(c.Topics) == 0
		c.Who, c.Outbox, c.Topics, c.Data = p.Who, p.Outbox, topics, p.Memory()
		old, err := h.conns.Put(ctx, c)
		switch {
		case core.CodeOf(err) == core.Conflict && !first:
			continue
		case core.CodeOf(err) == core.Conflict:
			f.twice = true
			return err
		case err != nil:
			return ended(err)
		}
		s.conn = c
		f.view.Forget()
		for _, o := range old {
			f.visit(o).tray.Close(wire.CloseReplaced, replaced)
		}
		return nil
	}
	return core.Errorf(core.Unavailable, "too much at once")
}

// ended turns the absence of a connection's row into what its client does: it
// comes back.
func ended(err error) error {
	if core.CodeOf(err) == core.NotFound {
		return core.Errorf(core.Unavailable, "the connection has ended")
	}
	return err
}

// Leave takes the connection of p out for good: it has ended, or its hello was
// refused. A poll stays until its time is over.
func (h *Host) Leave(ctx context.Context, p *desk.Peer) {
	f := flightOf(ctx)
	if s := f.of(p); s != nil {
		h.forget(ctx, s)
		f.view.Forget()
	}
}

// forget removes the row of a connection that has ended.
func (h *Host) forget(ctx context.Context, s *session) {
	h.sessions.Remove(s.conn.ID)
	if s.removed {
		return
	}
	if err := h.conns.Remove(ctx, s.conn); err != nil {
		h.Log.WarnContext(ctx, "the row of a connection is left until it lapses", "connection", s.conn.ID, "error", err)
		return
	}
	s.removed = true
}

// Each implements desk.Floor.
func (h *Host) Each(ctx context.Context, topics []desk.Topic, visit func(*desk.Peer)) {
	f := flightOf(ctx)
	for _, c := range h.find(ctx, f, topics) {
		if c.ID == dynamo.LingerID {
			continue // it comes by itself
		}
		if s := f.visit(c); s.peer != nil {
			visit(s.peer)
		}
	}
}

// Present implements desk.Floor. Where it can not be found out, somebody is
// there: to take an agent for gone because the table was slow costs them their
// visitors, and the other error ends by itself, with the lease.
func (h *Host) Present(ctx context.Context, t desk.Topic) bool {
	found, err := flightOf(ctx).view.Find(ctx, t)
	if err != nil {
		h.Log.WarnContext(ctx, "nobody knows who is there; taken for present", "topic", t, "error", err)
	}
	return err != nil || len(found) > 0
}

func (h *Host) find(ctx context.Context, f *flight, topics []desk.Topic) []dynamo.Connection {
	found, err := f.view.Find(ctx, topics...)
	if err != nil {
		h.Log.WarnContext(ctx, "connections could not be looked up; they find by their heartbeat what they miss", "error", err)
	}
	return found
}
