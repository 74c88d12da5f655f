package storetest

import (
	"fmt"
	"time"

	"kefu/core"
)

// accounts: NotFound, Conflict unless the version follows, all by ID, and what was
// put is what one gets.
func accounts(d *desk) {
	ctx := d.Context()
	_, err := d.st.Account(ctx, "amy")
	d.wants(err, core.NotFound)
	_, err = d.st.AccountNamed(ctx, "Amy")
	d.wants(err, core.NotFound)
	none(d, "Accounts at first", must(d.st.Accounts(ctx))(d))

	amy := core.Account{
		ID: "amy", Version: 1, Name: "Amy", Display: "艾米", Avatar: "/a.png", Role: core.RoleSupervisor,
		Groups: []core.GroupID{"sales", "billing"}, Capacity: 5, Weight: 1.25, Password: "$argon2id$…", Tokens: 7,
	}
	ahead := amy
	ahead.Version = 2
	d.wants(d.st.PutAccount(ctx, ahead), core.Conflict)
	ahead.Version = 0
	d.wants(d.st.PutAccount(ctx, ahead), core.Conflict)
	none(d, "Accounts after conflicts", must(d.st.Accounts(ctx))(d))

	d.ok(d.st.PutAccount(ctx, amy))
	d.wants(d.st.PutAccount(ctx, amy), core.Conflict)
	equal(d, "Account", must(d.st.Account(ctx, "amy"))(d), amy)
	equal(d, "AccountNamed", must(d.st.AccountNamed(ctx, "Amy"))(d), amy)
	_, err = d.st.AccountNamed(ctx, "amy")
	d.wants(err, core.NotFound) // that is the ID, not the name

	must(d.st.Account(ctx, "amy"))(d).Groups[0] = "scribbled by a reader"
	equal(d, "Account", must(d.st.Account(ctx, "amy"))(d), amy)
	bare := core.Account{ID: "abe", Version: 1, Name: "Abe", Disabled: true}
	d.ok(d.st.PutAccount(ctx, bare))
	equal(d, "Accounts", must(d.st.Accounts(ctx))(d), []core.Account{bare, amy})
}

// namesAreUnique: no two accounts have a name, whether new, renamed or in a race.
func namesAreUnique(d *desk) {
	ctx := d.Context()
	amy := core.Account{ID: "amy", Version: 1, Name: "Amy"}
	bob := core.Account{ID: "bob", Version: 1, Name: "Amy"}
	d.ok(d.st.PutAccount(ctx, amy))
	d.wants(d.st.PutAccount(ctx, bob), core.Conflict)
	_, err := d.st.Account(ctx, "bob")
	d.wants(err, core.NotFound)
	bob.Name = "Bob"
	d.ok(d.st.PutAccount(ctx, bob))

	renamed := bob
	renamed.Version, renamed.Name = 2, "Amy"
	d.wants(d.st.PutAccount(ctx, renamed), core.Conflict)
	equal(d, "Account after a refused name", must(d.st.Account(ctx, "bob"))(d), bob)
	amy.Version, amy.Name = 2, "Ann"
	d.ok(d.st.PutAccount(ctx, amy)) // gives the name back
	d.ok(d.st.PutAccount(ctx, renamed))
	equal(d, "AccountNamed", must(d.st.AccountNamed(ctx, "Amy"))(d), renamed)

	won := d.race(16, core.Conflict, func(i int) error {
		id := core.AgentID(fmt.Sprint("racer", i))
		return d.st.PutAccount(ctx, core.Account{ID: id, Version: 1, Name: "wanted by all"})
	})
	if won != 1 {
		d.Fatalf("%d accounts got the same name", won)
	}
}

// oneChangeOfAccountWins: of those who change the same version one wins.
func oneChangeOfAccountWins(d *desk) {
	a := d.hire("amy", 1)
	won := d.race(16, core.Conflict, func(i int) error {
		mine := a
		mine.Version, mine.Capacity = 2, 100+i
		return d.st.PutAccount(d.Context(), mine)
	})
	if won != 1 {
		d.Fatalf("%d changes of one version won, want 1", won)
	}
}

// duty: the last one wins, and an account is needed.
func duty(d *desk) {
	ctx := d.Context()
	on := core.Duty{Status: core.Online, Lease: d.now.Add(30 * time.Second)}
	d.wants(d.st.SetDuty(ctx, "amy", on), core.NotFound)
	d.hire("amy", 1)
	equal(d, "Duty at first", must(d.st.Duty(ctx, "amy"))(d), core.Duty{Status: core.Offline})
	d.ok(d.st.SetDuty(ctx, "amy", on))
	equal(d, "Duty", must(d.st.Duty(ctx, "amy"))(d), on)
	earlier := core.Duty{Status: core.Away, Lease: d.now.Add(time.Second)} // the last one wins, not the longest
	d.ok(d.st.SetDuty(ctx, "amy", earlier))
	equal(d, "Duty", must(d.st.Duty(ctx, "amy"))(d), earlier)
	d.ok(d.st.SetDuty(ctx, "amy", core.Duty{Status: core.Offline}))
	equal(d, "Duty without a lease", must(d.st.Duty(ctx, "amy"))(d), core.Duty{Status: core.Offline})
}

