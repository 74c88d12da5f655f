package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// hello welcomes a connection. The order matters: it listens first and reads
// then, so that nothing falls between the two; what is pushed meanwhile is
// kept back until the welcome is sent.
func (d *Desk) hello(ctx context.Context, p *Peer, f *wire.Frame) error {
	p.Outbox = core.Origin(f.Origin)
	if f.Token != "" {
		agent, err := d.keys.Agent(f.Token, d.Now())
		switch {
		case err == nil:
			return d.helloAgent(ctx, p, agent, f)
		case errors.Is(err, identity.ErrExpired):
			return err
		}
	}
	return d.helloVisitor(ctx, p, f)
}

func (d *Desk) helloVisitor(ctx context.Context, p *Peer, f *wire.Frame) error {
	settings, site, token, err := d.meet(ctx, p, f)
	if err != nil {
		return err
	}
	if f.Token != "" && !p.Polling() { // before they are found by what others know them as; who polls is not found
		gone, err := d.gone(ctx, p.Conversation)
		if err != nil {
			return err
		}
		if gone {
			f.Token = ""
			return d.helloVisitor(ctx, p, f)
		}
	}
	p.Tag, p.lang, p.profile = f.Tag, f.Lang, profileOf(p, f, d.Now())
	p.visits(p.profile.Page, d.Now())
	if p.user.ID != "" {
		if err := d.introduce(ctx, p); err != nil {
			return err
		}
	}
	if err := d.Floor.Join(ctx, p, d.visitorTopics(p)...); err != nil {
		return err
	}
	d.pollers.forget(p.Conversation) // from here on this connection says whether they are there
	if err := d.greetVisitor(ctx, p, f, site, token, settings); err != nil {
		d.Floor.Leave(ctx, p)
		return err
	}
	return nil
}

func (d *Desk) greetVisitor(ctx context.Context, p *Peer, f *wire.Frame, site core.Site, token string, settings core.Settings) error {
	c, err := d.Store.Load(ctx, p.Conversation)
	if err != nil {
		return err
	}
	if c.Erased {
		return d.begin(ctx, p, f)
	}
	if c.Seq == 0 {
		c.Site, c.Visitor = site.ID, core.VisitorID(p.Who.ID)
	} else if err := d.introduce(ctx, p); err != nil {
		return err
	}
	view := p.view(d.namer(ctx, c))
	facts, err := d.facts(ctx, c)
	if err != nil {
		return err
	}
	w := wire.VisitorWelcome{
		Type: "welcome", V: wire.Version, Role: core.Visitor.String(), Token: token, Epoch: d.epoch,
		N: c.HeardOf(p.Who, p.Outbox).N, Heartbeat: wire.Heartbeat{Every: visitorEvery, Max: visitorMax},
		Limits: limitsOf(settings), Features: d.features(), Visitor: facts.visitor(view), Site: d.siteInfo(site, f.Lang),
		Conversation: facts.head(view, p.Outbox), Events: []wire.Event{},
	}
	const flags = 64 // bytes of reset, more and commas
	page, reset, err := d.resume(ctx, c, f, p.space()-len(wire.Encode(w))-flags, view)
	if err != nil {
		return err
	}
	w.Reset, w.Events, w.More = reset, page.events, page.more
	p.greet(w, page.last)
	if c.Session.Phase.Open() {
		d.pushHead(ctx, c, c.Session.Group, d.staffOf(c), nil, view.Name)
	}
	return nil
}

// begin welcomes somebody whose conversation was erased since they said hello
// as a new visitor.
func (d *Desk) begin(ctx context.Context, p *Peer, f *wire.Frame) error {
	d.Floor.Leave(ctx, p)
	f.Token = ""
	return d.helloVisitor(ctx, p, f)
}

// staffOf are the agents to whom it matters that a visitor comes or goes.
func (d *Desk) staffOf(c core.Conversation) []Topic {
	switch s := c.Session; s.Phase {
	case core.Held:
		return []Topic{TopicAgent(s.Agent)}
	case core.Waiting:
		return []Topic{TopicGroup(s.Group)}
	default:
		return nil
	}
}

