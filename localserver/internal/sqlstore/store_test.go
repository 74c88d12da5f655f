package sqlstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/storetest"
	"kefu/localserver/internal/sqlstore"
)

func options(dir string) sqlstore.Options {
	return sqlstore.Options{Dir: dir, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

func open(t testing.TB, dir string) *sqlstore.Store {
	t.Helper()
	st, err := sqlstore.Open(t.Context(), options(dir))
	if err != nil {
		t.Fatal(err)
	}
	return st
}

// background and openForKill are for the process that has no test.
func background() context.Context { return context.Background() }

func openForKill(dir string) (*sqlstore.Store, error) {
	return sqlstore.Open(background(), options(dir))
}

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) core.Store {
		st := open(t, t.TempDir())
		t.Cleanup(func() {
			if err := st.Close(); err != nil {
				t.Error(err)
			}
		})
		return st
	})
}

func TestReopen(t *testing.T) {
	storetest.RunReopen(t, func(t *testing.T, dir string) (core.Store, func() error) {
		st := open(t, dir)
		return st, st.Close
	})
}
