package desk

import (
	"context"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

const (
	leaseFor   = 30 * time.Second // without a longer announced ping
	leaseClean = 4 * time.Second  // left after a clean close, of the 5 s until colleagues must see it: a reload comes back within it
	leaseStep  = 5 * time.Second  // a renewal that gains less is not written; nor one of less than two thirds of a beat
	grace      = 10 * time.Second // after a lease, before what the agent holds waits again
	maxSeats   = 100
)

// leases remembers until when the leases of the agents who are connected here
// were last written, so that not every frame writes them again. What they
// said of themselves is not kept: they may have said it on another node.
type leases struct {
	mu sync.Mutex
	of map[core.AgentID]*lease // guarded by mu
}

// lease is that of one agent. Whoever writes it holds mu, so that of two tabs
// one does not write back what the other has just changed.
type lease struct {
	mu    sync.Mutex
	until time.Time // guarded by mu
}

func (l *leases) find(id core.AgentID) *lease {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.of == nil {
		l.of = map[core.AgentID]*lease{}
	}
	if l.of[id] == nil {
		l.of[id] = &lease{}
	}
	return l.of[id]
}

// leaseEnd is until when an agent counts as there whose next ping comes within
// so many seconds; 0: they have not said.
func leaseEnd(now time.Time, next int) time.Time {
	return now.Add(max(leaseFor, time.Duration(next)*2500*time.Millisecond))
}

// arrive begins the lease of an agent who has just said hello. It is written,
// whatever is remembered here: the end of their last connection may have
// shortened it on another node.
func (d *Desk) arrive(ctx context.Context, id core.AgentID) {
	l := d.leases.find(id)
	l.mu.Lock()
	l.until = time.Time{}
	l.mu.Unlock()
	d.renew(ctx, id, d.Beat.Max)
}

// renew prolongs the lease of an agent who has just sent something.
func (d *Desk) renew(ctx context.Context, id core.AgentID, next int) {
	until := leaseEnd(d.Now(), next)
	l := d.leases.find(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if until.Sub(l.until) < max(leaseStep, time.Duration(d.Beat.Every)*time.Second*2/3) {
		return
	}
	// Only the lease: what they say of themselves they may be saying on
	// another node at this moment.
	if err := d.Store.Renew(ctx, id, until); err != nil {
		d.Log.WarnContext(ctx, "a lease could not be renewed", "agent", id, "error", err)
		return
	}
	l.until = until
}

// say stores what an agent says of themselves.
func (d *Desk) say(ctx context.Context, id core.AgentID, s core.Status, until time.Time) error {
	l := d.leases.find(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := d.Store.SetDuty(ctx, id, core.Duty{Status: s, Lease: until}); err != nil {
		return err
	}
	l.until = until
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
	if err := d.say(ctx, id, core.Status(f.Status), leaseEnd(d.Now(), p.Next())); err != nil {
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
	d.Floor.Leave(ctx, p)
	switch {
	case !p.Known():
	case p.Visitor():
		d.visitorGone(ctx, p.Conversation)
	default:
		d.agentGone(ctx, p, clean)
	}
}

func (d *Desk) agentGone(ctx context.Context, p *Peer, clean bool) {
	id := core.AgentID(p.Who.ID)
	if !clean {
		return // the lease runs out by itself; a phone in a lift comes back
	}
	// Who comes back at this moment, as by a reload, writes after us.
	l := d.leases.find(id)
	l.mu.Lock()
	defer l.mu.Unlock()
	if d.Floor.Present(ctx, TopicAgent(id)) {
		return
	}
	l.until = time.Time{}
	duty, err := d.Store.Duty(ctx, id)
	if soon := d.Now().Add(leaseClean); err == nil && soon.Before(duty.Lease) {
		duty.Lease = soon
		err = d.Store.SetDuty(ctx, id, duty)
	}
	if err != nil {
		d.Log.WarnContext(ctx, "a lease could not be shortened; it runs out by itself", "agent", id, "error", err)
	}
}

// visitorGone tells the agents whom it concerns that a visitor is not there
// any more, if so.
func (d *Desk) visitorGone(ctx context.Context, id core.ConversationID) {
	if d.online(ctx, id) {
		return
	}
	c, err := d.Store.Load(ctx, id)
	if err == nil && c.Session.Phase.Open() {
		d.pushHead(ctx, c, c.Session.Group, d.staffOf(c), nil, d.namer(ctx, c))
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
