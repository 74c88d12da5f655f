package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"log/slog"

	"kefu/core"
)

// single is the writer on SQLite: one goroutine. What many callers bring shares
// one transaction, for the disk takes as long to sync one row as a hundred.
// Nobody lingers for more, unless Options.Batch says so: while one batch is
// synced the next one gathers by itself.
//
// Each job has a savepoint, so that one which fails leaves the others alone.
// A job is answered only after COMMIT returned.
type single struct {
	queue

	// Static after newSingle.
	ctx    context.Context // never ends: a batch is not interrupted
	db     *sql.DB         // of one connection
	log    *slog.Logger
	outage outage

	// Owned by run.
	conn       *sql.Conn // nil until it is needed, and after a failure
	stmts      *statements
	generation *generation
	batch      []*job
	results    []error
}

func newSingle(ctx context.Context, db *sql.DB, g *generation, o Options) *single {
	w := &single{queue: newQueue(o), ctx: context.WithoutCancel(ctx), db: db, log: o.Log, generation: g}
	w.outage.log, w.outage.now = o.Log, o.Now
	go w.run()
	return w
}

// write implements writer.
func (w *single) write(ctx context.Context, do func(context.Context, *statements) error) error {
	return w.submit(ctx, newJob(do))
}

// commit implements writer.
func (w *single) commit(ctx context.Context, p *packedChange) error { return w.write(ctx, p.store) }

// close implements writer.
func (w *single) close() error {
	close(w.quit)
	<-w.done
	return errors.Join(w.drop(), w.generation.end(w.ctx, w.db))
}

func (w *single) run() {
	defer close(w.done)
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			w.batch = w.gather(w.batch, j)
			w.finish()
		}
	}
}

// finish performs the batch and answers it. If the transaction fails, who
// has no answer of its own gets that failure: whether anything of it is on
// disk can not be told.
func (w *single) finish() {
	w.results = append(w.results[:0], make([]error, len(w.batch))...)
	before := w.outage.count()
	err := w.transact()
	if err != nil {
		w.outage.fail(err, len(w.batch))
		if err := w.drop(); err != nil {
			w.log.Warn("the connection that failed did not close", "error", err)
		}
	}
	if w.outage.count() == before {
		w.outage.over()
	}
	for i, j := range w.batch {
		if w.results[i] == nil && err != nil {
			w.results[i] = unavailable(err)
		}
		j.done <- w.results[i]
	}
	clear(w.batch)
}

// transact returns an error if the batch as a whole is not committed.
func (w *single) transact() error {
	if err := w.connect(); err != nil {
		return err
	}
	if _, err := w.stmts.exec(w.ctx, begin); err != nil {
		return err
	}
	for i, j := range w.batch {
		if !j.pick() {
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
func (w *single) attempt(j *job) (failed, broken error) {
	if _, err := w.stmts.exec(w.ctx, "SAVEPOINT job"); err != nil {
		return nil, err
	}
	failed = j.do(w.ctx, w.stmts)
	if failed != nil {
		if _, err := w.stmts.exec(w.ctx, "ROLLBACK TO job"); err != nil {
			return nil, errors.Join(failed, err)
		}
		if !core.Definite(failed) {
			w.outage.fail(failed, 1)
			failed = unavailable(failed)
		}
	}
	_, broken = w.stmts.exec(w.ctx, "RELEASE job")
	return failed, broken
}

// connect makes sure that there is a connection. One that failed is not used
// again, whatever state it may be in.
func (w *single) connect() error {
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
func (w *single) drop() error {
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
