package desk_test

import (
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"kefu/core"
)

// office is conversations in two groups: each of four visitors waits, is held,
// was held by somebody else, or is closed, in "default" and in "sales".
func office(t *testing.T) (*node, map[string]core.Account) {
	w := newWorld(t)
	w.set(func(s *core.Settings) {
		s.Groups = append(s.Groups, core.Group{ID: "sales"})
		shop := s.Sites[0]
		shop.ID, shop.Groups = "shop", []core.GroupID{"sales"}
		s.Sites = append(s.Sites, shop)
	})
	n := w.node()
	staff := map[string]core.Account{
		"amy": n.hire("amy", core.RoleAgent, 1), "cy": n.hire("cy", core.RoleAgent, 1, "sales"),
		"eve": n.hire("eve", core.RoleSupervisor, 1, "sales"), "root": n.hire("root", core.RoleAdmin, 1, "sales"),
		"none": n.hire("none", core.RoleAgent, 1, []core.GroupID{}...),
	}
	staff["none"] = core.Account{ID: "none", Role: core.RoleAgent}
	for _, c := range []struct{ site, agent string }{{"default", "amy"}, {"shop", "cy"}} {
		n.comes(c.agent).online()
		for _, what := range []string{"closed", "held", "waiting"} {
			v := n.connect(c.site + "-" + what).hello(map[string]any{"site": c.site})
			v.say("hello")
			n.pass(time.Second)
			if what == "closed" {
				v.own().end()
			}
		}
	}
	return n, staff
}

func (n *node) listed(who core.Account, q core.Query) []string {
	n.Helper()
	heads, _, err := n.desk.Conversations(n.Context(), who, q)
	n.must(err)
	out := []string{}
	for _, h := range heads {
		out = append(out, n.names[h.ID]+"="+h.Phase)
	}
	slices.Sort(out)
	return out
}

func TestConversationsByRole(t *testing.T) {
	n, staff := office(t)
	ours := []string{"default-closed=closed", "default-held=held", "default-waiting=waiting"}
	theirs := []string{"shop-closed=closed", "shop-held=held", "shop-waiting=waiting"}
	all := append(slices.Clone(ours), theirs...)
	waiting := core.Query{Phases: []core.Phase{core.Waiting}}
	for _, c := range []struct {
		who  string
		q    core.Query
		want []string
	}{
		{"amy", core.Query{}, ours},
		{"cy", core.Query{}, theirs},
		{"eve", core.Query{}, all},
		{"root", core.Query{}, all},
		{"none", core.Query{}, []string{}},
		{"amy", core.Query{Groups: []core.GroupID{"sales"}}, []string{}},
		{"amy", core.Query{Groups: []core.GroupID{"sales", "default"}}, ours},
		{"eve", core.Query{Groups: []core.GroupID{"default"}}, ours},
		{"amy", core.Query{Agent: "cy"}, []string{}},
		{"amy", core.Query{Agent: "amy"}, []string{"default-held=held"}},
		{"eve", core.Query{Agent: "cy"}, []string{"shop-held=held"}},
		{"amy", waiting, []string{"default-waiting=waiting"}},
		{"root", waiting, []string{"default-waiting=waiting", "shop-waiting=waiting"}},
		{"amy", core.Query{Site: "shop"}, []string{}},
		{"eve", core.Query{Site: "shop"}, theirs},
	} {
		if got := n.listed(staff[c.who], c.q); !slices.Equal(got, c.want) {
			t.Errorf("%s asks for %+v and gets %v, want %v", c.who, c.q, got, c.want)
		}
	}
}

// A page says where the next begins, and the last one that there is none.
func TestConversationsPaging(t *testing.T) {
	n, staff := office(t)
	for _, limit := range []int{1, 2, 5, 6, 7, 0, 500} {
		var got []string
		q := core.Query{Limit: limit}
		for pages := 0; ; pages++ {
			heads, next, err := n.desk.Conversations(t.Context(), staff["eve"], q)
			n.must(err)
			for _, h := range heads {
				got = append(got, h.ID)
			}
			if next == (core.Place{}) {
				break
			}
			if q.Before = next; pages > 10 {
				t.Fatalf("limit %d never ends", limit)
			}
		}
		slices.Sort(got)
		if len(got) != 6 || len(slices.Compact(got)) != 6 {
			t.Errorf("limit %d: %v", limit, got)
		}
	}
	for i := range 205 {
		n.connect(fmt.Sprint("more-", i)).hello(nil).say("hello")
	}
	heads, next, err := n.desk.Conversations(t.Context(), staff["eve"], core.Query{Limit: 500})
	n.must(err)
	if len(heads) != 200 || next == (core.Place{}) {
		t.Errorf("%d heads, next %v: what is cut off is not told", len(heads), next)
	}
}

