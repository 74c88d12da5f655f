package desk

import (
	"slices"
	"testing"

	"kefu/core"
	"kefu/core/assist"
)

// TestAssists: agents are told which sites have a model, where the host can ask one.
func TestAssists(t *testing.T) {
	model := core.Receptionist{Providers: []core.Provider{{URL: "https://api.example/v1", Model: "m"}}}
	s := core.Settings{Sites: []core.Site{{ID: "with", Receptionist: model}, {ID: "without"}}}
	can, not := &Desk{Options: Options{Receptionist: &assist.Receptionist{}}}, &Desk{}
	if got := can.assists(s); !slices.Equal(got, []string{"with"}) {
		t.Errorf("sites with a model: %q", got)
	}
	if got := not.assists(s); len(got) > 0 {
		t.Errorf("of a host without models: %q", got)
	}
}
