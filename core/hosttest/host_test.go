package hosttest

import (
	"slices"
	"testing"
)

// Every story is told to one of the hosts, in a group with those that it shares
// its settings with; groups that wait come first.
func TestByGroup(t *testing.T) {
	var told []string
	var waited []bool
	for names := range byGroup(nil) {
		told = append(told, names...)
		waited = append(waited, slices.ContainsFunc(names, func(name string) bool { return stories()[name].waits }))
	}
	slices.Sort(told)
	if len(told) != len(stories()) || len(slices.Compact(told)) != len(stories()) {
		t.Errorf("%d of %d stories are told: %q", len(told), len(stories()), told)
	}
	if quick := slices.Index(waited, false); quick < 1 || slices.Contains(waited[quick:], true) {
		t.Errorf("groups that wait: %t", waited)
	}
	only := byGroup([]string{"Session", "Trouble/Storm"})
	if got := [][]string{<-only, <-only}; len(only) != 0 || !slices.Contains(got[0], "Session/Life") || !slices.Equal(got[1], []string{"Trouble/Storm"}) {
		t.Errorf("only these: %q", got)
	}
}
