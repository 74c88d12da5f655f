package desk

import (
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// pageOfLine is how many of a line Dispatch looks at in one pass.
const pageOfLine = 64

// Dispatch gives the free seats of a group to those who wait in it, from the
// head of the line, one conversation at a time, until the seats are gone. It
// returns once a pass has seated nobody. A group has one dispatcher on a node;
// several nodes compete by Conflict and Full.
func (d *Desk) Dispatch(ctx context.Context, group core.GroupID) error {
	for {
		line, err := d.Store.Waiting(ctx, group, pageOfLine)
		if err != nil || len(line) == 0 {
			return err
		}
		roster, err := d.Store.Roster(ctx, group, d.Now())
		if err != nil {
			return err
		}
		seated, err := d.seat(ctx, group, line, roster)
		if err != nil || seated == 0 {
			return err
		}
	}
}

// seat offers the roster to one after the other. When a seat turns out to be
// gone, the roster was old: that counts as news, and the caller reads again.
func (d *Desk) seat(ctx context.Context, group core.GroupID, line []core.Place, roster core.Roster) (int, error) {
	seated := 0
	for _, place := range line {
		if _, free := roster.Seats(); free == 0 {
			return 0, nil
		}
		c, err := d.tell(ctx, place.ID, core.Offered{Group: group, Roster: slices.Clone(roster)})
		switch {
		case core.CodeOf(err) == core.Full:
			return seated + 1, nil
		case err != nil:
			return seated, err
		case c.Take == "":
			continue // it waits no longer, or for somebody else
		}
		seated++
		if i := slices.IndexFunc(roster, func(a core.Agent) bool { return a.ID == c.Take }); i >= 0 {
			roster[i].Held++
			roster[i].Last = d.Now()
		}
	}
	return seated, nil
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
		topic := TopicVisitor(place.ID)
		if !d.Floor.Present(topic) {
			continue
		}
		q := d.place(group, i+1, roster)
		told[place.ID] = *q
		if !d.clock.newPlace(place.ID, *q) {
			continue
		}
		c, err := d.Store.Load(ctx, place.ID)
		if err != nil {
			return err
		}
		d.pushHead(ctx, c, []Topic{topic}, d.namer(ctx, c))
	}
	return nil
}
