package hosttest

import (
	"fmt"
	"slices"
	"strings"
)

// Stories of cursors and numbers: what a client that was away gets, and what
// becomes of frames that come twice, late or out of turn.

// texts are what a client has of a conversation, system events left out.
func (c *client) texts(of *client) (list []string) {
	for _, e := range c.view(of.mine()).events {
		if e.Body.Kind == "text" {
			list = append(list, e.Body.Text)
		}
	}
	return list
}

// A visitor who was away gets what was said meanwhile, and nothing twice.
func tellResume(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("one")
	v.isHeld()
	v.leave()
	for i := range 60 { // more than a hello without a cursor would bring
		a.tells(v, fmt.Sprintf("answer %d", i))
	}
	a.notes(v, "the visitor must not see this")
	a.tells(v, "the last")
	v.connect()
	if v.welcome.Reset {
		p.Errorf("a reset: %.300s", v.welcome.raw)
	}
	v.sees(v, "the last")
	if got := v.texts(v); len(got) != 62 || got[0] != "one" || got[1] != "answer 0" || got[61] != "the last" {
		p.Errorf("%d texts: %q", len(got), got)
	}
	if v.knows("must not see") {
		p.Error("promise 14: a note reached the visitor")
	}
	v.writes("thank you")
	a.sees(v, "thank you")
}

// A cursor that means nothing here is said to be none: never a silent hole.
func tellReset(p *play) {
	v := p.visitor("Mei")
	v.writes("one")
	head := v.welcome.Conversation.Head.Seq
	for name, lie := range map[string]fields{
		"another epoch": {"epoch": "the one before the fire"}, "beyond the head": {"after": 1000}, "no epoch": {"epoch": "", "after": 2},
	} {
		again := p.stranger(name, lie)
		again.token, again.epoch = v.token, v.epoch
		again.welcome = v.welcome
		again.connect()
		if w := again.welcome; !w.Reset || w.Epoch != v.epoch || !slices.ContainsFunc(w.Events, func(e event) bool { return e.Body.Text == "one" }) || head > w.Conversation.Head.Seq {
			p.Errorf("%s: %s", name, w.raw)
		}
	}
	a := p.client("Li", "agent", "ws")
	a.as = p.account("agent", []string{"default"})
	a.token, a.epoch = a.as.token, "the one before the fire"
	a.connect()
	if !a.welcome.Reset || a.welcome.Epoch != v.epoch {
		p.Errorf("an agent of another epoch: %s", a.welcome.raw)
	}
}

// A long log comes in pages; no message is longer than 32 KiB.
func tellPages(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	var said []string
	for i := range 12 {
		said = append(said, strings.Repeat(string(rune('一'+i)), 3990)) // 12 KB each
		v.writes(said[i])
	}
	back := p.tab(v)
	if len(back.welcome.Events) >= 12 {
		p.Errorf("%d KB in one welcome", len(back.welcome.raw)>>10)
	}
	again := p.stranger("who begins anew", fields{"after": 0})
	again.token, again.epoch = v.token, v.epoch
	again.welcome = v.welcome
	again.connect()
	if !again.welcome.More {
		p.Errorf("a welcome of %d bytes says that there is no more", len(again.welcome.raw))
	}
	for _, c := range []*client{again, a} {
		if c == a {
			a.opens(v)
		}
		c.sees(v, said[11])
		if got := c.texts(v); !slices.Equal(got, said) {
			p.Errorf("%s has %d texts", c.name, len(got))
		}
	}
	a.say(fields{"conversation": v.mine(), "seq": 6, "limit": 2}.of("before"))
	page := a.await("a page", func(f frame) bool { return f.Type == "events" && len(f.Events) == 2 && f.Events[1].Seq == 5 })
	if !page.More || page.Events[0].Seq != 4 {
		p.Errorf("two before 6: %v, more %v", page.Events, page.More)
	}
}

