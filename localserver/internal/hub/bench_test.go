package hub

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// sink takes everything at once.
type sink struct{ taken atomic.Int64 }

func (s *sink) Write(m []byte) error { s.taken.Add(int64(len(m))); return nil }

func (*sink) Close(wire.CloseCode, string) {}

func (*sink) Abort() {}

// benchHub has n visitors connected, each under a topic of their own.
func benchHub(b *testing.B, n int) (*Hub, [][]desk.Topic) {
	h := New(b.Context(), Options{
		Now: time.Now, Connections: n,
		Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
			c.Seq++
			return core.Change{Conversation: c}, nil
		},
		Dispatch: func(context.Context, core.GroupID) error { return nil },
	})
	topics := make([][]desk.Topic, n)
	for i := range n {
		if !h.Reserve() {
			b.Fatal("no place")
		}
		c := h.Connect(new(sink), "", "")
		c.Peer.Who.ID, c.Peer.Outbox = fmt.Sprint(i), "origin-1"
		topics[i] = []desk.Topic{desk.Topic(fmt.Sprint("v:", i)), "a:somebody"}
		_ = h.Join(b.Context(), c.Peer, topics[i][0])
	}
	b.Cleanup(func() {
		for _, c := range h.connections() {
			h.Disconnect(c)
		}
		h.Close()
	})
	return h, topics
}

// One lock for all topics is enough: finding somebody takes a fraction of a
// microsecond, and what is done with them happens outside it.
func BenchmarkEach(b *testing.B) {
	for _, n := range []int{100, 10_000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			h, topics := benchHub(b, n)
			var next atomic.Int64
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					h.Each(b.Context(), topics[int(next.Add(7919))%n], func(*desk.Peer) {})
				}
			})
		})
	}
}

// A letter through a room and back, of one conversation or of many.
func BenchmarkTell(b *testing.B) {
	for _, rooms := range []int{1, 1000} {
		b.Run(fmt.Sprint(rooms), func(b *testing.B) {
			h, _ := benchHub(b, 1)
			ids := make([]core.ConversationID, rooms)
			for i := range ids {
				ids[i] = core.ConversationID(fmt.Sprint(i))
			}
			done := make(chan struct{}, 1)
			answer := func(core.Change, error) { done <- struct{}{} }
			b.ReportAllocs()
			for i := range b.N {
				h.Tell(b.Context(), ids[i%rooms], note(i), answer)
				<-done
			}
		})
	}
}

// A frame queued to an idle connection, and the goroutine that writes it.
func BenchmarkSend(b *testing.B) {
	h, topics := benchHub(b, 1000)
	var conns []*Conn
	for _, t := range topics {
		conns = append(conns, h.find(nil, t[:1])...)
	}
	message := frame(1)
	b.ReportAllocs()
	for i := range b.N {
		conns[i%len(conns)].Send(message)
	}
}
