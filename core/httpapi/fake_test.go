package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/httpapi"
	"kefu/core/wire"
)

// TestMain fails the run if goroutines remain. The fuzzing engine leaves some
// of its own.
func TestMain(m *testing.M) {
	before := runtime.NumGoroutine()
	code := m.Run()
	if flag.Lookup("test.fuzz").Value.String() != "" {
		os.Exit(code)
	}
	for deadline := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > before && code == 0; runtime.Gosched() {
		if time.Now().After(deadline) {
			fmt.Fprintln(os.Stderr, "goroutines remain")
			code = 1
		}
	}
	os.Exit(code)
}

const (
	hash   = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA"
	tokens = 421337
)

var (
	now   = time.Date(2026, 11, 23, 17, 0, 0, 123456789, time.UTC)
	admin = core.Account{
		ID: "a_1", Version: 7, Name: "amy", Display: "Amy", Role: core.RoleAdmin, Groups: []core.GroupID{"sales"},
		Capacity: 5, Weight: 1, Avatar: "/amy.png", Password: hash, Tokens: tokens,
	}
	bare = core.Account{ID: "a_2", Name: "bob", Role: core.RoleAgent, Password: hash, Tokens: tokens, Disabled: true}
)

// fake is a desk that notes what it is asked, and answers always the same.
type fake struct {
	mu    sync.Mutex
	asked []string // guarded by mu: method and arguments as JSON

	err  error                 // what all but Authenticate return, if set
	hook func(context.Context) // called in all but Authenticate, if set
	next core.Place            // of Conversations
	none bool                  // lists are nil
}

func (f *fake) note(ctx context.Context, method string, args ...any) error {
	said, err := json.Marshal(args)
	if err != nil {
		return err
	}
	f.mu.Lock()
	f.asked = append(f.asked, method+string(said))
	f.mu.Unlock()
	if f.hook != nil {
		f.hook(ctx)
	}
	return f.err
}

func (f *fake) Authenticate(_ context.Context, bearer string) (core.Account, error) {
	if strings.TrimRight(bearer, "!") != "good" {
		return core.Account{}, core.Errorf(core.Unauthorized, "this token is not ours")
	}
	return admin, nil
}

func (f *fake) Login(ctx context.Context, name, password, code, addr string) (string, core.Account, error) {
	return "t0ken", admin, f.note(ctx, "Login", name, password, code, addr)
}

func (f *fake) Logout(ctx context.Context, who core.Account) error {
	return f.note(ctx, "Logout", who.ID)
}

func (f *fake) Agents(ctx context.Context, who core.Account) ([]core.Account, error) {
	if f.none {
		return nil, nil
	}
	return []core.Account{admin, bare}, f.note(ctx, "Agents", who.ID)
}

func (f *fake) Agent(ctx context.Context, who core.Account, id core.AgentID) (core.Account, error) {
	return bare, f.note(ctx, "Agent", who.ID, id)
}

func (f *fake) CreateAgent(ctx context.Context, who core.Account, a desk.NewAgent) (core.Account, error) {
	return bare, f.note(ctx, "CreateAgent", who.ID, a)
}

func (f *fake) ChangeAgent(ctx context.Context, who core.Account, id core.AgentID, p desk.AgentPatch) (core.Account, error) {
	return bare, f.note(ctx, "ChangeAgent", who.ID, id, p)
}

func (f *fake) DisableAgent(ctx context.Context, who core.Account, id core.AgentID) error {
	return f.note(ctx, "DisableAgent", who.ID, id)
}

func (f *fake) Groups(ctx context.Context, who core.Account) ([]core.Group, error) {
	if f.none {
		return nil, nil
	}
	return []core.Group{{ID: "sales", Name: "Sales"}}, f.note(ctx, "Groups", who.ID)
}

func (f *fake) CreateGroup(ctx context.Context, who core.Account, g core.Group) (core.Group, error) {
	return g, f.note(ctx, "CreateGroup", who.ID, g)
}

func (f *fake) ChangeGroup(ctx context.Context, who core.Account, id core.GroupID, version string, change func(*core.Group) error) (core.Group, error) {
	g := core.Group{ID: id, Name: "Sales"}
	if err := change(&g); err != nil {
		return core.Group{}, err
	}
	return g, f.note(ctx, "ChangeGroup", who.ID, version, g)
}

