package desk_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

func titles(list []desk.Reply) string {
	var out []string
	for _, r := range list {
		out = append(out, r.Title)
	}
	return strings.Join(out, " ")
}

// Who may use which reply, and who keeps it.
func TestReplies(t *testing.T) {
	w := newWorld(t)
	w.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
	n := w.node()
	amy, bo, eve := w.hire("amy", core.RoleAgent, 1, "sales"), w.hire("bo", core.RoleAgent, 1), w.hire("eve", core.RoleSupervisor, 1)
	ctx := t.Context()
	make := func(who core.Account, r desk.Reply) desk.Reply {
		t.Helper()
		r.Text = "Hello {{ visitor.name }}, {{agent.name}} of {{site.name}}"
		n.pass(time.Second)
		made, err := n.desk.CreateReply(ctx, who, r)
		w.must(err)
		return made
	}
	own := make(amy, desk.Reply{Title: "Own", Shortcut: "/hi"})
	all := make(eve, desk.Reply{Title: "All", Shortcut: "hi", Shared: true})
	sales := make(eve, desk.Reply{Title: "Sales", Shortcut: "price", Shared: true, Group: "sales"})
	make(bo, desk.Reply{Title: "Bos", Group: "sales"})
	for who, want := range map[*core.Account]string{&amy: "All Own Sales", &bo: "Bos All", &eve: "All Sales"} {
		list, err := n.desk.Replies(ctx, *who, "")
		if w.must(err); titles(list) != want {
			t.Errorf("%s uses %q, want %q", who.ID, titles(list), want)
		}
	}
	for search, want := range map[string]string{"/HI": "All Own", "sal": "Sales", "PRICE": "Sales", "visitor": "All Own Sales", "nothing": ""} {
		list, err := n.desk.Replies(ctx, amy, search)
		if w.must(err); titles(list) != want {
			t.Errorf("%q finds %q, want %q", search, titles(list), want)
		}
	}
	yes, no, text := true, false, "Bye"
	for _, c := range []struct {
		who  core.Account
		id   string
		p    desk.ReplyPatch
		code core.Code
	}{
		{bo, own.ID, desk.ReplyPatch{Text: &text}, core.NotFound}, // nobody else learns that it is there
		{eve, own.ID, desk.ReplyPatch{Text: &text}, core.NotFound},
		{bo, all.ID, desk.ReplyPatch{Text: &text}, core.Forbidden},
		{bo, sales.ID, desk.ReplyPatch{Text: &text}, core.NotFound},
		{amy, own.ID, desk.ReplyPatch{Shared: &yes}, core.Forbidden},
		{amy, all.ID, desk.ReplyPatch{Shared: &no}, core.Forbidden},
		{amy, "r_none", desk.ReplyPatch{}, core.NotFound},
		{amy, own.ID, desk.ReplyPatch{Text: &text}, ""},
		{eve, all.ID, desk.ReplyPatch{Text: &text}, ""},
	} {
		if _, err := n.desk.ChangeReply(ctx, c.who, c.id, 0, c.p); core.CodeOf(err) != c.code {
			t.Errorf("%s changes %s: %v, want %q", c.who.ID, c.id, err, c.code)
		}
	}
	_, err := n.desk.ChangeReply(ctx, eve, all.ID, 1, desk.ReplyPatch{Text: &text})
	n.code(core.Conflict, err)
	n.code(core.Forbidden, n.desk.DeleteReply(ctx, amy, all.ID))
	n.pass(time.Second)
	n.must(n.desk.DeleteReply(ctx, eve, all.ID))
	n.must(n.desk.DeleteReply(ctx, amy, own.ID))

	root := w.hire("root", core.RoleAdmin, 1)
	entries, _, err := n.desk.Audit(ctx, root, desk.AuditQuery{Limit: 10})
	n.must(err)
	for _, e := range entries {
		if e.Target == own.ID {
			t.Errorf("what amy keeps for herself is in the audit: %+v", e)
		}
	}
	if len(entries) != 4 || entries[0].Operation != "delete-reply" || entries[0].By != "eve" {
		t.Errorf("the audit has %+v", entries)
	}
}

func TestBadReplies(t *testing.T) {
	n := newNode(t)
	eve := n.hire("eve", core.RoleSupervisor, 1)
	long := strings.Repeat("长", 4001)
	_, err := n.desk.CreateReply(t.Context(), eve, desk.Reply{Title: "One", Text: "1", Shortcut: "hi", Shared: true})
	n.must(err)
	for _, c := range []struct {
		r    desk.Reply
		says string
	}{
		{desk.Reply{Text: "x"}, "title: "}, {desk.Reply{Title: " ", Text: "x"}, "title: "}, {desk.Reply{Title: long, Text: "x"}, "title: "},
		{desk.Reply{Title: "x"}, "text: "}, {desk.Reply{Title: "x", Text: long}, "text: "},
		{desk.Reply{Title: "x", Text: "Hello {{visitor.nam}}"}, "text: {{visitor.nam}} is not known"},
		{desk.Reply{Title: "x", Text: "x", Shortcut: "a b"}, "shortcut: "}, {desk.Reply{Title: "x", Text: "x", Shortcut: long}, "shortcut: "},
		{desk.Reply{Title: "x", Text: "x", Shared: true, Group: "none"}, "group: "},
		{desk.Reply{Title: "x", Text: "x", Shortcut: "HI", Shared: true}, `shortcut: "HI" is taken by "One"`},
	} {
		if _, err := n.desk.CreateReply(t.Context(), eve, c.r); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v: %v, want %s", c.r, err, c.says)
		}
	}
}
