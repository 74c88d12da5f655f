package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/wire"
	"kefu/localserver/internal/sqlstore"
)

// TestBadInput has people talk while others do their worst, against a process
// of its own: beside each attack a healthy visitor and a healthy agent go on to
// hear each other at once, and the process takes no more memory than it should.
//
// It runs alone, for it measures.
func TestBadInput(t *testing.T) {
	n := &nemesis{t: t, dir: t.TempDir()}
	// Those who attack are visitors of another site: what they send must cost
	// others nothing. (Who works for their site would have to read it.)
	n.settings(func(s *core.Settings) {
		other := s.Sites[0]
		other.ID, other.Groups = "other", []core.GroupID{"other"}
		s.Sites, s.Groups = append(s.Sites, other), append(s.Groups, core.Group{ID: "other"})
	})
	n.start()
	n.token = n.login("admin")
	n.call(http.MethodPost, "/v1/agents", map[string]any{"name": "amy", "password": adminPassword, "capacity": 50}, nil)
	amy := n.join(n.login("amy"))
	amy.say(map[string]any{"type": "status", "status": "online"})

	n.talk(amy) // warms up
	quiet, before := n.talk(amy), n.memory("VmRSS")
	limit, mayGrow := max(100*time.Millisecond, 10*quiet), mayGrow
	if raced { // then it is only shown that all go on
		limit, mayGrow = max(2*time.Second, 50*quiet), 5*mayGrow
	}
	t.Logf("in quiet: p99 %s; %d MiB", quiet, before>>20)
	for _, attack := range []struct {
		name string
		by   int // at a time
		do   func(context.Context, *attacker) error
	}{
		{"a flood of frames", 2, flood},
		{"ever new visitors", 20, newcomer},
		{"2,000 sockets that never say hello", 50, silence},
		{"readers that never read", 5, deaf},
		{"10,000 levels of nesting", 2, shouting(strings.Repeat("[", 10_000), strings.Repeat(`{"type":`, 4000), `{"type":"send","body":`+strings.Repeat("[", 10_000)+strings.Repeat("]", 10_000)+"}")},
		{"what is not UTF-8", 2, shouting("\xff\xfe", `{"type":"ping","x":"`+"\xed\xa0\x80"+`"}`)},
		{"messages of 1 MiB", 2, shouting(`{"type":"send","body":{"kind":"text","text":"`+strings.Repeat("x", 1<<20)+`"}}`, strings.Repeat(" ", 1<<20), strings.Repeat("\xff", 1<<20))},
	} {
		t.Run(attack.name, func(t *testing.T) {
			begun := time.Now()
			stop := n.attack(attack.by, attack.do)
			p99 := n.talk(amy)
			if p99 > limit { // this machine may have been busy with something else: once more
				t.Logf("p99 %s at first", p99)
				p99 = n.talk(amy)
			}
			did := stop()
			if p99 > limit { // is it the attack, or is the machine that slow without one?
				limit = max(limit, 10*n.talk(amy))
			}
			t.Logf("p99 %s after %d attacks in %s; %d MiB at most so far", p99, did, time.Since(begun), n.memory("VmHWM")>>20)
			if p99 > limit {
				t.Errorf("p99 is %s, and may be %s; in quiet it is %s", p99, limit, quiet)
			}
			if did == 0 {
				t.Error("nobody attacked")
			}
		})
	}
	if most := n.memory("VmHWM"); most > before+mayGrow {
		t.Errorf("the process took %d MiB, before it was %d", most>>20, before>>20)
	}
	amy.close()
	n.stop()
}

// settings has a server that was never started begin with other settings than
// the default.
func (n *nemesis) settings(change func(*core.Settings)) {
	n.t.Helper()
	dir := n.dir + "/data"
	if err := os.Mkdir(dir, 0o700); err != nil {
		n.t.Fatal(err)
	}
	store, err := sqlstore.Open(n.t.Context(), sqlstore.Options{Dir: dir, Now: time.Now})
	if err != nil {
		n.t.Fatal(err)
	}
	s := core.DefaultSettings()
	s.Version = 1
	change(&s)
	if err := errors.Join(s.Validate(), store.PutSettings(n.t.Context(), s), store.Close()); err != nil {
		n.t.Fatal(err)
	}
}

// mayGrow is how much memory an attack may take. All queues that are full at
// once, of ten readers that do not read, take 10 MiB; 2,000 sockets, 20 MiB.
const mayGrow = 300 << 20

