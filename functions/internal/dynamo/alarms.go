package dynamo

import (
	"context"
	"slices"
	"time"

	"kefu/core"
)

// Due implements core.Lists. It goes through all that is open, and on its way
// removes what points there in vain, gives seats back that are nobody's, and
// finishes what a crash left to erase: it is the sweep of the table.
func (st *Store) Due(ctx context.Context, after core.Place, until time.Time, limit int) ([]core.Place, error) {
	if after == (core.Place{}) {
		if err := st.finishErasing(ctx); err != nil {
			return nil, err
		}
	}
	if limit <= 0 {
		return nil, nil
	}
	line, heads, err := st.everything(ctx)
	if err != nil {
		return nil, err
	}
	var out []core.Place
	for _, p := range line {
		out = append(out, core.Place{At: moment(p.rings), ID: p.id})
	}
	for _, h := range heads {
		out = append(out, core.Place{At: h.rings(), ID: h.ID})
	}
	out = slices.DeleteFunc(out, func(p core.Place) bool { return p.At.IsZero() || p.At.After(until) || !after.Less(p) })
	slices.SortFunc(out, compare)
	out = slices.Compact(out) // it may have moved on meanwhile
	return out[:min(limit, len(out))], nil
}

// everything returns all that is open: the pointers of those who wait or are
// snoozed, which know their alarms, and the heads of what the assistant or an agent has, whose
// alarms almost every message moves.
func (st *Store) everything(ctx context.Context) (line []pointer, heads []head, err error) {
	open, err := st.open(ctx, "")
	if err != nil {
		return nil, nil, err
	}
	waits := func(it item) bool { return pointerOf(it).knowsAlarm() }
	if line, err = st.check(ctx, slices.DeleteFunc(slices.Clone(open), func(it item) bool { return !waits(it) })); err != nil {
		return nil, nil, err
	}
	if heads, err = st.verify(ctx, slices.DeleteFunc(open, waits)); err != nil {
		return nil, nil, err
	}
	agents, err := st.agents(ctx)
	if err != nil {
		return nil, nil, err
	}
	held, err := st.holding(ctx, agents, st.head)
	return line, append(heads, held...), err
}

// Rearm implements core.Lists. The alarm is kept beside the state, on the item
// of the newest change, and is handed on by changes that do not move it. A
// process that remembers the state from before hands on the state's own alarm
// instead, which costs an early look.
func (st *Store) Rearm(ctx context.Context, id core.ConversationID, seq uint64, alarm time.Time) error {
	var newest item
	h, err := st.newest(ctx, id, func(it item) { newest = it })
	switch {
	case err != nil:
		return err
	case h.Seq == 0 || h.Seq != seq:
		return errConflict()
	case !h.rings().Equal(alarm):
		h.rearmed, h.alarm = true, alarm
		_, err = st.update(ctx, keyOf(newest), "SET r = :r", condition{text: "attribute_exists(pk)", values: item{":r": when(alarm)}})
		if err != nil {
			return err
		}
		st.heads.Add(id, h)
	}
	if p, ok := h.where(); ok && p.knowsAlarm() {
		_, err = st.update(ctx, p.key, "SET a = :a", condition{
			text: "v <= :seq", values: item{":a": num(p.rings), ":seq": num(seq)}, // not what a later change announced
		})
	}
	return err
}
