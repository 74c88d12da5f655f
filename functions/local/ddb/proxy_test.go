package ddb_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/core/storetest"
	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/ddb"
	"kefu/functions/local/edge"
)

// engine is the DynamoDB of all tests; each has a table of its own.
var engine *dynalite.Server

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	var err error
	if engine, err = dynalite.Start(context.Background(), filepath.Join("../../..", dynalite.Dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = engine.Close() }()
	return m.Run()
}

// world is a table behind a proxy.
type world struct {
	*ddb.Proxy
	t       *testing.T
	faults  *edge.Faults
	db      *dynamodb.Client // one attempt: what happens is seen
	patient *dynamodb.Client // that of the functions
	table   string
	ahead   atomic.Int64 // of the proxy's clock
}

var tables atomic.Int64

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, faults: edge.NewFaults(1), table: fmt.Sprintf("kefu-%d", tables.Add(1))}
	w.Proxy = ddb.New(ddb.Options{
		Upstream: engine.Endpoint, Faults: w.faults,
		Now: func() time.Time { return time.Now().Add(time.Duration(w.ahead.Load())) },
	})
	server := httptest.NewServer(w.Proxy)
	t.Cleanup(func() { server.Close(); w.Close() })
	w.patient = dynamo.NewClient("us-east-1", server.URL, dynalite.Credentials())
	w.db = dynamodb.New(w.patient.Options(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	if err := dynamo.Create(t.Context(), w.patient, w.table); err != nil {
		t.Fatal(err)
	}
	return w
}

func item(pk, sk, text string) map[string]types.AttributeValue {
	it := map[string]types.AttributeValue{"pk": &types.AttributeValueMemberS{Value: pk}, "sk": &types.AttributeValueMemberS{Value: sk}}
	if text != "" {
		it["x"] = &types.AttributeValueMemberS{Value: text}
	}
	return it
}

func (w *world) put(sk, text string) error {
	_, err := w.db.PutItem(w.t.Context(), &dynamodb.PutItemInput{TableName: &w.table, Item: item("p", sk, text)})
	return err
}

// claim is a put that must find nothing.
func (w *world) claim(sk string) error {
	_, err := w.db.PutItem(w.t.Context(), &dynamodb.PutItemInput{
		TableName: &w.table, Item: item("p", sk, "mine"), ConditionExpression: aws.String("attribute_not_exists(pk)"),
	})
	return err
}

func (w *world) remove(sk string) error {
	_, err := w.db.DeleteItem(w.t.Context(), &dynamodb.DeleteItemInput{TableName: &w.table, Key: item("p", sk, "")})
	return err
}

// read returns what a Query finds from a to z, as "a=text b=text".
func (w *world) read(strong bool, change ...func(*dynamodb.QueryInput)) string {
	w.t.Helper()
	in := &dynamodb.QueryInput{
		TableName: &w.table, ConsistentRead: &strong, KeyConditionExpression: aws.String("pk = :p AND sk BETWEEN :f AND :t"),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":p": &types.AttributeValueMemberS{Value: "p"}, ":f": &types.AttributeValueMemberS{Value: "a"}, ":t": &types.AttributeValueMemberS{Value: "z"},
		},
	}
	for _, f := range change {
		f(in)
	}
	out, err := w.db.Query(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	var list []string
	for _, it := range out.Items {
		list = append(list, text(it, "sk")+"="+text(it, "x"))
	}
	if int(out.Count) != len(list) {
		w.t.Errorf("it counts %d of %v", out.Count, list)
	}
	if k := out.LastEvaluatedKey; k != nil {
		list = append(list, "then "+text(k, "sk"))
	}
	return strings.Join(list, " ")
}

func text(it map[string]types.AttributeValue, name string) string {
	s, _ := it[name].(*types.AttributeValueMemberS)
	if s == nil {
		return ""
	}
	return s.Value
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// TestStore: nobody notices the proxy, but for its bill.
func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) core.Store {
		w := newWorld(t)
		return dynamo.New(dynamo.Options{API: w.patient, Table: w.table, Now: time.Now})
	})
}

// TestUsage: what is charged, and that the caller does not see that we asked.
func TestUsage(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		name string
		do   func()
		want ddb.Usage
	}{
		{"put", func() { ok(t, w.put("a", "1")) }, ddb.Usage{Requests: 1, Writes: 1}},
		{"put of three KiB", func() { ok(t, w.put("b", strings.Repeat("x", 2500))) }, ddb.Usage{Requests: 1, Writes: 3}},
		{"refused", func() {
			var no *types.ConditionalCheckFailedException
			if err := w.claim("a"); !errors.As(err, &no) {
				t.Errorf("the error is %v", err)
			}
		}, ddb.Usage{Requests: 1, Writes: 1}},
		{"strong", func() { w.read(true) }, ddb.Usage{Requests: 1, Reads: 1}},
		{"weak", func() { w.read(false) }, ddb.Usage{Requests: 1, Reads: 0.5}},
		{"nothing there", func() {
			out, err := w.db.GetItem(t.Context(), &dynamodb.GetItemInput{TableName: &w.table, Key: item("p", "none", "")})
			if err != nil || out.ConsumedCapacity != nil || out.Item != nil {
				t.Errorf("%+v, %v", out, err)
			}
		}, ddb.Usage{Requests: 1, Reads: 0.5}},
		{"not allowed to functions", func() {
			_, err := w.db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: &w.table})
			ok(t, err)
		}, ddb.Usage{}},
		{"throttled", func() {
			w.faults.Set(1, edge.DBThrottle)
			if w.put("c", "") == nil {
				t.Error("it was not throttled")
			}
		}, ddb.Usage{}},
	} {
		before := w.Usage()
		c.do()
		if got := w.Usage().Minus(before); got != c.want {
			t.Errorf("%s: %+v, want %+v", c.name, got, c.want)
		}
	}
}

