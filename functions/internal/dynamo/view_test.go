package dynamo_test

import (
	"context"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
)

// TestPutTwice: of two processes that serve frames of one connection, the one
// that knew it as it is decides.
func TestPutTwice(t *testing.T) {
	ctx, cs := t.Context(), newStore(db, newTable(t)).Connections()
	ok(t, cs.Open(ctx, dynamo.Connection{ID: "v1="}))
	one, two := must(cs.Get(ctx, "v1="))(t), must(cs.Get(ctx, "v1="))(t)
	put := func(c dynamo.Connection, id string) error {
		c.Who, c.Topics = visitorOf(core.ConversationID(id)).Party, []desk.Topic{desk.TopicVisitor(core.ConversationID(id))}
		_, err := cs.Put(ctx, c)
		return err
	}
	ok(t, put(one, "c_1"))
	wants(t, put(two, "c_2"), core.Conflict)
	wants(t, cs.Note(ctx, two), core.Conflict)
	finds(t, cs, []string{"v1="}, desk.TopicVisitor("c_1"))
	finds(t, cs, []string{}, desk.TopicVisitor("c_2"))

	now := must(cs.Fresh(ctx, "v1="))(t)
	now.Data = []byte("more")
	ok(t, cs.Note(ctx, now))
	if got := must(cs.Fresh(ctx, "v1="))(t); string(got.Data) != "more" || len(got.Topics) != 1 {
		t.Errorf("it is %+v", got)
	}
	ok(t, cs.Remove(ctx, now))
	wants(t, cs.Note(ctx, now), core.NotFound)
}

// TestPutMeetsItself: the answer to the first attempt was lost, and the SDK
// made another.
func TestPutMeetsItself(t *testing.T) {
	table := newTable(t)
	twice := newStore(tap{db, func(c call, do func() error) error {
		if c.name == "PutItem" {
			_ = do()
		}
		return do()
	}}, table).Connections()
	ok(t, newStore(db, table).Connections().Open(t.Context(), dynamo.Connection{ID: "v1="}))
	c := must(twice.Fresh(t.Context(), "v1="))(t)
	c.Topics = []desk.Topic{desk.TopicVisitor("c_1")}
	must(twice.Put(t.Context(), c))(t)
	finds(t, twice, []string{"v1="}, desk.TopicVisitor("c_1"))
}

// TestLinger: who polls is found between two polls, for a while, and is no
// connection that another could replace.
func TestLinger(t *testing.T) {
	var c clock
	cs := storeAt(db, newTable(t), &c).Connections()
	topic := desk.TopicVisitor("c_1")
	_, _, err := cs.Lingers(t.Context(), topic)
	wants(t, err, core.NotFound)
	poller := visitorConn("ignored", "c_1")
	poller.Data = []byte("what its hello said")
	until := c.now().Add(time.Minute)
	ok(t, cs.Linger(t.Context(), poller, until))
	finds(t, cs, []string{dynamo.LingerID}, topic)
	got, when, err := cs.Lingers(t.Context(), topic)
	ok(t, err)
	if string(got.Data) != string(poller.Data) || when.Before(until.Truncate(time.Second)) || when.After(until) {
		t.Errorf("it is %+v until %s, not %s", got, when, until)
	}
	replaced := must(cs.Put(t.Context(), visitorConn("v1=", "c_1")))(t)
	if len(replaced) != 0 {
		t.Errorf("a connection replaces %+v", replaced)
	}
	c.pass(2 * time.Minute)
	finds(t, cs, []string{"v1="}, topic)
	_, _, err = cs.Lingers(t.Context(), topic)
	wants(t, err, core.NotFound)
}

// TestView: one place is looked at once, for a moment, or until the view is
// told to forget.
func TestView(t *testing.T) {
	var c clock
	m := &meter{API: db}
	cs := storeAt(m, newTable(t), &c).Connections()
	must(cs.Put(t.Context(), visitorConn("v1=", "c_1")))(t)
	v := cs.View()
	find := func(want int, requests int, topics ...desk.Topic) {
		t.Helper()
		m.took()
		found := must(v.Find(t.Context(), topics...))(t)
		if got := m.took().Requests; len(found) != want || got != requests {
			t.Errorf("%d found by %d requests, want %d by %d", len(found), got, want, requests)
		}
	}
	find(1, 1, desk.TopicVisitor("c_1"))
	find(1, 0, desk.TopicVisitor("c_1"), desk.TopicWatch("c_1"))
	find(0, 0, desk.TopicWatch("c_1"))
	find(1, 1, desk.TopicVisitor("c_1"), desk.TopicAgent("amy"))
	must(cs.Put(t.Context(), visitorConn("v2=", "c_1")))(t)
	find(1, 0, desk.TopicVisitor("c_1"))
	v.Forget()
	find(2, 1, desk.TopicVisitor("c_1"))
	c.pass(2 * time.Second)
	find(2, 1, desk.TopicVisitor("c_1"))
}

// TestRemembered: what a process remembers costs nothing, what it does not a
// weak read; and what can not be read is as if it was never seen.
func TestRemembered(t *testing.T) {
	table := newTable(t)
	d := newDesk(t, newStore(db, table))
	d.do("c_1", says("c_1", 1, "hello"))
	m := &meter{API: db}
	st := newStore(m, table)
	seq := st.Remembered(t.Context(), "c_1").Seq
	if got := m.took(); seq == 0 || got != (cost{0, 0.5, 1}) {
		t.Errorf("seq %d by %s", seq, got)
	}
	if again := st.Remembered(t.Context(), "c_1").Seq; again != seq || m.took().Requests != 0 {
		t.Errorf("seq %d", again)
	}
	down := newStore(tap{db, func(call, func() error) error { return context.DeadlineExceeded }}, table)
	if c := down.Remembered(t.Context(), "c_1"); c.ID != "c_1" || c.Seq != 0 {
		t.Errorf("it is %+v", c)
	}
}
