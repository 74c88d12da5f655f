package dynamo_test

import (
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
)

func visitorConn(id string, c core.ConversationID) dynamo.Connection {
	return dynamo.Connection{
		ID: id, Page: "https://shop.example", Addr: "192.0.2.1", Who: visitorOf(c).Party, Outbox: "outbox-" + core.Origin(id),
		Topics: []desk.Topic{desk.TopicVisitor(c)}, Data: []byte("what the host keeps"),
	}
}

func agentConn(id string, a core.AgentID, topics ...desk.Topic) dynamo.Connection {
	return dynamo.Connection{
		ID: id, Who: core.AgentParty(a), Outbox: "outbox-" + core.Origin(id), Topics: append([]desk.Topic{desk.TopicAgent(a), desk.TopicStaff}, topics...),
	}
}

// finds checks who is found under topics.
func finds(t *testing.T, cs *dynamo.Connections, want []string, topics ...desk.Topic) {
	t.Helper()
	got := []string{}
	for _, c := range must(cs.Find(t.Context(), topics...))(t) {
		got = append(got, c.ID)
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Fatalf("under %v there are %v, want %v", topics, got, want)
	}
}

// TestConnections: who is found under which topic, from hello to disconnect.
func TestConnections(t *testing.T) {
	cs := newStore(db, newTable(t)).Connections()
	ctx := t.Context()
	_, err := cs.Get(ctx, "v1=")
	wants(t, err, core.NotFound)
	ok(t, cs.Open(ctx, dynamo.Connection{ID: "v1=", Page: "https://shop.example"}))
	opened := must(cs.Get(ctx, "v1="))(t)
	if opened.Page != "https://shop.example" || len(opened.Topics) != 0 {
		t.Fatalf("after $connect it is %+v", opened)
	}
	none := []string{}
	finds(t, cs, none, desk.TopicVisitor("c_1"))

	v1 := visitorConn("v1=", "c_1")
	for _, c := range []dynamo.Connection{
		v1, visitorConn("v2=", "c_1"), visitorConn("v3=", "c_2"),
		agentConn("a1=", "amy", desk.TopicGroup("sales"), desk.TopicWatch("c_1")), agentConn("a2=", "amy", desk.TopicGroup("sales")),
		agentConn("b1=", "amy2", desk.TopicGroup("billing")), agentConn("b2=", "a#b"),
	} {
		if others := must(cs.Put(ctx, c))(t); len(others) > 0 {
			t.Fatalf("%s replaces %v", c.ID, others)
		}
	}
	got := must(cs.Get(ctx, "v1="))(t)
	if got.Who != v1.Who || got.Outbox != v1.Outbox || got.Page != v1.Page || string(got.Data) != string(v1.Data) || !slices.Equal(got.Topics, v1.Topics) {
		t.Fatalf("it comes back as %+v", got)
	}
	finds(t, cs, []string{"v1=", "v2="}, desk.TopicVisitor("c_1"))
	finds(t, cs, []string{"a1="}, desk.TopicWatch("c_1"))
	finds(t, cs, []string{"a1=", "v1=", "v2="}, desk.TopicVisitor("c_1"), desk.TopicWatch("c_1"))
	finds(t, cs, []string{"a1=", "a2="}, desk.TopicAgent("amy"))
	finds(t, cs, []string{"b2="}, desk.TopicAgent("a#b"))
	finds(t, cs, none, desk.TopicAgent("a"))
	finds(t, cs, []string{"a1=", "a2="}, desk.TopicGroup("sales"))
	finds(t, cs, []string{"a1=", "a2=", "b1=", "b2="}, desk.TopicStaff, desk.TopicAgent("amy"))
	finds(t, cs, []string{"a1=", "a2=", "v3="}, desk.TopicVisitor("c_2"), desk.TopicAgent("amy"), desk.TopicGroup("sales"))
	finds(t, cs, none)

	ok(t, cs.Remove(ctx, dynamo.Connection{ID: "a1="}))
	ok(t, cs.Remove(ctx, dynamo.Connection{ID: "a1="})) // as often as one likes
	finds(t, cs, []string{"v1=", "v2="}, desk.TopicVisitor("c_1"), desk.TopicWatch("c_1"))
	finds(t, cs, []string{"a2="}, desk.TopicAgent("amy"))
	_, err = cs.Get(ctx, "a1=")
	wants(t, err, core.NotFound)
}

