package desk_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// wall is what robots, webhooks and mails lead to.
type wall struct {
	posts []desk.Outgoing
	mails []string
	says  string // the answer
	err   error
}

func (w *wall) post(_ context.Context, m desk.Outgoing) (desk.OutgoingAnswer, error) {
	w.posts = append(w.posts, m)
	return desk.OutgoingAnswer{Status: 200, Body: []byte(w.says)}, w.err
}

func (w *wall) mail(_ context.Context, to []string, subject, text string) error {
	w.mails = append(w.mails, strings.Join(to, ",")+"|"+subject+"|"+text)
	return w.err
}

func (w *wall) on(o *desk.Options) { o.Outgoing, o.Mail = w.post, w.mail }

func (n *node) watch(c desk.Channel) desk.Channel {
	n.Helper()
	root, err := n.store.Account(n.Context(), "root")
	if err != nil {
		root = n.hire("root", core.RoleAdmin, 0)
	}
	if c.Kind != "mail" {
		c.URL = "https://robots.example/send?access_token=t0ken"
	}
	c.Name, c.Lang = "Night", "en"
	c, err = n.desk.PutChannel(n.Context(), root, c)
	n.must(err)
	return c
}

// runs lets a time pass, second by second.
func (n *node) runs(d time.Duration) {
	n.Helper()
	for range int(d / time.Second) {
		n.pass(time.Second)
		n.must(n.desk.Notify(n.Context()))
	}
}

// Each wait is told once, by one node, also after a restart.
func TestNotify(t *testing.T) {
	w, robots := newWorld(t), &wall{says: `{"errcode":0,"errmsg":"ok"}`}
	n := w.node(robots.on)
	n.watch(desk.Channel{Kind: "wecom", After: time.Minute, Waiting: true, Link: "https://desk.example/console/"})
	vi := n.visitor("vi")
	vi.say("hello")
	n.runs(55 * time.Second)
	if len(robots.posts) != 0 {
		t.Fatalf("too early: %s", robots.posts[0].Body)
	}
	n.runs(10 * time.Second)
	if len(robots.posts) != 1 {
		t.Fatalf("told %d times", len(robots.posts))
	}
	var body struct {
		Msgtype string
		Text    struct{ Content string }
	}
	w.must(json.Unmarshal(robots.posts[0].Body, &body))
	if body.Msgtype != "text" || !strings.HasPrefix(body.Text.Content, "Kefu: visitors waiting: 1, the longest for 6") ||
		!strings.Contains(body.Text.Content, "A visitor (Service) waits in line") || !strings.HasSuffix(body.Text.Content, "\nhttps://desk.example/console/") {
		t.Errorf("%q", body.Text.Content)
	}
	n.runs(time.Hour)
	m := w.node(robots.on)
	m.runs(time.Hour)
	if len(robots.posts) != 1 {
		t.Errorf("told %d times", len(robots.posts))
	}
	// Another wait of the same visitor is another matter.
	vi.own().end()
	n.pass(time.Minute)
	vi.say("again")
	m.runs(2 * time.Minute)
	if len(robots.posts) != 2 {
		t.Errorf("told %d times", len(robots.posts))
	}
}

// Many who wait are one message.
func TestNotifyIsOneMessage(t *testing.T) {
	w, robots := newWorld(t), &wall{}
	n := w.node(robots.on)
	n.watch(desk.Channel{Kind: "mail", To: []string{"amy@shop.example", "bo@shop.example"}, After: 30 * time.Second, Waiting: true})
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		n.visitor(name).say("hello")
	}
	n.runs(time.Minute)
	if len(robots.mails) != 1 || !strings.HasPrefix(robots.mails[0], "amy@shop.example,bo@shop.example|Kefu: visitors waiting: 7,") || !strings.Contains(robots.mails[0], "· and 2 more") {
		t.Errorf("%q", robots.mails)
	}
}

