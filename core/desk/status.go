package desk

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

const (
	leaseFor   = 30 * time.Second // without a longer announced ping
	leaseClean = 5 * time.Second  // left after a clean close: a reload comes back within it
	leaseStep  = 5 * time.Second  // a renewal that gains less is not written
	grace      = 10 * time.Second // after a lease, before what the agent holds waits again
	maxSeats   = 100
)

// leases remembers what was last written of the presence of the agents who
// are connected here, so that not every frame writes it again.
type leases struct {
	mu sync.Mutex
	of map[core.AgentID]core.Duty
}

// renew prolongs the lease of an agent who has just sent something. next is
// the seconds until their next ping.
func (d *Desk) renew(ctx context.Context, id core.AgentID, next int) {
	until := d.Now().Add(max(leaseFor, Patience(next)))
	d.leases.mu.Lock()
	duty, known := d.leases.of[id]
	d.leases.mu.Unlock()
	if known && until.Sub(duty.Lease) < leaseStep {
		return
	}
	if !known {
		var err error
		if duty, err = d.Store.Duty(ctx, id); err != nil {
			d.Log.Warn("a lease could not be read", "agent", id, "error", err)
			return
		}
	}
	duty.Lease = until
	if err := d.setDuty(ctx, id, duty); err != nil {
		d.Log.Warn("a lease could not be renewed", "agent", id, "error", err)
	}
}

func (d *Desk) setDuty(ctx context.Context, id core.AgentID, duty core.Duty) error {
	if err := d.Store.SetDuty(ctx, id, duty); err != nil {
		return err
	}
	d.leases.mu.Lock()
	defer d.leases.mu.Unlock()
	if d.leases.of == nil {
		d.leases.of = map[core.AgentID]core.Duty{}
	}
	d.leases.of[id] = duty
	return nil
}

// serveStatus notes what an agent says of themselves. Who comes online is
// offered those who wait.
func (d *Desk) serveStatus(ctx context.Context, p *Peer, f *wire.Frame) error {
	id := core.AgentID(p.Who.ID)
	if f.Capacity != nil {
		if err := d.setCapacity(ctx, id, *f.Capacity); err != nil {
			return err
		}
	}
	lease := d.Now().Add(max(leaseFor, Patience(p.Next())))
	if err := d.setDuty(ctx, id, core.Duty{Status: core.Status(f.Status), Lease: lease}); err != nil {
		return err
	}
	agents, err := d.colleagues(ctx)
	if err != nil {
		return err
	}
	own := slices.DeleteFunc(agents, func(a wire.Agent) bool { return a.ID != string(id) })
	p.answer(wire.Presence{Type: "presence", Agents: own})
	d.seekFor(ctx, id)
	return nil
}

// setCapacity changes how many seats an agent offers.
func (d *Desk) setCapacity(ctx context.Context, id core.AgentID, seats int) error {
	if seats < 0 || seats > maxSeats {
		return core.Errorf(core.Invalid, "capacity: 0 to %d is expected", maxSeats)
	}
	a, err := d.Store.Account(ctx, id)
	if err != nil || a.Capacity == seats {
		return err
	}
	a.Capacity = seats
	return d.putAccount(ctx, a)
}

// Gone says that a connection has ended, cleanly (closed by the client) or
// not. Whoever has no other is soon offline.
func (d *Desk) Gone(ctx context.Context, p *Peer, clean bool) {
	d.Floor.Leave(p)
	switch {
	case !p.Known():
	case p.Visitor():
		d.visitorGone(ctx, p)
	default:
		d.agentGone(ctx, p, clean)
	}
}

func (d *Desk) agentGone(ctx context.Context, p *Peer, clean bool) {
	id := core.AgentID(p.Who.ID)
	if d.Floor.Present(TopicAgent(id)) {
		return
	}
	d.leases.mu.Lock()
	duty, known := d.leases.of[id]
	delete(d.leases.of, id)
	d.leases.mu.Unlock()
	if !clean || !known {
		return // the lease runs out by itself; a phone in a lift comes back
	}
	if soon := d.Now().Add(leaseClean); soon.Before(duty.Lease) {
		duty.Lease = soon
		if err := d.Store.SetDuty(ctx, id, duty); err != nil {
			d.Log.Warn("a lease could not be shortened; it runs out by itself", "agent", id, "error", err)
		}
	}
}

func (d *Desk) visitorGone(ctx context.Context, p *Peer) {
	if d.Floor.Present(TopicVisitor(p.Conversation)) {
		return
	}
	c, err := d.Store.Load(ctx, p.Conversation)
	if err == nil && c.Session.Phase.Open() {
		d.pushHead(ctx, c, d.staffOf(c), d.namer(ctx, c))
	}
}

// colleagues is the staff as it is now, by id.
func (d *Desk) colleagues(ctx context.Context) ([]wire.Agent, error) {
	roster, err := d.Store.Roster(ctx, "", d.Now())
	if err != nil {
		return nil, err
	}
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	agents := make([]wire.Agent, 0, len(roster))
	for _, r := range roster {
		a := staff[r.ID]
		agents = append(agents, wire.Agent{
			ID: string(r.ID), Name: a.Display, Avatar: a.Avatar, Role: string(a.Role), Groups: groupNames(a.Groups),
			Status: string(r.Status), Held: r.Held, Capacity: r.Capacity,
		})
	}
	return agents, nil
}

func groupNames(groups []core.GroupID) []string {
	names := make([]string, len(groups))
	for i, g := range groups {
		names[i] = string(g)
	}
	return names
}

// tellPresence pushes to the staff which of them changed since the last time.
func (d *Desk) tellPresence(ctx context.Context) error {
	if !d.Floor.Present(TopicStaff) {
		return nil
	}
	agents, err := d.colleagues(ctx)
	if err != nil {
		return err
	}
	changed := d.clock.presence(agents)
	for len(changed) > 0 {
		n := max(fit(changed, wire.MaxMessage-1<<10), 1)
		data := wire.Encode(wire.Presence{Type: "presence", Agents: changed[:n]})
		d.Floor.Each([]Topic{TopicStaff}, func(p *Peer) { p.push(0, data) })
		changed = changed[n:]
	}
	return nil
}

// presence notes what the staff looks like and returns whom that is news of.
// Who is no longer there is told as offline.
func (c *clock) presence(agents []wire.Agent) []wire.Agent {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := make(map[string]wire.Agent, len(agents))
	var changed []wire.Agent
	for _, a := range agents {
		now[a.ID] = a
		if old, ok := c.seen[a.ID]; !ok || !sameAgent(old, a) {
			changed = append(changed, a)
		}
	}
	for id, a := range c.seen {
		if _, ok := now[id]; !ok {
			a.Status, a.Held, a.Capacity = string(core.Offline), 0, 0
			changed = append(changed, a)
		}
	}
	c.seen = maps.Clone(now)
	slices.SortFunc(changed, func(a, b wire.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return changed
}

func sameAgent(a, b wire.Agent) bool {
	return a.Name == b.Name && a.Avatar == b.Avatar && a.Role == b.Role && slices.Equal(a.Groups, b.Groups) &&
		a.Status == b.Status && a.Held == b.Held && a.Capacity == b.Capacity
}
