package desk_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// player is somebody who does random things, numbering and resuming as the
// protocol asks.
type player struct {
	*client
	r       *rand.Rand
	ch      *checker
	boxes   map[core.ConversationID]*outbox
	view    view // a visitor's
	lacks   bool // an event came that does not follow
	fresh   int  // origins given up
	outcome frame
}

type outbox struct {
	origin core.Origin
	n      uint64
}

// TestRandom has visitors and agents do random frames on a desk that loses
// what it should have told, while time passes, and checks what delivery.md
// promises.
func TestRandom(t *testing.T) {
	seeds, steps := 5, 1000
	if testing.Short() {
		seeds = 2
	}
	for seed := range seeds {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) { randomRun(t, uint64(seed), steps) })
	}
}

func randomRun(t *testing.T, seed uint64, steps int) {
	r := rand.New(rand.NewPCG(seed, 7))
	w := newWorld(t)
	w.set(func(s *core.Settings) {
		s.Groups = append(s.Groups, core.Group{ID: "sales"})
		shop := s.Sites[0]
		shop.ID, shop.Groups = "shop", []core.GroupID{"sales", "default"}
		s.Sites = append(s.Sites, shop)
	})
	ch := newChecker(w)
	w.store = ch
	n := w.node()
	n.rooms.fail = func(core.ConversationID, core.Input) error {
		if r.IntN(50) == 0 {
			return core.Errorf(core.Unavailable, "not now")
		}
		return nil
	}
	n.rooms.lose = func() bool { return r.IntN(50) == 0 }
	var visitors, agents []*player
	for _, c := range []struct {
		id     string
		role   core.Role
		groups []core.GroupID
	}{{"amy", core.RoleAgent, nil}, {"bo", core.RoleAgent, nil}, {"cy", core.RoleAgent, []core.GroupID{"sales"}}, {"eve", core.RoleSupervisor, []core.GroupID{"sales"}}} {
		n.hire(c.id, c.role, 2, c.groups...)
		agents = append(agents, (&player{r: r, ch: ch}).agent(n, c.id))
	}
	for i := range 3 {
		first := (&player{r: r, ch: ch}).visitor(n, fmt.Sprint("visitor-", i), map[string]any{"site": []string{"default", "shop"}[i%2]})
		second := (&player{r: r, ch: ch}).visitor(n, fmt.Sprint("tab-", i), map[string]any{"site": []string{"default", "shop"}[i%2], "token": first.token})
		visitors = append(visitors, first, second)
	}
	stored := 0
	for step := 0; step < steps && !t.Failed(); step++ {
		switch k := r.IntN(20); {
		case k < 9:
			visitors[r.IntN(len(visitors))].visit()
		case k < 18:
			agents[r.IntN(len(agents))].attend(visitors[r.IntN(len(visitors))].conv)
		default:
			n.pass(time.Duration(r.IntN(40_000)) * time.Millisecond)
			_ = n.desk.Tick(t.Context()) // may fail as anything may
			n.settle()
		}
	}
	n.rooms.fail, n.rooms.lose = nil, nil
	for _, p := range visitors {
		p.resume()
		if got, want := p.view.have, visible(w.log(p.conv), true); !slices.Equal(got, want) {
			ch.broken(8, "%s resumed to %v, and there is %v", p.name, got, want)
		}
		stored += len(p.view.have)
	}
	ch.finish()
	t.Logf("%d events", stored/2)
}

// visitor connects; every frame that comes is checked, and taken into the view.
func (p *player) visitor(n *node, name string, hello map[string]any) *player {
	p.client, p.boxes = n.connect(name), map[core.ConversationID]*outbox{}
	p.listen()
	p.hello(hello)
	return p
}

func (p *player) agent(n *node, id string) *player {
	p.client, p.boxes = n.connect(id), map[core.ConversationID]*outbox{}
	p.listen()
	p.hello(map[string]any{"token": n.signed(id)})
	return p
}

func (p *player) listen() {
	check := p.ch.watch(p.client)
	p.watch = func(f frame) {
		check(f)
		switch f.str("type") {
		case "error", "ack":
			p.outcome = f
		}
		if p.visitorFrame(f) {
			p.lacks = true
		}
	}
}

// visitorFrame takes what a visitor is sent into their view, and reports
// whether something before it is missing.
func (p *player) visitorFrame(f frame) (lacking bool) {
	if !p.peer.Visitor() {
		return false
	}
	switch f.str("type") {
	case "welcome":
		if f["reset"] == true {
			p.view = view{}
		}
		if events := f.list("events"); p.view.last == 0 && len(events) > 0 {
			p.view.last = events[0].num("prev") // older ones would be asked for by before
			p.view.have = visible(p.log(p.peer.Conversation)[:p.view.last], true)
		}
		return p.takeAll(f)
	case "events":
		return p.takeAll(f)
	case "event":
		return p.view.take(f.num("seq"), f.num("prev"))
	case "ack":
		return f["prev"] != nil && p.view.take(f.num("seq"), f.num("prev"))
	}
	return false
}

func (p *player) takeAll(f frame) bool {
	for _, e := range f.list("events") {
		if p.view.take(e.num("seq"), e.num("prev")) {
			p.ch.broken(8, "%s: a page lacks what is before #%d", p.name, e.num("seq"))
		}
	}
	return f["more"] == true
}

