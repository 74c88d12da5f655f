package desk_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// receiver is what a webhook leads to.
type receiver struct {
	testing.TB
	mu     sync.Mutex
	secret string
	ids    []string // taken, in order
	tries  int
	status int // 0: 200
	err    error
}

func (r *receiver) post(_ context.Context, m desk.Outgoing) (desk.OutgoingAnswer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tries++
	if r.err != nil || r.status != 0 {
		return desk.OutgoingAnswer{Status: r.status}, r.err
	}
	id, at := m.Header["webhook-id"], m.Header["webhook-timestamp"]
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.secret, "whsec_"))
	if err != nil || len(key) != 32 {
		r.Errorf("secret %q", r.secret)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(id + "." + at + "." + string(m.Body)))
	if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); m.Header["webhook-signature"] != want {
		r.Errorf("signature %q, want %q", m.Header["webhook-signature"], want)
	}
	var told desk.Told
	if err := json.Unmarshal(m.Body, &told); err != nil || told.Data.Event.Conversation == "" {
		r.Errorf("%s: %v", m.Body, err)
	}
	if want := fmt.Sprintf("%s-%d-e_1", told.Data.Event.Conversation, told.Data.Event.Seq); id != want {
		r.Errorf("id %q, want %q", id, want)
	}
	r.ids = append(r.ids, id)
	return desk.OutgoingAnswer{Status: 200}, nil
}

// hears checks that what was taken is all of the logs from the given seq on, in
// order, each once.
func (r *receiver) hears(n *node, from uint64, all ...*client) {
	r.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	total := 0
	for _, c := range all {
		var want, got []string
		for _, e := range n.log(c.conv) {
			if e.Seq >= from && !e.Internal {
				want = append(want, fmt.Sprintf("%s-%d-e_1", c.conv, e.Seq))
			}
		}
		for _, id := range r.ids {
			if strings.HasPrefix(id, string(c.conv)+"-") {
				got = append(got, id)
			}
		}
		if !slices.Equal(got, want) {
			r.Errorf("told %q, want %q", got, want)
		}
		total += len(want)
	}
	if total == 0 || len(r.ids) != total {
		r.Errorf("%d were told, %d happened", len(r.ids), total)
	}
}

func (n *node) hook(r *receiver, h desk.Webhook) desk.Webhook {
	n.Helper()
	root, err := n.store.Account(n.Context(), "root")
	if err != nil {
		root = n.hire("root", core.RoleAdmin, 0)
	}
	h.URL = "https://shop.example/hook?key=s3cret"
	h, err = n.desk.CreateWebhook(n.Context(), root, h)
	n.must(err)
	r.secret = h.Secret
	return h
}

func TestWebhooks(t *testing.T) {
	w, r := newWorld(t), &receiver{TB: t}
	n := w.node(func(o *desk.Options) { o.Outgoing = r.post })
	early := n.visitor("early")
	early.say("before there was a webhook")
	n.pass(time.Minute)
	h := n.hook(r, desk.Webhook{})
	vi, wu := n.visitor("vi"), n.visitor("wu")
	vi.say("one")
	wu.say("two")
	n.must(n.desk.DeliverHooks(t.Context()))
	r.hears(n, 1, vi, wu)
	early.say("afterwards")
	vi.say("three")
	n.must(n.desk.DeliverHooks(t.Context()))
	n.must(n.desk.DeliverHooks(t.Context()))
	first := n.load(early.conv).Seq
	r.mu.Lock()
	if last := r.ids[len(r.ids)-1]; !slices.Contains(r.ids, fmt.Sprintf("%s-%d-e_1", early.conv, first)) || slices.Contains(r.ids, fmt.Sprintf("%s-1-e_1", early.conv)) {
		t.Errorf("of what was said before and after: %q, last %s", r.ids, last)
	}
	r.mu.Unlock()

	root := w.hire("boss", core.RoleAdmin, 1)
	list, err := n.desk.Webhooks(t.Context(), root)
	if w.must(err); len(list) != 1 || strings.Contains(list[0].Secret, h.Secret[10:]) || list[0].State.Sent.IsZero() {
		t.Errorf("%+v", list)
	}

	// A quarter of an hour later all of it has been cleared away, but for the hook and its state.
	n.pass(15 * time.Minute)
	n.must(n.desk.DeliverHooks(t.Context()))
	for _, kind := range []string{"webhook-mark", "webhook-cursor"} {
		docs, err := w.store.Documents(t.Context(), kind, "", 10)
		if w.must(err); len(docs) != 0 {
			t.Errorf("%d of %s remain", len(docs), kind)
		}
	}
	told := len(r.ids)
	vi.say("four")
	n.must(n.desk.DeliverHooks(t.Context()))
	if len(r.ids) != told+1 {
		t.Errorf("one message more is %q", r.ids[told:])
	}
}

