package desk_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// answers counts what answers a frame: everything that is not pushed.
func (c *client) answers() (n int) {
	for _, f := range c.news() {
		switch f.str("type") {
		case "ack", "error", "events", "pong", "presence", "welcome":
			n++
		}
	}
	return n
}

// asks counts the frames of a message that must be answered.
func asks(message []byte) int {
	frames, err := wire.Decode(message, core.DefaultLimits())
	if err != nil {
		return 1
	}
	n := 0
	for _, f := range frames {
		if f.Bad != nil || f.Type != wire.Typing && f.Type != wire.Read {
			n++
		}
	}
	return n
}

// FuzzServe sends anything at all, as somebody unknown, as a visitor and as an
// agent. Nothing panics, every frame is answered, and what is sent fits; the
// client checks that.
func FuzzServe(f *testing.F) {
	for _, x := range frames {
		fields := map[string]any{"type": x.typ, "origin": "origin-of-fuzz", "n": 1, "session": 1}
		for k, v := range x.fields {
			fields[k] = v
		}
		one := object(fields)
		fields["conversation"] = "c_7k2m5x3q6p4r8t1v9w0y2z4a"
		f.Add([]byte(one))
		f.Add([]byte(object(fields)))
		f.Add([]byte("[" + one + `,{"type":"what"},` + one + "]"))
	}
	f.Add([]byte(`{"type":"hello","v":1,"origin":"origin-of-fuzz","after":7,"epoch":"e_1","token":"x"}`))
	f.Fuzz(func(t *testing.T, message []byte) {
		n := newNode(t)
		amy := n.agent("amy", core.RoleSupervisor, 1).online()
		vi := n.visitor("vi")
		vi.say("hello")
		for _, c := range []*client{n.connect("unknown"), vi, amy} {
			c.seenAll()
			c.serve(string(message))
			if got, want := c.answers(), asks(message); got < want && c.closed() == 0 || got == 0 && want > 0 {
				t.Errorf("%s sends %q: %d answers to %d frames", c.name, message, got, want)
			}
		}
		n.tick()
	})
}

// sink is an outlet that only counts.
type sink struct{ frames atomic.Int64 }

func (s *sink) Send([]byte)                  { s.frames.Add(1) }
func (s *sink) Close(wire.CloseCode, string) {}

func (n *node) sink(hello map[string]any) (*desk.Peer, *sink) {
	out := &sink{}
	p := desk.NewPeer(out, "", "192.0.2.1")
	all := map[string]any{"type": "hello", "v": 1, "origin": "origin-of-bench"}
	for k, v := range hello {
		all[k] = v
	}
	n.desk.Serve(n.Context(), p, []byte(object(all)))
	return p, out
}

// BenchmarkDesk is frames through a desk over memstore: of a visitor who is
// held by an agent, whose connection gets the events.
func BenchmarkDesk(b *testing.B) {
	start := func(b *testing.B) (n *node, visitor *desk.Peer, toAgent *sink) {
		w := newWorld(b)
		w.set(func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 1_000_000, 1_000_000 })
		n = w.node()
		n.hire("amy", core.RoleAgent, 1)
		agent, toAgent := n.sink(map[string]any{"token": n.signed("amy")})
		n.desk.Serve(b.Context(), agent, []byte(`{"type":"status","status":"online"}`))
		visitor, _ = n.sink(nil)
		return n, visitor, toAgent
	}
	const send = `{"type":"send","origin":"origin-of-bench","n":%d,"body":{"kind":"text","text":"你好，请问有什么可以帮您？"}}`
	b.Run("send", func(b *testing.B) {
		n, visitor, toAgent := start(b)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			n.pass(10 * time.Microsecond) // ten frames' worth
			n.desk.Serve(b.Context(), visitor, fmt.Appendf(nil, send, i))
			if i == 1 {
				n.settle()
			}
		}
		if got := toAgent.frames.Load(); got < int64(i) {
			b.Fatalf("the agent is sent %d frames of %d", got, i)
		}
		b.ReportMetric(float64(i)/b.Elapsed().Seconds(), "frames/s")
	})
	b.Run("ping", func(b *testing.B) {
		n, visitor, _ := start(b)
		b.ReportAllocs()
		for b.Loop() {
			n.pass(10 * time.Microsecond)
			n.desk.Serve(b.Context(), visitor, []byte(`{"type":"ping","next":25}`))
		}
		b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "frames/s")
	})
}
