package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"
	"runtime"
	"sync/atomic"
	"time"

	"kefu/core"
)

// maxBatch bounds how much one transaction carries, and so how long the first
// of a batch waits for the last.
const maxBatch = 512

// writer is the one goroutine that writes. What many callers bring shares one
// transaction, for the disk takes as long to sync one row as a hundred. Nobody
// lingers for more: while one batch is synced the next one gathers by itself.
//
// Each job has a savepoint, so that one which fails leaves the others alone.
// A job is answered only after COMMIT returned.
type writer struct {
	// Static after newWriter.
	ctx  context.Context // never ends: a batch is not interrupted
	db   *sql.DB         // of one connection
	log  *slog.Logger
	jobs chan *job     // never closed
	quit chan struct{} // closed by close
	done chan struct{} // closed when run has returned

	// Owned by run.
	conn       *sql.Conn // nil until it is needed, and after a failure
	stmts      *statements
	generation *generation
	batch      []*job
	results    []error
	failed     int // writes since they last worked
}

// job is something to do in a transaction.
type job struct {
	do    func(context.Context, *statements) error
	state atomic.Int32 // waiting, then picked or abandoned
	done  chan error   // has room for the answer
}

const (
	waiting = iota
	picked
	abandoned
)

func newWriter(ctx context.Context, db *sql.DB, g *generation, log *slog.Logger) *writer {
	w := &writer{
		ctx: context.WithoutCancel(ctx), db: db, log: log, generation: g,
		jobs: make(chan *job, maxBatch), quit: make(chan struct{}), done: make(chan struct{}),
	}
	go w.run()
	return w
}

// write runs do in a transaction and returns once that is on disk. If ctx
// ends before the job is picked up, it never is; from then on write waits for
// how it ends, which is soon.
func (w *writer) write(ctx context.Context, do func(context.Context, *statements) error) error {
	j := &job{do: do, done: make(chan error, 1)}
	select {
	case w.jobs <- j:
	case <-ctx.Done():
		return unavailable(context.Cause(ctx))
	case <-w.quit:
		return unavailable(errClosed)
	}
	select {
	case err := <-j.done:
		return err
	case <-ctx.Done():
		if j.state.CompareAndSwap(waiting, abandoned) {
			return unavailable(context.Cause(ctx))
		}
	case <-w.done:
		if j.state.CompareAndSwap(waiting, abandoned) {
			return unavailable(errClosed)
		}
	}
	return <-j.done
}

var errClosed = errors.New("the store is closed")

// close ends the writer after the batch it is at.
func (w *writer) close() error {
	close(w.quit)
	<-w.done
	return errors.Join(w.drop(), w.generation.end(w.ctx, w.db))
}

func (w *writer) run() {
	defer close(w.done)
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			w.gather(j)
			w.commit()
		}
	}
}

// gather takes what has queued up. Whoever can run does so first: those just
// answered bring their next write now, and would else wait for a batch of
// their own. That costs nothing while there is little to do.
func (w *writer) gather(first *job) {
	runtime.Gosched()
	w.batch = append(w.batch[:0], first)
	for len(w.batch) < maxBatch {
		select {
		case j := <-w.jobs:
			w.batch = append(w.batch, j)
		default:
			return
		}
	}
}

// commit performs the batch and answers it. If the transaction fails, who
// has no answer of its own gets that failure: whether anything of it is on
// disk can not be told.
func (w *writer) commit() {
	w.results = append(w.results[:0], make([]error, len(w.batch))...)
	before := w.failed
	err := w.transact()
	if err != nil {
		w.fail(err, len(w.batch))
		if err := w.drop(); err != nil {
			w.log.Warn("the connection that failed did not close", "error", err)
		}
	}
	if before > 0 && w.failed == before {
		w.log.Info("writes to the database work again", "failed", w.failed)
		w.failed = 0
	}
	for i, j := range w.batch {
		if w.results[i] == nil && err != nil {
			w.results[i] = unavailable(err)
		}
		j.done <- w.results[i]
	}
	clear(w.batch)
}

// fail logs when writes start to fail, not each of what may be thousands until
// they work again.
func (w *writer) fail(err error, writes int) {
	if w.failed == 0 {
		w.log.Error("writes to the database fail", "what", sentence(err), "error", err)
	}
	w.failed += writes
}

// transact returns an error if the batch as a whole is not committed.
func (w *writer) transact() error {
	if err := w.connect(); err != nil {
		return err
	}
	if _, err := w.stmts.exec(w.ctx, begin); err != nil {
		return err
	}
	for i, j := range w.batch {
		if !j.state.CompareAndSwap(waiting, picked) {
			continue
		}
		var err error
		if w.results[i], err = w.attempt(j); err != nil {
			return err
		}
	}
	advanced, err := w.generation.advance(w.ctx, w.stmts)
	if err != nil {
		return err
	}
	if _, err := w.stmts.exec(w.ctx, "COMMIT"); err != nil {
		return err
	}
	if advanced {
		w.generation.note(w.log)
	}
	return nil
}

// attempt performs one job so that its failure undoes nothing else. The first
// error is the job's, the second says that the transaction is lost.
func (w *writer) attempt(j *job) (failed, broken error) {
	if _, err := w.stmts.exec(w.ctx, "SAVEPOINT job"); err != nil {
		return nil, err
	}
	failed = j.do(w.ctx, w.stmts)
	if failed != nil {
		if _, err := w.stmts.exec(w.ctx, "ROLLBACK TO job"); err != nil {
			return nil, errors.Join(failed, err)
		}
		if !core.Definite(failed) {
			w.fail(failed, 1)
			failed = unavailable(failed)
		}
	}
	_, broken = w.stmts.exec(w.ctx, "RELEASE job")
	return failed, broken
}

// connect makes sure that there is a connection. One that failed is not used
// again, whatever state it may be in.
func (w *writer) connect() error {
	if w.conn != nil {
		return nil
	}
	conn, err := w.db.Conn(w.ctx)
	if err != nil {
		return err
	}
	w.conn, w.stmts = conn, &statements{db: conn}
	return nil
}

// drop closes the connection; a transaction that is open is rolled back.
func (w *writer) drop() error {
	if w.conn == nil {
		return nil
	}
	err := w.stmts.close()
	bad := w.conn.Raw(func(any) error { return driver.ErrBadConn }) // this is how the pool is told
	if !errors.Is(bad, driver.ErrBadConn) {
		err = errors.Join(err, bad)
	}
	w.conn = nil
	return err
}

// unavailable says that the outcome of a write, or a read, is unknown.
func unavailable(cause error) error {
	return &core.Error{Code: core.Unavailable, Message: "the desk can not reach its storage now", Retry: time.Second, Cause: cause}
}
