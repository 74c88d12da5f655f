package dynamo_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// step is one operation of a day at the desk. Doing it again after it was done
// may fail, but must do no harm.
type step struct {
	name string
	do   func(d *testDesk) error
}

func input(name string, id core.ConversationID, in core.Input) step {
	return step{name, func(d *testDesk) error { _, err := d.apply(id, in); return err }}
}

// day is every operation that writes, and every way through the phases.
func day() []step {
	const c, d = core.ConversationID("c_1"), core.ConversationID("c_2")
	amy, bob, v := agent("amy"), agent("bob"), visitorOf(c)
	text := func(s string) core.Body { return core.Body{Kind: core.KindText, Text: s} }
	offer := core.Offered{Group: "billing", Roster: core.Roster{{ID: "amy", Status: core.Online, Capacity: 9, Weight: 1}}}
	amy2 := account("amy", 2)
	amy2.Version, amy2.Name = 2, "Amy"
	return []step{
		{"hire amy", func(d *testDesk) error { return d.st.PutAccount(d.Context(), account("amy", 2)) }},
		{"hire bob", func(d *testDesk) error { return d.st.PutAccount(d.Context(), account("bob", 1)) }},
		{"amy is on duty", func(d *testDesk) error {
			return d.st.SetDuty(d.Context(), "amy", core.Duty{Status: core.Online, Lease: d.now.Add(time.Hour)})
		}},
		{"settings", func(d *testDesk) error {
			s := core.DefaultSettings()
			s.Version = 1
			return d.st.PutSettings(d.Context(), s)
		}},
		input("open", c, says(c, 1, "hello")),
		input("answer of the bot", c, core.Answered{Ask: 2, Text: "which size?"}),
		input("say", c, says(c, 2, "my number is 12345")),
		input("recall", c, core.Recalled{Frame: frame(v, 3), Target: core.Target{Seq: 4}}),
		input("ask for a person", c, core.HumanAsked{Frame: frame(v, 4), Session: 1}),
		input("open another", d, says(d, 1, "hello")),
		input("ask for a person there", d, core.HumanAsked{Frame: frame(visitorOf(d), 2), Session: 1}),
		input("take", c, core.Taken{Frame: frame(bob, 1), Session: 1}),
		input("answer", c, core.Said{Frame: frame(bob, 2), Body: text("hello")}),
		input("pass to a group", c, core.Passed{Frame: frame(bob, 3), Session: 1, Group: "billing"}),
		input("offer", c, offer),
		input("pass to bob", c, core.Passed{Frame: frame(amy, 1), Session: 1, To: core.Agent{ID: "bob", Status: core.Online, Capacity: 1}}),
		{"rename", func(d *testDesk) error { return d.st.PutAccount(d.Context(), amy2) }},
		{"rearm", func(d *testDesk) error {
			h, err := d.st.Load(d.Context(), c)
			return errors.Join(err, d.st.Rearm(d.Context(), c, h.Seq, start.Add(30*time.Hour)))
		}},
		{"rearm in line", func(d *testDesk) error {
			h, err := d.st.Load(d.Context(), "c_2")
			return errors.Join(err, d.st.Rearm(d.Context(), "c_2", h.Seq, start.Add(31*time.Hour)))
		}},
		input("lapse", c, core.Left{Agent: "bob", Reason: core.ByLease}),
		input("offer again", c, offer),
		{"mark", func(d *testDesk) error { return d.st.Mark(d.Context(), c, core.Visitor, 5) }},
		input("close", c, core.Ended{Frame: frame(amy, 2), Session: 1}),
		input("rate", c, core.Rating{Frame: frame(v, 5), Session: 1, Score: 5}),
		input("reopen", c, core.Resumed{Frame: frame(amy, 3), Session: 1}),
		input("close again", c, core.Ended{Frame: frame(v, 6), Session: 1}),
		input("open anew", c, says(c, 7, "one more thing")),
		{"profile", func(d *testDesk) error {
			return d.st.PutProfile(d.Context(), core.Profile{ID: "v_1", Name: "李雷", Seen: d.now})
		}},
		{"block", func(d *testDesk) error {
			return d.st.PutBlock(d.Context(), core.Block{Visitor: "v_9", By: "amy", Reason: "spam", At: d.now})
		}},
		{"pace", func(d *testDesk) error { return d.st.Paced(d.Context(), "bob", 5*time.Second) }},
		{"unblock", func(d *testDesk) error { return d.st.DeleteBlock(d.Context(), "v_9") }},
		{"keep", func(d *testDesk) error {
			_, err := d.st.Keep(d.Context(), "k", []byte("answer"), d.now, d.now.Add(time.Hour))
			return err
		}},
		{"document", func(d *testDesk) error {
			return d.st.PutDocument(d.Context(), core.Document{Kind: "reply", ID: "r_1", Version: 1, Data: []byte("one")})
		}},
		{"document again", func(d *testDesk) error {
			return d.st.PutDocument(d.Context(), core.Document{Kind: "reply", ID: "r_1", Version: 2, Data: []byte("two")})
		}},
		{"known", func(d *testDesk) error { _, err := d.st.Known(d.Context(), "shop", "user-7", "v_7"); return err }},
	}
}

