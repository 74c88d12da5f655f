package desk

import (
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/blob"
)

// What images take together while they come is bounded, and given back: who
// sends more than there is memory for is asked to come again.
func TestImageMemory(t *testing.T) {
	const most = maxImageMemory
	u := uploads{memory: most - 256<<10}
	data, free, err := u.read(strings.NewReader(strings.Repeat("x", 200<<10)))
	if err != nil || len(data) != 200<<10 {
		t.Fatalf("%d bytes, %v", len(data), err)
	}
	if _, again, err := u.read(strings.NewReader(strings.Repeat("x", 200<<10))); core.CodeOf(err) != core.Unavailable {
		t.Errorf("more than there is: %v", err)
	} else {
		again()
	}
	free()
	if u.memory != most-256<<10 {
		t.Errorf("%d bytes were not given back", u.memory-(most-256<<10))
	}
}

// What a node remembers of uploads is bounded.
func TestUploadsRememberLittle(t *testing.T) {
	var u uploads
	for i := range 3 * maxUsed {
		u.note(strings.Repeat("x", i%7)+string(rune(i)), used{count: 1})
	}
	for range 2 * maxDoomed {
		u.doom(blob.Doubt{Key: "f_0"})
	}
	if len(u.used) > maxUsed || len(u.doomed) > maxDoomed {
		t.Errorf("%d authors, %d files", len(u.used), len(u.doomed))
	}
	u.note("a", used{3, 30})
	if u.note("a", used{2, 20}); u.usedOf("a") != (used{3, 30}) {
		t.Errorf("what is known went back to %+v", u.usedOf("a"))
	}
}
