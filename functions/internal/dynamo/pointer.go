package dynamo

import (
	"context"
	"strings"
	"time"

	"kefu/core"
)

// pointer is the item that says where a conversation stands.
type pointer struct {
	key
	id    core.ConversationID
	group core.GroupID
	site  core.SiteID
	since int64 // core.Session.Since, in milliseconds like the others
	place int64 // in line: core.Session.Queued
	rings int64 // in line or snoozed: when it has to be woken; 0: never
}

// where returns the pointer that a conversation has in this state. One that an
// agent holds has none: its seat says it.
func (h head) where() (pointer, bool) {
	s := h.Session
	p := pointer{id: h.ID, group: s.Group, site: h.Site, since: millis(s.Since)}
	switch s.Phase {
	case core.Bot:
		p.key = key{partOpen, botPrefix + string(h.ID)}
	case core.Waiting:
		p.key = key{partOpen, groupPrefix(s.Group) + placeSK(core.Place{At: s.Queued, ID: h.ID})}
		p.place, p.rings = millis(s.Queued), millis(h.rings())
	case core.Snoozed:
		p.key, p.rings = key{partOpen, napPrefix + string(h.ID)}, millis(h.rings())
	case core.Closed:
		p.key = key{partClosed, placeSK(core.Place{At: s.Since, ID: h.ID})}
	default:
		return pointer{}, false
	}
	return p, true
}

// item returns the pointer as it is stored, for a slot: v is the slot, n when
// it was announced.
func (p pointer) item(slot uint64, now time.Time) item {
	it := item{
		"c": str(string(p.id)), "g": str(string(p.group)), "t": str(string(p.site)), "s": num(p.since),
		"v": num(slot), "n": when(now),
	}
	if p.knowsAlarm() {
		it["q"], it["a"] = num(p.place), num(p.rings)
	}
	return it
}

// knowsAlarm reports whether a pointer says when its conversation rings: who
// waits and what is snoozed stays so for long, and a sweep need not load it.
func (p pointer) knowsAlarm() bool {
	return strings.HasPrefix(p.sk, linePrefix) || strings.HasPrefix(p.sk, napPrefix)
}

// pointerOf reads what item returned.
func pointerOf(it item) pointer {
	return pointer{
		key: keyOf(it), id: core.ConversationID(getStr(it, "c")), group: core.GroupID(getStr(it, "g")),
		site: core.SiteID(getStr(it, "t")), since: getNum(it, "s"), place: getNum(it, "q"), rings: getNum(it, "a"),
	}
}

// announce puts the pointer of a conversation as it will be, and reports false
// if somebody already announced a later change: then this one's slot is gone.
func (st *Store) announce(ctx context.Context, was, next head, slot uint64) (bool, error) {
	p, points := next.where()
	if q, pointed := was.where(); !points || (pointed && p == q) {
		return true, nil
	}
	r, err := st.put(ctx, p.key, p.item(slot, st.Now()), condition{text: absent + " OR v <= :v", values: item{":v": num(slot)}})
	return r.ok, err
}

// withdraw removes the pointer that a slot has made wrong, unless a later
// change has announced the same again.
func (st *Store) withdraw(ctx context.Context, was, next head, slot uint64) {
	q, pointed := was.where()
	if p, _ := next.where(); pointed && p.key != q.key {
		st.tidy(ctx, q.key, condition{text: "v < :v", values: item{":v": num(slot)}})
	}
}

// stands reports whether a pointer says where the conversation is now, as its
// head was read after the pointer was. One that does not is removed, unless
// its slot is still to be decided.
func (st *Store) stands(ctx context.Context, it item, h head) bool {
	k := keyOf(it)
	if p, ok := h.where(); ok && p.key == k {
		return true
	}
	decided := h.Seq >= uint64(getNum(it, "v"))
	if decided || st.Now().Sub(getTime(it, "n")) > announceFor {
		st.tidy(ctx, k, condition{text: "v = :v AND n = :n", values: item{":v": it["v"], ":n": it["n"]}})
	}
	return false
}
