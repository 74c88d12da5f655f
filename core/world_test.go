package core_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// nine is when stories begin: a Monday morning.
var nine = time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)

// world is the desk of one story: a store, a clock that moves on command, and
// the people. It is a host without sockets.
type world struct {
	t        *testing.T
	store    *memstore.Store
	settings core.Settings
	rules    core.Rules
	now      time.Time
	staff    map[string]core.Actor
}

func newWorld(t *testing.T) *world {
	w := &world{t: t, store: memstore.New("e"), settings: core.DefaultSettings(), now: nine, staff: map[string]core.Actor{}}
	w.settings.Sites[0].ID = "shop"
	w.settle()
	return w
}

// settle makes the settings the rules in force.
func (w *world) settle() {
	if err := w.settings.Validate(); err != nil {
		w.t.Fatal(err)
	}
	w.rules, _ = w.settings.Rules("shop")
}

// do carries out one command and returns what the story shows of it.
func (w *world) do(line string) string {
	c, ok := parse(line)
	if !ok {
		w.t.Fatalf("not a command: %s", line)
	}
	switch c.word(0) {
	case "site":
		return w.site(c)
	case "group":
		return w.group(c)
	case "agent":
		return w.agent(c)
	case "at":
		return w.clock(c.word(1))
	case "desk":
		return w.desk(c)
	case "race":
		return w.race(strings.TrimPrefix(line, "race "))
	case "show":
		return w.show(c)
	case "quiet":
		if trace := w.do(strings.TrimPrefix(line, "quiet ")); strings.Contains(trace, "refused") {
			return trace
		}
		return ""
	}
	of := w.conversationOf(c)
	return w.perform(of, w.input(c, of))
}

// perform lets the core decide and store, and checks what must always hold.
func (w *world) perform(of string, in core.Input) string {
	id := core.ConversationOf("shop", core.VisitorID(of))
	head := w.load(id)
	if broken := lawsOfStep(head, w.rules, w.now, in); broken != "" {
		w.t.Errorf("%#v: %s", in, broken)
	}
	change, err := w.decide(id, in)
	return w.trace(change, err)
}

// decide is what a host does.
func (w *world) decide(id core.ConversationID, in core.Input) (core.Change, error) {
	switch in.(type) {
	case core.Edited, core.Recalled:
		return core.Amend(w.t.Context(), w.store, id, w.rules, w.now, in)
	default:
		return core.Apply(w.t.Context(), w.store, core.Conversation{ID: id}, w.rules, w.now, in)
	}
}

func (w *world) load(id core.ConversationID) core.Conversation {
	c, err := w.store.Load(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return c
}

// conversationOf says whose conversation a command is about: a visitor's own,
// if it says nothing else.
func (w *world) conversationOf(c command) string {
	own := "visitor"
	if _, agent := w.staff[c.word(0)]; !agent && !slices.Contains([]string{"desk", "bot", "show"}, c.word(0)) {
		own = c.word(0)
	}
	return cmp.Or(c.args["of"], own)
}

// input turns what somebody sends into the input a host would make of it.
func (w *world) input(c command, of string) core.Input {
	by, ok := w.staff[c.word(0)]
	if !ok {
		by = core.Actor{Party: core.Party{Kind: core.Visitor, ID: c.word(0)}}
	}
	f := core.Frame{By: by, Origin: core.Origin(cmp.Or(c.args["origin"], "tab")), N: w.number(c, "n", 0)}
	id := core.ConversationOf("shop", core.VisitorID(of))
	session := uint32(w.number(c, "session", uint64(w.load(id).Session.Number)))
	switch c.word(1) {
	case "send", "note":
		return core.Said{
			Frame: f, Site: "shop", Tag: c.args["tag"], Internal: c.word(1) == "note",
			Body: core.Body{Kind: core.Kind(cmp.Or(c.args["kind"], "text")), Text: c.text},
		}
	case "edit":
		return core.Edited{
			Frame: f, Target: core.Target{Seq: w.number(c, "seq", 0)},
			Body: core.Body{Kind: core.Kind(cmp.Or(c.args["kind"], "text")), Text: c.text},
		}
	case "recall":
		return core.Recalled{Frame: f, Target: core.Target{Seq: w.number(c, "seq", 0)}}
	case "human":
		return core.HumanAsked{Frame: f, Session: session}
	case "end":
		return core.Ended{Frame: f, Session: session}
	case "rate":
		return core.Rating{Frame: f, Session: session, Score: uint8(w.number(c, "score", 0)), Comment: c.text}
	case "take":
		return core.Taken{Frame: f, Session: session}
	case "reopen":
		return core.Resumed{Frame: f, Session: session}
	case "tag":
		return core.Tagged{Frame: f, Add: list(c.args["add"]), Remove: list(c.args["remove"])}
	case "snooze":
		return core.Deferred{Frame: f, Session: session, Until: w.now.Add(w.duration(c.args["for"]))}
	case "transfer":
		return core.Passed{Frame: f, Session: session, To: w.target(c.args["to"]), Group: core.GroupID(c.args["group"]), Note: c.text}
	case "answer":
		a := core.Answered{Ask: w.number(c, "ask", 0), Text: c.text, Hand: core.Reason(c.args["hand"]), Close: c.args["close"] == "yes"}
		if id, ok := c.args["notes"]; ok {
			a.Noted = []core.FormField{{ID: id, Label: id, Value: c.args["value"]}}
		}
		if s, ok := c.args["source"]; ok {
			a.Sources = []core.Source{{ID: s}}
		}
		return a
	case "brief":
		return core.Briefed{Session: session, Text: c.text}
	}
	w.t.Fatalf("what is %q?", c.words)
	return nil
}

// list is what commas separate; a blank in a word of a story is a "_".
func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(strings.ReplaceAll(s, "_", " "), ",")
}

