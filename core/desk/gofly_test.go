package desk_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/identity"
	"kefu/core/wire"
)

// What was found in go-fly, the program that ours was to replace, as tests: each
// is named by the defect and shows that it is not there. Those that need a real
// server are in localserver/gofly_test.go.
func TestGoFly(t *testing.T) {
	for name, test := range map[string]func(*testing.T, *node){
		"anyone speaks as an agent":               speaksAsAgent,
		"anyone reads others' history":            readsOthersHistory,
		"a bare visitor id is believed":           bareVisitorID,
		"the secret is a literal":                 literalSecret,
		"a frame of the wrong shape panics":       wrongShape,
		"stored script runs at the agent":         storedScript,
		"a rate per address":                      ratePerAddress,
		"a second tab kicks the first":            secondTab,
		"a second console kicks the first":        secondConsole,
		"the welcome is repeated on reconnect":    welcomeRepeated,
		"100 characters are all that can be said": hundredCharacters,
		"the history is gone after a reload":      historyGone,
	} {
		t.Run(name, func(t *testing.T) { test(t, newNode(t)) })
	}
}

// POST /2/message took type=kefu from anybody.
func speaksAsAgent(t *testing.T, n *node) {
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi, mallory := n.visitor("vi"), n.visitor("mallory")
	vi.say("hello")
	mallory.say("hello")
	stored := len(n.log(vi.conv))
	session := n.load(vi.conv).Session.Number
	for _, f := range []map[string]any{
		{"type": "send", "body": text("pay here")},
		{"type": "send", "body": text("pay here"), "by": map[string]any{"kind": "agent", "id": "amy"}, "role": "agent"},
		{"type": "send", "body": text("pay here"), "internal": true},
		{"type": "take", "session": session}, {"type": "reopen", "session": session}, {"type": "end", "session": session},
		{"type": "transfer", "session": session, "to": map[string]any{"agent": "amy"}},
		{"type": "human", "session": session}, {"type": "rate", "session": session, "score": 1},
		{"type": "typing"}, {"type": "read", "seq": 1},
		{"type": "status", "status": "online"}, {"type": "watch", "conversations": []string{string(vi.conv)}},
	} {
		f["origin"], f["n"], f["conversation"] = "origin-of-mallory-2", 1, string(vi.conv)
		mallory.seenAll()
		mallory.serve(object(f))
		if got := mallory.news(); len(got) != 1 || got[0].str("code") != "forbidden" {
			t.Errorf("%v is answered by %v", f, got)
		}
	}
	if got := n.log(vi.conv); len(got) != stored {
		t.Errorf("it is in the log of another: %v", got[stored:])
	}
	// What is written in a frame about its author is not read.
	mallory.serve(`{"type":"send","origin":"origin-of-mallory-3","n":1,"by":{"kind":"agent","id":"amy"},"type2":"kefu","body":{"kind":"text","text":"pay here"}}`)
	log := n.log(mallory.conv)
	if by := log[len(log)-1].By; by.Kind != core.Visitor || by.ID == "amy" {
		t.Errorf("it is said by %v", by)
	}
	if f := amy.find("event"); f.of("by").str("kind") != "visitor" {
		t.Errorf("the agent sees %v", f)
	}
}

// GET /2/messages, /messagesPages and /visitors_online asked nobody who they
// were.
func readsOthersHistory(t *testing.T, n *node) {
	n.agent("amy", core.RoleAgent, 5).online()
	vi, mallory := n.visitor("vi"), n.visitor("mallory")
	vi.say("my number is 42")
	n.set(func(s *core.Settings) { s.Groups = append(s.Groups, core.Group{ID: "sales"}) })
	n.pass(cached)
	elsewhere := n.agent("bo", core.RoleAgent, 5, "sales").online()
	stranger := n.connect("stranger")
	for _, c := range []*client{mallory, elsewhere, stranger} {
		for _, f := range []string{
			`{"type":"after","conversation":%q,"seq":0}`, `{"type":"before","conversation":%q,"seq":99}`,
			`{"type":"watch","conversations":[%q]}`,
			`{"type":"hello","v":1,"origin":"origin-of-anybody","conversation":%q,"after":0}`,
		} {
			c.serve(fmt.Sprintf(f, vi.conv))
		}
		n.tick()
	}
	vi.say("and my name is Vi")
	n.tick()
	for _, c := range []*client{mallory, elsewhere, stranger} {
		c.mu.Lock()
		if all := fmt.Sprint(c.frames); strings.Contains(all, "my number") || strings.Contains(all, "name is Vi") {
			t.Errorf("%s reads %s", c.name, all)
		}
		c.mu.Unlock()
	}
}