// TestRefusals: what the SDK makes of the faults, and whether anything was
// done.
func TestRefusals(t *testing.T) {
	w := newWorld(t)
	for fault, c := range map[edge.Fault]struct {
		says string
		done bool
	}{
		edge.DBThrottle: {"exceed", false},
		edge.DBFail:     {"InternalServerError", false},
		edge.DBLost:     {"EOF", true},
	} {
		w.faults.Set(1, fault)
		err := w.claim(string(fault[3]))
		w.faults.Set(0)
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", fault, err)
		}
		if there := strings.Contains(w.read(true), string(fault[3])+"=mine"); there != c.done {
			t.Errorf("%s: was it done? %v", fault, there)
		}
	}
}

// TestThrottle: the SDK knows both words for it.
func TestThrottle(t *testing.T) {
	w := newWorld(t)
	w.faults.Set(1, edge.DBThrottle)
	tables, service := 0, 0
	for range 40 {
		var ofTable *types.ProvisionedThroughputExceededException
		var ofService *types.ThrottlingException
		err := w.claim("x")
		switch {
		case errors.As(err, &ofTable):
			tables++
		case errors.As(err, &ofService):
			service++
		default:
			t.Fatalf("the SDK does not know %v", err)
		}
	}
	if tables*service == 0 {
		t.Errorf("%d and %d", tables, service)
	}
}

// TestPatience: the functions' client gets through what passes.
func TestPatience(t *testing.T) {
	w := newWorld(t)
	w.faults.Set(0.2, edge.DBThrottle, edge.DBFail, edge.DBDelay)
	failed := 0
	for i := range 60 {
		_, err := w.patient.PutItem(t.Context(), &dynamodb.PutItemInput{TableName: &w.table, Item: item("p", fmt.Sprint("k", i), "")})
		if err != nil {
			failed++
		}
	}
	if failed > 20 {
		t.Errorf("%d of 60 failed", failed)
	}
	for _, x := range []edge.Fault{edge.DBThrottle, edge.DBFail, edge.DBDelay} {
		if w.faults.Hits()[x] == 0 {
			t.Errorf("%s never struck", x)
		}
	}
}

// TestDelay: a request waits, and is served.
func TestDelay(t *testing.T) {
	w := newWorld(t)
	w.faults.Set(1, edge.DBDelay)
	ok(t, w.put("a", "1"))
	if n := w.faults.Hits()[edge.DBDelay]; n != 1 {
		t.Errorf("it struck %d times", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.db.GetItem(ctx, &dynamodb.GetItemInput{TableName: &w.table, Key: item("p", "a", "")}); err == nil {
		t.Error("who gives up is served")
	}
}

// TestNoEngine: whoever looks for the reason finds it in the log, and functions
// get what they can retry.
func TestNoEngine(t *testing.T) {
	p := ddb.New(ddb.Options{Upstream: "http://127.0.0.1:1", Now: time.Now})
	server := httptest.NewServer(p)
	defer server.Close()
	db := dynamodb.New(dynamo.NewClient("us-east-1", server.URL, dynalite.Credentials()).Options(), func(o *dynamodb.Options) { o.Retryer = aws.NopRetryer{} })
	_, err := db.DescribeTable(t.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("t")})
	if err == nil || !strings.Contains(err.Error(), "503") {
		t.Errorf("the error is %v", err)
	}
}

// TestConcurrent: many at once, with everything on; what was acknowledged is
// there.
func TestConcurrent(t *testing.T) {
	w := newWorld(t)
	w.faults.Set(0.1, edge.DBThrottle, edge.DBFail, edge.DBLost, edge.DBDelay, edge.DBLag)
	var all sync.WaitGroup
	var mu sync.Mutex
	acked := map[string]bool{}
	for i := range 8 {
		all.Go(func() {
			for n := range 10 {
				sk := fmt.Sprintf("k%d-%d", i, n)
				if w.claim(sk) == nil {
					mu.Lock()
					acked[sk] = true
					mu.Unlock()
				}
			}
		})
	}
	all.Wait()
	w.faults.Set(0)
	there := w.read(true)
	for sk := range acked {
		if !strings.Contains(there, sk+"=mine") {
			t.Errorf("%s was acknowledged and is not there", sk)
		}
	}
	if len(acked) < 30 {
		t.Errorf("only %d came through", len(acked))
	}
}
