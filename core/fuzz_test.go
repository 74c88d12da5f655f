package core_test

import (
	"math"
	"testing"
	"time"

	"kefu/core"
)

// FuzzStep drives one conversation with any inputs at all and checks the laws
// of laws_test.go after each of them, that the log folds to the head, and that
// seats are given back. A script has six bytes a step, see script.
func FuzzStep(f *testing.F) {
	for kind := range byte(kinds) {
		f.Add(byte(0), []byte{said, 0, 0, 0, 0, 0, offered, 0, 0, 0, 2, 0xff, kind, 1, 0, 0, 5, 0}, "hello")
		f.Add(byte(1), []byte{said, 0, 0, 0, 0, 0, kind, 0, 0, 0, 2, 1, kind, 0, 1, 0, 3, 1}, "")
	}
	for who := range byte(len(cast())) {
		f.Add(byte(0), []byte{said, who, 0, 0, 0, 0, said, who, 0, 0, 0, 128, taken, who, 0, 0, 0, 0, ended, who, 0, 0, 0, 0}, "who?")
	}
	for rules := range byte(6) {
		f.Add(rules, []byte{
			said, 0, 0, 0, 0, 0, tick, 0, 0, 0, 3, 0, offered, 0, 0, 0, 0, 0x7f, said, 1, 0, 0, 1, 0, said, 0x10, 2, 0, 1, 0,
			passed, 1, 0, 0, 2, 1, taken, 4, 0, 0, 2, 0, left, 4, 0, 0, 2, 0, ended, 0, 0, 0, 7, 0, resumed, 5, 0, 0, 2, 0,
			tick, 0, 0, 0, 8, 0, tick, 0, 0, 0, 8, 1, rating, 0, 0, 0, 11, 5, said, 0, 0, 0, 6, 0, human, 0, 0, 0, 0, 0,
		}, "\xff\x00 garbage")
	}
	f.Fuzz(func(t *testing.T, rules byte, bytes []byte, text string) {
		c, log, at := core.Conversation{ID: "c"}, fold{}, nine
		seats := map[core.AgentID]int{}
		s := script{bytes: bytes[:min(len(bytes), 6*100)], text: text[:min(len(text), 100)]} // short runs find more
		for len(s.bytes) > 0 {
			in, wait := s.next(c)
			at = at.Add(wait)
			if broken := lawsOfStep(c, fuzzRules(rules), at, in); broken != "" {
				t.Fatalf("%#v\nat %v: %s", in, at, broken)
			}
			change, err := core.Step(c, fuzzRules(rules), at, in)
			if err != nil {
				continue
			}
			for _, e := range change.Events {
				log.add(e)
			}
			seats[change.Take]++
			seats[change.Free]--
			c = change.Conversation
			if broken := log.disagrees(c); broken != "" {
				t.Fatalf("%#v\nat %v: %s", in, at, broken)
			}
			for a, n := range seats {
				if a != "" && (n == 1) != (a == c.Session.Agent) || n < 0 && a != "" || n > 1 && a != "" {
					t.Fatalf("%#v: %s has %d seats, the session is with %q", in, a, n, c.Session.Agent)
				}
			}
		}
	})
}

// The kinds of input a script has; whatever is above is not one of ours.
const (
	said = iota
	human
	ended
	rating
	taken
	passed
	resumed
	answered
	offered
	left
	tick
	edited
	recalled
	identified
	briefed
	tagged
	deferred
	erased
	stranger
	kinds
)

// script reads inputs from bytes, six for each: kind, author and origin,
// number, session, time passed, and what the kind needs. Zeros are an honest
// client; anything else may be garbage.
type script struct {
	bytes []byte
	text  string
}

