package httpapi_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/codec"
	"kefu/core/httpapi"
)

// TestSettings is the life of the settings, over a desk that works.
func TestSettings(t *testing.T) {
	s, _ := newDesk(t)
	root := s.signIn("admin", "correct horse battery")
	was := s.ask("GET", "/v1/settings", "", auth, root).Body.String()
	if !strings.HasPrefix(was, `{"version":0,"by":"","sites":[{"id":"default"`) {
		t.Fatalf("at first %s", was)
	}
	next := strings.Replace(was, `"agent":"3m"`, `"agent":"2m"`, 1)
	const difference = `"changes":[{"path":"sites[default].timeouts.agent","before":"3m","after":"2m"}]`
	if w := s.ask("PUT", "/v1/settings?preview=true", next, auth, root); w.Code != 200 || strings.TrimSpace(w.Body.String()) != `{`+difference+`}` {
		t.Errorf("preview: %d %s", w.Code, w.Body)
	}
	w := s.ask("PUT", "/v1/settings", next, auth, root)
	if w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"version":1,"at":"2026-11-23T17:00:00.123Z","by":"admin",`) {
		t.Errorf("changed: %d %s", w.Code, w.Body)
	}
	s.wants(s.ask("PUT", "/v1/settings", next, auth, root), 409, core.Conflict)
	w = s.ask("GET", "/v1/settings/history", "", auth, root)
	if want := `{"versions":[{"version":1,"at":"2026-11-23T17:00:00.123Z","by":"admin",` + difference + `}]}`; strings.TrimSpace(w.Body.String()) != want {
		t.Errorf("history: %d %s", w.Code, w.Body)
	}
	if w := s.ask("POST", "/v1/settings/rollback", `{"version":1}`, auth, root); w.Code != 200 || !strings.HasPrefix(w.Body.String(), `{"version":2,`) {
		t.Errorf("rolled back: %d %s", w.Code, w.Body)
	}
	s.wants(s.ask("POST", "/v1/settings/rollback", `{"version":9}`, auth, root), 404, core.NotFound)
}

// TestSettingsFaults: all that is wrong, by place, from both who look.
func TestSettingsFaults(t *testing.T) {
	s, _ := newDesk(t)
	root := s.signIn("admin", "correct horse battery")
	for body, want := range map[string]string{
		`{"version":0}`: "body.sites body.limits.text body.limits.frame body.limits.batch",
		`{"version":0,"sites":[{"id":7}],"limits":{"text":"x"},"colour":1}`: "body.sites[0].id body.limits.text body.colour",
		`[]`: "body.settings",
	} {
		p := s.wants(s.ask("PUT", "/v1/settings", body, auth, root), 400, core.Invalid)
		var got []string
		for _, f := range p.Faults {
			got = append(got, f.Location)
		}
		if strings.Join(got, " ") != want || !strings.HasPrefix(p.Detail, got[0]+": ") {
			t.Errorf("%s: %q, %q", body, got, p.Detail)
		}
	}
	for body, says := range map[string]string{
		``: "required", `{`: "not JSON", `{"a":1,"A":2}`: "names a field twice", "{\"by\":\"\xff\"}": "UTF-8",
		strings.Repeat(`{"a":`, 20) + "1" + strings.Repeat("}", 20): "nested too deep",
	} {
		p := s.wants(s.ask("PUT", "/v1/settings", body, auth, root), 400, core.Invalid)
		if !strings.Contains(p.Detail, says) {
			t.Errorf("%.30s says %q", body, p.Detail)
		}
	}
}

func TestGroupsOverHTTP(t *testing.T) {
	s, _ := newDesk(t)
	root := s.signIn("admin", "correct horse battery")
	versions := regexp.MustCompile(`,"version":"[^"]{16}"`)
	step := func(method, target, body string, status int, want string) {
		t.Helper()
		w := s.ask(method, target, body, auth, root)
		if got := versions.ReplaceAllString(strings.TrimSpace(w.Body.String()), ""); w.Code != status || want != "" && got != want {
			t.Errorf("%s %s: %d %s, want %d %s", method, target, w.Code, got, status, want)
		}
	}
	const usual = `"visitor":"30m","warning":"5m","abandoned":"72h","return":"10m"}}`
	step("POST", "/v1/groups", `{"id":"sales","name":"Sales"}`, 201, `{"id":"sales","name":"Sales"}`)
	step("POST", "/v1/groups", `{"id":"sales","name":"Sales"}`, 409, "")
	step("POST", "/v1/groups", `{"id":"no good","name":"x"}`, 400, "")
	step("PATCH", "/v1/groups/sales", `{"timeouts":{"agent":"2m"}}`, 200, `{"id":"sales","name":"Sales","timeouts":{"assistant":"20s","agent":"2m",`+usual)
	step("PATCH", "/v1/groups/sales", `{"name":"Shop","timeouts":{"assistant":"0s"}}`, 200, `{"id":"sales","name":"Shop","timeouts":{"assistant":"0s","agent":"2m",`+usual)
	step("PATCH", "/v1/groups/sales", `{"timeouts":null}`, 200, `{"id":"sales","name":"Shop"}`)
	step("PATCH", "/v1/groups/sales", `{"name":null,"timeouts":{}}`, 200, "")
	step("PATCH", "/v1/groups/sales", `{"name":null,"timeouts":null}`, 200, `{"id":"sales","name":"Shop"}`)
	step("PATCH", "/v1/groups/sales", `{"name":""}`, 400, "")
	step("PATCH", "/v1/groups/sales", `{"id":"other"}`, 400, "")
	step("PATCH", "/v1/groups/nobody", `{}`, 404, "")
	step("GET", "/v1/groups", "", 200, `{"groups":[{"id":"default","name":"Service"},{"id":"sales","name":"Shop"}]}`)
	step("DELETE", "/v1/groups/default", "", 409, "")
	step("DELETE", "/v1/groups/sales", "", 204, "")

	for body, place := range map[string]string{
		`{"timeouts":{"agent":"soon"}}`: "body.timeouts.agent", `{"timeouts":{"agent":"1ms"}}`: "body.timeouts.agent",
		`{"timeouts":{"visitor":"1m","warning":"2m"}}`: "body.timeouts.warning",
	} {
		p := s.wants(s.ask("PATCH", "/v1/groups/default", body, auth, root), 400, core.Invalid)
		if len(p.Faults) != 1 || p.Faults[0].Location != place {
			t.Errorf("%s: %+v", body, p.Faults)
		}
	}
}

// TestVersions: who changes an account or a group that is another now than the
// one they read is told so, by either way to change it, and nothing is stored.
func TestVersions(t *testing.T) {
	s, _ := newDesk(t)
	root := s.signIn("admin", "correct horse battery")
	made := s.ask("POST", "/v1/agents", `{"name":"bob","password":"walnut-lantern-42-meadow"}`, auth, root)
	var bob struct{ ID string }
	fatal(t, json.Unmarshal(made.Body.Bytes(), &bob))
	for target, field := range map[string]string{"/v1/agents/" + bob.ID: "display", "/v1/groups/default": "name"} {
		patch := func(value, version string) (status int, now map[string]any) {
			body := fmt.Sprintf(`{%q:%q`, field, value)
			if version != "" {
				body += `,"version":` + version
			}
			w := s.ask("PATCH", target, body+"}", auth, root)
			fatal(t, json.Unmarshal(w.Body.Bytes(), &now))
			return w.Code, now
		}
		_, first := patch("One", "")
		old, err := json.Marshal(first["version"])
		fatal(t, err)
		status, second := patch("Two", string(old))
		if status != 200 || second["version"] == first["version"] {
			t.Fatalf("%s: %d, %v after %v", target, status, second, first)
		}
		if status, problem := patch("Three", string(old)); status != 409 || problem["code"] != string(core.Conflict) {
			t.Errorf("%s: who is slower is told %d %v", target, status, problem)
		}
		if _, now := patch("Two", ""); now[field] != "Two" {
			t.Errorf("%s: who was slower changed it to %v", target, now)
		}
	}
}

func TestIdempotencyKey(t *testing.T) {
	s := newSite(t)
	const target, body = "/v1/conversations/c_1/events", `{"body":{"kind":"text","text":"hi"}}`
	for key, ok := range map[string]bool{
		"": true, "a": true, "order-7/confirmed": true, strings.Repeat("k", 255): true,
		strings.Repeat("k", 256): false, "two words": false, "ключ": false, "tab\t": false,
	} {
		s.asked = nil
		w := s.ask("POST", target, body, "Idempotency-Key", key)
		if !ok {
			s.wants(w, 400, core.Invalid)
			continue
		}
		want, _ := json.Marshal(key)
		if w.Code != 201 || !strings.HasSuffix(s.asked[0], ","+string(want)+"]") {
			t.Errorf("%q: %d, the desk was asked %q", key, w.Code, s.asked)
		}
	}
	s.wants(s.ask("POST", target, `{"body":{"kind":"assigned"}}`), 400, core.Invalid)
	s.wants(s.ask("POST", target, `{"body":{"kind":"text","text":"hi","by":"admin"}}`), 400, core.Invalid)
}

// FuzzSettings: whatever is sent, the answer is a version or names what is
// wrong, and never an inner error.
func FuzzSettings(f *testing.F) {
	f.Add(string(codec.AppendSettings(nil, core.DefaultSettings())))
	for _, body := range []string{`{}`, `{"version":0,"sites":[null]}`, `{"groups":[{"timeouts":{}}]}`, `"x"`, `{"version":1e99}`, "{\"at\":\"\"}"} {
		f.Add(body)
	}
	s := newSite(f)
	f.Fuzz(func(t *testing.T, content string) {
		if content == "" || len(content) > 64<<10 {
			return
		}
		s.TB = t
		for _, target := range []string{"PUT /v1/settings", "PUT /v1/settings?preview=true", "PATCH /v1/groups/sales", "POST /v1/groups"} {
			method, path, _ := strings.Cut(target, " ")
			w := s.ask(method, path, content)
			if w.Code == 400 {
				s.wants(w, 400, core.Invalid)
			} else if w.Code != 200 && w.Code != 201 {
				t.Errorf("%s %q: %d %s", target, content, w.Code, w.Body)
			}
		}
	})
}

// A problem with many faults names them all.
func TestManyFaults(t *testing.T) {
	s := newSite(t)
	var sites []string
	for i := range 30 {
		sites = append(sites, fmt.Sprintf(`{"id":%d}`, i))
	}
	p := s.wants(s.ask("PUT", "/v1/settings", `{"sites":[`+strings.Join(sites, ",")+`]}`), 400, core.Invalid)
	if len(p.Faults) != 20 || p.Faults[19] != (httpapi.Fault{Location: "body.sites[19].id", Message: "a text is expected"}) {
		t.Errorf("%d faults, the last %+v", len(p.Faults), p.Faults[len(p.Faults)-1])
	}
}
