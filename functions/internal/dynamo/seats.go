package dynamo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"kefu/core"
)

// seat is the one that the change at a slot takes.
type seat struct {
	id   core.ConversationID
	slot uint64
}

func seatOf(id core.ConversationID, slot uint64) seat { return seat{id, slot} }

func (s seat) String() string { return fmt.Sprintf("%s@%d", s.id, s.slot) }

// parseSeat reads what String wrote.
func parseSeat(s string) seat {
	i := max(strings.LastIndexByte(s, '@'), 0)
	slot, _ := strconv.ParseUint(strings.TrimPrefix(s[i:], "@"), 10, 64) // what is no number is slot 0, which was decided long ago
	return seat{core.ConversationID(s[:i]), slot}
}

// decided reports whether the slot was filled, by this change or another.
func (s seat) decided(h head) bool { return h.Seq >= s.slot }

// taken reports whether an agent sits there.
func (s seat) taken(by core.AgentID, h head) bool {
	return s.decided(h) && h.Session.Agent == by && h.seat == s.slot
}

// seats returns those of an agent's item.
func seatsOf(it item) []seat {
	var out []seat
	for _, s := range getSet(it, "seats") {
		out = append(out, parseSeat(s))
	}
	return out
}

// seat takes a seat for a change before its slot is tried, and notes when:
// given for routing, taken for whoever finds the seat with its slot empty.
func (st *Store) seat(ctx context.Context, t attempt) error {
	mine := seatOf(t.id(), t.slot).String()
	r, err := st.update(ctx, agentKey(t.Take), "ADD seats :s SET given = :at, taken = :now", condition{
		text:  "attribute_exists(pk) AND (contains(seats, :it) OR (attribute_not_exists(seats) AND #c > :none) OR size(seats) < #c)",
		names: map[string]string{"#c": "capacity"}, // a reserved word
		values: item{
			":s": set(mine), ":it": str(mine), ":none": num(0), ":at": when(t.Conversation.At), ":now": when(st.Now()),
		},
	})
	if err != nil || r.ok {
		return err
	}
	// Full, unless it is too late anyway: the answer to that is another one.
	head, err := st.head(ctx, t.id())
	switch {
	case err != nil:
		return err
	case head.Seq != t.Base():
		return errConflict()
	default:
		return core.Errorf(core.Full, "%s has no free seat now", t.Take)
	}
}

// vacate gives seats back. What fails is found by Due and Held.
func (st *Store) vacate(ctx context.Context, id core.AgentID, seats ...seat) {
	st.vacateIf(ctx, id, seats, condition{text: "attribute_exists(pk)"})
}

func (st *Store) vacateIf(ctx context.Context, id core.AgentID, seats []seat, c condition) {
	if len(seats) == 0 {
		return
	}
	names := make([]string, len(seats))
	for i, s := range seats {
		names[i] = s.String()
	}
	if c.values == nil {
		c.values = item{}
	}
	c.values[":s"] = set(names...)
	if _, err := st.update(ctx, agentKey(id), "DELETE seats :s", c); err != nil {
		st.Log.WarnContext(ctx, "a seat is taken in vain until the agent is looked at", "agent", id, "error", err)
	}
}

// holding returns what the agents of these items hold, and gives the seats
// back that are nobody's.
func (st *Store) holding(ctx context.Context, agents []item, read headReader) ([]head, error) {
	var ids []core.ConversationID
	for _, it := range agents {
		for _, s := range seatsOf(it) {
			ids = append(ids, s.id)
		}
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	heads, err := st.load(ctx, ids, read)
	if err != nil {
		return nil, err
	}
	var out []head
	for _, it := range agents {
		out = append(out, st.holds(ctx, it, heads)...)
	}
	return out, nil
}

// holds does it for one agent. A seat whose slot is decided and that is not
// theirs is given back. So is one whose slot is empty if nobody took any seat
// of this agent for a while: whoever took it is not to come any more.
func (st *Store) holds(ctx context.Context, it item, heads map[core.ConversationID]head) []head {
	id := core.AgentID(getStr(it, "sk"))
	var out []head
	var wrong, open []seat
	for _, s := range seatsOf(it) {
		switch h, ok := heads[s.id]; {
		case !ok: // it can not be read, so nobody knows
		case s.taken(id, h):
			out = append(out, h)
		case s.decided(h):
			wrong = append(wrong, s)
		default:
			open = append(open, s)
		}
	}
	st.vacate(ctx, id, wrong...)
	if taken := getTime(it, "taken"); st.Now().Sub(taken) > announceFor {
		st.vacateIf(ctx, id, open, condition{text: "taken = :then", values: item{":then": when(taken)}})
	}
	return out
}

// Held implements core.Lists.
func (st *Store) Held(ctx context.Context, id core.AgentID) ([]core.ConversationID, error) {
	list, err := st.Holding(ctx, id)
	var out []core.ConversationID
	for _, c := range list {
		out = append(out, c.ID)
	}
	return out, err
}

// Holding is Held with the conversations, as Load returns them: whether a seat is taken only its conversation
// tells, as it is now.
func (st *Store) Holding(ctx context.Context, id core.AgentID) ([]core.Conversation, error) {
	one, err := st.agent(ctx, id)
	if err != nil {
		return nil, err
	}
	return st.conversations(ctx, one, st.head)
}

// GlanceHolding implements desk.Glancer: Holding by weak reads. What they lack
// can not be taken for a seat that is nobody's, for a slot that they show to be
// decided is.
func (st *Store) GlanceHolding(ctx context.Context, id core.AgentID) ([]core.Conversation, error) {
	var one []item
	k := agentKey(id)
	err := st.each(ctx, span{pk: k.pk, from: k.sk, to: k.sk, weak: true}, func(it item) (bool, error) {
		one = append(one, it)
		return true, nil
	})
	if err != nil {
		return nil, err
	}
	return st.conversations(ctx, one, st.glance)
}

// conversations are those that the agents of these items hold.
func (st *Store) conversations(ctx context.Context, agents []item, read headReader) ([]core.Conversation, error) {
	list, err := st.holding(ctx, agents, read)
	var out []core.Conversation
	for _, h := range list {
		out = append(out, h.Conversation)
	}
	return out, err
}

// agent returns the item of one agent, if there is one.
func (st *Store) agent(ctx context.Context, id core.AgentID) ([]item, error) {
	it, err := st.get(ctx, agentKey(id))
	if err != nil || it == nil {
		return nil, err
	}
	return []item{it}, nil
}

// agents returns the items of all agents.
func (st *Store) agents(ctx context.Context) ([]item, error) {
	var out []item
	err := st.each(ctx, all(partAgents, ""), func(it item) (bool, error) {
		out = append(out, it)
		return false, nil
	})
	return out, err
}

// Lapsed implements core.Agents. Who never had a lease has none that ended.
func (st *Store) Lapsed(ctx context.Context, before time.Time) ([]core.AgentID, error) {
	agents, err := st.agents(ctx)
	var out []core.AgentID
	for _, it := range agents {
		lease := getTime(it, "lease")
		if !lease.IsZero() && lease.Before(before) && len(getSet(it, "seats")) > 0 {
			out = append(out, core.AgentID(getStr(it, "sk")))
		}
	}
	return out, err
}
