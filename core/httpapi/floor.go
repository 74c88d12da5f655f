package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/wire"
)

// Floor is the desk at one moment.
type Floor struct {
	At     wire.Time    `json:"at"`
	Groups []FloorGroup `json:"groups" nullable:"false"`
	Agents []FloorAgent `json:"agents" nullable:"false"`
}

// FloorGroup is a group: who waits, and who is there.
type FloorGroup struct {
	ID      string      `json:"id"`
	Name    string      `json:"name"`
	Waiting int         `json:"waiting" doc:"At most 500 are counted."`
	More    bool        `json:"more" doc:"There are others."`
	Online  int         `json:"online" doc:"Members on duty."`
	Seats   int         `json:"seats" doc:"Of those on duty."`
	Free    int         `json:"free"`
	First   *FloorFirst `json:"first,omitempty" doc:"Who waits longest."`
}

// FloorFirst is who waits longest, and why nobody has them.
type FloorFirst struct {
	Conversation string    `json:"conversation"`
	Since        wire.Time `json:"since"`
	Why          *wire.Why `json:"why,omitempty" doc:"Who could be chosen now, and what removes the others."`
}

// FloorAgent is an agent as the floor has them.
type FloorAgent struct {
	ID       string     `json:"id"`
	Name     string     `json:"name" doc:"As visitors see it."`
	Avatar   string     `json:"avatar,omitempty"`
	Role     string     `json:"role"`
	Groups   []string   `json:"groups" nullable:"false"`
	Status   string     `json:"status" enum:"online,away,offline"`
	Held     int        `json:"held"`
	Capacity int        `json:"capacity"`
	Lease    *wire.Time `json:"lease,omitempty" doc:"Until when they count as being there without another word."`
	Assigned *wire.Time `json:"assigned,omitempty" doc:"When they were last given a session."`
}

// floor registers what those who lead see.
func (a *api) floor() {
	staffed(a, huma.Operation{
		OperationID: "read-floor", Method: http.MethodGet, Path: "/v1/floor", Summary: "Read the floor", Tags: []string{"floor"},
		Description: "For supervisors and admins: groups with who waits and why, agents with what they hold.",
	}, a.readFloor)
	staffed(a, huma.Operation{
		OperationID: "read-why", Method: http.MethodGet, Path: "/v1/conversations/{id}/why", Summary: "Why nobody takes it", Tags: []string{"floor"},
		Description: "Of a conversation that waits: who could be chosen now, and what removes the others.",
		Errors:      []int{http.StatusNotFound, http.StatusConflict},
	}, a.readWhy)
}

func (a *api) readFloor(ctx context.Context, who core.Account, _ *nothing) (*body[Floor], error) {
	view, err := a.Desk.FloorNow(ctx, who)
	out := Floor{At: wire.Time(view.At), Groups: make([]FloorGroup, len(view.Groups)), Agents: make([]FloorAgent, len(view.Agents))}
	for i, g := range view.Groups {
		out.Groups[i] = FloorGroup{
			ID: string(g.ID), Name: g.Name, Waiting: g.Waiting, More: g.More, Online: g.Online, Seats: g.Seats, Free: g.Free,
		}
		if f := g.First; f != nil {
			out.Groups[i].First = &FloorFirst{Conversation: string(f.Conversation), Since: wire.Time(f.Queued), Why: f.Why}
		}
	}
	for i, x := range view.Agents {
		groups := make([]string, len(x.Groups))
		for j, g := range x.Groups {
			groups[j] = string(g)
		}
		out.Agents[i] = FloorAgent{
			ID: string(x.ID), Name: x.Display, Avatar: x.Avatar, Role: string(x.Role), Groups: groups, Status: string(x.Status),
			Held: x.Held, Capacity: x.Capacity, Lease: timeOf(x.Lease), Assigned: timeOf(x.Assigned),
		}
	}
	return &body[Floor]{out}, err
}

func (a *api) readWhy(ctx context.Context, who core.Account, in *byID) (*body[wire.Why], error) {
	why, err := a.Desk.Why(ctx, who, core.ConversationID(in.ID))
	return &body[wire.Why]{why}, err
}
