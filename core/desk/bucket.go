package desk

import (
	"context"
	"errors"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Who sends too fast is told so, and when to come again. Three things are
// bounded by buckets of tokens, a frame costing one:
//
//   - all that one visitor or agent sends, by whatever tabs and polls: so that
//     ten tabs are not ten times as heavy as one;
//   - the pings of each connection, which have room of their own, and the
//     hellos of each author: or a tab that is told to be slow would lose its
//     heartbeat too, and could not come back;
//   - the first words of visitors who never said anything, all together on this
//     node: for who takes another name each time has a full bucket each time.
//
// Nothing is counted by address: a school behind one NAT is no flood.
//
// A message is taken or refused as a whole. If the first half of a batch were
// taken, the other half would meet a gap.

// allowance is what somebody may send.
type allowance struct {
	rate, burst float64 // frames a second for ever, and at once
}

// of is what somebody may, if that is what a visitor may.
func (a allowance) of(who core.Party) allowance {
	if who.Kind == core.Staff {
		return allowance{a.rate * agentTimes, a.burst * agentTimes}
	}
	return a
}

const (
	agentTimes = 5 // an agent talks to many

	// Heartbeats come every few seconds at most, and now and then a client
	// probes; who reconnects does so with pauses that grow.
	pingRate, pingBurst   = 1, 10
	helloRate, helloBurst = 1, 30

	maxVisitorConns = 20 // of one visitor at a time: tabs
	maxAgentConns   = 100

	// Who sends that many bursts more within a minute, although told not to,
	// does not listen and is closed.
	floodBursts = 10
	floodWindow = 60 // seconds within which such a one may come back
)

// bucket is what somebody has used up lately. The zero bucket is full.
type bucket struct {
	used float64 // tokens of the burst
	at   time.Time
}

// take takes tokens out, or says how long it takes until they are there. No
// more are asked for than a bucket holds.
func (b *bucket) take(tokens float64, a allowance, now time.Time) (wait time.Duration) {
	tokens = min(tokens, a.burst)
	if passed := now.Sub(b.at); passed > 0 {
		b.used, b.at = max(b.used-passed.Seconds()*a.rate, 0), now
	}
	const rounding = 1e-6 // who waits as long as they were told must not be told again
	if over := b.used + tokens - a.burst; over > rounding {
		return max(time.Duration(over/a.rate*float64(time.Second)), time.Millisecond)
	}
	b.used += tokens
	return 0
}

// sender is what one author has used up, on all connections.
type sender struct{ frames, hellos bucket }

// maxSenders is how many are remembered at least; at most twice as many are.
const maxSenders = 10_000

// senders remembers who sent lately: in two generations, of which the older is
// dropped whole. So it is bounded without a list to keep in order, and the
// worst that comes of forgetting somebody is that their bucket is full again.
type senders struct {
	mu         sync.Mutex
	young, old map[core.Party]*sender // guarded by mu
}

// take takes tokens out of the bucket that of chooses.
func (s *senders) take(who core.Party, of func(*sender) *bucket, tokens float64, a allowance, now time.Time) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	return of(s.findLocked(who)).take(tokens, a, now)
}

// drain leaves nothing in it.
func (s *senders) drain(who core.Party, of func(*sender) *bucket, a allowance, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	*of(s.findLocked(who)) = bucket{a.burst, now}
}

func (s *senders) findLocked(who core.Party) *sender {
	if len(s.young) >= maxSenders || s.young == nil {
		s.old, s.young = s.young, map[core.Party]*sender{}
	}
	x := s.young[who]
	if x == nil {
		if x = s.old[who]; x == nil {
			x = &sender{}
		}
		s.young[who] = x
	}
	return x
}

// arrivals bounds how many conversations begin on a node. A new one costs all
// who look at its line more than a message of an old one does.
type arrivals struct {
	mu   sync.Mutex
	used bucket // guarded by mu
}

const (
	arrivalRate, arrivalBurst = 100, 1000 // a second, and at once: a campaign that a shop sends out
	arrivalRetry              = time.Second
)

// come returns RateLimited if too many begin. What goes on goes on.
func (a *arrivals) come(now time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	wait := a.used.take(1, allowance{arrivalRate, arrivalBurst}, now)
	if wait == 0 {
		return nil
	}
	return &core.Error{Code: core.RateLimited, Message: "very many begin to write now; come again in a moment", Retry: max(wait, arrivalRetry)}
}