// target is an agent as the roster shows them now, as a host passes them on.
func (w *world) target(id string) core.Agent {
	if id == "" {
		return core.Agent{}
	}
	a, _ := w.roster("").Find(core.AgentID(id))
	a.ID = core.AgentID(id)
	return a
}

func (w *world) roster(g core.GroupID) core.Roster {
	r, err := w.store.Roster(w.t.Context(), g, w.now)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func (w *world) number(c command, key string, otherwise uint64) uint64 {
	s, ok := c.args[key]
	if !ok {
		return otherwise
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		w.t.Fatalf("%s=%s is no number", key, s)
	}
	return n
}

// desk is what no person sends: offers, ticks, alarms, agents who are gone.
func (w *world) desk(c command) string {
	of := w.conversationOf(c)
	switch c.word(1) {
	case "offers":
		group := w.load(core.ConversationOf("shop", core.VisitorID(of))).Session.Group
		group = core.GroupID(cmp.Or(c.args["group"], string(group)))
		return w.perform(of, core.Offered{Group: group, Roster: w.roster(group)})
	case "drains":
		return w.drain(core.GroupID(c.word(2)))
	case "loses":
		return w.lose(core.AgentID(c.word(2)), core.Reason(cmp.Or(c.args["reason"], "vanished")))
	case "erases":
		log, err := w.store.After(w.t.Context(), core.ConversationOf("shop", core.VisitorID(of)), 0, 1000)
		if err != nil {
			w.t.Fatal(err)
		}
		return w.perform(of, core.Erased{Gone: core.Remains(log)})
	case "knows":
		return w.perform(of, core.Identified{})
	case "ticks":
		return w.perform(of, core.Tick{Online: c.word(2) == "online"})
	case "wakes":
		return w.wake(c.word(2) == "online")
	}
	w.t.Fatalf("what is %q?", c.words)
	return ""
}

// drain looks at the line of a group from its head, one conversation at a
// time, until no seat is left.
func (w *world) drain(g core.GroupID) string {
	line, err := w.store.Waiting(w.t.Context(), g, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	var out strings.Builder
	for _, p := range line {
		if _, free := w.roster(g).Seats(); free == 0 {
			break
		}
		out.WriteString(w.about(p.ID, core.Offered{Group: g, Roster: w.roster(g)}))
	}
	return out.String() + w.show(command{words: []string{"show", "line", string(g)}})
}

// lose tells every session that an agent holds that they are gone.
func (w *world) lose(id core.AgentID, r core.Reason) string {
	held, err := w.store.Held(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	slices.Sort(held) // it comes in no particular order, and a story has one
	var out strings.Builder
	for _, c := range held {
		out.WriteString(w.about(c, core.Left{Agent: id, Reason: r}))
	}
	return out.String()
}

// wake ticks whatever has an alarm that is due, and rearms it if the tick
// came too early.
func (w *world) wake(online bool) string {
	due, err := w.store.Due(w.t.Context(), core.Place{}, w.now, 100)
	if err != nil {
		w.t.Fatal(err)
	}
	if len(due) == 0 {
		return "no alarm is due\n"
	}
	var out strings.Builder
	for _, p := range due {
		c := w.load(p.ID)
		if next := core.Due(c, w.rules); next.After(w.now) {
			if err := w.store.Rearm(w.t.Context(), p.ID, c.Seq, next); err != nil {
				w.t.Fatal(err)
			}
			fmt.Fprintf(&out, "%s: too early, rearmed to %s\n", c.Visitor, clock(next))
			continue
		}
		out.WriteString(w.about(p.ID, core.Tick{Online: online}))
	}
	return out.String()
}

// about performs an input and says whose conversation it was about.
func (w *world) about(id core.ConversationID, in core.Input) string {
	v := string(w.load(id).Visitor)
	return v + ":\n" + w.perform(v, in)
}

// race lets two inputs be decided on the same head and stored one after the
// other. The second finds its slot taken, and Apply decides about it anew.
func (w *world) race(line string) string {
	first, second, _ := strings.Cut(line, " | ")
	a, _ := parse(first)
	b, _ := parse(second)
	of := w.conversationOf(a)
	head := w.load(core.ConversationOf("shop", core.VisitorID(of)))
	one, err := core.Step(head, w.rules, w.now, w.input(a, of))
	if err != nil {
		w.t.Fatal(err)
	}
	in := w.input(b, of)
	two, err := core.Step(head, w.rules, w.now, in)
	if err != nil {
		w.t.Fatal(err)
	}
	out := fmt.Sprintf("both decide on #%d\n%s wins #%d:\n", head.Seq, a.word(0), one.Events[0].Seq)
	err = w.store.Commit(w.t.Context(), one)
	out += w.trace(one, err)
	err = w.store.Commit(w.t.Context(), two)
	out += fmt.Sprintf("%s wanted #%d: %s, so it is decided again:\n", b.word(0), two.Events[0].Seq, core.CodeOf(err))
	two, err = core.Apply(w.t.Context(), w.store, head, w.rules, w.now, in)
	return out + w.trace(two, err)
}

// clock moves the time, forwards or, as clocks of machines do, backwards.
func (w *world) clock(by string) string {
	d, err := time.ParseDuration(by)
	if err != nil {
		w.t.Fatal(err)
	}
	w.now = w.now.Add(d)
	return clock(w.now) + "\n"
}

// agent hires an agent, or changes what is known of one.
func (w *world) agent(c command) string {
	ctx, name := context.Background(), c.word(1)
	id := core.AgentID(name)
	acc, err := w.store.Account(ctx, id)
	if err != nil {
		acc = core.Account{ID: id, Name: name, Role: core.RoleAgent, Groups: []core.GroupID{"default"}, Capacity: 5, Weight: 1}
	}
	acc.Version++
	acc.Capacity = int(w.number(c, "capacity", uint64(acc.Capacity)))
	acc.Role = core.Role(cmp.Or(c.args["role"], string(acc.Role)))
	if g, ok := c.args["groups"]; ok {
		acc.Groups = groups(g)
	}
	if err := w.store.PutAccount(ctx, acc); err != nil {
		w.t.Fatal(err)
	}
	status := core.Status(cmp.Or(c.args["status"], "online"))
	if err := w.store.SetDuty(ctx, id, core.Duty{Status: status, Lease: w.now.AddDate(1, 0, 0)}); err != nil {
		w.t.Fatal(err)
	}
	w.staff[name] = core.Actor{Party: core.AgentParty(id), Role: acc.Role, Groups: acc.Groups}
	return fmt.Sprintf("%s: %s of %v, %d seats, %s\n", name, acc.Role, acc.Groups, acc.Capacity, status)
}

func groups(list string) []core.GroupID {
	var ids []core.GroupID
	for g := range strings.SplitSeq(list, ",") {
		ids = append(ids, core.GroupID(g))
	}
	return ids
}

// site changes the settings of the site and the routing.
func (w *world) site(c command) string {
	s := &w.settings.Sites[0]
	if a, ok := c.args["assistant"]; ok {
		s.Assistant = a == "on"
	}
	s.Receptionist.Turns = int(w.number(c, "turns", uint64(s.Receptionist.Turns)))
	if d, ok := c.args["affinity"]; ok {
		w.settings.Routing.Affinity = w.duration(d)
	}
	if g, ok := c.args["groups"]; ok {
		s.Groups, w.settings.Groups = groups(g), nil
		for _, id := range s.Groups {
			w.settings.Groups = append(w.settings.Groups, core.Group{ID: id})
		}
	}
	w.timeouts(c, &s.Timeouts)
	if limit, ok := c.args["edit"]; ok {
		s.Edit = w.duration(limit)
	}
	w.settle()
	return ""
}

// group gives a group timeouts of its own.
func (w *world) group(c command) string {
	for i := range w.settings.Groups {
		if g := &w.settings.Groups[i]; g.ID == core.GroupID(c.word(1)) {
			own := w.settings.Sites[0].Timeouts
			w.timeouts(c, &own)
			g.Timeouts = &own
		}
	}
	w.settle()
	return ""
}

func (w *world) timeouts(c command, t *core.Timeouts) {
	for key, d := range map[string]*time.Duration{
		"answer": &t.Assistant, "patience": &t.Agent, "silence": &t.Visitor, "warning": &t.Warning, "abandoned": &t.Abandoned, "return": &t.Return,
	} {
		if s, ok := c.args[key]; ok {
			*d = w.duration(s)
		}
	}
}

func (w *world) duration(s string) time.Duration {
	d, err := time.ParseDuration(s)
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}
