package desk

import (
	"cmp"
	"context"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Poll serves one long-poll, of a visitor unless it has an agent's token (see
// pollStaff): its body, from a page of the given
// HTTP Origin (or none), of a client at addr. It returns the answer, a JSON
// array of frames, of at most wire.MaxMessage bytes. An error is for a poll
// that can not be answered with frames; RateLimited and Unavailable ask to
// come again.
//
// Nothing of a poll is kept that the client would miss: token, cursor and epoch
// are its state. So an answer that is lost costs nothing, for the next poll
// has the same cursor and finds the same. For the same reason nothing is passed
// on that was pushed: a push only has the log read again. A poll that waits
// listens first and reads then, like a hello.
//
// Events come as frames of type event, also the visitor's own, so that events
// is always the answer to an after or before. There is no head before the last
// event, and no word to a poll that a newer connection of its outbox ends: most
// likely both are of the same client.
//
// A poll that ctx ends is given up, but what it sent is decided.
func (d *Desk) Poll(ctx context.Context, body []byte, page, addr string) ([]byte, error) {
	lim := d.limits(ctx)
	q, err := wire.DecodePoll(body, lim)
	if err != nil {
		return nil, err
	}
	p := d.newPoll(q, page, addr)
	if token, ok, err := d.pollsAsStaff(q); err != nil {
		return nil, err
	} else if ok {
		return d.pollStaff(ctx, p, token, lim)
	}
	if d.Hold != nil {
		release, ok := d.Hold(p, p.poll)
		if !ok {
			return nil, &core.Error{Code: core.Unavailable, Message: "there is no place for another connection", Retry: holdRetry}
		}
		defer release()
	}
	defer d.pollGone(ctx, p)
	if err := d.pollHello(ctx, p); err != nil {
		return nil, err
	}
	if err := d.pollFrames(ctx, p, lim); err != nil {
		return nil, err
	}
	return d.pollNews(ctx, p)
}

const (
	holdRetry    = 5 * time.Second
	answerWithin = 10 * time.Second // for the frames of a poll; those without an answer then are repeated
)

func (d *Desk) newPoll(q wire.Poll, page, addr string) *Peer {
	p := NewPeer(nil, page, addr)
	p.poll = &poll{Poll: q, begun: d.Now(), news: make(chan struct{}, 1), known: q.Head}
	p.out = p.poll
	return p
}

// pollHello finds out who polls and has them listen. Who said hello, or has no
// cursor that means anything here, is welcomed.
func (d *Desk) pollHello(ctx context.Context, p *Peer) error {
	f, err := p.poll.takeHello()
	if err != nil {
		return err
	}
	// Set before p joins the floor, where others ask whom it replaces.
	p.Outbox = core.Origin(f.Origin)
	if p.poll.hello {
		if err := d.admit(ctx, f); err != nil {
			return err
		}
		return d.helloVisitor(ctx, p, f)
	}
	settings, site, token, err := d.meet(ctx, p, f)
	if err != nil {
		return err
	}
	if d.Stays != nil {
		return d.goOn(ctx, p, f, func() error { return d.greetVisitor(ctx, p, f, site, token, settings) })
	}
	if err := d.crowded(ctx, p); err != nil {
		return err
	}
	d.remember(p)
	was := d.online(ctx, p.Conversation) // who comes back after their time said no hello that agents were told of
	if err := d.Floor.Join(ctx, p, TopicVisitor(p.Conversation)); err != nil {
		return err
	}
	c, err := d.Store.Load(ctx, p.Conversation)
	if err != nil {
		return err
	}
	if fresh, reset := d.stands(c, f); fresh || reset || c.Erased {
		return d.greetVisitor(ctx, p, f, site, token, settings)
	}
	p.poll.after = *f.After
	p.know()
	if !was && c.Session.Phase.Open() {
		d.pushHead(ctx, c, c.Session.Group, d.staffOf(c), nil, d.namer(ctx, c))
	}
	return nil
}

// takeHello takes the hello that the frames begin with, or makes one of what
// the poll itself says.
func (q *poll) takeHello() (*wire.Frame, error) {
	f := &wire.Frame{Type: wire.Hello, V: wire.Version, Origin: q.Origin, Page: &wire.Page{}, User: &wire.UserAuth{}}
	switch {
	case len(q.Frames) > 0 && q.Frames[0].Type == wire.Hello:
		f, q.hello, q.Frames = &q.Frames[0], true, q.Frames[1:]
		if f.Bad != nil {
			return nil, f.Bad
		}
	case q.Token == "":
		return nil, core.Errorf(core.Unauthorized, "a poll has a token, or begins with a hello")
	}
	f.Token, f.Site = cmp.Or(f.Token, q.Token), cmp.Or(f.Site, q.Site)
	if f.After == nil {
		f.After, f.Epoch = q.After, cmp.Or(f.Epoch, q.Epoch)
	}
	if f.After == nil && !q.hello {
		f.After = new(uint64) // welcomed before, and nothing to see yet
	}
	return f, nil
}

// crowded refuses to have one more poll of somebody listen who has as many
// connections as anybody may.
func (d *Desk) crowded(ctx context.Context, p *Peer) error {
	n := 0
	d.Floor.Each(ctx, []Topic{TopicVisitor(p.Conversation)}, func(other *Peer) {
		if !p.Replaces(other) {
			n++
		}
	})
	if n >= maxVisitorConns {
		return &core.Error{Code: core.RateLimited, Message: "too many connections at a time", Retry: holdRetry}
	}
	return nil
}

// remember gives p what an earlier hello said. If nobody knows, at least a
// record of them is made when they say something.
func (d *Desk) remember(p *Peer) {
	if known, ok := d.pollers.find(p.Conversation); ok {
		p.Tag, p.profile = known.tag, known.profile
		return
	}
	p.profile = &core.Profile{ID: core.VisitorID(p.Who.ID), Site: p.Site, Seen: d.Now()}
}

// pollFrames serves the frames of a poll, in order, and waits until those that
// are numbered have their answers. A page of the log comes last, for it takes
// what room there is, and there is one in an answer.
func (d *Desk) pollFrames(ctx context.Context, p *Peer, lim core.Limits) error {
	early := d.paced(p, nil, lim) // the poll itself is one of the things that can come too fast
	frames := p.poll.Frames
	switch {
	case early != nil && len(frames) == 0:
		return early
	case len(frames) == 0:
		return nil
	case early == nil:
		early = d.paced(p, frames, lim)
	}
	if early != nil {
		d.slow(p, frames, early)
		return nil
	}
	p.poll.head = nil // it may be another when they are served
	var page *wire.Frame
	for i := range frames {
		f := &frames[i]
		switch {
		case p.ended:
			return nil
		case f.Bad != nil || f.Type != wire.After && f.Type != wire.Before:
			d.serve(ctx, p, f)
		case page == nil:
			page = f
		default:
			d.refuse(p, *f, &core.Error{Code: core.RateLimited, Message: "one page of the log at a time", Retry: 100 * time.Millisecond})
		}
	}
	p.poll.settle(ctx, answerWithin)
	p.poll.Frames = nil // nothing is kept free for their answers any more
	if page != nil && !p.ended {
		d.serve(ctx, p, page)
	}
	return nil
}

// pollNews answers at once if there is something to say, or else waits until
// there is.
func (d *Desk) pollNews(ctx context.Context, p *Peer) ([]byte, error) {
	q := p.poll
	end := time.NewTimer(time.Duration(q.Wait) * time.Second)
	defer end.Stop()
	for last := d.Hold == nil; ; {
		closed := q.closed() // before the log is read: what is said now is in it
		n, err := d.readNews(ctx, p)
		if err != nil {
			return nil, err
		}
		if last || closed || n.says || q.says() {
			q.next = d.nextPoll(q, n)
			return q.compose(n, q.next), nil
		}
		select {
		case <-q.news:
		case <-end.C:
			last = true // once more: a push is only a hint
		case <-ctx.Done():
			return nil, &core.Error{Code: core.Unavailable, Message: "the poll was given up", Cause: ctx.Err()}
		}
	}
}

// news is what a poll has to tell besides its answers.
type news struct {
	events [][]byte
	more   bool   // there are events that had no room
	read   uint64 // the log was read up to here
	head   []byte // if it changed
	tag    string // of the head that the client has then
	says   bool
	idle   time.Duration // since anything happened
}

// readNews reads what a client does not have yet. The head comes once all
// events have come: it is about the last of them.
func (d *Desk) readNews(ctx context.Context, p *Peer) (news, error) {
	q := p.poll
	n := news{tag: q.known}
	c, err := d.pollHead(ctx, p)
	if err != nil {
		return n, err
	}
	n.idle = d.Now().Sub(c.At)
	view := p.view(d.namer(ctx, c))
	if c.Public > q.after {
		if err := d.readEvents(ctx, c, q, view, &n); err != nil {
			return n, err
		}
	}
	if n.more {
		return n, nil
	}
	if n.read > c.Seq { // something came meanwhile, and an older head after it would be the last that is told
		if c, err = d.Store.Load(ctx, c.ID); err != nil {
			return n, err
		}
	}
	if d.Stays != nil && !n.says {
		if quiet, err := d.quiet(ctx, q.known, c); quiet || err != nil {
			return n, err
		}
	}
	f, err := d.facts(ctx, c)
	if err != nil {
		return n, err
	}
	q.readHead(&n, f.head(view, p.Outbox))
	return n, nil
}

// pollHead returns the conversation, as it was read a moment ago if nothing
// was done since.
func (d *Desk) pollHead(ctx context.Context, p *Peer) (c core.Conversation, err error) {
	if p.poll.head != nil {
		c, p.poll.head = *p.poll.head, nil
	} else if c, err = d.Store.Load(ctx, p.Conversation); err != nil {
		return c, err
	}
	if c.Seq == 0 {
		c.Site, c.Visitor = p.Site, core.VisitorID(p.Who.ID)
	}
	return c, nil
}

// readHead adds the head to the news, if it is news.
func (q *poll) readHead(n *news, h wire.Head) {
	tag := headTag(h)
	switch before := cmp.Or(q.known, q.base); {
	case before == "":
		q.base = tag // from here on a change is one
	case before != tag:
		n.says = true
	}
	if !n.says {
		return
	}
	// Who has to come back for it keeps the tag of the head that they have, or
	// an event that brings the head with it.
	n.head, n.tag = wire.Encode(wire.Conversation{Type: "conversation", Conversation: h}), tag
	if _, room := q.room(); room < size(n.events)+len(n.head)+1 {
		n.head, n.tag, n.more = nil, q.known, true
		n.events = n.events[:max(len(n.events)-1, min(len(n.events), 1))]
	}
}

func size(frames [][]byte) (bytes int) {
	for _, f := range frames {
		bytes += len(f) + 1
	}
	return bytes
}

func (d *Desk) readEvents(ctx context.Context, c core.Conversation, q *poll, v wire.View, n *news) error {
	frames, room := q.room()
	got, err := d.pageAfter(ctx, c.ID, q.after, frames, room, v)
	if err != nil {
		return err
	}
	n.more, n.says, n.read = got.more, true, got.last
	for _, e := range got.events {
		e.Type = "event"
		data := wire.Encode(e)
		if room -= len(data) + 1; room < 0 { // the type had not been counted
			n.more = true
			break
		}
		n.events = append(n.events, data)
	}
	return nil
}

// NextPoll is after how many seconds a host that holds no polls wants the next
// one of a conversation in which nothing happened for so long: quick answers
// while people talk, few requests while they do not.
func NextPoll(idle time.Duration) int {
	switch {
	case idle < 15*time.Second:
		return 1
	case idle < 2*time.Minute:
		return 2
	case idle < 10*time.Minute:
		return 5
	default:
		return 15
	}
}

// nextPoll is when the client should come back. Two clients that take one
// outbox for theirs would end each other's polls as fast as the network goes:
// one that was ended so soon, for nothing, waits.
func (d *Desk) nextPoll(q *poll, n news) int {
	switch replaced := q.ending() == wire.CloseReplaced; {
	case n.more || q.rest:
		return 0
	case replaced && !n.says && !q.says() && d.Now().Sub(q.begun) < time.Second:
		return 1
	case d.Hold != nil:
		return 0
	default:
		return NextPoll(n.idle)
	}
}

// pollGone has p heard of no more. The visitor is there for some time yet,
// unless another connection speaks for them now.
func (d *Desk) pollGone(ctx context.Context, p *Peer) {
	q := p.poll
	if d.Stays != nil {
		return // it was not there to be heard of
	}
	if !p.Known() {
		d.Floor.Leave(ctx, p)
		return
	}
	if q.ending() != wire.CloseReplaced {
		d.pollers.keep(p.Conversation, poller{until: d.Now().Add(stays(q.next, q.Wait)), tag: p.Tag, profile: p.profile})
	}
	d.Gone(context.WithoutCancel(ctx), p, false)
}
