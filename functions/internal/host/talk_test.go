package host_test

import (
	"slices"
	"testing"
)

// TestTalk: a visitor and an agent talk, every frame of theirs in another
// process than the one before.
func TestTalk(t *testing.T) {
	w := newWorld(t, 2)
	li := w.agent("li", 2)
	mei := w.visitor("mei")
	if mei.ws.Subprotocol() != "kefu.v1" {
		t.Errorf("the subprotocol is %q", mei.ws.Subprotocol())
	}
	mei.send("", "hello")
	mei.held()
	li.held()
	li.send(mei.conv, "good morning")
	mei.hears("good morning")
	mei.send("", "bye")
	li.hears("bye")
	if got := w.texts(mei.conv); !slices.Equal(got, []string{"hello", "good morning", "bye"}) {
		t.Errorf("the log is %q", got)
	}
}
