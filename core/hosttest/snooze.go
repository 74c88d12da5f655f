package hosttest

import "time"

// An agent names a conversation and puts it off: the seat is free meanwhile,
// no visitor is told of either, and the visitor's next word brings it back to
// whoever put it off.
func tellSnooze(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("is it back in stock?")
	v.isHeldBy(a.id())
	a.opens(v)
	a.does("tag", v.mine(), fields{"add": []string{" VIP-Guest "}})
	a.fails("invalid", "tag", v.mine(), fields{"add": []string{"\u200b"}})
	a.tells(v, "on Tuesday it will be")
	until := func(d time.Duration) fields {
		return fields{"session": v.session(), "until": time.Now().Add(d).UTC().Format("2006-01-02T15:04:05.000Z")}
	}
	a.fails("invalid", "snooze", v.mine(), until(31*24*time.Hour))
	a.does("snooze", v.mine(), until(time.Hour))
	w := p.visitor("Wu")
	w.writes("hello") // the seat is free
	w.isHeldBy(a.id())
	a.ends(w)
	v.writes("I want two")
	v.isHeldBy(a.id())
	for _, secret := range []string{"vip-guest", `"snoozed"`, `"tagged"`} {
		if v.knows(secret) {
			p.Errorf("promise 14: %s was shown %s", v.name, secret)
		}
	}
	if !a.knows("vip-guest") {
		p.Errorf("%s is not told of the tag", a.name)
	}
}
