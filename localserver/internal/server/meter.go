package server

import (
	"context"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/localserver/internal/ops"
)

// timed is a store whose commits are measured.
type timed struct {
	Store
	metrics *ops.Metrics
	now     func() time.Time
}

// Commit implements core.Conversations.
func (t *timed) Commit(ctx context.Context, c core.Change) error {
	begun := t.now()
	err := t.Store.Commit(ctx, c)
	t.metrics.Committed(t.now().Sub(begun), err)
	return err
}

// serveFrame is Desk.Serve, counted.
func (s *Server) serveFrame(ctx context.Context, p *desk.Peer, message []byte) {
	s.metrics.Received(message)
	s.desk.Serve(ctx, p, message)
}
