package desk_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

func listing(o *desk.Options) { o.Lists = true }

// Who is on the pages and says nothing is listed, with the page they went to;
// who is invited and answers is the inviter's, though another has less to do.
func TestLiveVisitors(t *testing.T) {
	n := newWorld(t).node(listing)
	amy := n.agent("amy", core.RoleAgent, 5).online()
	n.agent("bo", core.RoleAgent, 5).online()
	account, err := n.store.Account(t.Context(), "amy")
	n.must(err)
	busy := n.visitor("busy")
	busy.say("hello")
	first := n.visitor("vi")
	first.serve(`{"type":"page","page":{"url":"https://shop.example/cart","title":"Cart"}}`)
	id := core.VisitorID(first.peer.Who.ID)
	list, more, err := n.desk.LiveVisitors(t.Context(), account)
	if err != nil || more || len(list) != 1 || list[0].ID != id || list[0].Page.URL != "https://shop.example/cart" || list[0].Invited {
		t.Fatalf("%+v, %v, %v", list, more, err)
	}
	if _, err := n.store.Profile(t.Context(), id); core.CodeOf(err) != core.NotFound {
		t.Errorf("who only looks at a page leaves a record: %v", err)
	}
	amy.in(busy).end()
	first.seenAll()
	n.must(n.desk.Invite(t.Context(), account, "default", id, "Any questions?"))
	if got := first.find("invite"); got.str("text") != "Any questions?" || got.of("by").str("id") != "amy" {
		t.Errorf("invited with %+v", got)
	}
	first.say("yes, one")
	if c := n.load(first.conv); c.Session.Agent != "amy" {
		t.Errorf("the answer went to %q", c.Session.Agent)
	}
	if p, err := n.store.Profile(t.Context(), id); err != nil || p.Page.Title != "Cart" || len(p.Pages) == 0 {
		t.Errorf("%+v, %v", p, err)
	}
	for want, err := range map[core.Code]error{
		core.Conflict:    n.desk.Invite(t.Context(), account, "default", id, "again?"),
		core.NotFound:    n.desk.Invite(t.Context(), account, "default", "v_gone", "hello?"),
		core.Invalid:     n.desk.Invite(t.Context(), account, "default", id, ""),
		core.Unsupported: second(n.node().desk.LiveVisitors(t.Context(), account)),
	} {
		if core.CodeOf(err) != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
	outsider := n.hire("cy", core.RoleAgent, 1, "billing")
	if list, _, err := n.desk.LiveVisitors(t.Context(), outsider); err != nil || len(list) != 0 {
		t.Errorf("an agent of another group is shown %v, %v", list, err)
	}
}

func second(_ []desk.LiveVisitor, _ bool, err error) error { return err }

// The floor says who waits and what keeps everybody from them; the record of a
// visitor what they had before.
func TestFloorAndRecord(t *testing.T) {
	n := newNode(t)
	sue := n.hire("sue", core.RoleSupervisor, 0, "none")
	amy := n.agent("amy", core.RoleAgent, 1).online()
	account, err := n.store.Account(t.Context(), "amy")
	n.must(err)
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("hello")
	n.pass(time.Second)
	wu.say("anybody?")
	view, err := n.desk.FloorNow(t.Context(), sue)
	n.must(err)
	g := view.Groups[0]
	if g.Waiting != 1 || g.Online != 1 || g.Free != 0 || g.First == nil || g.First.Conversation != wu.conv || len(g.First.Why.Removed) != 1 || g.First.Why.Removed[0].Bar != "full" {
		t.Errorf("%+v", g)
	}
	if i := slices.IndexFunc(view.Agents, func(a desk.AgentView) bool { return a.ID == "amy" }); view.Agents[i].Held != 1 || view.Agents[i].Lease.IsZero() {
		t.Errorf("%+v", view.Agents)
	}
	if _, err := n.desk.FloorNow(t.Context(), account); core.CodeOf(err) != core.Forbidden {
		t.Errorf("an agent reads the floor: %v", err)
	}
	if _, err := n.desk.Why(t.Context(), account, vi.conv); core.CodeOf(err) != core.Conflict {
		t.Errorf("why of one that is held: %v", err)
	}
	why, err := n.desk.Why(t.Context(), account, wu.conv)
	if err != nil || why.Able != 0 || len(why.Removed) != 1 {
		t.Errorf("%+v, %v", why, err)
	}
	amy.in(vi).say("hi")
	amy.in(vi).end()
	vi.own().frame("rate", map[string]any{"score": 4})
	vi.say("again")
	r, err := n.desk.Visitor(t.Context(), account, core.VisitorID(vi.peer.Who.ID))
	if err != nil || len(r.Sessions) != 2 || r.Sessions[1].Score != 4 || r.Sessions[1].Agent != "amy" || r.Sessions[1].Ended.IsZero() || !r.Sessions[0].Ended.IsZero() || !r.Online {
		t.Errorf("%+v, %v", r, err)
	}
	outsider := n.hire("cy", core.RoleAgent, 1, "billing")
	if _, err := n.desk.Visitor(t.Context(), outsider, core.VisitorID(vi.peer.Who.ID)); core.CodeOf(err) != core.Forbidden {
		t.Errorf("an agent of another group reads them: %v", err)
	}
}

func TestNetworks(t *testing.T) {
	for s, want := range map[string]core.VisitorID{
		"203.0.113.7": "net:203.0.113.7/32", "203.0.113.7/24": "net:203.0.113.0/24", "2001:db8::1/32": "net:2001:db8::/32",
		"::ffff:203.0.113.7": "net:203.0.113.7/32", "": "", "v_1": "", "203.0.113.0/33": "", "net:203.0.113.7": "",
	} {
		if got := desk.NetworkOf(s); got != want {
			t.Errorf("%q is %q, want %q", s, got, want)
		}
	}
}

// Who comes from a range that is kept out is closed, and does not come in.
func TestBlockedNetwork(t *testing.T) {
	n := newWorld(t).node(listing)
	sue := n.hire("sue", core.RoleSupervisor, 1)
	vi := n.visitor("vi")
	addr := vi.peer.Addr
	block := func(ctx context.Context, s string) {
		n.must(n.desk.Block(ctx, sue, core.Block{Visitor: desk.NetworkOf(s)}))
	}
	block(t.Context(), "198.51.100.0/24")
	n.after(cached)
	if vi.closed() != 0 {
		t.Fatalf("%s is not of that range", addr)
	}
	block(t.Context(), addr)
	n.after(cached)
	if vi.closed() != wire.CloseForbidden {
		t.Errorf("%q: closed with %d", addr, vi.closed())
	}
	if err := n.desk.Block(t.Context(), sue, core.Block{Visitor: "net:anything"}); core.CodeOf(err) != core.Invalid {
		t.Errorf("a range that is none: %v", err)
	}
}
