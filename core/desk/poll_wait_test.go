package desk_test

import (
	"context"
	"maps"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// held runs a story about polls that wait, on the clock of a bubble.
func held(t *testing.T, story func(t *testing.T, n *node)) {
	synctest.Test(t, func(t *testing.T) { story(t, newWorld(t).holding()) })
}

// met is a phone whose conversation an agent holds; both know all of it.
func (n *node) met() (vi *phone, amy thread) {
	n.Helper()
	a := n.agent("amy", core.RoleAgent, 5).online()
	vi = n.calls("vi")
	vi.poll(vi.say("hello"))
	vi.poll()
	vi.body["wait"] = 25
	a.seenAll()
	return vi, thread{a, vi.conv}
}

// A poll that has nothing to say waits, is woken at once by an event, and by
// nothing that is none.
func TestPollWakes(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, amy := n.met()
		answer := vi.waits(t.Context())
		<-time.After(7 * time.Second)
		amy.frame("typing", nil)
		amy.note("he sounds angry")
		synctest.Wait()
		amy.say("hi")
		frames, took, err := answer()
		n.must(err)
		vi.tells(frames, "#6(4) amy: hi", "head held #6 by amy", "next 0")
		if took != 7*time.Second {
			t.Errorf("held for %s, and amy wrote after 7 s", took)
		}
		answer = vi.waits(t.Context())
		amy.read(6)
		frames, _, err = answer()
		n.must(err)
		vi.tells(frames, "head held #6 by amy", "next 0")
		if head := frames[0].of("conversation"); head.of("read").num("agent") != 6 {
			t.Errorf("read marks: %v", head)
		}
	})
}

// With nothing to say it waits as long as it was asked to, 25 s at most.
func TestPollWaits(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, _ := n.met()
		for _, c := range []struct{ wait, want int }{{0, 0}, {3, 3}, {25, 25}, {3600, 25}} {
			vi.body["wait"] = c.wait
			answer := vi.waits(t.Context())
			frames, took, err := answer()
			n.must(err)
			vi.tells(frames, "next 0")
			if took != time.Duration(c.want)*time.Second {
				t.Errorf("wait %d: held for %s", c.wait, took)
			}
		}
		vi.body["wait"] = 25
		answer := vi.waits(t.Context(), map[string]any{"type": "read", "seq": 2}, map[string]any{"type": "typing"})
		if frames, took, _ := answer(); took != 25*time.Second {
			t.Errorf("who only reads and types is held for %s: %v", took, frames)
		}
	})
}

// A push is a hint: what no push told of is found when the wait is over.
func TestPollFindsWhatWasNotPushed(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, amy := n.met()
		answer := vi.waits(t.Context())
		other := n.node() // another node, and no bus between them
		x := other.connect("amy there").hello(map[string]any{"token": n.signed("amy")})
		thread{x, amy.id}.say("hi")
		frames, took, err := answer()
		n.must(err)
		vi.tells(frames, "#5(4) amy: hi", "head held #5 by amy", "next 0")
		if took != 25*time.Second {
			t.Errorf("held for %s", took)
		}
	})
}

// An outbox has one connection: the newer one wins, and the older poll is
// answered without a word that could be taken for the end.
func TestPollReplaced(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, _ := n.met()
		vi.body["origin"] = vi.origin
		older := vi.waits(t.Context())
		<-time.After(2 * time.Second)
		n.pass(2 * time.Second)
		newer := vi.waits(t.Context())
		frames, took, err := older()
		n.must(err)
		vi.tells(frames, "next 0")
		if took != 2*time.Second {
			t.Errorf("held for %s", took)
		}
		newest := vi.waits(t.Context()) // as two clients do that take one outbox for theirs
		frames, took, _ = newer()
		vi.tells(frames, "next 1")
		if took != 0 {
			t.Errorf("held for %s", took)
		}
		<-time.After(2 * time.Second)
		n.pass(2 * time.Second)

		ws := n.connect("vi by socket")
		ws.origin = vi.origin
		ws.hello(map[string]any{"token": vi.body["token"]})
		frames, took, _ = newest()
		vi.tells(frames, "next 0")
		if took != 2*time.Second {
			t.Errorf("held for %s", took)
		}

		// A poll that was on its way for long does not end the socket, ...
		late := vi.waits(t.Context())
		if ws.closed() != 0 {
			t.Errorf("a late poll closed the socket with %d", ws.closed())
		}
		// ... but one that says hello does: the client has lost it.
		back := vi.waits(t.Context(), vi.hello(map[string]any{"after": 4, "epoch": "e_1"}))
		if ws.closed() != wire.CloseReplaced {
			t.Errorf("the socket was closed with %d", ws.closed())
		}
		frames, _, _ = back()
		vi.tells(frames, "welcome visitor, n 1, held #4 by amy, nothing", "next 0")
		if _, took, _ := late(); took > 25*time.Second {
			t.Errorf("the late poll was held for %s", took)
		}
	})
}

