// Package desk serves frames and requests for any host: it says who may do
// what, has it decided by package core, and performs what follows.
//
// A host owns connections, goroutines and the store; it hands the desk every
// message of a client and gets told what to send. The ports in this file are
// all that the desk asks of a host:
//
//   - [Rooms] has inputs decided, those of one conversation one by one.
//   - [Floor] knows the live connections and finds them by [Topic].
//   - [Outlet] is the way out of one connection.
//   - Options.Seek and Options.Ask start what takes time of its own.
//
// and these are the calls it makes:
//
//	d, err := desk.New(ctx, options)      // once
//	d.Serve(ctx, peer, message)           // for each message of a connection
//	d.Poll(ctx, body, origin, addr)       // for each long-poll
//	d.Upload(ctx, upload)                 // for each file, and d.File to give it out
//	d.Gone(ctx, peer, clean)              // when the connection has ended
//	d.Decide(ctx, remembered, input)      // from Rooms.Tell
//	d.Dispatch(ctx, group)                // when Options.Seek asked for it
//	d.Answer(ctx, id, seq)                // when Options.Ask did, and d.Brief, d.Embed likewise
//	d.Tick(ctx)                           // every second; every minute on Lambda
//
// Rights without a conversation (accounts, settings) come from copies that
// are read again at most every five seconds; rights that depend on the
// conversation are judged in core.Step. What nobody allowed is refused.
package desk

import (
	"context"
	"crypto/rand"
	"io"
	"log/slog"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/blob"
	"kefu/core/identity"
	"kefu/core/wire"
)

// Rooms has inputs decided.
type Rooms interface {
	// Tell has Desk.Decide called with an input for a conversation and then
	// done, exactly once, with what came of it. Inputs of one conversation
	// are decided one after the other, in the order of Tell, and done is
	// called in that order too, before the next is decided. A room that has
	// no place gives Unavailable at once. done must not block; it may run
	// before Tell returns, or on another goroutine.
	Tell(ctx context.Context, id core.ConversationID, in core.Input, done func(core.Change, error))
}

// Topic is what a connection listens to; see the functions that make one.
type Topic string

// TopicVisitor is the visitor's own connections.
func TopicVisitor(id core.ConversationID) Topic { return Topic("v:" + string(id)) }

// TopicAgent is the connections of one agent.
func TopicAgent(id core.AgentID) Topic { return Topic("a:" + string(id)) }

// TopicGroup is the connections of those who see the line of a group.
func TopicGroup(id core.GroupID) Topic { return Topic("g:" + string(id)) }

// TopicWatch is the connections of agents who watch a conversation.
func TopicWatch(id core.ConversationID) Topic { return Topic("w:" + string(id)) }

// TopicStaff is the connections of all agents.
const TopicStaff Topic = "staff"

// Floor knows the live connections: those of this node or, where every frame
// may come to another process, those that a table says there are. It is safe for
// concurrent use, and none of its methods waits for a connection. It is all
// hints: who is not found asks again with the next heartbeat. So only Join,
// which somebody waits for, says that it failed; the others log it, and find
// nobody.
type Floor interface {
	// Join has p found under the given topics, and no others, from now on
	// until Leave. A second Join leaves no moment in which p is not found
	// under a topic of both. An outbox (Who and Outbox, if that is not empty)
	// is one peer's: if another has it and p Replaces that one, it leaves, and
	// is closed with CloseReplaced. Who does not get it is found all the same.
	Join(ctx context.Context, p *Peer, topics ...Topic) error

	// Leave takes p out; a second time it does nothing.
	Leave(ctx context.Context, p *Peer)

	// Each calls visit once for every peer found under any of the topics.
	// visit must not block and must not call the Floor.
	Each(ctx context.Context, topics []Topic, visit func(*Peer))

	// Present reports whether anybody is found under the topic; also where that
	// can not be found out.
	Present(ctx context.Context, t Topic) bool
}

// Outlet is the way out of one connection.
type Outlet interface {
	// Send queues one message. It never blocks: a connection whose queue is
	// full is closed with CloseSlow.
	Send(message []byte)

	// Close ends the connection after what was sent. The host precedes it
	// by a bye frame with the same code if none was sent.
	Close(code wire.CloseCode, reason string)
}

