package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"kefu/core"
)

// The id is in every link and every store: it never changes for a pair.
func TestConversationOf(t *testing.T) {
	if got, want := core.ConversationOf("default", "vic"), core.ConversationID("c_6mvsmeo5twvxnskfidjfka2k"); got != want {
		t.Errorf("ConversationOf = %q, want %q", got, want)
	}
	seen := map[core.ConversationID]string{}
	for _, pair := range [][2]string{{"a", "b"}, {"b", "a"}, {"ab", ""}, {"", "ab"}, {"a", ""}, {"", ""}} {
		id := core.ConversationOf(core.SiteID(pair[0]), core.VisitorID(pair[1]))
		if twin, found := seen[id]; found || len(id) != 26 {
			t.Errorf("%q has the id %q, as %q", pair, id, twin)
		}
		seen[id] = fmt.Sprint(pair)
	}
}

// What goes over the wire is named as protocol.md names it.
func TestNames(t *testing.T) {
	var got []string
	for _, p := range []core.Phase{core.None, core.Bot, core.Waiting, core.Held, core.Closed} {
		got = append(got, p.String())
	}
	for _, k := range []core.PartyKind{core.System, core.Visitor, core.Staff, core.Robot} {
		got = append(got, k.String())
	}
	if want := []string{"none", "bot", "waiting", "held", "closed", "system", "visitor", "agent", "bot"}; !slices.Equal(got, want) {
		t.Errorf("names %v, want %v", got, want)
	}
	for s, want := range map[core.Status]bool{core.Online: true, core.Away: true, core.Offline: true, "": false, "Online": false} {
		if s.Valid() != want {
			t.Errorf("status %q valid: %v", s, s.Valid())
		}
	}
}

func TestPlaces(t *testing.T) {
	first, second := core.Place{At: nine, ID: "b"}, core.Place{At: nine.Add(1), ID: "a"}
	same := core.Place{At: nine.In(time.FixedZone("there", 3600)), ID: "c"}
	for _, test := range []struct {
		p, q core.Place
		want bool
	}{{first, second, true}, {second, first, false}, {first, first, false}, {first, same, true}, {same, first, false}} {
		if got := test.p.Less(test.q); got != test.want {
			t.Errorf("%v before %v: %v", test.p, test.q, got)
		}
	}
}

func TestRoster(t *testing.T) {
	r := core.Roster{
		{ID: "amy", Status: core.Online, Capacity: 5, Held: 2}, {ID: "bo", Status: core.Online, Capacity: 1, Held: 3}, // lowered meanwhile
		{ID: "cy", Status: core.Away, Capacity: 9}, {ID: "dee", Status: core.Offline, Capacity: 9},
	}
	if all, free := r.Seats(); all != 6 || free != 3 {
		t.Errorf("Seats = %d, %d; want 6, 3", all, free)
	}
	if a, ok := r.Find("cy"); !ok || a.Capacity != 9 {
		t.Errorf("Find = %+v, %v", a, ok)
	}
	if a, ok := r.Find("eve"); ok || a.ID != "" {
		t.Errorf("Find = %+v, %v", a, ok)
	}
}

func TestEstimate(t *testing.T) {
	for _, test := range []struct {
		position, seats int
		typical, want   time.Duration
	}{
		{1, 1, 10 * time.Minute, 10 * time.Minute},
		{1, 10, 10 * time.Minute, time.Minute},
		{5, 10, 10 * time.Minute, 5 * time.Minute},
		{1, 3, 10 * time.Second, 3 * time.Second},
		{0, 3, time.Minute, 0},
		{1, 0, time.Minute, 0}, // nobody is on duty: nothing can be said
		{1, 1, 0, 0},
	} {
		if got := core.Estimate(test.position, test.seats, test.typical); got != test.want {
			t.Errorf("Estimate(%d, %d, %v) = %v, want %v", test.position, test.seats, test.typical, got, test.want)
		}
	}
}

// A site to which no group belongs takes no messages, and says so.
func TestNobodyWorksForTheSite(t *testing.T) {
	in := core.Said{Frame: core.Frame{By: cast()[0], Origin: "tab", N: 1}, Site: "default", Body: hello}
	if _, err := core.Step(core.Conversation{ID: "c"}, core.Rules{}, nine, in); core.CodeOf(err) != core.NotFound {
		t.Errorf("Step = %v, want not_found", err)
	}
}

