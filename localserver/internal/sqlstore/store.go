package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"kefu/core"
)

// Options says where a store is and what it needs of its surroundings. Now, Log
// and one of Dir and URL are required.
type Options struct {
	Dir string           // of the SQLite database; made if it is missing
	URL string           // of a PostgreSQL database; empty: SQLite
	Now func() time.Time // for names of copies, the epoch and Ready; never for what is stored
	Log *slog.Logger

	// Beside opens an SQLite database that a server has open at the same time,
	// for a few writes: nothing is migrated, and no epoch begins.
	Beside bool

	Batch   Batch
	Batched func(writes int) // is told how many writes a transaction had; nil: nobody is

	steps    fs.FS    // migrations, in tests
	patience patience // with PostgreSQL, in tests
}

// Store is a core.Store in a database. It is safe for concurrent use.
type Store struct {
	// Static after Open.
	epoch   string
	now     func() time.Time
	writer  writer
	writes  *sql.DB // the writer's
	reads   *sql.DB
	read    *statements // on reads; sees what every write that returned has written
	who     *identity   // of a PostgreSQL database, nil of another
	packed  sync.Pool   // of *packedChange that were committed
	probing chan probe  // holds the last probe; taken while one is under way
}

var _ core.Store = (*Store)(nil)

func newStore(epoch string, now func() time.Time, w writer) *Store {
	st := &Store{epoch: epoch, now: now, writer: w, probing: make(chan probe, 1)}
	st.probing <- probe{}
	return st
}

// Open opens the store at a URL, or the one in a directory, or makes one there.
// The error is a sentence for who started the server; it has no password in it.
// Nothing but the start depends on ctx.
//
// Only one program may have a directory open, but for those that open it Beside;
// that is the caller's to see to. A
// database of PostgreSQL may be open to many.
func Open(ctx context.Context, o Options) (*Store, error) {
	if o.URL != "" {
		return openPostgres(ctx, o)
	}
	st, err := openSQLite(ctx, o)
	if err == nil {
		return st, nil
	}
	return nil, refusal(fmt.Sprintf("%q", o.Dir), err)
}

// refusal says that a database can not be opened, and why.
func refusal(where string, err error) error {
	if s := sentence(err); s != "" {
		return fmt.Errorf("the database in %s can not be used: %s", where, s)
	}
	return fmt.Errorf("the database in %s can not be used: %w", where, err)
}

// sentence says what is the matter in words for who runs the server; empty
// if it is nothing of the usual.
func sentence(err error) string {
	if s := postgresSentence(err); s != "" {
		return s
	}
	return sqliteSentence(err)
}

// Close ends the store after the batch it is writing. What is asked of it
// then, or still waits, is Unavailable. It is called once.
func (st *Store) Close() error {
	return errors.Join(st.writer.close(), st.read.close(), st.reads.Close(), st.writes.Close())
}

// probe is when a write was last tried, and how that went.
type probe struct {
	at  time.Time
	err error
}

// probeEvery bounds how often Ready writes.
const probeEvery = time.Second

// Ready implements core.Store. It really writes, at most once a second.
func (st *Store) Ready(ctx context.Context) error {
	select {
	case last := <-st.probing:
		defer func() { st.probing <- last }()
		now := st.now()
		if !last.at.IsZero() && now.Sub(last.at) < probeEvery {
			return last.err
		}
		err := st.probe(ctx, now)
		if ctx.Err() == nil { // else it tells nothing to who asks next
			last = probe{now, err}
		}
		return err
	case <-ctx.Done():
		return unavailable(context.Cause(ctx))
	}
}

// errEpoch: somebody has put back a copy of the database while it was in use,
// and another node has found out.
var errEpoch = errors.New("the database has another epoch than at the start; start this server again")

// Moved reports whether an error says that the database is another one than at
// the start. Only a new start helps then, with the epoch that is in force now.
func Moved(err error) bool { return errors.Is(err, errElsewhere) || errors.Is(err, errEpoch) }

func (st *Store) probe(ctx context.Context, at time.Time) error {
	var lsn string
	err := st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, "UPDATE store SET probed = ?1 WHERE epoch = ?2", at.UnixMilli(), st.epoch)
		if err == nil && n == 0 {
			return errEpoch
		}
		if err == nil && st.who != nil {
			err = s.row(ctx, reached, nil, &lsn)
		}
		return err
	})
	if err == nil && st.who != nil {
		st.who.noted(lsn)
	}
	return err
}

// Epoch implements core.Records. See generation and
// identity for when it changes.
func (st *Store) Epoch(context.Context) (string, error) { return st.epoch, nil }
