package hosttest

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// The history is what clients saw, and the checker holds it against the final
// log, by the numbers of delivery.md. It knows nothing of how a server works.

// author is who an event is by: "visitor v_1", "agent a_2", "system".
type author string

// send is one frame under its number, however often it was sent.
type send struct {
	client       string
	conversation string
	by           author
	origin       string
	n            uint64
	text         string // unique in a history, so that it can be told in the log
	internal     bool

	invoked  time.Duration // when it was first sent
	answered time.Duration // when its outcome was known
	outcome  outcome
	seq      uint64 // of the ack; 0: covered by the ack of a later one
}

type outcome int

const (
	unknown outcome = iota
	acked
	refused // definitely
)

// entry is an event of a log, as somebody saw it.
type entry struct {
	seq, prev uint64
	at        time.Time
	by        author
	kind      string
	text      string
	internal  bool
}

func (e entry) String() string {
	return fmt.Sprintf("%s %q by %s at %s, internal %v", e.kind, e.text, e.by, e.at.Format("15:04:05.000"), e.internal)
}

// arrival is an event, or the ack that stands for it, as it came on a
// connection by itself.
type arrival struct {
	connection   string
	conversation string
	seq          uint64
}

// resumption is a welcome that answered a cursor.
type resumption struct {
	connection   string
	conversation string
	after        uint64
	head         uint64 // last event that the visitor may see, by that welcome
	events       []entry
	more, reset  bool
}

// history is safe for concurrent use until it is checked.
type history struct {
	mu         sync.Mutex
	sends      []*send
	seen       map[string][]entry // by conversation: every event that anybody saw, as often
	arrivals   []arrival
	resumed    []resumption
	views      map[string][]entry // by "client conversation": what a client had in the end
	epochs     map[string]bool
	violations []string // what a client noticed at once
}

func newHistory() *history {
	return &history{seen: map[string][]entry{}, views: map[string][]entry{}, epochs: map[string]bool{}}
}

// violate notes what a client noticed by itself.
func (h *history) violate(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.violations = append(h.violations, fmt.Sprintf(format, args...))
}

// check returns what is wrong with a history, given the final logs by
// conversation. Each line begins with the promise that is broken.
func (h *history) check(logs map[string][]entry) []string {
	c := &checker{history: h, logs: logs, places: map[string]map[string]uint64{}, faults: slices.Clone(h.violations)}
	for id, log := range logs {
		c.gapless(id, log)
		c.once(id, log)
	}
	c.outcomes()
	c.noInvention()
	c.realTime()
	c.sendersOrder()
	c.wireOrder()
	for _, r := range h.resumed {
		c.honest(r)
	}
	c.sameViews()
	return few(c.faults)
}

// few keeps three faults of each promise: one bug often breaks a promise a
// thousand times.
func few(faults []string) []string {
	slices.Sort(faults)
	count := map[string]int{}
	return slices.DeleteFunc(faults, func(f string) bool {
		promise, _, _ := strings.Cut(f, ":")
		count[promise]++
		return count[promise] > 3
	})
}

type checker struct {
	*history
	logs   map[string][]entry
	places map[string]map[string]uint64 // conversation, text: its seq in the log
	faults []string
}

func (c *checker) fault(promise int, format string, args ...any) {
	names := map[int]string{
		1: "durable ack", 2: "no invention", 3: "idempotent send", 4: "gapless, immutable order", 5: "real-time order",
		6: "sender's order", 7: "wire order", 8: "honest resume", 10: "definite outcomes",
	}
	c.faults = append(c.faults, fmt.Sprintf("promise %d (%s): ", promise, names[promise])+fmt.Sprintf(format, args...))
}

// gapless: a log is 1..n, and nobody ever saw another event in a place of it.
func (c *checker) gapless(id string, log []entry) {
	for i, e := range log {
		if e.seq != uint64(i+1) {
			c.fault(4, "%s: event %d stands in place %d", id, e.seq, i+1)
			return
		}
	}
	for _, e := range c.seen[id] {
		if e.seq == 0 || e.seq > uint64(len(log)) {
			c.fault(1, "%s: event %d %q was seen, and is not in the log of %d", id, e.seq, e.text, len(log))
			continue
		}
		now := log[e.seq-1]
		if e.by != now.by || e.kind != now.kind || e.text != now.text || e.internal != now.internal || !e.at.Equal(now.at) {
			c.fault(4, "%s: event %d was %s, and is %s", id, e.seq, e, now)
		}
	}
}

// once: no message is in a log twice.
func (c *checker) once(id string, log []entry) {
	c.places[id] = map[string]uint64{}
	for _, e := range log {
		if e.kind != "text" {
			continue
		}
		if first, ok := c.places[id][e.text]; ok {
			c.fault(3, "%s: %q is event %d and %d", id, e.text, first, e.seq)
		}
		c.places[id][e.text] = e.seq
	}
}

