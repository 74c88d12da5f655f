package dynamo

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"kefu/core/desk"
)

// View finds connections, and remembers for a moment where it looked: what one
// invocation has to say often goes to the same people several times. It is safe
// for concurrent use.
type View struct {
	cs *Connections

	mu   sync.Mutex
	seen map[key]*seen // guarded by mu
}

// seen is what was found in a place, or is being looked for there.
type seen struct {
	at   time.Time
	done chan struct{} // closed when the fields below are set

	found []Connection
	err   error
}

// viewFor is how long a view believes what it saw.
const viewFor = time.Second

// View returns one that remembers nothing yet.
func (cs *Connections) View() *View { return &View{cs: cs, seen: map[key]*seen{}} }

// Forget has the view look again, after a change of our own.
func (v *View) Forget() {
	v.mu.Lock()
	defer v.mu.Unlock()
	clear(v.seen)
}

// Find returns the connections under any of the topics, each once. They may be
// a moment old. A topic costs half a read unit for each 4 KiB of what is found
// there; those of one conversation are one, and so are groups and staff. What
// was looked at a moment ago costs nothing.
func (v *View) Find(ctx context.Context, topics ...desk.Topic) ([]Connection, error) {
	places := placesOf(topics)
	found := make([][]Connection, len(places))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for i, p := range places {
		g.Go(func() (err error) {
			found[i], err = v.look(ctx, p)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	byID := map[string]Connection{}
	for _, c := range slices.Concat(found...) {
		if slices.ContainsFunc(topics, c.under) {
			c.rows = append(slices.Clone(c.rows), byID[c.ID].rows...)
			byID[c.ID] = c
		}
	}
	return slices.SortedFunc(maps.Values(byID), func(a, b Connection) int {
		return cmp.Or(a.Joined.Compare(b.Joined), cmp.Compare(a.ID, b.ID))
	}), nil
}

// look returns all connections in a place. Who asks while another one looks
// waits for what that finds.
func (v *View) look(ctx context.Context, p place) ([]Connection, error) {
	now := v.cs.st.Now()
	v.mu.Lock()
	s := v.seen[p.key]
	mine := s == nil || now.Sub(s.at) >= viewFor
	if mine {
		s = &seen{at: now, done: make(chan struct{})}
		v.seen[p.key] = s
	}
	v.mu.Unlock()
	if !mine {
		select {
		case <-s.done:
			return s.found, s.err
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	defer close(s.done)
	s.err = v.cs.st.each(ctx, p.span, func(it item) (bool, error) {
		if c := connection(it); v.cs.lives(it) {
			c.rows = []key{keyOf(it)}
			s.found = append(s.found, c)
		}
		return false, nil
	})
	if s.err != nil {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.seen[p.key] == s {
			delete(v.seen, p.key)
		}
	}
	return s.found, s.err
}

// Find is that of a view which remembers nothing.
func (cs *Connections) Find(ctx context.Context, topics ...desk.Topic) ([]Connection, error) {
	return cs.View().Find(ctx, topics...)
}

// under reports whether a connection is found under a topic.
func (c Connection) under(t desk.Topic) bool { return slices.Contains(c.Topics, t) }

// place is where connections are found.
type place struct {
	key
	span span
}

// placesOf returns where to look for the topics, each place once.
func placesOf(topics []desk.Topic) []place {
	places := map[key]span{}
	everybody := key{partStaff, ""}
	for _, t := range topics {
		switch kind, id := split(t); kind {
		case desk.TopicVisitor(""), desk.TopicWatch(""):
			places[key{atConversation(id), ""}] = all(atConversation(id), "")
		case desk.TopicAgent(""):
			places[key{partStaff, id}] = all(partStaff, agentPrefix(id))
		default:
			places[everybody] = all(partStaff, "")
		}
	}
	_, staff := places[everybody]
	var out []place
	for k, s := range places {
		if !staff || k.pk != partStaff || k == everybody {
			s.weak = true
			out = append(out, place{k, s})
		}
	}
	return out
}
