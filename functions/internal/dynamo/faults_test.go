package dynamo_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"kefu/core"
	"kefu/core/storetest"
	"kefu/functions/internal/dynamo"
)

// TestLostResponses doubles every write: the answer to the first got lost, and
// the SDK tried again. Whoever won must know themselves again.
func TestLostResponses(t *testing.T) {
	twice := func(c call, do func() error) error {
		if c.write {
			_ = do()
		}
		return do()
	}
	storetest.Run(t, func(t *testing.T) core.Store { return newStore(tap{db, twice}, newTable(t)) })
}

// TestColdAndLagging: what a process remembers is a hint, and so is a read that
// may lag. Here every call is a process of its own, as after a cold start, and
// every weak read is answered with what was there at first: nothing.
func TestColdAndLagging(t *testing.T) {
	var weak atomic.Int64
	lags := func(c call, do func() error) error {
		if !c.write && !c.strong {
			weak.Add(1)
			return nil
		}
		return do()
	}
	storetest.Run(t, func(t *testing.T) core.Store {
		table := newTable(t)
		return &amnesiac{func() core.Store { return newStore(tap{db, lags}, table) }}
	})
	if n := weak.Load(); n > 0 {
		t.Errorf("the store read weakly %d times", n)
	}
}

// TestUnknownOutcome: a slot that was filled while the answer got lost is
// Unavailable, and a repeat of the frame finds it.
func TestUnknownOutcome(t *testing.T) {
	var lose atomic.Bool
	table := newTable(t)
	st := newStore(tap{db, func(c call, do func() error) error {
		err := do()
		if c.write && strings.HasPrefix(c.key, "c#") && lose.CompareAndSwap(true, false) {
			return errLost
		}
		return err
	}}, table)
	d := newDesk(t, st)
	d.do("c_1", says("c_1", 1, "hello"))
	before := len(must(st.After(t.Context(), "c_1", 0, 100))(t))
	lose.Store(true)
	_, err := d.apply("c_1", says("c_1", 2, "anybody?"))
	wants(t, err, core.Unavailable)
	if core.Definite(err) {
		t.Fatal("an unknown outcome is called definite")
	}
	again := d.do("c_1", says("c_1", 2, "anybody?"))
	if !again.Empty() {
		t.Fatalf("the repeat stored %+v", again.Events)
	}
	if got := len(must(st.After(t.Context(), "c_1", 0, 100))(t)); got != before+1 {
		t.Fatalf("there are %d events, want %d", got, before+1)
	}
}

// TestTooLate: a process that was frozen between what announces a change and
// its slot must not fill it: others have tidied up behind it.
func TestTooLate(t *testing.T) {
	c := &clock{}
	table := newTable(t)
	d := newDesk(t, storeAt(db, table, c))
	d.hire("amy", 1)
	d.do("c_1", says("c_1", 1, "hello"))
	frozen := storeAt(tap{db, func(x call, do func() error) error {
		err := do()
		if x.write && strings.HasPrefix(x.key, "agents") {
			c.pass(30 * time.Second)
		}
		return err
	}}, table, c)
	e := newDesk(t, frozen)
	_, err := e.apply("c_1", e.taken("c_1", "amy", 1))
	wants(t, err, core.Unavailable)
	if got := must(d.st.Load(t.Context(), "c_1"))(t).Session.Phase; got != core.Waiting {
		t.Fatalf("the session is %v, want waiting", got)
	}
	if got := d.seats("amy"); got != 1 {
		t.Fatalf("amy has %d seats taken before the sweep, want 1", got)
	}
	ok(t, sweep(t, storeAt(db, table, c)))
	if got := d.seats("amy"); got != 1 {
		t.Fatalf("a seat was given back whose taker may still come")
	}
	c.pass(2 * time.Minute)
	ok(t, sweep(t, storeAt(db, table, c)))
	if got := d.seats("amy"); got != 0 {
		t.Fatalf("amy has %d seats taken in vain", got)
	}
}

// TestLateDeletion: a place in line that is deleted late must not be the one
// that the conversation has come back to.
func TestLateDeletion(t *testing.T) {
	table := newTable(t)
	slow := make(chan struct{})
	held := make(chan struct{})
	d := newDesk(t, newStore(db, table))
	d.hire("amy", 1)
	d.do("c_1", says("c_1", 1, "hello"))
	e := newDesk(t, newStore(tap{db, func(c call, do func() error) error {
		if c.name == "DeleteItem" && strings.HasPrefix(c.key, "open line") {
			close(held)
			<-slow
		}
		return do()
	}}, table))
	done := make(chan error)
	go func() {
		_, err := e.apply("c_1", e.taken("c_1", "amy", 1))
		done <- err
	}()
	<-held
	d.do("c_1", core.Left{Agent: "amy", Reason: core.ByLease}) // back in line, at the place it had
	close(slow)
	ok(t, <-done)
	if got := must(d.st.Waiting(t.Context(), "", 10))(t); len(got) != 1 {
		t.Fatalf("a conversation that waits is not in line: %v", got)
	}
}

// TestHangs: an engine that does not answer is given up on.
func TestHangs(t *testing.T) {
	st := newStore(tap{hanging{db}, func(_ call, do func() error) error { return do() }}, newTable(t))
	began := time.Now()
	_, err := st.Load(t.Context(), "c_1")
	wants(t, err, core.Unavailable)
	if took := time.Since(began); took > 5*time.Second {
		t.Fatalf("it took %v", took)
	}
}

// hanging is a DynamoDB that does not answer.
type hanging struct{ dynamo.API }

func (hanging) Query(ctx context.Context, _ *dynamodb.QueryInput, _ ...func(*dynamodb.Options)) (*dynamodb.QueryOutput, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