func framesOf(s *sender) *bucket { return &s.frames }

func hellosOf(s *sender) *bucket { return &s.hellos }

// pace is what one connection has used up. It belongs to whoever serves it.
type pace struct {
	pings   bucket
	refused int // frames, since
	since   time.Time
}

// paced returns RateLimited for a message that comes too early. Who is not
// known yet is not paced: a second message that is no good hello is their last.
func (d *Desk) paced(p *Peer, frames []wire.Frame, lim core.Limits) error {
	if !p.Known() {
		return nil
	}
	now, tokens := d.Now(), float64(max(len(frames), 1))
	if onlyPings(frames) && p.pace.pings.take(tokens, allowance{pingRate, pingBurst}, now) == 0 {
		return nil
	}
	rate, burst := lim.Allowed()
	a := allowance{float64(rate), float64(burst)}.of(p.Who)
	if wait := d.senders.take(p.Who, framesOf, tokens, a, now); wait > 0 {
		if p.pace.floods(int(tokens), floodBursts*int(a.burst), now) {
			return errFlood
		}
		return &core.Error{Code: core.RateLimited, Message: "too much at once; come again a little later", Retry: wait}
	}
	return nil
}

// errFlood says that somebody goes on although told.
var errFlood = core.Errorf(core.RateLimited, "too much, although told")

func onlyPings(frames []wire.Frame) bool {
	for i := range frames {
		if frames[i].Type != wire.Ping {
			return false
		}
	}
	return len(frames) > 0
}

// floods counts frames that were refused, and reports whether there are more
// than that within a minute.
func (p *pace) floods(frames, most int, now time.Time) bool {
	if now.Sub(p.since) >= time.Minute {
		p.refused, p.since = 0, now
	}
	p.refused += frames
	return p.refused > most
}

// slow answers each frame of a message that is refused as a whole: those that
// are numbered by their number, so that an outbox knows; if there are none, all
// of them at once.
func (d *Desk) slow(p *Peer, frames []wire.Frame, err error) {
	if errors.Is(err, errFlood) {
		const reason = "too much, although told to wait"
		a := allowance{helloRate, helloBurst}.of(p.Who)
		d.senders.drain(p.Who, hellosOf, a, d.Now()) // or it would go on from another connection at once
		p.answer(wire.Bye{Type: "bye", Code: int(wire.CloseSlow), Reason: reason, Window: floodWindow})
		p.end(wire.CloseSlow, reason)
		return
	}
	told := false
	for _, f := range frames {
		if wire.Numbered(f.Type) && f.N > 0 {
			d.refuse(p, f, err)
			told = true
		}
	}
	if !told {
		d.refuse(p, wire.Frame{}, err)
	}
}

// admit says whether who has a token may say hello once more: not too often,
// and not on too many connections at a time. The one that an origin has
// already does not count, since this one replaces it. Whose token is none of
// ours is for hello to refuse.
func (d *Desk) admit(ctx context.Context, f *wire.Frame) error {
	who, topic, most := d.bearer(f.Token)
	if most == 0 {
		return nil
	}
	if wait := d.senders.take(who, hellosOf, 1, allowance{helloRate, helloBurst}.of(who), d.Now()); wait > 0 {
		return &core.Error{Code: core.RateLimited, Message: "too many connections, one after the other", Retry: wait}
	}
	n := 0
	d.Floor.Each(ctx, []Topic{topic}, func(p *Peer) {
		if string(p.Outbox) != f.Origin {
			n++
		}
	})
	if n >= most {
		return &core.Error{Code: core.RateLimited, Message: "too many connections at a time", Retry: time.Minute}
	}
	return nil
}

// bearer returns whom a token names, where they are found, and how many
// connections they may have; 0: nobody.
func (d *Desk) bearer(token string) (core.Party, Topic, int) {
	if token == "" {
		return core.Party{}, "", 0
	}
	if a, err := d.keys.Agent(token, d.Now()); err == nil {
		return core.AgentParty(core.AgentID(a.ID)), TopicAgent(core.AgentID(a.ID)), maxAgentConns
	}
	v, err := d.keys.Visitor(token, d.Now())
	if err != nil {
		return core.Party{}, "", 0
	}
	id := core.ConversationOf(core.SiteID(v.Site), core.VisitorID(v.ID))
	return core.Party{Kind: core.Visitor, ID: v.ID}, TopicVisitor(id), maxVisitorConns
}
