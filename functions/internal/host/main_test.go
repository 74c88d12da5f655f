package host_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
	"github.com/aws/aws-lambda-go/lambdacontext"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/host"
)

// db is the DynamoDB of all tests; each has a table of its own.
var db *dynamodb.Client

// dbURL is where it is.
var dbURL string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	server, err := dynalite.Start(context.Background(), filepath.Join("../../..", dynalite.Dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Close() }()
	dbURL = server.Endpoint
	db = dynamo.NewClient("us-east-1", dbURL, dynalite.Credentials())
	return m.Run()
}

var tables atomic.Int64

// newTable makes a table of the test's own.
func newTable(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("host-%d-%d", os.Getpid(), tables.Add(1))
	if err := dynamo.Create(t.Context(), db, name); err != nil {
		t.Fatal(err)
	}
	return name
}

// clock is the time as hosts see it.
type clock struct {
	ahead atomic.Int64
	fixed *time.Time // nil: it runs
}

func (c *clock) now() time.Time {
	now := time.Now()
	if c.fixed != nil {
		now = *c.fixed
	}
	return now.Add(time.Duration(c.ahead.Load()))
}

func (c *clock) pass(by time.Duration) { c.ahead.Add(int64(by)) }

// invocation is the context that Lambda gives a handler.
func invocation(ctx context.Context, id string) (context.Context, context.CancelFunc) {
	ctx = lambdacontext.NewContext(ctx, &lambdacontext.LambdaContext{AwsRequestID: id})
	return context.WithTimeout(ctx, 10*time.Second)
}

var requests atomic.Int64

// socketFunction is the function socket in this process, as API Gateway
// invokes it: one process after the other serves an event.
type socketFunction struct {
	hosts []*host.Host
	next  atomic.Int64
}

// Invoke implements edge.Invoker.
func (s *socketFunction) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var ev events.APIGatewayWebsocketProxyRequest
	if err := json.Unmarshal(event, &ev); err != nil {
		return nil, err
	}
	ctx, cancel := invocation(ctx, fmt.Sprint("request-", requests.Add(1)))
	defer cancel()
	h := s.hosts[int(s.next.Add(1))%len(s.hosts)]
	res, err := h.Socket(ctx, ev)
	if err != nil {
		return nil, err
	}
	return json.Marshal(res)
}