func (s *script) next(c core.Conversation) (core.Input, time.Duration) {
	var b [6]byte
	s.bytes = s.bytes[copy(b[:], s.bytes):]
	by := cast()[int(b[1]&15)%len(cast())]
	f := core.Frame{By: by, Origin: []core.Origin{"tab", "tab2", "", "t3", "t4", "t5", "t6", "t7"}[b[1]>>4&7]}
	last := c.HeardOf(by.Party, f.Origin).N
	f.N = choose(b[2], last+1, last, last+2, 0, math.MaxUint64, last-1)
	number := c.Session.Number
	session := choose(b[3], number, number-1, number+1, 0, math.MaxUint32)
	wait := choose(b[4], 0, time.Millisecond, time.Second, 20*time.Second, time.Minute, 3*time.Minute, 10*time.Minute,
		25*time.Minute, 30*time.Minute, 72*time.Hour, -time.Second, -time.Hour, 31*24*time.Hour, 1500*time.Microsecond)
	return s.input(b[0]%kinds, b[5], c, f, session), wait
}

func (s *script) input(kind, x byte, c core.Conversation, f core.Frame, session uint32) core.Input {
	agent := choose[core.AgentID](x, "amy", "bo", "cy", "sue", "", c.Session.Agent)
	switch kind {
	case said:
		body := core.Body{Kind: choose(x, core.KindText, core.KindImage, core.KindOptions, core.KindClosed, core.Kind(s.text)), Text: s.text, Options: []string{s.text}}
		return core.Said{Frame: f, Site: "default", Tag: choose(x>>3, "", "vip", s.text), Body: body, Internal: x&128 != 0}
	case human:
		return core.HumanAsked{Frame: f, Session: session}
	case ended:
		return core.Ended{Frame: f, Session: session}
	case rating:
		return core.Rating{Frame: f, Session: session, Score: x, Comment: s.text}
	case taken:
		return core.Taken{Frame: f, Session: session}
	case passed:
		to := core.Agent{ID: agent, Status: choose(x>>3, core.Online, core.Away, "asleep"), Capacity: int(x >> 6)}
		return core.Passed{Frame: f, Session: session, To: to, Group: choose[core.GroupID](x>>4, "default", "billing", "nowhere"), Note: s.text}
	case resumed:
		return core.Resumed{Frame: f, Session: session}
	case answered:
		return core.Answered{
			Ask: choose(x, c.Session.Ask, c.Seq, 0), Text: choose(x>>2, s.text, ""), Hand: choose(x>>4, "", core.ByAssistant), Close: x>>5&1 != 0,
			Noted: choose(x>>6, nil, []core.FormField{{ID: "order", Value: s.text}}),
		}
	case briefed:
		return core.Briefed{Session: session, Text: s.text}
	case offered:
		return core.Offered{Group: choose(x>>6, c.Session.Group, c.Session.Group, "billing"), Roster: s.roster(x, c)}
	case left:
		return core.Left{Agent: choose(x>>3, c.Session.Agent, agent), Reason: core.ByLease}
	case tick:
		return core.Tick{Online: x&1 != 0}
	case edited:
		body := core.Body{Kind: choose(x>>5, core.KindText, core.KindImage), Text: s.text}
		return core.Edited{Frame: f, Target: s.target(x, c, f.By.Party), Body: body}
	case recalled:
		return core.Recalled{Frame: f, Target: s.target(x, c, f.By.Party)}
	case identified:
		return core.Identified{}
	case tagged:
		return core.Tagged{Frame: f, Add: s.tags(x, c), Remove: s.tags(x>>4, c)}
	case erased:
		return core.Erased{Gone: choose(x, nil, []core.Tombstone{{Seq: 1}}, make([]core.Tombstone, 80))}
	case deferred:
		until := choose(x, time.Hour, time.Minute, time.Millisecond, 0, -time.Hour, core.MaxSnooze, core.MaxSnooze+time.Minute, 1<<62)
		return core.Deferred{Frame: f, Session: session, Until: c.At.Add(until)}
	}
	return nil
}

