package hosttest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Stories of what is not in the log: read marks (promise 11), typing (15),
// presence (21).

func tellRead(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeld()
	note := a.notes(v, "careful")
	said := a.tells(v, "good morning")
	v.sees(v, "good morning")

	v.say(fields{"seq": said}.of("read"))
	if f := a.await("what the visitor read", is("read")); f.Seq != said || f.By.Kind != "visitor" || f.Conversation.ID != v.mine() {
		p.Errorf("the agent is told %s", f.raw)
	}
	for _, seq := range []uint64{0, said - 2, said} { // back is no news
		v.say(fields{"seq": seq}.of("read"))
	}
	v.say(fields{"seq": said + 1000}.of("read")) // beyond the head is the head
	v.settle()
	if h := p.head(v); h.Read.Visitor != said {
		p.Errorf("promise 11: read up to %d of %d", h.Read.Visitor, h.Seq)
	}

	a.say(fields{"conversation": v.mine(), "seq": 1}.of("read"))
	a.say(fields{"conversation": v.mine(), "seq": note}.of("read"))
	a.settle()
	if h := p.head(v); h.Read.Agent != note {
		p.Errorf("promise 11: the agent read up to %d, want %d", h.Read.Agent, note)
	}
	if v.via == "ws" {
		v.await("what the agent read", func(f frame) bool { return f.Type == "read" && f.By.Kind == "agent" && f.By.ID == a.id() })
	}
}

// head is what the admin reads of a visitor's conversation.
func (p *play) head(v *client) (h head) {
	p.Helper()
	p.call(p.T, "GET", "/v1/conversations/"+v.mine(), nil, &h)
	return h
}

// Typing reaches the other side, takes no seq, and holds up nothing.
func tellTyping(p *play) {
	a, other := p.agent("Li"), p.visitor("Hua")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	before := p.head(v).Seq

	v.say(fields{"text": "I am still wri"}.of("typing"))
	f := a.await("that the visitor types", is("typing"))
	if f.By.Kind != "visitor" || f.Conversation.ID != v.mine() || f.Text != "" { // a site shows the text only if it is told to
		p.Errorf("the agent is told %s", f.raw)
	}
	a.say(fields{"conversation": v.mine()}.of("typing"))
	if f = v.await("that the agent types", is("typing")); f.By.ID != a.id() {
		p.Errorf("the visitor is told %s", f.raw)
	}
	flood := make([]fields, 60)
	for i := range flood {
		flood[i] = fields{}.of("typing")
	}
	begun := time.Now()
	v.say(flood...)
	v.writes("done")
	a.sees(v, "done")
	if took := time.Since(begun); took > time.Second+busy {
		p.Errorf("promise 15: a message took %s behind a flood of typing", took)
	}
	if now := p.head(v).Seq; now != before+1 {
		p.Errorf("promise 15: from seq %d to %d", before, now)
	}
	if other.knows("typing") {
		p.Error("promise 14: a stranger is told who types")
	}
}

// Presence of agents: promise 21, the clean half.
func tellPresence(p *play) {
	a, b := p.agent("Li"), p.agent("Wang")
	is := func(of *client, status string) func(frame) bool {
		return func(f frame) bool {
			return f.Type == "presence" && slices.ContainsFunc(f.Agents, func(x agentInfo) bool { return x.ID == of.id() && x.Status == status })
		}
	}
	a.offers(3)
	b.await("that Li is online", is(a, "online"))
	a.goes("away")
	b.await("that Li is away", is(a, "away"))
	a.offers(3)
	b.await("that Li is back", is(a, "online"))
	b.settle()
	b.inbox = slices.DeleteFunc(b.inbox, is(a, "offline")) // as they were before they said anything
	second := p.desk("Li at the other screen", a.as)
	a.leave()
	second.settle()
	b.settle()
	if slices.ContainsFunc(b.inbox, is(a, "offline")) {
		p.Error("an agent with a second connection is offline")
	}
	p.within(21, 5*time.Second, "colleagues see that Li left", func() {
		second.leave()
		b.await("that Li is offline", is(a, "offline"))
	})
	again := p.desk("Li comes back", a.as)
	if again.welcome.Agent.Status != "online" || again.welcome.Agent.Capacity != 3 {
		p.Errorf("the last status holds, but the welcome says %+v", again.welcome.Agent)
	}
	b.await("that Li is back again", is(a, "online"))
}