// GET /ws_visitor?visitor_id= was all it took to be somebody.
func bareVisitorID(t *testing.T, n *node) {
	vi := n.visitor("vi")
	vi.say("hello")
	id := vi.peer.Who.ID
	for _, fields := range []map[string]any{
		{"visitor": id}, {"visitor_id": id}, {"id": id}, {"conversation": string(vi.conv)}, {"user": map[string]any{"id": id}},
	} {
		c := n.connect("mallory").hello(fields)
		if w := c.find("welcome"); w == nil || c.conv == vi.conv || strings.Contains(fmt.Sprint(w), "hello") {
			t.Errorf("%v is welcomed with %v", fields, w)
		}
	}
	for _, token := range []string{id, string(vi.conv), vi.token[:len(vi.token)-4], vi.token + "x"} {
		if c := n.connect("mallory").hello(map[string]any{"token": token}); c.closed() != wire.CloseUnauthorized {
			t.Errorf("%q as a token: closed with %d", token, c.closed())
		}
	}
}

// tools/jwt.go had the secret "golivechat", and went on after an expired token.
func literalSecret(t *testing.T, n *node) {
	n.hire("amy", core.RoleAdmin, 5)
	for _, secret := range []string{"golivechat", "secret", "kefu", ""} {
		for _, method := range []jwt.SigningMethod{jwt.SigningMethodHS256, jwt.SigningMethodHS512} {
			for _, audience := range []string{"kefu:agent", "kefu:visitor"} {
				token, err := jwt.NewWithClaims(method, jwt.MapClaims{
					"aud": audience, "sub": "amy", "gen": 1, "site": "default", "exp": n.clock().Add(time.Hour).Unix(),
				}).SignedString([]byte(secret))
				n.must(err)
				if c := n.connect("mallory").hello(map[string]any{"token": token}); c.closed() != wire.CloseUnauthorized {
					t.Errorf("signed with %q by %s: closed with %d", secret, method.Alg(), c.closed())
				}
			}
		}
	}
	none, err := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"aud": "kefu:agent", "sub": "amy", "gen": 1}).SignedString(jwt.UnsafeAllowNoneSignatureType)
	n.must(err)
	if c := n.connect("mallory").hello(map[string]any{"token": none}); c.closed() != wire.CloseUnauthorized {
		t.Errorf("not signed at all: closed with %d", c.closed())
	}
	random := newWorld(t)
	random.node(func(o *desk.Options) { o.Random = nil }) // as a main has it
	other := newWorld(t)
	other.node(func(o *desk.Options) { o.Random = nil })
	if bytes.Equal(random.keys().Bytes(), other.keys().Bytes()) {
		t.Error("two stores sign with the same keys")
	}
	expired := n.signed("amy")
	n.pass(identity.AgentLife + time.Hour)
	if c := n.connect("late").hello(map[string]any{"token": expired}); c.closed() != wire.CloseExpired || c.find("welcome") != nil {
		t.Errorf("an expired token: closed with %d", c.closed())
	}
}

// Frames were decoded by type assertion.
func wrongShape(t *testing.T, n *node) {
	n.agent("amy", core.RoleAgent, 5).online()
	shapes := []string{
		``, ` `, `null`, `true`, `0`, `""`, `[]`, `{}`, `[[]]`, `[null]`, `[{}]`, `{"type":null}`, `{"type":1}`, `{"type":["send"]}`, `{"type":{"a":1}}`,
		`{"type":"send"}`, `{"type":"send","body":null}`, `{"type":"send","body":[]}`, `{"type":"send","body":"x"}`, `{"type":"send","body":{"kind":1}}`,
		`{"type":"send","origin":1,"n":"1","body":{}}`, `{"type":"send","origin":"origin-1","n":-1}`, `{"type":"send","origin":"origin-1","n":1e400}`,
		`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text","text":{"a":1}}}`, `{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text"}}`,
		`{"type":"ping","next":"1"}`, `{"type":"ping","next":-1}`, `{"type":"ping","next":1e99}`, `{"type":"read","seq":-1}`, `{"type":"read","seq":1.5}`,
		`{"type":"after","limit":"all"}`, `{"type":"before","seq":18446744073709551616}`, `{"type":"typing","text":[]}`, `{"type":"watch","conversations":{}}`,
		`{"type":"rate","origin":"origin-1","n":1,"session":1,"score":256}`, `{"type":"hello","v":"1","origin":7,"after":"x","page":[],"user":1}`,
		`{"type":"transfer","origin":"origin-1","n":1,"session":1,"to":"amy"}`, `{"type":"status","status":7,"capacity":"many"}`,
		strings.Repeat("[", 10_000), strings.Repeat(`{"type":`, 5_000), strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000),
		`{"type":"send","body":` + strings.Repeat(`{"a":`, 6_000) + "1" + strings.Repeat("}", 6_001),
		"\xff\xfe", `{"type":"send","body":{"kind":"text","text":"` + "\xed\xa0\x80" + `"}}`, "\x00", `{"type":"\u0000"}`, "{\"type\":\"ping\"}\x00",
	}
	for _, shape := range shapes {
		for _, who := range []*client{n.connect("stranger"), n.visitor("vi"), n.comes("amy")} {
			who.serve(shape)
			if got := who.news(); len(got) == 0 || got[0].str("type") != "error" {
				t.Errorf("%.60q is answered by %v", shape, got)
			}
			who.gone(true)
			n.pass(time.Second)
		}
	}
}

