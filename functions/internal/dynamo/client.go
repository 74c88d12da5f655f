package dynamo

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
)

// API is what the store calls of DynamoDB: what its IAM statement must allow,
// and nothing besides.
type API interface {
	Query(context.Context, *dynamodb.QueryInput, ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error)
	GetItem(context.Context, *dynamodb.GetItemInput, ...func(*dynamodb.Options)) (*dynamodb.GetItemOutput, error)
	PutItem(context.Context, *dynamodb.PutItemInput, ...func(*dynamodb.Options)) (*dynamodb.PutItemOutput, error)
	UpdateItem(context.Context, *dynamodb.UpdateItemInput, ...func(*dynamodb.Options)) (*dynamodb.UpdateItemOutput, error)
	DeleteItem(context.Context, *dynamodb.DeleteItemInput, ...func(*dynamodb.Options)) (*dynamodb.DeleteItemOutput, error)
}

const (
	requestTime = 1500 * time.Millisecond // for a request with all its attempts
	attemptTime = 600 * time.Millisecond  // for the first byte of an answer to one
	attempts    = 4
	maxBackoff  = 50 * time.Millisecond
)

// NewClient returns a client whose retries are short. Those of the SDK wait up
// to 20 s, 5.1 s for one failure of DynamoDB that passes (measured); somebody
// waits for our answer. endpoint is for tests and functions/local; "" is AWS.
func NewClient(region, endpoint string, credentials aws.CredentialsProvider) *dynamodb.Client {
	o := dynamodb.Options{
		Region: region, Credentials: credentials,
		Retryer: retry.NewStandard(func(o *retry.StandardOptions) {
			o.MaxAttempts = attempts
			o.Backoff = retry.BackoffDelayerFunc(func(attempt int, _ error) (time.Duration, error) {
				limit := min(5*time.Millisecond<<min(attempt, 10), maxBackoff)
				return limit/2 + rand.N(limit/2), nil
			})
		}),
		HTTPClient: awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) {
			t.ResponseHeaderTimeout = attemptTime
			t.MaxIdleConnsPerHost = parallel
		}),
	}
	if endpoint != "" {
		o.BaseEndpoint = &endpoint
	}
	return dynamodb.New(o)
}

// unavailable wraps a failure after which nobody knows what came of it.
func unavailable(err error) error {
	var absent *types.ResourceNotFoundException
	if errors.As(err, &absent) {
		err = fmt.Errorf("there is no such DynamoDB table in this region and account: %w", err)
	}
	return &core.Error{Code: core.Unavailable, Message: "the database does not answer", Retry: time.Second, Cause: err}
}

// condition is an expression with what it names.
type condition struct {
	text   string
	names  map[string]string
	values item
}

const absent = "attribute_not_exists(pk)"

// refusal reports whether a condition was not met, and what is there instead
// if the engine tells.
func refusal(err error) (there item, refused bool) {
	var c *types.ConditionalCheckFailedException
	if errors.As(err, &c) {
		return c.Item, true
	}
	return nil, false
}