// roster: the members as they are at a time: without a lease then, Offline.
func roster(d *desk) {
	ctx := d.Context()
	at := func(g core.GroupID, t time.Time) core.Roster {
		d.Helper()
		return must(d.st.Roster(ctx, g, t))(d)
	}
	none(d, "Roster at first", at("", d.now))
	for _, a := range []core.Account{
		{ID: "bob", Name: "Bob", Groups: []core.GroupID{"sales"}, Capacity: 4, Weight: 0.5},
		{ID: "amy", Name: "Amy", Groups: []core.GroupID{"billing", "sales"}, Capacity: 3, Weight: 1},
		{ID: "cat", Name: "Cat", Groups: []core.GroupID{"sales"}, Capacity: 2},
		{ID: "eve", Name: "Eve", Groups: []core.GroupID{"sales"}, Capacity: 2, Disabled: true},
		{ID: "dan", Name: "Dan", Capacity: 1},
	} {
		a.Version = 1
		d.ok(d.st.PutAccount(ctx, a))
	}
	d.online("amy", time.Minute)
	d.online("eve", time.Minute)
	d.ok(d.st.SetDuty(ctx, "bob", core.Duty{Status: core.Away, Lease: d.now.Add(2 * time.Minute)}))
	amy := core.Agent{ID: "amy", Status: core.Online, Capacity: 3, Weight: 1}
	bob := core.Agent{ID: "bob", Status: core.Away, Capacity: 4, Weight: 0.5}
	cat := core.Agent{ID: "cat", Status: core.Offline, Capacity: 2}
	dan := core.Agent{ID: "dan", Status: core.Offline, Capacity: 1}
	equal(d, "Roster", at("", d.now), core.Roster{amy, bob, cat, dan})
	equal(d, "Roster of sales", at("sales", d.now), core.Roster{amy, bob, cat})
	equal(d, "Roster of billing", at("billing", d.now), core.Roster{amy})
	none(d, "Roster of a group without members", at("sale", d.now))

	equal(d, "Roster", at("billing", d.now.Add(time.Minute-time.Millisecond)), core.Roster{amy})
	amy.Status = core.Offline
	equal(d, "Roster as the lease ends", at("billing", d.now.Add(time.Minute)), core.Roster{amy})
	equal(d, "Roster then", at("sales", d.now.Add(time.Minute)), core.Roster{amy, bob, cat})
}

// rosterLast: whoever commits an assignment records when it was.
func rosterLast(d *desk) {
	d.hire("amy", 2)
	d.hire("bob", 2)
	d.line(2)
	if got := d.onRoster("amy"); got.Held != 0 || !got.Last.IsZero() {
		d.Fatalf("before any assignment: %+v", got)
	}
	d.wait(time.Minute)
	first := d.do("c_00", d.taken("c_00", "amy")).Conversation.At
	d.wait(time.Minute)
	second := d.do("c_01", core.Offered{Group: "sales", Roster: stale}).Conversation.At
	if got := d.onRoster("amy"); got.Held != 2 || !got.Last.Equal(second) || second.Equal(first) {
		d.Fatalf("after two assignments, at %v and %v: %+v", first, second, got)
	}
	d.wait(time.Minute)
	d.do("c_00", d.answers("c_00", "amy", "hello"))
	d.do("c_00", d.ended("c_00"))
	if got := d.onRoster("amy"); got.Held != 1 || !got.Last.Equal(second) {
		d.Fatalf("after a close: %+v, want %v", got, second)
	}
	if got := d.onRoster("bob"); got.Held != 0 || !got.Last.IsZero() {
		d.Fatalf("somebody else's assignments count for bob: %+v", got)
	}
}

// lapsed: whose lease ended before a time, and who still hold something.
func lapsed(d *desk) {
	at := func(t time.Time) []core.AgentID {
		d.Helper()
		return must(d.st.Lapsed(d.Context(), t))(d)
	}
	for _, id := range []core.AgentID{"amy", "bob", "cat", "dan"} {
		d.hire(id, 5)
	}
	d.line(4)
	for i, id := range []core.AgentID{"amy", "bob", "dan"} {
		d.do(numbered(i), d.taken(numbered(i), id))
	}
	d.online("amy", time.Minute)
	d.online("bob", 2*time.Minute)
	d.online("cat", time.Second)                                           // and holds nothing
	d.ok(d.st.SetDuty(d.Context(), "dan", core.Duty{Status: core.Online})) // no lease that could end
	none(d, "Lapsed now", at(d.now))
	end := d.now.Add(time.Minute)
	none(d, "Lapsed as the first lease ends", at(end))
	equal(d, "Lapsed after it", at(end.Add(time.Millisecond)), []core.AgentID{"amy"})
	if got := at(d.now.Add(time.Hour)); len(got) != 2 {
		d.Fatalf("Lapsed after all leases: %v, want amy and bob", got)
	}
	d.do("c_00", core.Left{Agent: "amy", Reason: core.ByLease})
	equal(d, "Lapsed after amy left", at(d.now.Add(time.Hour)), []core.AgentID{"bob"})
	d.online("bob", 2*time.Hour)
	none(d, "Lapsed after bob came back", at(d.now.Add(time.Hour)))
}
