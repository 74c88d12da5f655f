package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
)

// endpointVar names another engine to run the tests on, for a second opinion.
const endpointVar = "KEFU_TEST_DYNAMODB"

// db is the DynamoDB of all tests; each has a table of its own.
var db *dynamodb.Client

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	endpoint := os.Getenv(endpointVar)
	if endpoint == "" {
		server, err := dynalite.Start(context.Background(), filepath.Join("../../..", dynalite.Dir))
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		defer func() { _ = server.Close() }()
		endpoint = server.Endpoint
	}
	db = dynamo.NewClient("us-east-1", endpoint, dynalite.Credentials())
	return m.Run()
}

var tables atomic.Int64

// newTable makes a table of the test's own.
func newTable(t *testing.T) string {
	t.Helper()
	name := fmt.Sprintf("kefu-%d-%d", os.Getpid(), tables.Add(1))
	if err := dynamo.Create(t.Context(), db, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// clock is the time as a store sees it.
type clock struct{ ahead atomic.Int64 }

func (c *clock) now() time.Time        { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) pass(by time.Duration) { c.ahead.Add(int64(by)) }

func newStore(api dynamo.API, table string) *dynamo.Store { return storeAt(api, table, &clock{}) }

func storeAt(api dynamo.API, table string, c *clock) *dynamo.Store {
	return dynamo.New(dynamo.Options{API: api, Table: table, Now: c.now})
}

// tap is a DynamoDB with something in between: all calls go through around,
// which is told what kind of call it is and may do it, twice or not at all.
type tap struct {
	api    dynamo.API
	around func(c call, do func() error) error
}

// call is one request.
type call struct {
	name   string
	write  bool
	strong bool
	key    string // pk and sk, of what is no Query
}

func (p tap) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (out *dynamodb.QueryOutput, err error) {
	c := call{name: "Query", strong: in.ConsistentRead != nil && *in.ConsistentRead}
	out = &dynamodb.QueryOutput{}
	err = p.around(c, func() (err error) { out, err = p.api.Query(ctx, in, o...); return err })
	return out, err
}

func (p tap) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (out *dynamodb.GetItemOutput, err error) {
	c := call{name: "GetItem", strong: in.ConsistentRead != nil && *in.ConsistentRead, key: keyOf(in.Key)}
	out = &dynamodb.GetItemOutput{}
	err = p.around(c, func() (err error) { out, err = p.api.GetItem(ctx, in, o...); return err })
	return out, err
}

func (p tap) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (out *dynamodb.PutItemOutput, err error) {
	err = p.around(call{name: "PutItem", write: true, key: keyOf(in.Item)}, func() (err error) { out, err = p.api.PutItem(ctx, in, o...); return err })
	return out, err
}

func (p tap) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (out *dynamodb.UpdateItemOutput, err error) {
	err = p.around(call{name: "UpdateItem", write: true, key: keyOf(in.Key)}, func() (err error) { out, err = p.api.UpdateItem(ctx, in, o...); return err })
	return out, err
}

func (p tap) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (out *dynamodb.DeleteItemOutput, err error) {
	err = p.around(call{name: "DeleteItem", write: true, key: keyOf(in.Key)}, func() (err error) { out, err = p.api.DeleteItem(ctx, in, o...); return err })
	return out, err
}

func keyOf(it map[string]types.AttributeValue) string {
	part := func(name string) string {
		s, _ := it[name].(*types.AttributeValueMemberS)
		if s == nil {
			return ""
		}
		return s.Value
	}
	return part("pk") + " " + part("sk")
}

// errLost is a request of which nobody knows what became.
var errLost = errors.New("the connection was lost")

// killed is a process that dies at its k-th write: before it, or after it and
// before it hears of it.
type killed struct {
	mu     sync.Mutex
	left   int
	dead   bool
	writes []string
}

func (k *killed) around(c call, do func() error) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead {
		return errLost
	}
	if c.write {
		if k.left--; k.left < 0 {
			k.dead = true
			return errLost
		}
		k.writes = append(k.writes, c.name+" "+c.key)
	}
	return do()
}

// must unwraps a result that has to be there: must(f())(t).
func must[T any](v T, err error) func(*testing.T) T {
	return func(t *testing.T) T {
		t.Helper()
		ok(t, err)
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func wants(t *testing.T, err error, code core.Code) {
	t.Helper()
	if core.CodeOf(err) != code {
		t.Fatalf("the error is %v, want %s", err, code)
	}
}