// get returns an item as it is now; nil if there is none. Nothing is ever kept
// under an empty name, which DynamoDB would not even be asked for.
func (st *Store) get(ctx context.Context, k key) (item, error) {
	if k.sk == "" {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	out, err := st.API.GetItem(ctx, &dynamodb.GetItemInput{TableName: &st.Table, Key: k.item(), ConsistentRead: aws.Bool(true)})
	if err != nil {
		return nil, unavailable(err)
	}
	return out.Item, nil
}

// result is what came of a conditional write: ok, or what is there instead.
type result struct {
	ok    bool
	st    *Store
	k     key
	there item // if not ok: what the engine told, if it did
}

// instead returns what is there in place of what was to be written.
func (r result) instead(ctx context.Context) (item, error) {
	if r.there != nil {
		return r.there, nil
	}
	return r.st.get(ctx, r.k)
}

func errNoName() error { return core.Errorf(core.Invalid, "an empty name names nothing") }

// put stores an item, if a condition that has a text is met.
func (st *Store) put(ctx context.Context, k key, it item, c condition) (result, error) {
	r := result{st: st, k: k}
	if k.sk == "" {
		return r, errNoName()
	}
	it["pk"], it["sk"] = str(k.pk), str(k.sk)
	in := &dynamodb.PutItemInput{TableName: &st.Table, Item: it}
	if c.text != "" {
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = &c.text, c.names, c.values
		in.ReturnValuesOnConditionCheckFailure = types.ReturnValuesOnConditionCheckFailureAllOld
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	_, err := st.API.PutItem(ctx, in)
	return r.of(err)
}

// of is the result after an answer of DynamoDB.
func (r result) of(err error) (result, error) {
	if there, refused := refusal(err); refused {
		r.there = there
		return r, nil
	}
	if err != nil {
		return r, unavailable(err)
	}
	r.ok = true
	return r, nil
}

// update changes an item, if the condition is met.
func (st *Store) update(ctx context.Context, k key, change string, c condition) (result, error) {
	r := result{st: st, k: k}
	if k.sk == "" {
		return r, nil // there is no such item
	}
	in := &dynamodb.UpdateItemInput{
		TableName: &st.Table, Key: k.item(), UpdateExpression: &change, ConditionExpression: &c.text,
		ExpressionAttributeNames: c.names, ExpressionAttributeValues: c.values,
		ReturnValuesOnConditionCheckFailure: types.ReturnValuesOnConditionCheckFailureAllOld,
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	_, err := st.API.UpdateItem(ctx, in)
	return r.of(err)
}

// remove deletes an item, there or not; with a condition, only if it is met.
func (st *Store) remove(ctx context.Context, k key, c condition) error {
	in := &dynamodb.DeleteItemInput{TableName: &st.Table, Key: k.item()}
	if c.text != "" {
		in.ConditionExpression, in.ExpressionAttributeNames, in.ExpressionAttributeValues = &c.text, c.names, c.values
	}
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	_, err := st.API.DeleteItem(ctx, in)
	if _, refused := refusal(err); err != nil && !refused {
		return unavailable(err)
	}
	return nil
}

// tidy removes what is there in vain. That may fail: whoever comes upon it
// next tries again.
func (st *Store) tidy(ctx context.Context, k key, c condition) {
	if err := st.remove(ctx, k, c); err != nil {
		st.Log.WarnContext(ctx, "something in vain is left in the table", "pk", k.pk, "sk", k.sk, "error", err)
	}
}

// span is a part of a partition: sort keys from and to, both included.
type span struct {
	pk, from, to string
	newest       bool // the greatest first
	limit        int  // items that each page asks for; 0: as many as fit
	weak         bool // it may lag: half the price
}

// all is a span of everything in a partition under a prefix.
func all(pk, prefix string) span { return span{pk: pk, from: prefix + " ", to: prefix + last} }

// each calls visit for every item of a span, until that says that it is
// enough.
func (st *Store) each(ctx context.Context, s span, visit func(item) (enough bool, err error)) error {
	if s.from > s.to {
		return nil
	}
	in := &dynamodb.QueryInput{
		TableName: &st.Table, ConsistentRead: aws.Bool(!s.weak), ScanIndexForward: aws.Bool(!s.newest),
		KeyConditionExpression:    aws.String("pk = :p AND sk BETWEEN :f AND :t"),
		ExpressionAttributeValues: item{":p": str(s.pk), ":f": str(s.from), ":t": str(s.to)},
	}
	if s.limit > 0 {
		in.Limit = aws.Int32(int32(min(s.limit, 1000)))
	}
	for {
		out, err := st.query(ctx, in)
		if err != nil {
			return err
		}
		for _, it := range out.Items {
			if enough, err := visit(it); enough || err != nil {
				return err
			}
		}
		if len(out.LastEvaluatedKey) == 0 {
			return nil
		}
		in.ExclusiveStartKey = out.LastEvaluatedKey
	}
}

func (st *Store) query(ctx context.Context, in *dynamodb.QueryInput) (*dynamodb.QueryOutput, error) {
	ctx, cancel := context.WithTimeout(ctx, requestTime)
	defer cancel()
	out, err := st.API.Query(ctx, in)
	if err != nil {
		return nil, unavailable(err)
	}
	return out, nil
}

var errUnreadable = errors.New("it is not what this program writes")

// errDamaged says that an item can not be read.
func errDamaged(it item, err error) error {
	return unavailable(fmt.Errorf("the item %s %s: %w: %w", getStr(it, "pk"), getStr(it, "sk"), errUnreadable, err))
}
