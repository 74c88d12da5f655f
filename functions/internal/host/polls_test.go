package host_test

import (
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// caller is a visitor who polls, as bench serves it.
type caller struct {
	*bench
	origin string
	token  any
	epoch  any
	after  uint64
	conv   string
}

// calls is a first poll.
func (b *bench) calls(origin string, more fields) *caller {
	b.Helper()
	hello := fields{"type": "hello", "v": 1, "origin": origin}
	for k, v := range more {
		hello[k] = v
	}
	w := b.wants("welcome", b.poll(fields{"frames": []fields{hello}, "wait": 25}))
	return &caller{bench: b, origin: origin, token: w["token"], epoch: w["epoch"], conv: conversation(w)}
}

func (c *caller) polls(frames ...fields) []fields {
	c.Helper()
	state := fields{"token": c.token, "epoch": c.epoch, "after": c.after, "origin": c.origin, "wait": 25}
	if frames != nil {
		state["frames"] = frames
	}
	got := c.poll(state)
	for _, f := range got {
		if f["type"] == "event" {
			c.after = uint64(f["seq"].(float64))
		}
	}
	return got
}

func (c *caller) says(n int, words string) []fields {
	c.Helper()
	return c.polls(fields{"type": "send", "origin": c.origin, "n": n, "body": fields{"kind": "text", "text": words}})
}

// TestPolls: every poll comes to another process than the one before. It is
// answered at once, what the hello said is known, agents see that the visitor
// is there, and nobody tries to push to them.
func TestPolls(t *testing.T) {
	b := newBench(t)
	token := b.hire("li", 1)
	b.event("CONNECT", "li=", nil)
	b.say("li=", fields{"type": "hello", "v": 1, "origin": "origin-of-li", "token": token}, "welcome")
	b.say("li=", fields{"type": "status", "status": "online"}, "presence")
	mei := b.calls("origin-of-poll", fields{"tag": "vip"})
	b.cold()
	got := mei.says(1, "hello")
	b.wants("ack", got)
	if next := b.wants("next", got); next["seconds"] != 1.0 {
		t.Errorf("the next poll is wanted %v", next)
	}
	b.cold()
	c, err := b.store().Load(t.Context(), core.ConversationID(mei.conv))
	b.must(err)
	if c.Session.Tag != "vip" || c.Session.Phase != core.Held {
		t.Errorf("the session is %+v", c.Session)
	}
	mei.polls()
	b.say("li=", fields{"type": "send", "origin": "origin-of-li", "n": 1, "conversation": mei.conv, "body": fields{"kind": "text", "text": "yes?"}}, "ack")
	if got := mei.polls(); text(b.wants("event", got)) != "yes?" {
		t.Errorf("it is answered with %v", got)
	}
	online := func() any {
		head := b.say("li=", fields{"type": "watch", "conversations": []string{mei.conv}}, "conversation")
		return head["conversation"].(map[string]any)["visitor"].(map[string]any)["online"]
	}
	if online() != true {
		t.Error("the agent does not see them")
	}
	b.clock.pass(3 * time.Minute)
	if online() != false {
		t.Error("three minutes later the agent still sees them")
	}
	mei.polls()
	if online() != true {
		t.Error("they are back, and not seen")
	}
}

// TestPollReplacesSocket: a page that can not keep its socket goes on by
// polls; the socket, if it lives after all, is told.
func TestPollReplacesSocket(t *testing.T) {
	w := newWorld(t, 1)
	mei := w.visitor("mei")
	b := &bench{world: w, meter: &meter{API: db}, h: w.process()}
	mei.send("", "hello")
	b.poll(fields{"token": mei.token, "frames": []fields{{"type": "hello", "v": 1, "origin": mei.origin}}, "wait": 0})
	seen := mei.ends()
	if last := seen[len(seen)-1]; last["code"] != 4503.0 {
		t.Errorf("the last it hears is %v", last)
	}
	found, err := w.store().Connections().Find(t.Context(), desk.TopicVisitor(core.ConversationID(mei.conv)))
	w.must(err)
	if len(found) != 1 {
		t.Errorf("there is %+v", found)
	}
}
