package core_test

import (
	"context"
	"errors"
	"testing"

	"kefu/core"
)

// scripted is a store that answers as told, to see what Apply makes of it.
type scripted struct {
	head    core.Conversation
	load    error
	commits []error // one an attempt; after them nil
	loads   int
	stored  []core.Change
}

func (s *scripted) Load(_ context.Context, id core.ConversationID) (core.Conversation, error) {
	s.loads++
	if s.load != nil {
		return core.Conversation{ID: id}, s.load
	}
	return s.head, nil
}

func (s *scripted) Commit(_ context.Context, c core.Change) error {
	if len(s.commits) > 0 {
		err := s.commits[0]
		s.commits = s.commits[1:]
		if err != nil {
			return err
		}
	}
	s.stored = append(s.stored, c)
	return nil
}

func repeated(err error, n int) []error {
	var list []error
	for range n {
		list = append(list, err)
	}
	return list
}

func TestApply(t *testing.T) {
	c, rules := heldSession(t)
	conflict, full := core.Errorf(core.Conflict, "the slot is taken"), core.Errorf(core.Full, "no seat")
	broken := errors.New("disk on fire")
	sent := func(n uint64) core.Said {
		return core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: n}, Site: "default", Body: hello}
	}
	stale, err := core.Step(c, rules, nine, sent(2))
	if err != nil {
		t.Fatal(err)
	}
	newest := stale.Conversation

	for name, test := range map[string]struct {
		store      scripted
		remembered core.Conversation
		in         core.Input
		code       core.Code
		loads      int
		stored     int
	}{
		"what it remembers saves the read":       {scripted{head: c}, c, sent(2), "", 0, 1},
		"who remembers nothing reads":            {scripted{head: c}, core.Conversation{ID: "c"}, sent(2), "", 1, 1},
		"after a conflict it decides anew":       {scripted{head: c, commits: repeated(conflict, 1)}, c, sent(2), "", 1, 1},
		"again and again":                        {scripted{head: newest, commits: repeated(conflict, 6)}, newest, sent(3), "", 6, 1},
		"but not for ever":                       {scripted{head: newest, commits: repeated(conflict, 99)}, newest, sent(3), core.Unavailable, 7, 0},
		"a repeat is decided on a fresh read":    {scripted{head: newest}, newest, sent(2), "", 1, 0},
		"so is a refusal, which may be outdated": {scripted{head: newest}, c, sent(3), "", 1, 1},
		"and one that is not stays one":          {scripted{head: newest}, newest, sent(9), core.Gap, 1, 0},
		"full on an old head is decided again":   {scripted{head: c, commits: repeated(full, 1)}, c, takenBy(4, 1), "", 1, 1},
		"full on a fresh one is the answer":      {scripted{head: c, commits: repeated(full, 9)}, c, takenBy(4, 1), core.Full, 1, 0},
		"an unknown outcome is not tried again":  {scripted{head: c, commits: repeated(broken, 1)}, c, sent(2), core.Internal, 0, 0},
		"nor is a read that fails":               {scripted{load: broken}, core.Conversation{ID: "c"}, sent(2), core.Internal, 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			st := test.store
			change, err := core.Apply(t.Context(), &st, test.remembered, rules, nine, test.in)
			if core.CodeOf(err) != test.code || st.loads != test.loads || len(st.stored) != test.stored {
				t.Errorf("Apply = %v after %d loads and %d commits; want %q, %d, %d", err, st.loads, len(st.stored), test.code, test.loads, test.stored)
			}
			if change.Conversation.ID != "c" {
				t.Errorf("the change is about %q", change.Conversation.ID)
			}
			if test.stored == 1 && change.Conversation.Seq != st.stored[0].Conversation.Seq {
				t.Errorf("what is returned is not what was stored")
			}
		})
	}
}

// A store may look at seats before slots, as one does that has no transaction.
// Somebody who took the session by another tab meanwhile must not hear "full".
func TestApplyFullOfAnOldHead(t *testing.T) {
	c, rules := heldSession(t)
	taken, err := core.Step(c, rules, nine, takenBy(4, 1))
	if err != nil {
		t.Fatal(err)
	}
	st := &scripted{head: taken.Conversation, commits: []error{core.Errorf(core.Full, "no seat")}}
	change, err := core.Apply(t.Context(), st, c, rules, nine, takenBy(4, 1))
	if err != nil || !change.Empty() {
		t.Errorf("Apply = %+v, %v; want the ack again", change, err)
	}
}

// takenBy is the n-th frame of somebody of the cast, who takes session 1.
func takenBy(who int, n uint64) core.Taken {
	return core.Taken{Frame: core.Frame{By: cast()[who], Origin: "console", N: n}, Session: 1}
}
