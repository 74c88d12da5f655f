package core_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// TestLongRun lets six visitors and four agents loose on one desk for
// thousands of steps: stale memories, repeats, lost effects, agents who vanish
// or change their capacity. Beside it runs a dumb model, which counts seats,
// folds the logs and remembers every ack. At last everybody goes away, and the
// desk has to come to rest by its alarms alone.
func TestLongRun(t *testing.T) {
	steps := 2000
	if testing.Short() {
		steps = 500
	}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			r := newRun(t, seed)
			for range steps {
				r.step()
				r.check()
			}
			r.checkLogs()
			r.comeToRest()
			r.checkLogs()
			t.Logf("%d acks, %d sessions, %d refusals, %d repeats, %d lost races, %d erased", len(r.acked), r.sessions, r.refused, r.repeats, r.stale, r.recalled)
			if r.sessions < steps/100 || r.refused < steps/100 || r.repeats < steps/100 || r.stale < steps/100 || r.recalled < steps/200 {
				t.Error("the run was too tame to show anything")
			}
		})
	}
}

type run struct {
	*rand.Rand
	t     *testing.T
	store *memstore.Store
	rules core.Rules
	now   time.Time

	known  map[core.ConversationID][]core.Conversation // heads that nodes may remember
	outbox map[string]*outbox
	seats  map[core.AgentID]map[core.ConversationID]bool
	folds  map[core.ConversationID]*fold
	acked  map[core.Ack]core.ConversationID

	sessions, refused, repeats, stale, recalled int
}

// outbox is a client that numbers what it sends as protocol.md says.
type outbox struct {
	by     core.Actor
	origin int // changes when a frame is definitely refused
	n      uint64
	last   core.Input
}

func newRun(t *testing.T, seed uint64) *run {
	r := &run{
		Rand: rand.New(rand.NewPCG(seed, 42)), t: t, store: memstore.New("e"), now: nine, rules: fuzzRules(byte(seed % 2)),
		known: map[core.ConversationID][]core.Conversation{}, outbox: map[string]*outbox{},
		seats: map[core.AgentID]map[core.ConversationID]bool{}, folds: map[core.ConversationID]*fold{}, acked: map[core.Ack]core.ConversationID{},
	}
	r.rules.Site.Edit = 20 * time.Minute // of the run's clock, which is quick
	for _, a := range cast()[1:5] {
		r.must(r.store.PutAccount(t.Context(), core.Account{
			ID: core.AgentID(a.ID), Version: 1, Name: a.ID, Role: a.Role, Groups: append(slices.Clone(a.Groups), "all"), Capacity: 1 + r.IntN(3), Weight: 1,
		}))
		r.seats[core.AgentID(a.ID)] = map[core.ConversationID]bool{}
		r.status(core.AgentID(a.ID), core.Online)
	}
	return r
}

func (r *run) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

// step does one thing that could happen.
func (r *run) step() {
	r.now = r.now.Add(time.Duration(r.ExpFloat64() * float64(20*time.Second)))
	if r.IntN(50) == 0 {
		r.now = r.now.Add(-10 * time.Second) // another node's clock
	}
	id := r.conversation()
	switch x := r.IntN(100); {
	case x < 45:
		r.send(id, cast()[0])
	case x < 75:
		r.send(id, cast()[1+r.IntN(4)])
	case x < 80:
		r.drain()
	case x < 84:
		c := r.load(id)
		_, err := r.apply(id, core.Answered{Ask: c.Session.Ask, Text: "the answer", Hand: choose(byte(r.IntN(3)), "", "", core.ByAssistant)})
		r.must(err)
	case x < 87:
		a := r.agent()
		r.status(a, choose(byte(r.IntN(4)), core.Online, core.Online, core.Away, core.Offline))
	case x < 89:
		r.vanish(r.agent())
	case x < 91:
		r.capacity(r.agent(), r.IntN(4))
	default:
		r.wake(r.IntN(2) == 0)
	}
}

func (r *run) conversation() core.ConversationID {
	return core.ConversationID(fmt.Sprintf("c%d", r.IntN(6)))
}

func (r *run) agent() core.AgentID { return core.AgentID(cast()[1+r.IntN(4)].ID) }

// send lets one client send its next frame, or its last one again.
func (r *run) send(id core.ConversationID, by core.Actor) {
	if by.Kind == core.Visitor {
		by.ID += string(id)
	}
	key := fmt.Sprint(id, by.ID, r.IntN(2))
	if r.outbox[key] == nil {
		r.outbox[key] = &outbox{by: by}
	}
	o := r.outbox[key]
	in := o.last
	switch seq := r.own(id, by.Party); {
	case in != nil && r.IntN(8) == 0:
		r.repeats++
	case seq > 0 && r.IntN(5) == 0:
		f := core.Frame{By: by, Origin: core.Origin(fmt.Sprint(key, "-", o.origin)), N: o.n + 1}
		in = r.amend(id, f, seq)
	default:
		in = r.compose(r.load(id), core.Frame{By: by, Origin: core.Origin(fmt.Sprint(key, "-", o.origin)), N: o.n + 1})
	}
	_, err := r.apply(id, in)
	switch {
	case err == nil:
		f, _ := frameOf(in)
		o.n, o.last = f.N, in
	case core.Definite(err):
		r.refused++
		*o = outbox{by: by, origin: o.origin + 1}
	}
}

