package desk_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// everything is all that the store has of a conversation and its visitor, as
// text.
func (n *node) everything(vi *client) string {
	n.Helper()
	var all []any
	c := n.load(vi.conv)
	all = append(all, c, n.log(vi.conv))
	if p, err := n.store.Profile(n.Context(), c.Visitor); err == nil {
		all = append(all, p)
	}
	blocks, err := n.store.Blocks(n.Context())
	n.must(err)
	for _, kind := range []string{"audit", "assist-question"} {
		docs, err := n.store.Documents(n.Context(), kind, "", 100)
		n.must(err)
		for _, d := range docs {
			all = append(all, string(d.Data))
		}
	}
	text, err := json.Marshal(append(all, blocks))
	n.must(err)
	return string(text)
}

// What was erased is nowhere (promise 18): neither what was said, by whomever,
// nor what is known of them; and not a word of others is lost.
func TestErase(t *testing.T) {
	n, _ := keeper(t)
	n.vouching(false)
	admin, _ := n.admin()
	amy := n.agent("amy", core.RoleAgent, 2).online()
	vi := n.logs("vi", "", "customer-walnut", map[string]any{"name": "Jane Walnut"})
	other := n.visitor("other")
	other.say("the walnut table, please")
	vi.say("my name is Walnut")
	vi.own().frame("edit", map[string]any{"seq": 2, "body": text("Walnut, Jane")})
	photo := vi.uploaded("walnut.png", picture(t))
	vi.own().sends("image", photo)
	amy.in(vi).frame("send", map[string]any{"body": text("Dear Jane Walnut")})
	amy.in(vi).frame("tag", map[string]any{"add": []string{"walnut"}})
	vi.own().frame("rate", map[string]any{"score": 2, "comment": "ask for Walnut"})
	visitor := n.load(vi.conv).Visitor
	asked, err := json.Marshal(desk.Asked{ID: "q1", Site: "default", Question: "of Walnut", Conversation: vi.conv, State: "open"})
	n.must(err)
	n.must(n.store.PutDocument(t.Context(), core.Document{Kind: "assist-question", ID: "default:q1", Version: 1, Data: asked}))
	n.settle()
	for range 120 { // more than one change takes out
		vi.say("and once more: Walnut")
		n.pass(time.Second)
	}
	n.must(n.desk.Block(t.Context(), admin, core.Block{Visitor: visitor, Reason: "it is Walnut"}))
	if was := n.everything(vi); strings.Count(strings.ToLower(was), "walnut") < 125 {
		t.Fatalf("the walnuts were never there: the test is wrong: %s", was)
	}

	n.code(core.Forbidden, n.desk.EraseVisitor(t.Context(), n.accountOf("amy"), visitor))
	n.must(n.desk.EraseVisitor(t.Context(), admin, visitor))
	n.settle()
	if left := n.everything(vi); strings.Contains(strings.ToLower(left), "walnut") {
		t.Errorf("promise 18: there is still %s", left)
	}
	if has(t, n, photo.URL) {
		t.Error("promise 18: the photo is there")
	}
	_, err = n.store.Known(t.Context(), "default", "customer-walnut", "")
	n.code(core.NotFound, err)
	if said := n.log(other.conv)[1].Body.Text; said != "the walnut table, please" {
		t.Errorf("another's words are %q", said)
	}
	if c := n.load(vi.conv); c.Session.Phase != core.Closed || !c.Erased {
		t.Errorf("it is %s", c.Session.Phase)
	}
	list, _, err := n.desk.Audit(t.Context(), admin, desk.AuditQuery{Operation: "erase-visitor", Limit: 9})
	if n.must(err); len(list) != 1 || list[0].Target != string(visitor) {
		t.Errorf("the audit has %+v", list)
	}
	n.code(core.NotFound, n.desk.EraseVisitor(t.Context(), admin, visitor)) // nothing is known of them
}

// Who was erased is sent away, and whoever comes with the old token, or logged
// in as the same user, begins anew.
func TestErasedComesBack(t *testing.T) {
	n := newNode(t)
	n.vouching(false)
	admin, _ := n.admin()
	vi := n.logs("vi", "", "u1", map[string]any{"name": "Vi"})
	vi.say("hello")
	n.must(n.store.PutBlock(t.Context(), core.Block{Visitor: "v_other", Reason: "stays"}))
	n.must(n.desk.EraseVisitor(t.Context(), admin, n.load(vi.conv).Visitor))
	n.settle()
	if vi.closed() != 4000 {
		t.Errorf("they were closed with %d", vi.closed())
	}
	for name, c := range map[string]*client{
		"by the token":          n.connect("a").hello(map[string]any{"token": vi.token, "after": 2, "epoch": "e1"}),
		"by the token and user": n.logs("b", vi.token, "u1", nil),
		"by the user":           n.logs("c", "", "u1", nil),
	} {
		if c.conv == "" || c.conv == vi.conv {
			t.Errorf("%s: they are in %q", name, c.conv)
			continue
		}
		c.say("hello again")
		if got := n.load(c.conv); got.Seq < 2 || got.Erased {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := n.load(vi.conv); got.Public != 4 { // opened, hello, queued, closed
		t.Errorf("something was added: %+v", got)
	}
}

// Who is on another node is sent away by what they say next, be it a heartbeat;
// and what they said is not refused, but theirs to say anew.
func TestErasedOnAnotherNode(t *testing.T) {
	w := newWorld(t)
	here, there := w.node(), w.node()
	admin, _ := here.admin()
	silent, busy := there.visitor("silent"), there.visitor("busy")
	for _, vi := range []*client{silent, busy} {
		vi.say("hello")
		here.must(here.desk.EraseVisitor(t.Context(), admin, here.load(vi.conv).Visitor))
	}
	here.settle()
	if silent.closed() != 0 || busy.closed() != 0 {
		t.Fatal("they are on the node that erased them: the test is wrong")
	}
	silent.pings(25 * time.Second)
	busy.say("is anybody there?")
	for _, vi := range []*client{silent, busy} {
		if vi.closed() != 4000 {
			t.Errorf("promise 18: %s was closed with %d", vi.name, vi.closed())
		}
		if c := here.load(vi.conv); c.Public != 4 { // opened, hello, queued, closed
			t.Errorf("something was added: %+v", c)
		}
	}
	back := there.connect("back").hello(map[string]any{"token": busy.token})
	back.say("is anybody there?")
	if back.conv == busy.conv || here.load(back.conv).Erased {
		t.Errorf("promise 18: they are in %q again", back.conv)
	}
}
