package dynamo_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"kefu/core"
	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
)

// TestWrongTable: an absent table, one of another schema, and one with another
// key are each named in a sentence, and nothing is read from them.
func TestWrongTable(t *testing.T) {
	ctx := t.Context()
	says := func(err error, sentence string) {
		t.Helper()
		wants(t, err, core.Unavailable)
		if !strings.Contains(err.Error(), sentence) {
			t.Fatalf("the error says %q, not %q", err, sentence)
		}
	}
	absent := newStore(db, "kefu-absent")
	says(absent.Ready(ctx), "there is no such DynamoDB table")
	_, err := absent.Epoch(ctx)
	says(err, "there is no such DynamoDB table")
	says(dynamo.Verify(ctx, db, "kefu-absent"), "the table kefu-absent can not be looked at")

	table := newTable(t)
	st := newStore(db, table)
	ok(t, st.Ready(ctx)) // there is nothing in it yet
	must(st.Epoch(ctx))(t)
	ok(t, st.Ready(ctx))
	ok(t, dynamo.Verify(ctx, db, table))
	_, err = db.PutItem(ctx, &dynamodb.PutItemInput{TableName: &table, Item: map[string]types.AttributeValue{
		"pk": &types.AttributeValueMemberS{Value: "store"}, "sk": &types.AttributeValueMemberS{Value: "store"},
		"schema": &types.AttributeValueMemberN{Value: "2"},
	}})
	ok(t, err)
	says(st.Ready(ctx), "schema 2, this program reads 1")
	_, err = st.Epoch(ctx)
	says(err, "schema 2, this program reads 1")

	other := table + "-other"
	_, err = db.CreateTable(ctx, &dynamodb.CreateTableInput{
		TableName: &other, BillingMode: types.BillingModePayPerRequest,
		KeySchema:            []types.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: types.KeyTypeHash}},
		AttributeDefinitions: []types.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: types.ScalarAttributeTypeS}},
	})
	ok(t, err)
	var verified error
	for deadline := time.Now().Add(10 * time.Second); time.Now().Before(deadline); {
		if verified = dynamo.Verify(ctx, db, other); core.CodeOf(verified) == core.Invalid {
			return
		}
	}
	t.Fatalf("a table with another key: %v", verified)
}

// TestThrottled: short throttling is waited out, long is said, within seconds.
func TestThrottled(t *testing.T) {
	var left atomic.Int64
	fail := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if left.Add(-1) >= 0 {
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException","message":"slow down"}`))
			return
		}
		_, _ = w.Write([]byte(`{}`))
	})
	server := httptest.NewServer(fail)
	defer server.Close()
	st := newStore(dynamo.NewClient("us-east-1", server.URL, dynalite.Credentials()), "t")
	for _, c := range []struct {
		failures int64
		want     core.Code
	}{{3, ""}, {1000, core.Unavailable}} {
		left.Store(c.failures)
		began := time.Now()
		_, err := st.Load(t.Context(), "c_1")
		wants(t, err, c.want)
		if took := time.Since(began); took > 3*time.Second {
			t.Errorf("%d failures took %v", c.failures, took)
		}
	}
}

// TestHangsOnce: a request that gets lost is tried again in time.
func TestHangsOnce(t *testing.T) {
	var calls atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if calls.Add(1) == 1 {
			<-r.Context().Done()
			return
		}
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	st := newStore(dynamo.NewClient("us-east-1", server.URL, dynalite.Credentials()), "t")
	must(st.Load(t.Context(), "c_1"))(t)
	if n := calls.Load(); n != 2 {
		t.Fatalf("%d requests, want 2", n)
	}
}

// TestUnreadable: a conversation that a later release wrote keeps nobody else's
// alarm from being found, and its own is found again once it can be read.
func TestUnreadable(t *testing.T) {
	ctx, table, c := t.Context(), newTable(t), &clock{}
	d := newDesk(t, storeAt(db, table, c))
	d.hire("amy", 3)
	for _, id := range []core.ConversationID{"c_1", "c_2", "c_3"} {
		d.do(id, says(id, 1, "hello"))
	}
	d.do("c_2", d.taken("c_2", "amy", 1))
	d.do("c_3", d.taken("c_3", "amy", 1))
	due := func() (ids []core.ConversationID) {
		c.pass(2 * time.Minute)
		for _, p := range must(d.st.Due(ctx, core.Place{}, d.now.Add(time.Hour), 10))(t) {
			ids = append(ids, p.ID)
		}
		slices.Sort(ids)
		return ids
	}
	before := due()
	swap := func(id core.ConversationID, header []byte) []byte {
		key := map[string]types.AttributeValue{
			"pk": &types.AttributeValueMemberS{Value: "c#" + string(id)},
			"sk": &types.AttributeValueMemberS{Value: fmt.Sprintf("e#%019d", must(newest(ctx, table, id))(t))},
		}
		out := must(db.UpdateItem(ctx, &dynamodb.UpdateItemInput{
			TableName: &table, Key: key, UpdateExpression: aws.String("SET h = :h"), ReturnValues: types.ReturnValueAllOld,
			ExpressionAttributeValues: map[string]types.AttributeValue{":h": &types.AttributeValueMemberB{Value: header}},
		}))(t)
		return out.Attributes["h"].(*types.AttributeValueMemberB).Value
	}
	held, waits := swap("c_2", []byte{99}), swap("c_1", []byte{99})
	if got := due(); !slices.Equal(got, []core.ConversationID{"c_3"}) {
		t.Fatalf("beside unreadable ones, %v are due", got)
	}
	swap("c_2", held)
	swap("c_1", waits)
	if got := due(); !slices.Equal(got, before) {
		t.Fatalf("%v are due again, want %v", got, before)
	}
}