func (r *run) compose(c core.Conversation, f core.Frame) core.Input {
	text := core.Body{Kind: core.KindText, Text: fmt.Sprintf("%s %d", f.Origin, f.N)}
	session := max(c.Session.Number, 1)
	if f.By.Kind == core.Visitor {
		switch r.IntN(12) {
		case 0:
			return core.HumanAsked{Frame: f, Session: session}
		case 1:
			return core.Ended{Frame: f, Session: session}
		case 2:
			return core.Rating{Frame: f, Session: session, Score: uint8(1 + r.IntN(5))}
		}
		return core.Said{Frame: f, Site: "default", Tag: choose(byte(r.IntN(3)), "", "vip", "new"), Body: text}
	}
	switch r.IntN(10) {
	case 8:
		tags := []string{"vip", "refund", "again"}
		return core.Tagged{Frame: f, Add: tags[:r.IntN(2)], Remove: tags[1 : 1+r.IntN(3)]}
	case 9:
		return core.Deferred{Frame: f, Session: session, Until: r.now.Add(time.Duration(1+r.IntN(100)) * time.Minute)}
	case 0, 1:
		return core.Taken{Frame: f, Session: session}
	case 2:
		to, _ := r.roster("").Find(r.agent())
		return core.Passed{Frame: f, Session: session, To: to}
	case 3:
		return core.Passed{Frame: f, Session: session, Group: choose[core.GroupID](byte(r.IntN(2)), "default", "billing")}
	case 4:
		return core.Resumed{Frame: f, Session: session}
	case 5:
		return core.Ended{Frame: f, Session: session}
	}
	return core.Said{Frame: f, Body: text, Internal: r.IntN(3) == 0}
}

// apply is a node that remembers the newest head, an older one, or none.
func (r *run) apply(id core.ConversationID, in core.Input) (core.Change, error) {
	head := r.load(id)
	if broken := lawsOfStep(head, r.rules, r.now, in); broken != "" {
		r.t.Fatalf("%#v: %s", in, broken)
	}
	remembered := core.Conversation{ID: id}
	if old := r.known[id]; len(old) > 0 && r.IntN(3) > 0 {
		remembered = old[r.IntN(len(old))]
	}
	if remembered.Seq > 0 && remembered.Seq < head.Seq {
		r.stale++
	}
	change, err := r.decide(remembered, in)
	fresh, freshErr := core.Step(head, r.rules, r.now, in)
	if err == nil && (freshErr != nil || !reflect.DeepEqual(change, fresh)) {
		r.t.Fatalf("%#v: Apply says %+v, Step on the newest head %+v, %v", in, change, fresh, freshErr)
	}
	if err != nil && freshErr == nil && core.CodeOf(err) != core.Full {
		r.t.Fatalf("%#v: Apply says %v, Step on the newest head %+v", in, err, fresh)
	}
	if err == nil {
		r.book(id, change)
	}
	return change, err
}

// book is the model: what follows from the change, in the dumbest way.
func (r *run) book(id core.ConversationID, change core.Change) {
	if !change.Empty() {
		r.known[id] = append(r.known[id], change.Conversation)
		r.known[id] = r.known[id][max(0, len(r.known[id])-4):]
	}
	if change.Free != "" {
		delete(r.seats[change.Free], id)
	}
	if change.Take != "" {
		if a, _ := r.roster("").Find(change.Take); len(r.seats[change.Take]) >= a.Capacity {
			r.t.Fatalf("%s has %d seats and got another session", change.Take, a.Capacity)
		}
		r.seats[change.Take][id] = true
	}
	if r.folds[id] == nil {
		r.folds[id] = &fold{}
	}
	for _, e := range change.Events {
		r.folds[id].add(e)
		if e.Body.Kind == core.KindOpened {
			r.sessions++
		}
	}
	r.recalled += len(change.Erase)
	for _, e := range change.Effects {
		if ack, ok := e.(core.Ack); ok && !ack.Repeat {
			r.acked[ack] = id
		}
	}
	if len(change.Effects) > 0 && r.IntN(2) == 0 { // half of the effects are lost
		r.drain()
	}
}

// check compares the store with the model.
func (r *run) check() {
	for id, f := range r.folds {
		c := r.load(id)
		if broken := f.disagrees(c); broken != "" {
			r.t.Fatalf("%s: %s", id, broken)
		}
		if a := c.Session.Agent; a != "" && !r.seats[a][id] {
			r.t.Fatalf("%s is held by %s, who has no seat for it", id, a)
		}
	}
	for _, a := range r.roster("") {
		held, err := r.store.Held(r.t.Context(), a.ID)
		r.must(err)
		slices.Sort(held)
		if want := slices.Sorted(maps.Keys(r.seats[a.ID])); a.Held != len(want) || !slices.Equal(held, want) {
			r.t.Fatalf("%s holds %d, %v, the model says %v", a.ID, a.Held, held, want)
		}
	}
}

