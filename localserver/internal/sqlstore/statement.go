package sqlstore

import (
	"context"
	"database/sql"
	"sync"
	"time"

	"kefu/core"
)

// statements runs SQL on a connection or a pool of them, and keeps each
// statement prepared: parsing one costs as much as running it. Arguments are
// ?1, ?2 and so on. It is safe for concurrent use if its db is.
type statements struct {
	db interface {
		PrepareContext(context.Context, string) (*sql.Stmt, error)
	}

	mu       sync.Mutex
	prepared map[string]*sql.Stmt // guarded by mu; as many as the program has texts
}

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

// exec returns how many rows it changed.
func (s *statements) exec(ctx context.Context, text string, args ...any) (int64, error) {
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return 0, err
	}
	result, err := stmt.ExecContext(ctx, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// row scans the one row that is asked for, or returns sql.ErrNoRows.
func (s *statements) row(ctx context.Context, text string, args []any, into ...any) error {
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return err
	}
	return stmt.QueryRowContext(ctx, args...).Scan(into...)
}

// rows calls each for every row.
func (s *statements) rows(ctx context.Context, text string, args []any, each func(scan) error) error {
	stmt, err := s.prepare(ctx, text)
	if err != nil {
		return err
	}
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return err
	}
	return eachOf(rows, each)
}

type scan func(into ...any) error

func eachOf(rows *sql.Rows, each func(scan) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := each(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}

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
