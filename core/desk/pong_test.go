package desk_test

import (
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// A pong needs no read of what the rooms remember, be it for a visitor or for
// who holds the conversation, and reads what they do not.
func TestPongFromMemory(t *testing.T) {
	w := newWorld(t)
	remembered := map[core.ConversationID]core.Conversation{}
	n := w.node(func(o *desk.Options) {
		o.Recall = func(id core.ConversationID) (core.Conversation, bool) { c, ok := remembered[id]; return c, ok }
	})
	amy := n.agent("amy", core.RoleAgent, 3).online()
	vi := n.visitor("vi")
	vi.say("hello")
	stored := n.load(vi.conv)
	heads := func() [2]uint64 {
		vi.pings(25 * time.Second)
		amy.pings(10 * time.Second)
		return [2]uint64{vi.find("pong").num("heads"), amy.find("pong").of("heads").num(string(vi.conv))}
	}
	if got := heads(); got != [2]uint64{stored.Public, stored.Seq} {
		t.Errorf("as stored: %d", got)
	}
	known := stored
	known.Public, known.Seq = 70, 71 // as no store has it
	remembered[vi.conv] = known
	if got := heads(); got != [2]uint64{70, 71} {
		t.Errorf("as remembered: %d", got)
	}
}