func (f *fake) DeleteGroup(ctx context.Context, who core.Account, id core.GroupID) error {
	return f.note(ctx, "DeleteGroup", who.ID, id)
}

// few are settings that are quickly written.
func few() core.Settings { return core.Settings{Version: 2, At: now, By: "a_1"} }

func (f *fake) Settings(ctx context.Context, who core.Account) (core.Settings, error) {
	return few(), f.note(ctx, "Settings", who.ID)
}

func (f *fake) ChangeSettings(ctx context.Context, who core.Account, s core.Settings) (core.Settings, error) {
	return few(), f.note(ctx, "ChangeSettings", who.ID, s.Version, len(s.Sites))
}

func (f *fake) PreviewSettings(ctx context.Context, who core.Account, s core.Settings) ([]desk.Difference, error) {
	return []desk.Difference{{Path: "limits.text", Before: json.Number("10"), After: nil}}, f.note(ctx, "PreviewSettings", who.ID, s.Version)
}

func (f *fake) SettingsHistory(ctx context.Context, who core.Account, before uint64, limit int) ([]desk.SettingsChange, bool, error) {
	return []desk.SettingsChange{{Version: 2, At: now, By: "a_1"}}, before == 0, f.note(ctx, "SettingsHistory", who.ID, before, limit)
}

func (f *fake) RollbackSettings(ctx context.Context, who core.Account, version uint64) (core.Settings, error) {
	return few(), f.note(ctx, "RollbackSettings", who.ID, version)
}

func (f *fake) Visitor(ctx context.Context, who core.Account, id core.VisitorID) (desk.VisitorRecord, error) {
	p := core.Profile{ID: id, Site: "shop", Name: "李雷", External: "u_7", Lang: "zh", Device: "iPhone · WeChat", First: now, Seen: now, Pages: []core.Visit{
		{Page: core.Page{URL: "https://shop.example/", Title: "Shop"}, At: now},
	}}
	return desk.VisitorRecord{Profile: p, Conversation: "c_1", Verified: true, Online: true, More: true, Block: &core.Block{Visitor: id, By: "a_1", At: now}, Sessions: []desk.SessionRecord{
		{Number: 2, Began: now, Said: 3}, {Number: 1, Began: now, Ended: now, Agent: "a_2", Name: "Bo", Said: 5, Score: 4},
	}}, f.note(ctx, "Visitor", who.ID, id)
}

func (f *fake) LiveVisitors(ctx context.Context, who core.Account) ([]desk.LiveVisitor, bool, error) {
	if f.none {
		return nil, false, nil
	}
	return []desk.LiveVisitor{{ID: "v_1", Site: "shop", Conversation: "c_1", Page: core.Page{URL: "https://shop.example/"}, Since: now, Pages: 1}}, true, f.note(ctx, "LiveVisitors", who.ID)
}

func (f *fake) Sites(ctx context.Context, who core.Account) ([]core.Site, error) {
	if f.none {
		return nil, nil
	}
	return []core.Site{{ID: "shop", Name: "The shop", Origins: []string{"https://shop.example"}}}, f.note(ctx, "Sites", who.ID)
}

func (f *fake) SearchMessages(ctx context.Context, who core.Account, q core.Query, text string) (desk.Search, error) {
	if f.none {
		return desk.Search{}, nil
	}
	return desk.Search{Found: []desk.Said{{Head: head(), Event: wire.Event{Conversation: "c_1", Seq: 2, Body: wire.Body{Kind: "text", Text: "a parcel"}}}}, Looked: 100, Since: now, Next: core.Place{At: now, ID: "c_9"}},
		f.note(ctx, "SearchMessages", who.ID, q.Site, text)
}

func (f *fake) EraseVisitor(ctx context.Context, who core.Account, id core.VisitorID) error {
	return f.note(ctx, "EraseVisitor", who.ID, id)
}

func (f *fake) Invite(ctx context.Context, who core.Account, site core.SiteID, id core.VisitorID, text string) error {
	return f.note(ctx, "Invite", who.ID, site, id, text)
}

