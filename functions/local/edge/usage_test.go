package edge

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"
)

// TestUsage: what the bill would say of a talk of ninety seconds.
func TestUsage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{Routes: defaultTo(plain(echo))})
		c := w.open(t)
		id := w.id(t)
		send(t, c, "small")
		receive(t, c)
		if err := w.post(t, id, strings.Repeat("x", MaxFrame+1)); err != nil {
			t.Fatal(err)
		}
		receive(t, c)
		<-time.After(90 * time.Second)
		if err := c.Close(websocket.StatusNormalClosure, ""); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want := Usage{In: 1, Out: 3, Posts: 1, Minutes: 2, Sent: len("small") + MaxFrame + 1}
		if got := w.Usage(); got != want || got.Minus(got) != (Usage{}) {
			t.Errorf("%+v, want %+v", got, want)
		}
	})
}