// resume returns the events of a welcome that has room for so many bytes of
// them: those after the client's cursor, or the last ones if it has none, or
// none that means anything here.
func (d *Desk) resume(ctx context.Context, c core.Conversation, f *wire.Frame, room int, v wire.View) (page, bool, error) {
	fresh, reset := d.stands(c, f)
	if c.Seq == 0 {
		d.resumed(fresh, reset, 0)
		return page{events: []wire.Event{}}, reset, nil
	}
	if fresh || reset {
		got, err := d.pageBefore(ctx, c.ID, c.Seq+1, lastEvents, room, v)
		// Older ones are found by prev. Newer ones there are none, unless not
		// even the last one had room.
		got.more, got.last = got.more && len(got.events) == 0, c.Seq
		d.resumed(fresh, reset, 0)
		return got, reset, err
	}
	got, err := d.pageAfter(ctx, c.ID, *f.After, wire.MaxPage, room, v)
	d.resumed(fresh, reset, len(got.events))
	return got, false, err
}

func (d *Desk) resumed(fresh, reset bool, events int) {
	switch {
	case d.Resumed == nil:
	case reset:
		d.Resumed("reset", 0)
	case fresh:
		d.Resumed("fresh", 0)
	default:
		d.Resumed("recovered", events)
	}
}

// stands says whether a client has no cursor yet, or one that means nothing
// here.
func (d *Desk) stands(c core.Conversation, f *wire.Frame) (fresh, reset bool) {
	fresh = f.After == nil || (*f.After == 0 && f.Epoch == "")
	return fresh, !fresh && (f.Epoch != d.epoch || *f.After > c.Seq)
}

// lastEvents is how many events a welcome brings to whom has none.
const lastEvents = 50

func limitsOf(s core.Settings) wire.Limits {
	return wire.Limits{Text: s.Limits.Text, Frame: s.Limits.Frame, Batch: s.Limits.Batch}
}

// features is what this release of the desk does beyond what every host does.
func (d *Desk) features() []string {
	all := []string{"edit", "page", "preview", "snooze", "tag", "users", "watch"}
	if d.Hold != nil || d.Stays != nil {
		all = append(all, "poll")
	}
	if d.Lists {
		all = append(all, "visitors")
	}
	if d.Files != nil {
		all = append(all, "uploads")
	}
	if d.Ask != nil && d.Receptionist != nil {
		all = append(all, "assist")
	}
	return all
}

// assists are the sites that have a model.
func (d *Desk) assists(settings core.Settings) (sites []string) {
	for _, s := range settings.Sites {
		if d.Receptionist != nil && len(s.Receptionist.Providers) > 0 {
			sites = append(sites, string(s.ID))
		}
	}
	return sites
}

// maxHeads is how many of those who wait a welcome lists.
const maxHeads = 50

