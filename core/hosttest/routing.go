package hosttest

import (
	"fmt"
	"slices"
	"strings"
)

// Fifty visitors and four agents with five seats each: promises 13 and 20.
func tellFifty(p *play) {
	var agents, visitors []*client
	loads := map[string]int{}
	for i := range 4 {
		a := p.agent(fmt.Sprintf("agent %d", i+1))
		a.offers(5)
		loads[a.id()] = 0
		agents = append(agents, a)
	}
	for i := range 50 {
		v := p.visitor(fmt.Sprintf("visitor %d", i+1))
		v.writes("hello")
		visitors = append(visitors, v)
	}
	for _, v := range visitors[:20] {
		loads[v.isHeld()]++
	}
	for id, n := range loads {
		if n != 5 {
			p.Errorf("promise 13: %s holds %d of 5", id, n)
		}
	}
	waiting := visitors[20:]
	for i, v := range waiting {
		v.waits()
		v.standsAt(i + 1)
	}
	if n := len(p.list(p.T, "?phase=held&limit=200")); n != 20 {
		p.Errorf("promise 13: %d are held", n)
	}
	held := visitors[:20]
	for wave := range 3 {
		for _, v := range held[:10] {
			v.ends(v)
		}
		p.within(20, p.host.Profile.Heal, fmt.Sprintf("wave %d is seated", wave+1), func() {
			for _, v := range waiting[:10] {
				v.isHeld()
			}
		})
		held, waiting = append(slices.Clone(held[10:]), waiting[:10]...), waiting[10:]
		if n := len(p.list(p.T, "?phase=held&limit=200")); n != 20 {
			p.Errorf("promise 13: after wave %d, %d are held", wave+1, n)
		}
		for i, v := range waiting {
			if v.settle(); v.holder() != "" {
				p.Errorf("%s is seated before those who came earlier", v.name)
			}
			if wave == 0 { // places are told every few seconds
				v.standsAt(i + 1)
			}
		}
	}
	p.why(agents, visitors)
}

// standsAt waits until the visitor's place in line is that, as heads that come
// by themselves, or the next welcome, have it.
func (c *client) standsAt(place int) {
	c.t.Helper()
	c.until(fmt.Sprintf("place %d (it has %d)", place, c.heads[c.mine()].position()), func() bool {
		return c.heads[c.mine()].position() == place
	})
}

// why: every assignment says so to agents, and to no visitor.
func (p *play) why(agents, visitors []*client) {
	p.Helper()
	for _, v := range visitors {
		for _, e := range p.log(p.T, v.mine()) {
			if w := e.Body.Why; e.Body.Kind == "assigned" && (w == nil || w.Tier == "" || len(w.Candidates) == 0) {
				p.Errorf("%s: nobody knows why: %v", v.name, e)
			}
		}
		for _, secret := range append([]string{`"why"`, `"tier"`, `"candidates"`}, loadOf...) {
			if v.knows(secret) {
				p.Errorf("promise 14: %s was shown %s", v.name, secret)
			}
		}
	}
	for _, a := range agents {
		if a.settle(); !slices.ContainsFunc(a.all, func(f frame) bool { return f.Type == "event" && strings.Contains(string(f.raw), `"tier"`) }) {
			p.Errorf("%s was never told why", a.name)
		}
	}
}

// loadOf are fields that only staff may see.
var loadOf = []string{`"held":`, `"capacity":`, `"groups":`}

// Messages and assignments race for seats: nobody ever has more than they
// offer, by the log itself.
func tellCapacityRaces(p *play) {
	var agents []*client
	for i := range 3 {
		a := p.agent(fmt.Sprintf("agent %d", i+1))
		a.offers(2)
		agents = append(agents, a)
	}
	var visitors []*client
	for i := range 12 {
		visitors = append(visitors, p.visitor(fmt.Sprintf("visitor %d", i+1)))
	}
	for round := range 3 {
		said := make([]fields, len(visitors))
		for i, v := range visitors { // all at once
			view := v.view(v.mine())
			said[i] = fields{"origin": view.origin, "n": view.next, "body": text(fmt.Sprintf("round %d", round))}.of("send")
			v.say(said[i])
			view.next++
		}
		agents[round].goes("away")
		agents[round].offers(2)
		for i, v := range visitors {
			v.answered(said[i], func(f frame) bool {
				return f.Type == "ack" && f.Origin == said[i]["origin"] && f.N >= said[i]["n"].(uint64)
			})
			v.sees(v, fmt.Sprintf("round %d", round))
		}
		for _, v := range visitors[round*3 : round*3+3] {
			v.ends(v)
		}
	}
	held := map[string]int{}
	for _, h := range p.list(p.T, "?phase=held&limit=200") {
		held[h.holder()]++
	}
	for _, a := range agents {
		if held[a.id()] > 2 {
			p.Errorf("promise 13: %s offers 2 and holds %d", a.name, held[a.id()])
		}
	}
}
