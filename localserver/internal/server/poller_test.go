package server

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/core"
	"kefu/core/desk"
)

// poller is a visitor who polls, over real HTTP.
type poller struct {
	*testing.T
	url    string
	client *http.Client
	body   map[string]any // token, after and so on, of the next poll
	origin string
	n      int
	id     string   // of the conversation
	log    []string // seq: text, each as often as it was told
}

// pollFrame is what the tests look at in an answer.
type pollFrame struct {
	Type, Token, Epoch, Code string
	N, Seq, Prev             uint64
	Seconds, Window          int
	Events                   []pollFrame
	Body                     struct{ Kind, Text string }
	Conversation             json.RawMessage
}

func newPoller(t *testing.T, s *Server, name string) *poller {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return &poller{
		T: t, url: "http://" + s.Addr().String() + "/v1/poll", client: client, origin: "origin-of-" + name, body: map[string]any{"wait": 0},
	}
}

func (p *poller) hello() map[string]any {
	return map[string]any{"type": "hello", "v": 1, "origin": p.origin, "after": p.body["after"], "epoch": p.body["epoch"]}
}

func (p *poller) say(text string) map[string]any {
	p.n++
	return map[string]any{"type": "send", "origin": p.origin, "n": p.n, "body": map[string]any{"kind": "text", "text": text}}
}

// ask makes a request and returns what came back.
func (p *poller) ask(ctx context.Context, wait int, frames ...map[string]any) (status int, answer []byte, err error) {
	body := map[string]any{"frames": append([]map[string]any{}, frames...)}
	for k, v := range p.body {
		body[k] = v
	}
	body["wait"] = wait
	data, err := json.Marshal(body)
	if err != nil {
		return 0, nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url, bytes.NewReader(data))
	if err != nil {
		return 0, nil, err
	}
	r.Header.Set("Content-Type", "text/plain;charset=UTF-8")
	r.Header.Set("Origin", "https://shop.example")
	res, err := p.client.Do(r)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// poll makes a request and takes the answer.
func (p *poller) poll(wait int, frames ...map[string]any) []pollFrame {
	p.Helper()
	status, answer, err := p.ask(p.Context(), wait, frames...)
	if err != nil || status != http.StatusOK {
		p.Fatalf("%d %s, %v", status, answer, err)
	}
	return p.take(answer)
}

func (p *poller) take(answer []byte) (frames []pollFrame) {
	p.Helper()
	if err := json.Unmarshal(answer, &frames); err != nil || len(frames) == 0 || frames[len(frames)-1].Type != "next" {
		p.Fatalf("%v: %s", err, answer)
	}
	for _, f := range frames {
		if f.Type == "welcome" {
			p.body["token"], p.body["epoch"] = f.Token, f.Epoch
			p.id = f.head().ID
		}
		for _, e := range append(f.Events, f) {
			if e.Type == "event" || f.Type == "welcome" && e.Seq > 0 {
				p.seen(e.Seq, e.Body.Text)
			}
		}
	}
	return frames
}

func (p *poller) seen(seq uint64, text string) {
	p.log = append(p.log, fmt.Sprintf("%d: %s", seq, text))
	p.body["after"] = seq
}

// texts is what was said, as the visitor was told: with what came twice.
func (p *poller) texts() []string {
	var said []string
	for _, l := range p.log {
		if _, text, _ := strings.Cut(l, ": "); text != "" {
			said = append(said, text)
		}
	}
	return said
}

// head is the conversation of a welcome, or of a frame of its own.
func (f pollFrame) head() (head struct{ ID, Phase string }) {
	_ = json.Unmarshal(f.Conversation, &head) // in other frames it is a name
	return head
}

// staff is an agent by WebSocket.
type staff struct {
	*testing.T
	ws *websocket.Conn
	n  map[string]int
}

// amy logs the first account in, and is online.
func amy(t *testing.T, s *Server) *staff {
	t.Helper()
	login := fmt.Sprintf(`{"name":"admin","password":%q}`, s.Password)
	res, err := http.Post("http://"+s.Addr().String()+"/v1/login", "application/json", strings.NewReader(login))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	var session struct{ Token string }
	if err := json.NewDecoder(res.Body).Decode(&session); err != nil || session.Token == "" {
		t.Fatalf("login: %d %v", res.StatusCode, err)
	}
	ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ws.CloseNow() })
	ws.SetReadLimit(1 << 20)
	send(t, ws, fmt.Sprintf(`{"type":"hello","v":1,"origin":"origin-of-amy","token":%q}`, session.Token))
	send(t, ws, `{"type":"status","status":"online","capacity":100}`)
	return &staff{T: t, ws: ws, n: map[string]int{}}
}

// until reads frames until one is of a type and holds a text.
func (a *staff) until(typ, text string) string {
	a.Helper()
	ctx, cancel := context.WithTimeout(a.Context(), 10*time.Second)
	defer cancel()
	for {
		_, m, err := a.ws.Read(ctx)
		if err != nil {
			a.Fatalf("waiting for %s %q: %v", typ, text, err)
		}
		var frames []json.RawMessage
		if m[0] != '[' || json.Unmarshal(m, &frames) != nil {
			frames = []json.RawMessage{m}
		}
		for _, f := range frames {
			if strings.HasPrefix(string(f), `{"type":"`+typ+`"`) && strings.Contains(string(f), text) {
				return string(f)
			}
		}
	}
}

// say writes to a conversation.
func (a *staff) say(conversation, text string) {
	a.Helper()
	a.n[conversation]++
	send(a.T, a.ws, fmt.Sprintf(`{"type":"send","origin":"origin-of-amy","n":%d,"conversation":%q,"body":{"kind":"text","text":%q}}`, a.n[conversation], conversation, text))
}

// served is a visitor by poll whom an agent has been given; the visitor knows.
func served(t *testing.T, s *Server) (vi *poller, a *staff) {
	t.Helper()
	a = amy(t, s)
	vi = newPoller(t, s, "vi")
	vi.poll(0, vi.hello())
	held := func(f pollFrame) bool { return f.Type == "conversation" && f.head().Phase == "held" }
	frames := vi.poll(0, vi.say("hello"))
	for range 3 {
		if slices.ContainsFunc(frames, held) {
			break
		}
		frames = vi.poll(10)
	}
	if !slices.ContainsFunc(frames, held) {
		t.Fatal("vi is not told that amy holds the session")
	}
	a.until("conversation", `"phase":"held"`)
	return vi, a
}

// isHeld waits until a poll of theirs is held.
func (p *poller) isHeld(s *Server) {
	p.Helper()
	within(p.T, "the poll is held", func() bool { return p.there(s) })
}

func (p *poller) there(s *Server) bool {
	return s.hub.Present(context.Background(), desk.TopicVisitor(core.ConversationID(p.id)))
}
