package httpapi_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

type route struct {
	method, target, body string
	asked                string // of the desk
	status               int
	answer               string // JSON; empty: no body
}

// versioned is the JSON of a group with its version.
func versioned(json string, g core.Group) string {
	return strings.TrimSuffix(json, "}") + fmt.Sprintf(`,"version":%q}`, desk.GroupVersion(g))
}

// minutely are the usual timeouts, but for a minute of the agent's.
func minutely() *core.Timeouts {
	t := core.DefaultTimeouts()
	t.Agent = time.Minute
	return &t
}

func routes() []route {
	const replyJSON = `{"id":"r_1","title":"Hi","text":"Hello","shortcut":"hi","shared":false,"owner":"a_1","version":2}`
	const hookJSON = `{"id":"w_1","url":"https://x/","secret":"••••x","kinds":[],"sites":[],"internal":false,"by":"a_1","at":"2026-11-23T17:00:00.123Z","disabled":false}`
	const channelJSON = `{"id":"n_1","version":1,"name":"Night","kind":"wecom","url":"••••y","secret":"","to":[],"after":60,"waiting":true,"unread":false,"groups":[],"lang":"zh","link":"","off":false}`
	const spreadJSON = `{"count":0,"mean":0,"p50":0,"p90":0,"max":0}`
	const rowJSON = `{"key":"","sessions":0,"bot":0,"answered":0,"missed":0,"open":0,"wait":` + spreadJSON + `,"response":` + spreadJSON + `,"duration":` + spreadJSON + `,"scores":[0,0,0,0,0]}`
	const nothing = `"Version":0,"Name":null,"Display":null,"Password":null,"Current":null,"Role":null,"Groups":null,"Capacity":null,"Weight":null,"Avatar":null`
	const all = `"Phases":null,"Agent":"","Groups":null,"Site":"","Tag":"","Before":{"At":"0001-01-01T00:00:00Z","ID":""},"Limit":50`
	return append(assistRoutes(), []route{
		{"POST", "/v1/login", `{"name":"amy","password":"p4ss"}`,
			`Login["amy","p4ss","","192.0.2.1"]`, 200, `{"token":"t0ken","agent":` + adminJSON + `}`},
		{"POST", "/v1/login", `{"name":"amy","password":"p4ss","code":"287082"}`,
			`Login["amy","p4ss","287082","192.0.2.1"]`, 200, `{"token":"t0ken","agent":` + adminJSON + `}`},
		{"GET", "/v1/totp", "", `TOTP["a_1"]`, 200, `{"enabled":true,"recovery":9,"required":false,"enrolled":[]}`},
		{"POST", "/v1/totp", `{"current":"p4ss"}`, `BeginTOTP["a_1","p4ss"]`, 200, `{"secret":"S","uri":"U"}`},
		{"PUT", "/v1/totp", `{"code":"287082"}`, `ConfirmTOTP["a_1","287082"]`, 200, `{"codes":["1-2"]}`},
		{"POST", "/v1/totp/end", `{"current":"p4ss","code":"287082"}`, `EndTOTP["a_1","p4ss","287082"]`, 204, ""},
		{"DELETE", "/v1/agents/a_2/totp", "", `ResetTOTP["a_1","a_2"]`, 204, ""},
		{"GET", "/v1/replies?q=hi", "", `Replies["a_1","hi"]`, 200, `{"replies":[` + replyJSON + `]}`},
		{"POST", "/v1/replies", `{"title":"Hi","text":"Hello","shared":true,"group":"sales"}`,
			`CreateReply["a_1",{"title":"Hi","text":"Hello","shortcut":"","shared":true,"group":"sales","owner":""}]`, 201, replyJSON},
		{"PATCH", "/v1/replies/r_1", `{"text":"Hey","version":2}`,
			`ChangeReply["a_1","r_1",2,{"Title":null,"Text":"Hey","Shortcut":null,"Shared":null,"Group":null}]`, 200, replyJSON},
		{"DELETE", "/v1/replies/r_1", "", `DeleteReply["a_1","r_1"]`, 204, ""},
		{"GET", "/v1/webhooks", "", `Webhooks["a_1"]`, 200, `{"webhooks":[` + hookJSON + `]}`},
		{"POST", "/v1/webhooks", `{"url":"https://x/","kinds":["text"],"sites":["shop"],"internal":true}`, `CreateWebhook["a_1","https://x/",["text"],["shop"],true]`, 201, hookJSON},
		{"DELETE", "/v1/webhooks/w_1", "", `DeleteWebhook["a_1","w_1"]`, 204, ""},
		{"POST", "/v1/webhooks/w_1/resume", "", `ResumeWebhook["a_1","w_1"]`, 204, ""},
		{"GET", "/v1/channels", "", `Channels["a_1"]`, 200, `{"channels":[` + channelJSON + `]}`},
		{"POST", "/v1/channels", `{"name":"Night","kind":"mail","to":["a@x.example"],"after":60,"unread":true,"lang":"en"}`,
			`PutChannel["a_1","",0,{"name":"Night","kind":"mail","to":["a@x.example"],"after":60000000000,"waiting":false,"unread":true,"groups":null,"lang":"en","link":"","off":false}]`, 201, channelJSON},
		{"PUT", "/v1/channels/n_1", `{"version":1,"name":"Night","kind":"wecom","url":"••••y","after":60,"waiting":true,"lang":"zh"}`,
			`PutChannel["a_1","n_1",1,{"name":"Night","kind":"wecom","url":"••••y","after":60000000000,"waiting":true,"unread":false,"groups":null,"lang":"zh","link":"","off":false}]`, 200, channelJSON},
		{"DELETE", "/v1/channels/n_1", "", `DeleteChannel["a_1","n_1"]`, 204, ""},
		{"POST", "/v1/channels/n_1/test", "", `TestChannel["a_1","n_1"]`, 204, ""},
		{"GET", "/v1/reports/days?from=2026-11-01T00:00:00Z&to=2026-11-02T00:00:00Z&zone=Asia/Shanghai&agent=a_2", "",
			`Reports["a_1","days","2026-11-01T00:00:00Z","2026-11-02T00:00:00Z","Asia/Shanghai","","","a_2"]`, 200, `{"rows":[],"total":` + rowJSON + `}`},
		{"GET", "/v1/audit?by=a_1&operation=put-settings&before=9a&limit=2", "", `Audit["a_1",{"By":"a_1","Operation":"put-settings","Before":"9a","Limit":2}]`, 200,
			`{"entries":[{"id":"9a","at":"2026-11-23T17:00:00.123Z","by":"a_1","name":"amy","operation":"put-settings","target":"2","changes":[],"cut":false}],"next":"9a"}`},
		{"POST", "/v1/logout", "", `Logout["a_1"]`, 204, ""},
		{"GET", "/v1/agents", "", `Agents["a_1"]`, 200, `{"agents":[` + adminJSON + `,` + bareJSON + `]}`},
		{"POST", "/v1/agents", `{"name":"bob","password":"p4ss"}`,
			`CreateAgent["a_1",{"Name":"bob","Display":"","Password":"p4ss","Role":"","Groups":null,"Capacity":null,"Weight":null,"Avatar":""}]`,
			201, bareJSON},
		{"POST", "/v1/agents", `{"name":"bob","password":"p4ss","display":"Bob","role":"supervisor","groups":["sales","billing"],"capacity":0,"weight":0.5,"avatar":"/b.png"}`,
			`CreateAgent["a_1",{"Name":"bob","Display":"Bob","Password":"p4ss","Role":"supervisor","Groups":["sales","billing"],"Capacity":0,"Weight":0.5,"Avatar":"/b.png"}]`,
			201, bareJSON},
		{"GET", "/v1/agents/a_2", "", `Agent["a_1","a_2"]`, 200, bareJSON},
		{"PATCH", "/v1/agents/a_2", `{}`, `ChangeAgent["a_1","a_2",{` + nothing + `}]`, 200, bareJSON},
		{"PATCH", "/v1/agents/a_2", `{"capacity":0,"groups":[],"avatar":"","display":null}`,
			`ChangeAgent["a_1","a_2",{"Version":0,"Name":null,"Display":null,"Password":null,"Current":null,"Role":null,"Groups":[],"Capacity":0,"Weight":null,"Avatar":""}]`, 200, bareJSON},
		{"PATCH", "/v1/agents/a_2", `{"version":3,"name":"rob","password":"n3w","current":"0ld","display":"Rob","role":"admin","weight":2}`,
			`ChangeAgent["a_1","a_2",{"Version":3,"Name":"rob","Display":"Rob","Password":"n3w","Current":"0ld","Role":"admin","Groups":null,"Capacity":null,"Weight":2,"Avatar":null}]`, 200, bareJSON},
		{"DELETE", "/v1/agents/a_2", "", `DisableAgent["a_1","a_2"]`, 204, ""},
		{"GET", "/v1/groups", "", `Groups["a_1"]`, 200, `{"groups":[` + versioned(`{"id":"sales","name":"Sales"}`, core.Group{ID: "sales", Name: "Sales"}) + `]}`},
		{"POST", "/v1/groups", `{"name":"Sales"}`, `CreateGroup["a_1",{"ID":"","Name":"Sales","Timeouts":null}]`, 201, versioned(`{"id":"","name":"Sales"}`, core.Group{Name: "Sales"})},
		{"PATCH", "/v1/groups/sales", `{"version":"q3","name":"Shop","timeouts":{"agent":"1m"}}`,
			`ChangeGroup["a_1","q3",{"ID":"sales","Name":"Shop","Timeouts":{"Assistant":20000000000,"Agent":60000000000,"Visitor":1800000000000,"Warning":300000000000,"Abandoned":259200000000000,"Return":600000000000}}]`,
			200, versioned(`{"id":"sales","name":"Shop","timeouts":{"assistant":"20s","agent":"1m","visitor":"30m","warning":"5m","abandoned":"72h","return":"10m"}}`,
				core.Group{ID: "sales", Name: "Shop", Timeouts: minutely()})},
		{"DELETE", "/v1/groups/sales", "", `DeleteGroup["a_1","sales"]`, 204, ""},
		{"GET", "/v1/visitors?online=true", "", `LiveVisitors["a_1"]`, 200,
			`{"visitors":[{"id":"v_1","site":"shop","conversation":"c_1","verified":false,"page":{"url":"https://shop.example/"},"since":"2026-11-23T17:00:00.123Z","pages":1,"sessions":0,"invited":false}],"more":true}`},
		{"GET", "/v1/visitors/v_1", "", `Visitor["a_1","v_1"]`, 200, `{"id":"v_1","site":"shop","conversation":"c_1","name":"李雷","external":"u_7","verified":true,"lang":"zh","device":"iPhone · WeChat","online":true,` +
			`"first":"2026-11-23T17:00:00.123Z","seen":"2026-11-23T17:00:00.123Z","pages":[{"url":"https://shop.example/","title":"Shop","at":"2026-11-23T17:00:00.123Z"}],` +
			`"sessions":[{"session":2,"began":"2026-11-23T17:00:00.123Z","said":3},{"session":1,"began":"2026-11-23T17:00:00.123Z","ended":"2026-11-23T17:00:00.123Z","agent":{"id":"a_2","name":"Bo"},"said":5,"score":4}],"more":true,` +
			`"block":{"visitor":"v_1","reason":"","by":"a_1","at":"2026-11-23T17:00:00.123Z"}}`},
		{"GET", "/v1/sites", "", `Sites["a_1"]`, 200, `{"sites":[{"id":"shop","name":"The shop"}]}`},
		{"GET", "/v1/search?q=parcel&site=shop", "", `SearchMessages["a_1","shop","parcel"]`, 200, `{"found":[{"conversation":` + headJSON + `,"event":{"conversation":"c_1","seq":2,"prev":0,"at":"0001-01-01T00:00:00.000Z","session":0,"by":{},"body":{"kind":"text","text":"a parcel"}}}],"looked":100,"since":"2026-11-23T17:00:00.123Z","next":"dG95c2swLjIxaTN2OS5jXzk"}`},
		{"DELETE", "/v1/visitors/v_1", "", `EraseVisitor["a_1","v_1"]`, 204, ""},
		{"POST", "/v1/visitors/v_1/invite", `{"site":"shop","text":"Any questions?"}`, `Invite["a_1","shop","v_1","Any questions?"]`, 204, ""},
		{"GET", "/v1/conversations/c_1/why", "", `Why["a_1","c_1"]`, 200, `{"tier":"group","members":2}`},
		{"GET", "/v1/floor", "", `FloorNow["a_1"]`, 200, `{"at":"2026-11-23T17:00:00.123Z","groups":[{"id":"sales","name":"Sales","waiting":3,"more":false,"online":1,"seats":5,"free":0,` +
			`"first":{"conversation":"c_1","since":"2026-11-23T17:00:00.123Z","why":{"tier":"group"}}}],` +
			`"agents":[{"id":"a_2","name":"Bo","role":"agent","groups":[],"status":"away","held":5,"capacity":5,"lease":"2026-11-23T17:00:00.123Z"}]}`},
		{"GET", "/v1/blocks", "", `Blocks["a_1"]`, 200, `{"blocks":[{"visitor":"v_1","reason":"spam","by":"a_1","at":"2026-11-23T17:00:00.123Z"}]}`},
		{"POST", "/v1/blocks", `{"visitor":"v_1"}`, `Block["a_1","v_1","",false]`, 201, `{"visitor":"v_1","reason":"","by":"a_1","at":"2026-11-23T17:00:00.123Z"}`},
		{"POST", "/v1/blocks", `{"visitor":"v_1","reason":"spam","minutes":90}`, `Block["a_1","v_1","spam",true]`, 201,
			`{"visitor":"v_1","reason":"spam","by":"a_1","at":"2026-11-23T17:00:00.123Z","until":"2026-11-23T18:30:00.123Z"}`},
		{"DELETE", "/v1/blocks/v_1", "", `Unblock["a_1","v_1"]`, 204, ""},
		{"GET", "/v1/settings", "", `Settings["a_1"]`, 200, fewJSON},
		{"PUT", "/v1/settings", `{"version":1,"sites":[{"id":"shop"}]}`, `ChangeSettings["a_1",1,1]`, 200, fewJSON},
		{"PUT", "/v1/settings?preview=true", `{"version":1}`, `PreviewSettings["a_1",1]`, 200, `{"changes":[{"path":"limits.text","before":10,"after":null}]}`},
		{"GET", "/v1/settings/history", "", `SettingsHistory["a_1",0,20]`, 200,
			`{"versions":[{"version":2,"at":"2026-11-23T17:00:00.123Z","by":"a_1","changes":[]}],"next":2}`},
		{"GET", "/v1/settings/history?before=3&limit=100", "", `SettingsHistory["a_1",3,100]`, 200,
			`{"versions":[{"version":2,"at":"2026-11-23T17:00:00.123Z","by":"a_1","changes":[]}]}`},
		{"POST", "/v1/settings/rollback", `{"version":1}`, `RollbackSettings["a_1",1]`, 200, fewJSON},
		{"POST", "/v1/conversations/c_1/events", `{"body":{"kind":"text","text":"hi"},"internal":true}`,
			`Post["a_1","c_1",{"kind":"text","text":"hi"},true,""]`, 201, `{"conversation":"c_1","seq":4,"at":"2026-11-23T17:00:00.123Z"}`},
		{"GET", "/v1/conversations", "", `Conversations["a_1",{` + all + `}]`, 200, `{"conversations":[` + headJSON + `]}`},
		{"GET", "/v1/conversations?q=%20refund%20&limit=0050", "", `Find["a_1",{` + all + `},"refund"]`, 200, `{"conversations":[` + headJSON + `]}`},
		{"GET", "/v1/conversations?phase=&agent=&group=&site=&before=&limit=", "", `Conversations["a_1",{` + all + `}]`, 200, `{"conversations":[` + headJSON + `]}`},
		{"GET", "/v1/conversations?phase=none,bot,waiting,held,closed&agent=a_2&group=sales&site=shop&limit=200", "",
			`Conversations["a_1",{"Phases":"AAECAwQ=","Agent":"a_2","Groups":["sales"],"Site":"shop","Tag":"","Before":{"At":"0001-01-01T00:00:00Z","ID":""},"Limit":200}]`,
			200, `{"conversations":[` + headJSON + `]}`},
		{"GET", "/v1/conversations/c_1", "", `Conversation["a_1","c_1"]`, 200, headJSON},
		{"GET", "/v1/conversations/c%2F1", "", `Conversation["a_1","c/1"]`, 200, headJSON},
		{"GET", "/v1/conversations/c_1/events", "", `Events["a_1","c_1",null,null,50]`, 200,
			`{"type":"events","conversation":"c_1","events":[` + eventJSON + `],"more":false}`},
		{"GET", "/v1/conversations/c_1/events?after=0&limit=1", "", `Events["a_1","c_1",0,null,1]`, 200,
			`{"type":"events","conversation":"c_1","events":[` + eventJSON + `],"more":false}`},
		{"GET", "/v1/conversations/c_1/events?before=9007199254740991&limit=200", "", `Events["a_1","c_1",null,9007199254740991,200]`, 200,
			`{"type":"events","conversation":"c_1","events":[` + eventJSON + `],"more":false}`},
	}...)
}