// Polls that do not say which outbox they are of leave each other alone, as
// do those of two tabs; but nobody holds any number of them.
func TestManyPollsOfOneVisitor(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, amy := n.met()
		var answers []func() ([]frame, time.Duration, error)
		for range 20 {
			other := *vi
			other.body = maps.Clone(vi.body)
			answers = append(answers, other.waits(t.Context()))
			n.pass(time.Second)
		}
		if got := vi.refused(); got != core.RateLimited {
			t.Errorf("one more: %s", got)
		}
		amy.say("hi")
		for _, answer := range answers {
			frames, took, err := answer()
			n.must(err)
			if len(frames) != 3 || took > time.Second {
				t.Errorf("after %s: %v", took, frames)
			}
		}
	})
}

// Whoever is gone leaves at once, and what they sent is decided all the same.
func TestPollAbandoned(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, _ := n.met()
		ctx, cancel := context.WithCancel(t.Context())
		answer := vi.waits(ctx)
		if !n.floor.Present(t.Context(), desk.TopicVisitor(vi.conv)) {
			t.Error("a held poll is not found")
		}
		cancel()
		if _, took, err := answer(); core.CodeOf(err) != core.Unavailable || took != 0 {
			t.Errorf("after %s: %v", took, err)
		}
		if n.floor.Present(t.Context(), desk.TopicVisitor(vi.conv)) {
			t.Error("an abandoned poll is still found")
		}
		_, err := vi.ask(ctx, vi.request(vi.say("still here?")))
		if core.CodeOf(err) != core.Unavailable && err != nil {
			t.Error(err)
		}
		vi.tells(vi.poll(), "#5(4) visitor: still here?", "head held #5 by amy", "next 0")
	})
}

// A server that goes away answers held polls, and says when to come back.
func TestPollEndedByTheHost(t *testing.T) {
	held(t, func(t *testing.T, n *node) {
		vi, _ := n.met()
		answer := vi.waits(t.Context())
		n.floor.mu.Lock()
		out := n.floor.peers[len(n.floor.peers)-1].out
		n.floor.mu.Unlock()
		out.Send(wire.Encode(wire.Bye{Type: "bye", Code: 4000, Reason: "the server is going away", Window: 5}))
		out.Close(wire.CloseShutdown, "the server is going away")
		frames, took, err := answer()
		n.must(err)
		vi.tells(frames, "bye 4000 the server is going away", "next 0")
		if frames[0].num("window") != 5 || took != 0 {
			t.Errorf("%v after %s", frames[0], took)
		}
	})
	n := newWorld(t).node(func(o *desk.Options) {
		o.Hold = func(*desk.Peer, desk.Outlet) (func(), bool) { return nil, false }
	})
	vi := n.phone("vi")
	if got := vi.refused(vi.hello(nil)); got != core.Unavailable {
		t.Errorf("no place: %s", got)
	}
}

// online is what an agent was told last of whether a visitor is there.
func (th thread) online() any {
	th.Helper()
	for _, f := range slices.Backward(th.frames) {
		if c := f.of("conversation"); f.str("type") == "conversation" && c.str("id") == string(th.id) {
			return c.of("visitor")["online"]
		}
	}
	return nil
}