// newest returns the slot of a conversation's newest change.
func newest(ctx context.Context, table string, id core.ConversationID) (slot uint64, err error) {
	out, err := db.Query(ctx, &dynamodb.QueryInput{
		TableName: &table, KeyConditionExpression: aws.String("pk = :p AND begins_with(sk, :e)"), ScanIndexForward: aws.Bool(false), Limit: aws.Int32(1),
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":p": &types.AttributeValueMemberS{Value: "c#" + string(id)}, ":e": &types.AttributeValueMemberS{Value: "e#"},
		},
	})
	if err == nil {
		_, err = fmt.Sscanf(out.Items[0]["sk"].(*types.AttributeValueMemberS).Value, "e#%d", &slot)
	}
	return slot, err
}

// TestBadInput: what DynamoDB would refuse is refused in our words, and what it
// would take for something else is not.
func TestBadInput(t *testing.T) {
	ctx := t.Context()
	st := newStore(db, newTable(t))
	d := newDesk(t, st)
	d.do("c_1", says("c_1", 1, "hello"))
	step := func(text string) core.Change {
		c := must(st.Load(ctx, "c_1"))(t)
		return must(core.Step(c, d.rules, d.now, says("c_1", c.HeardOf(visitorOf("c_1").Party, "outbox-of-v-c_1").N+1, text)))(t)
	}
	big := step("hello")
	big.Events[0].Body.Text = strings.Repeat("客", 200<<10)
	err := st.Commit(ctx, big)
	wants(t, err, core.TooLarge)
	ok(t, st.Commit(ctx, step("still here")))

	for _, id := range []core.AgentID{"", "nobody"} {
		_, err = st.Account(ctx, id)
		wants(t, err, core.NotFound)
		wants(t, st.SetDuty(ctx, id, core.Duty{}), core.NotFound)
		wants(t, st.Renew(ctx, id, d.now), core.NotFound)
		wants(t, st.Paced(ctx, id, time.Second), core.NotFound)
	}
	_, err = st.AccountNamed(ctx, "")
	wants(t, err, core.NotFound)
	wants(t, st.PutAccount(ctx, core.Account{Version: 1, Name: "n"}), core.Invalid)
	wants(t, st.PutAccount(ctx, core.Account{ID: "a", Version: 1}), core.Invalid)

	long := strings.Repeat("x", 5000)
	must(st.Keep(ctx, long, nil, d.now, d.now.Add(time.Hour)))(t)
	kept := must(st.Kept(ctx, long, d.now))(t)
	if len(kept) != 0 {
		t.Fatalf("kept %q", kept)
	}
	_, err = st.Kept(ctx, long[1:], d.now)
	wants(t, err, core.NotFound)
	if got := must(st.Known(ctx, "shop", long, "v_1"))(t); got != "v_1" {
		t.Fatalf("known as %q", got)
	}
	canceled, cancel := context.WithCancel(ctx)
	cancel()
	wants(t, st.Commit(canceled, step("gone")), core.Unavailable)
}

// TestGroupsWithOddNames: what separates the parts of a key may occur in them.
func TestGroupsWithOddNames(t *testing.T) {
	st := newStore(db, newTable(t))
	d := newDesk(t, st)
	for i, g := range []core.GroupID{"a", "a#b", "a%23b"} {
		id := core.ConversationID("c_" + string(rune('1'+i)))
		d.rules.Groups = []core.Group{{ID: g}}
		d.rules.Site.Groups = []core.GroupID{g}
		d.do(id, says(id, 1, "hello"))
	}
	for i, g := range []core.GroupID{"a", "a#b", "a%23b"} {
		got := must(st.Waiting(t.Context(), g, 10))(t)
		if len(got) != 1 || got[0].ID != core.ConversationID("c_"+string(rune('1'+i))) {
			t.Errorf("in %q wait %v", g, got)
		}
	}
}
