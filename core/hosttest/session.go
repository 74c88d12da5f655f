package hosttest

import (
	"time"
)

// Stories of a session: who answers, and how it ends.

// From the first word to the rating, and once more.
func tellLife(p *play) {
	a, b := p.agent("Li"), p.agent("Wang")
	v := p.visitor("Mei")
	v.writes("is anybody there?")
	v.waits()
	p.within(20, p.host.Profile.Heal, "an agent with a seat answers", func() {
		a.offers(1)
		v.isHeldBy(a.id())
	})
	if a.sees(v, "is anybody there?").By.ID != v.id() {
		p.Error("somebody else asked")
	}
	a.tells(v, "yes")
	v.sees(v, "yes")

	b.offers(1)
	a.does("transfer", v.mine(), fields{"session": v.session(), "to": fields{"agent": b.id()}, "note": "has been waiting since May"})
	v.isHeldBy(b.id())
	if e := v.seesKind(v, "transferred"); e.Body.Note != "" || e.Body.From.ID != a.id() || e.Body.To.Agent.ID != b.id() {
		p.Errorf("the visitor sees the transfer as %+v", e.Body)
	}
	b.opens(v)
	if e := b.seesKind(v, "transferred"); e.Body.Note != "has been waiting since May" {
		p.Errorf("the colleague sees the transfer as %+v", e.Body)
	}
	a.fails("conflict", "send", v.mine(), fields{"body": text("one more thing")}) // promise 12
	a.notes(v, "good luck")
	b.sees(v, "good luck")
	b.tells(v, "what can I do?")
	v.sees(v, "what can I do?")
	b.ends(v)
	if e := v.seesKind(v, "closed"); e.Body.Reason != "request" || e.Body.By.ID != b.id() {
		p.Errorf("closed: %+v", e.Body)
	}
	b.fails("conflict", "send", v.mine(), fields{"body": text("too late")})
	v.does("rate", v.mine(), fields{"session": 1, "score": 4, "comment": "fine"})
	v.does("rate", v.mine(), fields{"session": 1, "score": 5, "comment": "on second thoughts"})
	p.nextSession(v, a, b)
	for _, words := range []string{"since May", "good luck", `"why"`} {
		if v.knows(words) {
			p.Errorf("promise 14: the visitor was shown %q", words)
		}
	}
}

// nextSession: who comes back at once gets who answered last, though both have
// a seat.
func (p *play) nextSession(v, a, b *client) {
	p.Helper()
	a.offers(2)
	p.hasSeat(b)
	v.writes("one more question")
	v.isHeldBy(b.id())
	why := b.seesEvent(v, "the second assignment", func(e event) bool { return e.Session == 2 && e.Body.Kind == "assigned" }).Body.Why
	if why == nil || why.Tier != "affinity" {
		p.Errorf("why %s: %+v", b.name, why)
	}
	rated := 0
	for _, e := range p.log(p.T, v.mine()) {
		if e.Body.Kind == "rated" {
			rated = e.Body.Score
		}
	}
	if rated != 5 {
		p.Errorf("the last score is %d", rated)
	}
}

// A visitor ends it; what comes late changes nothing.
func tellVisitorEnds(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("never mind")
	v.isHeld()
	v.ends(v)
	if e := v.seesKind(v, "closed"); e.Body.By.Kind != "visitor" {
		p.Errorf("closed by %+v", e.Body.By)
	}
	v.ends(v) // again: nothing is left to close
	v.fails("not_found", "end", v.mine(), fields{"session": 9})
	v.fails("not_found", "rate", v.mine(), fields{"session": 9, "score": 1})
	v.does("human", v.mine(), fields{"session": 1})
	if n := len(p.list(p.T, "?phase=waiting,held")); n != 0 {
		p.Errorf("%d sessions are open", n)
	}
}

// An agent reopens what was closed by mistake, if there is a seat.
func tellReopen(p *play) {
	a, b := p.agent("Li"), p.agent("Wang")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeld()
	a.fails("not_found", "reopen", v.mine(), fields{"session": 7})
	a.ends(v)
	v.seesKind(v, "closed")
	b.goesWith(fields{"status": "online", "capacity": 0})
	b.fails("full", "reopen", v.mine(), fields{"session": 1})
	a.does("reopen", v.mine(), fields{"session": 1})
	v.isHeldBy(a.id())
	a.tells(v, "where were we?")
	if e := v.sees(v, "where were we?"); e.Session > 1 {
		p.Errorf("it is session %d", e.Session)
	}
}

