package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"

	"github.com/jackc/pgx/v5"
)

// identity tells a database of PostgreSQL from a copy of it. It is made of the
// system identifier of the cluster and its timeline, which a promoted standby
// and a recovery to a point in time change, and of the numbers of the database
// and of a table of ours, which are new when a dump is read back. It stays over
// crashes and restarts.
//
// An older copy of the files, or of their volume, has the same identity: to the
// server this looks like a crash. But its log ends before a position that no crash
// takes back; see position. So a node that remembers
// notices, unless the copy has been written to for as long before a node comes
// that does. Who puts one back says so all the same, by UPDATE store SET identity
// = ” before any node is started, where nodes have no data directory that stays.
type identity struct {
	name string
	seen *position
	log  *slog.Logger
}

// identify is the only SQL with a look at the cluster. pg_control_checkpoint
// would name the timeline too, but only since the last checkpoint.
const identify = `SELECT format('%s/%s/%s/%s', (SELECT system_identifier FROM pg_control_system()),
	left(pg_walfile_name(pg_current_wal_lsn()), 8), (SELECT oid FROM pg_database WHERE datname = current_database()),
	'store'::regclass::oid), current_setting('synchronous_commit'), pg_current_wal_insert_lsn()::text`

// incarnationOf reads or begins the epoch, in who's turn it is.
func incarnationOf(ctx context.Context, conn *sql.Conn, o Options) (epoch string, who identity, err error) {
	who.log, who.seen = o.Log, &position{path: filepath.Join(o.Dir, positionName)}
	if o.Dir == "" {
		who.seen.path = ""
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return "", who, err
	}
	defer tx.Rollback()
	var commits, stored, reached string
	if err := tx.QueryRowContext(ctx, identify).Scan(&who.name, &commits, &reached); err != nil {
		return "", who, err
	}
	older := who.seen.read(who.name) > parseLSN(reached)
	err = tx.QueryRowContext(ctx, "SELECT epoch, identity FROM store").Scan(&epoch, &stored)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		epoch = newEpoch()
	case err != nil:
		return "", who, err
	case older && stored == who.name:
		o.Log.Warn("the files of the database are an older copy; clients start afresh", "position", reached)
		epoch = newEpoch()
	case stored != who.name:
		o.Log.Warn("the database is not the one that was last in use, but a copy; clients start afresh", "identity", who.name, "expected", stored)
		epoch = newEpoch()
	}
	const put = `INSERT INTO store (id, epoch, identity, probed) VALUES (1, $1, $2, 0)
		ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch, identity = excluded.identity`
	if _, err := tx.ExecContext(ctx, put, epoch, who.name); err != nil {
		return "", who, err
	}
	if err := tx.Commit(); err != nil {
		return "", who, err
	}
	if older {
		who.seen.forget()
	}
	return epoch, who, nil
}

// errElsewhere keeps a node that knows one epoch from the log of another.
var errElsewhere = errors.New("the database is another one than at the start, such as a standby that was promoted; start this server again")

// check refuses a connection that leads to another database than the first
// ones did, and has every commit be on disk when it is answered, whatever the
// server's default.
func (who identity) check(ctx context.Context, c *pgx.Conn) error {
	var name, commits, reached string
	if err := c.QueryRow(ctx, identify).Scan(&name, &commits, &reached); err != nil {
		return fmt.Errorf("the database does not say which one it is: %w", err)
	}
	if name != who.name || parseLSN(reached) < who.seen.last.Load() {
		who.log.Error("no connection to the database is used: "+errElsewhere.Error(), "identity", name, "expected", who.name)
		return errElsewhere
	}
	if commits == "off" {
		_, err := c.Exec(ctx, "SET synchronous_commit = on")
		return err
	}
	return nil
}
