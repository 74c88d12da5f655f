package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"strings"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"

	"kefu/core"
)

// lanes is the writer on PostgreSQL, which many nodes write to at once.
//
// What is most of it, messages that change nothing but the log, travels in
// batches: one statement a batch, with one trip and one sync. Which of them won
// their slots is what the statement returns, so it needs no savepoints. While
// one batch is under way the next one gathers. All else is a transaction by
// itself, a few of them at once, and PostgreSQL syncs those together.
//
// The slot is the key (conversation, seq): who comes second waits until the
// first one has committed, and is then told Conflict. A seat is counted with the
// agent's account locked. Both are taken in this order, and batches take their
// slots in the order of their conversations, so nobody waits in a circle; if
// somebody does all the same, the database says so and it is done again.
type lanes struct {
	queue
	Options

	// Static after newLanes.
	ctx    context.Context // never ends: what is begun is not interrupted
	db     *sql.DB
	outage outage

	running sync.WaitGroup // the lanes
	alone   sync.RWMutex   // read-locked by each transaction outside them
}

// batchLanes is how many batches are under way at once. One is synced while
// the next one is sent; more would only be smaller.
const batchLanes = 2

// tries bounds how often a transaction is done again.
const tries = 5

func newLanes(ctx context.Context, db *sql.DB, o Options) *lanes {
	w := &lanes{queue: newQueue(o), Options: o, ctx: context.WithoutCancel(ctx), db: db}
	w.outage.log, w.outage.now = o.Log, o.Now
	for range batchLanes {
		w.running.Go(w.run)
	}
	return w
}

// close implements writer.
func (w *lanes) close() error {
	close(w.quit)
	w.running.Wait()
	close(w.done)
	w.alone.Lock() // the last one has ended, and there is no next
	defer w.alone.Unlock()
	return nil
}

// commit implements writer.
func (w *lanes) commit(ctx context.Context, p *packedChange) error {
	if !p.plain() {
		return w.write(ctx, p.store)
	}
	j := newJob(p.store)
	j.change = p
	return w.submit(ctx, j)
}

// plain reports whether a change is one row of event and nothing else.
func (p *packedChange) plain() bool {
	return p.Base() > 0 && len(p.Events) == 1 && !p.Moved && p.Take == "" && p.Free == "" && len(p.Erase) == 0
}

// write implements writer.
func (w *lanes) write(ctx context.Context, do func(context.Context, *statements) error) error {
	w.alone.RLock()
	defer w.alone.RUnlock()
	select {
	case <-w.quit:
		return unavailable(errClosed)
	default:
	}
	turn, cancel := context.WithTimeout(ctx, w.patience.connect)
	defer cancel()
	conn, err := w.db.Conn(turn)
	if err != nil {
		if ctx.Err() == nil { // else it was given up, which says nothing
			w.outage.fail(err, 1)
		}
		return unavailable(err)
	}
	defer conn.Close()
	inner, stop := context.WithTimeout(w.ctx, w.patience.answer)
	defer stop()
	for range tries {
		if err = transact(inner, conn, do); !again(err) {
			break
		}
	}
	return w.told(err)
}

// transact returns nil only after COMMIT was answered.
func transact(ctx context.Context, conn *sql.Conn, do func(context.Context, *statements) error) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := do(ctx, &statements{dialect: postgresDialect(), db: tx}); err != nil {
		if lost := tx.Rollback(); lost != nil && !core.Definite(err) {
			err = errors.Join(err, lost)
		}
		return err // without COMMIT nothing of it is stored, whatever Rollback says
	}
	return tx.Commit()
}

// again reports whether a transaction was undone because of another one, and
// would end otherwise now: a deadlock, a serialization failure, or a name that
// somebody took between the look and the write.
func again(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && slices.Contains([]string{"40001", "40P01", "23505"}, e.Code)
}

// told is what the caller of a write is told about how it ended.
func (w *lanes) told(err error) error {
	var e *pgconn.PgError
	switch {
	case err == nil:
		w.outage.calm()
		return nil
	case core.Definite(err):
		return err
	case errors.As(err, &e) && strings.HasPrefix(e.Code, "22"): // a NUL, a number too large
		return core.Errorf(core.Invalid, "this holds something that can not be stored")
	}
	w.outage.fail(err, 1)
	return unavailable(err)
}

func (w *lanes) run() {
	var batch []*job
	for {
		select {
		case <-w.quit:
			return
		case j := <-w.jobs:
			batch = w.gather(batch, j)
			w.finish(slices.DeleteFunc(batch, func(j *job) bool { return !j.pick() }))
			clear(batch)
		}
	}
}

// finish performs a batch and answers it. If one of its changes fails the
// statement, which then has stored nothing, each is done by itself.
func (w *lanes) finish(batch []*job) {
	if len(batch) == 0 {
		return
	}
	m := newMessages(batch)
	err := w.insert(m)
	if undone(err) {
		for _, j := range batch { // and who waits for a lock holds up no batch
			w.running.Go(func() { j.done <- w.write(w.ctx, j.do) })
		}
		return
	}
	if err != nil {
		w.outage.fail(err, len(batch))
	} else {
		w.outage.calm()
	}
	for i, j := range batch {
		switch {
		case err != nil:
			j.done <- unavailable(err)
		case m.won[i]:
			j.done <- nil
		default:
			j.done <- errConflict()
		}
	}
}

// undone reports whether the database has undone a statement and said so. It
// says FATAL instead where it gives up the connection.
func undone(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && e.Severity == "ERROR"
}

func (w *lanes) insert(m *messages) error {
	turn, cancel := context.WithTimeout(w.ctx, w.patience.connect)
	defer cancel()
	conn, err := w.db.Conn(turn)
	if err != nil {
		return err
	}
	defer conn.Close()
	s := &statements{dialect: postgresDialect(), db: conn, within: w.patience.answer}
	return m.insert(w.ctx, s)
}
