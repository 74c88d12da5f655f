package desk

import (
	"sync"
	"sync/atomic"
	"time"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// Peer is one connection as the desk sees it. The host makes it with NewPeer
// and passes it to Serve, from one goroutine at a time.
type Peer struct {
	// Static after NewPeer.
	Page string // the HTTP Origin of the page, or empty
	Addr string // of the client, for the log and for throttling

	// Set by the host before the first Serve, if it knows.
	Browser string // the HTTP User-Agent

	out Outlet

	// Set by hello, static afterwards: Join publishes them to others.
	Who          core.Party
	Outbox       core.Origin
	Site         core.SiteID         // visitors
	Conversation core.ConversationID // visitors
	Tag          string              // visitors
	lang         string              // visitors: as hello says
	user         identity.User       // visitors whom their site vouches for; no ID: it does not
	tokens       uint64              // agents: the generation of the token
	expires      time.Time           // agents: when the token does
	role         core.Role           // agents: as the welcome said
	sees         []core.GroupID      // agents: whose lines it listens to

	// Owned by the goroutine that calls Serve.
	profile *core.Profile         // visitors: what hello said, not stored yet
	bad     []time.Time           // malformed messages of the last minute
	typed   time.Time             // last typing frame passed on
	ended   bool                  // a close was asked for
	pace    pace                  // what it has sent lately, see bucket.go
	topics  []Topic               // agents: what hello had it listen to
	watched []core.ConversationID // agents: what it watches besides

	poll *poll // static: the long-poll that this peer lives for; nil: a socket

	next atomic.Int64 // seconds until the next ping, as announced

	mu      sync.Mutex
	greeted bool   // guarded by mu: welcome was sent
	held    []kept // guarded by mu: what came before the welcome
	trail   trail  // visitors; guarded by mu: see pages.go
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

// Replaces reports whether p, when it joins the floor, ends a connection that
// is there already: an outbox has one. A poll without a hello ends no socket: it
// may have been on its way for long, and the socket be the newer one.
func (p *Peer) Replaces(old *Peer) bool {
	return p != old && p.Outbox != "" && p.Outbox == old.Outbox && p.Who == old.Who &&
		(p.poll == nil || p.poll.hello || old.poll != nil)
}

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
	if w, ok := welcome.(wire.VisitorWelcome); ok && p.poll != nil {
		p.poll.after, p.poll.known, p.poll.rest = seq, headTag(w.Conversation), w.More
	}
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

// know has p known without a welcome: a poll that goes on from a cursor.
func (p *Peer) know() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.greeted, p.held = true, nil
}

// space is how many bytes an answer that is long by nature may take. That of a
// poll shares a message with others.
func (p *Peer) space() int {
	if p.poll == nil {
		return wire.MaxMessage
	}
	_, room := p.poll.room()
	return max(room-len(p.poll.Frames)*usualAnswer, 0)
}

// usualAnswer is how many bytes an ack or an error takes at most.
const usualAnswer = 320

// owe notes that a frame waits for its answer, if anybody waits for that, and
// returns how to say that it has it.
func (p *Peer) owe() (answered func()) {
	if p.poll == nil {
		return func() {}
	}
	return p.poll.owe()
}

// end says why, and closes.
func (p *Peer) end(code wire.CloseCode, reason string) {
	p.ended = true
	p.out.Close(code, reason)
}
