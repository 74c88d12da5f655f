package hosttest

import "testing"

// A column is read as a person reads it, and only within its table.
func TestColumn(t *testing.T) {
	const text = "| `poll` outside | yes | yes |\n\n| | one | two |\n|---|---|---|\n| `poll` without sockets | yes: held | no: at once |\n| other | no | no |\n| `edit` | no | yes |\n\n| `watch` | yes | yes |\n"
	one, two := column(text, "one"), column(text, "two")
	if len(one) != 2 || one[Poll] != "yes" || one[Edit] != "no" || two[Poll] != "no" || two[Edit] != "yes" || len(column(text, "three")) != 0 {
		t.Errorf("read as %v and %v", one, two)
	}
}