func (f *fake) FloorNow(ctx context.Context, who core.Account) (desk.FloorView, error) {
	if f.none {
		return desk.FloorView{}, nil
	}
	return desk.FloorView{At: now, Groups: []desk.GroupView{{
		Group: core.Group{ID: "sales", Name: "Sales"}, Waiting: 3, Online: 1, Seats: 5, First: &desk.FirstInLine{Conversation: "c_1", Queued: now, Why: &wire.Why{Tier: "group"}},
	}}, Agents: []desk.AgentView{{Account: core.Account{ID: "a_2", Display: "Bo", Role: core.RoleAgent, Capacity: 5}, Status: core.Away, Held: 5, Lease: now}}}, f.note(ctx, "FloorNow", who.ID)
}

func (f *fake) Why(ctx context.Context, who core.Account, id core.ConversationID) (wire.Why, error) {
	return wire.Why{Tier: "group", Members: 2}, f.note(ctx, "Why", who.ID, id)
}

func (f *fake) Blocks(ctx context.Context, who core.Account) ([]core.Block, error) {
	if f.none {
		return nil, nil
	}
	return []core.Block{{Visitor: "v_1", By: "a_1", Reason: "spam", At: now}}, f.note(ctx, "Blocks", who.ID)
}

func (f *fake) Block(ctx context.Context, who core.Account, b core.Block) error {
	return f.note(ctx, "Block", who.ID, b.Visitor, b.Reason, b.Until.Sub(b.At).Minutes() > 0)
}

func (f *fake) Unblock(ctx context.Context, who core.Account, id core.VisitorID) error {
	return f.note(ctx, "Unblock", who.ID, id)
}

func reply() desk.Reply {
	return desk.Reply{ID: "r_1", Version: 2, Title: "Hi", Text: "Hello", Shortcut: "hi", Owner: "a_1"}
}

func (f *fake) Replies(ctx context.Context, who core.Account, search string) ([]desk.Reply, error) {
	if f.none {
		return nil, nil
	}
	return []desk.Reply{reply()}, f.note(ctx, "Replies", who.ID, search)
}

func (f *fake) CreateReply(ctx context.Context, who core.Account, r desk.Reply) (desk.Reply, error) {
	return reply(), f.note(ctx, "CreateReply", who.ID, r)
}

func (f *fake) ChangeReply(ctx context.Context, who core.Account, id string, version uint64, p desk.ReplyPatch) (desk.Reply, error) {
	return reply(), f.note(ctx, "ChangeReply", who.ID, id, version, p)
}

func (f *fake) DeleteReply(ctx context.Context, who core.Account, id string) error {
	return f.note(ctx, "DeleteReply", who.ID, id)
}

func (f *fake) TOTP(ctx context.Context, who core.Account) (desk.TOTP, error) {
	return desk.TOTP{Enabled: true, Recovery: 9}, f.note(ctx, "TOTP", who.ID)
}

func (f *fake) BeginTOTP(ctx context.Context, who core.Account, current string) (desk.Enrolment, error) {
	return desk.Enrolment{Secret: "S", URI: "U"}, f.note(ctx, "BeginTOTP", who.ID, current)
}

func (f *fake) ConfirmTOTP(ctx context.Context, who core.Account, code string) ([]string, error) {
	return []string{"1-2"}, f.note(ctx, "ConfirmTOTP", who.ID, code)
}

func (f *fake) EndTOTP(ctx context.Context, who core.Account, current, code string) error {
	return f.note(ctx, "EndTOTP", who.ID, current, code)
}

func (f *fake) ResetTOTP(ctx context.Context, who core.Account, id core.AgentID) error {
	return f.note(ctx, "ResetTOTP", who.ID, id)
}

func (f *fake) Audit(ctx context.Context, who core.Account, q desk.AuditQuery) ([]desk.AuditEntry, string, error) {
	return []desk.AuditEntry{{ID: "9a", At: now, By: "a_1", Name: "amy", Operation: "put-settings", Target: "2"}}, "9a", f.note(ctx, "Audit", who.ID, q)
}

func (f *fake) Webhooks(ctx context.Context, who core.Account) ([]desk.Webhook, error) {
	if f.none {
		return nil, nil
	}
	return []desk.Webhook{hook()}, f.note(ctx, "Webhooks", who.ID)
}

func hook() desk.Webhook {
	return desk.Webhook{ID: "w_1", URL: "https://x/", Secret: "••••x", By: "a_1", At: now}
}

func (f *fake) CreateWebhook(ctx context.Context, who core.Account, h desk.Webhook) (desk.Webhook, error) {
	return hook(), f.note(ctx, "CreateWebhook", who.ID, h.URL, h.Kinds, h.Sites, h.Internal)
}