// checkLogs reads every log as a client would that was told of every ack.
func (r *run) checkLogs() {
	events := map[core.ConversationID][]core.Event{}
	for id := range r.folds {
		log, err := r.store.After(context.Background(), id, 0, 1<<20)
		r.must(err)
		events[id] = log
		r.checkTombstones(id, log)
		numbers, at := map[core.Origin]uint64{}, time.Time{}
		for i, e := range log {
			if e.Seq != uint64(i+1) || e.At.Before(at) {
				r.t.Fatalf("%s: event %d is %+v after %v", id, i+1, e, at)
			}
			at = e.At
			if e.Origin == "" {
				continue
			}
			if numbers[e.Origin]++; e.N != numbers[e.Origin] {
				r.t.Fatalf("%s: %s n=%d where n=%d should be", id, e.Origin, e.N, numbers[e.Origin])
			}
			if want := fmt.Sprintf("%s %d", e.Origin, e.N); e.Body.Kind == core.KindText && e.Body.Text != want {
				r.t.Fatalf("%s: %q where %q was sent", id, e.Body.Text, want)
			}
		}
	}
	for ack, id := range r.acked {
		if e := events[id][ack.Seq-1]; e.By != ack.To || e.Origin != ack.Origin || e.N != ack.N || e.PrevFor(ack.To.Kind == core.Visitor) != ack.Prev {
			r.t.Fatalf("%s: %+v was acknowledged, and #%d is %+v", id, ack, ack.Seq, e)
		}
	}
}

// comeToRest: nobody does anything any more. Agents who sleep at their desks
// included, every session must end, every seat come free, by alarms alone.
func (r *run) comeToRest() {
	for _, a := range cast()[1:5] {
		r.status(core.AgentID(a.ID), core.Online)
		r.capacity(core.AgentID(a.ID), 2)
	}
	for range 5000 {
		due, err := r.store.Due(r.t.Context(), core.Place{}, r.now.AddDate(10, 0, 0), 1)
		r.must(err)
		if len(due) == 0 {
			break
		}
		if due[0].At.After(r.now) {
			r.now = due[0].At
		}
		r.wake(false)
		r.drain()
		r.check()
	}
	for id := range r.folds {
		if c := r.load(id); c.Session.Phase != core.Closed || !c.Alarm.IsZero() {
			r.t.Errorf("%s never came to rest: %+v", id, c.Session)
		}
	}
}

// wake ticks what is due. What comes too early, or still has to wait, gets
// its alarm set anew.
func (r *run) wake(online bool) {
	due, err := r.store.Due(r.t.Context(), core.Place{}, r.now, 100)
	r.must(err)
	for _, p := range due {
		change, err := r.apply(p.ID, core.Tick{Online: online})
		r.must(err)
		if !change.Empty() {
			continue
		}
		c, again := change.Conversation, r.now.Add(time.Hour)
		if next := core.Due(c, r.rules); next.After(r.now) {
			again = next
		}
		if err := r.store.Rearm(r.t.Context(), p.ID, c.Seq, again); err != nil && core.CodeOf(err) != core.Conflict {
			r.t.Fatal(err)
		}
	}
}

// drain offers the agents of each group to its line.
func (r *run) drain() {
	for _, g := range []core.GroupID{"default", "billing"} {
		line, err := r.store.Waiting(r.t.Context(), g, 100)
		r.must(err)
		for _, p := range line {
			if _, err := r.apply(p.ID, core.Offered{Group: g, Roster: r.roster(g)}); err != nil && core.CodeOf(err) != core.Full {
				r.t.Fatal(err)
			}
		}
	}
}

func (r *run) vanish(a core.AgentID) {
	r.status(a, core.Offline)
	for _, id := range slices.Sorted(maps.Keys(r.seats[a])) {
		_, err := r.apply(id, core.Left{Agent: a, Reason: core.ByLease})
		r.must(err)
	}
}

func (r *run) status(a core.AgentID, s core.Status) {
	r.must(r.store.SetDuty(r.t.Context(), a, core.Duty{Status: s, Lease: r.now.AddDate(20, 0, 0)}))
}

func (r *run) capacity(a core.AgentID, n int) {
	acc, err := r.store.Account(r.t.Context(), a)
	r.must(err)
	acc.Version, acc.Capacity = acc.Version+1, n
	r.must(r.store.PutAccount(r.t.Context(), acc))
}

func (r *run) roster(g core.GroupID) core.Roster {
	roster, err := r.store.Roster(r.t.Context(), g, r.now)
	r.must(err)
	return roster
}

func (r *run) load(id core.ConversationID) core.Conversation {
	c, err := r.store.Load(r.t.Context(), id)
	r.must(err)
	return c
}
