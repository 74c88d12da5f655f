package desk_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

func message(s string) wire.Body { return wire.Body{Kind: "text", Text: s} }

// shop has an agent who holds a conversation, and their account.
func shop(t *testing.T) (n *node, amy, vi *client, account core.Account) {
	n = newNode(t)
	amy = n.agent("amy", core.RoleAgent, 1).online()
	vi = n.visitor("vi")
	vi.say("where is my parcel?")
	account, err := n.store.Account(t.Context(), "amy")
	n.must(err)
	amy.seenAll()
	vi.seenAll()
	return n, amy, vi, account
}

// What an integration sends arrives as if the agent had said it.
func TestPost(t *testing.T) {
	n, amy, vi, account := shop(t)
	p, err := n.desk.Post(t.Context(), account, vi.conv, desk.NewEvent{Body: message("on its way")})
	n.must(err)
	last := n.log(vi.conv)[p.Seq-1]
	if last.By != core.AgentParty("amy") || last.Body.Text != "on its way" || last.Internal || !last.At.Equal(n.clock()) || time.Time(p.At) != n.clock() {
		t.Errorf("stored %+v, answered %+v", last, p)
	}
	for _, c := range []*client{vi, amy} {
		if e := c.find("event"); e == nil || e.of("body").str("text") != "on its way" {
			t.Errorf("%s sees %v", c.name, e)
		}
		c.seenAll()
	}
	p, err = n.desk.Post(t.Context(), account, vi.conv, desk.NewEvent{Body: message("a hurry"), Internal: true})
	n.must(err)
	if !n.log(vi.conv)[p.Seq-1].Internal || vi.find("event").num("seq") == p.Seq || amy.find("event").num("seq") != p.Seq {
		t.Errorf("a note: %+v, vi sees %v", n.log(vi.conv)[p.Seq-1], vi.find("event"))
	}
	again, err := n.desk.Post(t.Context(), account, vi.conv, desk.NewEvent{Body: message("a hurry"), Internal: true})
	n.must(err)
	if again.Seq != p.Seq+1 {
		t.Errorf("without a key a repeat is another message, but got %d after %d", again.Seq, p.Seq)
	}
}

// The rights are those of a frame, and so are the bounds.
func TestPostRefused(t *testing.T) {
	n, _, vi, amy := shop(t)
	bo, cy := n.hire("bo", core.RoleAgent, 1), n.hire("cy", core.RoleAgent, 1, []core.GroupID{"sales"}...)
	eve := n.hire("eve", core.RoleSupervisor, 1, "sales")
	for _, c := range []struct {
		who      core.Account
		id       core.ConversationID
		body     wire.Body
		internal bool
		want     core.Code
	}{
		{core.Account{}, vi.conv, message("x"), false, core.Forbidden},
		{bo, vi.conv, message("x"), false, core.Forbidden},
		{bo, vi.conv, message("x"), true, ""},
		{cy, vi.conv, message("x"), true, core.Forbidden},
		{eve, vi.conv, message("x"), false, ""},
		{amy, "c_nobody", message("x"), false, core.NotFound},
		{amy, core.ConversationID(strings.Repeat("c", 65)), message("x"), false, core.Invalid},
		{amy, vi.conv, message(" "), false, core.Invalid},
		{amy, vi.conv, message(strings.Repeat("x", 4001)), false, core.TooLarge},
		{amy, vi.conv, wire.Body{Kind: "assigned"}, false, core.Invalid},
		{amy, vi.conv, wire.Body{Kind: "options", Text: "?"}, false, core.Invalid},
		{amy, vi.conv, wire.Body{Kind: "image", URL: "/x.png", Name: "x"}, false, core.Unsupported},
		{amy, vi.conv, wire.Body{Kind: "options", Text: "?", Options: []string{"yes", "no"}}, false, ""},
	} {
		before := len(n.log(vi.conv))
		_, err := n.desk.Post(t.Context(), c.who, c.id, desk.NewEvent{Body: c.body, Internal: c.internal, Key: "k"})
		if core.CodeOf(err) != c.want || (len(n.log(vi.conv)) > before) != (c.want == "") {
			t.Errorf("%s sends %.40v to %.10s: %v, %d events more", c.who.ID, c.body, c.id, err, len(n.log(vi.conv))-before)
		}
	}
}