func (f *fake) DeleteWebhook(ctx context.Context, who core.Account, id string) error {
	return f.note(ctx, "DeleteWebhook", who.ID, id)
}

func (f *fake) ResumeWebhook(ctx context.Context, who core.Account, id string) error {
	return f.note(ctx, "ResumeWebhook", who.ID, id)
}

func channel() desk.Channel {
	return desk.Channel{ID: "n_1", Version: 1, Name: "Night", Kind: "wecom", URL: "••••y", After: time.Minute, Waiting: true, Lang: "zh"}
}

func (f *fake) Channels(ctx context.Context, who core.Account) ([]desk.Channel, error) {
	if f.none {
		return nil, nil
	}
	return []desk.Channel{channel()}, f.note(ctx, "Channels", who.ID)
}

func (f *fake) PutChannel(ctx context.Context, who core.Account, c desk.Channel) (desk.Channel, error) {
	return channel(), f.note(ctx, "PutChannel", who.ID, c.ID, c.Version, c)
}

func (f *fake) DeleteChannel(ctx context.Context, who core.Account, id string) error {
	return f.note(ctx, "DeleteChannel", who.ID, id)
}

func (f *fake) TestChannel(ctx context.Context, who core.Account, id string) error {
	return f.note(ctx, "TestChannel", who.ID, id)
}

func (f *fake) Reports(ctx context.Context, who core.Account, q desk.ReportQuery) (desk.Report, error) {
	return desk.Report{}, f.note(ctx, "Reports", who.ID, q.By, q.From, q.To, q.Zone.String(), q.Site, q.Group, q.Agent)
}

func (f *fake) Post(ctx context.Context, who core.Account, id core.ConversationID, e desk.NewEvent) (desk.Posted, error) {
	return desk.Posted{Seq: 4, At: wire.Time(now)}, f.note(ctx, "Post", who.ID, id, e.Body, e.Internal, e.Key)
}

func (f *fake) Find(ctx context.Context, who core.Account, q core.Query, text string) ([]wire.Head, core.Place, error) {
	return []wire.Head{head()}, f.next, f.note(ctx, "Find", who.ID, q, text)
}

func (f *fake) Conversations(ctx context.Context, who core.Account, q core.Query) ([]wire.Head, core.Place, error) {
	if f.none {
		return nil, core.Place{}, nil
	}
	return []wire.Head{head()}, f.next, f.note(ctx, "Conversations", who.ID, q)
}

func (f *fake) Conversation(ctx context.Context, who core.Account, id core.ConversationID) (wire.Head, error) {
	return head(), f.note(ctx, "Conversation", who.ID, id)
}

func (f *fake) Events(ctx context.Context, who core.Account, id core.ConversationID, after, before *uint64, limit int) (wire.Events, error) {
	e := wire.Event{Conversation: "c_1", Seq: 1, At: wire.Time(now), Session: 1, By: wire.Party{Kind: "visitor"}, Body: wire.Body{Kind: "text", Text: "<hi>"}}
	return wire.Events{Type: "events", Conversation: "c_1", Events: []wire.Event{e}}, f.note(ctx, "Events", who.ID, id, after, before, limit)
}

func head() wire.Head {
	since := wire.Time(now)
	return wire.Head{ID: "c_1", Site: "default", Visitor: wire.VisitorRef{ID: "v_1"}, Phase: "waiting", Session: 1, Since: &since, Seq: 3}
}

const (
	fewJSON = `{"version":2,"at":"2026-11-23T17:00:00.123Z","by":"a_1","sites":[],"groups":[],` +
		`"routing":{"share":0,"least":0,"affinity":"0s","pace":"0s"},"limits":{"text":0,"frame":0,"batch":0,"rate":0,"burst":0},"security":{"second":false}}`
	headJSON  = `{"id":"c_1","site":"default","visitor":{"id":"v_1","online":false},"phase":"waiting","session":1,"since":"2026-11-23T17:00:00.123Z","seq":3,"read":{"visitor":0,"agent":0}}`
	eventJSON = `{"conversation":"c_1","seq":1,"prev":0,"at":"2026-11-23T17:00:00.123Z","session":1,"by":{"kind":"visitor"},"body":{"kind":"text","text":"<hi>"}}`
	adminJSON = `{"id":"a_1","name":"amy","display":"Amy","role":"admin","groups":["sales"],"capacity":5,"weight":1,"avatar":"/amy.png","disabled":false,"version":7}`
	bareJSON  = `{"id":"a_2","name":"bob","display":"","role":"agent","groups":[],"capacity":0,"weight":0,"avatar":"","disabled":true,"version":0}`
)

