package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// client is a visitor or an agent in a story. It keeps the rules that
// protocol.md has for clients, so a story says what somebody does and sees,
// and not which frames that takes: what comes out of order, twice or not at
// all is put right by prev, after and the heads of pongs.
//
// It runs in the story's goroutine: nothing is taken from the link but while
// the story waits for something. Whatever fails ends the story.
type client struct {
	t    *testing.T
	p    *play
	name string
	role string // visitor, or that of the account
	via  string // ws, poll
	as   *account
	page string // the origin of the page, as the browser has it

	hello   fields // what it says besides v, token, origin and the cursor
	origin  string
	token   string
	epoch   string
	welcome frame

	watches fields // the last watch
	link    link
	pings   int    // sent on this link, and
	pongs   int    // come back
	ended   bool   // the link has
	left    bool   // because it hung up
	words   []code // what the host said of the link: of byes, and of errors that answer no number
	views   map[string]*view
	heads   map[string]head
	inbox   []frame // what no story has asked for yet
	all     []frame // what ever came
}

// view is what a client has of one conversation.
type view struct {
	id      string
	events  []event
	ahead   bool   // something is missing, and was asked for
	origin  string // of what is sent here
	next    uint64 // n of the next frame
	outbox  int    // how many origins were given up
	mailing fields // the frame under way
}

func (v *view) last() uint64 {
	if len(v.events) == 0 {
		return 0
	}
	return v.events[len(v.events)-1].Seq
}

func (c *client) visitor() bool { return c.role == "visitor" }

func (c *client) view(id string) *view {
	v := c.views[id]
	if v == nil {
		v = &view{id: id, origin: c.origin, next: 1}
		c.views[id] = v
	}
	return v
}

// mine is the conversation of a visitor.
func (c *client) mine() string { return c.welcome.Conversation.ID }

// id is what the others know the client by.
func (c *client) id() string {
	if c.visitor() {
		return c.welcome.Visitor.ID
	}
	return c.welcome.Agent.ID
}

// connect opens a link and says hello.
func (c *client) connect() {
	c.t.Helper()
	c.open()
	if c.p.host.Profile.Gateway {
		c.hail(is("welcome"))
	} else {
		c.say(c.helloFrame())
	}
	c.welcome = c.await("a welcome", is("welcome"))
}

// open opens a link and says nothing.
func (c *client) open() {
	c.t.Helper()
	if c.link != nil {
		c.link.hangUp(true)
	}
	fault := func(err error) { c.t.Errorf("%s is sent what is not of the protocol: %v", c.name, err) }
	c.ended, c.left, c.words, c.pings, c.pongs = false, false, nil, 0, 0
	if c.via == "poll" {
		site, _ := c.hello["site"].(string)
		c.link = startPoll(c.p.ctx, c.p.suite, c.p.url, site, c.origin, fault)
		return
	}
	var s *socket
	err := c.p.again(func() (err error) { s, err = dial(c.p.ctx, c.p.url, c.page, c.p.told(fault)); return err })
	if err != nil {
		c.t.Fatalf("%s can not connect: %v", c.name, err)
	}
	c.link = s
}

func (c *client) helloFrame() fields {
	f := c.hello.of("hello")
	f["v"], f["origin"] = 1, c.origin
	if c.token != "" {
		f["token"] = c.token
	}
	if c.epoch != "" {
		f["epoch"] = c.epoch
		if c.visitor() {
			f["after"] = c.view(c.mine()).last()
		}
	}
	for k, v := range c.hello { // a story may lie
		f[k] = v
	}
	return f
}

// leave hangs up in order; a story may connect again.
func (c *client) leave() { c.hangUp(true) }

// vanish is a cable that is cut.
func (c *client) vanish() { c.hangUp(false) }

func (c *client) hangUp(clean bool) {
	if c.link != nil {
		c.link.hangUp(clean)
		c.ended, c.left = true, true
	}
}

// say sends frames as they are, in one message.
func (c *client) say(frames ...fields) {
	c.t.Helper()
	if c.ended {
		c.comesBack()
	}
	list := make([]any, len(frames))
	for i, f := range frames {
		if f["type"] == "watch" {
			c.watches = f
		}
		list[i] = f
		if f["type"] == "ping" {
			c.pings++
		}
	}
	err := c.link.send(list...)
	if err != nil && !c.ended {
		if c.ended = true; c.comesBack() {
			err = c.link.send(list...)
		}
	}
	if err != nil && !c.left {
		c.t.Fatalf("%s can not send: %v; it was told %q", c.name, err, c.words)
	}
}

// raw sends what need not be a frame. Sockets only.
func (c *client) raw(m string) {
	c.t.Helper()
	if err := c.link.(*socket).sendRaw(m); err != nil {
		c.t.Fatalf("%s can not send: %v", c.name, err)
	}
}

// healing is how often a client that waits for something asks for what it may
// have missed.
const healing = 400 * time.Millisecond

// until takes what comes until so, and fails the story if that takes long.
func (c *client) until(what string, so func() bool) {
	c.t.Helper()
	limit := time.NewTimer(c.p.longest())
	defer limit.Stop()
	heal := time.NewTicker(healing)
	defer heal.Stop()
	for !so() {
		if c.ended && !c.comesBack() {
			c.t.Fatalf("%s waits for %s, and is told %q instead", c.name, what, c.words)
		}
		select {
		case f, ok := <-c.link.frames():
			if ok {
				c.receive(f)
			} else {
				c.ended = true
			}
		case <-heal.C:
			c.heal()
		case <-limit.C:
			c.t.Fatalf("%s waits in vain for %s; it has\n%s", c.name, what, c.describe())
		}
	}
}

// heal asks for what may have been lost: the pong has the heads.
func (c *client) heal() {
	if c.epoch == "" {
		return
	}
	for _, v := range c.views {
		v.ahead = false
	}
	c.ping()
}

// await takes what comes until a frame matches, and returns that one. Each is
// returned once.
func (c *client) await(what string, match func(frame) bool) frame {
	c.t.Helper()
	at := -1
	c.until(what, func() bool {
		at = slices.IndexFunc(c.inbox, match)
		return at >= 0
	})
	f := c.inbox[at]
	c.inbox = slices.Delete(c.inbox, at, at+1)
	return f
}

// is matches frames of a type.
func is(typ string) func(frame) bool { return func(f frame) bool { return f.Type == typ } }

// settle takes what has come so far: what the host answers to a ping comes
// after what it did before. The pong of an earlier ping does not count.
func (c *client) settle() {
	c.t.Helper()
	c.ping()
	want, on := c.pings, c.link
	c.until("a pong", func() bool { return c.pongs >= want || c.link != on })
	if c.link != on {
		c.settle() // the pong went with the link
	}
}

func (c *client) ping() {
	c.pings++
	_ = c.link.send(fields{"next": 20}.of("ping")) // until sees the end by itself
}

// describe says what a client has, for a story that failed.
func (c *client) describe() string {
	var b strings.Builder
	for id, v := range c.views {
		fmt.Fprintf(&b, "  %s: %v\n", id, v.events)
	}
	for _, f := range c.inbox[max(len(c.inbox)-12, 0):] {
		fmt.Fprintf(&b, "  %.300s\n", f.raw)
	}
	return b.String()
}
