package desk

import (
	"context"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// FloorView is the desk at one moment, for those who lead.
type FloorView struct {
	At     time.Time
	Groups []GroupView
	Agents []AgentView
}

// GroupView is one group: who waits and who is there.
type GroupView struct {
	core.Group
	Waiting     int  // at most countWaiting
	More        bool // there are others
	Online      int  // members
	Seats, Free int  // of those
	First       *FirstInLine
}

// FirstInLine is who waits longest, and why nobody has them.
type FirstInLine struct {
	Conversation core.ConversationID
	Queued       time.Time
	Why          *wire.Why // nil: it has just moved on
}

// AgentView is one agent as the floor has them.
type AgentView struct {
	core.Account
	Status   core.Status
	Held     int
	Lease    time.Time // zero: none
	Assigned time.Time // when they were last given a session; zero: never
}

// FloorNow returns the floor. Supervisors and admins may ask.
func (d *Desk) FloorNow(ctx context.Context, who core.Account) (FloorView, error) {
	if err := allowed("read-floor", who); err != nil {
		return FloorView{}, err
	}
	view := FloorView{At: d.Now()}
	settings, err := d.settings.get(ctx, view.At)
	if err != nil {
		return view, err
	}
	for _, g := range settings.Groups {
		seen, err := d.groupNow(ctx, g, view.At)
		if err != nil {
			return view, err
		}
		view.Groups = append(view.Groups, seen)
	}
	view.Agents, err = d.agentsNow(ctx, view.At)
	return view, err
}

func (d *Desk) groupNow(ctx context.Context, g core.Group, at time.Time) (GroupView, error) {
	view := GroupView{Group: g}
	line, err := d.Store.Waiting(ctx, g.ID, countWaiting+1)
	if err != nil {
		return view, err
	}
	roster, err := d.Store.Roster(ctx, g.ID, at)
	if err != nil {
		return view, err
	}
	view.Waiting, view.More = min(len(line), countWaiting), len(line) > countWaiting
	view.Seats, view.Free = roster.Seats()
	for _, a := range roster {
		if a.Status == core.Online {
			view.Online++
		}
	}
	if len(line) == 0 {
		return view, nil
	}
	c, err := d.Store.Load(ctx, line[0].ID)
	if err != nil {
		return view, err
	}
	view.First = &FirstInLine{Conversation: c.ID, Queued: line[0].At}
	view.First.Why, err = d.whyNot(ctx, c, roster, at)
	return view, err
}

// whyNot returns what Pick says of a conversation that waits, now; nil of one
// that does not.
func (d *Desk) whyNot(ctx context.Context, c core.Conversation, roster core.Roster, at time.Time) (*wire.Why, error) {
	settings, err := d.settings.get(ctx, at)
	if err != nil || c.Session.Phase != core.Waiting {
		return nil, err
	}
	choice, _ := core.Pick(c, roster, settings.Routing, at)
	view := wire.View{Name: d.namer(ctx, c)}
	return view.Why(choice.Why), nil
}

// Why returns what keeps a conversation that waits from being given to
// somebody: who could be chosen now, and what removes the others. Conflict: it
// does not wait.
func (d *Desk) Why(ctx context.Context, who core.Account, id core.ConversationID) (wire.Why, error) {
	if err := allowed("read-why", who); err != nil {
		return wire.Why{}, err
	}
	c, err := d.visible(ctx, who, id)
	if err != nil {
		return wire.Why{}, err
	}
	roster, err := d.Store.Roster(ctx, c.Session.Group, d.Now())
	if err != nil {
		return wire.Why{}, err
	}
	why, err := d.whyNot(ctx, c, roster, d.Now())
	if err == nil && why == nil {
		err = core.Errorf(core.Conflict, "it does not wait any more")
	}
	if err != nil {
		return wire.Why{}, err
	}
	return *why, nil
}

func (d *Desk) agentsNow(ctx context.Context, at time.Time) ([]AgentView, error) {
	staff, err := d.staff.get(ctx, at)
	if err != nil {
		return nil, err
	}
	roster, err := d.Store.Roster(ctx, "", at)
	if err != nil {
		return nil, err
	}
	list := make([]AgentView, 0, len(roster))
	for _, a := range roster {
		view := AgentView{Account: staff[a.ID], Status: a.Status, Held: a.Held, Assigned: a.Last}
		view.ID, view.Capacity = a.ID, a.Capacity
		if a.Status != core.Offline { // its lease counts
			duty, err := d.Store.Duty(ctx, a.ID)
			if err != nil {
				return nil, err
			}
			view.Lease = duty.Lease
		}
		list = append(list, view)
	}
	return list, nil
}
