package sqlstore

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// generation is a number that grows while the store is in use: when it is
// opened, when it is closed, and once a second while it is written to. It is
// kept in the database and, always afterwards, in a file beside it. So the
// database is never behind its file, unless an older copy of it was put back:
// then what was acknowledged since is gone, and a new epoch begins.
//
// A file that is behind means nothing: a crash came between the two. One that
// is missing means that the database was brought from elsewhere.
type generation struct {
	path string // of the file
	now  func() time.Time

	n  int64
	at time.Time // when it last grew
}

const (
	generationName  = "kefu.generation"
	generationEvery = time.Second
)

// incarnation reads or begins the epoch. It runs before anything else writes.
// Of a database that a server has open it is the server's; there is no
// generation then.
func incarnation(ctx context.Context, db *sql.DB, o Options) (epoch string, g *generation, err error) {
	if o.Beside {
		err = db.QueryRowContext(ctx, "SELECT epoch FROM store").Scan(&epoch)
		return epoch, nil, err
	}
	g = &generation{path: filepath.Join(o.Dir, generationName), now: o.Now, at: o.Now()}
	beside := g.read()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return "", nil, err
	}
	defer tx.Rollback()
	var stored int64
	err = tx.QueryRowContext(ctx, "SELECT epoch, generation FROM store").Scan(&epoch, &stored)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		epoch = newEpoch()
	case err != nil:
		return "", nil, err
	case beside < 0 || stored < beside:
		o.Log.Warn("the database is not the one that was last in use here, but a copy; clients start afresh", "generation", stored, "expected", beside)
		epoch = newEpoch()
	}
	g.n = max(stored, beside, 0) + 1
	const put = `INSERT INTO store (id, epoch, generation, probed) VALUES (1, ?1, ?2, 0)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, generation = excluded.generation`
	if _, err := tx.ExecContext(ctx, put, epoch, g.n); err != nil {
		return "", nil, err
	}
	if err := tx.Commit(); err != nil {
		return "", nil, err
	}
	return epoch, g, g.write()
}

// newEpoch names an epoch: 130 random bits.
func newEpoch() string { return "e_" + strings.ToLower(rand.Text()) }

// advance makes the generation grow if it is time to, within a transaction
// that writes anyway. It reports whether note has to follow.
func (g *generation) advance(ctx context.Context, s *statements) (bool, error) {
	if g == nil {
		return false, nil
	}
	now := g.now()
	if now.Sub(g.at) < generationEvery {
		return false, nil
	}
	if _, err := s.exec(ctx, "UPDATE store SET generation = ?1", g.n+1); err != nil {
		return false, err
	}
	g.at = now
	return true, nil
}

// end makes the generation grow a last time, so that a copy made before is
// told from what the store leaves.
func (g *generation) end(ctx context.Context, db *sql.DB) error {
	if g == nil {
		return nil
	}
	if _, err := db.ExecContext(ctx, "UPDATE store SET generation = ?1", g.n+1); err != nil {
		return err
	}
	g.n++
	return g.write()
}

// note puts the generation that is now committed into the file. If that fails
// the file stays behind, which is harmless.
func (g *generation) note(log *slog.Logger) {
	g.n++
	if err := g.write(); err != nil {
		log.Warn("the generation of the database could not be noted", "error", err)
	}
}

// read returns -1 if there is no file, or none that can be read.
func (g *generation) read() int64 {
	b, err := os.ReadFile(g.path)
	if err != nil {
		return -1
	}
	n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
	if err != nil {
		return -1
	}
	return n
}

// write replaces the file's few bytes in place: after a crash it holds either
// number.
func (g *generation) write() error {
	f, err := os.OpenFile(g.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%019d\n", g.n)
	return errors.Join(err, f.Close())
}