// TestCrash kills a process before and after each write of each step of a day,
// has another one sweep, and compares all that can be read with a store in
// memory that did the step or did not. Then the day goes on, from the step
// again, as clients do.
func TestCrash(t *testing.T) {
	steps, crashes := day(), 0
	for i, s := range steps {
		for k := 0; ; k++ {
			if crashed := crashAt(t, steps, i, k); !crashed {
				if k == 0 {
					t.Errorf("%s writes nothing; the day is wrong", s.name)
				}
				break
			}
			crashes++
		}
	}
	t.Logf("%d steps, %d crashes", len(steps), crashes)
}

// crashAt has the first steps done, and step i by a process that dies at its
// write k. It returns false if that step has no such write.
func crashAt(t *testing.T, steps []step, i, k int) bool {
	t.Helper()
	c, table := &clock{}, newTable(t)
	d := newDesk(t, storeAt(db, table, c))
	without, with := newDesk(t, memstore.New("e")), newDesk(t, memstore.New("e"))
	for _, x := range []*testDesk{d, without, with} {
		x.rules.Site.Assistant = true
	}
	for _, s := range steps[:i] {
		each(t, s, d, without, with)
	}
	with.now, without.now, d.now = with.now.Add(time.Minute), without.now.Add(time.Minute), d.now.Add(time.Minute)
	ok(t, steps[i].do(with))

	dying := &killed{left: k}
	victim := *d
	victim.st = storeAt(tap{db, dying.around}, table, c)
	_ = steps[i].do(&victim)
	if !dying.dead {
		return false
	}
	c.pass(2 * time.Minute)
	d.st = storeAt(db, table, c)
	ok(t, sweep(t, d.st))
	what := fmt.Sprintf("%s, killed at write %d, after %q", steps[i].name, k, dying.writes)
	got, no, yes := viewOf(d), viewOf(without), viewOf(with)
	if filled := !reflect.DeepEqual(got.States, no.States); filled {
		no = yes // the slot is written, so all of it must be
	}
	if diff, other := got.differs(no), got.differs(yes); diff != "" && other != "" {
		t.Fatalf("%s:\n%s\nnor if it was done:\n%s", what, diff, other)
	}

	_ = steps[i].do(d) // the client comes again
	for _, s := range steps[i+1:] {
		each(t, s, d, with)
	}
	if diff := viewOf(d).differs(viewOf(with)); diff != "" {
		t.Fatalf("%s, at the end of the day:\n%s", what, diff)
	}
	return true
}

func each(t *testing.T, s step, desks ...*testDesk) {
	t.Helper()
	for _, d := range desks {
		d.now = d.now.Add(time.Minute)
		if err := s.do(d); err != nil {
			t.Fatalf("%s: %T: %v", s.name, d.st, err)
		}
	}
}

// view is all that can be read.
type view struct {
	States                []core.Conversation
	Logs                  [][]core.Event
	Lists                 [][]core.Conversation
	Lines                 [][]core.Place
	Due                   []core.Place
	Held                  [][]core.ConversationID
	Marks                 []core.Marks
	Roster                core.Roster
	Duties                []core.Duty
	Accounts              []core.Account
	Named                 []string
	Blocks                []core.Block
	Settings              []core.Settings
	Profile, Known, Keeps string
	Documents             []core.Document
	last                  []time.Time
}

