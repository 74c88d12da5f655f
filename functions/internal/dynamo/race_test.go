package dynamo_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"kefu/core"
)

// TestSeatsOfManyNodes: four processes give 200 conversations to four agents
// with five seats each. Nobody is oversold, nobody's seat is left over, and
// what the agents hold is what the conversations say.
func TestSeatsOfManyNodes(t *testing.T) {
	const conversations, nodes, seats = 200, 4, 5
	agents := []core.AgentID{"amy", "bob", "cat", "dan"}
	table := newTable(t)
	d := newDesk(t, newStore(db, table))
	for _, a := range agents {
		d.hire(a, seats)
	}
	var all sync.WaitGroup
	errs := make(chan error, conversations*len(agents))
	for n := range nodes {
		all.Go(func() {
			e := newDesk(t, newStore(db, table))
			for i := n; i < conversations; i += nodes {
				id := core.ConversationID(fmt.Sprintf("c_%03d", i))
				if _, err := e.apply(id, says(id, 1, "hello")); err != nil {
					errs <- err
					return
				}
				for _, a := range agents { // every roster says that there is room
					offer := core.Offered{Group: "sales", Roster: core.Roster{{ID: a, Status: core.Online, Capacity: 1000}}}
					if _, err := e.apply(id, offer); err != nil && core.CodeOf(err) != core.Full {
						errs <- err
						return
					}
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		t.Fatal(err)
	}
	held := 0
	for _, a := range agents {
		ids := must(d.st.Held(t.Context(), a))(t)
		held += len(ids)
		if got := d.seats(a); got != seats || len(ids) != seats {
			t.Errorf("%s has %d seats taken and holds %d, want %d", a, got, len(ids), seats)
		}
	}
	if line := must(d.st.Waiting(t.Context(), "", 1000))(t); held != 20 || len(line) != conversations-held {
		t.Errorf("%d are held and %d wait, want 20 and %d", held, len(line), conversations-20)
	}
}

// TestOneSlot: of 16 processes that read the same head and take the same
// session for the same agent, one wins, and the others' seats are not hers.
func TestOneSlot(t *testing.T) {
	table := newTable(t)
	d := newDesk(t, newStore(db, table))
	d.hire("amy", 100)
	d.do("c_1", says("c_1", 1, "hello"))
	before := must(d.st.Load(t.Context(), "c_1"))(t)
	var all sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		all.Go(func() {
			by := agent("amy")
			in := core.Taken{Frame: core.Frame{By: by, Origin: core.Origin(fmt.Sprintf("outbox-%02d", i)), N: 1}, Session: 1}
			change, err := core.Step(before, d.rules, d.now, in)
			if err == nil {
				err = newStore(db, table).Commit(t.Context(), change)
			}
			errs[i] = err
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			wants(t, err, core.Conflict)
		}
	}
	if won != 1 || d.seats("amy") != 1 {
		t.Fatalf("%d won, amy has %d seats taken, want 1 and 1", won, d.seats("amy"))
	}
	if got := must(d.st.Load(t.Context(), "c_1"))(t).Session.Agent; got != "amy" {
		t.Fatalf("%q holds it", got)
	}
}

// TestLostSlot: who takes a seat and then loses the slot gives the seat back,
// unless the winner gave the very same one.
func TestLostSlot(t *testing.T) {
	for winner, want := range map[core.AgentID]int{"bob": 0, "amy": 1} {
		table := newTable(t)
		d := newDesk(t, newStore(db, table))
		d.hire("amy", 3)
		d.hire("bob", 3)
		d.do("c_1", says("c_1", 1, "hello"))
		var once sync.Once
		loser := newStore(tap{db, func(c call, do func() error) error {
			if c.write && strings.HasPrefix(c.key, "c#c_1 e#") {
				once.Do(func() {
					in := core.Taken{Frame: core.Frame{By: agent(winner), Origin: "another-tab", N: 1}, Session: 1}
					_, err := d.apply("c_1", in)
					ok(t, err)
				})
			}
			return do()
		}}, table)
		before := must(loser.Load(t.Context(), "c_1"))(t)
		change := must(core.Step(before, d.rules, d.now, d.taken("c_1", "amy", 1)))(t)
		wants(t, loser.Commit(t.Context(), change), core.Conflict)
		if got := d.seats("amy"); got != want {
			t.Errorf("%s won: amy has %d seats taken, want %d", winner, got, want)
		}
		if got := d.seats(winner); got != 1 {
			t.Errorf("%s won and has %d seats taken, want 1", winner, got)
		}
	}
}
