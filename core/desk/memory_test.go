package desk_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// moves has the next frame of a connection served by another process, which
// knows of it what its memory says.
func (c *client) moves() *client {
	c.Helper()
	old := c.peer
	p, err := desk.Recall(c, old.Page, old.Addr, old.Memory())
	c.must(err)
	if !bytes.Equal(p.Memory(), old.Memory()) {
		c.Errorf("%s remembers %s of %s", c.name, p.Memory(), old.Memory())
	}
	c.floor.mu.Lock()
	defer c.floor.mu.Unlock()
	for _, t := range c.floor.joined[old] {
		peers := c.floor.topics[t]
		for i := range peers {
			if peers[i] == old {
				peers[i] = p
			}
		}
	}
	c.floor.joined[p] = c.floor.joined[old]
	delete(c.floor.joined, old)
	for _, s := range c.floor.peers {
		if s.peer == old {
			s.peer = p
		}
	}
	c.peer = p
	return c
}

// TestMemory: every frame is served by another process than the one before,
// and nobody notices.
func TestMemory(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).moves().online()
	vi := n.connect("vi").hello(map[string]any{
		"tag": "vip", "lang": "fr", "page": map[string]any{"url": "https://shop.example/cart", "title": "Cart", "referrer": "https://search.example"},
	}).moves()
	vi.say("hello")
	c := n.load(vi.conv)
	if c.Session.Tag != "vip" || c.Session.Phase != core.Held {
		t.Errorf("the session is %+v", c.Session)
	}
	profile, err := n.store.Profile(t.Context(), c.Visitor)
	n.must(err)
	if profile.Lang != "fr" || profile.Page.Title != "Cart" || profile.Page.Referrer != "https://search.example" {
		t.Errorf("the profile is %+v", profile)
	}
	amy.moves().in(vi).say("good morning")
	vi.moves().say("bye")

	bob := n.agent("bob", core.RoleSupervisor, 1)
	bob.watches(vi)
	bob.moves().seenAll()
	vi.moves().say("is somebody else there?")
	if got := bob.news(); len(got) == 0 {
		t.Error("who watches is not told")
	}
	bob.watches()
	bob.moves().seenAll()
	vi.say("no?")
	if got := bob.news(); len(got) != 0 {
		t.Errorf("who watches no more is told %v", got)
	}
}

// TestMemoryOfRights: what a token was good for is remembered, and that it
// ends.
func TestMemoryOfRights(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAgent, 1).moves()
	n.account("amy", func(a *core.Account) { a.Tokens++ })
	n.after(6 * time.Second)
	if amy.closed() != 4501 {
		t.Errorf("whose login was revoked is closed with %d", amy.closed())
	}
	bob := n.agent("bob", core.RoleAgent, 1)
	n.pass(100 * 24 * time.Hour)
	bob.moves().serve(object(map[string]any{"type": "ping"}))
	if bob.closed() != 4004 {
		t.Errorf("whose token has expired is closed with %d", bob.closed())
	}
}

// TestMemoryIsWritten: the profile is written by whoever serves the first
// message, and by nobody who serves a later one and knows no better.
func TestMemoryIsWritten(t *testing.T) {
	n := newNode(t)
	vi := n.connect("vi").hello(map[string]any{"lang": "fr"})
	before := vi.peer.Memory()
	vi.say("hello")
	stored, err := n.store.Profile(t.Context(), core.VisitorID(vi.peer.Who.ID))
	n.must(err)
	old, err := desk.Recall(vi, vi.peer.Page, vi.peer.Addr, before) // as a process has it that read the row before
	n.must(err)
	stored.Seen = stored.Seen.Add(time.Hour)
	n.must(n.store.PutProfile(t.Context(), stored)) // by a later hello
	vi.peer = old
	vi.say("again")
	if got, _ := n.store.Profile(t.Context(), stored.ID); !reflect.DeepEqual(got, stored) {
		t.Errorf("it is written again: %+v", got)
	}
}

// TestNoMemory: whatever else stands in a row is refused, and nothing panics.
func TestNoMemory(t *testing.T) {
	n := newNode(t)
	good := string(n.visitor("vi").peer.Memory())
	for _, data := range []string{
		"", "{}", "null", "[]", "garbage", `{"v":2,"k":1,"i":"v_1"}`, `{"v":1,"k":1}`, `{"v":1,"k":0,"i":"v_1"}`, `{"v":1,"k":3,"i":"b"}`,
		`{"v":1,"k":300,"i":"v_1"}`, good[:len(good)/2], strings.Replace(good, `"v":1`, `"v":0`, 1),
	} {
		if p, err := desk.Recall(nil, "", "", []byte(data)); core.CodeOf(err) != core.Invalid || p != nil {
			t.Errorf("%s: %v", data, err)
		}
	}
}
