package desk_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// Nobody is left in a group that goes: not those who work in it, nor those who
// wait or are talked to in it.
func TestGroupInUse(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	n.changed(root, func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
	n.code(core.Conflict, n.desk.DeleteGroup(t.Context(), root, "default")) // a site names it
	without := func(s *core.Settings) { s.Groups = s.Groups[:1] }

	n.hire("amy", core.RoleAgent, 1, "sales")
	_, err := n.change(root, without)
	n.code(core.Conflict, err)
	n.code(core.Conflict, n.desk.DeleteGroup(t.Context(), root, "sales"))
	n.account("amy", func(a *core.Account) { a.Groups = []core.GroupID{"default"} })

	amy := n.comes("amy").online()
	vi := n.visitor("vi")
	vi.say("hello")
	amy.in(vi).frame("transfer", map[string]any{"to": map[string]any{"group": "sales"}})
	if s := n.load(vi.conv).Session; s.Phase != core.Waiting || s.Group != "sales" {
		t.Fatalf("vi is %v in %s", s.Phase, s.Group)
	}
	_, err = n.change(root, without)
	n.code(core.Conflict, err)
	_, err = n.desk.RollbackSettings(t.Context(), root, 1)
	n.must(err) // has the group
	vi.own().end()
	n.must(n.desk.DeleteGroup(t.Context(), root, "sales"))
	n.code(core.NotFound, n.desk.DeleteGroup(t.Context(), root, "sales"))
	_, err = n.desk.RollbackSettings(t.Context(), root, 1)
	n.must(err)
}

func TestGroups(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	g, err := n.desk.CreateGroup(t.Context(), root, core.Group{Name: "Sales"})
	n.must(err)
	if !strings.HasPrefix(string(g.ID), "g_") || g.Name != "Sales" {
		t.Errorf("made %+v", g)
	}
	_, err = n.desk.CreateGroup(t.Context(), root, g)
	n.code(core.Conflict, err)
	_, err = n.desk.CreateGroup(t.Context(), root, core.Group{ID: "no id"})
	n.code(core.Invalid, err)
	changed, err := n.desk.ChangeGroup(t.Context(), root, g.ID, "", func(g *core.Group) error {
		g.ID, g.Name = "other", "Shop"
		return nil
	})
	n.must(err)
	if changed.ID != g.ID || changed.Name != "Shop" {
		t.Errorf("changed to %+v", changed)
	}
	_, err = n.desk.ChangeGroup(t.Context(), root, "nobody", "", func(*core.Group) error { return nil })
	n.code(core.NotFound, err)
	no := core.Errorf(core.Invalid, "no")
	_, err = n.desk.ChangeGroup(t.Context(), root, g.ID, "", func(*core.Group) error { return no })
	n.code(core.Invalid, err)
	if v := n.settings(root).Version; v != 2 {
		t.Errorf("version %d: what failed is stored", v)
	}
}

// A group has a version of its own: it is another exactly when the group is,
// whoever changed it by whichever way, and who read an older one learns that.
func TestGroupsAreComparedAndSwapped(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	named := func(name string) func(*core.Group) error {
		return func(g *core.Group) error { g.Name = name; return nil }
	}
	g, err := n.desk.CreateGroup(t.Context(), root, core.Group{ID: "sales", Name: "Sales"})
	n.must(err)
	read := desk.GroupVersion(g)
	if other := desk.GroupVersion(core.Group{ID: "sales", Name: "Sales", Timeouts: &core.Timeouts{}}); read == "" || read == other {
		t.Errorf("versions %q, %q", read, other)
	}
	// What else there is in the settings does not matter.
	n.changed(root, func(s *core.Settings) { s.Sites[0].Name = "Tea" })
	_, err = n.desk.CreateGroup(t.Context(), root, core.Group{ID: "refunds"})
	n.must(err)
	g, err = n.desk.ChangeGroup(t.Context(), root, "sales", read, named("Shop"))
	n.must(err)
	_, err = n.desk.ChangeGroup(t.Context(), root, "sales", read, named("Store"))
	n.code(core.Conflict, err)
	n.changed(root, func(s *core.Settings) {
		s.Groups[indexOfGroup(*s, "sales")].Timeouts = &core.Timeouts{Agent: time.Minute}
	})
	_, err = n.desk.ChangeGroup(t.Context(), root, "sales", desk.GroupVersion(g), named("Store"))
	n.code(core.Conflict, err)
	if s := n.settings(root); s.Groups[indexOfGroup(s, "sales")].Name != "Shop" {
		t.Errorf("the one who was slower changed it: %+v", s.Groups)
	}
	_, err = n.desk.ChangeGroup(t.Context(), root, "sales", "", named("Store"))
	n.must(err)
}

func indexOfGroup(s core.Settings, id core.GroupID) int {
	return slices.IndexFunc(s.Groups, func(g core.Group) bool { return g.ID == id })
}

// Of many who read the same group at the same time one changes it: who comes
// late looks again, and finds another.
func TestGroupIsChangedOnce(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	read := desk.GroupVersion(n.settings(root).Groups[0])
	errs := make([]error, 5)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = n.desk.ChangeGroup(t.Context(), root, "default", read, func(g *core.Group) error {
				g.Name = fmt.Sprint("name ", i)
				return nil
			})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			n.code(core.Conflict, err)
		}
	}
	if v := n.settings(root).Version; won != 1 || v != 1 {
		t.Errorf("%d of %d changed the same group, settings version %d", won, len(errs), v)
	}
}

// Groups that are made at the same time are all there: who comes late looks
// again. Each of five loses to four others at most.
func TestGroupsRace(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	var all sync.WaitGroup
	errs := make([]error, 5)
	for i := range errs {
		all.Go(func() {
			_, errs[i] = n.desk.CreateGroup(t.Context(), root, core.Group{ID: core.GroupID(fmt.Sprint("g", i))})
		})
	}
	all.Wait()
	for _, err := range errs {
		n.must(err)
	}
	if got := n.settings(root).Groups; len(got) != 6 {
		t.Errorf("groups %+v", got)
	}
}
