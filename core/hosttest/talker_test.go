package hosttest

import (
	"testing"
	"testing/synctest"
	"time"
)

// countedLink is a link that counts what is sent.
type countedLink struct {
	link
	sent int
}

func (l *countedLink) send(...any) error           { l.sent++; return nil }
func (l *countedLink) seen(uint64, string, string) {}

// A talker who lacks something asks for it once, and once more when no answer
// came, as the SDK does with a pong: else one that was lost leaves it waiting
// until its connection ends.
func TestTalkerAsksAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &countedLink{}
		c := newTalker(&world{patience: time.Second}, "v0", 1)
		c.link = l
		behind := frame{}
		behind.Heads.Mine = 3
		c.thread("c_1")
		for _, x := range []struct {
			after time.Duration
			sent  int
		}{{0, 1}, {c.waits() / 2, 1}, {c.waits(), 2}, {c.waits() / 2, 2}} {
			<-time.After(x.after)
			if err := c.pong(behind); err != nil || l.sent != x.sent {
				t.Fatalf("%s later it has asked %d times, want %d: %v", x.after, l.sent, x.sent, err)
			}
		}
	})
}

// A talker is done when it has what the log has: a pong may be older than a
// message whose push was lost, and then says nothing of it.
func TestTalkerIsNotDoneByAnOldPong(t *testing.T) {
	c := newTalker(&world{history: newHistory(), ends: map[string]end{"c_1": endOf([]entry{{seq: 1}, {seq: 2}, {seq: 3}, {seq: 4, internal: true}})}}, "v0", 1)
	c.link = &countedLink{}
	c.thread("c_1").view = []entry{{seq: 1}, {seq: 2, prev: 1}}
	if c.done() {
		t.Error("nobody said that it is the end")
	}
	c.settling.Store(true)
	old := frame{}
	old.Heads.Mine = 2
	if err := c.pong(old); err != nil || c.done() {
		t.Errorf("it lacks event 3, and is done; %v", err)
	}
	if err := c.place(c.thread("c_1"), entry{seq: 3, prev: 2}); err != nil || !c.done() {
		t.Errorf("it has what a visitor may see, and is not done; %v", err)
	}
}