// Under one key there is one event, whoever asks how often.
func TestPostRace(t *testing.T) {
	n, _, vi, account := shop(t)
	before := len(n.log(vi.conv))
	answers := make([]desk.Posted, 16)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			p, err := n.desk.Post(t.Context(), account, vi.conv, desk.NewEvent{Body: message("on its way"), Key: "order-7"})
			if err != nil {
				t.Error(err)
			}
			answers[i] = p
		})
	}
	all.Wait()
	if got := len(n.log(vi.conv)) - before; got != 1 {
		t.Errorf("%d events", got)
	}
	for _, p := range answers {
		if p != answers[0] || p.Seq != uint64(before+1) {
			t.Errorf("answers %+v and %+v", p, answers[0])
		}
	}
}

// A key is one request's: of one author, in one conversation, for a day.
func TestPostKeys(t *testing.T) {
	n, _, vi, amy := shop(t)
	eve := n.hire("eve", core.RoleSupervisor, 1)
	wu := n.visitor("wu")
	wu.say("hello")
	post := func(who core.Account, id core.ConversationID, e desk.NewEvent) (uint64, core.Code) {
		t.Helper()
		p, err := n.desk.Post(t.Context(), who, id, e)
		return p.Seq, core.CodeOf(err)
	}
	e := desk.NewEvent{Body: message("hi"), Key: "one"}
	first, code := post(amy, vi.conv, e)
	if code != "" {
		t.Fatal(code)
	}
	other, note := e, e
	other.Body, note.Internal = message("ho"), true
	for _, x := range []desk.NewEvent{other, note} {
		if _, code := post(amy, vi.conv, x); code != core.Conflict {
			t.Errorf("another request under the key: %q", code)
		}
	}
	for _, id := range []core.ConversationID{vi.conv, wu.conv} {
		if seq, code := post(eve, id, e); code != "" || id == vi.conv && seq != first+1 {
			t.Errorf("somebody else's, or elsewhere: %d, %q", seq, code)
		}
	}
	// The log recognises so many origins; the answer that is kept outlives them.
	for i := range core.MaxHeard + 4 {
		if _, code := post(amy, vi.conv, desk.NewEvent{Body: message("hi"), Key: fmt.Sprint("other-", i)}); code != "" {
			t.Fatal(code)
		}
	}
	n.pass(23 * time.Hour)
	if seq, code := post(amy, vi.conv, e); code != "" || seq != first {
		t.Errorf("a repeat a day later: %d, %q", seq, code)
	}
	n.pass(2 * time.Hour)
	if seq, code := post(amy, vi.conv, e); code != "" || seq == first {
		t.Errorf("after its time it is a new one: %d, %q", seq, code)
	}
}

// If the answer could not be kept, as when the process ends right after the
// message was stored, the log alone still refuses a second copy.
func TestPostAnswerLost(t *testing.T) {
	n, _, vi, amy := shop(t)
	n.rooms.lose = func() bool { return true }
	e := desk.NewEvent{Body: message("hi"), Key: "one"}
	_, err := n.desk.Post(t.Context(), amy, vi.conv, e)
	n.code(core.Unavailable, err)
	n.rooms.lose = nil
	stored := len(n.log(vi.conv))
	p, err := n.desk.Post(t.Context(), amy, vi.conv, e)
	n.must(err)
	if len(n.log(vi.conv)) != stored || n.log(vi.conv)[p.Seq-1].Body.Text != "hi" {
		t.Errorf("%d events instead of %d", len(n.log(vi.conv)), stored)
	}
	e.Body = message("ho")
	_, err = n.desk.Post(t.Context(), amy, vi.conv, e)
	n.code(core.Conflict, err)
}

// An integration may not flood either, and is told when to come again.
func TestPostTooFast(t *testing.T) {
	n, _, vi, amy := shop(t)
	n.set(func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst, s.Limits.Batch = 1, 2, 1 })
	n.pass(cached)
	sent := 0
	for range 20 {
		_, err := n.desk.Post(t.Context(), amy, vi.conv, desk.NewEvent{Body: message("hi")})
		if core.CodeOf(err) == core.RateLimited {
			break
		}
		n.must(err)
		sent++
	}
	if sent != 10 { // agents may send five times what visitors may
		t.Errorf("%d messages at once", sent)
	}
	n.pass(time.Second)
	_, err := n.desk.Post(t.Context(), amy, vi.conv, desk.NewEvent{Body: message("hi")})
	n.must(err)
}
