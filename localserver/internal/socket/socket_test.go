package socket

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"kefu/core/wire"
)

func TestConversation(t *testing.T) {
	s := begin(t, 0, nil)
	c := s.dial(t, "https://shop.example")
	send(t, c, hello)
	if got := kind(receive(t, c)); got != "welcome" {
		t.Fatalf("hello is answered by %s", got)
	}
	send(t, c, say(1, "你好"))
	got := receive(t, c)
	for kind(got) == "event" || kind(got) == "conversation" { // it opens a session
		got = receive(t, c)
	}
	if kind(got) != "ack" || !strings.Contains(got, `"n":1`) {
		t.Errorf("a message is answered by %s", got)
	}
}

func TestHandshake(t *testing.T) {
	s := begin(t, 0, nil)
	for name, test := range map[string]struct{ headers, protocol string }{
		"plain":          {"", ""},
		"ours":           {"Sec-WebSocket-Protocol: kefu.v1\r\n", "kefu.v1"},
		"ours of two":    {"Sec-WebSocket-Protocol: other, kefu.v1\r\n", "kefu.v1"},
		"another":        {"Sec-WebSocket-Protocol: other\r\n", ""},
		"no compression": {"Sec-WebSocket-Extensions: permessage-deflate\r\n", ""},
	} {
		t.Run(name, func(t *testing.T) {
			r, res := dialRaw(t, s.tcp, test.headers, "")
			if res.StatusCode != http.StatusSwitchingProtocols || res.Header.Get("Sec-WebSocket-Protocol") != test.protocol || res.Header.Get("Sec-WebSocket-Extensions") != "" {
				t.Errorf("%d, %v", res.StatusCode, res.Header)
			}
			_ = r.Close()
		})
	}
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusUpgradeRequired {
		t.Errorf("a plain GET: %d", res.StatusCode)
	}
}

// What a client sends ahead of the answer to its handshake is not lost,
// whether it fits our buffer or not.
func TestEarlyMessage(t *testing.T) {
	s := begin(t, 0, nil)
	for _, padding := range []int{0, 2000} {
		first := hello + strings.Repeat(" ", padding)
		r, _ := dialRaw(t, s.tcp, "", packet(final|textOp, first)+packet(final|textOp, ping))
		for _, want := range []string{"welcome", "pong"} {
			if _, got := r.next(t); kind(got) != want {
				t.Errorf("got %.60s, want %s", got, want)
			}
		}
	}
}

func TestMessageInParts(t *testing.T) {
	s := begin(t, 0, nil)
	r, _ := dialRaw(t, s.tcp, "", packet(final|textOp, hello))
	if _, got := r.next(t); kind(got) != "welcome" {
		t.Fatalf("got %s", got)
	}
	text := `{"type":"ping","extra":"你好"}`
	cut := strings.Index(text, "好") + 1 // within a character
	r.send(t, packet(textOp, text[:10]), packet(final|pingOp, "hi"), packet(contOp, text[10:cut]))
	if head, got := r.next(t); head != final|pongOp || got != "hi" {
		t.Errorf("a ping in between: %x %q", head, got)
	}
	r.send(t, packet(contOp, ""), packet(final|contOp, text[cut:]))
	if _, got := r.next(t); kind(got) != "pong" {
		t.Errorf("got %s", got)
	}
}