func viewOf(d *testDesk) view {
	d.Helper()
	ctx, t := d.Context(), d.T
	v := view{
		Due:      must(d.st.Due(ctx, core.Place{}, start.Add(1000*time.Hour), 100))(t),
		Roster:   must(d.st.Roster(ctx, "", d.now))(t),
		Accounts: must(d.st.Accounts(ctx))(t),
		Blocks:   must(d.st.Blocks(ctx))(t),
		Settings: must(d.st.History(ctx, 0, 10))(t),

		Documents: must(d.st.Documents(ctx, "reply", "", 10))(t),
	}
	for _, id := range []core.ConversationID{"c_1", "c_2"} {
		v.States = append(v.States, must(d.st.Load(ctx, id))(t))
		v.Logs = append(v.Logs, must(d.st.After(ctx, id, 0, 1000))(t))
		v.Marks = append(v.Marks, must(d.st.Marks(ctx, id))(t))
	}
	for _, p := range []core.Phase{core.None, core.Bot, core.Waiting, core.Held, core.Closed} {
		q := core.Query{Phases: []core.Phase{p}}
		if p == core.None {
			q.Phases = nil
		}
		v.Lists = append(v.Lists, must(d.st.List(ctx, q))(t))
	}
	for _, g := range []core.GroupID{"", "sales", "billing"} {
		v.Lines = append(v.Lines, must(d.st.Waiting(ctx, g, 100))(t))
	}
	for _, a := range []core.AgentID{"amy", "bob"} {
		held := must(d.st.Held(ctx, a))(t)
		slices.Sort(held)
		v.Held = append(v.Held, held)
		v.Duties = append(v.Duties, must(d.st.Duty(ctx, a))(t))
	}
	for _, name := range []string{"name of amy", "Amy", "name of bob"} {
		a, err := d.st.AccountNamed(ctx, name)
		v.Named = append(v.Named, fmt.Sprint(a, core.CodeOf(err)))
	}
	p, err := d.st.Profile(ctx, "v_1")
	v.Profile = fmt.Sprint(p, core.CodeOf(err))
	id, err := d.st.Known(ctx, "shop", "user-7", "")
	v.Known = fmt.Sprint(id, core.CodeOf(err))
	kept, err := d.st.Kept(ctx, "k", d.now)
	v.Keeps = fmt.Sprint(string(kept), core.CodeOf(err))
	for i := range v.Roster {
		v.last = append(v.last, v.Roster[i].Last)
		v.Roster[i].Last = time.Time{} // advice: one whose seat came to nothing may be there
	}
	return v
}

// differs says where two views do; "": nowhere.
func (v view) differs(want view) string {
	a, b := reflect.ValueOf(v), reflect.ValueOf(want)
	for i := range a.NumField() {
		f := a.Type().Field(i)
		if !f.IsExported() {
			continue
		}
		x, y := a.Field(i).Interface(), b.Field(i).Interface()
		if fmt.Sprint(x) != fmt.Sprint(y) && !reflect.DeepEqual(x, y) {
			return fmt.Sprintf("%s:\n got %+v\nwant %+v", f.Name, x, y)
		}
	}
	return ""
}

// TestSweepAtAnyMoment: another process sweeps before each write of each step.
// What is announced and not yet made must not be tidied away.
func TestSweepAtAnyMoment(t *testing.T) {
	table := newTable(t)
	other := newStore(db, table)
	want := newDesk(t, memstore.New("e"))
	d := newDesk(t, newStore(tap{db, func(c call, do func() error) error {
		if c.write {
			ok(t, sweep(t, other))
		}
		return do()
	}}, table))
	for _, x := range []*testDesk{d, want} {
		x.rules.Site.Assistant = true
	}
	for _, s := range day() {
		each(t, s, d, want)
		if diff := viewOf(d).differs(viewOf(want)); diff != "" {
			t.Fatalf("%s:\n%s", s.name, diff)
		}
	}
}