// What somebody holds and does not look at; and no longer once they have.
func TestNotifyUnread(t *testing.T) {
	w, robots := newWorld(t), &wall{says: `{"code":0}`}
	w.set(func(s *core.Settings) { s.Sites[0].Timeouts.Agent = 0 })
	n := w.node(robots.on)
	n.watch(desk.Channel{Kind: "feishu", Secret: "s3cret", After: 20 * time.Second, Unread: true})
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("hello")
	wu.say("hello")
	amy.in(wu).frame("read", map[string]any{"seq": 9})
	n.runs(40 * time.Second)
	if len(robots.posts) != 1 || strings.Count(string(robots.posts[0].Body), "unread message") != 1 || !strings.Contains(string(robots.posts[0].Body), `"sign":"`) {
		t.Errorf("%q", robots.posts)
	}
}

// What did not arrive is tried again, ever less often, and the channel says so.
func TestNotifyAgain(t *testing.T) {
	w, robots := newWorld(t), &wall{says: `{"errcode":310000,"errmsg":"sign not match"}`}
	n := w.node(robots.on)
	c := n.watch(desk.Channel{Kind: "dingtalk", Secret: "SEC123", After: 10 * time.Second, Waiting: true})
	n.visitor("vi").say("hello")
	n.runs(time.Hour)
	if len(robots.posts) < 4 || len(robots.posts) > 15 {
		t.Errorf("tried %d times in an hour", len(robots.posts))
	}
	root, err := w.store.Account(t.Context(), "root")
	w.must(err)
	list, err := n.desk.Channels(t.Context(), root)
	if w.must(err); len(list) != 1 || list[0].State.Last != "it says 310000 sign not match" || !strings.HasPrefix(list[0].URL, "••••") || list[0].Secret != "••••C123" {
		t.Errorf("%+v", list)
	}
	n.code(core.Conflict, n.desk.TestChannel(t.Context(), root, c.ID))
	robots.says = `{"errcode":0}`
	n.must(n.desk.TestChannel(t.Context(), root, c.ID))
	u, err := url.Parse(robots.posts[len(robots.posts)-1].URL)
	if err != nil || u.Query().Get("access_token") != "t0ken" || u.Query().Get("sign") == "" || u.Query().Get("timestamp") == "" {
		t.Errorf("%v, %v", u, err)
	}
	told := len(robots.posts)
	m := w.node(robots.on) // after a restart
	m.runs(20 * time.Minute)
	if len(robots.posts) != told+1 {
		t.Errorf("told %d times more", len(robots.posts)-told)
	}
	// A mask keeps what it stands for.
	list[0].After = time.Hour
	if _, err = n.desk.PutChannel(t.Context(), root, list[0]); err != nil {
		t.Fatal(err)
	}
	n.must(n.desk.TestChannel(t.Context(), root, c.ID))
	_, err = n.desk.PutChannel(t.Context(), root, list[0])
	n.code(core.Conflict, err)
	n.must(n.desk.DeleteChannel(t.Context(), root, c.ID))
}

// The signatures, computed by other means: openssl dgst -sha256 -hmac.
func TestBadChannels(t *testing.T) {
	w, robots := newWorld(t), &wall{err: errors.New("no")}
	n := w.node(robots.on)
	root := w.hire("root", core.RoleAdmin, 0)
	good := desk.Channel{Name: "x", Kind: "wecom", URL: "https://x/", After: time.Minute, Waiting: true, Lang: "zh"}
	for says, change := range map[string]func(*desk.Channel){
		"name: ":    func(c *desk.Channel) { c.Name = " " },
		"kind: ":    func(c *desk.Channel) { c.Kind = "pigeon" },
		"url: ":     func(c *desk.Channel) { c.URL = "file:///etc/passwd" },
		"after: ":   func(c *desk.Channel) { c.After = 0 },
		"waiting: ": func(c *desk.Channel) { c.Waiting = false },
		"lang: ":    func(c *desk.Channel) { c.Lang = "fr" },
		"link: ":    func(c *desk.Channel) { c.Link = "javascript:alert(1)" },
		"to: ":      func(c *desk.Channel) { c.Kind, c.To = "mail", []string{"amy@shop.example\r\nBcc: all@shop.example"} },
		"groups: ":  func(c *desk.Channel) { c.Groups = []core.GroupID{"none"} },
	} {
		c := good
		change(&c)
		if _, err := n.desk.PutChannel(t.Context(), root, c); core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), says) {
			t.Errorf("%s %v", says, err)
		}
	}
	_, err := w.node().desk.PutChannel(t.Context(), root, good)
	n.code(core.Unsupported, err)
}
