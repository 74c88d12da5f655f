package desk_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// stage is a conversation in group sales that was taken from "former", who is
// of another group by now, and is held by "holder"; and all who may try.
func stage(t *testing.T, role string, closed bool) thread {
	w := newWorld(t)
	w.set(func(s *core.Settings) {
		s.Groups = append(s.Groups, core.Group{ID: "sales"}, core.Group{ID: "billing"})
		s.Sites[0].Groups = []core.GroupID{"sales"}
	})
	n := w.node()
	former := n.agent("former", core.RoleAgent, 1, "sales")
	holder := n.agent("holder", core.RoleAgent, 2, "sales").online()
	n.agent("third", core.RoleAgent, 1, "billing").online()
	vi := n.visitor("vi")
	vi.say("hello")
	former.online()
	holder.in(vi).frame("transfer", map[string]any{"to": map[string]any{"agent": "former"}})
	former.in(vi).frame("transfer", map[string]any{"to": map[string]any{"agent": "holder"}})
	w.account("former", func(a *core.Account) { a.Groups = []core.GroupID{"billing"} })
	n.pass(2 * cached)
	who := map[string]func() *client{
		"visitor":    func() *client { return vi },
		"other":      func() *client { return n.visitor("other") },
		"of group":   func() *client { return n.agent("colleague", core.RoleAgent, 1, "sales") },
		"of another": func() *client { return n.agent("stranger", core.RoleAgent, 1, "billing") },
		"former":     func() *client { return n.comes("former") },
		"holder":     func() *client { return holder },
		"supervisor": func() *client { return n.agent("eve", core.RoleSupervisor, 1, "billing") },
		"admin":      func() *client { return n.agent("root", core.RoleAdmin, 1, "billing") },
	}[role]()
	if closed {
		vi.own().end()
	}
	who.seenAll()
	return thread{who, vi.conv}
}

// answer is how a frame was answered: ack, pong, an error's code; "-" if not
// at all.
func answer(th thread) string {
	for _, f := range th.news() {
		switch typ := f.str("type"); typ {
		case "error":
			return f.str("code")
		case "ack", "events", "pong", "presence":
			return typ
		}
	}
	return "-"
}

// frames is every client frame, about the session that is going on.
var frames = []struct {
	name, typ string
	fields    map[string]any
}{
	{"hello", "hello", map[string]any{"v": 1, "origin": "another-origin"}},
	{"send", "send", map[string]any{"body": text("hi")}},
	{"note", "send", map[string]any{"body": text("hi"), "internal": true}},
	{"typing", "typing", nil},
	{"read", "read", map[string]any{"seq": 3}},
	{"human", "human", nil},
	{"end", "end", nil},
	{"rate", "rate", map[string]any{"score": 4}},
	{"take", "take", nil},
	{"to agent", "transfer", map[string]any{"to": map[string]any{"agent": "third"}}},
	{"to group", "transfer", map[string]any{"to": map[string]any{"group": "billing"}}},
	{"reopen", "reopen", nil},
	{"edit", "edit", map[string]any{"seq": 2, "body": text("hi")}},
	{"recall", "recall", map[string]any{"seq": 2}},
	{"status", "status", map[string]any{"status": "away"}},
	{"watch", "watch", nil},
	{"after", "after", map[string]any{"seq": 0}},
	{"before", "before", map[string]any{"seq": 9}},
	{"ping", "ping", nil},
	{"unknown", "become", map[string]any{"role": "admin"}},
}