// What is looked for is found by what a list shows, within what one may see,
// page after page, also where most of what there is does not match.
func TestFind(t *testing.T) {
	n, staff := office(t)
	for i := range 60 {
		n.connect(fmt.Sprint("more-", i)).hello(map[string]any{"tag": "other"}).say("hello")
		n.pass(time.Millisecond)
	}
	old := n.connect("old").hello(map[string]any{"tag": "Refund-7"})
	old.say("hello")
	n.pass(time.Second)
	for i := range 400 {
		n.connect(fmt.Sprint("later-", i)).hello(nil).say("hello")
		n.pass(time.Millisecond)
	}
	find := func(who, text string, limit int) (found []string, pages int) {
		q := core.Query{Limit: limit}
		for pages = 1; ; pages++ {
			heads, next, err := n.desk.Find(t.Context(), staff[who], q, text)
			n.must(err)
			if limit > 0 && len(heads) > limit {
				t.Errorf("%d found where %d were asked for", len(heads), limit)
			}
			for _, h := range heads {
				found = append(found, n.names[h.ID])
			}
			if q.Before = next; next == (core.Place{}) || pages > 50 {
				return found, pages
			}
		}
	}
	if found, pages := find("eve", "refund-7", 50); !slices.Equal(found, []string{"old"}) || pages != 2 {
		t.Errorf("by its tag: %v in %d pages", found, pages)
	}
	if found, _ := find("eve", string(old.conv), 1); !slices.Equal(found, []string{"old"}) {
		t.Errorf("by its id: %v", found)
	}
	if found, _ := find("cy", "refund-7", 50); len(found) != 0 {
		t.Errorf("of another group: %v", found)
	}
	if found, _ := find("none", "", 50); len(found) != 0 {
		t.Errorf("of no group: %v", found)
	}
	found, _ := find("eve", "other", 40)
	if len(found) != 60 {
		t.Errorf("in pages: %d of 60", len(found))
	}
}

func TestOneConversation(t *testing.T) {
	n, staff := office(t)
	var id core.ConversationID
	for c, name := range n.names {
		if name == "default-held" {
			id = core.ConversationID(c)
		}
	}
	former := n.hire("former", core.RoleAgent, 2)
	n.account("amy", func(a *core.Account) { a.Capacity = 3 })
	n.comes("former").online()
	eve := n.comes("eve")
	eve.in(&client{conv: id}).frame("transfer", map[string]any{"to": map[string]any{"agent": "former"}})
	eve.in(&client{conv: id}).frame("transfer", map[string]any{"to": map[string]any{"agent": "amy"}})
	former.Groups = nil // of no group any more, but once held it
	for _, c := range []struct {
		who  core.Account
		id   core.ConversationID
		want core.Code
	}{
		{staff["amy"], id, ""}, {staff["eve"], id, ""}, {staff["root"], id, ""}, {former, id, ""},
		{staff["cy"], id, core.Forbidden}, {staff["none"], id, core.Forbidden}, {core.Account{}, id, core.Forbidden},
		{staff["eve"], "c_nobody", core.NotFound}, {staff["cy"], "", core.NotFound},
	} {
		head, err := n.desk.Conversation(t.Context(), c.who, c.id)
		n.code(c.want, err)
		events, err2 := n.desk.Events(t.Context(), c.who, c.id, nil, nil, 0)
		n.code(c.want, err2)
		if c.want == "" && (head.ID != string(c.id) || len(events.Events) == 0) || c.want != "" && (head.ID != "" || len(events.Events) != 0) {
			t.Errorf("%s: head %q, %d events", c.who.ID, head.ID, len(events.Events))
		}
	}
}

func TestEvents(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.says(70, "m") // 1 to 73
	amy.in(vi).note("psst")
	who, err := n.store.Account(t.Context(), "amy")
	n.must(err)
	for _, c := range []struct {
		after, before *uint64
		limit         int
		want          string
	}{
		{nil, nil, 0, "#25-74, more"}, {nil, nil, 100, "#1-74"}, {nil, nil, 201, "#25-74, more"}, {nil, nil, -1, "#25-74, more"},
		{ptr(uint64(0)), nil, 10, "#1-10, more"}, {ptr(uint64(70)), nil, 10, "#71-74"}, {ptr(uint64(math.MaxUint64)), nil, 10, "nothing"},
		{nil, ptr(uint64(11)), 10, "#1-10"}, {nil, ptr(uint64(12)), 10, "#2-11, more"}, {nil, ptr(uint64(math.MaxUint64)), 10, "#65-74, more"},
		{nil, ptr(uint64(0)), 10, "nothing"},
	} {
		got, err := n.desk.Events(t.Context(), who, vi.conv, c.after, c.before, c.limit)
		n.must(err)
		text := "nothing"
		if k := len(got.Events); k > 0 {
			text = fmt.Sprintf("#%d-%d", got.Events[0].Seq, got.Events[k-1].Seq)
		}
		if got.More {
			text += ", more"
		}
		if text != c.want || got.Conversation != string(vi.conv) || got.Events == nil {
			t.Errorf("%+v: %s", c, text)
		}
	}
	_, err = n.desk.Events(t.Context(), who, vi.conv, ptr(uint64(1)), ptr(uint64(2)), 0)
	n.code(core.Invalid, err)
	got, err := n.desk.Events(t.Context(), who, vi.conv, nil, nil, 1)
	n.must(err)
	if e := got.Events[0]; !e.Internal || e.Origin != amy.origin || e.Prev != 73 {
		t.Errorf("the author's own note: %+v", e)
	}
	groups, err := n.desk.Groups(t.Context(), who)
	if err != nil || len(groups) != 1 || groups[0].ID != "default" {
		t.Errorf("groups %v, %v", groups, err)
	}
}