// Frames that come twice, out of turn, or as another one under an old number.
func tellNumbers(p *play) {
	v := p.visitor("Mei")
	frame1 := fields{"origin": v.origin, "n": 1, "body": text("one")}.of("send")
	answer := func(f fields) frame {
		v.say(f)
		return v.await("an answer", func(f frame) bool { return f.Type == "ack" || f.Type == "error" })
	}
	first := answer(frame1)
	if first.Type != "ack" || first.N != 1 || first.Prev == nil || first.Seq == 0 || first.At.IsZero() {
		p.Errorf("the first: %s", first.raw)
	}
	again := answer(frame1)
	if again.Type != "ack" || again.N != 1 || again.Seq != first.Seq || again.Prev != nil {
		p.Errorf("promise 3: a repeat is answered with %s", again.raw)
	}
	if f := answer(fields{"origin": v.origin, "n": 3, "body": text("three")}.of("send")); f.Code != "gap" || f.Expect != 2 || f.N != 3 {
		p.Errorf("n 3 after 1: %s", f.raw)
	}
	if f := answer(fields{"origin": v.origin, "n": 1, "body": text("uno")}.of("send")); f.Code != "conflict" {
		p.Errorf("another frame under n 1: %s", f.raw)
	}
	if f := answer(fields{"origin": v.origin, "n": 2, "body": text("two")}.of("send")); f.Type != "ack" {
		p.Errorf("n 2: %s", f.raw)
	}
	if f := answer(fields{"origin": "never-heard-of", "n": 2, "body": text("?")}.of("send")); f.Code != "gap" || f.Expect != 1 {
		p.Errorf("an origin that begins with 2: %s", f.raw)
	}
	stored := map[string]int{}
	for _, e := range p.log(p.T, v.mine()) {
		stored[e.Body.Text]++
	}
	if stored["one"] != 1 || stored["two"] != 1 || stored["uno"]+stored["three"]+stored["?"] > 0 {
		p.Errorf("promises 3 and 10: %v", stored)
	}
	w := p.stranger("with the same outbox")
	w.origin, w.token = v.origin, v.token
	w.connect()
	if w.welcome.N != 2 {
		p.Errorf("the last n is 2, the welcome says %d", w.welcome.N)
	}
}

// An agent numbers each conversation by itself.
func tellAgentNumbers(p *play) {
	a := p.agent("Li")
	a.offers(2)
	v, w := p.visitor("Mei"), p.visitor("Hua")
	for _, x := range []*client{v, w} {
		x.writes("hello")
		x.isHeld()
	}
	send := func(to *client, n int) fields {
		return fields{"conversation": to.mine(), "origin": a.origin, "n": n, "body": text(fmt.Sprintf("%d for %s", n, to.name))}.of("send")
	}
	a.say(send(v, 1), send(w, 1), send(w, 2), send(v, 2), send(w, 3))
	a.sees(v, "2 for Mei")
	a.sees(w, "3 for Hua")
	a.say(send(v, 4))
	if e := a.await("a gap", is("error")); e.Code != "gap" || e.Expect != 3 || e.Conversation.ID != v.mine() || e.Origin != a.origin || e.N != 4 {
		p.Errorf("n 4 after 2: %s", e.raw)
	}
	a.leave()
	a.connect()
	for _, h := range a.welcome.Conversations {
		if want := map[string]uint64{v.mine(): 2, w.mine(): 3}[h.ID]; h.N != want {
			p.Errorf("%s: n is %d, the head says %d", h.ID, want, h.N)
		}
	}
}

// Each tab has an outbox of its own, and sees what the other says.
func tellTwoTabs(p *play) {
	v := p.visitor("Mei")
	v.writes("from the first tab")
	tab := p.tab(v)
	tab.sees(v, "from the first tab")
	tab.writes("from the second")
	v.sees(v, "from the second")
	v.writes("and back")
	tab.sees(v, "and back")
	if tab.mine() != v.mine() || len(tab.texts(v)) != 3 {
		p.Errorf("promise 19: the second tab has %q", tab.texts(v))
	}

	same := p.stranger("a copy of the first tab")
	same.token, same.origin = v.token, v.origin
	same.connect()
	if v.via == "ws" {
		v.isSentAway("4503", 4503)
	}
	tab.writes("a tab with its own origin stays")
	same.sees(v, "a tab with its own origin stays")
}

// What is acknowledged is there for whoever asks next, wherever: promise 9.
func tellReadYourWrites(p *play) {
	v := p.visitor("Mei")
	for i := range 10 {
		words := fmt.Sprintf("message %d", i)
		seq := v.writes(words)
		if log := p.log(p.T, v.mine()); !slices.ContainsFunc(log, func(e event) bool { return e.Seq == seq && e.Body.Text == words }) {
			p.Fatalf("promise 9: acknowledged as %d, and the log is %v", seq, log)
		}
		tab := p.tab(v)
		if !slices.ContainsFunc(tab.welcome.Events, func(e event) bool { return e.Seq == seq && e.Body.Text == words }) {
			p.Fatalf("promise 9: acknowledged as %d, and a welcome has %v", seq, tab.welcome.Events)
		}
		tab.leave()
	}
}
