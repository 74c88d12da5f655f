package storetest

import (
	"fmt"
	"slices"
	"time"

	"kefu/core"
)

func (d *desk) list(q core.Query) []core.Conversation {
	d.Helper()
	return must(d.st.List(d.Context(), q))(d)
}

func idsOf(list []core.Conversation) []core.ConversationID {
	var ids []core.ConversationID
	for _, c := range list {
		ids = append(ids, c.ID)
	}
	return ids
}

// listFilters: List selects by each field, and by all of them together.
func listFilters(d *desk) {
	none(d, "List at first", d.list(core.Query{}))
	d.hire("amy", 9)
	d.hire("bob", 9)
	for i := range 5 {
		d.wait(time.Second)
		if i == 4 {
			d.rules.Site.ID = "shop2"
		}
		d.do(numbered(i), d.says(numbered(i), "hello"))
	}
	d.wait(time.Second)
	d.do("c_01", d.taken("c_01", "amy"))
	d.wait(time.Second)
	d.do("c_02", d.taken("c_02", "bob"))
	d.wait(time.Second)
	d.do("c_03", d.ended("c_03"))
	d.wait(time.Second)
	d.do("c_04", d.passed("c_04", "billing"))

	type ids = []core.ConversationID
	for _, c := range []struct {
		query core.Query
		want  ids
	}{
		{core.Query{}, ids{"c_04", "c_03", "c_02", "c_01", "c_00"}},
		{core.Query{Phases: []core.Phase{core.Waiting}}, ids{"c_04", "c_00"}},
		{core.Query{Phases: []core.Phase{core.Held, core.Closed}}, ids{"c_03", "c_02", "c_01"}},
		{core.Query{Phases: []core.Phase{core.Bot}}, nil},
		{core.Query{Agent: "amy"}, ids{"c_01"}},
		{core.Query{Agent: "amy", Phases: []core.Phase{core.Waiting}}, nil},
		{core.Query{Groups: []core.GroupID{"sales"}}, ids{"c_03", "c_02", "c_01", "c_00"}},
		{core.Query{Groups: []core.GroupID{"none", "billing"}}, ids{"c_04"}},
		{core.Query{Groups: []core.GroupID{"billing", "sales"}, Phases: []core.Phase{core.Waiting}}, ids{"c_04", "c_00"}},
		{core.Query{Site: "shop2"}, ids{"c_04"}},
		{core.Query{Site: "shop", Limit: 2}, ids{"c_03", "c_02"}},
		{core.Query{Site: "nowhere"}, nil},
	} {
		got := d.list(c.query)
		equal(d, fmt.Sprintf("List(%+v)", c.query), idsOf(got), c.want)
		for _, conversation := range got {
			equal(d, "listed", conversation, d.load(conversation.ID))
		}
	}

	// A plain message does not move a conversation in the list, but the list
	// shows it.
	d.wait(time.Second)
	d.do("c_01", d.answers("c_01", "amy", "hello"))
	got := d.list(core.Query{Agent: "amy"})
	equal(d, "List after a plain message", got, []core.Conversation{d.load("c_01")})
}

// listPaging: page by page, nothing is left out and nothing comes twice, also where
// many began at the same time.
func listPaging(d *desk) {
	const n = 230
	for i := range n {
		if i%7 == 0 { // many at the same time
			d.wait(time.Second)
		}
		id := core.ConversationID(fmt.Sprintf("c_%03d", i*37%n))
		d.do(id, d.says(id, "hello"))
	}
	if got := len(d.list(core.Query{})); got != 200 {
		d.Fatalf("a list without a limit has %d, want 200", got)
	}
	if got := len(d.list(core.Query{Limit: 1000})); got != 200 {
		d.Fatalf("a list with a limit of 1000 has %d, want 200", got)
	}
	for _, limit := range []int{3, 7, 200} {
		seen := map[core.ConversationID]bool{}
		var places []core.Place
		for q := (core.Query{Limit: limit}); ; q.Before = places[len(places)-1] {
			page := d.list(q)
			if len(page) == 0 {
				break
			}
			for _, c := range page {
				if seen[c.ID] {
					d.Fatalf("%s is listed twice", c.ID)
				}
				seen[c.ID] = true
				places = append(places, core.Place{At: c.Session.Since, ID: c.ID})
			}
		}
		if len(places) != n {
			d.Fatalf("%d are listed by pages of %d, want %d", len(places), limit, n)
		}
		if !slices.IsSortedFunc(places, func(a, b core.Place) int { return b.At.Compare(a.At) }) {
			d.Fatal("the newest do not come first")
		}
	}
}
