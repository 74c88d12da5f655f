package dynamo_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
)

// cost is what an operation asks of DynamoDB. A failed condition is charged a
// write unit; an empty read what an item of nothing would be.
type cost struct {
	Writes, Reads float64 // request units
	Requests      int
}

func (c cost) String() string {
	return fmt.Sprintf("%g write units, %g read units, %d requests", c.Writes, c.Reads, c.Requests)
}

// meter counts what DynamoDB says that it consumed.
type meter struct {
	dynamo.API
	mu   sync.Mutex
	cost cost
}

// took returns what was consumed since it was asked last.
func (m *meter) took() cost {
	m.mu.Lock()
	defer m.mu.Unlock()
	c := m.cost
	m.cost = cost{}
	return c
}

func (m *meter) read(c *types.ConsumedCapacity, strong *bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	least := 0.5
	if strong != nil && *strong {
		least = 1
	}
	m.cost.Requests++
	m.cost.Reads += max(units(c), least)
}

func (m *meter) wrote(c *types.ConsumedCapacity) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.cost.Requests++
	m.cost.Writes += max(units(c), 1)
}

func units(c *types.ConsumedCapacity) float64 {
	if c == nil || c.CapacityUnits == nil {
		return 0
	}
	return *c.CapacityUnits
}

func (m *meter) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.Query(ctx, in, o...)
	if out != nil {
		m.read(out.ConsumedCapacity, in.ConsistentRead)
	}
	return out, err
}

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.GetItem(ctx, in, o...)
	if out != nil {
		m.read(out.ConsumedCapacity, in.ConsistentRead)
	}
	return out, err
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.PutItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.PutItemOutput{}
	}
	m.wrote(out.ConsumedCapacity)
	return out, err
}

func (m *meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.UpdateItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.UpdateItemOutput{}
	}
	m.wrote(out.ConsumedCapacity)
	return out, err
}

func (m *meter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.DeleteItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.DeleteItemOutput{}
	}
	m.wrote(out.ConsumedCapacity)
	return out, err
}

