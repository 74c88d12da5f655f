package host_test

import (
	"context"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/functions/internal/dynamo"
)

// cost is what something asks of DynamoDB: request units, and requests. An
// empty read costs what an item of nothing would.
type cost struct {
	Writes, Reads float64
	Requests      int
}

func (c cost) String() string {
	return fmt.Sprintf("%g write units, %g read units, %d requests", c.Writes, c.Reads, c.Requests)
}

// meter is a DynamoDB that counts, and may fail.
type meter struct {
	dynamo.API
	fail func(write bool) error // nil: nothing fails

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

func (m *meter) add(write bool, c *types.ConsumedCapacity, least float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if c != nil && c.CapacityUnits != nil {
		least = max(least, *c.CapacityUnits)
	}
	m.cost.Requests++
	if write {
		m.cost.Writes += least
	} else {
		m.cost.Reads += least
	}
}

func (m *meter) failure(write bool) error {
	if m.fail == nil {
		return nil
	}
	return m.fail(write)
}

func least(strong *bool) float64 {
	if strong != nil && *strong {
		return 1
	}
	return 0.5
}

func (m *meter) Query(ctx context.Context, in *dynamodb.QueryInput, o ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	if err := m.failure(false); err != nil {
		return nil, err
	}
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.Query(ctx, in, o...)
	if out != nil {
		m.add(false, out.ConsumedCapacity, least(in.ConsistentRead))
	}
	return out, err
}

func (m *meter) GetItem(ctx context.Context, in *dynamodb.GetItemInput, o ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error) {
	if err := m.failure(false); err != nil {
		return nil, err
	}
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.GetItem(ctx, in, o...)
	if out != nil {
		m.add(false, out.ConsumedCapacity, least(in.ConsistentRead))
	}
	return out, err
}

func (m *meter) PutItem(ctx context.Context, in *dynamodb.PutItemInput, o ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error) {
	if err := m.failure(true); err != nil {
		return nil, err
	}
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.PutItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.PutItemOutput{}
	}
	m.add(true, out.ConsumedCapacity, 1)
	return out, err
}

func (m *meter) UpdateItem(ctx context.Context, in *dynamodb.UpdateItemInput, o ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error) {
	if err := m.failure(true); err != nil {
		return nil, err
	}
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.UpdateItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.UpdateItemOutput{}
	}
	m.add(true, out.ConsumedCapacity, 1)
	return out, err
}

func (m *meter) DeleteItem(ctx context.Context, in *dynamodb.DeleteItemInput, o ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error) {
	if err := m.failure(true); err != nil {
		return nil, err
	}
	in.ReturnConsumedCapacity = types.ReturnConsumedCapacityTotal
	out, err := m.API.DeleteItem(ctx, in, o...)
	if out == nil {
		out = &dynamodb.DeleteItemOutput{}
	}
	m.add(true, out.ConsumedCapacity, 1)
	return out, err
}
