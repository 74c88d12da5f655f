package desk

import (
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// VisitorRecord is what an agent may know of a visitor besides what they said.
type VisitorRecord struct {
	core.Profile
	Conversation core.ConversationID // with the site of the profile
	Verified     bool                // the site vouches for them
	Online       bool
	Block        *core.Block     // in force; nil: there is none
	Sessions     []SessionRecord // the newest first, at most maxSessions
	More         bool            // there were earlier ones
}

// SessionRecord is one session in a few words.
type SessionRecord struct {
	Number uint32
	Began  time.Time
	Ended  time.Time    // zero: it goes on
	Agent  core.AgentID // who held it last; empty: nobody did
	Name   string       // of the agent, as visitors see it
	Avatar string
	Said   int   // messages of both sides
	Score  uint8 // the visitor's last one; 0: none
}

// What a record looks back at: to tell a visitor's whole life would be to read
// all they ever said.
const (
	maxSessions    = 20
	maxRecordReads = 10 // chunks of the log
)

// Visitor returns the record of a visitor whose conversation who may see, or
// NotFound.
func (d *Desk) Visitor(ctx context.Context, who core.Account, id core.VisitorID) (VisitorRecord, error) {
	r, err := d.visitor(ctx, who, id)
	if err != nil {
		return r, err
	}
	r.Online = d.online(ctx, r.Conversation)
	blocks, err := d.blocks.get(ctx, d.Now())
	if err != nil {
		return r, err
	}
	if b, ok := blocks[id]; ok && holds(b, d.Now()) {
		r.Block = &b
	}
	r.Sessions, r.More, err = d.sessions(ctx, r.Conversation)
	return r, err
}

// visitor returns what is stored of a visitor, to who may see it.
func (d *Desk) visitor(ctx context.Context, who core.Account, id core.VisitorID) (VisitorRecord, error) {
	if err := allowed("read-visitor", who); err != nil {
		return VisitorRecord{}, err
	}
	p, err := d.Store.Profile(ctx, id)
	if err != nil {
		return VisitorRecord{}, err
	}
	r := VisitorRecord{Profile: p, Conversation: core.ConversationOf(p.Site, id), Verified: p.External != ""}
	c, err := d.Store.Load(ctx, r.Conversation)
	switch {
	case err != nil:
		return r, err
	case c.Seq == 0 && !who.Role.Leads():
		return VisitorRecord{}, core.Errorf(core.Forbidden, "they have not said anything yet")
	case c.Seq > 0 && !mayRead(who, c.Session):
		return VisitorRecord{}, core.Errorf(core.Forbidden, "this conversation is not of your groups")
	}
	return r, nil
}

// sessions reads the log backwards, and returns whether there is more of it.
func (d *Desk) sessions(ctx context.Context, id core.ConversationID) ([]SessionRecord, bool, error) {
	staff, err := d.staff.get(ctx, d.Now())
	if err != nil {
		return nil, false, err
	}
	found := map[uint32]*SessionRecord{}
	before := uint64(wire.MaxInt)
	for range maxRecordReads {
		events, err := d.Store.Before(ctx, id, before, chunk)
		if err != nil {
			return nil, false, err
		}
		for _, e := range slices.Backward(events) {
			if e.Session > 0 && found[e.Session] == nil {
				if len(found) == maxSessions {
					return inOrder(found, staff), true, nil
				}
				found[e.Session] = &SessionRecord{Number: e.Session}
			}
			if r := found[e.Session]; r != nil {
				r.note(e)
			}
			if r := found[e.Body.Session]; e.Body.Kind == core.KindRated && r != nil && r.Score == 0 {
				r.Score = e.Body.Score
			}
			before = e.Seq
		}
		if len(events) < chunk {
			return inOrder(found, staff), false, nil
		}
	}
	return inOrder(found, staff), true, nil
}

// note takes an earlier event in: what is known already is newer.
func (r *SessionRecord) note(e core.Event) {
	r.Began = e.At
	switch k := e.Body.Kind; {
	case k.Said() && !e.Internal:
		r.Said++
	case k == core.KindAssigned && r.Agent == "":
		r.Agent = e.Body.Agent
	case k == core.KindClosed && r.Ended.IsZero() && r.Said == 0 && r.Agent == "":
		r.Ended = e.At
	}
}

func inOrder(found map[uint32]*SessionRecord, staff map[core.AgentID]core.Account) []SessionRecord {
	list := make([]SessionRecord, 0, len(found))
	for _, r := range found {
		r.Name, r.Avatar = staff[r.Agent].Display, staff[r.Agent].Avatar
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b SessionRecord) int { return int(b.Number) - int(a.Number) })
	return list
}
