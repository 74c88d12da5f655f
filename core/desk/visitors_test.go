package desk_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
)

const shopSecret = "what the server of the shop signs with"

// vouching has the site's server vouch for its users.
func (w *world) vouching(required bool) {
	w.Helper()
	w.set(func(s *core.Settings) {
		s.Sites[0].Users = core.Users{Required: required, Secrets: []string{shopSecret}}
	})
}

// user is hello.user for one of the site's own users, good for an hour.
func (w *world) user(sub string, more map[string]any) map[string]any {
	claims := map[string]any{"aud": "default", "sub": sub, "exp": w.clock().Add(time.Hour).Unix()}
	maps.Copy(claims, more)
	part := base64.RawURLEncoding.EncodeToString
	text := part([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + part([]byte(object(claims)))
	mac := hmac.New(sha256.New, []byte(shopSecret))
	_, _ = mac.Write([]byte(text))
	return map[string]any{"token": text + "." + part(mac.Sum(nil))}
}

// logs connects somebody who is logged in on the site's page.
func (n *node) logs(name, token, sub string, more map[string]any) *client {
	n.Helper()
	return n.connect(name).hello(map[string]any{"token": token, "user": n.user(sub, more)})
}

// Who logs in after they began to talk keeps the conversation; agents learn
// who it is; and on every other device it is the same one.
func TestAnonymousBecomesKnown(t *testing.T) {
	n := newNode(t)
	n.vouching(false)
	amy := n.agent("amy", core.RoleAgent, 1).online()
	vi := n.visitor("vi")
	vi.say("where is my parcel?")
	amy.seenAll()

	in := n.logs("in", vi.token, "u1", map[string]any{"name": "Vi", "avatar": "https://shop.example/vi.png"})
	if in.conv != vi.conv || in.token != vi.token {
		t.Fatal("the conversation is lost by logging in")
	}
	in.sees("welcome visitor, n 0, held #4 by amy, #1-4")
	amy.sees("vi: #5(4) internal identified", "vi: head held #5 by amy")
	if v := amy.find("conversation").of("conversation").of("visitor"); v.str("name") != "Vi" || v.str("avatar") != "https://shop.example/vi.png" {
		t.Errorf("amy sees %v", v)
	}
	vi.say("thanks") // the older tab is theirs as before
	amy.sees("vi: #6(5) visitor: thanks")

	other := n.visitor("on the phone")
	other.say("what is said here stays with nobody in particular")
	phone := n.logs("phone", other.token, "u1", map[string]any{"name": "Vi Li"})
	if phone.conv != vi.conv || phone.token == other.token {
		t.Error("another device has another conversation")
	}
	if got := n.load(other.conv).Visitor; got == n.load(vi.conv).Visitor {
		t.Error("what an anonymous visitor said on that device was moved")
	}
	later := n.connect("later").hello(map[string]any{"token": phone.token})
	if v := later.find("welcome").of("visitor"); later.conv != vi.conv || v.str("name") != "Vi Li" {
		t.Errorf("by the token of that device: %v", v)
	}
	n.logs("again", vi.token, "u1", nil)
	if identified := strings.Count(fmt.Sprint(n.log(vi.conv)), "identified"); identified != 1 {
		t.Errorf("identified %d times", identified)
	}
}

// A user has a record before they say anything: their polls need it.
func TestKnownBeforeAnythingIsSaid(t *testing.T) {
	n := newNode(t)
	n.vouching(false)
	vi := n.logs("vi", "", "u1", map[string]any{"name": "Vi"})
	if v := vi.find("welcome").of("visitor"); v.str("name") != "Vi" {
		t.Errorf("welcomed as %v", v)
	}
	p, err := n.store.Profile(t.Context(), core.VisitorID(vi.peer.Who.ID))
	n.must(err)
	if p.External != "u1" || p.Name != "Vi" || len(n.log(vi.conv)) != 0 {
		t.Errorf("profile %+v, log %v", p, n.log(vi.conv))
	}
	vi.say("hello")
	if p, _ = n.store.Profile(t.Context(), p.ID); p.External != "u1" {
		t.Errorf("forgotten by the first message: %+v", p)
	}
	if second := n.logs("second", vi.token, "u2", nil); second.conv == vi.conv {
		t.Error("a second user of the device reads what the first one wrote")
	}
}

// Two users of one device never share a visitor, whenever they log in and
// whatever fails in between.
func TestTwoUsersOfOneDevice(t *testing.T) {
	w := newWorld(t)
	w.vouching(false)
	st := &failing{Store: w.store}
	w.store = st
	n := w.node()
	vi := n.visitor("vi")
	vi.say("hello")
	st.failKnown = true
	if got := n.logs("u1", vi.token, "u1", nil); got.find("error").str("code") != "unavailable" {
		t.Errorf("%v", got.find("error"))
	}
	n.pass(time.Hour)
	if got := n.logs("u2", vi.token, "u2", nil); got.conv == vi.conv {
		t.Error("the conversation of u1, whose login was cut off, is given to u2")
	}
	if got := n.logs("u1", vi.token, "u1", nil); got.conv != vi.conv {
		t.Error("u1 tries again and has lost the conversation")
	}
	shared := n.visitor("shared")
	var b *client
	st.meanwhile = func() { b = n.logs("b", shared.token, "b", nil) }
	if a := n.logs("a", shared.token, "a", nil); a.conv == "" || b.conv != shared.conv || a.conv == b.conv {
		t.Errorf("who log in at the same moment: %s and %s", a.conv, b.conv)
	}
}

// failing is a store that is gone just when a user would become known, or in
// which something happens just before.
type failing struct {
	core.Store
	failKnown bool
	meanwhile func()
}

func (st *failing) Keep(ctx context.Context, key string, value []byte, now, until time.Time) ([]byte, error) {
	if do := st.meanwhile; do != nil {
		st.meanwhile = nil
		do()
	}
	return st.Store.Keep(ctx, key, value, now, until)
}

func (st *failing) Known(ctx context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	if st.failKnown && fresh != "" {
		st.failKnown = false
		return "", core.Errorf(core.Unavailable, "the store is gone")
	}
	return st.Store.Known(ctx, site, external, fresh)
}

// Two tabs in which one user logs in at the same moment are one visitor, even
// if they were two until then.
func TestTwoTabsLogInAtOnce(t *testing.T) {
	n := newNode(t)
	n.vouching(false)
	for i := range 20 {
		tabs := []*client{n.connect("one"), n.connect("two"), n.connect("three")}
		tokens := []string{n.visitor(fmt.Sprint("x", i)).token, n.visitor(fmt.Sprint("y", i)).token, ""}
		var wg sync.WaitGroup
		for j, tab := range tabs {
			wg.Go(func() {
				tab.hello(map[string]any{"token": tokens[j], "user": n.user(fmt.Sprint("u", i), nil)})
			})
		}
		wg.Wait()
		if tabs[0].conv == "" || tabs[0].conv != tabs[1].conv || tabs[0].conv != tabs[2].conv {
			t.Fatalf("round %d: %s, %s, %s", i, tabs[0].conv, tabs[1].conv, tabs[2].conv)
		}
	}
}

// A site may serve only its own users. Their polls are served by the token that
// the hello brought; who was anonymous before that rule is not.
func TestUsersRequired(t *testing.T) {
	w := newWorld(t)
	n := w.holding()
	before := n.calls("before")
	before.poll(before.say("hello"))
	n.vouching(true)
	n.pass(cached)
	anon := n.connect("anon").hello(nil)
	if e := anon.find("error"); e.str("code") != "unauthorized" || !strings.Contains(e.str("message"), "hello.user.token") || anon.closed() != 4500 {
		t.Errorf("%v, closed with %d", e, anon.closed())
	}
	if got := before.refused(); got != core.Unauthorized {
		t.Errorf("who was anonymous before: %q", got)
	}
	vi := n.phone("vi")
	vi.poll(vi.hello(map[string]any{"user": n.user("u1", nil)}))
	vi.tells(vi.poll(vi.say("hello")), "#1(0) opened", "#2(1) visitor: hello", "#3(2) queued", "ack 1 is #2(1)", "head waiting #3, place 2", "next 0")
	if got := n.connect("bare").hello(map[string]any{"token": vi.body["token"]}); got.closed() != 4500 {
		t.Errorf("a hello that does not say which user: closed with %d", got.closed())
	}
	n.pass(26 * time.Hour) // the site's word was for an hour, and a day has passed since
	if got := vi.refused(); got != core.Unauthorized {
		t.Errorf("whom the site vouches for no longer polls on: %q", got)
	}
}

// A user token that has expired harms nobody who is that user anyway, and
// helps nobody else.
func TestExpiredUserToken(t *testing.T) {
	n := newNode(t)
	n.vouching(true)
	vi := n.logs("vi", "", "u1", nil)
	wu := n.logs("wu", "", "u2", nil)
	old := n.user("u1", nil)
	n.pass(2 * time.Hour)
	if back := n.connect("back").hello(map[string]any{"token": vi.token, "user": old}); back.conv != vi.conv {
		t.Errorf("who is that user: %v", back.find("error"))
	}
	for name, token := range map[string]string{"without a token": "", "another user": wu.token, "a bad one": "x"} {
		got := n.connect(name).hello(map[string]any{"token": token, "user": old})
		if e := got.find("error"); e.str("code") != "unauthorized" || !strings.Contains(e.str("message"), "expired") || got.closed() != 4500 {
			t.Errorf("%s: %v, closed with %d", name, e, got.closed())
		}
	}
	forged := n.user("u1", nil)
	forged["token"] = forged["token"].(string)[:len(forged["token"].(string))-4] + "AAAA"
	if got := n.connect("forged").hello(map[string]any{"token": vi.token, "user": forged}); got.closed() != 4500 {
		t.Errorf("a forged user token beside a good one of ours: closed with %d", got.closed())
	}
	n.pass(24 * time.Hour) // the site has not renewed its word for a day
	if got := n.connect("late").hello(map[string]any{"token": vi.token, "user": old}); got.closed() != 4500 {
		t.Errorf("whom the site vouches for no longer: closed with %d", got.closed())
	}
}

// A token of the time when the site required nobody to say who they are does
// not stand for a year once it does.
func TestUsersRequiredLater(t *testing.T) {
	n := newNode(t)
	n.vouching(false)
	vi := n.logs("vi", "", "u1", nil)
	old := n.user("u1", nil)
	n.vouching(true)
	n.pass(2 * time.Hour)
	if got := n.connect("back").hello(map[string]any{"token": vi.token, "user": old}); got.closed() != 4500 {
		t.Errorf("an old word beside a token of a year: closed with %d", got.closed())
	}
}