// outcomes: what was acknowledged is there, in its place; what was refused is
// not.
func (c *checker) outcomes() {
	for _, s := range c.sends {
		seq, stored := c.places[s.conversation][s.text]
		switch {
		case s.outcome == acked && !stored:
			c.fault(1, "%s: %q was acknowledged as event %d, and is not in the log", s.conversation, s.text, s.seq)
		case s.outcome == acked && s.seq != 0 && s.seq != seq:
			c.fault(1, "%s: %q was acknowledged as event %d, and is event %d", s.conversation, s.text, s.seq, seq)
		case s.outcome == refused && stored:
			c.fault(10, "%s: %q was refused, and is event %d", s.conversation, s.text, seq)
		}
	}
}

// noInvention: every message was sent, by its author, to that conversation.
func (c *checker) noInvention() {
	sent := map[string]*send{}
	for _, s := range c.sends {
		sent[s.text] = s
	}
	for id, log := range c.logs {
		for _, e := range log {
			if e.kind != "text" {
				continue
			}
			s := sent[e.text]
			if s == nil || s.conversation != id || s.by != e.by || s.internal != e.internal {
				c.fault(2, "%s: event %d %q by %s was never sent so", id, e.seq, e.text, e.by)
			}
		}
	}
}

// stored are the sends to a conversation that are in its log, with their
// places.
func (c *checker) stored(id string) []placed {
	var list []placed
	for _, s := range c.sends {
		if seq, ok := c.places[id][s.text]; ok && s.conversation == id {
			list = append(list, placed{s, seq})
		}
	}
	return list
}

type placed struct {
	*send
	place uint64
}

// realTime: what was acknowledged before another was sent comes before it.
func (c *checker) realTime() {
	for id := range c.logs {
		sent := c.stored(id)
		done := slices.DeleteFunc(slices.Clone(sent), func(p placed) bool { return p.outcome != acked })
		slices.SortFunc(sent, func(a, b placed) int { return cmp.Compare(a.invoked, b.invoked) })
		slices.SortFunc(done, func(a, b placed) int { return cmp.Compare(a.answered, b.answered) })
		var latest placed // of those acknowledged before
		for _, b := range sent {
			for len(done) > 0 && done[0].answered < b.invoked {
				if latest.send == nil || done[0].place > latest.place {
					latest = done[0]
				}
				done = done[1:]
			}
			if latest.send != nil && latest.place > b.place {
				c.fault(5, "%s: %q (event %d) was acknowledged before %q (event %d) was sent", id, latest.text, latest.place, b.text, b.place)
			}
		}
	}
}

// sendersOrder: what one outbox sent stands in the order of its numbers.
func (c *checker) sendersOrder() {
	for id := range c.logs {
		outboxes := map[string][]placed{}
		for _, p := range c.stored(id) {
			key := string(p.by) + " " + p.origin
			outboxes[key] = append(outboxes[key], p)
		}
		for key, list := range outboxes {
			slices.SortFunc(list, func(a, b placed) int { return cmp.Compare(a.n, b.n) })
			for i := 1; i < len(list); i++ {
				if a, b := list[i-1], list[i]; a.place >= b.place || a.n == b.n {
					c.fault(6, "%s: n %d and %d of %s are events %d and %d", id, a.n, b.n, key, a.place, b.place)
				}
			}
		}
	}
}

// wireOrder: on one connection, the events of a conversation go up.
func (c *checker) wireOrder() {
	last := map[[2]string]uint64{}
	for _, a := range c.arrivals {
		key := [2]string{a.connection, a.conversation}
		if a.seq <= last[key] {
			c.fault(7, "%s: event %d came after %d on connection %s", a.conversation, a.seq, last[key], a.connection)
		}
		last[key] = a.seq
	}
}

// honest: a welcome brings all that is newer than the cursor, without a hole.
func (c *checker) honest(r resumption) {
	if r.reset {
		c.fault(8, "%s: cursor %d was reset on connection %s, though the store is the same", r.conversation, r.after, r.connection)
		return
	}
	at := r.after
	for _, e := range r.events {
		if e.prev != at || e.seq <= at {
			c.fault(8, "%s: after %d comes event %d with prev %d on connection %s", r.conversation, at, e.seq, e.prev, r.connection)
		}
		at = e.seq
	}
	if !r.more && at < r.head {
		c.fault(8, "%s: the welcome on connection %s ends at %d of %d", r.conversation, r.connection, at, r.head)
	}
}

// sameViews: in the end, every client has all that it may see.
func (c *checker) sameViews() {
	for _, key := range slices.Sorted(maps.Keys(c.views)) {
		view := c.views[key]
		var client, id string
		if _, err := fmt.Sscan(key, &client, &id); err != nil {
			panic(err) // a client made the key
		}
		var want []uint64
		for _, e := range c.logs[id] {
			if client[0] == 'a' || !e.internal { // agents see all
				want = append(want, e.seq)
			}
		}
		var got []uint64
		for _, e := range view {
			got = append(got, e.seq)
		}
		if !slices.Equal(got, want) {
			c.fault(8, "%s has %d events, the log %d for it: %v, want %v", key, len(got), len(want), got, want)
		}
	}
}
