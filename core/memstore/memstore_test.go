package memstore_test

import (
	"testing"

	"kefu/core"
	"kefu/core/memstore"
	"kefu/core/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(*testing.T) core.Store { return memstore.New("epoch") })
}

// TestReopen checks the check: a store that is merely kept passes it.
func TestReopen(t *testing.T) {
	st := memstore.New("epoch")
	storetest.RunReopen(t, func(*testing.T, string) (core.Store, func() error) {
		return st, func() error { return nil }
	})
}
