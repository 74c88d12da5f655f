package desk_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

const (
	oldSecret = "0123456789abcdef0123456789abOLD1"
	newSecret = "0123456789abcdef0123456789abNEW2"
)

// leads hires an admin and a supervisor.
func leads(n *node) (root, eve core.Account) {
	return n.hire("root", core.RoleAdmin, 1), n.hire("eve", core.RoleSupervisor, 1)
}

// settings reads them as an account.
func (n *node) settings(who core.Account) core.Settings {
	n.Helper()
	s, err := n.desk.Settings(n.Context(), who)
	n.must(err)
	return s
}

// change is a change of what somebody read.
func (n *node) change(who core.Account, change func(*core.Settings)) (core.Settings, error) {
	n.Helper()
	s := n.settings(who)
	change(&s)
	return n.desk.ChangeSettings(n.Context(), who, s)
}

// changed is one that succeeds.
func (n *node) changed(who core.Account, change func(*core.Settings)) core.Settings {
	n.Helper()
	s, err := n.change(who, change)
	n.must(err)
	return s
}

// Of two who read the same version one changes it, and the other learns that.
// What is new counts at once.
func TestSettingsAreComparedAndSwapped(t *testing.T) {
	n := newNode(t)
	root, eve := leads(n)
	read := n.settings(root)
	if read.Version != 0 || len(read.Sites) != 1 {
		t.Fatalf("at first %+v", read)
	}
	n.pass(1500 * time.Microsecond)
	now := n.changed(root, func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales", Name: "Sales"}) })
	if now.Version != 1 || now.By != "root" || !now.At.Equal(nine.Add(time.Millisecond)) {
		t.Errorf("stored as %d by %s at %v", now.Version, now.By, now.At)
	}
	if groups, err := n.desk.Groups(t.Context(), eve); err != nil || len(groups) != 2 {
		t.Errorf("groups %v, %v", groups, err)
	}
	read.Sites[0].Name = "Mine"
	_, err := n.desk.ChangeSettings(t.Context(), root, read)
	n.code(core.Conflict, err)
	_, err = n.desk.PreviewSettings(t.Context(), root, read)
	n.code(core.Conflict, err)
	if s := n.settings(root); s.Version != 1 || s.Sites[0].Name != "Kefu" {
		t.Errorf("a stale change is stored: %+v", s)
	}
}

func TestSettingsRace(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	read := n.settings(root)
	codes := make([]core.Code, 16)
	var all sync.WaitGroup
	for i := range codes {
		all.Go(func() {
			mine := read
			mine.Sites = slices.Clone(read.Sites)
			mine.Sites[0].Name = fmt.Sprint("site of ", i)
			_, err := n.desk.ChangeSettings(t.Context(), root, mine)
			codes[i] = core.CodeOf(err)
		})
	}
	all.Wait()
	slices.Sort(codes)
	if codes[0] != "" || codes[1] != core.Conflict || len(slices.Compact(codes)) != 2 || n.settings(root).Version != 1 {
		t.Errorf("came to %q, version %d", codes, n.settings(root).Version)
	}
}

// A provider's key leaves the server only as a mask, which counts only beside
// the URL it was given for: no other host is ever sent it.
func TestKeysAreMasked(t *testing.T) {
	n := newNode(t)
	root, eve := leads(n)
	const key, here, there = "sk-0123456789abcdef", "https://llm.example/v1", "https://evil.example/v1"
	providers := func(list ...core.Provider) func(*core.Settings) {
		return func(s *core.Settings) { s.Sites[0].Receptionist.Providers = list }
	}
	keys := func(s core.Settings) (out []string) {
		for _, p := range s.Sites[0].Receptionist.Providers {
			out = append(out, p.Key)
		}
		return out
	}
	stored := func(want ...string) {
		t.Helper()
		s, err := n.store.Settings(t.Context())
		n.must(err)
		if got := keys(s); !slices.Equal(got, want) {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
	first, local := core.Provider{URL: here, Model: "m", Key: key}, core.Provider{URL: "http://localhost:11434/v1", Model: "m", Key: "ollama"}
	if got := keys(n.changed(root, providers(first, local))); !slices.Equal(got, []string{"••••cdef", "••••"}) {
		t.Errorf("the answer to the change has %q", got)
	}
	if got := keys(n.settings(eve)); !slices.Equal(got, []string{"", ""}) {
		t.Errorf("a supervisor sees %q", got)
	}
	n.changed(root, func(s *core.Settings) { s.Sites[0].Name = "Shop" })
	stored(key, "ollama")
	was := n.settings(root).Version
	n.changed(root, func(s *core.Settings) { // one is moved, and comes along
		p := s.Sites[0].Receptionist.Providers
		p[0], p[1] = p[1], p[0]
	})
	stored("ollama", key)
	_, err := n.change(root, func(s *core.Settings) { s.Sites[0].Receptionist.Providers[1].URL = there })
	if n.code(core.Invalid, err); err != nil && !strings.Contains(err.Error(), "providers[1].key: ") {
		t.Error(err)
	}
	stored("ollama", key)
	n.changed(root, providers(core.Provider{URL: here, Model: "m", Key: "sk-another-one-entirely"}))
	_, err = n.desk.RollbackSettings(t.Context(), root, was) // the key that leaked does not come back
	n.must(err)
	stored("sk-another-one-entirely", "ollama")
	history, _, err := n.desk.SettingsHistory(t.Context(), root, 0, 50)
	if said := fmt.Sprint(history); err != nil || strings.Contains(said, key) || !strings.Contains(said, "••••cdef") {
		t.Errorf("the history says %s, %v", said, err)
	}
}

// Secrets leave the server only as masks, and come back as what they were.
func TestSecretsAreMasked(t *testing.T) {
	n := newNode(t)
	root, eve := leads(n)
	secrets := func(list ...string) func(*core.Settings) {
		return func(s *core.Settings) { s.Sites[0].Users.Secrets = list }
	}
	stored := func(want ...string) {
		t.Helper()
		s, err := n.store.Settings(t.Context())
		n.must(err)
		if got := s.Sites[0].Users.Secrets; !slices.Equal(got, want) {
			t.Errorf("stored %q, want %q", got, want)
		}
	}
	if got := n.changed(root, secrets(oldSecret)).Sites[0].Users.Secrets; !slices.Equal(got, []string{"••••OLD1"}) {
		t.Errorf("the answer to the change has %q", got)
	}
	stored(oldSecret)
	if got := n.settings(root).Sites[0].Users.Secrets; !slices.Equal(got, []string{"••••OLD1"}) {
		t.Errorf("an admin sees %q", got)
	}
	if got := n.settings(eve).Sites[0].Users.Secrets; len(got) != 0 {
		t.Errorf("a supervisor sees %q", got)
	}
	n.changed(root, func(s *core.Settings) { s.Sites[0].Name = "Shop" })
	stored(oldSecret)
	n.changed(root, secrets(newSecret, "••••OLD1"))
	stored(newSecret, oldSecret)

	// One that ends alike is told apart by its place; one that is nobody's is refused.
	twin := strings.Replace(newSecret, "0", "z", 1)
	n.changed(root, secrets(newSecret, twin))
	n.changed(root, func(s *core.Settings) { s.Sites[0].Name = "Kefu" })
	stored(newSecret, twin)
	_, err := n.change(root, secrets("••••NOPE"))
	n.code(core.Invalid, err)
	if !strings.Contains(err.Error(), "sites[0].users.secrets[0]: ") {
		t.Error(err)
	}
	stored(newSecret, twin)
	history, _, err := n.desk.SettingsHistory(t.Context(), root, 0, 50)
	n.must(err)
	if all, _ := json.Marshal(history); strings.Contains(string(all), "0123456789") || !strings.Contains(string(all), "••••OLD1") {
		t.Errorf("the history shows %s", all)
	}
}

// Everything that is wrong is said at once.
func TestSettingsFaults(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	_, err := n.change(root, func(s *core.Settings) {
		s.Sites[0].Origins = []string{"shop"}
		s.Sites[0].Hours.Zone = "Mars/Olympus"
		s.Groups[0].ID = "!"
		s.Limits.Text = 0
	})
	n.code(core.Invalid, err)
	for _, path := range []string{"groups[0].id: ", "sites[0].groups[0]: ", "sites[0].origins[0]: ", "limits.text: ", "sites[0].hours.zone: "} {
		if !strings.Contains(err.Error(), path) {
			t.Errorf("no %q in %v", path, err)
		}
	}
	if n.settings(root).Version != 0 {
		t.Error("they are stored all the same")
	}
}

func TestSettingsByRole(t *testing.T) {
	n := newNode(t)
	_, eve := leads(n)
	amy := n.hire("amy", core.RoleAgent, 1)
	for _, who := range []core.Account{amy, eve, {}} {
		_, err := n.desk.Settings(t.Context(), who)
		if who.ID == "eve" {
			n.must(err)
		} else {
			n.code(core.Forbidden, err)
		}
		_, err = n.desk.ChangeSettings(t.Context(), who, core.DefaultSettings())
		n.code(core.Forbidden, err)
		_, err = n.desk.PreviewSettings(t.Context(), who, core.DefaultSettings())
		n.code(core.Forbidden, err)
		_, _, err = n.desk.SettingsHistory(t.Context(), who, 0, 10)
		n.code(core.Forbidden, err)
		_, err = n.desk.RollbackSettings(t.Context(), who, 1)
		n.code(core.Forbidden, err)
		_, err = n.desk.CreateGroup(t.Context(), who, core.Group{Name: "x"})
		n.code(core.Forbidden, err)
		_, err = n.desk.ChangeGroup(t.Context(), who, "default", "", func(*core.Group) error { return nil })
		n.code(core.Forbidden, err)
		n.code(core.Forbidden, n.desk.DeleteGroup(t.Context(), who, "default"))
	}
}

// A preview says what would change, and changes nothing.
func TestPreview(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	next := n.settings(root)
	next.Sites[0].Timeouts.Agent = 2 * time.Minute
	got, err := n.desk.PreviewSettings(t.Context(), root, next)
	n.must(err)
	if want := []desk.Difference{{Path: "sites[default].timeouts.agent", Before: "3m", After: "2m"}}; !slices.Equal(got, want) {
		t.Errorf("would change %v", got)
	}
	if n.settings(root).Version != 0 {
		t.Error("a preview is stored")
	}
	next.Limits.Batch = 0
	_, err = n.desk.PreviewSettings(t.Context(), root, next)
	n.code(core.Invalid, err)
}

// The history says who changed what when, and a way back is one more version.
func TestHistoryAndRollback(t *testing.T) {
	n := newNode(t)
	root, _ := leads(n)
	for _, name := range []string{"one", "two", "three"} {
		n.pass(time.Minute)
		n.changed(root, func(s *core.Settings) { s.Sites[0].Name = name })
	}
	list, more, err := n.desk.SettingsHistory(t.Context(), root, 0, 2)
	n.must(err)
	if len(list) != 2 || !more || list[0].Version != 3 || !list[0].At.Equal(n.clock()) || list[0].By != "root" {
		t.Errorf("history %+v, more %v", list, more)
	}
	if want := (desk.Difference{Path: "sites[default].name", Before: "two", After: "three"}); len(list[0].Changes) != 1 || list[0].Changes[0] != want {
		t.Errorf("changed %+v", list[0].Changes)
	}
	list, more, err = n.desk.SettingsHistory(t.Context(), root, 2, 2)
	n.must(err)
	if len(list) != 1 || more || list[0].Changes[0].Before != "Kefu" || list[0].Changes[0].After != "one" {
		t.Errorf("the first version: %+v, more %v", list, more)
	}
	secret := strings.Repeat("s", 32)
	n.changed(root, func(s *core.Settings) { s.Sites[0].Users.Secrets = []string{secret} })
	back, err := n.desk.RollbackSettings(t.Context(), root, 1)
	n.must(err)
	stored, err := n.store.Settings(t.Context())
	n.must(err)
	if got := stored.Sites[0].Users.Secrets; !slices.Equal(got, []string{secret}) {
		t.Errorf("the way back changes the secrets to %q", got)
	}
	if back.Version != 5 || back.Sites[0].Name != "one" || n.settings(root).Sites[0].Name != "one" {
		t.Errorf("rolled back to %+v", back)
	}
	for _, version := range []uint64{0, 9} {
		_, err = n.desk.RollbackSettings(t.Context(), root, version)
		n.code(core.NotFound, err)
	}
}
