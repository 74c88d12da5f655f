package desk

import (
	"context"

	"kefu/core"
	"kefu/core/wire"
)

// servePing answers with the heads of what the peer follows, so that even the
// last push of a quiet conversation is found if it was lost.
func (d *Desk) servePing(ctx context.Context, p *Peer) error {
	at := wire.Time(d.Now())
	if p.Visitor() {
		c, err := d.glance(ctx, p.Conversation)
		if err != nil {
			return err
		}
		if c.Erased {
			p.erased()
			return nil
		}
		p.answer(wire.VisitorPong{Type: "pong", At: at, Heads: c.Public})
		return nil
	}
	followed, err := d.glanceHeld(ctx, core.AgentID(p.Who.ID), wire.MaxPage-wire.MaxWatched)
	if err != nil {
		return err
	}
	for _, id := range p.watched {
		c, err := d.glance(ctx, id)
		if err != nil {
			return err
		}
		followed = append(followed, c)
	}
	heads := make(map[string]uint64, len(followed))
	for _, c := range followed {
		if p.reads(c.Session) {
			heads[string(c.ID)] = c.Seq
		}
	}
	waiting, err := d.waiting(ctx, p)
	if err != nil {
		return err
	}
	p.answer(wire.AgentPong{Type: "pong", At: at, Heads: heads, Waiting: waiting})
	return nil
}

// Glancer is a Store that reads for less what may be a moment old. A pong may
// be: what it does not know yet is on its way as a push, and the next one knows it.
type Glancer interface {
	Glance(ctx context.Context, id core.ConversationID) (core.Conversation, error)   // Load
	GlanceHolding(ctx context.Context, id core.AgentID) ([]core.Conversation, error) // of Held, each by Load
	GlanceWaiting(ctx context.Context, g core.GroupID, limit int) ([]core.Place, error)
}

func (d *Desk) glance(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	if d.Recall != nil {
		if c, ok := d.Recall(id); ok {
			return c, nil
		}
	}
	if st, ok := d.Store.(Glancer); ok {
		return st.Glance(ctx, id)
	}
	return d.Store.Load(ctx, id)
}

// glanceHeld returns at most so many of the conversations that an agent holds.
func (d *Desk) glanceHeld(ctx context.Context, id core.AgentID, most int) ([]core.Conversation, error) {
	if st, ok := d.Store.(Glancer); ok {
		list, err := st.GlanceHolding(ctx, id)
		return list[:min(len(list), most)], err
	}
	ids, err := d.Store.Held(ctx, id)
	if err != nil {
		return nil, err
	}
	list := make([]core.Conversation, min(len(ids), most))
	for i := range list {
		if list[i], err = d.glance(ctx, ids[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// countWaiting bounds how far the line is counted.
const countWaiting = 1000

// waiting counts those who wait in the groups of an agent.
func (d *Desk) waiting(ctx context.Context, p *Peer) (int, error) {
	a, err := d.account(ctx, core.AgentID(p.Who.ID), p.tokens)
	if err != nil {
		return 0, err
	}
	groups, err := d.seesGroups(ctx, a)
	if err != nil {
		return 0, err
	}
	line := d.Store.Waiting
	if st, ok := d.Store.(Glancer); ok {
		line = st.GlanceWaiting
	}
	n := 0
	for _, g := range groups {
		line, err := line(ctx, g, countWaiting)
		if err != nil {
			return 0, err
		}
		n += len(line)
	}
	return n, nil
}