// Every frame from everybody, while the session is held and after it closed.
// Rows and columns are read off the protocol: "Who may send", "Client frames".
func TestRights(t *testing.T) {
	roles := []string{"visitor", "other", "of group", "of another", "former", "holder", "supervisor", "admin"}
	const held = `
		hello      invalid     invalid     invalid     invalid     invalid     invalid     invalid     invalid
		send       ack         forbidden   forbidden   forbidden   conflict    ack         ack         ack
		note       forbidden   forbidden   ack         forbidden   conflict    ack         ack         ack
		typing     -           forbidden   -           forbidden   -           -           -           -
		read       -           forbidden   -           forbidden   -           -           -           -
		human      ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		end        ack         forbidden   conflict    forbidden   forbidden   ack         ack         ack
		rate       ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		take       forbidden   forbidden   conflict    forbidden   forbidden   ack         ack         ack
		to_agent   forbidden   forbidden   conflict    forbidden   forbidden   ack         ack         ack
		to_group   forbidden   forbidden   conflict    forbidden   forbidden   ack         ack         ack
		reopen     forbidden   forbidden   ack         forbidden   forbidden   ack         ack         ack
		edit       ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		recall     ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		status     forbidden   forbidden   presence    presence    presence    presence    presence    presence
		watch      forbidden   forbidden   -           forbidden   -           -           -           -
		after      events      forbidden   events      forbidden   events      events      events      events
		before     events      forbidden   events      forbidden   events      events      events      events
		ping       pong        pong        pong        pong        pong        pong        pong        pong
		unknown    invalid     invalid     invalid     invalid     invalid     invalid     invalid     invalid`
	const closed = `
		send       ack         forbidden   conflict    forbidden   conflict    conflict    conflict    conflict
		note       forbidden   forbidden   conflict    forbidden   conflict    conflict    conflict    conflict
		human      ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		end        ack         forbidden   ack         forbidden   forbidden   ack         ack         ack
		rate       ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		take       forbidden   forbidden   conflict    forbidden   forbidden   conflict    conflict    conflict
		to_agent   forbidden   forbidden   conflict    forbidden   forbidden   conflict    conflict    conflict
		reopen     forbidden   forbidden   ack         forbidden   forbidden   ack         ack         ack
		edit       ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		recall     ack         forbidden   forbidden   forbidden   forbidden   forbidden   forbidden   forbidden
		after      events      forbidden   events      forbidden   events      events      events      events`
	for name, table := range map[string]string{"held": held, "closed": closed} {
		for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
			row := strings.Fields(line)
			for i, role := range roles {
				t.Run(fmt.Sprintf("%s/%s/%s", name, row[0], role), func(t *testing.T) {
					th := stage(t, role, name == "closed")
					before := len(th.log(th.id))
					for _, f := range frames {
						if strings.ReplaceAll(f.name, " ", "_") != row[0] {
							continue
						}
						fields := map[string]any{}
						for k, v := range f.fields {
							fields[k] = v
						}
						if f.typ == "watch" {
							fields["conversations"] = []string{string(th.id)}
						}
						if role == "other" && f.typ != "ping" && f.typ != "status" {
							fields["conversation"] = string(th.id)
						}
						th.frame(f.typ, fields)
					}
					got := answer(th)
					if got != row[i+1] {
						t.Errorf("%s, want %s", got, row[i+1])
					}
					if stored := len(th.log(th.id)) > before; stored != (got == "ack") {
						t.Errorf("answered with %s, stored: %v", got, stored)
					}
				})
			}
		}
	}
}

// An agent always names the conversation, and one that is.
func TestAgentsNameTheConversation(t *testing.T) {
	n := newNode(t)
	amy := n.agent("amy", core.RoleAdmin, 1)
	for _, typ := range []string{"send", "typing", "read", "end", "take", "reopen", "after", "before"} {
		th := thread{amy, "c_nobody"}
		th.frame(typ, map[string]any{"body": text("hi"), "conversation": "", "seq": 1})
		if got := answer(th); got != "invalid" {
			t.Errorf("%s without conversation: %s", typ, got)
		}
		th.n[th.id] = 0
		th.frame(typ, map[string]any{"body": text("hi"), "seq": 1})
		if got := answer(th); got != "not_found" {
			t.Errorf("%s to a conversation that is none: %s", typ, got)
		}
		th.n[th.id] = 0
	}
}

