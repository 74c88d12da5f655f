package hub

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/memstore"
	"kefu/core/wire"
)

const slowBye = `{"type":"bye","code":4001,"reason":"too slow to take what is sent"}`

func frame(n int) []byte { return fmt.Appendf(nil, `{"type":"event","seq":%d}`, n) }

func TestSendKeepsOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := start(t, Options{}), newLine()
		c := connect(t, h, l)
		var want []string
		for n := range 2000 {
			c.Send(frame(n))
			want = append(want, string(frame(n)))
			if n%100 == 0 {
				synctest.Wait() // now and then all is written, and nobody is left to write
				if c.flushing {
					t.Fatal("an idle connection keeps a goroutine")
				}
			}
		}
		synctest.Wait()
		if got, _ := l.frames(t); !slices.Equal(got, want) {
			t.Errorf("%d frames arrived, or in another order", len(got))
		}
	})
}

// A few that wait go out one by one, a backlog in batches that keep to the
// limits of the protocol.
func TestBatches(t *testing.T) {
	for _, test := range []struct {
		frames, bytes, messages int
	}{
		{7, 10, 1 + 7}, {8, 10, 1 + 1}, {64, 10, 1 + 1}, {70, 10, 1 + 1 + 6}, {200, 10, 1 + 3 + 1}, {20, 10_000, 1 + 5 + 5}, {10, 40_000, 1 + 10},
	} {
		synctest.Test(t, func(t *testing.T) {
			h, l := start(t, Options{}), newLine()
			l.stalled = make(chan struct{})
			c := connect(t, h, l)
			c.Send(frame(0)) // on its way while the others queue up
			synctest.Wait()
			want := []string{string(frame(0))}
			for n := range test.frames {
				m := fmt.Sprintf(`{"n":%d,"text":"%s"}`, n, strings.Repeat("x", test.bytes))
				c.Send([]byte(m))
				want = append(want, m)
			}
			close(l.stalled)
			synctest.Wait()
			got, messages := l.frames(t)
			if !slices.Equal(got, want) {
				t.Errorf("%+v: %d frames arrived, or in another order", test, len(got))
			}
			if messages != test.messages {
				t.Errorf("%+v: in %d messages", test, messages)
			}
		})
	}
}

// Who does not read is closed with 4001, without anybody waiting, and is cut
// if they do not even take that. Others do not notice.
func TestSlowReader(t *testing.T) {
	for name, test := range map[string]struct {
		kind    core.PartyKind
		message []byte
		most    int
	}{
		"by number":           {core.Visitor, frame(1), maxQueue},
		"by size":             {core.Visitor, make([]byte, maxBytes/4), 4},
		"of staff, by number": {core.Staff, frame(1), maxStaffQueue},
		"of staff, by size":   {core.Staff, make([]byte, maxBytes/4), 4},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, slow, quick := start(t, Options{}), newLine(), newLine()
				slow.stalled = make(chan struct{})
				a, b := connect(t, h, slow), connect(t, h, quick)
				a.Peer.Who.Kind = test.kind
				_ = h.Join(t.Context(), a.Peer)
				sent := 0
				for ; !a.Ended(); sent++ {
					a.Send(test.message)
					b.Send(frame(sent))
					synctest.Wait()
				}
				if want := test.most + 2; sent != want {
					t.Errorf("closed at message %d, want %d", sent, want)
				}
				a.Send(frame(0))
				if got, _ := quick.frames(t); len(got) != sent {
					t.Errorf("%d of %d reached the other", len(got), sent)
				}
				close(slow.stalled) // it wakes up
				synctest.Wait()
				got, _ := slow.frames(t)
				if len(got) != 2 || got[1] != slowBye || slow.code() != wire.CloseSlow {
					t.Errorf("closed with %d after %.80q", slow.code(), got)
				}
			})
		})
	}
}

func TestStuckReaderIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := start(t, Options{}), newLine()
		l.stalled = make(chan struct{})
		c := connect(t, h, l)
		c.Send(frame(1))
		pass(9 * time.Second)
		if l.aborted() {
			t.Error("cut too early")
		}
		pass(3 * time.Second)
		if !l.aborted() || !c.Ended() {
			t.Error("not cut")
		}
	})
}

func TestFailedWriteEndsTheConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := start(t, Options{}), newLine()
		l.broken = true
		c := connect(t, h, l)
		c.Send(frame(1))
		c.Send(frame(2))
		synctest.Wait()
		if !l.aborted() || !c.Ended() || len(c.queue) != 0 || l.code() != 0 {
			t.Errorf("cut %v, ended %v, closed %d, %d queued", l.aborted(), c.Ended(), l.code(), len(c.queue))
		}
	})
}

