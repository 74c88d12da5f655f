package desk_test

import (
	"testing"
	"time"

	"kefu/core"
)

// Who reloads may come to another node than the one that sees their old
// connection end. That one has shortened their lease; this one remembers that
// it was long.
func TestReloadOnAnotherNode(t *testing.T) {
	w := newWorld(t)
	here, there := w.node(), w.node()
	here.agent("amy", core.RoleAgent, 1).online()
	token := here.signed("amy")
	old := there.connect("amy")
	old.hello(map[string]any{"token": token})
	old.gone(true)
	here.connect("amy").hello(map[string]any{"token": token})
	roster, err := w.store.Roster(t.Context(), "", here.clock().Add(20*time.Second))
	here.must(err)
	if a, _ := roster.Find("amy"); a.Status != core.Online {
		t.Errorf("she is %s", a.Status)
	}
}
