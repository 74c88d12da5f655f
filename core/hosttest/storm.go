package hosttest

import (
	"fmt"
	"slices"
	"time"
)

// Stories of trouble: a network that does what networks do, a host that
// leaves, one that is killed.

// tellStorm: visitors and agents talk through a proxy that delays, reorders,
// repeats, swallows and cuts; then it calms down. Promises 1 to 8, 10 and 14.
func tellStorm(p *play) {
	seed := seedOf(p.T)
	w := newProxy(p, seed)
	t := newTalk(p, seed, &world{url: w.url, polls: p.host.Profile.has(Poll), patience: time.Second})
	t.begin()
	lasts := 4 * time.Second
	if long() {
		lasts = time.Minute
	}
	enough := func() bool { return t.acks.Load() >= 300 && w.cut.Load() >= 12 } // a busy machine needs longer
	for begun := time.Now(); (time.Since(begun) < lasts || !enough()) && time.Since(begun) < lasts+time.Minute && t.hear(20); {
	}
	w.calm.Store(true)
	t.hear(20)
	t.judge(t.settle(), 3)
	p.Logf("%d delayed, %d repeated, %d swallowed, %d cut", w.delayed.Load(), w.repeated.Load(), w.swallowed.Load(), w.cut.Load())
	if w.delayed.Load()*w.repeated.Load()*w.cut.Load() == 0 {
		p.Error("that was no storm")
	}
}

// tellCrash: see Crashes.
func tellCrash(p *play) {
	if p.host.Restart == nil {
		p.Skip("this host can not be killed here")
	}
	p.crashes(3)
}

// tellLeave: a host that is told to leave says goodbye to everybody, and has
// lost nothing when it is back. Promise 23.
func tellLeave(p *play) {
	if p.host.Leave == nil {
		p.Skip("this host can not be told to leave here")
	}
	a := p.agent("Li")
	a.offers(4)
	people := []*client{p.visitor("Mei"), p.visitor("Hua"), p.visitor("Lin")}
	if p.host.Profile.has(Poll) {
		poller := p.stranger("Bo")
		poller.via = "poll"
		poller.connect()
		people = append(people, poller)
	}
	for _, v := range people {
		v.writes("hello")
		v.isHeldBy(a.id())
		a.sees(v, "hello")
	}
	for _, v := range people { // on their way when it is told
		view := v.view(v.mine())
		for range 10 {
			v.say(fields{"origin": view.origin, "n": view.next, "body": text(fmt.Sprintf("%s %d", v.name, view.next))}.of("send"))
			view.next++
		}
	}
	p.url = p.host.Leave(p.T)
	for _, c := range append(slices.Clone(people), a) {
		if c.via == "poll" {
			c.leave() // nothing holds it, so nothing is said to it
			continue
		}
		c.isSentAway("4000", 4000)
		if !slices.ContainsFunc(c.all, func(f frame) bool { return f.Type == "bye" && f.Code == "4000" }) {
			p.Errorf("promise 23: %s was told %q", c.name, c.words)
		}
	}
	for _, v := range people {
		p.cameBack(v)
		v.writes("and now?")
	}
	a.connect()
	for _, v := range people {
		a.sees(v, "and now?")
	}
}

// cameBack connects a visitor again and holds what was acknowledged before
// against what the host has.
func (p *play) cameBack(v *client) {
	p.Helper()
	log := p.log(p.T, v.mine())
	for _, f := range v.all {
		if f.Type == "ack" && (f.Seq > uint64(len(log)) || log[f.Seq-1].Body.Kind != "text") {
			p.Errorf("promise 23: %s was acknowledged, and the log is %v", f.raw, log)
		}
	}
	before := v.epoch
	v.connect()
	if v.welcome.Reset || v.epoch != before {
		p.Errorf("a restart is no restore: %.200s", v.welcome.raw)
	}
	if acked := last(v.all, "ack").N; v.welcome.N < acked {
		p.Errorf("promise 23: n %d was acknowledged, and the host knows %d", acked, v.welcome.N)
	}
	v.view(v.mine()).next = v.welcome.N + 1 // a client would repeat the others; these are given up
}

// last is the last frame of a type, or none.
func last(frames []frame, typ string) frame {
	for _, f := range slices.Backward(frames) {
		if f.Type == typ {
			return f
		}
	}
	return frame{}
}
