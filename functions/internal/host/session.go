package host

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
	"kefu/functions/internal/dynamo"
)

// session is a connection in a process. One that serves a frame has it locked,
// so within a process the frames of a connection are served one by one. Those
// that somebody else's invocation pushes to are its own.
type session struct {
	mu   sync.Mutex
	conn dynamo.Connection // guarded by mu, as is all below: as last read or put
	peer *desk.Peer        // nil: of another release
	tray tray

	removed bool // its row is
	gone    bool // the connection is: nothing more can be sent
}

// session returns the connection whose frame is to be served, locked. A
// visitor's is as this process remembers it, unless they ping: whoever lost
// their row, as by a 410 that was not true, has to find out. An agent's is if
// it is still found where their own messages look for them anyway. NotFound:
// there is no row.
func (h *Host) session(ctx context.Context, view *dynamo.View, id, body string) (*session, error) {
	s, known := h.sessions.Get(id)
	if known && !strings.Contains(body, `"ping"`) && (s.peer.Visitor() || s.stands(ctx, view)) {
		s.mu.Lock()
		return s, nil
	}
	read := h.conns.Get
	if strings.Contains(body, `"hello"`) { // most likely it is put soon
		read = h.conns.Fresh
	}
	c, err := read(ctx, id)
	if err != nil {
		if core.CodeOf(err) == core.NotFound {
			h.sessions.Remove(id)
		}
		return nil, err
	}
	if known {
		s.mu.Lock()
		if bytes.Equal(c.Data, s.conn.Data) {
			s.conn = c
			return s, nil
		}
		s.mu.Unlock()
	}
	s = &session{conn: c}
	s.restore()
	s.mu.Lock()
	return s, nil
}

// stands reports whether an agent's connection is listed with them as this
// process remembers it: what it watches and sees is what it is listed under.
func (s *session) stands(ctx context.Context, view *dynamo.View) bool {
	s.mu.Lock()
	c := s.conn
	s.mu.Unlock()
	found, err := view.Find(ctx, desk.TopicAgent(core.AgentID(c.Who.ID)))
	return err == nil && slices.ContainsFunc(found, func(o dynamo.Connection) bool {
		return o.ID == c.ID && o.Outbox == c.Outbox && slices.Equal(o.Topics, c.Topics)
	})
}

// restore makes the peer of a connection as its row has it.
func (s *session) restore() {
	c := s.conn
	if len(c.Topics) == 0 {
		s.peer = desk.NewPeer(&s.tray, c.Page, c.Addr)
		return
	}
	peer, err := desk.Recall(&s.tray, c.Page, c.Addr, c.Data)
	if err != nil {
		s.tray.Close(wire.CloseShutdown, "there is a new release")
		return
	}
	s.peer = peer
}

// keep remembers a connection that was served, for its next frame. What an
// agent's ping has announced is kept for other processes too.
func (h *Host) keep(ctx context.Context, s *session) {
	if s.peer == nil || !s.peer.Known() || s.tray.closed() || s.removed {
		h.sessions.Remove(s.conn.ID)
		return
	}
	h.sessions.Add(s.conn.ID, s)
	if s.peer.Visitor() {
		return
	}
	if data := s.peer.Memory(); !bytes.Equal(data, s.conn.Data) {
		c := s.conn
		c.Data = data
		if err := h.conns.Note(ctx, c); err != nil {
			h.Log.InfoContext(ctx, "what a ping announced is not noted", "connection", c.ID, "error", err)
			return
		}
		s.conn.Data = data
	}
}
