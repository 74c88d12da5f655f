package server

import (
	"context"
	"time"

	"kefu/core"
	"kefu/localserver/internal/sqlstore"
)

// Store is a store that can be closed once nobody uses it any more.
type Store interface {
	core.Store
	Close() error
}

// openSQL opens the PostgreSQL database that the configuration names, or else
// SQLite in the data directory.
func (s *Server) openSQL(ctx context.Context, dir string) (Store, error) {
	st, err := sqlstore.Open(ctx, sqlstore.Options{
		Dir: dir, URL: s.Config.Database, Now: s.Now, Log: s.Log, Beside: s.Beside,
		Batch: sqlstore.Batch{Max: s.Config.Batch.Max, Linger: s.Config.Batch.Linger}, Batched: s.metrics.Batched,
	})
	if err != nil {
		return nil, err
	}
	return st, nil
}

// lookEvery is how often it is made sure that the database is still the one
// that clients were told of.
const lookEvery = 2 * time.Second

// watchStore closes moved once the database is another one than at the start. What
// supervises us, systemd say, then starts us again, with the epoch of that one.
func (s *Server) watchStore(ctx context.Context, moved chan<- struct{}) {
	every := time.NewTicker(lookEvery)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		within, cancel := context.WithTimeout(ctx, tickWithin)
		err := s.store.Ready(within)
		cancel()
		if sqlstore.Moved(err) {
			close(moved)
			return
		}
	}
}
