package desk_test

import (
	"fmt"
	"testing"
	"time"
)

// Promise 22, for a flood of visitors who take another name each time, as their
// buckets are always full: too many at once are told to come again, those who
// talk already notice nothing, and nobody is turned away for good.
func TestManyArrive(t *testing.T) {
	n := newNode(t)
	known := n.visitor("known")
	known.serve(known.batchOf(1, 1))
	for i := range 999 {
		v := n.visitor(fmt.Sprint("new", i))
		v.serve(v.batchOf(1, 1))
		if ns, _ := v.told(); len(ns) > 0 {
			t.Fatalf("number %d is told to wait", i)
		}
	}
	late := n.visitor("late")
	late.serve(late.batchOf(1, 1))
	if ns, retry := late.told(); fmt.Sprint(ns) != "[1]" || retry != 1 {
		t.Fatalf("one too many is told of %v, retry %v", ns, retry)
	}
	if got := len(n.log(late.conv)); got != 0 {
		t.Errorf("%d events are stored all the same", got)
	}
	known.serve(known.batchOf(2, 9))
	if ns, _ := known.told(); len(ns) > 0 {
		t.Errorf("who talks already is told of %v", ns)
	}
	n.pass(time.Second)
	late.serve(late.batchOf(1, 1))
	if ack := late.find("ack"); ack.num("n") != 1 {
		t.Errorf("the repeat is answered by %v", ack)
	}
}
