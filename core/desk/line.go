package desk

import (
	"cmp"
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// pageOfLine is how many of a line Dispatch looks at in one pass, unless there
// is a seat that none of them can have: agents who let a session go are no
// candidates for it. Then it looks further, up to countWaiting.
const pageOfLine = 64

// maxStale is how often in a row a seat may turn out to be gone.
const maxStale = 8

// Dispatch gives the free seats of a group to those who wait in it, from the
// head of the line, one conversation at a time, until the seats are gone. It
// returns once a pass has seated nobody. A group has one dispatcher on a node;
// several nodes compete by Conflict and Full. After an error the next Tick
// asks for it again.
func (d *Desk) Dispatch(ctx context.Context, group core.GroupID) error {
	err := d.drain(ctx, group)
	if err != nil {
		d.clock.seekAgain(group)
	}
	return err
}

func (d *Desk) drain(ctx context.Context, group core.GroupID) error {
	from, limit := 0, pageOfLine
	for stale := 0; stale < maxStale; {
		line, err := d.Store.Waiting(ctx, group, limit)
		if err != nil || len(line) <= from {
			return err
		}
		roster, err := d.Store.Roster(ctx, group, d.Now())
		if err != nil {
			return err
		}
		seated, err := d.seat(ctx, group, line[from:], roster)
		_, free := roster.Seats()
		switch {
		case seated > 0 && (err == nil || core.CodeOf(err) == core.Full):
			from, limit, stale = 0, pageOfLine, 0
		case core.CodeOf(err) == core.Full:
			stale++
		case err == nil && free > 0 && len(line) == limit && limit < countWaiting:
			from, limit = limit, min(4*limit, countWaiting)
		default:
			return err
		}
	}
	return &core.Error{Code: core.Unavailable, Message: "the seats on offer are always gone", Retry: time.Second}
}

// seat offers the roster to one after the other and returns how many it
// seated. Full says that the roster was old. Any other error of one
// conversation does not keep the others waiting; the first is returned.
func (d *Desk) seat(ctx context.Context, group core.GroupID, line []core.Place, roster core.Roster) (seated int, failed error) {
	for _, place := range line {
		if _, free := roster.Seats(); free == 0 || ctx.Err() != nil {
			return 0, cmp.Or(failed, ctx.Err())
		}
		c, err := d.tell(ctx, place.ID, core.Offered{Group: group, Roster: slices.Clone(roster)})
		switch {
		case core.CodeOf(err) == core.Full:
			return seated, err
		case err != nil:
			failed = cmp.Or(failed, err)
		case c.Take != "": // else it waits no longer, or for somebody else
			seated++
			i := slices.IndexFunc(roster, func(a core.Agent) bool { return a.ID == c.Take })
			if i >= 0 {
				roster[i].Held++
				roster[i].Last = d.Now()
			}
		}
	}
	return seated, failed
}

// queue returns the place of a waiting conversation in its line.
func (d *Desk) queue(ctx context.Context, c core.Conversation) (*wire.Queue, error) {
	line, err := d.Store.Waiting(ctx, c.Session.Group, countWaiting)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(line, func(p core.Place) bool { return p.ID == c.ID })
	if i < 0 {
		return nil, nil
	}
	roster, err := d.Store.Roster(ctx, c.Session.Group, d.Now())
	if err != nil {
		return nil, err
	}
	return d.place(c.Session.Group, i+1, roster), nil
}

func (d *Desk) place(group core.GroupID, position int, roster core.Roster) *wire.Queue {
	seats, _ := roster.Seats()
	q := &wire.Queue{Position: position}
	if eta := core.Estimate(position, seats, d.clock.typical(group)); eta > 0 {
		seconds := int(eta / time.Second)
		q.ETA = &seconds
	}
	return q
}

// learn keeps how long agents of a group hold a session, as a running mean.
// It serves estimates only, so each node keeps its own.
func (d *Desk) learn(c core.Change) {
	if c.Was.Phase == core.Held && c.Conversation.Session.Phase == core.Closed {
		d.clock.learn(c.Was.Group, c.Conversation.At.Sub(c.Was.Since))
	}
}

func (c *clock) learn(group core.GroupID, held time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.mean == nil {
		c.mean = map[core.GroupID]time.Duration{}
	}
	old, ok := c.mean[group]
	if !ok {
		old = held
	}
	c.mean[group] = (old*7 + held) / 8
}

func (c *clock) typical(group core.GroupID) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.mean[group]
}

// placesEvery is how often visitors are told of their place in line.
const placesEvery = 5 * time.Second

// tellPlaces tells the visitors who are here and wait where they stand, if
// that changed.
func (d *Desk) tellPlaces(ctx context.Context) error {
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil || !d.clock.every(placesEvery, d.Now()) {
		return err
	}
	told := map[core.ConversationID]wire.Queue{}
	for _, g := range settings.Groups {
		if err := d.tellLine(ctx, g.ID, told); err != nil {
			return err
		}
	}
	d.clock.keepPlaces(told)
	return nil
}

func (d *Desk) tellLine(ctx context.Context, group core.GroupID, told map[core.ConversationID]wire.Queue) error {
	line, err := d.Store.Waiting(ctx, group, countWaiting)
	if err != nil || len(line) == 0 {
		return err
	}
	roster, err := d.Store.Roster(ctx, group, d.Now())
	if err != nil {
		return err
	}
	for i, place := range line {
		if !d.Floor.Present(ctx, TopicVisitor(place.ID)) {
			continue
		}
		q := d.place(group, i+1, roster)
		told[place.ID] = *q
		if !d.clock.newPlace(place.ID, *q) {
			continue
		}
		if err := d.tellPlace(ctx, place.ID, q); err != nil {
			return err
		}
	}
	return nil
}

func (d *Desk) tellPlace(ctx context.Context, id core.ConversationID, q *wire.Queue) error {
	c, err := d.Store.Load(ctx, id)
	if err != nil || c.Session.Phase != core.Waiting {
		return err // it moved on, and the visitor has been told
	}
	facts, err := d.factsButQueue(ctx, c)
	if err != nil {
		return err
	}
	facts.queue = q
	name := d.namer(ctx, c)
	d.Floor.Each(ctx, []Topic{TopicVisitor(id)}, func(p *Peer) { p.pushHead(facts, name) })
	return nil
}
