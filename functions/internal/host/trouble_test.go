package host_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/local/edge"
)

var errDown = errors.New("the database is down")

// TestCrash: a process may die after any write of a hello. Its client says it
// again on another connection, and what is left of the first does no harm.
func TestCrash(t *testing.T) {
	for after := range 6 {
		b := newBench(t)
		b.event("CONNECT", "one=", nil)
		writes := 0
		b.fail = func(write bool) error {
			if write {
				if writes++; writes > after {
					return errDown
				}
			}
			return nil
		}
		hello := fields{"type": "hello", "v": 1, "origin": "origin-of-mei"}
		b.event("MESSAGE", "one=", hello)
		b.fail = nil
		b.cold()
		b.event("CONNECT", "two=", nil)
		w := b.say("two=", hello, "welcome")
		b.send("two=", "origin-of-mei", "")
		b.n = 0
		if got := b.texts(conversation(w)); !slices.Equal(got, []string{"message 1"}) {
			t.Errorf("after %d writes: %q", after, got)
		}
		b.event("DISCONNECT", "one=", nil)
		b.event("DISCONNECT", "two=", nil)
		found, err := b.store().Connections().Find(t.Context(), desk.TopicVisitor(core.ConversationID(conversation(w))))
		b.must(err)
		if len(found) != 0 {
			t.Errorf("after %d writes and the end of both: %+v", after, found)
		}
	}
}

// TestHelloTwice: two processes serve one hello at the same time. One of them
// decides who the visitor is, and the other says nothing.
func TestHelloTwice(t *testing.T) {
	b := newBench(t)
	b.event("CONNECT", "mei=", nil)
	other := b.process()
	hello := fields{"type": "hello", "v": 1, "origin": "origin-of-mei"}
	var nested []fields
	writes := 0
	first := b.h
	b.fail = func(write bool) error {
		if write {
			if writes++; writes == 1 { // the first is about to put the row: the other is faster
				b.h = other
				nested = b.event("MESSAGE", "mei=", hello)
				b.h = first
			}
		}
		return nil
	}
	late := b.event("MESSAGE", "mei=", hello)
	b.fail = nil
	w := b.wants("welcome", nested)
	if len(late) != 0 {
		t.Errorf("the one that lost says %v", late)
	}
	b.send("mei=", "origin-of-mei", "")
	if got := b.texts(conversation(w)); len(got) != 1 {
		t.Errorf("the log of the visitor who was welcomed is %q", got)
	}
}

// TestReplaced: an outbox has one connection. The older one is told so before
// it is closed, wherever the new one says hello.
func TestReplaced(t *testing.T) {
	w := newWorld(t, 2)
	old := w.visitor("mei")
	fresh := w.open("mei again")
	fresh.greet(fields{"token": old.token, "origin": old.origin})
	seen := old.ends()
	if last := seen[len(seen)-1]; last["type"] != "bye" || last["code"] != 4503.0 {
		t.Errorf("the last it hears is %v", last)
	}
	fresh.origin = old.origin
	fresh.send("", "here I am")
}

// TestComesBack: who has lost their row by a 410 that was not true finds out
// by their heartbeat, and is asked to come back.
func TestComesBack(t *testing.T) {
	w := newWorld(t, 2)
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "hello")
	li.held()
	w.faults.Set(1, edge.FalseGone)
	li.send(mei.conv, "are you there?")
	w.faults.Set(0, edge.FalseGone)
	mei.say(fields{"type": "ping"})
	seen := mei.ends()
	if last := seen[len(seen)-1]; last["type"] != "bye" || last["code"] != 4000.0 {
		t.Errorf("the last it hears is %v", last)
	}
	again := w.open("mei again")
	again.greet(fields{"token": mei.token, "origin": mei.origin})
	if got := again.seen[0]; !strings.Contains(strings.Join(w.texts(mei.conv), " "), "are you there?") || len(got["events"].([]any)) < 4 {
		t.Errorf("it comes back to %v", got)
	}
	if !strings.Contains(w.log.String(), `"gone":`) {
		t.Error("that is not counted")
	}
}

