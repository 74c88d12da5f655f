package desk_test

import (
	"fmt"
	"testing"

	"kefu/core"
	"kefu/core/desk"
)

// What was said is found by whoever may read it: once a conversation, by its
// newest word, whatever the case, and not what was taken back.
func TestSearch(t *testing.T) {
	n := newNode(t)
	n.set(func(s *core.Settings) {
		s.Groups = append(s.Groups, core.Group{ID: "billing"})
		s.Sites = append(s.Sites, core.Site{ID: "shop", Groups: []core.GroupID{"billing"}, Edit: s.Sites[0].Edit, Timeouts: s.Sites[0].Timeouts})
	})
	n.hire("sue", core.RoleSupervisor, 0)
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi, wu := n.visitor("vi"), n.visitor("wu")
	cy := n.connect("cy").hello(map[string]any{"site": "shop"})
	cy.seenAll()
	vi.say("Where is my PARCEL?")
	vi.say("the parcel of Monday")
	wu.say("a parcel, recalled")
	wu.own().frame("recall", map[string]any{"seq": 2})
	cy.say("my parcel too")
	amy.in(vi).frame("send", map[string]any{"body": text("she asked for the 包裹 twice"), "internal": true})
	n.settle()

	find := func(who, text string, q core.Query) string {
		t.Helper()
		s, err := n.desk.SearchMessages(t.Context(), n.accountOf(who), q, text)
		n.must(err)
		out := ""
		for _, f := range s.Found {
			out += fmt.Sprintf("%s #%d %s; ", n.names[f.Head.ID], f.Event.Seq, f.Event.Body.Text)
		}
		return out + fmt.Sprint(s.Looked)
	}
	for _, test := range []struct {
		who, text string
		q         core.Query
		want      string
	}{
		{"amy", "parcel", core.Query{}, "vi #5 the parcel of Monday; 2"},
		{"amy", " pARCel? ", core.Query{}, "vi #2 Where is my PARCEL?; 2"},
		{"amy", "包裹", core.Query{}, "vi #6 she asked for the 包裹 twice; 2"},
		{"amy", "parcel", core.Query{Groups: []core.GroupID{"billing"}}, "0"},
		{"amy", "recalled", core.Query{}, "2"},
		{"sue", "parcel", core.Query{Site: "shop"}, "cy #2 my parcel too; 1"},
		{"sue", "parcel", core.Query{Agent: "amy"}, "vi #5 the parcel of Monday; 2"},
	} {
		if got := find(test.who, test.text, test.q); got != test.want {
			t.Errorf("%s looks for %q in %+v: %s, want %s", test.who, test.text, test.q, got, test.want)
		}
	}
	_, err := n.desk.SearchMessages(t.Context(), n.accountOf("amy"), core.Query{}, " x ")
	n.code(core.Invalid, err)
}

// It says how far it came, and goes on from there.
func TestSearchIsBounded(t *testing.T) {
	n := newNode(t)
	who := n.hire("sue", core.RoleSupervisor, 0)
	for i := range 130 {
		n.visitor(fmt.Sprint("v", i)).say("the needle")
		n.pass(1000)
	}
	n.settle()
	var found int
	q := core.Query{}
	for pages := range 3 {
		var s desk.Search
		s, err := n.desk.SearchMessages(t.Context(), who, q, "needle")
		n.must(err)
		found += len(s.Found)
		if q.Before = s.Next; s.Next == (core.Place{}) {
			if pages != 1 || !s.Since.IsZero() || s.Looked != 30 {
				t.Errorf("the last page is %d, since %v, looked at %d", pages, s.Since, s.Looked)
			}
			break
		}
		if s.Looked != 100 || s.Since.IsZero() {
			t.Errorf("looked at %d since %v", s.Looked, s.Since)
		}
	}
	if found != 130 {
		t.Errorf("%d of 130 are found", found)
	}
}
