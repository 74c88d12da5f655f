package desk

import (
	"context"
	"log/slog"

	"kefu/core"
	"kefu/core/wire"
)

// The trail of an event, for `kefu trace`: four lines of the log at level debug,
// with ids and never with what was said.
//
//	received      a numbered frame came: conversation, type, origin, n
//	committed     its change is on disk: conversation, first and last seq, and of whose frame
//	pushed        an event is queued for so many connections: conversation, seq, to
//	acknowledged  the ack is queued for its sender: conversation, seq, origin, n

// trail reports whether anybody wants it.
func (d *Desk) trail(ctx context.Context) bool { return d.Log.Enabled(ctx, slog.LevelDebug) }

func (d *Desk) trailReceived(ctx context.Context, f *wire.Frame) {
	if d.trail(ctx) {
		d.Log.DebugContext(ctx, "received", "conversation", f.Conversation, "type", f.Type, "origin", f.Origin, "n", f.N)
	}
}

func (d *Desk) trailCommitted(ctx context.Context, c core.Change, ack *wire.Ack) {
	if c.Empty() || !d.trail(ctx) {
		return
	}
	line := []any{"conversation", c.Conversation.ID, "first", c.Events[0].Seq, "last", c.Conversation.Seq}
	if ack != nil {
		line = append(line, "origin", ack.Origin, "n", ack.N)
	}
	d.Log.DebugContext(ctx, "committed", line...)
}

func (d *Desk) trailPushed(ctx context.Context, c core.Change, e core.Event, to int) {
	if d.trail(ctx) {
		d.Log.DebugContext(ctx, "pushed", "conversation", c.Conversation.ID, "seq", e.Seq, "to", to)
	}
}

func (d *Desk) trailAcknowledged(ctx context.Context, ack *wire.Ack) {
	if d.trail(ctx) {
		d.Log.DebugContext(ctx, "acknowledged", "conversation", ack.Conversation, "seq", ack.Seq, "origin", ack.Origin, "n", ack.N)
	}
}
