package sqlstore

import (
	"context"
	"errors"
	"runtime"
	"sync/atomic"

	"kefu/core"
)

// maxBatch bounds how much one transaction carries, and so how long the first
// of a batch waits for the last.
const maxBatch = 512

// writer is how a store writes.
type writer interface {
	// write runs do in a transaction and returns once that is on disk. If ctx
	// ends before it is begun, it never is; from then on write waits for how
	// it ends, which is soon. An error of do that is definite undoes it and is
	// returned; any other is Unavailable. do may be run again if the database
	// asks for that, and what it did before is undone then.
	write(ctx context.Context, do func(context.Context, *statements) error) error

	// commit is write for a change.
	commit(ctx context.Context, p packedChange) error

	// close ends the writer after what it is at.
	close() error
}

// queue is where writes wait to share a transaction.
type queue struct {
	jobs chan *job     // never closed
	quit chan struct{} // closed when no more is begun
	done chan struct{} // closed when nothing is under way any more
}

func newQueue() queue {
	return queue{jobs: make(chan *job, maxBatch), quit: make(chan struct{}), done: make(chan struct{})}
}

// job is something to do in a transaction.
type job struct {
	do     func(context.Context, *statements) error
	change packedChange // of which do is the store; on PostgreSQL
	state  atomic.Int32 // waiting, then picked or abandoned
	done   chan error   // has room for the answer
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
	for len(batch) < maxBatch {
		select {
		case j := <-q.jobs:
			batch = append(batch, j)
		default:
			return batch
		}
	}
	return batch
}

// unavailable says that the outcome of a write, or a read, is unknown.
func unavailable(cause error) error {
	return &core.Error{Code: core.Unavailable, Message: "the desk can not reach its storage now", Retry: retryAfter, Cause: cause}
}
