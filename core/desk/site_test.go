package desk_test

import (
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

func both(en, zh string) core.Texts { return core.Texts{"en": en, "zh": zh} }

// asking is a site with something of everything.
func asking(s *core.Settings) {
	x := &s.Sites[0]
	x.Offline, x.Quick, x.Rating = both("Leave a message", "请留言"), []core.Texts{both("Where is it?", "在哪里？")}, true
	x.Form = core.Form{Text: both("Who?", "您是？"), Fields: []core.Field{
		{ID: "topic", Label: both("Topic", "事由"), Type: "select", Required: true, Options: []core.Texts{both("Order", "订单")}}}}
	x.Invite = []core.Invite{{ID: "cart", Text: both("Help?", "需要帮忙吗？"), After: 1500 * time.Millisecond, Path: "/cart/*", Again: time.Hour}}
	x.Privacy = core.Privacy{Text: both("We keep it", "我们会保存"), URL: "https://shop.example/privacy"}
	x.Uploads.Types = []string{"image/png"}
	x.Hours = core.Hours{Zone: "Asia/Shanghai", Spans: []core.Span{{Day: time.Tuesday, From: 9*60 + 30, Until: 18 * 60}}}
}

// A visitor is welcomed in their language, and told when somebody is there: on a
// Monday at nine in London, which is the afternoon in Shanghai.
func TestSiteInLanguage(t *testing.T) {
	n, _ := keeper(t)
	n.set(asking)
	const want = `{"edit":120,"form":{"fields":[{"id":"topic","label":"事由","options":["订单"],"required":true,"type":"select"}],"text":"您是？"},` +
		`"greeting":"您好，请问有什么可以帮您？","hours":[{"day":2,"from":"09:30","until":"18:00"}],` +
		`"invite":[{"after":2,"again":3600,"id":"cart","path":"/cart/*","text":"需要帮忙吗？"}],"lang":"zh-CN","name":"Kefu","offline":"请留言","open":false,` +
		`"opens":"2026-01-06T01:30:00.000Z","privacy":{"text":"我们会保存","url":"https://shop.example/privacy"},"quick":["在哪里？"],"rating":true,` +
		`"uploads":{"post":false,"size":10485760,"types":["image/png"]},"zone":"Asia/Shanghai"}`
	if got := string(wire.Encode(n.connect("vi").hello(map[string]any{"lang": "zh-CN"}).find("welcome").of("site"))); got != want {
		t.Errorf("the welcome shows\n%s\nwant\n%s", got, want)
	}
	n.pass(17 * time.Hour)
	if got := string(wire.Encode(n.connect("later").hello(nil).find("welcome").of("site"))); !strings.Contains(got, `"open":true`) || strings.Contains(got, "opens") || !strings.Contains(got, `"Who?"`) {
		t.Errorf("on Tuesday at ten, in English: %s", got)
	}
}

// A site that says nothing of all that adds nothing to a welcome.
func TestSiteOfFewWords(t *testing.T) {
	n := newNode(t)
	n.set(func(s *core.Settings) { s.Sites[0].Greeting, s.Sites[0].Rating = nil, false })
	if got := string(wire.Encode(n.visitor("vi").find("welcome").of("site"))); got != `{"edit":120,"name":"Kefu","open":true}` {
		t.Errorf("the welcome shows %s", got)
	}
}

// The largest site that may be leaves a welcome room for the last message.
func TestLargestSite(t *testing.T) {
	n, _ := keeper(t)
	n.set(func(s *core.Settings) {
		asking(s)
		x := &s.Sites[0]
		x.Greeting = core.Texts{"en": strings.Repeat("\n", 9<<10)} // two bytes each on the wire
		x.Uploads.Types = nil
		for i := range 40 {
			x.Uploads.Types = append(x.Uploads.Types, "application/"+strings.Repeat("x", 80)+string(rune('a'+i%26)))
		}
		x.Hours.Spans = nil
		for i := range 50 {
			x.Hours.Spans = append(x.Hours.Spans, core.Span{Day: time.Weekday(i % 7), From: i, Until: 1440})
		}
	})
	vi := n.visitor("vi")
	vi.say("hello")
	tab := vi.tab("tab") // a message that is too long for the wire fails this test by itself
	if events := tab.find("welcome").list("events"); len(events) == 0 {
		t.Error("there was no room for an event")
	}
	answer, err := n.desk.Poll(t.Context(), []byte(object(map[string]any{
		"wait": 0, "frames": []any{map[string]any{"type": "hello", "v": 1, "origin": "origin-of-poller", "token": vi.token}},
	})), "", "192.0.2.1")
	if err != nil || len(answer) > wire.MaxMessage || !strings.Contains(string(answer), `"kind":"opened"`) {
		t.Errorf("a poll is answered with %d bytes, %v", len(answer), err)
	}
}

// What differs is named down to the text, and what is wrong with one too.
func TestDifferencesOfASite(t *testing.T) {
	n := newNode(t)
	n.set(asking)
	boss := n.hire("boss", core.RoleAdmin, 1)
	s, err := n.desk.Settings(t.Context(), boss)
	n.must(err)
	s.Sites[0].Form.Fields = []core.Field{s.Sites[0].Form.Fields[0]}
	s.Sites[0].Form.Fields[0].Label = both("Subject", "事由")
	s.Sites[0].Uploads.Size = 1 << 20
	list, err := n.desk.PreviewSettings(t.Context(), boss, s)
	n.must(err)
	var paths []string
	for _, d := range list {
		paths = append(paths, d.Path)
	}
	if got := strings.Join(paths, " "); got != "sites[default].form.fields[topic].label.en sites[default].uploads.size" {
		t.Errorf("what differs: %s", got)
	}
	s.Sites[0].Form.Fields[0].Label = nil
	if _, err := n.desk.ChangeSettings(t.Context(), boss, s); core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), "sites[0].form.fields[0].label: ") {
		t.Errorf("a field without a label: %v", err)
	}
}

