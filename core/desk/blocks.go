package desk

import (
	"context"
	"net/netip"
	"strings"
	"time"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/wire"
)

const (
	maxReason  = 200 // characters of why somebody is blocked
	maxBlocked = 64  // bytes of a visitor's id
)

// Blocks returns the blocks that are in force, the newest first. Supervisors
// and admins may.
func (d *Desk) Blocks(ctx context.Context, who core.Account) ([]core.Block, error) {
	if err := allowed("list-blocks", who); err != nil {
		return nil, err
	}
	all, err := d.Store.Blocks(ctx)
	inForce := make([]core.Block, 0, len(all))
	for _, b := range all {
		if holds(b, d.Now()) {
			inForce = append(inForce, b)
		}
	}
	return inForce, err
}

// Block keeps a visitor out until b.Until, or for good, in place of what they
// had; By and At are filled in. Their connections are closed within five
// seconds. It gives Invalid for an empty or long id, a reason of more than 200
// characters, and an end that is past. Supervisors and admins may.
func (d *Desk) Block(ctx context.Context, who core.Account, b core.Block) error {
	if err := allowed("create-block", who); err != nil {
		return err
	}
	b.By, b.At = who.ID, d.Now()
	switch {
	case strings.HasPrefix(string(b.Visitor), core.NetPrefix) && !rangeOf(b.Visitor).IsValid():
		return core.Errorf(core.Invalid, "network: an address or a range is expected, such as 203.0.113.7 or 203.0.113.0/24")
	case b.Visitor == "" || len(b.Visitor) > maxBlocked:
		return core.Errorf(core.Invalid, "visitor: 1 to %d bytes are expected", maxBlocked)
	case utf8.RuneCountInString(b.Reason) > maxReason:
		return core.Errorf(core.Invalid, "reason: at most %d characters", maxReason)
	case !holds(b, b.At):
		return core.Errorf(core.Invalid, "until: a time to come is expected")
	}
	defer d.blocks.forget()
	err := d.Store.PutBlock(ctx, b)
	if err == nil {
		d.audit(ctx, who, "create-block", string(b.Visitor), []Difference{{Path: "reason", After: b.Reason}, {Path: "until", After: b.Until}})
	}
	return err
}

// Unblock ends a block, or returns NotFound. Supervisors and admins may.
func (d *Desk) Unblock(ctx context.Context, who core.Account, id core.VisitorID) error {
	if err := allowed("delete-block", who); err != nil {
		return err
	}
	defer d.blocks.forget()
	err := d.Store.DeleteBlock(ctx, id)
	if err == nil {
		d.audit(ctx, who, "delete-block", string(id), nil)
	}
	return err
}

// NetworkOf returns the Visitor of a block of a range of addresses, written as
// one or as a single address; "" if it is neither. A range has the bits behind
// its length cleared, so that one has one name.
func NetworkOf(s string) core.VisitorID {
	prefix, err := netip.ParsePrefix(s)
	if err != nil {
		addr, err := netip.ParseAddr(s)
		if err != nil {
			return ""
		}
		addr = addr.Unmap().WithZone("")
		prefix = netip.PrefixFrom(addr, addr.BitLen())
	}
	return core.VisitorID(core.NetPrefix + prefix.Masked().String())
}

// rangeOf returns the range that a block is about, if it is about one.
func rangeOf(id core.VisitorID) netip.Prefix {
	s, is := strings.CutPrefix(string(id), core.NetPrefix)
	if !is {
		return netip.Prefix{}
	}
	prefix, _ := netip.ParsePrefix(s)
	return prefix
}

// clientAddr reads an address as a host has it. One that knows none keeps none
// out.
func clientAddr(addr string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(addr)
	return a.Unmap().WithZone(""), err == nil
}

// blockedAt returns Forbidden for who comes from an address that is kept out.
// The address is the client's as the host knows it: behind a proxy, the one
// that a trusted proxy says.
func (d *Desk) blockedAt(ctx context.Context, addr string) error {
	all, err := d.blocks.get(ctx, d.Now())
	if err != nil || len(all) == 0 {
		return err
	}
	from, known := clientAddr(addr)
	if !known {
		return nil
	}
	for id, b := range all {
		if p := rangeOf(id); p.IsValid() && p.Contains(from) && holds(b, d.Now()) {
			return errBlocked()
		}
	}
	return nil
}

func holds(b core.Block, now time.Time) bool { return b.Until.IsZero() || now.Before(b.Until) }

func (d *Desk) loadBlocks(ctx context.Context) (map[core.VisitorID]core.Block, error) {
	list, err := d.Store.Blocks(ctx)
	byID := make(map[core.VisitorID]core.Block, len(list))
	for _, b := range list {
		byID[b.Visitor] = b
	}
	return byID, err
}

// blocked returns Forbidden for a visitor who is kept out, as of at most five
// seconds ago. Why is for agents.
func (d *Desk) blocked(ctx context.Context, id core.VisitorID) error {
	all, err := d.blocks.get(ctx, d.Now())
	if err != nil {
		return err
	}
	if b, ok := all[id]; ok && holds(b, d.Now()) {
		return errBlocked()
	}
	return nil
}

func errBlocked() error { return core.Errorf(core.Forbidden, "this visitor is blocked") }

// tickBlocks ends the connections of who was blocked meanwhile. A block names
// no site, so theirs are looked for under each.
func (d *Desk) tickBlocks(ctx context.Context) error {
	now := d.Now()
	all, err := d.blocks.get(ctx, now)
	if err != nil || len(all) == 0 {
		return err
	}
	settings, err := d.settings.get(ctx, now)
	if err != nil {
		return err
	}
	var topics []Topic
	for id, b := range all {
		for i := range settings.Sites {
			if holds(b, now) {
				topics = append(topics, TopicVisitor(core.ConversationOf(settings.Sites[i].ID, id)))
			}
		}
	}
	var found []*Peer
	d.Floor.Each(ctx, topics, func(p *Peer) { found = append(found, p) })
	if d.Lists { // elsewhere they are refused with their next frame
		var all []Topic
		for i := range settings.Sites {
			all = append(all, TopicSite(settings.Sites[i].ID))
		}
		d.Floor.Each(ctx, all, func(p *Peer) {
			if d.blockedAt(ctx, p.Addr) != nil {
				found = append(found, p)
			}
		})
	}
	for _, p := range found {
		p.dismiss(errBlocked(), "blocked")
	}
	return nil
}

// dismiss ends a connection for good, from any goroutine.
func (p *Peer) dismiss(why error, reason string) {
	message := wire.Encode(wire.ErrorFor(wire.Frame{}, why))
	if q, ok := p.out.(*poll); ok {
		q.end(message, wire.CloseForbidden, reason)
		return
	}
	p.push(0, message)
	p.out.Close(wire.CloseForbidden, reason)
}
