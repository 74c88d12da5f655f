package host

import (
	"context"

	"golang.org/x/sync/errgroup"

	"kefu/functions/internal/gateway"
)

const (
	pushesAtOnce = 32
	rounds       = 3 // of pushes: that somebody is gone is told to others
)

// Do is an invocation that serves no connection: what the desk is asked for in
// its context is done, and everybody told, when it returns. An error is a panic
// that was survived.
func (h *Host) Do(ctx context.Context, do func(ctx context.Context)) error {
	ctx, f := h.fly(ctx, nil)
	failed := h.work(ctx, do)
	h.flush(ctx, f)
	return failed
}

// flush ends an invocation: everybody is told what it has for them. It returns
// what is for the connection that is served, as the response of its route.
func (h *Host) flush(ctx context.Context, f *flight) (response string) {
	started := h.startAssist(ctx)
	defer started()
	for range rounds {
		gone := h.pushAll(ctx, f.order)
		if len(gone) == 0 {
			break
		}
		for _, s := range gone {
			h.lost(ctx, s)
		}
		h.settle(ctx)
	}
	if f.own != nil {
		response = h.respond(ctx, f)
	}
	h.startAssist(ctx)() // what came of those who were gone
	if line := f.tally.line(h.Name, h.Now()); line != nil {
		h.Emit(line)
	}
	return response
}

// pushAll pushes to many at once, and returns those who turned out to be gone.
func (h *Host) pushAll(ctx context.Context, sessions []*session) (gone []*session) {
	lost := make([]bool, len(sessions))
	var g errgroup.Group
	g.SetLimit(pushesAtOnce)
	for i, s := range sessions {
		g.Go(func() error {
			frames, over := s.tray.take()
			lost[i] = !h.push(ctx, s, frames, over)
			return nil
		})
	}
	_ = g.Wait() // none of them fails
	for i, s := range sessions {
		if lost[i] {
			gone = append(gone, s)
		}
	}
	return gone
}

// push pushes frames to a connection and, if it is over, closes it. It returns
// false if there is no such connection any more.
func (h *Host) push(ctx context.Context, s *session, frames [][]byte, over bool) bool {
	if s.gone || len(frames) == 0 && !over {
		return true
	}
	f := flightOf(ctx)
	if len(frames) > 0 {
		o, err := h.Pusher.Push(ctx, s.conn.ID, frames...)
		switch o {
		case gateway.Delivered:
		case gateway.Gone:
			f.tally.count(Gone)
			return false
		case gateway.Busy:
			f.tally.count(Post429)
			h.Log.InfoContext(ctx, "a push was not taken; the client finds by its heartbeat what it missed", "connection", s.conn.ID, "error", err)
		case gateway.TooLarge:
			h.Log.ErrorContext(ctx, "a frame is too large to be pushed", "connection", s.conn.ID)
		}
	}
	if !over {
		return true
	}
	if _, err := h.Pusher.Close(ctx, s.conn.ID); err != nil {
		h.Log.WarnContext(ctx, "a connection could not be closed", "connection", s.conn.ID, "error", err)
	}
	h.forget(ctx, s)
	return true
}

// lost tells the desk of a connection that ended without $disconnect, or whose
// $disconnect is on its way.
func (h *Host) lost(ctx context.Context, s *session) {
	s.gone = true
	if s.peer == nil || !s.peer.Known() {
		h.forget(ctx, s)
		return
	}
	h.desk.Gone(ctx, s.peer, false)
}

// respond returns what is for the connection itself. What does not fit into
// one message is pushed before, so that it comes in order. One that is closed
// is pushed everything, for the close would overtake the response.
func (h *Host) respond(ctx context.Context, f *flight) string {
	s := f.own
	frames, over := s.tray.take()
	if f.twice || s.gone {
		return ""
	}
	if over {
		if !h.push(ctx, s, frames, true) {
			h.lost(ctx, s)
		}
		return ""
	}
	messages := gateway.Messages(frames)
	if len(messages) == 0 {
		return ""
	}
	last := len(messages) - 1
	for _, m := range messages[:last] {
		if !h.push(ctx, s, [][]byte{m}, false) {
			h.lost(ctx, s)
			return ""
		}
	}
	return string(messages[last])
}