// visit does one of the things that visitors do.
func (p *player) visit() {
	th := p.own()
	session := p.r.IntN(int(p.load(p.conv).Session.Number) + 2)
	switch k := p.r.IntN(20); {
	case p.closed() != 0 || k == 0:
		p.resume()
	case p.lacks:
		p.lacks = false
		th.frame("after", map[string]any{"seq": p.view.last, "limit": 1 + p.r.IntN(200)})
	case k < 10:
		p.number(th, "send", map[string]any{"body": text(p.words())})
	case k == 10:
		p.number(th, []string{"human", "end", "rate"}[p.r.IntN(3)], map[string]any{"session": session, "score": 1 + p.r.IntN(5), "comment": p.words()})
	case k == 11:
		th.read(uint64(p.r.IntN(100)))
	case k == 12:
		th.frame("typing", nil)
	case k == 13:
		p.pings(time.Duration(p.r.IntN(60)) * time.Second)
	case k == 14:
		th.frame("before", map[string]any{"seq": p.r.IntN(100), "limit": p.r.IntN(5)})
	case k == 15: // what is none of theirs
		th.frame([]string{"after", "read", "typing"}[p.r.IntN(3)], map[string]any{"conversation": "c_else", "seq": 1})
	case k == 16:
		p.number(th, []string{"take", "transfer", "reopen"}[p.r.IntN(3)], map[string]any{"session": session, "to": map[string]any{"agent": "amy"}})
	case k == 17:
		p.number(th, "send", map[string]any{"body": text("psst"), "internal": true})
	default:
		p.number(th, "send", map[string]any{"body": text(strings.Repeat(p.words(), 100))})
	}
}

// attend does one of the things that agents do, in somebody's conversation.
func (p *player) attend(id core.ConversationID) {
	th := thread{p.client, id}
	session := max(p.r.IntN(int(p.load(id).Session.Number)+2), 1)
	switch k := p.r.IntN(20); {
	case p.closed() != 0:
		p.agent(p.node, p.name)
	case k == 0:
		p.gone(p.r.IntN(2) == 0)
	case k < 4:
		p.serve(fmt.Sprintf(`{"type":"status","status":%q,"capacity":%d}`, []string{"online", "online", "away", "offline"}[p.r.IntN(4)], p.r.IntN(4)))
	case k < 6:
		p.number(th, "take", map[string]any{"session": session})
	case k < 8:
		to := map[string]any{"agent": []string{"amy", "bo", "cy", "eve"}[p.r.IntN(4)]}
		if p.r.IntN(2) == 0 {
			to = map[string]any{"group": []string{"default", "sales"}[p.r.IntN(2)]}
		}
		p.number(th, "transfer", map[string]any{"session": session, "to": to, "note": p.words()})
	case k < 13:
		p.number(th, "send", map[string]any{"body": text(p.words())})
	case k == 13:
		p.number(th, "send", map[string]any{"body": text(p.words()), "internal": true})
	case k == 14:
		p.number(th, []string{"end", "reopen"}[p.r.IntN(2)], map[string]any{"session": session})
	case k == 15:
		th.read(uint64(p.r.IntN(100)))
	case k == 16:
		th.frame("typing", nil)
	case k == 17:
		th.frame([]string{"after", "before"}[p.r.IntN(2)], map[string]any{"seq": p.r.IntN(100)})
	default:
		p.pings(10 * time.Second)
	}
}

func (p *player) words() string { return fmt.Sprintf("%s says %x", p.name, p.r.Uint64()) }

// number sends a numbered frame until its outcome is definite, sometimes once
// more, and sometimes out of turn.
func (p *player) number(th thread, typ string, fields map[string]any) {
	box := p.boxes[th.id]
	if box == nil {
		p.fresh++
		box = &outbox{origin: core.Origin(fmt.Sprintf("%.20s-box-%d-%d", p.name, p.fresh, len(p.frames)))}
		p.boxes[th.id] = box
	}
	fields["origin"], fields["n"] = string(box.origin), box.n+1
	if p.r.IntN(30) == 0 {
		fields["n"] = box.n + 2
		th.frame(typ, fields)
		if p.outcome.str("type") == "ack" {
			p.ch.broken(6, "%s: n %d after %d is answered with %v", p.name, box.n+2, box.n, p.outcome)
		}
		fields["n"] = box.n + 1
	}
	body, _ := fields["body"].(map[string]any)
	p.ch.wrote(sentKey{th.id, p.peer.Who, box.origin, box.n + 1}, frame(body).str("text"))
	for range 20 {
		p.outcome = nil
		th.frame(typ, fields)
		if p.outcome.str("code") == "unavailable" {
			continue
		}
		if p.outcome == nil {
			p.ch.broken(10, "%s: %s is not answered", p.name, typ)
		}
		if p.outcome.str("type") == "ack" && p.outcome.num("n") == box.n+1 {
			box.n++
			if p.r.IntN(5) == 0 {
				th.serve(th.sent)
			}
			return
		}
		delete(p.boxes, th.id) // refused: the origin is given up
		return
	}
}

// resume comes back from where the view ends, and asks for what there is more.
func (p *player) resume() {
	site := p.peer.Site
	p.gone(p.r.IntN(2) == 0)
	old := p.client
	p.client = p.connect(p.name)
	p.token, p.conv, p.origin = old.token, old.conv, old.origin
	p.lacks = false
	p.listen()
	p.hello(map[string]any{"token": old.token, "site": string(site), "after": p.view.last, "epoch": "e_1"})
	if p.closed() != 0 || p.conv != old.conv {
		p.ch.broken(8, "%s can not come back: %v", p.name, p.find("error"))
	}
	for p.lacks && p.closed() == 0 {
		p.lacks = false
		p.own().frame("after", map[string]any{"seq": p.view.last, "limit": wire.MaxPage})
	}
}
