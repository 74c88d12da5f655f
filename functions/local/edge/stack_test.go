package edge

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// stack is the whole of it over TCP: a client, the gateway, a function of
// processes, and its posts back.
type stack struct {
	*Gateway
	function *Function
	url      string
	faults   *Faults
}

func newStack(t testing.TB, change func(*FunctionOptions)) *stack {
	t.Helper()
	s := &stack{faults: NewFaults(1)}
	server := httptest.NewUnstartedServer(nil)
	s.url = "http://" + server.Listener.Addr().String() + "/ws"
	o := FunctionOptions{
		Name: "socket", Bootstrap: executable(t), Credentials: keys, Now: time.Now, Faults: s.faults,
		Timeout: 10 * time.Second, Env: map[string]string{"ENDPOINT": s.url},
	}
	if change != nil {
		change(&o)
	}
	var err error
	if s.function, err = NewFunction(o); err != nil {
		t.Fatal(err)
	}
	all := map[string]Route{"$connect": {s.function, false}, "$disconnect": {s.function, false}, "$default": {s.function, true}}
	s.Gateway = New(t.Context(), Options{Routes: all, Credentials: keys, Now: time.Now, Faults: s.faults})
	server.Config.Handler = s.Gateway
	server.Start()
	t.Cleanup(func() {
		s.Gateway.Close()
		s.function.Close()
		server.Close()
	})
	return s
}

func (s *stack) open(t testing.TB) *websocket.Conn {
	t.Helper()
	c, _, err := websocket.Dial(t.Context(), strings.Replace(s.url, "http", "ws", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	c.SetReadLimit(1 << 20)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

// TestStack: what a client says reaches a process, and what that posts, with
// the SDK, the client.
func TestStack(t *testing.T) {
	s := newStack(t, nil)
	if u, err := url.Parse(s.url); err != nil || u.Hostname() != "127.0.0.1" {
		t.Fatalf("%s: only this machine may call", s.url)
	}
	c := s.open(t)
	for i := range 3 {
		text := fmt.Sprint("你好 ", i)
		send(t, c, "post "+text)
		if got := receive(t, c); got != text {
			t.Errorf("got %q", got)
		}
	}
	send(t, c, "env AWS_LAMBDA_FUNCTION_NAME")
	if got := receive(t, c); got != "socket" {
		t.Errorf("got %q", got)
	}
	send(t, c, "exit")
	if got := receive(t, c); !strings.Contains(got, `"Internal server error"`) {
		t.Errorf("after the death of a process: %q", got)
	}
	send(t, c, "post and on")
	if got := receive(t, c); got != "and on" {
		t.Errorf("got %q", got)
	}
	// More than two where a client was faster than the response of what it got.
	if s := s.function.Stats(); s.Starts < 2 || s.Deaths != 1 {
		t.Errorf("%+v, want a start, a death and another start", s)
	}
}

// TestTooLargeOverTCP: the client learns why, though it is still sending when
// the gateway reads no further. A connection that is closed with something
// unread is reset, and takes the close frame with it.
func TestTooLargeOverTCP(t *testing.T) {
	s := newStack(t, nil)
	for range 5 {
		c := s.open(t)
		var sending sync.WaitGroup
		sending.Go(func() { _ = c.Write(t.Context(), websocket.MessageText, make([]byte, 8*MaxMessage)) }) // cut short
		if code := ending(t, c); code != websocket.StatusMessageTooBig {
			t.Errorf("closed with %d", code)
		}
		sending.Wait()
	}
}

// TestStackUnderFaults: every message is answered in the end if the client
// repeats it, which is all that the protocol asks of it; and every fault of
// functions and messages has struck.
func TestStackUnderFaults(t *testing.T) {
	s := newStack(t, nil)
	conns := []*websocket.Conn{s.open(t), s.open(t), s.open(t)}
	struck := []Fault{Reorder, Duplicate, Delay, ColdStart, LostResponse, Crash}
	s.faults.Set(0.1, struck...)
	var clients sync.WaitGroup
	for i, c := range conns {
		clients.Go(func() {
			for n := range 60 {
				want := fmt.Sprintf("%d-%d", i, n)
				for try := 0; try < 100; try++ {
					send(t, c, "post "+want)
					if until(t, c, want) {
						break
					}
				}
			}
		})
	}
	clients.Wait()
	for _, x := range struck {
		if s.faults.Hits()[x] == 0 {
			t.Errorf("%s never struck: %v", x, s.faults.Hits())
		}
	}
}

// until reads up to a text (true) or a failure (false).
func until(t *testing.T, c *websocket.Conn, text string) bool {
	for {
		switch got := receive(t, c); {
		case got == text:
			return true
		case strings.Contains(got, "Internal server error"):
			return false
		}
	}
}

// BenchmarkRoundTrip is a message of a client, served by a warm process, that
// posts it back; and, as init-ms, how long a process took to its first /next.
func BenchmarkRoundTrip(b *testing.B) {
	for name, body := range map[string]string{"post": "post x", "response": "count"} {
		b.Run(name, func(b *testing.B) {
			s := newStack(b, nil)
			c := s.open(b)
			var took []time.Duration
			for b.Loop() {
				began := time.Now()
				if err := c.Write(b.Context(), websocket.MessageText, []byte(body)); err != nil {
					b.Fatal(err)
				}
				if _, _, err := c.Read(b.Context()); err != nil {
					b.Fatal(err)
				}
				took = append(took, time.Since(began))
			}
			slices.Sort(took)
			b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "median-ms")
			b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
			b.ReportMetric(float64(s.function.Stats().Init.Microseconds())/1000, "init-ms")
		})
	}
}

// BenchmarkColdStart is a message that finds no process. KEFU_BOOTSTRAP may
// name a binary as it is deployed, which must be one that needs no variable.
func BenchmarkColdStart(b *testing.B) {
	f := deploy(b, func(o *FunctionOptions) {
		o.Faults = NewFaults(1)
		o.Faults.Set(1, ColdStart)
		if path := os.Getenv("KEFU_BOOTSTRAP"); path != "" {
			o.Bootstrap = path
		}
	})
	var took []time.Duration
	for b.Loop() {
		if _, err := call(b, f, "count"); err != nil {
			b.Fatal(err)
		}
		took = append(took, f.Stats().Init)
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "init-median-ms")
	b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "init-p95-ms")
}
