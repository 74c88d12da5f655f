package desk_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// operated is a node whose operator may decide otherwise at any time.
func operated(t *testing.T, change ...func(*desk.Options)) (*node, *desk.Operator) {
	t.Helper()
	decided := &desk.Operator{}
	change = append(change, func(o *desk.Options) { o.Operator = func() desk.Operator { return *decided } })
	return newWorld(t).node(change...), decided
}

// What is off is off within seconds, even for a session that the assistant has;
// the settings say what they said, and it is on again as quickly.
func TestSwitchedOff(t *testing.T) {
	var asked []core.ConversationID
	n, decided := operated(t, func(o *desk.Options) {
		o.Ask = func(id core.ConversationID, _ uint64) { asked = append(asked, id) }
	})
	root, _ := leads(n)
	n.set(func(s *core.Settings) {
		s.Sites[0].Assistant = true
		s.Sites[0].Invite = []core.Invite{{ID: "cart", Text: core.Texts{"en": "Help?"}, After: time.Second, Again: time.Hour}}
	})
	shows := func(name string) string {
		return string(wire.Encode(n.connect(name).hello(nil).find("welcome").of("site")))
	}
	vi := n.visitor("vi")
	vi.say("hello")
	if len(asked) != 1 || !strings.Contains(shows("first"), `"invite"`) {
		t.Fatalf("the assistant was asked %d times; %s", len(asked), shows("again"))
	}
	decided.NoBot, decided.NoInvitations = true, true
	n.pass(6 * time.Second)
	if got := shows("later"); strings.Contains(got, `"invite"`) {
		t.Errorf("off, and %s", got)
	}
	n.visitor("wu").say("hello")
	vi.say("are you there?")
	if len(asked) != 1 {
		t.Errorf("the assistant was asked %d times", len(asked))
	}
	if s := n.settings(root); !s.Sites[0].Assistant || len(s.Sites[0].Invite) != 1 {
		t.Errorf("the settings themselves changed: %+v", s.Sites[0])
	}
	decided.NoBot, decided.NoInvitations = false, false
	n.pass(6 * time.Second)
	if got := shows("last"); !strings.Contains(got, `"invite"`) {
		t.Errorf("on again, and %s", got)
	}
	if n.visitor("xu").say("hello"); len(asked) != 2 {
		t.Errorf("the assistant was asked %d times", len(asked))
	}
}

// Settings of the operator count, are shown, and are nobody's to change.
func TestSettingsOfTheOperator(t *testing.T) {
	n, decided := operated(t)
	root, _ := leads(n)
	n.changed(root, func(s *core.Settings) { s.Sites[0].Name = "Stored" })
	theirs := core.DefaultSettings()
	theirs.Sites[0].Name = "Written"
	decided.Settings = &theirs
	n.pass(6 * time.Second)
	read := n.settings(root)
	if read.Sites[0].Name != "Written" || read.Version != 1 {
		t.Errorf("shown is %+v", read)
	}
	if got := string(wire.Encode(n.connect("vi").hello(nil).find("welcome").of("site"))); !strings.Contains(got, `"name":"Written"`) {
		t.Errorf("a visitor sees %s", got)
	}
	read.Sites[0].Name = "Mine"
	_, err := n.desk.ChangeSettings(t.Context(), root, read)
	_, preview := n.desk.PreviewSettings(t.Context(), root, read)
	_, back := n.desk.RollbackSettings(t.Context(), root, 1)
	_, group := n.desk.CreateGroup(t.Context(), root, core.Group{ID: "sales", Name: "Sales"})
	for _, err := range []error{err, preview, back, group} {
		if core.CodeOf(err) != core.Forbidden || !strings.Contains(err.Error(), "configuration file") {
			t.Errorf("got %v", err)
		}
	}
	decided.Settings = nil
	n.pass(6 * time.Second)
	if got := n.settings(root).Sites[0].Name; got != "Stored" {
		t.Errorf("without them it is %q", got)
	}
}

// While webhooks are off nothing is sent, and nothing is lost: it is when they
// are on again.
func TestWebhooksSwitchedOff(t *testing.T) {
	r := &receiver{TB: t}
	n, decided := operated(t, func(o *desk.Options) { o.Outgoing = r.post })
	n.hook(r, desk.Webhook{})
	decided.NoWebhooks = true
	vi := n.visitor("vi")
	vi.say("one")
	n.must(n.desk.DeliverHooks(t.Context()))
	if len(r.ids) != 0 {
		t.Errorf("off, and told %q", r.ids)
	}
	decided.NoWebhooks = false
	n.must(n.desk.DeliverHooks(t.Context()))
	r.hears(n, 1, vi)
}