func TestRoutes(t *testing.T) {
	for _, r := range routes() {
		t.Run(r.method+" "+r.target, func(t *testing.T) {
			s := newSite(t)
			w := s.ask(r.method, r.target, r.body)
			if got := strings.TrimSpace(w.Body.String()); w.Code != r.status || got != r.answer {
				t.Errorf("got %d %s\nwant %d %s", w.Code, got, r.status, r.answer)
			}
			if len(s.asked) != 1 || s.asked[0] != r.asked {
				t.Errorf("the desk was asked %q, want %q", s.asked, r.asked)
			}
			if r.answer != "" {
				wantHeader(t, w, "Content-Type", "application/json")
			}
			if r.status == http.StatusCreated {
				path, _, _ := strings.Cut(r.target, "?")
				wantHeader(t, w, "Location", map[string]string{
					"/v1/agents": "/v1/agents/a_2", "/v1/groups": "/v1/groups/", "/v1/blocks": "/v1/blocks/v_1", "/v1/replies": "/v1/replies/r_1",
					"/v1/webhooks": "/v1/webhooks/w_1", "/v1/channels": "/v1/channels/n_1",
				}[path])
			}
			wantHeader(t, w, "Cache-Control", "no-store")
			wantHeader(t, w, "X-Content-Type-Options", "nosniff")
			wantHeader(t, w, "Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
			wantHeader(t, w, "Access-Control-Allow-Origin", "")
			if id := w.Header().Get("X-Request-Id"); len(id) != 16 {
				t.Errorf("request id %q", id)
			}
			if s.log.Len() > 0 {
				t.Errorf("logged %s", s.log)
			}
		})
	}
}

// TestEmpty: a list of nothing is [], which every client can walk.
func TestEmpty(t *testing.T) {
	s := newSite(t)
	s.none = true
	for _, name := range []string{"agents", "groups", "conversations", "blocks", "replies", "webhooks", "channels"} {
		w := s.ask("GET", "/v1/"+name, "")
		if got := strings.TrimSpace(w.Body.String()); got != `{"`+name+`":[]}` {
			t.Errorf("%s: %d %s", name, w.Code, got)
		}
	}
}

// document is what a reader of the OpenAPI document sees of it.
type document struct {
	OpenAPI string
	Paths   map[string]map[string]struct {
		OperationID string
		Security    []map[string][]string
		Responses   map[string]struct{ Content map[string]any }
		Parameters  []struct{ Name, In string }
	}
	Components struct{ Schemas map[string]map[string]any }
}

func openAPI(s *site) (d document) {
	s.Helper()
	w := s.ask("GET", "/v1/openapi.json", "", "Authorization", "")
	if err := json.Unmarshal(w.Body.Bytes(), &d); err != nil || w.Code != 200 {
		s.Fatalf("%d, %v", w.Code, err)
	}
	wantHeader(s, w, "Content-Type", "application/openapi+json")
	return d
}

func TestOpenAPI(t *testing.T) {
	s := newSite(t)
	d := openAPI(s)
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("OpenAPI %q", d.OpenAPI)
	}
	var listed, served []string
	for path, methods := range d.Paths {
		for method, op := range methods {
			listed = append(listed, strings.ToUpper(method)+" "+path)
			if _, ok := op.Responses["default"].Content["application/problem+json"]; !ok {
				t.Errorf("%s has no problem", op.OperationID)
			}
			if open := len(op.Security) == 0; open != (path == "/v1/login") {
				t.Errorf("%s: open is %v", op.OperationID, open)
			}
			if strings.Contains(path, "{id}") && (len(op.Parameters) == 0 || op.Parameters[0].Name != "id" || op.Parameters[0].In != "path") {
				t.Errorf("%s does not list its id: %v", op.OperationID, op.Parameters)
			}
		}
	}
	for _, r := range routes() {
		path, _, _ := strings.Cut(r.target, "?")
		if part := strings.Split(path, "/"); len(part) > 3 && !slices.Contains([]string{"settings", "search", "import"}, part[len(part)-1]) && part[2] != "settings" && part[2] != "totp" {
			at := 3
			if part[2] == "assist" {
				at = 4
			}
			if at < len(part) {
				part[at] = "{id}"
			}
			path = strings.Join(part, "/")
		}
		if key := r.method + " " + path; !slices.Contains(served, key) {
			served = append(served, key)
		}
	}
	slices.Sort(listed)
	slices.Sort(served)
	if !slices.Equal(listed, served) {
		t.Errorf("listed %q\nserved %q", listed, served)
	}
	for _, name := range []string{"Agent", "Head", "Event", "Problem", "Session"} {
		if d.Components.Schemas[name] == nil {
			t.Errorf("no schema %s", name)
		}
	}
	for name := range d.Components.Schemas {
		if strings.HasPrefix(name, "Error") || name == "Time" {
			t.Errorf("schema %s is of no use to a reader", name)
		}
	}
	at := d.Components.Schemas["Event"]["properties"].(map[string]any)["at"].(map[string]any)
	if at["type"] != "string" || at["format"] != "date-time" {
		t.Errorf("a time is described as %v", at)
	}
}

