package desk_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"

	"kefu/core"
)

// checker holds a desk against delivery.md, naming the promise that is
// broken. It is the store of the desk, and watches its connections.
type checker struct {
	core.Store
	w *world

	mu   sync.Mutex
	logs map[core.ConversationID][]core.Event
	sent map[sentKey]string // what people wrote, by its number
	acks []ackSeen
	both map[core.ConversationID][2]core.Session // before and after the last change
}

type sentKey struct {
	conv   core.ConversationID
	by     core.Party
	origin core.Origin
	n      uint64
}

type ackSeen struct {
	key sentKey
	seq uint64
}

func newChecker(w *world) *checker {
	return &checker{
		Store: w.store, w: w, logs: map[core.ConversationID][]core.Event{}, sent: map[sentKey]string{}, both: map[core.ConversationID][2]core.Session{},
	}
}

func (ch *checker) broken(promise int, format string, args ...any) {
	ch.w.Helper()
	ch.w.Errorf("promise %d is broken: %s", promise, fmt.Sprintf(format, args...))
}

// Commit checks what is stored: 4, 12 and 13.
func (ch *checker) Commit(ctx context.Context, c core.Change) error {
	before, err := ch.Store.Load(ctx, c.Conversation.ID)
	if err != nil {
		return err
	}
	if err := ch.Store.Commit(ctx, c); err != nil {
		return err
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	id := c.Conversation.ID
	for _, e := range c.Events {
		if e.Seq != uint64(len(ch.logs[id]))+1 {
			ch.broken(4, "event %d follows %d others", e.Seq, len(ch.logs[id]))
		}
		ch.logs[id] = append(ch.logs[id], e)
		if e.By.Kind == core.Staff && e.Body.Kind.Said() && !e.Internal && ch.role(e.By.ID) == core.RoleAgent && string(before.Session.Agent) != e.By.ID {
			ch.broken(12, "%s answers, and %q holds the session", e.By.ID, before.Session.Agent)
		}
	}
	if c.Take != "" {
		ch.checkSeats(ctx, c.Take)
	}
	ch.both[id] = [2]core.Session{before.Session, c.Conversation.Session}
	return nil
}

func (ch *checker) role(id string) core.Role {
	a, err := ch.Store.Account(ch.w.Context(), core.AgentID(id))
	ch.w.must(err)
	return a.Role
}

func (ch *checker) checkSeats(ctx context.Context, id core.AgentID) {
	a, err := ch.Store.Account(ctx, id)
	ch.w.must(err)
	held, err := ch.Store.Held(ctx, id)
	ch.w.must(err)
	if len(held) > a.Capacity {
		ch.broken(13, "%s is given a session and holds %d of %d", id, len(held), a.Capacity)
	}
}

// watch returns what checks the frames of one connection: 7 and 14.
func (ch *checker) watch(c *client) func(frame) {
	last := map[string]uint64{}
	return func(f frame) {
		id := f.str("conversation")
		switch f.str("type") {
		case "event":
			ch.checkOrder(c, last, id, f.num("seq"))
			ch.checkRight(c, id, f)
		case "ack":
			if f["prev"] != nil {
				ch.checkOrder(c, last, id, f.num("seq"))
			}
			key := sentKey{core.ConversationID(id), c.peer.Who, core.Origin(f.str("origin")), f.num("n")}
			ch.mu.Lock()
			ch.acks = append(ch.acks, ackSeen{key, f.num("seq")})
			ch.mu.Unlock()
		case "events":
			for _, e := range f.list("events") {
				ch.checkRight(c, id, e)
			}
		case "welcome":
			for _, e := range f.list("events") {
				ch.checkRight(c, e.str("conversation"), e)
				last[e.str("conversation")] = e.num("seq")
			}
			for _, h := range append(f.list("conversations"), f.of("conversation")) {
				ch.checkHead(c, h)
			}
		case "conversation":
			ch.checkHead(c, f.of("conversation"))
		case "typing", "read":
			ch.checkRight(c, id, nil)
		}
	}
}

func (ch *checker) checkOrder(c *client, last map[string]uint64, id string, seq uint64) {
	if seq <= last[id] {
		ch.broken(7, "%s is sent #%d after #%d", c.name, seq, last[id])
	}
	last[id] = seq
}

func (ch *checker) checkHead(c *client, h frame) {
	if h == nil {
		return
	}
	ch.checkRight(c, h.str("id"), h.of("last"))
	if r := h.of("read"); r.num("visitor") > h.num("seq") || r.num("agent") > h.num("seq") {
		ch.broken(11, "%s reads of %v at #%d", c.name, r, h.num("seq"))
	}
}

// checkRight: a visitor sees their own conversation and nothing internal; an
// agent what they lead, hold or held, or what is in a group of theirs, and of
// a change that takes it from them, that.
func (ch *checker) checkRight(c *client, id string, e frame) {
	if c.peer.Visitor() {
		body := e.of("body")
		if id != string(c.peer.Conversation) || e["internal"] != nil || body["why"] != nil || body["note"] != nil {
			ch.broken(14, "visitor %s is sent %v of %s", c.name, e, id)
		}
		return
	}
	a, err := ch.Store.Account(ch.w.Context(), core.AgentID(c.peer.Who.ID))
	ch.w.must(err)
	ch.mu.Lock()
	defer ch.mu.Unlock()
	may := a.Role.Leads()
	for _, s := range ch.both[core.ConversationID(id)] {
		held := func(p core.Past) bool { return p.Agent == a.ID }
		may = may || s.Agent == a.ID || slices.Contains(a.Groups, s.Group) || slices.ContainsFunc(s.Past, held)
	}
	if !may {
		ch.broken(14, "agent %s is sent %v of %s", c.name, e, id)
	}
}

// wrote notes what somebody is about to send under a number.
func (ch *checker) wrote(key sentKey, what string) {
	ch.mu.Lock()
	defer ch.mu.Unlock()
	ch.sent[key] = what
}

// finish reads everything once more: 1, 2, 3, 4 and 6.
func (ch *checker) finish() {
	for id, log := range ch.logs {
		stored := ch.w.log(id)
		if !reflect.DeepEqual(stored, log) {
			ch.broken(4, "%s has other events than were committed", id)
		}
		type outbox struct {
			by     core.Party
			origin core.Origin
		}
		next := map[outbox]uint64{}
		at := map[sentKey]uint64{}
		for _, e := range stored {
			if e.N == 0 {
				continue
			}
			box := outbox{e.By, e.Origin}
			key := sentKey{id, e.By, e.Origin, e.N}
			what, known := ch.sent[key]
			switch {
			case at[key] != 0:
				ch.broken(3, "n %d of %s is #%d and #%d", e.N, e.Origin, at[key], e.Seq)
			case e.N != next[box]+1:
				ch.broken(6, "n %d of %s comes after %d", e.N, e.Origin, next[box])
			case !known || e.Body.Kind.Said() && e.Body.Text != what:
				ch.broken(2, "#%d says %q, and %s wrote %q", e.Seq, e.Body.Text, e.Origin, what)
			}
			next[box], at[key] = e.N, e.Seq
		}
		for _, a := range ch.acks {
			if a.key.conv == id && at[a.key] != a.seq {
				ch.broken(1, "n %d of %s was acknowledged as #%d and is #%d", a.key.n, a.key.origin, a.seq, at[a.key])
			}
		}
	}
}

// view is a client's copy of a log, made as protocol.md, "Order and gaps",
// says.
type view struct {
	last uint64
	have []uint64
}

func (v *view) take(seq, prev uint64) (lacking bool) {
	switch {
	case seq <= v.last:
	case prev == v.last:
		v.last, v.have = seq, append(v.have, seq)
	default:
		return true
	}
	return false
}

// visible is what of a log a receiver may see.
func visible(log []core.Event, visitor bool) []uint64 {
	var seqs []uint64
	for _, e := range log {
		if !visitor || !e.Internal {
			seqs = append(seqs, e.Seq)
		}
	}
	return seqs
}
