package desk

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Stays remembers visitors between two polls on a host that holds none and
// where each may come to another process. Nobody pushes to them there: they
// are found under TopicVisitor only to be seen.
type Stays interface {
	// Stay has the visitor of a poll without a hello found for so long yet,
	// or longer, and reports whether they came: they had not been found.
	// For a poll with a hello Floor.Join does it.
	Stay(ctx context.Context, p *Peer, long time.Duration) (came bool, err error)

	// Memory returns the Peer.Memory of their last poll with a hello; nil:
	// nobody knows.
	Memory(ctx context.Context, p *Peer) ([]byte, error)
}

// Polling reports whether the peer lives for one long-poll.
func (p *Peer) Polling() bool { return p.poll != nil }

// goOn serves the beginning of a poll that goes on from a cursor, without
// listening: it costs one read, of the head. What an earlier hello said is
// only asked for by who says something.
func (d *Desk) goOn(ctx context.Context, p *Peer, f *wire.Frame, greet func() error) error {
	if slices.ContainsFunc(p.poll.Frames, func(f wire.Frame) bool { return f.Type == wire.Send }) {
		if err := d.recollect(ctx, p); err != nil {
			return err
		}
	}
	c, err := d.Store.Load(ctx, p.Conversation)
	if err != nil {
		return err
	}
	came, err := d.Stays.Stay(ctx, p, stays(NextPoll(d.Now().Sub(c.At)), 0))
	if err != nil {
		d.Log.WarnContext(ctx, "a visitor who polls is not seen to be there", "error", err)
	}
	if fresh, reset := d.stands(c, f); fresh || reset || c.Erased {
		return greet()
	}
	p.poll.after, p.poll.head = *f.After, &c
	p.know()
	if came && c.Session.Phase.Open() {
		d.pushHead(ctx, c, c.Session.Group, d.staffOf(c), nil, d.namer(ctx, c))
	}
	return nil
}

// recollect gives p what an earlier hello said; see remember.
func (d *Desk) recollect(ctx context.Context, p *Peer) error {
	d.remember(p)
	data, err := d.Stays.Memory(ctx, p)
	var m memory
	if err == nil && json.Unmarshal(data, &m) == nil && m.V == memoryVersion && m.ID == p.Who.ID {
		p.profile = nil // it is stored, unless the memory has one
		p.learnt(m)
	}
	return err
}

// stayTag puts before the hash of a head what quiet compares.
func stayTag(h wire.Head, hash string) string {
	return strconv.FormatUint(h.Seq, 36) + "." + strconv.FormatUint(h.Read.Agent, 36) + "." + hash
}

// readsFor is how long after the last event a poll looks whether somebody has
// read it.
const readsFor = 10 * time.Minute

// quiet reports whether the head that a client has is still the right one,
// without reading all that a head shows: an idle poll shall cost one read. So
// the tag says of which event the head was, and how far agents had read. Where
// all is read or long ago, nothing changes without an event but the names of
// people, which can wait for one, and places in line, for which somebody who
// waits is worth the reads.
func (d *Desk) quiet(ctx context.Context, tag string, c core.Conversation) (bool, error) {
	seq, read, ok := parseTag(tag)
	switch {
	case !ok || seq != c.Public || c.Session.Phase == core.Waiting:
		return false, nil
	case read >= c.Public || d.Now().Sub(c.At) > readsFor:
		return true, nil
	}
	marks, err := d.Store.Marks(ctx, c.ID)
	return min(marks.Agent, c.Public) == read, err
}

// parseTag reads what stayTag wrote.
func parseTag(tag string) (seq, read uint64, ok bool) {
	parts := strings.Split(tag, ".")
	if len(parts) != 3 {
		return 0, 0, false
	}
	seq, bad := strconv.ParseUint(parts[0], 36, 64)
	read, worse := strconv.ParseUint(parts[1], 36, 64)
	return seq, read, bad == nil && worse == nil
}
