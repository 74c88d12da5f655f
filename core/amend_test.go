package core_test

import (
	"context"
	"testing"

	"kefu/core"
	"kefu/core/memstore"
)

// store is what Amend needs of one.
type store interface {
	core.Conversations
	core.Log
}

// contested is a store in which somebody else writes just before a commit.
type contested struct {
	*memstore.Store
	before []func() // one a commit
}

func (s *contested) Commit(ctx context.Context, c core.Change) error {
	if len(s.before) > 0 {
		first := s.before[0]
		s.before = s.before[1:]
		first()
	}
	return s.Store.Commit(ctx, c)
}

// amending is a conversation with one message of the visitor, and how to send
// frames about it from two tabs.
func amending(t *testing.T) (*contested, func(store, core.Input) error) {
	t.Helper()
	st := &contested{Store: memstore.New("e")}
	rules, _ := core.DefaultSettings().Rules("default")
	send := func(to store, in core.Input) error {
		if _, amends := in.(core.Said); amends {
			_, err := core.Apply(t.Context(), to, core.Conversation{ID: "c"}, rules, nine, in)
			return err
		}
		_, err := core.Amend(t.Context(), to, "c", rules, nine, in)
		return err
	}
	secret := core.Said{Frame: frame("tab", 1), Site: "default", Body: core.Body{Kind: core.KindText, Text: "secret"}}
	if err := send(st, secret); err != nil {
		t.Fatal(err)
	}
	return st, send
}

func frame(origin core.Origin, n uint64) core.Frame {
	return core.Frame{By: cast()[0], Origin: origin, N: n}
}

func edit(f core.Frame, text string) core.Edited {
	return core.Edited{Frame: f, Target: core.Target{Seq: 2}, Body: core.Body{Kind: core.KindText, Text: text}}
}

func texts(t *testing.T, st core.Log) (all []string) {
	t.Helper()
	events, err := st.After(t.Context(), "c", 0, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events {
		if e.Body.Text != "" {
			all = append(all, e.Body.Text)
		}
	}
	return all
}

// An edit that comes between a recall's look at the log and its commit is
// erased too.
func TestRecallFindsAnEditOfTheSameMoment(t *testing.T) {
	st, send := amending(t)
	st.before = []func(){func() {
		if err := send(st.Store, edit(frame("tab2", 1), "secret, edited")); err != nil {
			t.Error(err)
		}
	}}
	if err := send(st, core.Recalled{Frame: frame("tab", 2), Target: core.Target{Seq: 2}}); err != nil {
		t.Fatal(err)
	}
	if left := texts(t, st); len(left) > 0 {
		t.Errorf("recalled, and yet the log has %q", left)
	}
}

// A recall that comes between an edit's look at the log and its commit wins.
func TestEditDoesNotSlipBehindARecall(t *testing.T) {
	st, send := amending(t)
	st.before = []func(){func() {
		if err := send(st.Store, core.Recalled{Frame: frame("tab2", 1), Target: core.Target{Seq: 2}}); err != nil {
			t.Error(err)
		}
	}}
	if err := send(st, edit(frame("tab", 2), "secret, edited")); core.CodeOf(err) != core.Conflict {
		t.Errorf("the edit of a recalled message: %v", err)
	}
	if left := texts(t, st); len(left) > 0 {
		t.Errorf("recalled, and yet the log has %q", left)
	}
}

// Who never gets a turn is told to come again; nothing is stored.
func TestAmendGivesUp(t *testing.T) {
	st, send := amending(t)
	for n := range uint64(20) {
		st.before = append(st.before, func() {
			said := core.Said{Frame: frame("tab2", n+1), Site: "default", Body: core.Body{Kind: core.KindText, Text: "again"}}
			if err := send(st.Store, said); err != nil {
				t.Error(err)
			}
		})
	}
	if err := send(st, edit(frame("tab", 2), "edited")); core.CodeOf(err) != core.Unavailable {
		t.Errorf("after so many attempts: %v", err)
	}
}

// A recall erases all edits in one change, so there is a limit to them.
func TestEditsAreBounded(t *testing.T) {
	st, send := amending(t)
	for n := range uint64(20) {
		if err := send(st, edit(frame("tab", n+2), "secret, edited")); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(st, edit(frame("tab", 22), "secret, edited once more")); core.CodeOf(err) != core.Conflict {
		t.Errorf("the 21st edit: %v", err)
	}
	if err := send(st, core.Recalled{Frame: frame("tab", 22), Target: core.Target{Seq: 2}}); err != nil {
		t.Fatal(err)
	}
	if left := texts(t, st); len(left) > 0 {
		t.Errorf("recalled, and yet the log has %q", left)
	}
}

// A long log after the target is read to its end.
func TestAmendReadsALongLog(t *testing.T) {
	st, send := amending(t)
	if err := send(st, edit(frame("tab", 2), "secret, edited")); err != nil {
		t.Fatal(err)
	}
	for n := range uint64(450) {
		said := core.Said{Frame: frame("tab", n+3), Site: "default", Body: core.Body{Kind: core.KindOptions, Options: []string{"more"}}}
		if err := send(st, said); err != nil {
			t.Fatal(err)
		}
	}
	if err := send(st, edit(frame("tab", 453), "secret, edited again")); err != nil {
		t.Fatal(err)
	}
	if err := send(st, core.Recalled{Frame: frame("tab", 454), Target: core.Target{Seq: 2}}); err != nil {
		t.Fatal(err)
	}
	if left := texts(t, st); len(left) > 0 {
		t.Errorf("recalled, and yet the log has %q", left)
	}
}