// A poller is there for as long as the next poll may take, and agents see them
// go after that.
func TestPollPresence(t *testing.T) {
	n := newWorld(t).holding()
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi := n.calls("vi")
	vi.poll(vi.say("hello"))
	th := thread{amy, vi.conv}
	for _, c := range []struct {
		wait int
		stay time.Duration
	}{{0, 10 * time.Second}, {3, 10 * time.Second}, {25, 62500 * time.Millisecond}} {
		vi.body["wait"] = c.wait
		vi.poll(map[string]any{"type": "ping"}) // an answer, so that it is not held
		n.after(c.stay - time.Millisecond)
		th.say("a head, please")
		th.frame("watch", map[string]any{"conversations": []string{string(vi.conv)}})
		if th.online() != true {
			t.Errorf("wait %d: away before %s", c.wait, c.stay)
		}
		n.after(time.Millisecond)
		if th.online() != false {
			t.Errorf("wait %d: there after %s", c.wait, c.stay)
		}
		vi.body["wait"] = 0
		vi.poll() // without hello
		if th.online() != true {
			t.Errorf("wait %d: away, although back", c.wait)
		}
	}
	// By socket they come and go at once.
	ws := n.connect("vi by socket")
	ws.origin = vi.origin
	ws.hello(map[string]any{"token": vi.body["token"]})
	ws.gone(true)
	if th.online() != false {
		t.Error("there, although the socket is closed")
	}
}

// A change of the head that no event tells of, such as a place in line, is
// noticed by who repeats next.head even if it happened between two polls.
func TestPollHeadBetweenPolls(t *testing.T) {
	n := newWorld(t).holding()
	first, vi, wu := n.visitor("first"), n.calls("vi"), n.calls("wu")
	first.say("me")
	n.pass(time.Second)
	vi.echoes = true
	vi.poll(vi.say("me too"))
	n.pass(time.Second)
	wu.poll(wu.say("me too"))
	vi.tells(vi.poll(), "next 0")
	wu.tells(wu.poll(), "next 0")
	first.own().end()
	vi.tells(vi.poll(), "head waiting #3, place 1", "next 0")
	vi.tells(vi.poll(), "next 0")
	wu.tells(wu.poll(), "next 0") // it gets the head with the next event
}

// meanwhile is a store in which something happens while it is read: before the
// log, or after it.
type meanwhile struct {
	core.Store
	before, next func()
}

func (st *meanwhile) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	if happens := st.before; happens != nil {
		st.before = nil
		happens()
	}
	return st.Store.After(ctx, id, seq, limit)
}

func (st *meanwhile) Marks(ctx context.Context, id core.ConversationID) (core.Marks, error) {
	if happens := st.next; happens != nil {
		st.next = nil
		happens()
	}
	return st.Store.Marks(ctx, id)
}

// The head is no older than the events: who does not say which one they have
// would wait for the newer one for ever.
func TestPollHeadIsOfTheLastEvent(t *testing.T) {
	w := newWorld(t)
	st := &meanwhile{Store: w.store}
	w.store = st
	n := w.holding()
	amy := n.agent("amy", core.RoleAgent, 1)
	vi := n.phone("vi")
	vi.poll(vi.hello(nil))
	vi.poll(vi.say("hello"))
	n.connect("tab").hello(map[string]any{"token": vi.body["token"]}).own().say("anybody?")
	delete(vi.body, "head")
	st.before = func() { amy.online() }
	vi.tells(vi.poll(), "#4(3) visitor: anybody?", "#5(4) assigned amy", "head held #5 by amy", "next 0")
}

// A poll listens before it reads: what comes between its reading and its
// waiting is not found 25 s later.
func TestNothingFallsBetweenReadingAndWaiting(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		st := &meanwhile{Store: w.store}
		w.store = st
		n := w.holding()
		vi, amy := n.met()
		st.next = func() { amy.say("hi") } // the events have been read, and there was none
		frames, took, err := vi.waits(t.Context())()
		n.must(err)
		vi.tells(frames, "#5(4) amy: hi", "head held #5 by amy", "next 0")
		if took != 0 {
			t.Errorf("held for %s", took)
		}
	})
}