// Agents are told of what any site takes.
func TestAgentsLimits(t *testing.T) {
	n, _ := keeper(t)
	n.set(func(s *core.Settings) {
		s.Sites[0].Uploads = core.Uploads{Size: 1000, Types: []string{"image/png"}}
		s.Sites = append(s.Sites, core.Site{ID: "other", Groups: []core.GroupID{"default"}, Uploads: core.Uploads{Size: 2000, Types: []string{"image/png", "application/pdf"}}})
	})
	n.pass(6 * time.Second)
	got := string(wire.Encode(n.agent("amy", core.RoleAgent, 1).find("welcome").of("limits")))
	if !strings.Contains(got, `"size":2000`) || !strings.Contains(got, `["image/png","application/pdf"]`) {
		t.Errorf("an agent is told %s", got)
	}
}

// A form is the first thing a visitor says, and their list shows it.
func TestForm(t *testing.T) {
	n := newNode(t)
	amy, vi := n.agent("amy", core.RoleAgent, 1).online(), n.visitor("vi")
	amy.seenAll()
	form := map[string]any{"kind": "form", "fields": []any{
		map[string]any{"id": "phone", "label": "Phone", "value": "138"}, map[string]any{"id": "topic", "label": "Topic", "value": "Refund"}}}
	vi.own().frame("send", map[string]any{"body": form})
	head, err := n.desk.Conversation(t.Context(), n.accountOf("amy"), vi.conv)
	n.must(err)
	if head.Last == nil || len(head.Last.Body.Fields) != 1 || head.Last.Body.Fields[0].Value != "138" {
		t.Errorf("the head shows %+v", head.Last)
	}
	amy.in(vi).frame("send", map[string]any{"body": form})
	if f := amy.find("error"); f == nil || f.str("code") != "forbidden" {
		t.Errorf("an agent filled in a form: %v", f)
	}
	vi.own().frame("edit", map[string]any{"seq": 2, "body": text("no")})
	if f := vi.find("error"); f == nil || f.str("code") != "invalid" {
		t.Errorf("a form was edited: %v", f)
	}
	vi.n[vi.conv]--
	vi.own().frame("recall", map[string]any{"seq": 2})
	if body := n.log(vi.conv)[1].Body; body.Kind != core.KindTombstone || len(body.Fields) > 0 {
		t.Errorf("taken back, and yet %+v", body)
	}
}

func (w *world) accountOf(id string) core.Account {
	w.Helper()
	a, err := w.store.Account(w.Context(), core.AgentID(id))
	w.must(err)
	return a
}
