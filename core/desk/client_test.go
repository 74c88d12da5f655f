package desk_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// client is one connection as its user sees it. It holds every message it is
// sent against what is true of all of them.
type client struct {
	*node
	name    string
	peer    *desk.Peer
	origin  string
	visitor bool
	conv    core.ConversationID // a visitor's
	token   string              // a visitor's, after the welcome
	n       map[core.ConversationID]uint64
	sent    string // the last message

	mu     sync.Mutex
	seen   int     // frames that sees has shown
	frames []frame // all that came
	code   wire.CloseCode
	watch  func(frame) // is shown each frame as it comes
}

// connect opens a connection that says nothing yet.
func (n *node) connect(name string) *client {
	c := &client{node: n, name: name, origin: "origin-of-" + strings.ReplaceAll(name, " ", "-"), n: map[core.ConversationID]uint64{}}
	if i := n.again(c.origin); i > 0 {
		c.origin += fmt.Sprintf("-%d", i)
	}
	c.peer = desk.NewPeer(c, "https://shop.example", "192.0.2.1")
	n.floor.mu.Lock()
	n.floor.peers = append(n.floor.peers, &seat{c.peer, c})
	n.floor.mu.Unlock()
	return c
}

// Send implements desk.Outlet.
func (c *client) Send(message []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code != 0 {
		return
	}
	f := parseFrame(message)
	first := len(c.frames) == 0
	switch {
	case !utf8.Valid(message) || f["type"] == nil:
		c.Errorf("%s is sent what is no frame: %.300q", c.name, message)
	case len(message) > wire.MaxMessage:
		c.Errorf("%s is sent %d bytes: %.300s", c.name, len(message), message)
	case first && f.str("type") != "welcome" && f.str("type") != "error":
		c.Errorf("%s is sent this before the welcome: %.300s", c.name, message)
	case !first && f.str("type") == "welcome":
		c.Errorf("%s is welcomed late: %.300s", c.name, message)
	}
	c.frames = append(c.frames, f)
	if c.watch != nil {
		c.watch(f)
	}
}

// Close implements desk.Outlet.
func (c *client) Close(code wire.CloseCode, reason string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.code == 0 {
		c.frames = append(c.frames, parseFrame(wire.Encode(wire.Bye{Type: "bye", Code: int(code), Reason: reason})))
		c.code = code
	}
}

// serve has a message served, and what follows from it.
func (c *client) serve(message string) {
	c.sent = message
	c.desk.Serve(c.Context(), c.peer, []byte(message))
	c.settle()
}

// hello says hello with these fields besides v and origin.
func (c *client) hello(fields map[string]any) *client {
	all := map[string]any{"type": "hello", "v": 1, "origin": c.origin}
	maps.Copy(all, fields)
	c.serve(object(all))
	w := c.find("welcome")
	if w == nil || w.str("role") != "visitor" {
		return c
	}
	c.visitor, c.token, c.conv = true, w.str("token"), core.ConversationID(w.of("conversation").str("id"))
	c.world.mu.Lock()
	if _, ok := c.names[string(c.conv)]; !ok {
		c.names[string(c.conv)] = c.name
	}
	c.world.mu.Unlock()
	return c
}

// visitor connects a new visitor, who has seen the welcome.
func (n *node) visitor(name string) *client {
	c := n.connect(name).hello(nil)
	c.seenAll()
	return c
}

// tab connects the same visitor once more, from another tab.
func (c *client) tab(name string) *client {
	t := c.connect(name).hello(map[string]any{"token": c.token})
	t.seenAll()
	return t
}

// agent hires an agent and connects them; they have seen the welcome, and are
// still offline.
func (n *node) agent(id string, role core.Role, seats int, groups ...core.GroupID) *client {
	n.Helper()
	n.hire(id, role, seats, groups...)
	return n.comes(id)
}

// comes connects an agent who was hired.
func (n *node) comes(id string) *client {
	n.Helper()
	c := n.connect(id).hello(map[string]any{"token": n.signed(id)})
	c.seenAll()
	return c
}

// signed returns a token for an agent as they are stored.
func (w *world) signed(id string) string {
	w.Helper()
	a, err := w.store.Account(w.Context(), core.AgentID(id))
	w.must(err)
	token, err := w.keys().SignAgent(id, a.Tokens, w.clock())
	w.must(err)
	return token
}

// online has an agent say that they are, and forget what came of it.
func (c *client) online() *client {
	c.serve(`{"type":"status","status":"online"}`)
	return c
}

// gone ends the connection from the client's side.
func (c *client) gone(clean bool) {
	c.mu.Lock()
	if c.code == 0 {
		c.code = 1000
	}
	c.mu.Unlock()
	c.desk.Gone(c.Context(), c.peer, clean)
	c.settle()
}

func (c *client) closed() wire.CloseCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.code
}

// find returns the last frame of a type, or nil.
func (c *client) find(typ string) frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, f := range slices.Backward(c.frames) {
		if f.str("type") == typ {
			return f
		}
	}
	return nil
}

// news returns the frames since the last time.
func (c *client) news() []frame {
	c.mu.Lock()
	defer c.mu.Unlock()
	frames := c.frames[c.seen:]
	c.seen = len(c.frames)
	return frames
}

func (c *client) seenAll() { c.news() }

// sees checks that exactly these frames have come since the last time; see
// frame.text for how they are told.
func (c *client) sees(want ...string) {
	c.Helper()
	got := []string{}
	for _, f := range c.news() {
		got = append(got, f.text(c.world, c.visitor))
	}
	if !slices.Equal(got, append([]string{}, want...)) {
		c.Errorf("%s sees\n\t%s\nand not\n\t%s", c.name, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// thread is a conversation as one client writes to it.
type thread struct {
	*client
	id core.ConversationID
}

// in returns the conversation of a visitor.
func (c *client) in(v *client) thread { return thread{c, v.conv} }

// own returns a visitor's own conversation.
func (c *client) own() thread { return c.in(c) }

// frame has a frame served in this conversation. Numbered ones get the next
// number.
func (th thread) frame(typ string, fields map[string]any) {
	th.Helper()
	all := map[string]any{"type": typ}
	if !th.visitor {
		all["conversation"] = string(th.id)
	}
	if wire.Numbered(typ) {
		th.n[th.id]++
		all["origin"], all["n"] = th.origin, th.n[th.id]
	}
	if wire.Numbered(typ) && typ != wire.Send {
		all["session"] = max(th.load(th.id).Session.Number, 1)
	}
	maps.Copy(all, fields)
	th.serve(object(all))
}

func text(s string) map[string]any { return map[string]any{"kind": "text", "text": s} }

func (th thread) say(s string)  { th.frame("send", map[string]any{"body": text(s)}) }
func (th thread) note(s string) { th.frame("send", map[string]any{"body": text(s), "internal": true}) }
func (th thread) take()         { th.frame("take", nil) }
func (th thread) end()          { th.frame("end", nil) }
func (th thread) read(seq uint64) {
	th.frame("read", map[string]any{"seq": seq})
}

// say is what a visitor writes.
func (c *client) say(s string) { c.own().say(s) }

// says is say for many.
func (c *client) says(n int, s string) {
	for i := range n {
		c.say(fmt.Sprintf("%s%d", s, i))
	}
}

// pings tells the desk when the next ping comes.
func (c *client) pings(next time.Duration) {
	c.serve(fmt.Sprintf(`{"type":"ping","next":%d}`, int(next.Seconds())))
}
