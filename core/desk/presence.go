package desk

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"

	"kefu/core"
	"kefu/core/wire"
)

// The document that says what the staff was last told of itself, where the next
// tick may be another process's.
const presenceKind, presenceID = "presence", "told"

// tellPresence pushes to the staff which of them changed since the last time.
// What is told is noted behind that: when a process ends in between the next one
// tells it again, which is no news to anybody, and never not at all.
func (d *Desk) tellPresence(ctx context.Context) error {
	if !d.Floor.Present(ctx, TopicStaff) {
		return nil
	}
	agents, err := d.colleagues(ctx)
	if err != nil {
		return err
	}
	if !d.Forgets {
		d.pushPresence(ctx, presenceNews(d.clock.told(agents), agents))
		return nil
	}
	noted, err := d.Store.Document(ctx, presenceKind, presenceID)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	var seen []wire.Agent
	if json.Unmarshal(noted.Data, &seen) != nil {
		seen = nil // nothing was noted yet, or by another release: all of it is news
	}
	changed := presenceNews(seen, agents)
	if len(changed) == 0 {
		return nil
	}
	d.pushPresence(ctx, changed)
	data, err := json.Marshal(agents)
	if err != nil {
		return err
	}
	err = d.Store.PutDocument(ctx, core.Document{Kind: presenceKind, ID: presenceID, Version: noted.Version + 1, At: d.Now(), Data: data})
	if core.CodeOf(err) == core.Conflict {
		return nil // another tick has told it too
	}
	return err
}

// told notes what the staff is told, and returns what that was the last time.
func (c *clock) told(agents []wire.Agent) (before []wire.Agent) {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, c.seen = c.seen, agents
	return before
}

func (d *Desk) pushPresence(ctx context.Context, changed []wire.Agent) {
	for len(changed) > 0 {
		n := max(fit(changed, wire.MaxMessage-1<<10), 1)
		data := wire.Encode(wire.Presence{Type: "presence", Agents: changed[:n]})
		d.Floor.Each(ctx, []Topic{TopicStaff}, func(p *Peer) { p.push(0, data) })
		changed = changed[n:]
	}
}

// presenceNews returns whom it is news of what the staff looks like now. Who is
// no longer there is told as offline.
func presenceNews(seen, now []wire.Agent) (changed []wire.Agent) {
	old := make(map[string]wire.Agent, len(seen))
	for _, a := range seen {
		old[a.ID] = a
	}
	for _, a := range now {
		if was, ok := old[a.ID]; !ok || !sameAgent(was, a) {
			changed = append(changed, a)
		}
		delete(old, a.ID)
	}
	for _, a := range old {
		a.Status, a.Held, a.Capacity = string(core.Offline), 0, 0
		changed = append(changed, a)
	}
	slices.SortFunc(changed, func(a, b wire.Agent) int { return cmp.Compare(a.ID, b.ID) })
	return changed
}

func sameAgent(a, b wire.Agent) bool {
	return a.Name == b.Name && a.Avatar == b.Avatar && a.Role == b.Role && slices.Equal(a.Groups, b.Groups) &&
		a.Status == b.Status && a.Held == b.Held && a.Capacity == b.Capacity
}