// Heartbeats, in seconds, as welcome announces them.
const (
	visitorEvery, visitorMax = 25, 50
	agentEvery, agentMax     = 10, 12
)

// Patience is how long a host waits for the next message of a peer that last
// announced next seconds (0: nothing) before it closes it with CloseStale.
func Patience(next int) time.Duration {
	if next <= 0 {
		next = visitorMax
	}
	return max(time.Duration(next)*2500*time.Millisecond, 10*time.Second)
}

// HelloWithin is how long a connection may go without a hello.
const HelloWithin = 10 * time.Second

// Options are the ports of a Desk. Store, Rooms, Floor, Seek and Now are
// needed.
type Options struct {
	Store core.Store
	Rooms Rooms
	Floor Floor

	// Recall returns a conversation as it was last decided here, for what may be
	// a moment old: the rooms know it without a read. nil, or false: it is read.
	Recall func(core.ConversationID) (core.Conversation, bool)

	// Seek has Dispatch called for a group, soon, on another goroutine or
	// after the present call. Many calls for one group may be one.
	Seek func(core.GroupID)

	// Ask has Answer called for event seq of a conversation, on a goroutine or
	// in a process of its own. nil: there is no assistant, and a person is asked.
	Ask func(id core.ConversationID, seq uint64)

	// Debrief has Brief called for a session that the assistant has left to a
	// person, likewise. nil: there are no summaries.
	Debrief func(id core.ConversationID, session uint32)

	// Reembed has Embed called for a site, likewise. nil: what has no vectors is
	// found by its words until it changes.
	Reembed func(core.SiteID)

	// Flush has what was pushed leave now, where the host keeps it until what it
	// was called for is done; pieces of an answer are worth nothing behind it.
	// nil: it leaves at once anyway.
	Flush func(ctx context.Context)

	// Knowledge bounds what a site's assistant knows; zero: assist.Bounds' own.
	Knowledge assist.Bounds

	// Receptionist asks models, see Desk.Answer. nil: there is none.
	Receptionist *assist.Receptionist

	// Hold takes a place for a poll that may have to wait for news, and
	// returns how to give it back; false: there is none. What ends the poll
	// early, as when the host goes away, is said by its Outlet. nil: this
	// host holds no polls, and answers them at once.
	Hold func(p *Peer, out Outlet) (release func(), ok bool)

	// Stays remembers visitors between two polls where the next may come to
	// another process. nil: the desk does.
	Stays Stays

	// Beat is how often agents are to be heard of; zero: every 10 to 12 s. Their
	// lease is two and a half times as long, or 30 s, so that 16 is the most
	// with which one who drops out is found out within 40 s.
	Beat wire.Heartbeat

	// Forgets is for a host whose next Tick may be another process's: what the
	// staff was told of itself is then kept in the store.
	Forgets bool

	// Files keeps what is uploaded. nil: this host takes no uploads. Poster, if
	// it is not nil, has clients send files to the store by themselves. Media is
	// needed with Files.
	Files  blob.Store
	Poster blob.Poster
	Media  blob.Media

	// Resumed is told how a client that said hello goes on: "fresh" without a
	// cursor, "recovered" with so many events that it lacked, "reset" where its
	// cursor means nothing any more. nil: nobody is.
	Resumed func(result string, events int)

	// Operator is asked what whoever runs the host has decided; nil: nothing.
	Operator func() Operator

	// Outgoing sends a message to an address that an admin configured, and
	// waits ten seconds at most. It refuses those that lead into the network
	// of the host; see package outgoing. nil: this host sends none.
	Outgoing func(ctx context.Context, m Outgoing) (OutgoingAnswer, error)

	// Mail sends a plain text. nil: this host sends none.
	Mail func(ctx context.Context, to []string, subject, text string) error

	// Lists says that Floor finds the visitors of a site by TopicSite, so that
	// agents can be shown who is on its pages.
	Lists bool

	Now    func() time.Time
	Random io.Reader    // nil: crypto/rand
	Log    *slog.Logger // nil: none
}