func tellTake(p *play) {
	a, b, lead := p.agent("Li"), p.agent("Wang"), p.staff("Zhao", "supervisor")
	for _, x := range []*client{a, b, lead} {
		x.offers(0)
	}
	v := p.visitor("Mei")
	v.writes("hello")
	v.waits()
	session := fields{"session": 1}
	a.fails("full", "take", v.mine(), session)
	a.goesWith(fields{"status": "away", "capacity": 1})
	a.fails("not_found", "take", v.mine(), fields{"session": 2})
	a.takes(v)
	v.isHeldBy(a.id())
	a.takes(v) // it is theirs already
	b.goesWith(fields{"status": "away", "capacity": 1})
	b.fails("conflict", "take", v.mine(), session)
	b.fails("conflict", "end", v.mine(), session)
	b.fails("conflict", "transfer", v.mine(), fields{"session": 1, "to": fields{"agent": b.id()}})
	lead.fails("full", "take", v.mine(), session)
	lead.goesWith(fields{"status": "away", "capacity": 1})
	lead.takes(v)
	v.isHeldBy(lead.id())
	a.fails("conflict", "send", v.mine(), fields{"body": text("mine!")})
	lead.fails("not_found", "transfer", v.mine(), fields{"session": 1, "to": fields{"agent": "nobody"}})
	lead.fails("not_found", "transfer", v.mine(), fields{"session": 1, "to": fields{"group": "nobody"}})
	lead.fails("full", "transfer", v.mine(), fields{"session": 1, "to": fields{"agent": b.id()}}) // away
	lead.ends(v)
	a.fails("conflict", "take", v.mine(), session)
}

// Two agents reach for the same visitors at the same moment; promise 12.
func tellOneOwner(p *play) {
	a, b := p.agent("Li"), p.agent("Wang")
	for _, x := range []*client{a, b} {
		x.goesWith(fields{"status": "away", "capacity": 20})
	}
	for range 8 {
		v := p.visitor("Mei")
		v.writes("hello")
		v.waits()
		take := fields{"conversation": v.mine(), "session": 1, "n": 1}.of("take")
		answers := map[string]int{}
		for _, x := range []*client{a, b} {
			take["origin"] = x.origin
			x.say(take)
		}
		for _, x := range []*client{a, b} {
			take["origin"] = x.origin
			f := x.answered(take, func(f frame) bool {
				return f.Conversation.ID == v.mine() && (f.Type == "ack" || f.Type == "error" && f.Code != "unavailable")
			})
			answers[f.Type+" "+string(f.Code)]++
			if holder := v.isHeld(); (holder == x.id()) != (f.Type == "ack") {
				p.Errorf("promise 12: %s holds it, and %s got %s", holder, x.id(), f.raw)
			}
		}
		if answers["ack "] != 1 || answers["error conflict"] != 1 {
			p.Errorf("promise 12: %v", answers)
		}
	}
}

// Who lowers what they offer keeps what they hold, and gets nothing new.
func tellCapacityLowered(p *play) {
	a := p.agent("Li")
	a.offers(2)
	one, two, three := p.visitor("one"), p.visitor("two"), p.visitor("three")
	for _, v := range []*client{one, two} {
		v.writes("hello")
		v.isHeld()
	}
	three.writes("hello")
	three.waits()
	a.offers(1)
	a.tells(one, "I am still here")
	one.sees(one, "I am still here")
	a.tells(two, "and here")
	a.ends(one)
	one.seesKind(one, "closed")
	three.settle()
	if three.holder() != "" {
		p.Error("promise 13: one is held, one seat is offered, and a second one came")
	}
	a.ends(two)
	p.within(20, p.host.Profile.Heal, "the seat is filled", func() { three.isHeldBy(a.id()) })
}

// Away keeps what is held and takes nothing new.
func tellAway(p *play) {
	a := p.agent("Li")
	a.offers(5)
	v, w := p.visitor("Mei"), p.visitor("Hua")
	v.writes("hello")
	v.isHeld()
	a.goes("away")
	w.writes("hello")
	w.waits()
	a.tells(v, "back in a minute")
	v.sees(v, "back in a minute")
	w.settle()
	if w.holder() != "" {
		p.Error("who is away was given a session")
	}
	p.within(20, p.host.Profile.Heal, "who is back takes who waits", func() {
		a.goes("online")
		w.isHeldBy(a.id())
	})
}

// Affinity prefers, and traps nobody.
func tellAffinityIsNoTrap(p *play) {
	a, b := p.agent("Li"), p.agent("Wang")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	a.tells(v, "hello")
	a.ends(v)
	v.seesKind(v, "closed")
	a.goes("away")
	b.offers(1)
	v.writes("me again")
	v.isHeldBy(b.id())
}

// To a group: it waits there, and whoever is free gets it.
func tellTransferToGroup(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	b := p.agent("Wang")
	b.offers(1)
	a.does("transfer", v.mine(), fields{"session": 1, "to": fields{"group": "default"}})
	v.isHeldBy(b.id()) // who passed it on is left out while anybody else can take it
	a.goes("away")
	b.does("transfer", v.mine(), fields{"session": 1, "to": fields{"group": "default"}})
	v.waits()
	p.within(20, p.host.Profile.Heal+4*time.Second, "nobody else is there, so it comes back", func() {
		b.offers(1)
		v.isHeldBy(b.id())
	})
}