// TestWatch: a second Put leaves no moment in which the connection is not found
// under a topic of both, and forgets those it has no longer.
func TestWatch(t *testing.T) {
	table := newTable(t)
	cs := newStore(db, table).Connections()
	ctx := t.Context()
	must(cs.Put(ctx, agentConn("a1=", "amy", desk.TopicWatch("c_1"), desk.TopicWatch("c_2"))))(t)
	again := must(cs.Fresh(ctx, "a1="))(t)
	again.Topics = []desk.Topic{desk.TopicAgent("amy"), desk.TopicStaff, desk.TopicWatch("c_2"), desk.TopicWatch("c_3")}
	moments := 0
	watching := newStore(tap{db, func(c call, do func() error) error {
		err := do()
		if moments++; c.write {
			finds(t, cs, []string{"a1="}, desk.TopicWatch("c_2"))
			finds(t, cs, []string{"a1="}, desk.TopicAgent("amy"))
		}
		return err
	}}, table).Connections()
	must(watching.Put(ctx, again))(t)
	if moments == 0 {
		t.Fatal("nobody looked")
	}
	finds(t, cs, []string{}, desk.TopicWatch("c_1"))
	finds(t, cs, []string{"a1="}, desk.TopicWatch("c_3"))
}

// TestReplaced: the same author and outbox again is the same client, who came
// back before the old connection was known to be gone.
func TestReplaced(t *testing.T) {
	c := &clock{}
	cs := storeAt(db, newTable(t), c).Connections()
	ctx := t.Context()
	for _, pair := range [][2]dynamo.Connection{
		{visitorConn("v1=", "c_1"), visitorConn("v2=", "c_1")},
		{agentConn("a1=", "amy", desk.TopicWatch("c_9")), agentConn("a2=", "amy")},
	} {
		old, next := pair[0], pair[1]
		must(cs.Put(ctx, old))(t)
		next.Outbox = old.Outbox
		c.pass(time.Second)
		others := must(cs.Put(ctx, next))(t)
		if len(others) != 1 || others[0].ID != old.ID {
			t.Fatalf("%s replaces %v, want %s", next.ID, others, old.ID)
		}
		ok(t, cs.Remove(ctx, others[0]))
		if others := must(cs.Put(ctx, next))(t); len(others) != 0 {
			t.Fatalf("%s replaces %v again", next.ID, others)
		}
	}
}

// TestEnded: a hello that is decided after its connection has ended leaves
// nothing, and whoever is found without the rest of it can be removed.
func TestEnded(t *testing.T) {
	table, c := newTable(t), &clock{}
	cs := storeAt(db, table, c).Connections()
	ctx := t.Context()
	ok(t, cs.Open(ctx, dynamo.Connection{ID: "v1="}))
	read := must(cs.Fresh(ctx, "v1="))(t)
	read.Who, read.Topics = visitorOf("c_1").Party, []desk.Topic{desk.TopicVisitor("c_1")}
	ok(t, cs.Remove(ctx, dynamo.Connection{ID: "v1="}))
	_, err := cs.Put(ctx, read)
	wants(t, err, core.NotFound)
	finds(t, cs, []string{}, desk.TopicVisitor("c_1"))

	// A process dies after each write of Put: what is found, 410 removes.
	for k := range 3 {
		dying := &killed{left: k}
		conn := visitorConn("v2=", "c_1")
		_, _ = storeAt(tap{db, dying.around}, table, c).Connections().Put(ctx, conn)
		for _, found := range must(cs.Find(ctx, conn.Topics...))(t) {
			ok(t, cs.Remove(ctx, found))
		}
		finds(t, cs, []string{}, conn.Topics...)
		ok(t, cs.Remove(ctx, conn))
	}

	// Who is found although everything else of it is gone is removed too.
	must(cs.Put(ctx, visitorConn("v3=", "c_1")))(t)
	found := must(cs.Find(ctx, desk.TopicVisitor("c_1")))(t)
	half := &killed{left: 1}
	_ = storeAt(tap{db, half.around}, table, c).Connections().Remove(ctx, dynamo.Connection{ID: "v3="})
	ok(t, cs.Remove(ctx, found[0]))
	finds(t, cs, []string{}, desk.TopicVisitor("c_1"))

	// DynamoDB takes its time to delete what is over.
	must(cs.Put(ctx, visitorConn("v4=", "c_1")))(t)
	c.pass(3 * time.Hour)
	finds(t, cs, []string{}, desk.TopicVisitor("c_1"))
	_, err = cs.Get(ctx, "v4=")
	wants(t, err, core.NotFound)
}

// TestYoungConnection: the answer to a read that lags is not the last word.
func TestYoungConnection(t *testing.T) {
	table := newTable(t)
	must(newStore(db, table).Connections().Put(t.Context(), visitorConn("v1=", "c_1")))(t)
	lagging := newStore(tap{db, func(c call, do func() error) error {
		if !c.write && !c.strong {
			return nil
		}
		return do()
	}}, table).Connections()
	if got := must(lagging.Get(t.Context(), "v1="))(t); len(got.Topics) != 1 {
		t.Fatalf("it is %+v", got)
	}
}
