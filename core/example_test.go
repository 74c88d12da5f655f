package core_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"kefu/core"
	"kefu/core/memstore"
)

// A visitor writes, an agent is found, and answers. Step says each time what
// is to be stored, and what the host does once it is.
func ExampleStep() {
	rules, _ := core.DefaultSettings().Rules("default")
	at := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	vic := core.Actor{Party: core.Party{Kind: core.Visitor, ID: "vic"}}
	amy := core.Actor{Party: core.AgentParty("amy"), Role: core.RoleAgent, Groups: []core.GroupID{"default"}}
	c := core.Conversation{ID: core.ConversationOf("default", "vic")}

	for _, in := range []core.Input{
		core.Said{
			Frame: core.Frame{By: vic, Origin: "tab-4711", N: 1}, Site: "default",
			Body: core.Body{Kind: core.KindText, Text: "Is the blue one still available?"},
		},
		core.Offered{Group: "default", Roster: core.Roster{{ID: "amy", Status: core.Online, Capacity: 5}}},
		core.Said{
			Frame: core.Frame{By: amy, Origin: "console-1", N: 1},
			Body:  core.Body{Kind: core.KindText, Text: "In all sizes."},
		},
	} {
		change, err := core.Step(c, rules, at, in)
		if err != nil {
			fmt.Println(err)
			return
		}
		for _, e := range change.Events {
			fmt.Printf("%d %s: %s %q\n", e.Seq, e.By.Kind, e.Body.Kind, e.Body.Text)
		}
		for _, e := range change.Effects {
			fmt.Printf("  then %T\n", e)
		}
		c = change.Conversation
	}
	fmt.Println("now", c.Session.Phase, "by", c.Session.Agent)
	// Output:
	// 1 system: opened ""
	// 2 visitor: text "Is the blue one still available?"
	// 3 system: queued ""
	//   then core.Ack
	//   then core.Seek
	// 4 system: assigned ""
	// 5 agent: text "In all sizes."
	//   then core.Ack
	//   then core.Paced
	// now held by amy
}

// The same frame again is acknowledged and not stored; one that comes before
// its predecessor is told where to go on.
func ExampleStep_numbers() {
	rules, _ := core.DefaultSettings().Rules("default")
	at := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	hello := func(n uint64) core.Said {
		return core.Said{
			Frame: core.Frame{By: core.Actor{Party: core.Party{Kind: core.Visitor, ID: "vic"}}, Origin: "tab-4711", N: n},
			Site:  "default", Body: core.Body{Kind: core.KindText, Text: "Hello"},
		}
	}
	first, _ := core.Step(core.Conversation{ID: "c"}, rules, at, hello(1))
	fmt.Println("stored:", len(first.Events), "events")

	again, _ := core.Step(first.Conversation, rules, at, hello(1))
	ack, _ := again.Effects[0].(core.Ack)
	fmt.Println("again:", len(again.Events), "events, it is event", ack.Seq)

	_, err := core.Step(first.Conversation, rules, at, hello(3))
	var e *core.Error
	if errors.As(err, &e) {
		fmt.Println(e.Code, "- go on from", e.Expect)
	}
	// Output:
	// stored: 3 events
	// again: 0 events, it is event 2
	// gap - go on from 2
}

// Three agents, one of whom is away. Bo has fewer free seats than Cy, but he
// works faster, so his load is less.
func ExamplePick() {
	waiting := core.Conversation{Visitor: "vic", Session: core.Session{Phase: core.Waiting, Tag: "returns"}}
	roster := core.Roster{
		{ID: "amy", Status: core.Away, Capacity: 5},
		{ID: "bo", Status: core.Online, Capacity: 4, Held: 2, Pace: 20 * time.Second},
		{ID: "cy", Status: core.Online, Capacity: 5, Held: 2, Pace: 60 * time.Second},
	}
	choice, ok := core.Pick(waiting, roster, core.Routing{Share: 1, Pace: 30 * time.Second}, time.Time{})
	fmt.Println(choice.Agent, ok, "by", choice.Why.Tier)
	for _, c := range choice.Why.Candidates {
		fmt.Printf("could: %s, load %.2f\n", c.Agent, c.Load)
	}
	for _, r := range choice.Why.Removed {
		fmt.Println("could not:", r.Agent, r.Bar)
	}
	// Output:
	// bo true by shard
	// could: bo, load 0.33
	// could: cy, load 0.80
	// could not: amy away
}

// Whoever answered a visitor gets them again, although somebody else has
// nothing to do. It is a preference: without a seat it goes on to the others.
func ExamplePick_affinity() {
	yesterday := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	back := core.Conversation{Visitor: "vic", Last: "amy", LastAt: yesterday, Session: core.Session{Number: 2, Phase: core.Waiting}}
	routing := core.DefaultSettings().Routing
	for _, held := range []int{4, 5} {
		roster := core.Roster{{ID: "amy", Status: core.Online, Held: held, Capacity: 5}, {ID: "bo", Status: core.Online, Capacity: 5}}
		choice, _ := core.Pick(back, roster, routing, yesterday.AddDate(0, 0, 1))
		fmt.Println(choice.Agent, "by", choice.Why.Tier)
	}
	// Output:
	// amy by affinity
	// bo by shard
}

// Apply decides and stores. What a node remembers may be stale: the store
// notices, and it is decided again on what is true.
func ExampleApply() {
	ctx, store := context.Background(), memstore.New("epoch-1")
	rules, _ := core.DefaultSettings().Rules("default")
	at := time.Date(2026, time.January, 5, 9, 0, 0, 0, time.UTC)
	say := func(remembered core.Conversation, tab core.Origin, text string) core.Conversation {
		in := core.Said{
			Frame: core.Frame{By: core.Actor{Party: core.Party{Kind: core.Visitor, ID: "vic"}}, Origin: tab, N: 1},
			Site:  "default", Body: core.Body{Kind: core.KindText, Text: text},
		}
		change, err := core.Apply(ctx, store, remembered, rules, at, in)
		fmt.Println(text, change.Conversation.Seq, err)
		return change.Conversation
	}
	nothing := core.Conversation{ID: core.ConversationOf("default", "vic")}
	old := say(nothing, "tab-1", "from one tab")
	say(old, "tab-2", "from another")
	say(old, "tab-3", "from a third, whose node only knows of the first")
	// Output:
	// from one tab 3 <nil>
	// from another 4 <nil>
	// from a third, whose node only knows of the first 5 <nil>
}

func ExampleEstimate() {
	fmt.Println(core.Estimate(3, 6, 8*time.Minute)) // third in line, six seats on duty, eight minutes a session
	// Output: 4m0s
}
