package server

import (
	"context"

	"kefu/core"
	"kefu/localserver/internal/sqlstore"
)

// Store is a store that can be closed once nobody uses it any more.
type Store interface {
	core.Store
	Close() error
}

// openSQLite opens the database that a server has if it is told nothing.
func (s *Server) openSQLite(ctx context.Context, dir string) (Store, error) {
	st, err := sqlstore.Open(ctx, sqlstore.Options{Dir: dir, Now: s.Now, Log: s.Log})
	if err != nil {
		return nil, err
	}
	return st, nil
}