// A message that is none is answered by an error and a close; others do not
// notice.
func TestBadMessages(t *testing.T) {
	s := begin(t, 0, nil)
	other := s.dial(t, "")
	send(t, other, hello)
	receive(t, other)
	padded := func(size int) string { return hello + strings.Repeat(" ", size-len(hello)) }
	for name, test := range map[string]struct {
		typ     websocket.MessageType
		message string
		last    string
		code    websocket.StatusCode
	}{
		"as large as may be":   {websocket.MessageText, padded(wire.MaxMessage), "welcome", -1},
		"larger":               {websocket.MessageText, padded(wire.MaxMessage + 1), "error too_large", 4502},
		"as large as is read":  {websocket.MessageText, padded(MaxMessage), "error too_large", 4502},
		"larger than is read":  {websocket.MessageText, padded(MaxMessage + 1), "error too_large", 4502},
		"very large":           {websocket.MessageText, padded(3 << 20), "error too_large", 4502},
		"binary":               {websocket.MessageBinary, hello, "error invalid", 1003},
		"not UTF-8":            {websocket.MessageText, strings.Replace(hello, "origin-1", "origin-1\xff", 1), "error invalid", 1007},
		"empty":                {websocket.MessageText, "", "error invalid", 4502},
		"not JSON":             {websocket.MessageText, "hello", "error invalid", 4502},
		"an unknown type":      {websocket.MessageText, `{"type":"hullo"}`, "error invalid", 4502},
		"what breaks the desk": {websocket.MessageText, "panic", "error internal", 1011},
	} {
		t.Run(name, func(t *testing.T) {
			c := s.dial(t, "")
			// Who is refused while it still sends may fail to send the rest.
			_ = c.Write(t.Context(), test.typ, []byte(test.message))
			if test.code < 0 {
				if got := kind(receive(t, c)); got != test.last {
					t.Errorf("answered by %s", got)
				}
				return
			}
			if code, last := ending(t, c); kind(last) != test.last || code != test.code {
				t.Errorf("closed with %d after %s", code, last)
			}
		})
	}
	send(t, other, ping)
	if got := kind(receive(t, other)); got != "pong" {
		t.Errorf("the other got %s", got)
	}
}

// Only who hangs up properly, before we do, has left cleanly.
func TestLeaving(t *testing.T) {
	s := begin(t, 0, nil)
	clean := s.dial(t, "clean")
	send(t, clean, hello)
	receive(t, clean)
	if err := clean.Close(websocket.StatusNormalClosure, ""); err != nil {
		t.Error(err)
	}
	within(t, "it is gone", func() bool { return s.left() == "clean true" })

	reload := s.dial(t, "reload")
	if err := reload.Close(websocket.StatusGoingAway, ""); err != nil {
		t.Error(err)
	}
	within(t, "it is gone", func() bool { return s.left() == "clean true, reload true" })

	r, _ := dialRaw(t, s.tcp, "Origin: cut\r\n", "")
	_ = r.Close()
	within(t, "it is gone", func() bool { return strings.HasSuffix(s.left(), "cut false") })

	half, _ := dialRaw(t, s.tcp, "Origin: half\r\n", packet(final|textOp, hello)[:20])
	_ = half.Close()
	within(t, "it is gone", func() bool { return strings.HasSuffix(s.left(), "half false") })

	refused := s.dial(t, "refused")
	send(t, refused, "{}")
	ending(t, refused)
	within(t, "it is gone", func() bool { return strings.HasSuffix(s.left(), "refused false") })
}

func TestNoPlace(t *testing.T) {
	s := begin(t, 1, nil)
	res, err := http.Get(s.URL) // takes none for long
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	c := s.dial(t, "")
	_, res, err = websocket.Dial(t.Context(), s.URL, nil)
	if err == nil || res.StatusCode != http.StatusServiceUnavailable || res.Header.Get("Retry-After") != retryAfter {
		t.Fatalf("a connection too many: %v, %v", res, err)
	}
	_ = c.Close(websocket.StatusNormalClosure, "")
	within(t, "there is a place", func() bool {
		c, _, err := websocket.Dial(t.Context(), s.URL, nil)
		if err == nil {
			_ = c.CloseNow()
		}
		return err == nil
	})
}

func TestReplaced(t *testing.T) {
	s := begin(t, 0, nil)
	first := s.dial(t, "")
	send(t, first, hello)
	var welcome wire.VisitorWelcome
	if err := json.Unmarshal([]byte(receive(t, first)), &welcome); err != nil {
		t.Fatal(err)
	}
	second := s.dial(t, "")
	send(t, second, fmt.Sprintf(`{"type":"hello","v":1,"origin":"origin-1","token":%q}`, welcome.Token))
	if got := kind(receive(t, second)); got != "welcome" {
		t.Fatalf("got %s", got)
	}
	if code, last := ending(t, first); code != 4503 || kind(last) != "bye 4503" {
		t.Errorf("closed with %d after %s", code, last)
	}
	send(t, second, ping)
	if got := kind(receive(t, second)); got != "pong" {
		t.Errorf("the second got %s", got)
	}
}

