package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/local/edge"
	"kefu/functions/local/stack"
)

// size is a binary as it is deployed.
type size struct {
	name  string
	bytes int64
}

// sizesOf builds the functions for arm64 with the flags of make dist.
func sizesOf(ctx context.Context, root string) (sizes []size, err error) {
	dir, err := os.MkdirTemp("", "kefu-bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }() // what is left is in a directory for what may be lost
	for _, name := range stack.Names() {
		path := filepath.Join(dir, name)
		cmd := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-trimpath", "-tags", "lambda.norpc,nethttpomithttp2", "-ldflags", "-s -w", "-o", path, "./functions/"+name)
		cmd.Dir, cmd.Stderr = root, os.Stderr
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=arm64")
		if err := cmd.Run(); err != nil {
			return nil, fmt.Errorf("the function %s can not be built: %w", name, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, size{name, info.Size()})
	}
	return sizes, nil
}

// counter counts the bytes that are written to it.
type counter struct {
	mu sync.Mutex
	n  int // guarded by mu
}

func (c *counter) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n += len(b)
	return len(b), nil
}

func (c *counter) count() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.n
}

// bench is a stack under measurement.
type bench struct {
	*stack.Stack
	printed *counter

	agent   *client
	origins int
}

// spread is a distribution of times.
type spread struct{ median, p95 time.Duration }

func spreadOf(list []time.Duration) spread {
	slices.Sort(list)
	return spread{list[len(list)/2], list[len(list)*95/100]}
}

// times is what was measured on this machine.
type times struct {
	start     map[string]spread // of a process, to its first /next, by function
	roundTrip spread            // of a message that is stored, to its ack
	refused   spread            // of a frame that nothing is read or written for, to its answer
	write     spread            // of one item, in the local database
}

const (
	starts     = 20
	warming    = 400 // round trips that are left out: Node.js compiles what it runs often, and it is the database here
	rounds     = 400
	perVisitor = 40 // more at once would be more than a visitor may
)

// times measures. The message has to get through the gateway, the process and
// the local database, which are all on this machine.
func (b *bench) times(ctx context.Context) (times, error) {
	t := times{start: map[string]spread{}}
	for name, f := range b.Functions {
		b.Faults.Set(1, edge.ColdStart)
		var took []time.Duration
		for range starts {
			_, _ = f.Invoke(ctx, []byte(`{}`)) // it is refused, but by a process that has started
			took = append(took, f.Stats().Init)
		}
		b.Faults.Set(0)
		t.start[name] = spreadOf(took)
	}
	var took []time.Duration
	for range (warming + rounds) / perVisitor {
		more, err := b.roundTrips(ctx)
		if err != nil {
			return t, err
		}
		took = append(took, more...)
	}
	t.roundTrip = spreadOf(took[warming:])
	var err error
	if t.refused, err = b.refusals(ctx); err != nil {
		return t, err
	}
	t.write, err = b.writes(ctx)
	return t, err
}

// refusals measures what is not the database: the gateway, the runtime API, the
// process and back.
func (b *bench) refusals(ctx context.Context) (spread, error) {
	const forgiven = 8 // the tenth is one too many
	var took []time.Duration
	for range perVisitor / forgiven {
		v, err := b.visitor(ctx)
		if err != nil {
			return spread{}, err
		}
		for i := range forgiven {
			began := b.Now()
			err := v.say(ctx, map[string]any{"type": "send", "origin": v.origin, "n": i + 1, "body": map[string]string{"kind": "text", "text": " "}})
			if err == nil {
				_, _, err = v.conn.Read(ctx)
			}
			if err != nil {
				return spread{}, err
			}
			took = append(took, b.Now().Sub(began))
		}
		if err := b.goes(ctx, v); err != nil {
			return spread{}, err
		}
	}
	return spreadOf(took), nil
}

// writes measures the database alone: a message is one such write, and meanwhile two
// queries for whoever is to hear it.
func (b *bench) writes(ctx context.Context) (spread, error) {
	db := dynamo.NewClient("us-east-1", b.DatabaseURL(), dynalite.Credentials())
	table, absent := "kefu", "attribute_not_exists(pk)"
	var took []time.Duration
	for i := range perVisitor {
		began := b.Now()
		_, err := db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, ConditionExpression: &absent, Item: map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "bench"}, "sk": &types.AttributeValueMemberS{Value: fmt.Sprint(i)},
			"b": &types.AttributeValueMemberB{Value: make([]byte, 500)},
		}})
		if err != nil {
			return spread{}, err
		}
		took = append(took, b.Now().Sub(began))
	}
	return spreadOf(took), nil
}

// roundTrips are those of one visitor whom an agent has, each message acknowledged
// and seen before the next. The first ones of a conversation are left out: it is
// not warm yet.
func (b *bench) roundTrips(ctx context.Context) (took []time.Duration, err error) {
	v, err := b.visitor(ctx)
	if err != nil {
		return nil, err
	}
	for i := range perVisitor + 2 {
		words, began := fmt.Sprintf("message %d of %s", i, v.origin), b.Now()
		if err := v.writes(ctx, "", words); err != nil {
			return nil, err
		}
		took = append(took, b.Now().Sub(began))
		if i == 0 {
			err = b.assigned(ctx)
		} else {
			err = b.agent.sees(ctx, words)
		}
		if err != nil {
			return nil, err
		}
	}
	if err := v.does(ctx, "end", "", map[string]any{"session": 1}); err != nil {
		return nil, err
	}
	return took[2:], b.goes(ctx, v)
}

// goes has a client leave and waits for the $disconnect: there is one process,
// and what comes at the same time finds it busy.
func (b *bench) goes(ctx context.Context, v *client) error {
	v.leave()
	return b.calm(ctx)
}

// visitor is somebody new.
func (b *bench) visitor(ctx context.Context) (*client, error) {
	b.origins++
	return dial(ctx, b.URL(), fmt.Sprintf("bench-outbox-%d", b.origins), "")
}

// used is what was used so far.
func (b *bench) used() units {
	g, d := b.Gateway.Usage(), b.Database.Usage()
	n := 0
	for _, f := range b.Functions {
		n += f.Stats().Invocations
	}
	return units{float64(g.In), float64(g.Out), float64(n), d.Writes, d.Reads, float64(g.Sent), float64(b.printed.count())}
}

// of counts what something uses, with all that follows from it.
func (b *bench) of(ctx context.Context, do func() error) (units, error) {
	if err := b.calm(ctx); err != nil {
		return units{}, err
	}
	before := b.used()
	if err := do(); err != nil {
		return units{}, err
	}
	if err := b.calm(ctx); err != nil {
		return units{}, err
	}
	return b.used().minus(before), nil
}

// calm waits until nothing has been used for a moment: a push may follow its
// ack, and a $disconnect whoever left.
func (b *bench) calm(ctx context.Context) error {
	const moment = 250 * time.Millisecond
	for last := b.used(); ; {
		timer := time.NewTimer(moment)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
		now := b.used()
		if now == last {
			return nil
		}
		last = now
	}
}