// Agents see whether a visitor is still there, and where.
func tellVisitorsPresence(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei", fields{"lang": "zh-CN", "page": fields{"url": "https://shop.example/cart", "title": "Cart"}})
	v.writes("hello")
	v.isHeldBy(a.id())
	online := func(want bool) func() bool {
		return func() bool { return a.heads[v.mine()].Visitor.Online == want }
	}
	a.until("the visitor to be online", online(true))
	if ref := a.heads[v.mine()].Visitor; ref.Lang != "zh-CN" || ref.Page == nil || ref.Page.URL != "https://shop.example/cart" {
		p.Errorf("the agent sees %+v", ref)
	}
	v.leave()
	a.until("the visitor to be gone", online(false))
	v.connect()
	a.until("the visitor to be back", online(true))
}

// The text that is being typed, where the site shows it: to agents only.
func tellPreview(p *play) {
	p.site(func(site fields) { site["preview"] = true })
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	if !v.welcome.Site.Preview {
		p.Errorf("the page is not told that agents see what is typed: %s", v.welcome.raw)
	}
	tab := p.tab(v)
	v.writes("hello")
	v.isHeldBy(a.id())
	v.say(fields{"text": "I want to compl"}.of("typing"))
	if f := a.await("what is typed", is("typing")); f.Text != "I want to compl" {
		p.Errorf("the agent is told %s", f.raw)
	}
	v.say(fields{"text": strings.Repeat("x", 4001)}.of("typing"))
	if e := v.await("a refusal", is("error")); e.Code != "too_large" {
		p.Errorf("4,001 characters: %s", e.raw)
	}
	a.say(fields{"conversation": v.mine(), "text": "let me look that up"}.of("typing"))
	v.await("that the agent types", is("typing"))
	tab.settle()
	for _, c := range []*client{v, tab} {
		if c.knows("let me look") || c.knows("I want to compl") {
			p.Errorf("promise 14: %s was sent a text that is only being typed", c.name)
		}
	}
	if slices.ContainsFunc(p.log(p.T, v.mine()), func(e event) bool { return strings.Contains(fmt.Sprint(e), "compl") }) {
		p.Error("promise 15: what was typed is in the log")
	}
}

// An agent who watches sees what is said, and holds nothing.
func tellWatch(p *play) {
	a, lead, outsider := p.agent("Li"), p.staff("Zhao", "supervisor"), p.desk("outsider", p.hire(p.T, "agent", []string{}))
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	watch := fields{"conversations": []string{v.mine()}}.of("watch")
	lead.say(watch)
	lead.await("the head", func(f frame) bool { return f.Type == "conversation" && f.Conversation.ID == v.mine() })
	v.writes("does anybody listen?")
	lead.sees(v, "does anybody listen?")
	a.notes(v, "the boss does")
	lead.sees(v, "the boss does")
	outsider.say(watch)
	if e := outsider.await("a refusal", is("error")); e.Code != "forbidden" {
		p.Errorf("who may not read watches: %s", e.raw)
	}
	lead.say(fields{"conversations": []string{}}.of("watch"))
	lead.settle()
	told := func(words string) bool {
		seen := len(lead.view(v.mine()).events)
		v.writes(words)
		a.sees(v, words)
		lead.settle()
		return len(lead.view(v.mine()).events) != seen
	}
	if told("and now?") && (p.host.Profile.Ordered || told("and now at last?")) { // a frame may overtake another
		p.Error("who watches no more is still told")
	}
	many := make([]string, 21)
	for i := range many {
		many[i] = v.mine()
	}
	lead.say(fields{"conversations": many}.of("watch"))
	if e := lead.await("a refusal", is("error")); e.Code != "invalid" {
		p.Errorf("21 to watch: %s", e.raw)
	}
}

// An agent whose cable is cut is offline when the lease ends, and what they
// held waits again, at the head: the other half of promise 21.
func tellCable(p *play) {
	if !long() {
		p.Skip("a lease takes 30 s to end: set KEFU_TEST_LONG")
	}
	a, b := p.agent("Li"), p.agent("Wang")
	a.offers(2)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	b.offers(1)
	begun := time.Now()
	a.vanish()
	for len(b.inbox) == 0 || time.Since(begun) < 25*time.Second { // patience is shorter than a lease
		b.sit(5 * time.Second)
		if slices.ContainsFunc(b.inbox, func(f frame) bool {
			return f.Type == "presence" && slices.ContainsFunc(f.Agents, func(x agentInfo) bool { return x.ID == a.id() && x.Status == "offline" })
		}) {
			break
		}
		if time.Since(begun) > 40*time.Second+busy {
			p.Fatal("promise 21: an agent whose cable was cut is online after 40 s")
		}
	}
	v.until("a while", after(10*time.Second))
	v.isHeldBy(b.id())
	if e := v.seesKind(v, "released"); e.Body.Reason != "vanished" {
		p.Errorf("released: %+v", e.Body)
	}
}
