package storetest

import (
	"time"

	"kefu/core"
)

// stale is a roster that says that every seat of amy's is free.
var stale = core.Roster{{ID: "amy", Status: core.Online, Capacity: 1000}}

// line lets n sessions wait in sales.
func (d *desk) line(n int) {
	d.Helper()
	for i := range n {
		d.do(numbered(i), d.says(numbered(i), "hello"))
	}
}

// rush offers amy to the first n of the line at once and returns how many
// got her. The others must be told that she is full.
func (d *desk) rush(n int) int {
	d.Helper()
	return d.race(n, core.Full, func(i int) error {
		_, err := d.apply(numbered(i), core.Offered{Group: "sales", Roster: stale})
		return err
	})
}

// neverOversold: Full unless the agent then holds fewer sessions than their capacity,
// and nobody trusts the roster for that.
func neverOversold(d *desk) {
	d.hire("amy", 3)
	d.line(12)
	if won := d.rush(12); won != 3 {
		d.Fatalf("%d sessions are seated, want 3", won)
	}
	if got := d.onRoster("amy").Held; got != 3 {
		d.Fatalf("amy holds %d, want 3", got)
	}
	if got := must(d.st.Waiting(d.Context(), "sales", 100))(d); len(got) != 9 {
		d.Fatalf("%d sessions wait, want 9", len(got))
	}
}

// loweredCapacity: it releases nobody, and counts from then on.
func loweredCapacity(d *desk) {
	a := d.hire("amy", 3)
	d.line(6)
	d.rush(6)
	a.Version, a.Capacity = 2, 2
	d.ok(d.st.PutAccount(d.Context(), a))
	mine := must(d.st.Held(d.Context(), "amy"))(d)
	if len(mine) != 3 {
		d.Fatalf("amy holds %d after her capacity was lowered, want 3", len(mine))
	}
	for i, want := range []int{0, 1, 1} { // who leaves makes room only below the new capacity
		d.do(mine[i], d.ended(mine[i]))
		won := d.race(6, core.Full, func(i int) error {
			change, err := d.apply(numbered(i), core.Offered{Group: "sales", Roster: stale})
			if err == nil && change.Empty() {
				return core.Errorf(core.Full, "it does not wait")
			}
			return err
		})
		if won != want {
			d.Fatalf("after %d left, %d were seated, want %d", i+1, won, want)
		}
	}
}

// freeGivesBack: a seat is given back by a transfer, by a release and by a close.
func freeGivesBack(d *desk) {
	d.hire("amy", 1)
	d.hire("bob", 1)
	d.line(3)
	d.do("c_00", d.taken("c_00", "amy"))
	_, err := d.apply("c_01", d.taken("c_01", "amy"))
	d.wants(err, core.Full)
	d.do("c_00", core.Passed{Frame: d.frame("c_00", agent("amy")), Session: 1, To: core.Agent{ID: "bob", Status: core.Online, Capacity: 1}})
	d.do("c_01", d.taken("c_01", "amy")) // she passed hers to bob
	d.do("c_01", core.Left{Agent: "amy", Reason: core.ByLease})
	d.do("c_02", d.taken("c_02", "amy")) // she was taken from c_01
	d.do("c_02", d.ended("c_02"))
	d.do("c_01", d.taken("c_01", "amy")) // c_02 ended
	for who, want := range map[core.AgentID]int{"amy": 1, "bob": 1} {
		if got := d.onRoster(who).Held; got != want {
			d.Fatalf("%s holds %d, want %d", who, got, want)
		}
	}
}

// sameSeatCostsNothing: taking a seat that the same conversation has costs nothing.
func sameSeatCostsNothing(d *desk) {
	d.hire("amy", 1)
	d.line(1)
	d.do("c_00", d.taken("c_00", "amy"))
	again := d.step("c_00", d.answers("c_00", "amy", "still here"))
	again.Take = "amy" // Step asks for no seat here
	d.ok(d.st.Commit(d.Context(), again))
	if got := d.onRoster("amy").Held; got != 1 {
		d.Fatalf("amy holds %d, want 1", got)
	}
}

// fullStoresNothing: Full, nothing being stored: no event, no list, no time of a last
// assignment.
func fullStoresNothing(d *desk) {
	d.hire("amy", 1)
	d.line(2)
	d.do("c_00", d.taken("c_00", "amy"))
	d.wait(time.Minute)
	before := d.snapshot("c_01")
	_, err := d.apply("c_01", d.taken("c_01", "amy"))
	d.wants(err, core.Full)
	equal(d, "after full", d.snapshot("c_01"), before)
	d.do("c_01", d.says("c_01", "anybody?")) // and the slot is still to be had
}

// conflictComesBeforeFull: who is late is told so, not that the agent is full: the answer to
// Conflict is to read again, the answer to Full is to ask somebody else.
func conflictComesBeforeFull(d *desk) {
	d.hire("amy", 1)
	d.line(2)
	d.do("c_00", d.taken("c_00", "amy"))
	late := d.step("c_01", core.Offered{Group: "sales", Roster: stale})
	d.do("c_01", d.says("c_01", "anybody?"))
	d.wants(d.st.Commit(d.Context(), late), core.Conflict)
}

// strangerHasNone: who has no account has no capacity.
func strangerHasNone(d *desk) {
	d.line(1)
	_, err := d.apply("c_00", core.Offered{Group: "sales", Roster: stale})
	d.wants(err, core.Full)
}