// memory is a figure of the process, in bytes.
func (n *nemesis) memory(name string) int {
	n.t.Helper()
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if errors.Is(err, os.ErrNotExist) {
		return 0 // another system: its memory is not measured
	}
	_, rest, found := strings.Cut(string(data), name+":")
	figure, _, _ := strings.Cut(rest, "kB")
	kib, bad := strconv.Atoi(strings.TrimSpace(figure))
	if err != nil || !found || bad != nil {
		n.t.Fatalf("%v: %s", err, data)
	}
	return kib << 10
}

// person is somebody healthy.
type person struct {
	t      *testing.T
	conn   *websocket.Conn
	origin string
	token  string // of a visitor
	epoch  string
	id     string // of a visitor's conversation
	sent   int
}

// join connects a visitor, or whoever the token says.
func (n *nemesis) join(token string) *person {
	n.t.Helper()
	p := &person{t: n.t, conn: n.dial(), origin: "origin-of-somebody"}
	hello := map[string]any{"type": "hello", "v": 1, "origin": p.origin}
	if token != "" {
		hello["token"] = token
	}
	p.say(hello)
	p.welcome()
	return p
}

func (p *person) welcome() (w wire.VisitorWelcome) {
	p.t.Helper()
	if err := json.Unmarshal(p.hear(`"type":"welcome"`), &w); err != nil {
		p.t.Fatal(err)
	}
	p.token, p.epoch, p.id = w.Token, w.Epoch, w.Conversation.ID
	return w
}

func (n *nemesis) dial() *websocket.Conn {
	n.t.Helper()
	ctx, cancel := context.WithTimeout(n.t.Context(), time.Minute)
	defer cancel()
	c, _, err := websocket.Dial(ctx, n.socket(), nil)
	if err != nil {
		n.t.Fatalf("%v\n%s", err, n.stderr)
	}
	c.SetReadLimit(1 << 20)
	n.t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func (p *person) say(frame map[string]any) {
	p.t.Helper()
	data, err := json.Marshal(frame)
	if err == nil {
		err = p.conn.Write(p.t.Context(), websocket.MessageText, data)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// tell sends a text, to the conversation if they are an agent.
func (p *person) tell(conversation, text string) {
	p.t.Helper()
	p.sent++
	frame := map[string]any{"type": "send", "origin": p.origin, "n": p.sent, "body": map[string]any{"kind": "text", "text": text}}
	if conversation != "" {
		frame["conversation"] = conversation
		frame["origin"], frame["n"] = p.origin+"-"+conversation[len(conversation)-8:], 1+strings.Count(text, "!")
	}
	p.say(frame)
}

// hear reads until a message contains a text, and returns it.
func (p *person) hear(text string) []byte {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	for {
		_, m, err := p.conn.Read(ctx)
		if err != nil {
			p.t.Fatalf("while waiting for %s: %v", text, err)
		}
		if bytes.Contains(m, []byte(text)) {
			return m
		}
	}
}

func (p *person) close() { _ = p.conn.Close(websocket.StatusNormalClosure, "") }

// talk has a new visitor and the agent talk, and returns within what time 99 %
// of what they say is heard by the other.
func (n *nemesis) talk(amy *person) (p99 time.Duration) {
	n.t.Helper()
	rounds := 50
	if raced {
		rounds = 15
	}
	vi := n.join("")
	defer vi.close()
	var took []time.Duration
	heard := func(by *person, text string, say func()) {
		begun := time.Now()
		say()
		by.hear(text)
		took = append(took, time.Since(begun))
	}
	vi.tell("", "hello") // opens a session and finds an agent
	amy.hear(`"` + vi.id + `"`)
	vi.hear(`"phase":"held"`)
	pause := time.NewTicker(10 * time.Millisecond)
	defer pause.Stop()
	for i := range rounds {
		question, answer := fmt.Sprintf("%s asks %d", vi.id, i), fmt.Sprintf("%s is told %d%s", vi.id, i, strings.Repeat("!", i))
		heard(amy, `"text":"`+question+`"`, func() { vi.tell("", question) })
		heard(vi, `"text":"`+answer+`"`, func() { amy.tell(vi.id, answer) })
		<-pause.C
	}
	slices.Sort(took)
	return took[len(took)*99/100]
}
