package httpapi_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"kefu/core"
)

const login = "POST /v1/login"

// TestBadInput: each is answered 400 invalid and names the place, and the desk
// is not asked.
func TestBadInput(t *testing.T) {
	s := newSite(t)
	long := strings.Repeat("x", 65)
	for _, c := range []struct{ route, body, says string }{
		{login, ``, "body is required"},
		{login, `{`, "body: is not JSON"},
		{login, `{} {}`, "body: is not JSON"},
		{login, `name=amy&password=p4ss`, "body: is not JSON"},
		{login, "{\"name\":\"\xff\",\"password\":\"p4ss\"}", "body: is not UTF-8"},
		{login, `null`, "body: expected object"},
		{login, `[]`, "body: expected object"},
		{login, `"amy"`, "body: expected object"},
		{login, `{}`, "required property name"},
		{login, `{"name":"amy"}`, "required property password"},
		{login, `{"name":1,"password":"p4ss"}`, "body.name: expected string"},
		{login, `{"name":null,"password":"p4ss"}`, "body.name: expected string"},
		{login, `{"name":"","password":"p4ss"}`, "body.name: expected length"},
		{login, `{"name":"` + long + `","password":"p4ss"}`, "body.name: expected length"},
		{login, `{"name":"amy","password":"` + strings.Repeat("p4ss", 257) + `"}`, "body.password: expected length"},
		{login, `{"name":"amy","password":["p4ss"]}`, "body.password: expected string"},
		{login, `{"name":"amy","password":"p4ss","role":"admin"}`, "body.role: unexpected property"},
		{login, `{"name":"amy","password":"p4ss","` + strings.Repeat("é", 5000) + `":1}`, "unexpected property"},
		{login, `{"name":"amy","password":"p4ss","Name":"bob"}`, "body: names a field twice"},
		{login, `{"name":"amy","password":"p4ss","paſſword":"p4ss"}`, "body: names a field twice"},
		{login, `{"name":` + strings.Repeat("[", 17) + strings.Repeat("]", 17) + `}`, "body: is nested too deep"},
		{login, `{"name":` + strings.Repeat(`{"a":`, 12000), "body: is not JSON"},

		{"POST /v1/agents", `{"name":"bob","password":"p4ss","role":"owner"}`, "body.role: expected value to be one of"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","role":"agent","ROLE":"owner"}`, "body: names a field twice"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","groups":"sales"}`, "body.groups: expected array"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","groups":[1]}`, "body.groups[0]: expected string"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","groups":[` + strings.Repeat(`"a",`, 50) + `"a"]}`, "body.groups: expected array length"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","capacity":"5"}`, "body.capacity: expected integer"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","capacity":1.5}`, "body.capacity: expected integer"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","capacity":-1}`, "body.capacity: expected number"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","capacity":101}`, "body.capacity: expected number"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","weight":0}`, "body.weight: expected number"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","weight":1e999}`, "body: "},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","id":"admin"}`, "body.id: unexpected property"},
		{"POST /v1/agents", `{"name":"bob","password":"p4ss","tokens":0}`, "body.tokens: unexpected property"},
		{"PATCH /v1/agents/a_2", ``, "body is required"},
		{"PATCH /v1/agents/a_2", `{"display":7}`, "body.display: expected string"},
		{"PATCH /v1/agents/a_2", `{"disabled":false}`, "body.disabled: unexpected property"},
		{"PATCH /v1/agents/a_2", `{"capacity":-1}`, "body.capacity: expected number"},
		{"PATCH /v1/agents/a_2", `{"role":""}`, "body.role: expected value"},
		{"PATCH /v1/agents/a_2", `{"groups":[null]}`, "body.groups[0]: expected string"},
		{"PATCH /v1/agents/a_2", `{"version":"1"}`, "body.version: expected integer"},
		{"PATCH /v1/groups/sales", `{"version":1}`, "body.version: expected string"},

		{"GET /v1/agents/" + long, ``, "path.id: expected length"},
		{"GET /v1/agents/a%00b", ``, "path.id: expected string to be an id"},
		{"GET /v1/agents/a%20b", ``, "path.id: expected string to be an id"},
		{"GET /v1/agents/%E4%BA%BA", ``, "path.id: expected string to be an id"},
		{"DELETE /v1/agents/%ff", ``, "path.id: expected string to be an id"},
		{"GET /v1/conversations/" + long + "/events", ``, "path.id: expected length"},

		{"GET /v1/agents?x=1", ``, "query.x: unknown query parameter"},
		{"GET /v1/conversations?phase=open", ``, "query.phase[0]: expected value to be one of"},
		{"GET /v1/conversations?phase=held,", ``, "query.phase[1]: expected value"},
		{"GET /v1/conversations?phase=" + strings.Repeat("held,", 6) + "held", ``, "query.phase: expected array length"},
		{"GET /v1/conversations?agent=" + long, ``, "query.agent: expected length"},
		{"GET /v1/conversations?group=%E4%BA%BA", ``, "query.group: expected string to be an id"},
		{"GET /v1/conversations?site=%00", ``, "query.site: expected string to be an id"},
		{"GET /v1/conversations?limit=0", ``, "query.limit: expected number"},
		{"GET /v1/conversations?limit=201", ``, "query.limit: expected number"},
		{"GET /v1/conversations?limit=ten", ``, "query.limit: invalid integer"},
		{"GET /v1/conversations?limit=99999999999999999999", ``, "query.limit: invalid integer"},
		{"GET /v1/conversations?before=" + strings.Repeat("x", 257), ``, "query.before: expected length"},
		{"GET /v1/conversations/c_1/events?after=-1", ``, "query.after: invalid integer"},
		{"GET /v1/conversations/c_1/events?after=9007199254740992", ``, "query.after: expected number"},
		{"GET /v1/conversations/c_1/events?after=18446744073709551616", ``, "query.after: invalid integer"},
		{"GET /v1/conversations/c_1/events?before=x", ``, "query.before: invalid integer"},
	} {
		method, target, _ := strings.Cut(c.route, " ")
		w := s.ask(method, target, c.body)
		p := s.wants(w, 400, core.Invalid)
		if !strings.Contains(p.Detail, c.says) {
			t.Errorf("%s %.60s says %q, want %q", c.route, c.body, p.Detail, c.says)
		}
		if strings.Contains(w.Body.String(), "p4ss") || w.Body.Len() > 4096 {
			t.Errorf("%s %.60s is echoed: %.200s", c.route, c.body, w.Body)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
	if s.log.Len() > 0 {
		t.Errorf("logged %.300s", s.log)
	}
}

// TestTooLarge: also where no body is read at all.
func TestTooLarge(t *testing.T) {
	s := newSite(t)
	for _, r := range routes() {
		size := 64<<10 + 1
		if r.target == "/v1/knowledge/import" { // a file
			size = 2 << 20
		}
		s.wants(s.ask(r.method, r.target, strings.Repeat(" ", size), "Content-Type", "application/json"), 413, core.TooLarge)
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
}

// TestFaults: all that is wrong is said at once, as far as it fits.
func TestFaults(t *testing.T) {
	s := newSite(t)
	p := s.wants(s.ask("POST", "/v1/agents", `{"name":"","capacity":"x"}`), 400, core.Invalid)
	places := map[string]bool{}
	for _, f := range p.Faults {
		places[f.Location] = true
	}
	if !places["body"] || !places["body.name"] || !places["body.capacity"] || len(places) != 3 {
		t.Errorf("faults %v", p.Faults)
	}
	many := map[string]int{}
	for i := range 100 {
		many[fmt.Sprintf("x%d", i)] = i
	}
	body, _ := json.Marshal(many)
	if p := s.wants(s.ask("POST", "/v1/agents", string(body)), 400, core.Invalid); len(p.Faults) != 10 {
		t.Errorf("%d faults", len(p.Faults))
	}
}

func TestContentType(t *testing.T) {
	s := newSite(t)
	const body = `{"name":"amy","password":"p4ss"}`
	for _, kind := range []string{
		"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/json; charset=gbk",
		"text/json", "application/xml+json", "application/json;", "application/json; =", "json",
	} {
		ok := kind == "application/json;"
		w := s.ask("POST", "/v1/login", body, "Content-Type", kind)
		if ok != (w.Code == 200) {
			t.Errorf("%q: %d", kind, w.Code)
		}
		if !ok {
			s.wants(w, 415, core.Invalid)
		}
	}
	for _, kind := range []string{"application/json; charset=utf-8", "Application/JSON; charset=\"UTF-8\""} {
		if w := s.ask("POST", "/v1/login", body, "Content-Type", kind); w.Code != 200 {
			t.Errorf("%q: %d", kind, w.Code)
		}
	}
	if w := s.ask("GET", "/v1/groups", "", "Accept", "text/html"); w.Code != 200 {
		t.Errorf("whatever is asked for, JSON is what there is: %d", w.Code)
	}
}

func cursor(plain string) string { return base64.RawURLEncoding.EncodeToString([]byte(plain)) }

func TestBadCursor(t *testing.T) {
	s := newSite(t)
	for _, c := range []string{
		"c_1", "=", "%00", "....", cursor("."), cursor(".."), cursor("1.1."), cursor("1.1"), cursor("x!.1.c"),
		cursor("1.-1.c"), cursor("01.1.c"), cursor("+1.1.c"), cursor("A.1.c"), cursor("1.zzzzzz.c"), cursor("1.zzzzzzzz.c"),
		cursor("9zzzzzzzzzzz.0.c"), cursor("-9zzzzzzzzzz.0.c"), cursor("1.1." + strings.Repeat("c", 65)), cursor("1.1.c") + "=",
		cursor("1.1.c")[:5],
	} {
		p := s.wants(s.ask("GET", "/v1/conversations?before="+url.QueryEscape(c), ""), 400, core.Invalid)
		if !strings.HasPrefix(p.Detail, "query.before: ") {
			t.Errorf("%q says %q", c, p.Detail)
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
	if w := s.ask("GET", "/v1/conversations?before="+cursor("1.1.c"), ""); w.Code != 200 {
		t.Errorf("a good one is refused: %s", w.Body)
	}
}

// FuzzQuery: whatever the query, the answer is 200 or 400, and the desk is
// asked exactly if it is 200, for what is within the bounds.
func FuzzQuery(f *testing.F) {
	for _, q := range []string{
		"", "phase=waiting&limit=5", "phase=none,bot&agent=a&group=g&site=s", "limit=-1", "limit=1&limit=x", "before=" + cursor("1.1.c"),
		"before=" + cursor("-z.z.c_x"), "before=%zz", "%", ";", "a=b;c", "phase[]=held", "phase=held&phase=bot", "&&=&", "agent=%00", "q=parcel&limit=2",
	} {
		f.Add(q)
	}
	s := newSite(f)
	f.Fuzz(func(t *testing.T, query string) {
		s.TB, s.asked = t, nil
		r := httptest.NewRequest("GET", "/v1/conversations", nil)
		r.URL.RawQuery = query
		r.Header.Set("Authorization", "Bearer good")
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code == 400 && len(s.asked) == 0 {
			s.wants(w, 400, core.Invalid)
			return
		}
		if w.Code != 200 || len(s.asked) != 1 {
			t.Fatalf("%q: %d, the desk was asked %q", query, w.Code, s.asked)
		}
		var q core.Query
		var text string
		asked := strings.TrimPrefix(strings.TrimPrefix(s.asked[0], "Conversations"), "Find") // which has a text
		if err := json.Unmarshal([]byte(asked), &[]any{new(string), &q, &text}); err != nil {
			t.Fatal(err)
		}
		if len(text) > 64*4 {
			t.Errorf("%q asks for a text of %d bytes", query, len(text))
		}
		if q.Limit < 1 || q.Limit > 200 || len(q.Phases) > 5 || len(q.Groups) > 1 {
			t.Errorf("%q asks for %+v", query, q)
		}
		for _, p := range q.Phases {
			_ = p.String() // would panic for one that is none
		}
		for _, id := range append([]core.GroupID{core.GroupID(q.Agent), core.GroupID(q.Site), core.GroupID(q.Before.ID)}, q.Groups...) {
			if len(id) > 64 {
				t.Errorf("%q asks for an id of %d bytes", query, len(id))
			}
		}
	})
}