// TestCost holds each operation to what it may cost. It fails when one grows,
// and when one shrinks: then the table here is to be corrected.
//
// Two are a write unit above what we set out for, each for a promise.
//
// A connection takes three, not two: what $connect alone is told, the page's
// origin and the client's address; the same item again when the hello says who
// that is, for each later frame may come to another process and names nothing but
// the connection; and the row under which a message finds it. Why no authorizer
// keeps the first says package host. The last can not wait until somebody has
// something to say: a hello ends the older connection of its origin, and finds it
// there. Nor can the first two be one: a frame names its connection, a message
// whom it is for, and DynamoDB finds by one key.
//
// An assignment takes three, not two: the seat before the slot (promise 13: no
// capacity is exceeded), the slot, and the place in line after it. To leave that
// place to whoever comes upon it would be the same unit later, and until then a
// stale head of the line for everybody who looks for the next one (promise 20). One
// item for slot and seat, or slot and place, is none: the slot is the
// conversation's, the seat must be counted with all others of the agent under one
// condition, and a line is read in one order.
func TestCost(t *testing.T) {
	m := &meter{API: db}
	table := newTable(t)
	warm := newStore(m, table)
	d := &metered{testDesk: newDesk(t, warm)}
	cold := func() { d.st = newStore(m, table) } // another process: it remembers nothing
	hot := func() { d.st, d.memory = warm, must(warm.Load(t.Context(), "c_1"))(t) }
	d.hire("amy", 5)
	d.hire("bob", 5)
	ok(t, d.st.SetDuty(t.Context(), "amy", core.Duty{Status: core.Online, Lease: d.now}))
	offer := core.Offered{Group: "sales", Roster: core.Roster{{ID: "amy", Status: core.Online, Capacity: 5, Weight: 1}}}
	conns := warm.Connections()
	visitor := dynamo.Connection{
		ID: "L0G-c2dXIAMCKGA=", Page: "https://shop.example", Who: visitorOf("c_1").Party, Outbox: "outbox-of-v",
		Topics: []desk.Topic{desk.TopicVisitor("c_1")}, Data: make([]byte, 300),
	}
	staff := visitor
	staff.ID, staff.Who = "L0G-d2dXIAMCKGA=", core.AgentParty("amy")
	staff.Topics = []desk.Topic{desk.TopicAgent("amy"), desk.TopicStaff, desk.TopicGroup("sales"), desk.TopicGroup("billing")}

	const head = 13
	for _, c := range []struct {
		name   string
		before func()
		do     func()
		want   cost
	}{
		{"open a session that waits", hot, func() { d.do("c_1", says("c_1", 1, "hello")) }, cost{2, 1, 3}},
		{"send, cold", cold, func() { d.do("c_1", says("c_1", 2, "hello?")) }, cost{1, 1, 2}},
		{"send, warm", hot, func() { d.from(says("c_1", 3, "anybody there?")) }, cost{1, 0, 1}},
		{"assign, warm: seat, slot, out of line", hot, func() { d.from(offer) }, cost{3, 0, 3}},
		{"send to who holds it, which moves the alarm", hot, func() { d.later(5 * time.Minute).from(says("c_1", 4, "hello amy")) }, cost{1, 0, 1}},
		{"answer", hot, func() {
			d.later(5 * time.Minute).from(core.Said{Frame: frame(agent("amy"), 1), Body: core.Body{Kind: core.KindText, Text: "hello"}})
		}, cost{1, 0, 1}},
		{"pass to a group: in line, slot, seat", hot, func() { d.from(core.Passed{Frame: frame(agent("amy"), 2), Session: 1, Group: "billing"}) }, cost{3, 0, 3}},
		{"take, cold", cold, func() { d.do("c_1", core.Taken{Frame: frame(agent("bob"), 1), Session: 1}) }, cost{3, 1, 4}},
		{"close: list, slot, seat", hot, func() { d.from(core.Ended{Frame: frame(agent("bob"), 2), Session: 1}) }, cost{3, 0, 3}},
		{"reopen: seat, slot, list", hot, func() { d.from(core.Resumed{Frame: frame(agent("bob"), 3), Session: 1}) }, cost{3, 0, 3}},
		{"a repeat, cold", cold, func() { d.do("c_1", says("c_1", 4, "hello amy")) }, cost{0, 1, 1}},
		{"an idle poll", hot, func() { must(d.st.After(t.Context(), "c_1", head, 50))(t) }, cost{0, 1, 1}},
		{"mark as read, warm", hot, func() { ok(t, d.st.Mark(t.Context(), "c_1", core.Visitor, 3)) }, cost{1, 0, 1}},
		{"renew a lease", hot, func() { ok(t, d.st.Renew(t.Context(), "amy", d.now.Add(time.Minute))) }, cost{1, 0, 1}},
		{"the roster of two", hot, func() { must(d.st.Roster(t.Context(), "sales", d.now))(t) }, cost{0, 1, 1}},
		{"the line", hot, func() { must(d.st.Waiting(t.Context(), "sales", 64))(t) }, cost{0, 1, 1}},
		{"a sweep with one open session", hot, func() { must(d.st.Due(t.Context(), core.Place{}, d.now, 200))(t) }, cost{0, 4, 4}},
		{"$connect", hot, func() { ok(t, conns.Open(t.Context(), dynamo.Connection{ID: visitor.ID, Page: visitor.Page})) }, cost{1, 0, 1}},
		{"hello of a visitor", hot, func() { must(conns.Put(t.Context(), visitor))(t) }, cost{2, 1, 3}},
		{"hello of an agent", hot, func() { must(conns.Put(t.Context(), staff))(t) }, cost{2, 1, 3}},
		{"a frame of a connection, cold", hot, func() { must(conns.Get(t.Context(), visitor.ID))(t) }, cost{0, 0.5, 1}},
		{"who hears a message", hot, func() {
			must(conns.Find(t.Context(), desk.TopicVisitor("c_1"), desk.TopicWatch("c_1"), desk.TopicAgent("amy")))(t)
		}, cost{0, 1, 2}},
		{"a topic", hot, func() { must(conns.Find(t.Context(), desk.TopicAgent("amy")))(t) }, cost{0, 0.5, 1}},
		{"$disconnect", hot, func() { ok(t, conns.Remove(t.Context(), dynamo.Connection{ID: visitor.ID})) }, cost{2, 1, 3}},
	} {
		c.before()
		m.took()
		c.do()
		got := m.took()
		t.Logf("%-48s %s", c.name, got)
		if got != c.want {
			t.Errorf("%s: %s, want %s", c.name, got, c.want)
		}
	}
}

// metered is a desk in a process that remembers what it saw last.
type metered struct {
	*testDesk
	memory core.Conversation
}

// from decides on what is remembered.
func (d *metered) from(in core.Input) {
	d.Helper()
	change, err := core.Apply(d.Context(), d.st, d.memory, d.rules, d.now, in)
	ok(d.T, err)
	if change.Empty() {
		d.Fatalf("%T stored nothing", in)
	}
}

func (d *metered) later(by time.Duration) *metered {
	d.now = d.now.Add(by)
	return d
}
