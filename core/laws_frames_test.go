package core_test

import (
	"fmt"
	"reflect"
	"slices"

	"kefu/core"
)

// An accepted frame moves its own outbox by one, and no other;
// twenty-four are remembered.
func lawsOfHeard(c core.Conversation, change core.Change, in core.Input) string {
	n := change.Conversation
	f, numbered := frameOf(in)
	if _, erased := in.(core.Erased); erased && n.Erased {
		if n.Heard != nil {
			return "hears on after it was erased"
		}
		return ""
	}
	if !numbered {
		if !reflect.DeepEqual(c.Heard, n.Heard) {
			return "hears a frame that nobody sent"
		}
		return ""
	}
	own := func(h core.Heard) bool { return h.By == f.By.Party && h.Origin == f.Origin }
	others := slices.DeleteFunc(slices.Clone(c.Heard), own)
	was, is := c.HeardOf(f.By.Party, f.Origin), n.HeardOf(f.By.Party, f.Origin)
	carrier := slices.IndexFunc(change.Events, func(e core.Event) bool { return e.N != 0 })
	switch {
	case is.N != was.N+1 || is.N != f.N:
		return fmt.Sprintf("n=%d moves its outbox from %d to %d", f.N, was.N, is.N)
	case is.Seq != change.Events[carrier].Seq:
		return fmt.Sprintf("n=%d is remembered as #%d, not #%d", f.N, is.Seq, change.Events[carrier].Seq)
	case len(others) < core.MaxHeard && !slices.Equal(n.Heard, append(others, is)):
		return fmt.Sprintf("remembers %+v, before %+v", n.Heard, c.Heard)
	case len(others) == core.MaxHeard:
		return lawsOfForgetting(others, n.Heard)
	}
	return ""
}

// Of those that were remembered besides the newest one is forgotten: the least
// recently used of an author who keeps four or, if nobody has more than four,
// of all.
func lawsOfForgetting(others, now []core.Heard) string {
	gone := slices.IndexFunc(others, func(h core.Heard) bool { return !slices.Contains(now, h) })
	if gone < 0 || len(now) != core.MaxHeard || !slices.Equal(now[:len(now)-1], slices.Delete(slices.Clone(others), gone, gone+1)) {
		return fmt.Sprintf("remembers %+v, before %+v", now, others)
	}
	left := map[core.Party]int{}
	for _, h := range now {
		left[h.By]++
	}
	switch older := others[:gone]; {
	case len(others)-gone < 16: // 15 and the newest were heard since
		return fmt.Sprintf("forgets %+v too soon: %+v", others[gone], others)
	case gone > 0 && left[others[gone].By] < 4:
		return fmt.Sprintf("forgets %+v, of whose author it remembers too little: %+v", others[gone], now)
	case slices.ContainsFunc(older, func(h core.Heard) bool { return left[h.By] > 4 }):
		return fmt.Sprintf("forgets %+v before an older one: %+v", others[gone], others)
	}
	return ""
}

// Only a recall erases, of its author's own what it names and its edits, and
// within the time that the rules give; no session moves for it.
func lawsOfAmending(c core.Conversation, change core.Change, in core.Input) string {
	var t core.Target
	var erase []core.Tombstone
	switch in := in.(type) {
	case core.Edited:
		t = in.Target
	case core.Recalled:
		t = in.Target
		erase = []core.Tombstone{{Seq: t.Seq}}
		for _, seq := range t.Edits {
			erase = append(erase, core.Tombstone{Seq: seq, Of: t.Seq})
		}
	case core.Erased: // whatever it brings, once, and the tags
		if !change.Empty() && (len(change.Erase) > len(in.Gone) || !slices.Equal(change.Erase, in.Gone[:len(change.Erase)])) {
			return fmt.Sprintf("erases %v, want of %v", change.Erase, in.Gone)
		}
		return ""
	default:
		if change.Erase != nil {
			return fmt.Sprintf("%T erases %v", in, change.Erase)
		}
		return ""
	}
	f, _ := frameOf(in)
	switch {
	case !slices.Equal(change.Erase, erase):
		return fmt.Sprintf("erases %v, want %v", change.Erase, erase)
	case t.Gone || t.Event.By != f.By.Party || !t.Event.Body.Kind.Said() || t.Event.Seq != t.Seq || t.Seq == 0 || t.Seq > c.Seq:
		return fmt.Sprintf("%+v is changed by %+v", t, f.By)
	case !reflect.DeepEqual(change.Conversation.Session, c.Session) || len(change.Events) != 1:
		return "more is changed than a message"
	}
	return ""
}