func (d *Desk) helloAgent(ctx context.Context, p *Peer, token identity.Agent, f *wire.Frame) error {
	account, err := d.account(ctx, core.AgentID(token.ID), token.Generation)
	if err != nil {
		return err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	p.Who, p.tokens, p.expires = core.AgentParty(account.ID), token.Generation, token.Expires
	p.role, p.sees = account.Role, seen(account, settings)
	p.topics = staffTopics(account.ID, p.sees)
	if err := d.Floor.Join(ctx, p, p.topics...); err != nil {
		return err
	}
	d.arrive(ctx, account.ID)
	if err := d.greetAgent(ctx, p, f, account, settings); err != nil {
		d.Floor.Leave(ctx, p)
		return err
	}
	d.seekFor(ctx, account.ID)
	return nil
}

func (d *Desk) greetAgent(ctx context.Context, p *Peer, f *wire.Frame, account core.Account, settings core.Settings) error {
	heads, more, err := d.inbox(ctx, p, account)
	if err != nil {
		return err
	}
	agents, err := d.colleagues(ctx)
	if err != nil {
		return err
	}
	w := wire.AgentWelcome{
		Type: "welcome", V: wire.Version, Role: string(account.Role), Epoch: d.epoch,
		Reset:     f.Epoch != "" && f.Epoch != d.epoch,
		Heartbeat: d.Beat, Limits: d.agentLimits(settings), Features: d.features(),
		Agent: find(agents, account), More: more, Assist: d.assists(settings),
	}
	// What does not fit into one message follows in messages of its own.
	const each = wire.MaxMessage / 2
	n, m := fit(heads, each), fit(agents, each-8<<10)
	w.Conversations, w.Agents = heads[:n], agents[:m]
	p.greet(w, 0)
	for _, h := range heads[n:] {
		p.answer(wire.Conversation{Type: "conversation", Conversation: h})
	}
	for rest := agents[m:]; len(rest) > 0; rest = rest[m:] {
		m = max(fit(rest, wire.MaxMessage-1<<10), 1)
		p.answer(wire.Presence{Type: "presence", Agents: rest[:m]})
	}
	return nil
}

// fit returns how many of the first items take at most size bytes encoded.
func fit[T any](items []T, size int) int {
	for i, item := range items {
		if size -= len(wire.Encode(item)) + 1; size < 0 {
			return i
		}
	}
	return len(items)
}

func find(agents []wire.Agent, a core.Account) wire.Agent {
	for _, x := range agents {
		if x.ID == string(a.ID) {
			return x
		}
	}
	return wire.Agent{ID: string(a.ID), Name: a.Display, Status: string(core.Offline), Capacity: a.Capacity}
}

// inLine is a conversation that waits, and where.
type inLine struct {
	core.Place
	queue *wire.Queue
}

// inbox returns the heads of what an agent holds and of the first who wait in
// their groups; more says that others wait.
func (d *Desk) inbox(ctx context.Context, p *Peer, a core.Account) (heads []wire.Head, more bool, err error) {
	held, err := d.Store.Held(ctx, a.ID)
	if err != nil {
		return nil, false, err
	}
	var line []inLine
	for _, g := range p.sees {
		in, err := d.firstInLine(ctx, g)
		if err != nil {
			return nil, false, err
		}
		line = append(line, in...)
	}
	slices.SortFunc(line, func(x, y inLine) int { return cmp.Or(x.At.Compare(y.At), cmp.Compare(x.ID, y.ID)) })
	if more = len(line) > maxHeads; more {
		line = line[:maxHeads]
	}
	all := make([]inLine, 0, len(held)+len(line))
	for _, id := range held {
		all = append(all, inLine{Place: core.Place{ID: id}})
	}
	heads = []wire.Head{}
	for _, at := range append(all, line...) {
		h, ok, err := d.headFor(ctx, p, a, at)
		if err != nil {
			return nil, false, err
		}
		if ok {
			heads = append(heads, h)
		}
	}
	return heads, more, nil
}

func (d *Desk) firstInLine(ctx context.Context, g core.GroupID) ([]inLine, error) {
	places, err := d.Store.Waiting(ctx, g, maxHeads+1)
	if err != nil || len(places) == 0 {
		return nil, err
	}
	roster, err := d.Store.Roster(ctx, g, d.Now())
	if err != nil {
		return nil, err
	}
	line := make([]inLine, len(places))
	for i, place := range places {
		line[i] = inLine{place, d.place(g, i+1, roster)}
	}
	return line, nil
}

// headFor returns the head of a conversation for an agent, if it still is what
// the list said, or at least something they may see.
func (d *Desk) headFor(ctx context.Context, p *Peer, a core.Account, at inLine) (wire.Head, bool, error) {
	c, err := d.Store.Load(ctx, at.ID)
	if err != nil || !mayRead(a, c.Session) {
		return wire.Head{}, false, err
	}
	facts, err := d.factsButQueue(ctx, c)
	if c.Session.Phase == core.Waiting {
		facts.queue = at.queue
	}
	return facts.head(p.view(d.namer(ctx, c)), p.Outbox), true, err
}