// Desk serves frames and requests. It is safe for concurrent use.
type Desk struct {
	// Static after New.
	Options
	keys      *identity.Keys
	passwords *identity.Passwords
	logins    *throttle
	senders   senders
	arrivals  arrivals
	epoch     string

	staff    cache[map[core.AgentID]core.Account]
	settings cache[core.Settings]
	blocks   cache[map[core.VisitorID]core.Block]
	hooks    cache[[]Webhook]

	uploads uploads
	leases  leases
	pollers pollers
	clock   clock

	marks      marks
	deliverer  deliverer
	alertsBusy sync.Mutex
	alerts     alerts // of who has alertsBusy
	answers    answers
	books      books
	library    library
}

// New returns a desk over a store. It makes the store's signing keys if there
// are none yet.
func New(ctx context.Context, o Options) (*Desk, error) {
	if o.Random == nil {
		o.Random = rand.Reader
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.Knowledge = o.Knowledge.InForce()
	if o.Beat == (wire.Heartbeat{}) {
		o.Beat = wire.Heartbeat{Every: agentEvery, Max: agentMax}
	}
	keys, err := signingKeys(ctx, o)
	if err != nil {
		return nil, err
	}
	epoch, err := o.Store.Epoch(ctx)
	if err != nil {
		return nil, err
	}
	d := &Desk{
		Options: o, keys: keys, epoch: epoch, logins: newThrottle(),
		passwords: identity.NewPasswords(o.Random, 2, 5*time.Second),
	}
	d.staff.load, d.settings.load, d.blocks.load, d.hooks.load = d.loadStaff, d.servedSettings, d.loadBlocks, d.knowHooks
	if d.deliverer.name, err = identity.NewID(o.Random, "n"); err != nil {
		return nil, err
	}
	return d, nil
}

func signingKeys(ctx context.Context, o Options) (*identity.Keys, error) {
	fresh, err := identity.NewKeys(o.Random)
	if err != nil {
		return nil, err
	}
	kept, err := o.Store.Secret(ctx, "token-keys", fresh.Bytes())
	if err != nil {
		return nil, err
	}
	return identity.ParseKeys(kept)
}

// Decide has one input decided and stored. The host passes the conversation
// as it remembers it; see core.Apply for what it may believe afterwards.
func (d *Desk) Decide(ctx context.Context, c core.Conversation, in core.Input) (core.Change, error) {
	site := c.Site
	if said, ok := in.(core.Said); ok && site == "" {
		site = said.Site
	}
	if site == "" {
		fresh, err := d.Store.Load(ctx, c.ID)
		if err != nil {
			return core.Change{Conversation: c}, err
		}
		c, site = fresh, fresh.Site
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return core.Change{Conversation: c}, err
	}
	rules, _ := settings.Rules(site) // a site that was removed has no groups and takes no new session
	watched, err := d.marked(ctx, c)
	if err != nil {
		return core.Change{Conversation: c}, err
	}
	var change core.Change
	switch in.(type) {
	case core.Edited, core.Recalled:
		change, err = core.Amend(ctx, d.Store, c.ID, rules, d.Now(), in)
	default:
		change, err = core.Apply(ctx, d.Store, c, rules, d.Now(), in)
	}
	if watched && !change.Empty() {
		d.marks.happened(c.ID)
	}
	return change, err
}

func (d *Desk) loadStaff(ctx context.Context) (map[core.AgentID]core.Account, error) {
	list, err := d.Store.Accounts(ctx)
	byID := make(map[core.AgentID]core.Account, len(list))
	for _, a := range list {
		byID[a.ID] = a
	}
	if err == nil {
		err = d.demote(ctx, byID)
	}
	return byID, err
}

func (d *Desk) loadSettings(ctx context.Context) (core.Settings, error) {
	s, err := d.Store.Settings(ctx)
	if err == nil && s.Version == 0 {
		s = core.DefaultSettings()
	}
	if o := d.operator(); o.Settings != nil && err == nil {
		version, at, by := s.Version, s.At, s.By
		s = *o.Settings
		s.Version, s.At, s.By = version, at, by
	}
	return s, err
}
