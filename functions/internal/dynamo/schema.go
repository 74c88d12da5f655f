package dynamo

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
)

// Schema is the version of the drawing above. A program reads a table of its
// own version only.
const Schema = 1

// Epoch implements core.Records. A table that is restored from a backup has
// another name, and so another epoch. Every process asks for it when it
// starts, so this is where a table of another schema is refused, for nothing.
func (st *Store) Epoch(ctx context.Context) (string, error) {
	it, err := st.first(ctx, storeKey(), item{"v": str(rand.Text()), "schema": num(Schema)}, true)
	if err == nil {
		err = st.readable(it)
	}
	return getStr(it, "v") + "-" + st.Table, err
}

// Ready says in one sentence what is wrong with the table: that it is absent,
// or of another schema.
func (st *Store) Ready(ctx context.Context) error {
	it, err := st.get(ctx, storeKey())
	if err != nil || it == nil { // of a new one there is nothing to say
		return err
	}
	return st.readable(it)
}

func (st *Store) readable(it item) error {
	if v := getNum(it, "schema"); v != Schema {
		return errTable(nil, "the table %s has schema %d, this program reads %d: run the release that belongs to it", st.Table, v, Schema)
	}
	return nil
}

// errTable is for operators: nobody else meets it.
func errTable(cause error, format string, args ...any) error {
	return &core.Error{Code: core.Unavailable, Message: fmt.Sprintf(format, args...), Retry: time.Minute, Cause: cause}
}

// Definer is what Create and Verify call of DynamoDB; a function in operation
// calls neither.
type Definer interface {
	CreateTable(context.Context, *dynamodb.CreateTableInput, ...func(*dynamodb.Options)) (*dynamodb.CreateTableOutput, error)
	DescribeTable(context.Context, *dynamodb.DescribeTableInput, ...func(*dynamodb.Options)) (*dynamodb.DescribeTableOutput, error)
}

// Create makes the table as template.yaml does, without what only AWS has, if
// it is not there, and waits until it can be used. It is for functions/local
// and tests.
func Create(ctx context.Context, db Definer, table string) error {
	def := func(name string) types.AttributeDefinition {
		return types.AttributeDefinition{AttributeName: &name, AttributeType: types.ScalarAttributeTypeS}
	}
	_, err := db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &table, BillingMode: types.BillingModePayPerRequest, KeySchema: keySchema(),
		AttributeDefinitions: []types.AttributeDefinition{def("pk"), def("sk")},
	})
	var there *types.ResourceInUseException
	if err != nil && !errors.As(err, &there) {
		return fmt.Errorf("the table %s can not be made: %w", table, err)
	}
	wait := dynamodb.NewTableExistsWaiter(db, func(o *dynamodb.TableExistsWaiterOptions) {
		o.MinDelay, o.MaxDelay = 10*time.Millisecond, time.Second
	})
	return wait.Wait(ctx, &dynamodb.DescribeTableInput{TableName: &table}, time.Minute)
}

func keySchema() []types.KeySchemaElement {
	return []types.KeySchemaElement{
		{AttributeName: aws.String("pk"), KeyType: types.KeyTypeHash}, {AttributeName: aws.String("sk"), KeyType: types.KeyTypeRange},
	}
}

// Verify says in one sentence why a table can not be used: it is absent, not
// ready, or its key is another. A deployment calls it once.
func Verify(ctx context.Context, db Definer, table string) error {
	out, err := db.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &table})
	if err != nil {
		return errTable(err, "the table %s can not be looked at", table)
	}
	if s := out.Table.TableStatus; s != types.TableStatusActive && s != types.TableStatusUpdating {
		return errTable(nil, "the table %s is %s", table, s)
	}
	got, want := map[string]types.KeyType{}, map[string]types.KeyType{}
	for _, k := range keySchema() {
		want[*k.AttributeName] = k.KeyType
	}
	for _, k := range out.Table.KeySchema {
		got[aws.ToString(k.AttributeName)] = k.KeyType
	}
	kinds := map[string]types.ScalarAttributeType{}
	for _, a := range out.Table.AttributeDefinitions {
		kinds[aws.ToString(a.AttributeName)] = a.AttributeType
	}
	for name, as := range want {
		if got[name] != as || kinds[name] != types.ScalarAttributeTypeS {
			return core.Errorf(core.Invalid, "the table %s has another key: the strings pk (HASH) and sk (RANGE) are expected", table)
		}
	}
	return nil
}
