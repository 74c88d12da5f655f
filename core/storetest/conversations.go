package storetest

import (
	"time"

	"kefu/core"
)

// absentIsSeqZero: one that was never written comes back as Conversation{ID: id}.
func absentIsSeqZero(d *desk) {
	equal(d, "Load", d.load("c_absent"), core.Conversation{ID: "c_absent"})
	none(d, "After", d.log("c_absent"))
	none(d, "Before", must(d.st.Before(d.Context(), "c_absent", 9, 9))(d))
}

// story is one conversation's life with every phase and most kinds of events.
// Each of its steps is decided on what the steps before it left.
func (d *desk) story(id core.ConversationID) []core.Input {
	bot := d.rules
	bot.Site.Assistant = true
	d.rules = bot
	amy, lead := agent("amy"), agent("bob")
	lead.Role = core.RoleSupervisor
	d.hire("amy", 2)
	d.hire("bob", 2)
	offer := core.Offered{Group: "billing", Roster: core.Roster{
		{ID: "amy", Status: core.Online, Capacity: 2, Weight: 1.5, Last: start.Add(time.Minute)},
		{ID: "bob", Status: core.Away, Capacity: 2},
	}}
	o := core.Origin("outbox-of-someone")
	visitor := visitorOf(id)
	from := func(by core.Actor, n uint64) core.Frame { return core.Frame{By: by, Origin: o, N: n} }
	return []core.Input{
		core.Said{Frame: from(visitor, 1), Site: "shop", Tag: "shoes", Body: words("您好 👋")},
		core.Answered{Ask: 2, Text: "Which size?"},
		core.Said{Frame: from(visitor, 2), Body: core.Body{Kind: core.KindImage, File: core.Attachment{
			URL: "/u/1", Name: "shoe.png", Size: 1 << 33, MIME: "image/png", Width: 640, Height: 480}}},
		core.HumanAsked{Frame: from(visitor, 3), Session: 1},
		core.Taken{Frame: from(lead, 1), Session: 1},
		core.Said{Frame: from(lead, 2), Body: words("a note"), Internal: true},
		core.Said{Frame: from(lead, 3), Body: core.Body{Kind: core.KindOptions, Text: "which?", Options: []string{"red", "blue"}}},
		core.Passed{Frame: from(lead, 4), Session: 1, Group: "billing", Note: "about a bill"},
		offer,
		core.Said{Frame: from(amy, 1), Body: words("billing here")},
		core.Left{Agent: "amy", Reason: core.ByLease},
		offer,
		core.Ended{Frame: from(amy, 2), Session: 1},
		core.Rating{Frame: from(visitor, 4), Session: 1, Score: 5, Comment: "thanks"},
		core.Resumed{Frame: from(amy, 3), Session: 1},
		core.Ended{Frame: from(visitor, 5), Session: 1},
		core.Said{Frame: from(visitor, 6), Body: words("one more thing")},
	}
}

// loadGivesWhatCommitTook: whatever happens in a story, what Load gives is what was
// committed, every field of it, and so is the log.
func loadGivesWhatCommitTook(d *desk) {
	var want []core.Event
	for _, in := range d.story("c_1") {
		d.wait(1100 * time.Millisecond)
		change := d.do("c_1", in)
		if change.Empty() {
			d.Fatalf("%T stored nothing; the story is wrong", in)
		}
		want = append(want, change.Events...)
		equal(d, "Load", d.load("c_1"), change.Conversation)
	}
	equal(d, "After", d.log("c_1"), want)
}

// oneWriterWins: the slot is the lock: of those who read the same head one wins.
func oneWriterWins(d *desk) {
	d.do("c_1", d.says("c_1", "hello"))
	before := d.load("c_1")
	won := d.race(16, core.Conflict, func(i int) error {
		by := core.Frame{By: visitorOf("c_1"), Origin: core.Origin(numbered(i)), N: 1}
		change, err := core.Step(before, d.rules, d.now, core.Said{Frame: by, Body: words("me")})
		if err != nil {
			return err
		}
		return d.st.Commit(d.Context(), change)
	})
	if won != 1 {
		d.Fatalf("%d of 16 writers won the slot, want 1", won)
	}
	if got := len(d.log("c_1")); got != int(before.Seq)+1 {
		d.Fatalf("the log has %d events, want %d", got, before.Seq+1)
	}
}

