package hub

import (
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// tray is the way out of a poll.
type tray struct {
	mu   sync.Mutex
	got  []string
	code wire.CloseCode
}

func (o *tray) Send(m []byte) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.got = append(o.got, string(m))
}

func (o *tray) Close(code wire.CloseCode, _ string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.code = code
}

func (o *tray) ended() (wire.CloseCode, string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.code, strings.Join(o.got, "")
}

// caller is a poll of somebody, who has joined.
func caller(t *testing.T, h *Hub, who string, topics ...desk.Topic) (*desk.Peer, *tray, func()) {
	t.Helper()
	out := &tray{}
	p := desk.NewPeer(out, "", "192.0.2.1")
	p.Who, p.Outbox = core.Party{Kind: core.Visitor, ID: who}, core.Origin("poll-of-"+who)
	release, ok := h.Hold(p, out)
	if !ok {
		t.Fatal("no place for a poll")
	}
	_ = h.Join(t.Context(), p, topics...)
	return p, out, release
}

// A poll is a connection like others: it has a place, is found, and leaves.
func TestHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{Connections: 2})
		p, out, release := caller(t, h, "1", "x")
		_, _, releaseOther := caller(t, h, "2", "x")
		if _, ok := h.Hold(desk.NewPeer(&tray{}, "", ""), &tray{}); ok || h.Reserve() {
			t.Error("want two places")
		}
		if got := found(h, "x"); got != "poll-of-1 poll-of-2" {
			t.Errorf("found %q", got)
		}
		pass(30 * time.Second) // it says no hello to the hub, and has no heartbeat
		if code, _ := out.ended(); code != 0 {
			t.Errorf("closed with %d", code)
		}
		release()
		if got := found(h, "x"); got != "poll-of-2" {
			t.Errorf("found %q", got)
		}
		_ = h.Join(t.Context(), p, "x") // too late
		releaseOther()
		if len(h.conns)+len(h.topics)+len(h.outboxes) != 0 || h.open != 0 {
			t.Errorf("left over: %d connections, %d topics, %d outboxes, %d places", len(h.conns), len(h.topics), len(h.outboxes), h.open)
		}
	})
}

// A newer connection with its outbox ends a poll, and the end of the older
// takes nothing from the newer.
func TestPollIsReplaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		_, older, release := caller(t, h, "1", "x")
		_, newer, releaseNewer := caller(t, h, "1", "x")
		synctest.Wait()
		if code, _ := older.ended(); code != wire.CloseReplaced {
			t.Errorf("the older was closed with %d", code)
		}
		release()
		if got := found(h, "x"); got != "poll-of-1" {
			t.Errorf("found %q", got)
		}
		guest(t, h, "1", "poll-of-1", "x")
		synctest.Wait()
		if code, _ := newer.ended(); code != wire.CloseReplaced {
			t.Errorf("a socket closed it with %d", code)
		}
		releaseNewer()
	})
}

// Without an outbox nobody is replaced.
func TestNoOutbox(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		_, a := guest(t, h, "1", "", "x")
		_, b := guest(t, h, "1", "", "x")
		synctest.Wait()
		if a.code()+b.code() != 0 || len(h.outboxes) != 0 {
			t.Errorf("closed with %d, %d; %d outboxes", a.code(), b.code(), len(h.outboxes))
		}
	})
}

// Before requests are waited for polls are told, and no more are held; sockets
// go on until the hub drains.
func TestEndPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		_, out, release := caller(t, h, "1", "x")
		_, socket := guest(t, h, "2", "socket", "x")
		h.EndPolls(7 * time.Second)
		synctest.Wait()
		if code, got := out.ended(); code != wire.CloseShutdown || !strings.Contains(got, `"type":"bye","code":4000`) || !strings.Contains(got, `"window":7`) {
			t.Errorf("closed with %d, told %s", code, got)
		}
		if _, ok := h.Hold(desk.NewPeer(&tray{}, "", ""), &tray{}); ok {
			t.Error("one more is held")
		}
		if socket.code() != 0 {
			t.Errorf("the socket is closed with %d", socket.code())
		}
		release()
	})
}

// Close does not wait for news, and does wait for polls to end.
func TestCloseEndsPolls(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{})
		_, out, release := caller(t, h, "1", "x")
		closed := make(chan struct{})
		go func() {
			h.Close()
			close(closed)
		}()
		synctest.Wait()
		if code, _ := out.ended(); code != wire.CloseShutdown {
			t.Errorf("closed with %d", code)
		}
		select {
		case <-closed:
			t.Error("it did not wait")
		default:
		}
		release()
		<-closed
	})
}
