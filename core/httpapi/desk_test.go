package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/httpapi"
	"kefu/core/memstore"
)

// quiet is a floor and rooms that nobody is in.
type quiet struct{}

func (quiet) Tell(_ context.Context, id core.ConversationID, _ core.Input, done func(core.Change, error)) {
	done(core.Change{Conversation: core.Conversation{ID: id}}, nil)
}
func (quiet) Join(context.Context, *desk.Peer, ...desk.Topic) error { return nil }
func (quiet) Leave(context.Context, *desk.Peer)                     {}
func (quiet) Each(context.Context, []desk.Topic, func(*desk.Peer))  {}
func (quiet) Present(context.Context, desk.Topic) bool              { return false }

// read decodes an answer.
func (s *site) read(w *httptest.ResponseRecorder, v any) {
	s.Helper()
	if err := json.Unmarshal(w.Body.Bytes(), v); err != nil {
		s.Fatalf("%d %q: %v", w.Code, w.Body, err)
	}
}

// signIn returns the value of the Authorization header.
func (s *site) signIn(name, password string) string {
	s.Helper()
	w := s.ask("POST", "/v1/login", fmt.Sprintf(`{"name":%q,"password":%q}`, name, password), auth, "")
	if w.Code != 200 {
		s.Fatalf("login of %s: %d %s", name, w.Code, w.Body)
	}
	var got httpapi.Session
	s.read(w, &got)
	return "Bearer " + got.Token
}

const auth = "Authorization"

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// newDesk returns the handler over a desk that works, and its store.
func newDesk(t *testing.T, change ...func(*httpapi.Options)) (*site, *memstore.Store) {
	st := memstore.New("e1")
	d, err := desk.New(t.Context(), desk.Options{
		Store: st, Rooms: quiet{}, Floor: quiet{}, Seek: func(core.GroupID) {}, Now: func() time.Time { return now },
	})
	fatal(t, err)
	_, err = d.Bootstrap(t.Context(), "correct horse battery")
	fatal(t, err)
	return newSite(t, append(change, func(o *httpapi.Options) { o.Desk = d })...), st
}

// TestAccounts is the life of an account, over a desk that works.
func TestAccounts(t *testing.T) {
	s, _ := newDesk(t)
	s.wants(s.ask("POST", "/v1/login", `{"name":"admin","password":"guess"}`), 401, core.Unauthorized)
	s.wants(s.ask("GET", "/v1/agents", "", auth, "Bearer good"), 401, core.Unauthorized)
	root := s.signIn("admin", "correct horse battery")

	s.wants(s.ask("POST", "/v1/agents", `{"name":"bob","password":"short"}`, auth, root), 400, core.Invalid)
	w := s.ask("POST", "/v1/agents", `{"name":"bob","password":"bob's own words"}`, auth, root)
	var bob httpapi.Agent
	s.read(w, &bob)
	if w.Code != 201 || bob.Role != "agent" || bob.Capacity != 5 || bob.Weight != 1 || bob.Display != "bob" || strings.Join(bob.Groups, " ") != "default" {
		t.Fatalf("made %d %+v", w.Code, bob)
	}
	at := w.Header().Get("Location")
	if w := s.ask("GET", at, "", auth, root); w.Code != 200 || !strings.Contains(w.Body.String(), `"name":"bob"`) {
		t.Fatalf("at %s is %d %s", at, w.Code, w.Body)
	}
	s.wants(s.ask("POST", "/v1/agents", `{"name":"bob","password":"bob's own words"}`, auth, root), 409, core.Conflict)

	theirs := s.signIn("bob", "bob's own words")
	s.wants(s.ask("POST", "/v1/agents", `{"name":"eve","password":"eve's own words"}`, auth, theirs), 403, core.Forbidden)
	s.wants(s.ask("PATCH", at, `{"role":"admin"}`, auth, theirs), 403, core.Forbidden)
	s.wants(s.ask("DELETE", "/v1/agents/admin", "", auth, theirs), 403, core.Forbidden)
	w = s.ask("GET", "/v1/agents", "", auth, theirs)
	if w.Code != 200 || strings.Contains(w.Body.String(), "argon2") {
		t.Errorf("colleagues: %d %s", w.Code, w.Body)
	}

	if w := s.ask("PATCH", at, `{"display":"Bob","capacity":0}`, auth, root); w.Code != 200 || !strings.Contains(w.Body.String(), `"display":"Bob"`) || !strings.Contains(w.Body.String(), `"capacity":0`) {
		t.Errorf("changed to %d %s", w.Code, w.Body)
	}
	if w := s.ask("DELETE", at, "", auth, root); w.Code != 204 {
		t.Errorf("disabled: %d %s", w.Code, w.Body)
	}
	s.wants(s.ask("DELETE", "/v1/agents/admin", "", auth, root), 409, core.Conflict)
	s.wants(s.ask("GET", "/v1/agents/nobody", "", auth, root), 404, core.NotFound)
	s.wants(s.ask("GET", "/v1/groups", "", auth, theirs), 401, core.Unauthorized)
	s.wants(s.ask("POST", "/v1/login", `{"name":"bob","password":"bob's own words"}`), 401, core.Unauthorized)

	if w := s.ask("POST", "/v1/logout", "", auth, root); w.Code != 204 {
		t.Errorf("logout: %d %s", w.Code, w.Body)
	}
	s.wants(s.ask("GET", "/v1/groups", "", auth, root), 401, core.Unauthorized)
}

// TestPages: page by page, everything comes once, though three phases began in
// the same millisecond.
func TestPages(t *testing.T) {
	s, st := newDesk(t)
	rules, _ := core.DefaultSettings().Rules("default")
	var want []string
	for i := range 7 {
		visitor := fmt.Sprintf("v_%d", i)
		id := core.ConversationOf("default", core.VisitorID(visitor))
		said := core.Said{
			Frame: core.Frame{By: core.Actor{Party: core.Party{Kind: core.Visitor, ID: visitor}}, Origin: "origin-1", N: 1},
			Site:  "default", Body: core.Body{Kind: core.KindText, Text: "hello"},
		}
		at := now.Add(time.Duration(i/3) * 300 * time.Microsecond)
		_, err := core.Apply(t.Context(), st, core.Conversation{ID: id}, rules, at, said)
		fatal(t, err)
		want = append(want, string(id))
	}
	root := s.signIn("admin", "correct horse battery")
	seen, before := map[string]bool{}, ""
	for range 10 {
		w := s.ask("GET", "/v1/conversations?limit=3&phase=waiting&before="+url.QueryEscape(before), "", auth, root)
		var page struct {
			Conversations []struct{ ID string }
			Next          string
		}
		s.read(w, &page)
		for _, c := range page.Conversations {
			if seen[c.ID] {
				t.Errorf("%s comes twice", c.ID)
			}
			seen[c.ID] = true
		}
		if before = page.Next; before == "" {
			break
		}
	}
	if len(seen) != len(want) || before != "" {
		t.Errorf("saw %d of %d, next %q", len(seen), len(want), before)
	}
	w := s.ask("GET", "/v1/conversations/"+want[0]+"/events?limit=1&after=0", "", auth, root)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"more":true`) || !strings.Contains(w.Body.String(), `"seq":1`) {
		t.Errorf("events: %d %s", w.Code, w.Body)
	}
	s.wants(s.ask("GET", "/v1/conversations/"+want[0]+"/events?after=0&before=9", "", auth, root), 400, core.Invalid)
	s.wants(s.ask("GET", "/v1/conversations/c_unknown", "", auth, root), 404, core.NotFound)
}