// A close is said in a frame too, once.
func TestBye(t *testing.T) {
	bye := func(code wire.CloseCode) string {
		return fmt.Sprintf(`{"type":"bye","code":%d,"reason":"why"}`, code)
	}
	refused := string(wire.Encode(wire.ErrorFor(wire.Frame{}, core.Errorf(core.Forbidden, "no"))))
	ofFrame := string(wire.Encode(wire.ErrorFor(wire.Frame{Type: wire.Send, Origin: "o", N: 3}, core.Errorf(core.Forbidden, "no"))))
	for name, test := range map[string]struct {
		sent []string
		code wire.CloseCode
		want string // after sent; "": nothing
	}{
		"after nothing":           {nil, wire.CloseReplaced, bye(4503)},
		"after an event":          {[]string{string(frame(1))}, wire.CloseShutdown, bye(4000)},
		"after its error":         {[]string{refused}, wire.CloseForbidden, ""},
		"after another error":     {[]string{refused}, wire.CloseExpired, bye(4004)},
		"after an error long ago": {[]string{refused, string(frame(1))}, wire.CloseForbidden, bye(4501)},
		"after a frame's error":   {[]string{ofFrame}, wire.CloseForbidden, bye(4501)},
		"after its bye":           {[]string{bye(4501)}, wire.CloseForbidden, ""},
		"WebSocket's own":         {[]string{refused}, 1007, ""},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, l := start(t, Options{}), newLine()
				c := connect(t, h, l)
				want := slices.Clone(test.sent)
				for _, m := range test.sent {
					c.Send([]byte(m))
				}
				c.Close(test.code, "why")
				c.Close(wire.CloseStale, "again")
				c.Send(frame(2))
				synctest.Wait()
				if test.want != "" {
					want = append(want, test.want)
				}
				if got, _ := l.frames(t); !slices.Equal(got, want) || l.code() != test.code {
					t.Errorf("closed with %d after %q, want %q", l.code(), got, want)
				}
			})
		})
	}
}

// A close that the other side does not answer ends all the same.
func TestCloseIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, l := start(t, Options{}), newLine()
		c := connect(t, h, l)
		c.Send(frame(1))
		synctest.Wait()
		l.stalled = make(chan struct{})
		c.Close(wire.CloseReplaced, "why")
		pass(closeWithin + 2*time.Second)
		if !l.aborted() {
			t.Error("it hangs")
		}
	})
}

// newDesk returns a hub with a real desk over an empty store: only a desk can
// welcome a peer.
func newDesk(t *testing.T, o Options) (*Hub, *desk.Desk) {
	t.Helper()
	h := start(t, o)
	d, err := desk.New(t.Context(), desk.Options{Store: memstore.New("e"), Rooms: h, Floor: h, Seek: h.Seek, Now: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	return h, d
}

const hello = `{"type":"hello","v":1,"origin":"origin-1"}`

func TestStale(t *testing.T) {
	type step struct {
		at     time.Duration
		do     string // a message to serve; "begin": the first byte of one; "heard": one that leads to nothing
		closed bool   // by then
	}
	for name, steps := range map[string][]step{
		"no hello":    {{9 * time.Second, "", false}, {11 * time.Second, "", true}},
		"not welcome": {{5 * time.Second, "heard", false}, {11 * time.Second, "", true}},
		"no ping":     {{0, hello, false}, {124 * time.Second, "", false}, {126 * time.Second, "", true}},
		"pings": {
			{0, hello, false},
			{20 * time.Second, `{"type":"ping","next":20}`, false},
			{69 * time.Second, `{"type":"ping","next":2}`, false}, // 2.5 x 20 s hold it
			{78 * time.Second, "", false},                         // at least 10 s
			{80 * time.Second, "", true},
		},
		"half a message": {
			{0, hello, false},
			{30 * time.Second, "begin", false}, {39 * time.Second, "", false}, {41 * time.Second, "", true},
		},
		"a message in parts": {
			{0, hello, false},
			{30 * time.Second, "begin", false}, {39 * time.Second, `{"type":"ping","next":50}`, false}, {60 * time.Second, "", false},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				h, d := newDesk(t, Options{})
				l := newLine()
				c := connect(t, h, l)
				begin := time.Now()
				for _, s := range steps {
					pass(s.at - time.Since(begin))
					switch s.do {
					case "":
					case "begin":
						c.Began()
					case "heard":
						c.Heard()
					default:
						c.Began()
						c.Heard()
						d.Serve(t.Context(), c.Peer, []byte(s.do))
					}
					synctest.Wait()
					if got := l.code() == wire.CloseStale; got != s.closed {
						t.Errorf("after %s: closed %v with %d", s.at, got, l.code())
					}
				}
			})
		})
	}
}
