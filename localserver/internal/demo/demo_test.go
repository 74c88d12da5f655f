package demo

import (
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// A store that is somebody's stays as it is.
func TestFillRefuses(t *testing.T) {
	st := memstore.New("e1")
	mine := core.Account{ID: "a", Version: 1, Name: "a", Role: core.RoleAgent}
	if err := st.PutAccount(t.Context(), mine); err != nil {
		t.Fatal(err)
	}
	if _, err := Fill(t.Context(), st, time.Now(), "en"); core.CodeOf(err) != core.Conflict {
		t.Errorf("Fill: %v", err)
	}
	if s, err := st.Settings(t.Context()); err != nil || s.Version != 0 {
		t.Errorf("the settings are version %d, %v", s.Version, err)
	}
}

// Whoever may log in has the capacity that the table says, and the past is over.
func TestFill(t *testing.T) {
	st, now := memstore.New("e1"), time.Now()
	cast, err := Fill(t.Context(), st, now, "en_IE.UTF-8")
	if err != nil || len(cast.Logins) != 3 || len(cast.workers) != 2 {
		t.Fatalf("%+v, %v", cast, err)
	}
	list, err := st.List(t.Context(), core.Query{Limit: 200})
	if err != nil || len(list) < 100 {
		t.Fatalf("%d conversations, %v", len(list), err)
	}
	for _, c := range list {
		if c.Session.Phase != core.Closed || c.At.After(now) || c.At.Before(now.Add(-9*aDay)) {
			t.Errorf("%s is %s since %s", c.ID, c.Session.Phase, c.At)
		}
	}
	for _, h := range hands() {
		if a, err := st.Account(t.Context(), core.AgentID(h.name)); err != nil || a.Capacity != h.capacity || a.Display == "" {
			t.Errorf("%+v, %v", a, err)
		}
	}
}

// Each story can be played: the visitor begins and has the last word, and both
// languages have the same ones.
func TestStories(t *testing.T) {
	counts := map[string]int{}
	for _, lang := range []string{"en", "zh"} {
		s, err := scriptIn(lang)
		if err != nil {
			t.Fatal(err)
		}
		counts[lang] = len(s.stories)
		for _, x := range s.stories {
			if n := len(x.lines); n < 3 || !x.lines[0].visitor || !x.lines[n-1].visitor || x.site != shop && x.site != trade {
				t.Errorf("%s: %+v", lang, x)
			}
			if say := s.answer(x.lines[0].text); len(say) == 0 || say[0] != x.lines[1].text {
				t.Errorf("%s: to %q they say %q", lang, x.lines[0].text, say)
			}
		}
		if say := s.answer("?"); len(say) != 1 || say[0] == "" {
			t.Errorf("%s: to what nobody wrote they say %q", lang, say)
		}
	}
	if counts["en"] != counts["zh"] {
		t.Errorf("stories: %v", counts)
	}
	if _, err := parse("en", "V too early\n", ""); err == nil {
		t.Error("a line without a story is taken")
	}
}
