package dynamo_test

import (
	"testing"

	"kefu/core"
	"kefu/core/storetest"
)

func TestStore(t *testing.T) {
	storetest.Run(t, func(t *testing.T) core.Store { return newStore(db, newTable(t)) })
}

func TestReopen(t *testing.T) {
	table := map[string]string{}
	storetest.RunReopen(t, func(t *testing.T, dir string) (core.Store, func() error) {
		if table[dir] == "" {
			table[dir] = newTable(t)
		}
		return newStore(db, table[dir]), func() error { return nil }
	})
}