// A login that is revoked is closed with 4501 by its next frame once the copy
// of the staff has been read again, and by the next tick if it says nothing.
func TestRevocation(t *testing.T) {
	for name, revoke := range map[string]func(*core.Account){
		"disabled":      func(a *core.Account) { a.Disabled = true },
		"logged out":    func(a *core.Account) { a.Tokens++ },
		"tokens behind": func(a *core.Account) { a.Tokens = 0 },
	} {
		n := newNode(t)
		amy := n.agent("amy", core.RoleAgent, 1).online()
		vi := n.visitor("vi")
		vi.say("hello")
		idle := n.comes("amy")
		n.account("amy", revoke)
		n.pass(cached)
		amy.seenAll()
		amy.in(vi).say("am I still here?")
		if got := amy.news(); len(got) != 2 || got[0].str("code") != "forbidden" || got[1].num("code") != 4501 || amy.closed() != wire.CloseForbidden {
			t.Errorf("%s: %v", name, got)
		}
		if name == "tokens behind" {
			continue // what is older than a login proves nothing; its next frame asks the store
		}
		n.tick()
		if idle.closed() != wire.CloseForbidden {
			t.Errorf("%s: who says nothing stays, closed with %d", name, idle.closed())
		}
		amy.serve(`{"type":"ping"}`)
		if got := amy.news(); len(got) != 0 {
			t.Errorf("%s: served after it was closed: %v", name, got)
		}
		if n.comesCode("amy") != 0 && name == "logged out" {
			t.Errorf("%s: a new login is closed with %d", name, n.comesCode("amy"))
		}
	}
}

func (n *node) comesCode(id string) wire.CloseCode {
	return n.connect(id).hello(map[string]any{"token": n.signed(id)}).closed()
}

// What a connection listens to is decided by its hello. Who is of other groups
// or has another role now is asked to come back, and listens to those.
func TestChangedRightsComeBack(t *testing.T) {
	for name, change := range map[string]func(*core.Account){
		"groups": func(a *core.Account) { a.Groups = []core.GroupID{"sales"} },
		"role":   func(a *core.Account) { a.Role = core.RoleSupervisor },
	} {
		w := newWorld(t)
		w.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
		n := w.node()
		amy, bo := n.agent("amy", core.RoleAgent, 1), n.agent("bo", core.RoleAgent, 1)
		n.account("amy", change)
		n.after(cached)
		if amy.closed() != wire.CloseShutdown || bo.closed() != 0 {
			t.Fatalf("%s: closed with %d and %d", name, amy.closed(), bo.closed())
		}
		amy.gone(true)
		amy = n.comes("amy")
		n.after(time.Second)
		if amy.closed() != 0 {
			t.Errorf("%s: closed again with %d", name, amy.closed())
		}
		vi := n.visitor("vi")
		vi.say("hello")
		bo.sees("presence amy offline 0/1; bo offline 0/1", "vi: head waiting #3, place 1")
		if name == "role" {
			amy.sees("vi: head waiting #3, place 1")
		} else {
			amy.sees()
		}
	}
}

// A connection does not outlive the token it said hello with: the client
// fetches a new one and comes back. Nothing that it sends counts meanwhile.
func TestTokenExpires(t *testing.T) {
	n := newNode(t)
	amy, silent := n.agent("amy", core.RoleAgent, 1), n.agent("bo", core.RoleAgent, 1)
	n.after(12*time.Hour - time.Second)
	amy.pings(10 * time.Second)
	if amy.closed() != 0 || silent.closed() != 0 {
		t.Fatalf("closed with %d and %d before it is over", amy.closed(), silent.closed())
	}
	n.pass(time.Second)
	amy.seenAll()
	amy.online()
	amy.sees("bye 4004 the token has expired")
	n.tick()
	if silent.closed() != wire.CloseExpired || silent.find("error") != nil {
		t.Errorf("closed with %d, %v", silent.closed(), silent.find("error"))
	}
	if again := n.comes("amy"); again.closed() != 0 {
		t.Errorf("a new login is closed with %d", again.closed())
	}
	n.tick()
}

// A login that another node made a moment ago counts here too.
func TestLoginOnAnotherNode(t *testing.T) {
	w := newWorld(t)
	here := w.node()
	amy := here.agent("amy", core.RoleAgent, 1)
	w.account("amy", func(a *core.Account) { a.Tokens++ }) // a new password, and a login with it
	if code := here.comesCode("amy"); code != 0 {
		t.Errorf("a newer login is closed with %d", code)
	}
	w.hire("bo", core.RoleAgent, 1)
	if code := here.comesCode("bo"); code != 0 {
		t.Errorf("a new account is closed with %d", code)
	}
	amy.serve(`{"type":"ping"}`)
	if amy.closed() != wire.CloseForbidden {
		t.Errorf("the older login is closed with %d", amy.closed())
	}
}
