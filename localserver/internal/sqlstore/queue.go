package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"
	"time"

	"kefu/core"
)

// maxBatch bounds how much one transaction carries, and so how long the first
// of a batch waits for the last.
const maxBatch = 512

// Batch is how writes share a transaction. The zero Batch is the best that we
// know; see single for why nobody lingers.
type Batch struct {
	Max    int           // writes in one, 1 to 512; 0: 512
	Linger time.Duration // how long the first one waits for more
}

// writer is how a store writes.
type writer interface {
	// write runs do in a transaction and returns once that is on disk. If ctx
	// ends before it is begun, it never is; from then on write waits for how
	// it ends, which is soon. An error of do that is definite undoes it and is
	// returned; any other is Unavailable. do may be run again if the database
	// asks for that, and what it did before is undone then.
	write(ctx context.Context, do func(context.Context, *statements) error) error

	// commit is write for a change.
	commit(ctx context.Context, p *packedChange) error

	// close ends the writer after what it is at.
	close() error
}

// queue is where writes wait to share a transaction.
type queue struct {
	Batch
	batched func(writes int) // is told of each batch; nil: nobody is

	jobs chan *job     // never closed
	quit chan struct{} // closed when no more is begun
	done chan struct{} // closed when nothing is under way any more
}

func newQueue(o Options) queue {
	o.Batch.Max = min(max(o.Batch.Max, 0), maxBatch)
	if o.Batch.Max == 0 {
		o.Batch.Max = maxBatch
	}
	return queue{Batch: o.Batch, batched: o.Batched, jobs: make(chan *job, maxBatch), quit: make(chan struct{}), done: make(chan struct{})}
}

// job is something to do in a transaction.
type job struct {
	do     func(context.Context, *statements) error
	change *packedChange // of which do is the store; on PostgreSQL
	state  atomic.Int32  // waiting, then picked or abandoned
	done   chan error    // has room for the answer
}

const (
	waiting = iota
	picked
	abandoned
)

func newJob(do func(context.Context, *statements) error) *job {
	return &job{do: do, done: make(chan error, 1)}
}

// pick reports whether the job is to be done: whoever brought it still waits.
func (j *job) pick() bool { return j.state.CompareAndSwap(waiting, picked) }

// submit has a job done; see writer.write.
func (q *queue) submit(ctx context.Context, j *job) error {
	select {
	case q.jobs <- j:
	case <-ctx.Done():
		return unavailable(context.Cause(ctx))
	case <-q.quit:
		return unavailable(errClosed)
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return unavailable(context.Cause(ctx))
		}
	case <-q.done:
		if j.state.CompareAndSwap(waiting, abandoned) {
			return unavailable(errClosed)
		}
	}
	return <-j.done
}

var errClosed = errors.New("the store is closed")

// gather takes what has queued up. Whoever can run does so first: those just
// answered bring their next write now, and would else wait for a batch of
// their own. That costs nothing while there is little to do.
func (q *queue) gather(batch []*job, first *job) []*job {
	runtime.Gosched()
	batch = append(batch[:0], first)
	var late <-chan time.Time // nil: nobody lingers
	if q.Linger > 0 {
		timer := time.NewTimer(q.Linger)
		defer timer.Stop()
		late = timer.C
	}
	for len(batch) < q.Max {
		select {
		case j := <-q.jobs:
			batch = append(batch, j)
			continue
		default:
		}
		if late == nil {
			break
		}
		select {
		case j := <-q.jobs:
			batch = append(batch, j)
		case <-late:
			late = nil
		case <-q.quit:
			late = nil
		}
	}
	if q.batched != nil {
		q.batched(len(batch))
	}
	return batch
}

// unavailable says that the outcome of a write, or a read, is unknown.
func unavailable(cause error) error {
	return &core.Error{Code: core.Unavailable, Message: "the desk can not reach its storage now", Retry: retryAfter, Cause: cause}
}