// A receiver that fails is told everything in the end, in order, by whichever
// node is left, and is not asked all the time until then.
func TestWebhookComesBack(t *testing.T) {
	w, r := newWorld(t), &receiver{TB: t, err: errors.New("no route")}
	n := w.node(func(o *desk.Options) { o.Outgoing = r.post })
	n.hook(r, desk.Webhook{})
	vi, wu := n.visitor("vi"), n.visitor("wu")
	for i := range 5 {
		vi.say(fmt.Sprint("a", i))
		wu.say(fmt.Sprint("b", i))
	}
	for range 3600 {
		n.must(n.desk.DeliverHooks(t.Context()))
		n.pass(time.Second)
	}
	if r.tries < 8 || r.tries > 30 { // 5 + 10 + 20 … seconds of an hour; eight conversations may try at once
		t.Errorf("in an hour it was tried %d times", r.tries)
	}
	r.err = nil
	// The node is lost, with all that it remembers. Another one finds the marks.
	m := w.node(func(o *desk.Options) { o.Outgoing = r.post })
	for range 3700 {
		m.must(m.desk.DeliverHooks(t.Context()))
		m.pass(time.Second)
		if len(r.ids) > 0 {
			break
		}
	}
	for range 20 {
		m.must(m.desk.DeliverHooks(t.Context()))
		m.pass(time.Second)
	}
	r.hears(m, 1, vi, wu)
}

// Two nodes never tell the same twice, while both are well.
func TestWebhooksOfManyNodes(t *testing.T) {
	w, r := newWorld(t), &receiver{TB: t}
	out := func(o *desk.Options) { o.Outgoing = r.post }
	n, m := w.node(out), w.node(out)
	n.hook(r, desk.Webhook{})
	n.pass(31 * time.Second) // until the other knows
	vi, wu := n.visitor("vi"), m.visitor("wu")
	for i := range 90 {
		vi.say(fmt.Sprint("a", i))
		wu.say(fmt.Sprint("b", i))
		n.must(n.desk.DeliverHooks(t.Context()))
		m.must(m.desk.DeliverHooks(t.Context()))
		n.pass(time.Second)
	}
	n.pass(time.Minute)
	for range 3 {
		n.must(n.desk.DeliverHooks(t.Context()))
		m.must(m.desk.DeliverHooks(t.Context()))
		n.pass(11 * time.Second)
	}
	r.hears(n, 1, vi, wu)
}

func TestWebhookIsDisabled(t *testing.T) {
	w, r := newWorld(t), &receiver{TB: t, status: 500}
	n := w.node(func(o *desk.Options) { o.Outgoing = r.post })
	h := n.hook(r, desk.Webhook{Kinds: []core.Kind{core.KindText}})
	root := w.hire("boss", core.RoleAdmin, 1)
	vi := n.visitor("vi")
	vi.say("one")
	for range 4 * 24 {
		n.must(n.desk.DeliverHooks(t.Context()))
		n.pass(time.Hour)
	}
	list, err := n.desk.Webhooks(t.Context(), root)
	if w.must(err); !list[0].State.Disabled || list[0].State.Last != "the answer was 500" {
		t.Fatalf("after four days: %+v", list[0].State)
	}
	entries, _, err := n.desk.Audit(t.Context(), root, desk.AuditQuery{Operation: "disable-webhook", Limit: 5})
	if w.must(err); len(entries) != 1 || entries[0].Target != h.ID {
		t.Errorf("the audit has %+v", entries)
	}
	r.status = 0
	n.must(n.desk.ResumeWebhook(t.Context(), root, h.ID))
	vi.say("two")
	n.must(n.desk.DeliverHooks(t.Context()))
	if len(r.ids) != 1 {
		t.Errorf("told %q", r.ids)
	}
	r.status = 410
	vi.say("three")
	n.must(n.desk.DeliverHooks(t.Context()))
	if list, _ = n.desk.Webhooks(t.Context(), root); !list[0].State.Disabled {
		t.Error("Gone is tried again")
	}
	n.must(n.desk.DeleteWebhook(t.Context(), root, h.ID))
	n.code(core.NotFound, n.desk.DeleteWebhook(t.Context(), root, h.ID))
}

func TestBadWebhooks(t *testing.T) {
	w, r := newWorld(t), &receiver{TB: t}
	n := w.node(func(o *desk.Options) { o.Outgoing = r.post })
	root := w.hire("boss", core.RoleAdmin, 1)
	for _, h := range []desk.Webhook{{}, {URL: "ftp://x/"}, {URL: "https://"}, {URL: "https://a:b@x/"}, {URL: "https://x/ y"}, {URL: "https://x/", Sites: []core.SiteID{"none"}}} {
		_, err := n.desk.CreateWebhook(t.Context(), root, h)
		n.code(core.Invalid, err)
	}
	none := w.node()
	_, err := none.desk.CreateWebhook(t.Context(), root, desk.Webhook{URL: "https://x/"})
	n.code(core.Unsupported, err)
}
