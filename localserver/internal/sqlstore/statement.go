package sqlstore

import (
	"context"
	"database/sql"
	"strings"
	"sync"
	"time"

	"kefu/core"
)

// dialect is in what SQL differs between the databases. The zero dialect is
// that of SQLite.
type dialect struct {
	dollars bool               // arguments are written $1; the driver keeps statements prepared by itself
	lock    string             // locks the account ?1 against another seat on it, where transactions run at once
	view    sql.IsolationLevel // of several queries that are to see the same
}

// statements runs SQL on a connection or a pool of them, and keeps each
// statement prepared: parsing one costs as much as running it. Arguments are
// ?1, ?2 and so on. It is safe for concurrent use if its db is.
type statements struct {
	dialect
	db interface {
		PrepareContext(context.Context, string) (*sql.Stmt, error)
		ExecContext(context.Context, string, ...any) (sql.Result, error)
		QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	}
	within time.Duration // in which each must have ended; 0: that is up to ctx
	reread int           // how often a read is tried again if its connection turns out to be dead

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // guarded by mu; as many as the program has texts
}

// on is the same on another connection, such as a transaction's.
func (s *statements) on(tx *sql.Tx) *statements {
	return &statements{dialect: s.dialect, db: tx, within: s.within}
}

func (s *statements) bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	if s.within == 0 {
		return ctx, func() {}
	}
	return context.WithTimeout(ctx, s.within)
}

// dollars writes the arguments as PostgreSQL wants them. No text of ours has a
// question mark for anything else.
func dollars(text string) string { return strings.ReplaceAll(text, "?", "$") }

func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	s.mu.Lock()
	stmt := s.prepared[text]
	s.mu.Unlock()
	if stmt != nil {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if first := s.prepared[text]; first != nil { // somebody else was quicker
		return first, stmt.Close()
	}
	if s.prepared == nil {
		s.prepared = map[string]*sql.Stmt{}
	}
	s.prepared[text] = stmt
	return stmt, nil
}

func (s *statements) execute(ctx context.Context, text string, args []any) (sql.Result, error) {
	if s.dollars {
		return s.db.ExecContext(ctx, dollars(text), args...)
	}
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.ExecContext(ctx, args...)
}

func (s *statements) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if s.dollars {
		return s.db.QueryContext(ctx, dollars(text), args...)
	}
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// exec returns how many rows it changed.
func (s *statements) exec(ctx context.Context, text string, args ...any) (int64, error) {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	result, err := s.execute(ctx, text, args)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row scans the one row that is asked for, or returns sql.ErrNoRows.
func (s *statements) row(ctx context.Context, text string, args []any, into ...any) error {
	found := false
	err := s.rows(ctx, text, args, func(scan scan) error {
		if found {
			return nil
		}
		found = true
		return scan(into...)
	})
	if err == nil && !found {
		return sql.ErrNoRows
	}
	return err
}

// rows calls each for every row.
func (s *statements) rows(ctx context.Context, text string, args []any, each func(scan) error) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	rows, err := s.query(ctx, text, args)
	for tries := 0; err != nil && tries < s.reread && dead(err); tries++ {
		rows, err = s.query(ctx, text, args)
	}
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

type scan func(into ...any) error

func (s *statements) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var first error
	for _, stmt := range s.prepared {
		if err := stmt.Close(); first == nil {
			first = err
		}
	}
	s.prepared = nil
	return first
}

// millis is how a time is stored: NULL for the zero time.
func millis(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UnixMilli()
}

// clock scans what millis stored.
type clock struct{ into *time.Time }

// Scan implements sql.Scanner.
func (c clock) Scan(v any) error {
	var ms sql.NullInt64
	if err := ms.Scan(v); err != nil {
		return err
	}
	*c.into = time.Time{}
	if ms.Valid {
		*c.into = time.UnixMilli(ms.Int64).UTC()
	}
	return nil
}

// number is how a seq is compared: SQL has no unsigned integers, and no log
// has 2^63 events.
func number(v uint64) int64 { return int64(min(v, 1<<63-1)) }

// text is how a name that may be missing is stored.
func text(s core.AgentID) any {
	if s == "" {
		return nil
	}
	return string(s)
}
