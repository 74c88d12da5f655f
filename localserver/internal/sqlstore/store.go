package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"kefu/core"
)

// Options says where a store is and what it needs of its surroundings. All
// fields are required.
type Options struct {
	Dir string           // of the database; made if it is missing
	Now func() time.Time // for names of copies, the epoch and Ready; never for what is stored
	Log *slog.Logger

	steps fs.FS // migrations, in tests
}

// Store is a core.Store in a database. It is safe for concurrent use.
type Store struct {
	// Static after Open.
	epoch   string
	now     func() time.Time
	writes  *sql.DB
	reads   *sql.DB
	read    *statements // on reads; sees what every write that returned has written
	writer  *writer
	probing chan probe // holds the last probe; taken while one is under way
}

var _ core.Store = (*Store)(nil)

// Open opens the store in a directory, or makes one there. The error is a
// sentence for who started the server. Nothing but the start depends on ctx.
//
// Only one program may have the store open; that is the caller's to see to.
func Open(ctx context.Context, o Options) (*Store, error) {
	st, err := opened(ctx, o)
	if err == nil {
		return st, nil
	}
	if s := sentence(err); s != "" {
		return nil, fmt.Errorf("the database in %q can not be used: %s", o.Dir, s)
	}
	return nil, fmt.Errorf("the database in %q can not be used: %w", o.Dir, err)
}

func opened(ctx context.Context, o Options) (_ *Store, err error) {
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, err
	}
	if o.steps == nil {
		if o.steps, err = embedded(); err != nil {
			return nil, err
		}
	}
	if err := private(filepath.Join(o.Dir, fileName)); err != nil {
		return nil, err
	}
	writes, err := openWriter(o.Dir)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, writes.Close())
		}
	}()
	if err := migrate(ctx, writes, o.Dir, o.steps, o.Now(), o.Log); err != nil {
		return nil, err
	}
	epoch, g, err := incarnation(ctx, writes, o.Dir, o.Now, o.Log)
	if err != nil {
		return nil, err
	}
	reads, err := openReaders(o.Dir)
	if err != nil {
		return nil, err
	}
	st := &Store{
		epoch: epoch, now: o.Now, writes: writes, reads: reads, read: &statements{db: reads},
		writer: newWriter(ctx, writes, g, o.Log), probing: make(chan probe, 1),
	}
	st.probing <- probe{}
	return st, nil
}

// private makes an empty file that nobody else may read; SQLite takes it for a
// new database. One that exists stays as it is.
func private(file string) error {
	f, err := os.OpenFile(file, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	return f.Close()
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

func (st *Store) probe(ctx context.Context, at time.Time) error {
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		_, err := s.exec(ctx, "UPDATE store SET probed = ?1", at.UnixMilli())
		return err
	})
}

// Epoch implements core.Records. See generation for when it changes.
func (st *Store) Epoch(context.Context) (string, error) { return st.epoch, nil }