// target is a message that may be anybody's, of any time and kind.
func (s *script) target(x byte, c core.Conversation, by core.Party) core.Target {
	e := core.Event{
		Seq: choose(x, c.Seq, 1, c.Seq+1, 0), At: choose(x>>2, c.At, c.At.Add(-time.Hour)), By: choose(x>>3, by, by, core.Party{}), Internal: x&64 != 0,
		Body: core.Body{Kind: choose(x>>4, core.KindText, core.KindImage, core.KindTombstone, core.KindClosed), Text: s.text},
	}
	return core.Target{Seq: e.Seq, Event: e, Edits: choose(x>>1, nil, []uint64{c.Seq}), Gone: x&128 != 0}
}

// tags are some that there are, and some that there can not be.
func (s *script) tags(x byte, c core.Conversation) []string {
	many := make([]string, 21)
	for i := range many {
		many[i] = string(rune('a' + i))
	}
	return choose(x, nil, []string{"vip"}, []string{" VIP ", "refund"}, c.Tags, many[:20], many, []string{s.text}, []string{""})
}

// roster has three agents, each on duty or not by a bit of x.
func (s *script) roster(x byte, c core.Conversation) core.Roster {
	var r core.Roster
	for i, id := range []core.AgentID{"amy", "bo", "cy"} {
		a := core.Agent{ID: id, Capacity: 1, Status: core.Offline, Weight: float64(i), Last: c.At}
		if x>>i&1 != 0 {
			a.Status = core.Online
		}
		if x>>(i+3)&1 == 0 {
			a.Held = 1
		}
		r = append(r, a)
	}
	return r
}

// choose returns the option that b stands for.
func choose[T any](b byte, options ...T) T { return options[int(b)%len(options)] }

// cast is whoever may turn up, some of whom should not.
func cast() []core.Actor {
	staff := func(id string, r core.Role, groups ...core.GroupID) core.Actor {
		return core.Actor{Party: core.Party{Kind: core.Staff, ID: id}, Role: r, Groups: groups}
	}
	return []core.Actor{
		{Party: core.Party{Kind: core.Visitor, ID: "vic"}},
		staff("amy", core.RoleAgent, "default"),
		staff("bo", core.RoleAgent, "default", "billing"),
		staff("cy", core.RoleAgent, "billing"),
		staff("sue", core.RoleSupervisor),
		staff("dee", core.RoleAdmin, "default"),
		staff("rex", "root", ""),
		staff("", core.RoleAgent, "default"),
		{Party: core.Party{Kind: core.Visitor, ID: "eve"}},
		{Party: core.Party{Kind: core.Visitor}},
		{Party: core.Party{Kind: core.Robot, ID: "bot"}, Role: core.RoleAdmin},
		{Party: core.Party{Kind: core.System, ID: "desk"}, Role: core.RoleAdmin},
		{Party: core.Party{Kind: 99, ID: "alien"}, Role: core.RoleAdmin},
	}
}

// fuzzRules are sane for 0 to 3, and nothing that Validate lets pass above.
func fuzzRules(kind byte) core.Rules {
	s := core.DefaultSettings()
	s.Groups = append(s.Groups, core.Group{ID: "billing", Timeouts: &core.Timeouts{Agent: time.Second, Visitor: time.Hour, Abandoned: 24 * time.Hour}})
	site := &s.Sites[0]
	switch kind % 6 {
	case 1:
		site.Assistant, site.Receptionist.Turns = true, 1
	case 2:
		site.Timeouts, s.Routing = core.Timeouts{}, core.Routing{}
	case 3:
		site.Assistant, site.Groups = true, []core.GroupID{"billing", "default"}
	case 4:
		site.Groups = nil
	case 5:
		site.Assistant = true
		site.Timeouts = core.Timeouts{Assistant: -1, Agent: math.MaxInt64, Visitor: math.MaxInt64, Warning: math.MinInt64, Abandoned: -1, Return: math.MaxInt64}
		s.Routing = core.Routing{Share: math.NaN(), Least: math.MaxInt, Affinity: math.MinInt64, Pace: -1}
	}
	r, _ := s.Rules("default")
	return r
}
