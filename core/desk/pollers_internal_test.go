package desk

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// However many poll, memory is bounded; and it is given back.
func TestPollersAreBounded(t *testing.T) {
	var ps pollers
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	id := func(i int) core.ConversationID { return core.ConversationID(fmt.Sprint(i)) }
	for i := range 2 * maxPollers {
		ps.keep(id(i), poller{until: at.Add(time.Duration(i))})
		if _, ok := ps.find(id(i)); !ok || len(ps.of) > maxPollers {
			t.Fatalf("after %d: found %v, %d remembered", i, ok, len(ps.of))
		}
	}
	ps.keep(id(2*maxPollers-1), poller{until: at.Add(time.Hour)}) // who is known takes no other's place
	if len(ps.of) != maxPollers {
		t.Errorf("%d remembered", len(ps.of))
	}
	ps.forget(id(2*maxPollers - 1))
	if got := len(ps.lapsed(at.Add(2 * maxPollers))); got != maxPollers-1 || len(ps.of) != 0 {
		t.Errorf("%d lapsed, %d remain", got, len(ps.of))
	}
}

// An answer never exceeds a message, whatever is sent to it, and what the desk
// pushes is no part of it.
func TestPollKeepsAnswers(t *testing.T) {
	q := &poll{news: make(chan struct{}, 1)}
	q.Send(wire.Encode(wire.TypingNow{Type: "typing"}))
	if len(q.news) != 0 {
		t.Error("who only types wakes a poll")
	}
	q.Send(wire.Encode(wire.Event{Type: "event", Seq: 1}))
	q.Send([]byte("no frame"))
	if len(q.news) != 1 || q.says() {
		t.Error("an event is an answer, or no news")
	}
	for i := range uint64(40) {
		q.Send(wire.Encode(wire.Ack{Type: "ack", Origin: "tab_4f9a2c71", N: i + 1}))
		q.Send(wire.Encode(wire.Ack{Type: "ack", Origin: "tab_other_one", N: i + 1}))
	}
	if len(q.answers) > maxReplies || !strings.Contains(string(q.answers[len(q.answers)-1]), `"n":40`) {
		t.Errorf("%d answers, the last is %s", len(q.answers), q.answers[len(q.answers)-1])
	}
	q.Send([]byte(`{"type":"events","x":"` + strings.Repeat("x", wire.MaxMessage) + `"}`))
	for range maxAnswer {
		q.Send(wire.Encode(wire.Error{Type: "error", Code: "gap"}))
	}
	q.Close(wire.CloseProtocol, "too many malformed frames")
	q.Close(wire.CloseShutdown, "again")
	got := q.compose(news{tag: "x"}, 0)
	if len(got) > wire.MaxMessage || len(q.answers) > maxReplies || q.ending() != wire.CloseProtocol {
		t.Errorf("%d bytes, %d answers, ended by %d", len(got), len(q.answers), q.ending())
	}
	if !strings.HasSuffix(string(got), `{"type":"bye","code":4502,"reason":"too many malformed frames"},{"type":"next","seconds":0,"head":"x"}]`) {
		t.Errorf("it ends with %s", got[max(len(got)-200, 0):])
	}
}

// A tag tells heads apart by what a client shows of them.
func TestHeadTag(t *testing.T) {
	eta := func(s int) *wire.Queue { return &wire.Queue{Position: 1, ETA: &s} }
	head := wire.Head{ID: "c_1", Phase: "waiting", Seq: 3, Queue: eta(42)}
	same, place, read := head, head, head
	same.Queue, same.Visitor.Online = eta(47), true
	place.Queue = eta(142)
	read.Read.Agent = 3
	if headTag(head) != headTag(same) || *head.Queue.ETA != 42 {
		t.Error("a few seconds are a change")
	}
	for _, h := range []wire.Head{place, read, {}} {
		if headTag(h) == headTag(head) || len(headTag(h)) > 3*13+2 {
			t.Errorf("%+v has the same tag", h)
		}
	}
}
