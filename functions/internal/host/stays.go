package host

import (
	"context"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
	"kefu/functions/internal/dynamo"
)

// Host remembers visitors between two polls.
var _ desk.Stays = (*Host)(nil)

// longer is by how much a row outlives what it must: so it is written about
// once a minute, whatever the pace of the polls.
const longer = time.Minute

// linger is such a row, as this process wrote or read it last.
type linger struct {
	data  []byte // of the last hello; nil: it is not known
	until time.Time
}

// linger puts the row of a poll with a hello, and ends what it replaces.
func (h *Host) linger(ctx context.Context, f *flight, p *desk.Peer, topics []desk.Topic) error {
	if err := h.rest(ctx, p, linger{p.Memory(), h.Now().Add(longer)}); err != nil {
		return err
	}
	f.view.Forget()
	h.Each(ctx, topics, func(old *desk.Peer) {
		if s := f.of(old); s != nil && p.Replaces(old) {
			s.tray.Close(wire.CloseReplaced, replaced)
		}
	})
	return nil
}

// rest writes the row of a visitor.
func (h *Host) rest(ctx context.Context, p *desk.Peer, l linger) error {
	err := h.conns.Linger(ctx, dynamo.Connection{
		Page: p.Page, Addr: p.Addr, Who: p.Who, Topics: []desk.Topic{desk.TopicVisitor(p.Conversation)}, Data: l.data,
	}, l.until)
	if err == nil {
		h.lingers.Add(p.Conversation, l)
	}
	return err
}

// Stay implements desk.Stays.
func (h *Host) Stay(ctx context.Context, p *desk.Peer, long time.Duration) (came bool, err error) {
	needed := h.Now().Add(long)
	l, known := h.lingers.Get(p.Conversation)
	if known && !l.until.Before(needed) {
		return false, nil
	}
	if l, err = h.read(ctx, p.Conversation); err != nil && core.CodeOf(err) != core.NotFound {
		return false, err
	}
	came = err != nil
	if !l.until.Before(needed) {
		return came, nil
	}
	return came, h.rest(ctx, p, linger{l.data, needed.Add(longer)})
}

// Memory implements desk.Stays.
func (h *Host) Memory(ctx context.Context, p *desk.Peer) ([]byte, error) {
	if l, ok := h.lingers.Get(p.Conversation); ok && l.until.After(h.Now()) {
		return l.data, nil
	}
	l, err := h.read(ctx, p.Conversation)
	if core.CodeOf(err) == core.NotFound {
		err = nil
	}
	return l.data, err
}

// read reads the row of a visitor.
func (h *Host) read(ctx context.Context, id core.ConversationID) (linger, error) {
	c, until, err := h.conns.Lingers(ctx, desk.TopicVisitor(id))
	if err != nil {
		return linger{}, err
	}
	l := linger{c.Data, until}
	h.lingers.Add(id, l)
	return l, nil
}