// TestSecrets: no answer holds the hash of a password, the generation of
// tokens or the record's version, nor what was sent as a password.
func TestSecrets(t *testing.T) {
	s := newSite(t)
	for _, r := range routes() {
		for _, err := range []error{nil, core.Errorf(core.Forbidden, "no"), &core.Error{Code: core.Internal, Message: hash}} {
			s.fake.err = err
			w := s.ask(r.method, r.target, r.body)
			said := strings.ReplaceAll(w.Body.String(), w.Header().Get("X-Request-Id"), "") // that is random, and may be anything
			for _, secret := range []string{hash, "argon2", "421337", "p4ss", "n3w"} {
				if strings.Contains(said, secret) {
					t.Errorf("%s %s answers %s", r.method, r.target, w.Body)
				}
			}
		}
	}
}

func TestTokens(t *testing.T) {
	s := newSite(t)
	for _, r := range routes() {
		if r.target == "/v1/login" {
			continue
		}
		for name, headers := range map[string][]string{
			"none":        {"Authorization", ""},
			"foreign":     {"Authorization", "Bearer stolen"},
			"other":       {"Authorization", "Basic good"},
			"bare":        {"Authorization", "good"},
			"no token":    {"Authorization", "Bearer  "},
			"two":         {"Authorization", "Bearer good", "Authorization", "Bearer good"},
			"two in one":  {"Authorization", "Bearer good, Bearer good"},
			"too long":    {"Authorization", "Bearer good" + strings.Repeat("!", 4093)},
			"in a cookie": {"Authorization", "", "Cookie", "token=good; Authorization=Bearer good"},
		} {
			w := s.ask(r.method, r.target, r.body, headers...)
			s.wants(w, 401, core.Unauthorized)
			wantHeader(t, w, "WWW-Authenticate", "Bearer")
			if len(s.asked) > 0 {
				t.Errorf("%s: the desk was asked %q", name, s.asked)
			}
		}
	}
	for _, where := range []string{"token", "access_token", "bearer", "authorization"} {
		s.wants(s.ask("GET", "/v1/agents?"+where+"=good", "", "Authorization", ""), 401, core.Unauthorized)
		s.wants(s.ask("GET", "/v1/agents?"+where+"=good", ""), 400, core.Invalid)
	}
	if w := s.ask("GET", "/v1/agents", "", "Authorization", "bearer  good "); w.Code != 200 {
		t.Errorf("the scheme is case-insensitive, but got %d", w.Code)
	}
	s.fake.err = core.Errorf(core.Unauthorized, "name or password is wrong")
	w := s.ask("POST", "/v1/login", `{"name":"amy","password":"guess"}`, "Authorization", "")
	s.wants(w, 401, core.Unauthorized)
	wantHeader(t, w, "WWW-Authenticate", "Bearer")
}

// TestNext: the cursor that a page ends with is the place that the next one
// begins behind, to the nanosecond.
func TestNext(t *testing.T) {
	for _, place := range []core.Place{
		{At: now, ID: "c_1"}, {ID: "c_2"}, {At: now.In(time.FixedZone("", 8*3600)), ID: "c.3"}, {At: time.Unix(-1, 1), ID: "c/4?&"},
	} {
		s := newSite(t)
		s.fake.next = place
		w := s.ask("GET", "/v1/conversations", "")
		var page struct{ Next string }
		if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || page.Next == "" {
			t.Fatalf("no next in %s", w.Body)
		}
		if w := s.ask("GET", "/v1/conversations?before="+url.QueryEscape(page.Next), ""); w.Code != 200 {
			t.Fatalf("next is not taken back: %s", w.Body)
		}
		want, _ := json.Marshal(core.Place{At: place.At.UTC(), ID: place.ID})
		if !strings.Contains(s.asked[1], `"Before":`+string(want)) {
			t.Errorf("the desk was asked %s, want before %s", s.asked[1], want)
		}
	}
}
