package ddb_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kefu/core"
	"kefu/core/desk"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/edge"
)

// before reads weakly until the answer is another one than now: how far a read
// lags is drawn.
func (w *world) before(now string, change ...func(*dynamodb.QueryInput)) string {
	w.t.Helper()
	w.faults.Set(1, edge.DBLag)
	defer w.faults.Set(0)
	for range 200 {
		if got := w.read(false, change...); got != now {
			return got
		}
	}
	return now
}

// TestLag: a weak read says what was true a moment ago: without what was put
// since, with what was deleted, and as it was before it was changed.
func TestLag(t *testing.T) {
	w := newWorld(t)
	backwards := func(in *dynamodb.QueryInput) { in.ScanIndexForward = aws.Bool(false) }
	one := func(in *dynamodb.QueryInput) { in.Limit = aws.Int32(1) }
	for _, sk := range []string{"b", "c", "d"} {
		ok(t, w.put(sk, "old"))
	}
	w.ahead.Add(int64(time.Second)) // nothing lags behind that
	if got := w.before("b=old c=old d=old"); got != "b=old c=old d=old" {
		t.Errorf("a second later: %s", got)
	}
	for _, c := range []struct {
		name   string
		do     func()
		now    string
		before string
		change []func(*dynamodb.QueryInput)
	}{
		{"put", func() { ok(t, w.put("a", "new")) }, "a=new b=old c=old d=old", "b=old c=old d=old", nil},
		{"changed", func() { ok(t, w.put("b", "new")) }, "a=new b=new c=old d=old", "a=new b=old c=old d=old", nil},
		{"deleted", func() { ok(t, w.remove("c")) }, "a=new b=new d=old", "a=new b=new c=old d=old", nil},
		{"the first", func() { ok(t, w.remove("a")) }, "b=new then b", "a=new then a", []func(*dynamodb.QueryInput){one}},
		{"the newest", func() { ok(t, w.put("e", "new")) }, "e=new then e", "d=old then d", []func(*dynamodb.QueryInput){one, backwards}},
		{"elsewhere", func() { ok(t, w.put("~", "new")) }, "b=new d=old e=new", "b=new d=old e=new", nil},
	} {
		c.do()
		if got := w.read(false, c.change...); got != c.now {
			t.Errorf("%s, without faults: %s", c.name, got)
		}
		if got := w.before(c.now, c.change...); got != c.before {
			t.Errorf("%s: %s, want %s", c.name, got, c.before)
		}
		w.faults.Set(1, edge.DBLag)
		if got := w.read(true, c.change...); got != c.now {
			t.Errorf("%s, a consistent read: %s", c.name, got)
		}
		w.faults.Set(0)
		w.ahead.Add(int64(time.Second))
	}
}

// TestLagOfOne: the same of a GetItem, for an item that was never read.
func TestLagOfOne(t *testing.T) {
	w := newWorld(t)
	ok(t, w.put("a", "1"))
	w.faults.Set(1, edge.DBLag)
	missed := false
	for range 200 {
		out, err := w.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &w.table, Key: item("p", "a", "")})
		ok(t, err)
		if missed = out.Item == nil; missed {
			break
		}
	}
	if !missed {
		t.Error("what was put a moment ago is always there")
	}
}

// TestLagInUse: the queries that the functions make do lag, and those that they
// rely on do not.
func TestLagInUse(t *testing.T) {
	w := newWorld(t)
	st := dynamo.New(dynamo.Options{API: w.patient, Table: w.table, Now: time.Now})
	w.faults.Set(1, edge.DBLag)
	missed := 0
	for i := range 50 {
		id := core.ConversationID(fmt.Sprint("c_", i))
		c := dynamo.Connection{ID: fmt.Sprint("conn", i), Who: core.Party{Kind: core.Visitor, ID: "v"}, Topics: []desk.Topic{desk.TopicVisitor(id)}}
		_, err := st.Connections().Put(t.Context(), c)
		ok(t, err)
		found, err := st.Connections().View().Find(t.Context(), desk.TopicVisitor(id))
		ok(t, err)
		if len(found) == 0 {
			missed++
		}
		if _, err := st.Connections().Fresh(t.Context(), c.ID); err != nil {
			t.Fatalf("a read that must not lag: %v", err)
		}
	}
	if missed == 0 {
		t.Error("no push ever missed a connection")
	}
}