// replaceContent escaped nothing, and the console showed it with v-html. Here a
// text is a text: stored as it was typed, sent as a JSON string. What shows it
// is tested in sdk; that no page would run it, in localserver.
func storedScript(t *testing.T, n *node) {
	const script = `</script><img src=x onerror="alert(1)">{{constructor.constructor('alert(1)')()}}` + "\u2028"
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi := n.connect("vi").hello(map[string]any{"page": map[string]any{"url": "javascript:alert(1)", "title": script}})
	vi.say("hello")
	vi.say(script)
	if e := amy.find("event"); e.of("body").str("text") != script {
		t.Errorf("the agent is sent %v", e)
	}
	for _, e := range n.log(vi.conv) {
		if e.Body.Kind == core.KindText && e.Body.Text != script && e.Body.Text != "hello" {
			t.Errorf("stored as %q", e.Body.Text)
		}
	}
}

// One message in two seconds, counted by IP: an office was one person.
func ratePerAddress(t *testing.T, n *node) {
	for i := range 200 { // of the same address, all of them at once
		vi := n.visitor(fmt.Sprint("v", i))
		vi.serve(vi.batchOf(1, 20))
		if vi.find("error") != nil || vi.find("ack").num("n") != 20 {
			t.Fatalf("visitor %d is told %v", i, vi.find("error"))
		}
	}
}

// One socket a visitor: the second closed the first.
func secondTab(t *testing.T, n *node) {
	vi := n.visitor("vi")
	tab := vi.tab("tab")
	vi.say("from the first")
	tab.say("from the second")
	if vi.closed() != 0 || tab.closed() != 0 {
		t.Fatalf("closed with %d and %d", vi.closed(), tab.closed())
	}
	if a, b := vi.find("event"), tab.find("event"); a == nil || b == nil {
		t.Errorf("the tabs see %v and %v", a, b)
	}
}

func secondConsole(t *testing.T, n *node) {
	amy := n.agent("amy", core.RoleAgent, 5).online()
	second := n.comes("amy")
	n.visitor("vi").say("hello")
	if amy.closed() != 0 || second.closed() != 0 || amy.find("event") == nil || second.find("event") == nil {
		t.Errorf("closed with %d and %d", amy.closed(), second.closed())
	}
}

// Each connection ran getNotice, which said the greeting once more.
func welcomeRepeated(t *testing.T, n *node) {
	vi := n.visitor("vi")
	vi.say("hello")
	before := n.log(vi.conv)
	for i := range 5 {
		vi.gone(i%2 == 0)
		n.after(10 * time.Second)
		vi = vi.connect("vi").hello(map[string]any{"token": vi.token, "after": len(before), "epoch": "e_1"})
		if w := vi.find("welcome"); len(w.list("events")) != 0 || w.of("site").str("greeting") == "" {
			t.Errorf("it is welcomed back with %v", w)
		}
	}
	if after := n.log(vi.conv); len(after) != len(before) {
		t.Errorf("coming back is in the log: %v", after[len(before):])
	}
}

func hundredCharacters(t *testing.T, n *node) {
	vi := n.visitor("vi")
	vi.say(strings.Repeat("好", 4000))
	if vi.find("ack") == nil {
		t.Errorf("4,000 characters are answered by %v", vi.find("error"))
	}
}

func historyGone(t *testing.T, n *node) {
	vi := n.visitor("vi")
	vi.say("one")
	vi.say("two")
	vi.gone(true)
	again := n.connect("vi").hello(map[string]any{"token": vi.token})
	if got, err := json.Marshal(again.find("welcome").list("events")); err != nil || !bytes.Contains(got, []byte(`"one"`)) || !bytes.Contains(got, []byte(`"two"`)) {
		t.Errorf("after a reload there is %s", got)
	}
}