// TestLostDisconnect: nobody heard that a visitor left. The first push to them
// finds out, and the agent is told.
func TestLostDisconnect(t *testing.T) {
	w := newWorld(t, 2)
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "hello")
	li.held()
	w.faults.Set(1, edge.LostDisconnect)
	mei.hangUp()
	li.send(mei.conv, "are you there?")
	li.await("that nobody is there", func(f fields) bool {
		head, _ := f["conversation"].(map[string]any)
		v, _ := head["visitor"].(map[string]any)
		return f["type"] == "conversation" && v["online"] == false
	})
	found, err := w.store().Connections().Find(t.Context(), desk.TopicVisitor(core.ConversationID(mei.conv)))
	w.must(err)
	if len(found) != 0 {
		t.Errorf("the row is left: %+v", found)
	}
}

// TestBusy: a push that is not taken holds nobody up, and is found by the
// heartbeat.
func TestBusy(t *testing.T) {
	w := newWorld(t, 2)
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "hello")
	li.held()
	w.faults.Set(1, edge.Throttle)
	ack := li.send(mei.conv, "good morning")
	w.faults.Set(0, edge.Throttle)
	mei.say(fields{"type": "ping"})
	if pong := mei.await("a pong", is("pong")); pong["heads"] != ack["seq"] {
		t.Errorf("the pong is %v, the ack %v", pong, ack)
	}
	mei.say(fields{"type": "after", "seq": ack["prev"]})
	mei.await("it", func(f fields) bool { return f["type"] == "events" && len(f["events"].([]any)) == 1 })
	if !strings.Contains(w.log.String(), `"post_429":1`) {
		t.Error("that is not counted")
	}
}

// TestOtherRelease: a row that this release can not read has its client come
// back, whether it is pushed to or says something.
func TestOtherRelease(t *testing.T) {
	w := newWorld(t, 1)
	li, mei, hua := w.agent("li", 2), w.visitor("mei"), w.visitor("hua")
	mei.send("", "hello")
	li.held()
	spoil := func(c *client) {
		conns := w.store().Connections()
		found, err := conns.Find(t.Context(), desk.TopicVisitor(core.ConversationID(c.conv)))
		w.must(err)
		row, err := conns.Fresh(t.Context(), found[0].ID)
		w.must(err)
		row.Data = []byte(`{"v":99}`)
		_, err = conns.Put(t.Context(), row)
		w.must(err)
	}
	spoil(mei)
	spoil(hua)
	li.send(mei.conv, "good morning")
	hua.say(fields{"type": "ping"})
	for _, c := range []*client{mei, hua} {
		seen := c.ends()
		if last := seen[len(seen)-1]; last["type"] != "bye" || last["code"] != 4000.0 {
			t.Errorf("the last that %s hears is %v", c.name, last)
		}
	}
}

// TestAtOnce: one process serves many invocations at a time, as Lambda Managed
// Instances have it do; frames of one connection in any order.
func TestAtOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.faults.Set(0.2, edge.Reorder, edge.Duplicate)
	const each = 8
	var all sync.WaitGroup
	visitors := []*client{w.visitor("a"), w.visitor("b"), w.visitor("c")}
	for _, v := range visitors {
		all.Go(func() {
			for range each {
				v.send("", "hello")
			}
		})
	}
	all.Wait()
	for _, v := range visitors {
		if got := w.texts(v.conv); len(got) != each {
			t.Errorf("%s has said %d things, not %d", v.name, len(got), each)
		}
	}
}

// TestNobodyHears: what can not be looked up keeps no frame from being stored.
func TestNobodyHears(t *testing.T) {
	b := newBench(t)
	b.event("CONNECT", "mei=", nil)
	w := b.say("mei=", fields{"type": "hello", "v": 1, "origin": "origin-of-mei"}, "welcome")
	b.send("mei=", "origin-of-mei", "")
	b.fail = func(write bool) error {
		if write {
			return nil
		}
		return errDown
	}
	b.send("mei=", "origin-of-mei", "")
	b.fail = nil
	if got := b.texts(conversation(w)); len(got) != 2 {
		t.Errorf("the log is %q", got)
	}
}