// What is owed can be told from the state alone, after any loss of memory.
func TestOwed(t *testing.T) {
	for _, test := range []struct {
		session core.Session
		want    []core.Effect
	}{
		{core.Session{}, nil},
		{core.Session{Phase: core.Bot}, nil},
		{core.Session{Phase: core.Bot, Ask: 7}, []core.Effect{core.Ask{Seq: 7}}},
		{core.Session{Phase: core.Waiting, Group: "vip"}, []core.Effect{core.Seek{Group: "vip"}}},
		{core.Session{Phase: core.Held, Agent: "amy"}, nil},
		{core.Session{Phase: core.Closed}, nil},
	} {
		if got := core.Owed(core.Conversation{Session: test.session}); !slices.Equal(got, test.want) {
			t.Errorf("Owed(%+v) = %v, want %v", test.session, got, test.want)
		}
	}
}

// A session that went through many hands remembers the last eight of them.
func TestPastIsBounded(t *testing.T) {
	c, rules := heldSession(t)
	holder := cast()[1]
	for i := range 12 {
		to := core.Agent{ID: core.AgentID(fmt.Sprint("agent-", i)), Status: core.Online, Capacity: 1}
		in := core.Passed{Frame: core.Frame{By: holder, Origin: "elsewhere", N: 1}, Session: 1, To: to}
		if broken := lawsOfStep(c, rules, nine, in); broken != "" {
			t.Fatal(broken)
		}
		change, err := core.Step(c, rules, nine, in)
		if err != nil {
			t.Fatal(err)
		}
		c, holder = change.Conversation, core.Actor{Party: core.AgentParty(to.ID), Groups: []core.GroupID{"default"}}
	}
	if past := c.Session.Past; len(past) != 8 || past[0].Agent != "agent-3" || past[7].Agent != "agent-10" {
		t.Errorf("remembers %v", past)
	}
}

// When a session wants to be looked at, phase by phase; and that a rule which
// is switched off never asks for it.
func TestDue(t *testing.T) {
	on, off := core.Rules{Site: core.Site{Timeouts: core.DefaultTimeouts()}}, core.Rules{}
	patient := core.Rules{Site: core.Site{Timeouts: core.Timeouts{Visitor: time.Hour, Abandoned: 72 * time.Hour}}}
	unwarned := core.Rules{Site: core.Site{Timeouts: core.Timeouts{Visitor: time.Hour}}}
	for _, test := range []struct {
		session core.Session
		rules   core.Rules
		want    time.Duration // after nine; 0: never
	}{
		{core.Session{Phase: core.Bot, Ask: 2, Asked: nine}, on, 20 * time.Second},
		{core.Session{Phase: core.Bot, Ask: 2, Asked: nine}, off, time.Second}, // a question is never forgotten
		{core.Session{Phase: core.Bot, Spoke: nine}, on, 25 * time.Minute},
		{core.Session{Phase: core.Bot, Spoke: nine}, off, 0},
		{core.Session{Phase: core.Waiting, Since: nine.Add(1)}, on, 1}, // at once: whoever waits is looked at
		{core.Session{Phase: core.Waiting, Since: nine.Add(1)}, off, 1},
		{core.Session{Phase: core.Held, Agent: "amy", Owing: nine}, on, 3 * time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Owing: nine}, off, 0},
		{core.Session{Phase: core.Held, Agent: "amy", Owing: nine, Spoke: nine.Add(time.Minute)}, patient, 72*time.Hour + time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Owing: nine, Past: []core.Past{{Agent: "amy", Silent: 2}}}, on, 12 * time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Owing: nine, Past: []core.Past{{Agent: "amy", Silent: 99}}}, on, 768 * time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Spoke: nine}, on, 25 * time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Spoke: nine, Warned: true}, on, 30 * time.Minute},
		{core.Session{Phase: core.Held, Agent: "amy", Spoke: nine}, unwarned, time.Hour},
		{core.Session{Phase: core.Held, Agent: "amy", Spoke: nine}, off, 0},
		{core.Session{Phase: core.Closed, Spoke: nine, Owing: nine}, on, 0},
		{core.Session{}, on, 0},
	} {
		want := nine.Add(test.want)
		if test.want == 0 {
			want = time.Time{}
		}
		if got := core.Due(core.Conversation{Session: test.session}, test.rules); !got.Equal(want) {
			t.Errorf("Due(%+v) = %v, want %v", test.session, got, want)
		}
	}
}