// logIsContiguous has two outboxes write at once, from the very first slot,
// each sending every frame twice.
func logIsContiguous(d *desk) {
	const writers, frames = 2, 40
	d.race(writers, "", func(i int) error {
		f := core.Frame{By: visitorOf("c_1"), Origin: core.Origin(numbered(i))}
		for n := range uint64(frames) {
			f.N = n + 1
			for range 2 {
				if err := d.persist("c_1", core.Said{Frame: f, Site: "shop", Body: words("hello")}); err != nil {
					return err
				}
			}
		}
		return nil
	})
	next := map[core.Origin]uint64{}
	said := 0
	for i, e := range d.log("c_1") {
		if e.Seq != uint64(i+1) {
			d.Fatalf("event %d has seq %d", i+1, e.Seq)
		}
		if e.Body.Kind != core.KindText {
			continue
		}
		said++
		if next[e.Origin]++; e.N != next[e.Origin] {
			d.Fatalf("%s: frame %d is where %d belongs", e.Origin, e.N, next[e.Origin])
		}
	}
	if said != writers*frames {
		d.Fatalf("%d messages are stored, want %d", said, writers*frames)
	}
}

// persist is what a client does: come again while the answer is "come again".
func (d *desk) persist(id core.ConversationID, in core.Input) error {
	var err error
	for range 1000 {
		if _, err = d.apply(id, in); core.CodeOf(err) != core.Unavailable {
			break
		}
	}
	return err
}

// staleWriterConflicts: a failed commit stores nothing, whatever it carries.
func staleWriterConflicts(d *desk) {
	d.hire("amy", 3)
	d.do("c_1", d.says("c_1", "hello"))
	stale := d.step("c_1", d.taken("c_1", "amy"))
	d.do("c_1", d.says("c_1", "anybody?"))
	before := d.snapshot("c_1")
	d.wants(d.st.Commit(d.Context(), stale), core.Conflict)
	equal(d, "after a conflict", d.snapshot("c_1"), before)

	ahead := d.step("c_1", d.says("c_1", "from the future"))
	ahead.Conversation.Seq++
	ahead.Events[0].Seq++
	d.wants(d.st.Commit(d.Context(), ahead), core.Conflict)
	equal(d, "after a commit ahead of the log", d.snapshot("c_1"), before)

	unknown := ahead
	unknown.Conversation.ID = "c_unknown"
	d.wants(d.st.Commit(d.Context(), unknown), core.Conflict)
	equal(d, "Load", d.load("c_unknown"), core.Conversation{ID: "c_unknown"})
}

// emptyChange: a change without events has nothing to store.
func emptyChange(d *desk) {
	d.do("c_1", d.says("c_1", "hello"))
	before := d.snapshot("c_1")
	change := d.step("c_1", core.Tick{})
	if !change.Empty() {
		d.Fatalf("an early tick stores %+v; the test is wrong", change.Events)
	}
	d.ok(d.st.Commit(d.Context(), change))
	equal(d, "after an empty change", d.snapshot("c_1"), before)
}

// view is all that can be read about one conversation and the staff.
type view struct {
	State    core.Conversation
	Log      []core.Event
	Waiting  []core.Place
	Due      []core.Place
	List     []core.Conversation
	Marks    core.Marks
	Roster   core.Roster
	Accounts []core.Account
}

func (d *desk) snapshot(id core.ConversationID) view {
	d.Helper()
	ctx := d.Context()
	return view{
		State:    d.load(id),
		Log:      d.log(id),
		Waiting:  must(d.st.Waiting(ctx, "", 100))(d),
		Due:      must(d.st.Due(ctx, core.Place{}, d.now.Add(1000*time.Hour), 100))(d),
		List:     must(d.st.List(ctx, core.Query{}))(d),
		Marks:    must(d.st.Marks(ctx, id))(d),
		Roster:   must(d.st.Roster(ctx, "", d.now))(d),
		Accounts: must(d.st.Accounts(ctx))(d),
	}
}