// site is the handler under test, with what is around it.
type site struct {
	testing.TB
	*fake
	http.Handler
	log *bytes.Buffer
}

func newSite(t testing.TB, change ...func(*httpapi.Options)) *site {
	t.Helper()
	s := &site{TB: t, fake: &fake{}, log: &bytes.Buffer{}}
	o := httpapi.Options{
		Desk: s.fake, Files: dist(), Now: func() time.Time { return now },
		Log: slog.New(slog.NewJSONHandler(s.log, nil)),
	}
	for _, c := range change {
		c(&o)
	}
	h, err := httpapi.New(o)
	if err != nil {
		t.Fatal(err)
	}
	s.Handler = h
	return s
}

// ask serves one request: signed in and with a JSON body, unless headers, in
// pairs of name and value, say otherwise. An empty value removes a header.
func (s *site) ask(method, target, body string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	r := httptest.NewRequest(method, target, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer good")
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	given := http.Header{}
	for i := 0; i < len(headers); i += 2 {
		given.Add(headers[i], headers[i+1])
	}
	maps.Copy(r.Header, given)
	for name, values := range given {
		if values[0] == "" {
			r.Header.Del(name)
		}
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w
}

// wants checks that an answer is a problem of the given status and code.
func (s *site) wants(w *httptest.ResponseRecorder, status int, code core.Code) httpapi.Problem {
	s.Helper()
	var p httpapi.Problem
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		s.Fatalf("%d %q is no problem: %v", w.Code, w.Body, err)
	}
	if w.Code != status || p.Status != status || p.Code != string(code) || p.Type != "about:blank" || p.Title != http.StatusText(status) {
		s.Errorf("got %d %s, want %d %s", w.Code, w.Body, status, code)
	}
	if p.Request == "" || p.Request != w.Header().Get("X-Request-Id") {
		s.Errorf("the problem names request %q, the header %q", p.Request, w.Header().Get("X-Request-Id"))
	}
	wantHeader(s, w, "Content-Type", "application/problem+json")
	wantHeader(s, w, "Cache-Control", "no-store")
	wantHeader(s, w, "X-Content-Type-Options", "nosniff")
	return p
}

func wantHeader(t testing.TB, w *httptest.ResponseRecorder, name, value string) {
	t.Helper()
	if got := strings.Join(w.Header().Values(name), " | "); got != value {
		t.Errorf("%s: %q, want %q", name, got, value)
	}
}

// dist is like what the SDK builds.
func dist() fstest.MapFS {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	return fstest.MapFS{
		"kefu.js":                       file(strings.Repeat("window.Kefu={};", 100)),
		"kefu.mjs":                      file(strings.Repeat("export const Kefu={};", 100)),
		"kefu-panel.mjs":                file(strings.Repeat("export const Panel={};", 100)),
		"kefu-poll.mjs":                 file(strings.Repeat("export const Poll={};", 100)),
		"kefu-core.mjs":                 file(strings.Repeat("export const Core={};", 100)),
		"kefu.es2017.js":                file(strings.Repeat("window.Kefu={};", 100)),
		"kefu-other.mjs":                file("secret"),
		"demo/index.html":               file("<!doctype html><title>demo</title>" + strings.Repeat("<p>shop</p>", 50)),
		"demo/shoe.webp":                file(strings.Repeat("RIFF", 100)),
		"console/index.html":            file("<!doctype html><title>console</title>" + strings.Repeat("<p>desk</p>", 50)),
		"console/main.js":               file(strings.Repeat("let x=1;", 100)),
		"console/chart-Q3ZT7ABC.js":     file(strings.Repeat("let y=2;", 100)),
		"console/tiny.txt":              file("x"),
		"console/strange.bin":           file(strings.Repeat("?", 100)),
		"console/.hidden":               file("secret"),
		"console/.git/config":           file("secret"),
		"secret.txt":                    file("secret"),
		"console.bak/index.html":        file("secret"),
		"node_modules/console/index.js": file("secret"),
	}
}
