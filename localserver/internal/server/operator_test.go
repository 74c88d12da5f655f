package server

import (
	"strings"
	"testing"
)

// Settings and switches in the file are in force with the reload, and a broken
// one changes nothing.
func TestOperator(t *testing.T) {
	var log record
	src := newSource(t, "settings: {sites: [{id: default, name: First, groups: [default], users: {secrets: [walnut-walnut-walnut-walnut-walnut]}}]}\n")
	s := src.begin(t, &log)
	if o := s.operator(); o.Settings == nil || o.Settings.Sites[0].Name != "First" || o.NoBot {
		t.Fatalf("at the start %+v", o)
	}
	src.say("settings: {sites: [{id: default, name: Second, groups: [default]}]}\noff: {bot: true, invitations: true, webhooks: true}\n")
	s.Reload()
	if o := s.operator(); o.Settings.Sites[0].Name != "Second" || !o.NoBot || !o.NoInvitations || !o.NoWebhooks {
		t.Errorf("then %+v", o)
	}
	for _, want := range []string{"key=settings", "key=off.bot from=false to=true"} {
		if log.with(want) != 1 {
			t.Errorf("no %q in %q", want, log.lines)
		}
	}
	src.say("settings: {sites: [{id: default, name: Third, groups: [nowhere]}]}\n")
	s.Reload()
	if o := s.operator(); o.Settings.Sites[0].Name != "Second" || log.with("nowhere") != 1 {
		t.Errorf("a broken one: %+v, %q", o, log.lines)
	}
	for _, line := range log.lines {
		if strings.Contains(line, "walnut") {
			t.Errorf("a secret is in the log: %s", line)
		}
	}
	src.say("")
	s.Reload()
	if o := s.operator(); o.Settings != nil || o.NoBot {
		t.Errorf("at last %+v", o)
	}
}
