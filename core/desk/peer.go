package desk

import (
	"sync"
	"sync/atomic"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Peer is one connection as the desk sees it. The host makes it with NewPeer
// and passes it to Serve, from one goroutine at a time.
type Peer struct {
	// Static after NewPeer.
	Page string // the HTTP Origin of the page, or empty
	Addr string // of the client, for the log and for throttling
	out  Outlet

	// Set by hello, static afterwards: Join publishes them to others.
	Who          core.Party
	Outbox       core.Origin
	Site         core.SiteID         // visitors
	Conversation core.ConversationID // visitors
	Tag          string              // visitors
	tokens       uint64              // agents: the generation of the token
	role         core.Role           // agents: as the welcome said
	sees         []core.GroupID      // agents: whose lines it listens to

	// Owned by the goroutine that calls Serve.
	profile *core.Profile         // visitors: what hello said, not stored yet
	bad     []time.Time           // malformed messages of the last minute
	typed   time.Time             // last typing frame passed on
	ended   bool                  // a close was asked for
	topics  []Topic               // agents: what hello had it listen to
	watched []core.ConversationID // agents: what it watches besides

	next atomic.Int64 // seconds until the next ping, as announced

	mu      sync.Mutex
	greeted bool   // guarded by mu: welcome was sent
	held    []kept // guarded by mu: what came before the welcome
}

// kept is a frame that waits for the welcome. seq is set for an event.
type kept struct {
	seq  uint64
	data []byte
}

// NewPeer returns a peer that has not said hello.
func NewPeer(out Outlet, page, addr string) *Peer { return &Peer{out: out, Page: page, Addr: addr} }

// Known reports whether the peer has been welcomed.
func (p *Peer) Known() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.greeted
}

// Next is how many seconds the peer announced until its next ping; 0: it has
// not said.
func (p *Peer) Next() int { return int(p.next.Load()) }

// Visitor reports whether the peer is a visitor's.
func (p *Peer) Visitor() bool { return p.Who.Kind == core.Visitor }

// answer sends a frame to the one who asked.
func (p *Peer) answer(frame any) { p.out.Send(wire.Encode(frame)) }

// maxHeld bounds what is kept back for a welcome that takes its time.
const maxHeld = 256

// push sends a frame that the peer did not ask for. Before the welcome it is
// kept back, so that the welcome is the first thing a client sees.
func (p *Peer) push(seq uint64, data []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.greeted:
		p.out.Send(data)
	case len(p.held) < maxHeld:
		p.held = append(p.held, kept{seq, data})
	default:
		p.out.Close(wire.CloseSlow, "too much at once")
	}
}

// greet sends the welcome, which brings events up to seq, and then what came
// meanwhile and is not in it.
func (p *Peer) greet(welcome any, seq uint64) {
	data := wire.Encode(welcome)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.out.Send(data)
	for _, k := range p.held {
		if k.seq == 0 || k.seq > seq {
			p.out.Send(k.data)
		}
	}
	p.greeted, p.held = true, nil
}

// end says why, and closes.
func (p *Peer) end(code wire.CloseCode, reason string) {
	p.ended = true
	p.out.Close(code, reason)
}
