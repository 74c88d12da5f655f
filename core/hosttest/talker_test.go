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

func (l *countedLink) send(...any) error { l.sent++; return nil }

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
