package core_test

import (
	"fmt"
	"slices"

	"kefu/core"
)

// own returns one of the last things that somebody said, or did; 0: none.
func (r *run) own(id core.ConversationID, by core.Party) uint64 {
	log, err := r.store.Before(r.t.Context(), id, 1<<62, 12)
	r.must(err)
	log = slices.DeleteFunc(log, func(e core.Event) bool { return e.By != by })
	if len(log) == 0 {
		return 0
	}
	return log[r.IntN(len(log))].Seq
}

// amend is an edit or a recall, its target as somebody who reads the whole log
// finds it.
func (r *run) amend(id core.ConversationID, f core.Frame, seq uint64) core.Input {
	log, err := r.store.After(r.t.Context(), id, 0, 1<<20)
	r.must(err)
	t := core.Target{Seq: seq, Event: log[seq-1]}
	for _, e := range log {
		if e.Body.Kind == core.KindEdited && e.Body.Seq == seq {
			t.Edits = append(t.Edits, e.Seq)
		}
		t.Gone = t.Gone || e.Body.Kind == core.KindRecalled && e.Body.Seq == seq
	}
	if r.IntN(3) == 0 {
		return core.Recalled{Frame: f, Target: t}
	}
	return core.Edited{Frame: f, Target: t, Body: core.Body{Kind: core.KindText, Text: fmt.Sprintf("%s %d", f.Origin, f.N)}}
}

func (r *run) decide(remembered core.Conversation, in core.Input) (core.Change, error) {
	switch in.(type) {
	case core.Edited, core.Recalled:
		return core.Amend(r.t.Context(), r.store, remembered.ID, r.rules, r.now, in)
	default:
		return core.Apply(r.t.Context(), r.store, remembered, r.rules, r.now, in)
	}
}

// checkTombstones: what was recalled is gone, with all its edits, and nothing
// else is.
func (r *run) checkTombstones(id core.ConversationID, log []core.Event) {
	gone := map[uint64]bool{}
	for _, e := range log {
		if e.Body.Kind == core.KindRecalled {
			gone[e.Body.Seq] = true
		}
	}
	for _, e := range log {
		want := gone[e.Seq] || (e.Body.Kind == core.KindEdited || e.Body.Kind == core.KindTombstone) && gone[e.Body.Seq]
		if is := e.Body.Kind == core.KindTombstone; is != want || is && e.Body.Text != "" {
			r.t.Fatalf("%s: recalled are %v, and #%d is %+v", id, gone, e.Seq, e.Body)
		}
	}
}
