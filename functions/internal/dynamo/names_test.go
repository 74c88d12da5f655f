package dynamo_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
)

// TestClaimedInVain: a name whose claimant died before the account had it is
// free again after a while, and not before: until then the account may come.
func TestClaimedInVain(t *testing.T) {
	c, table := &clock{}, newTable(t)
	d := newDesk(t, storeAt(db, table, c))
	amy := d.hire("amy", 1)
	amy.Version, amy.Name = 2, "wanted"
	dying := &killed{left: 1}
	wants(t, storeAt(tap{db, dying.around}, table, c).PutAccount(t.Context(), amy), core.Unavailable)

	bob := account("bob", 1)
	bob.Name = "wanted"
	wants(t, d.st.PutAccount(t.Context(), bob), core.Conflict)
	_, err := d.st.AccountNamed(t.Context(), "wanted")
	wants(t, err, core.NotFound)
	c.pass(2 * time.Minute)
	ok(t, d.st.PutAccount(t.Context(), bob))
	if got := must(d.st.AccountNamed(t.Context(), "wanted"))(t).ID; got != "bob" {
		t.Fatalf("it is %s's", got)
	}
	wants(t, d.st.PutAccount(t.Context(), amy), core.Conflict)
}

// TestFrozenRename: who was frozen between claiming a name and having it comes
// too late, for another may have it by now.
func TestFrozenRename(t *testing.T) {
	c, table := &clock{}, newTable(t)
	d := newDesk(t, storeAt(db, table, c))
	amy := d.hire("amy", 1)
	amy.Version, amy.Name = 2, "wanted"
	bob := account("bob", 1)
	bob.Name = "wanted"
	frozen := storeAt(tap{db, func(x call, do func() error) error {
		err := do()
		if x.write && strings.HasPrefix(x.key, "names") {
			c.pass(2 * time.Minute)
			ok(t, d.st.PutAccount(t.Context(), bob))
		}
		return err
	}}, table, c)
	wants(t, frozen.PutAccount(t.Context(), amy), core.Unavailable)
	if got := must(d.st.Account(t.Context(), "amy"))(t); got.Name == "wanted" {
		t.Fatal("two accounts have one name")
	}
}

// TestLateGivingUp: a name that is given up late may be somebody else's by
// then, and stays theirs.
func TestLateGivingUp(t *testing.T) {
	c, table := &clock{}, newTable(t)
	d := newDesk(t, storeAt(db, table, c))
	amy := d.hire("amy", 1)
	name := amy.Name
	amy.Version, amy.Name = 2, "Amy"
	bob := account("bob", 1)
	bob.Name = name
	slow := storeAt(tap{db, func(x call, do func() error) error {
		if x.name == "DeleteItem" && strings.HasPrefix(x.key, "names") {
			c.pass(2 * time.Minute)
			ok(t, d.st.PutAccount(t.Context(), bob))
		}
		return do()
	}}, table, c)
	ok(t, slow.PutAccount(t.Context(), amy))
	cat := account("cat", 1)
	cat.Name = name
	wants(t, d.st.PutAccount(t.Context(), cat), core.Conflict)
	if got := must(d.st.AccountNamed(t.Context(), name))(t).ID; got != "bob" {
		t.Fatalf("it is %s's", got)
	}
}
