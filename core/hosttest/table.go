package hosttest

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// Table holds what a README says that a host does against what the host claims
// here, which the stories try. It looks for a table one of whose columns is the
// host's, with a row for each feature: `poll` and any words in the first cell,
// and "yes" or "no" and any words in the host's.
func Table(t *testing.T, readme, host string, p Profile) {
	t.Helper()
	text, err := os.ReadFile(readme)
	if err != nil {
		t.Fatal(err)
	}
	said := column(string(text), host)
	for _, f := range []Feature{Poll, Watch, Edit, Preview, Settings, Users, Blocks, Rate, Uploads, Assist} {
		want := "no"
		if p.has(f) {
			want = "yes"
		}
		if said[f] != want {
			t.Errorf("%s says %q of %s on %s, which claims %q", readme, said[f], f, host, want)
		}
	}
}

// column returns the first word of each feature's row in a host's column.
func column(text, host string) map[Feature]string {
	named, word := regexp.MustCompile("^`([a-z]+)`"), regexp.MustCompile(`^[a-z]+`)
	said, at := map[Feature]string{}, 0
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		for i, cell := range cells {
			cells[i] = strings.TrimSpace(cell)
			if cells[i] == host {
				at = i
			}
		}
		if m := named.FindStringSubmatch(cells[0]); m != nil && at > 0 && at < len(cells) && strings.HasPrefix(line, "|") {
			said[Feature(m[1])] = word.FindString(cells[at])
		}
		if strings.TrimSpace(line) == "" {
			at = 0
		}
	}
	return said
}