func TestDrain(t *testing.T) {
	s := begin(t, 0, nil)
	c := s.dial(t, "")
	send(t, c, hello)
	receive(t, c)
	drained := make(chan error, 1)
	go func() { drained <- s.hub.Drain(t.Context(), 3*time.Second) }()
	code, last := ending(t, c)
	if code != 4000 || kind(last) != "bye 4000" || !strings.Contains(last, `"window":3`) {
		t.Errorf("closed with %d after %s", code, last)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
	res, err := http.Get(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("while it leaves: %d", res.StatusCode)
	}
}

// A tab that does not read is closed while another of the same visitor goes
// on and does not wait for it.
func TestSlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes() // a pipe holds nothing, so what is not read fills the queue
		s := begin(t, 0, p)
		quick, _ := dialRaw(t, p.dial, "", packet(final|textOp, hello))
		var welcome wire.VisitorWelcome
		if _, got := quick.next(t); json.Unmarshal([]byte(got), &welcome) != nil {
			t.Fatalf("got %s", got)
		}
		slow, _ := dialRaw(t, p.dial, "Origin: slow\r\n", packet(final|textOp, fmt.Sprintf(`{"type":"hello","v":1,"origin":"origin-2","token":%q}`, welcome.Token)))
		if _, got := slow.next(t); kind(got) != "welcome" {
			t.Fatalf("got %s", got)
		}
		begun := time.Now()
		for n := 1; n <= 300; n++ {
			quick.send(t, packet(final|textOp, say(n, "hi")))
			for got := ""; kind(got) != "ack"; {
				_, got = quick.next(t)
			}
		}
		if took := time.Since(begun); took > 0 {
			t.Errorf("the quick one waited for %s", took)
		}
		<-time.After(12 * time.Second)
		if got := s.left(); got != "slow false" {
			t.Errorf("left: %q", got)
		}
		_ = quick.Close()
	})
}

// On a clock of our own, over pipes: what takes too long is given up.
func TestTimeouts(t *testing.T) {
	for name, test := range map[string]struct {
		packets []string
		after   time.Duration
	}{
		"no hello":                {nil, 10 * time.Second},
		"pings are no hello":      {[]string{packet(final|pingOp, "")}, 10 * time.Second},
		"half a header":           {[]string{"\x81"}, 10 * time.Second},
		"half a message":          {[]string{packet(final|textOp, hello), packet(final|textOp, ping)[:12]}, 10 * time.Second},
		"a fragment, and no more": {[]string{packet(final|textOp, hello), packet(textOp, ping)}, 10 * time.Second},
		"no heartbeat":            {[]string{packet(final|textOp, hello), packet(final|textOp, `{"type":"ping","next":20}`)}, 50 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPipes()
				begin(t, 0, p)
				begun := time.Now()
				r, _ := dialRaw(t, p.dial, "", "")
				go func() { _, _ = io.WriteString(r, strings.Join(test.packets, "")) }() // a pipe: until it is read
				last := ""
				for !strings.HasPrefix(kind(last), "bye") { // a random id may contain the word
					_, last = r.next(t)
				}
				if took := time.Since(begun); took < test.after || took > test.after+2*time.Second || kind(last) != "bye 4002" {
					t.Errorf("after %s: %s", took, last)
				}
				_ = r.Close()
			})
		})
	}
}

// Who takes nothing is cut within seconds, even if there is little for them.
func TestStuckWriter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipes() // a pipe holds nothing: the first write waits for a reader
		begin(t, 0, p)
		begun := time.Now()
		r, _ := dialRaw(t, p.dial, "", packet(final|textOp, hello))
		<-time.After(20 * time.Second)
		if _, err := io.ReadAll(r.in); err != nil {
			t.Error(err)
		}
		if took := time.Since(begun); took > 21*time.Second {
			t.Errorf("held for %s", took)
		}
	})
}

// An idle connection costs one goroutine, not more.
func TestIdleConnections(t *testing.T) {
	const many = 200
	s := begin(t, 0, nil)
	before := runtime.NumGoroutine()
	for range many {
		r, _ := dialRaw(t, s.tcp, "", packet(final|textOp, hello))
		if _, got := r.next(t); kind(got) != "welcome" {
			t.Fatalf("got %s", got)
		}
	}
	within(t, "all is quiet", func() bool { return runtime.NumGoroutine() <= before+many })
}

func TestCut(t *testing.T) {
	for _, test := range []struct{ reason, want string }{
		{"short", "short"},
		{strings.Repeat("x", 200), strings.Repeat("x", maxReason)},
		{strings.Repeat("x", maxReason-1) + "好", strings.Repeat("x", maxReason-1)},
	} {
		if got := cut(test.reason); got != test.want {
			t.Errorf("%q", got)
		}
	}
}
