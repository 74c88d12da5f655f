package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"kefu/core"
	"kefu/core/identity"
)

// The two sites, and the groups that work for them.
const (
	shop, shopGroup = core.SiteID("default"), core.GroupID("default")
	trade           = core.SiteID("wholesale")
	tradeGroup      = core.GroupID("wholesale")
)

// Login is an account for whoever looks around.
type Login struct {
	Name     string
	Role     core.Role
	Password string // to be shown once; only its hash is kept
}

// Cast is who there is in a store that Fill has filled.
type Cast struct {
	Logins  []Login // for people: an admin, a supervisor, an agent
	workers []Login // that Live has at work
	script  script
	secret  string // by which the shop vouches for its customers
}

// hand is one account before it has a password.
type hand struct {
	name     string
	role     core.Role
	groups   []core.GroupID
	capacity int
	works    bool // by itself
}

func hands() []hand {
	return []hand{
		{"admin", core.RoleAdmin, []core.GroupID{shopGroup}, 5, false},
		{"lin", core.RoleSupervisor, []core.GroupID{shopGroup, tradeGroup}, 5, false},
		{"wei", core.RoleAgent, []core.GroupID{shopGroup}, 5, false},
		{"mei", core.RoleAgent, []core.GroupID{tradeGroup}, 3, true},
		{"bo", core.RoleAgent, []core.GroupID{tradeGroup}, 2, true},
	}
}

// Fill makes an empty store the tea shop's, with a week behind it that ends at
// now. The language is that of a locale as in LANG. A store that has accounts is
// refused: it is somebody's.
func Fill(ctx context.Context, st core.Store, now time.Time, locale string) (Cast, error) {
	there, err := st.Accounts(ctx)
	if err != nil {
		return Cast{}, err
	}
	if len(there) > 0 {
		return Cast{}, core.Errorf(core.Conflict, "this store has accounts already: a demonstration is for an empty one")
	}
	cast := Cast{}
	if cast.script, err = scriptIn(locale); err != nil {
		return Cast{}, err
	}
	if cast.secret, err = identity.NewPassword(rand.Reader); err != nil {
		return Cast{}, err
	}
	cast.secret += cast.secret // as long as such a secret has to be
	settings := cast.script.settings(now)
	for i := range settings.Sites {
		settings.Sites[i].Users.Secrets = []string{cast.secret}
	}
	if err := settings.Validate(); err != nil {
		return Cast{}, err
	}
	if err := st.PutSettings(ctx, settings); err != nil {
		return Cast{}, err
	}
	accounts, err := cast.hire(ctx)
	if err != nil {
		return Cast{}, err
	}
	for _, a := range accounts {
		roomy := a
		roomy.Version, roomy.Capacity = 1, roomForAWeek
		if err := st.PutAccount(ctx, roomy); err != nil {
			return Cast{}, err
		}
	}
	if err := (week{st, cast.script, settings, now}).play(ctx); err != nil {
		return Cast{}, err
	}
	for _, a := range accounts {
		a.Version = 2
		if err := st.PutAccount(ctx, a); err != nil {
			return Cast{}, err
		}
	}
	return cast, nil
}

// roomForAWeek is the capacity of everybody while the week is written: what
// happened on different days is written at once.
const roomForAWeek = 1000

// hire makes the accounts and their passwords, at once: each takes a moment by
// design.
func (c *Cast) hire(ctx context.Context) ([]core.Account, error) {
	list := hands()
	accounts, logins := make([]core.Account, len(list)), make([]Login, len(list))
	passwords := identity.NewPasswords(rand.Reader, 2, time.Minute)
	g, ctx := errgroup.WithContext(ctx)
	for i, h := range list {
		g.Go(func() error {
			password, err := identity.NewPassword(rand.Reader)
			if err != nil {
				return err
			}
			hash, err := passwords.Hash(ctx, password)
			accounts[i] = core.Account{
				ID: core.AgentID(h.name), Name: h.name, Display: c.script.words[h.name], Role: h.role, Groups: h.groups,
				Capacity: h.capacity, Weight: 1, Password: hash,
			}
			logins[i] = Login{h.name, h.role, password}
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	for i, h := range list {
		if h.works {
			c.workers = append(c.workers, logins[i])
		} else {
			c.Logins = append(c.Logins, logins[i])
		}
	}
	return accounts, nil
}

func (s script) settings(now time.Time) core.Settings {
	x := core.DefaultSettings()
	x.Version, x.At = 1, now
	text := func(key string) core.Texts { return core.Texts{s.lang: s.words[key]} }
	site := x.Sites[0]
	site.Name, site.Greeting, site.Preview = s.words["shop"], text("greeting"), true
	site.Groups = []core.GroupID{shopGroup}
	other := site
	other.ID, other.Name, other.Groups = trade, s.words["trade"], []core.GroupID{tradeGroup}
	x.Sites = []core.Site{site, other}
	x.Groups = []core.Group{{ID: shopGroup, Name: s.words["desk"]}, {ID: tradeGroup, Name: s.words["trade-desk"]}}
	return x
}

// week writes what happened.
type week struct {
	st       core.Store
	script   script
	settings core.Settings
	now      time.Time
}

const (
	days  = 7
	plays = 2 // of each story and day

	aDay = 24 * time.Hour
)

// play writes the conversations of a week, many at once: each is one visitor's,
// with one session. The newest ended more than an hour ago.
func (w week) play(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(32) // they share transactions
	for day := range days {
		for i := range plays * len(w.script.stories) {
			story := w.script.stories[i%len(w.script.stories)]
			n := day*plays*len(w.script.stories) + i
			ago := time.Duration(day)*aDay + 75*time.Minute + time.Duration(i*4111%1320)*time.Minute // over 22 hours
			g.Go(func() error { return w.session(ctx, n, story, w.now.Add(-ago)) })
		}
	}
	return g.Wait()
}

// session writes one, the nth. Every eighth visitor of the shop leaves before
// anybody has come.
func (w week) session(ctx context.Context, n int, x story, at time.Time) error {
	if n/len(w.script.stories)%3 != 0 {
		x.name = "" // or the same few would come again and again
	}
	id := core.VisitorID(fmt.Sprintf("v_demo%04d", n))
	p := &past{week: w, ctx: ctx, at: at, visitor: core.Actor{Party: core.Party{Kind: core.Visitor, ID: string(id)}}}
	p.c.ID = core.ConversationOf(x.site, id)
	p.rules, _ = w.settings.Rules(x.site)
	p.profile(id, n, x)
	p.say(core.Said{Frame: p.frame(&p.asked, p.visitor), Site: x.site, Body: text(x.lines[0].text)})
	if n%8 == 7 && x.site == shop {
		p.wait(time.Duration(4+n%9) * time.Minute)
		p.say(core.Ended{Frame: p.frame(&p.asked, p.visitor), Session: 1})
		return p.err
	}
	p.wait(time.Duration(3+n*7%90) * time.Second)
	p.say(core.Offered{Group: p.rules.Site.Groups[0], Roster: w.roster(x.site, n)})
	p.talk(n, x)
	return p.err
}

// roster is who was on duty then, in turn.
func (w week) roster(site core.SiteID, n int) (on core.Roster) {
	ids := []core.AgentID{"lin", "wei", "admin"}
	if site == trade {
		ids = []core.AgentID{"mei", "bo"}
	}
	for i, id := range ids {
		on = append(on, core.Agent{ID: id, Status: core.Online, Capacity: 5, Weight: 1, Held: (n + i) % 3})
	}
	return on
}

// past is a conversation while it is written.
type past struct {
	week
	ctx     context.Context
	rules   core.Rules
	c       core.Conversation
	at      time.Time
	visitor core.Actor
	asked   uint64 // frames of the visitor, and of the agent
	told    uint64
	err     error // the first one; nothing is written after it
}

func text(s string) core.Body { return core.Body{Kind: core.KindText, Text: s} }

func (p *past) wait(d time.Duration) { p.at = p.at.Add(d) }

// frame is the next one of somebody.
func (p *past) frame(n *uint64, by core.Actor) core.Frame {
	*n++
	return core.Frame{By: by, Origin: "demo-history", N: *n}
}

// say has the rulebook decide an input as it would have then, and stores that.
func (p *past) say(in core.Input) {
	if p.err != nil {
		return
	}
	var change core.Change
	change, p.err = core.Apply(p.ctx, p.st, p.c, p.rules, p.at, in)
	p.c = change.Conversation
}

func (p *past) profile(id core.VisitorID, n int, x story) {
	devices := []string{"iPhone · WeChat", "Android · Chrome", "Windows · Edge", "macOS · Safari", "HarmonyOS · Huawei"}
	page := x.page
	page.URL = "https://tea.example" + page.URL
	q := core.Profile{
		ID: id, Site: x.site, Name: x.name, Lang: p.script.lang, Page: page, Seen: p.at, First: p.at.Add(-3 * time.Minute), Device: devices[n%len(devices)],
		Pages: []core.Visit{{Page: core.Page{URL: "https://tea.example/", Title: p.script.words["shop"]}, At: p.at.Add(-3 * time.Minute)}, {Page: page, At: p.at.Add(-time.Minute)}},
	}
	if x.name != "" {
		q.External = fmt.Sprintf("customer-%04d", n)
	}
	p.err = p.st.PutProfile(p.ctx, q)
}

// talk is what is said once an agent has come, what they note, and how it ends.
func (p *past) talk(n int, x story) {
	id := p.c.Session.Agent
	agent := core.Actor{Party: core.AgentParty(id), Role: core.RoleAgent, Groups: p.rules.Site.Groups}
	for i, l := range x.lines[1:] {
		p.wait(time.Duration(8+(n+i)*13%75) * time.Second)
		if l.visitor {
			p.say(core.Said{Frame: p.frame(&p.asked, p.visitor), Body: text(l.text)})
		} else {
			p.say(core.Said{Frame: p.frame(&p.told, agent), Body: text(l.text)})
		}
	}
	if n%5 == 0 {
		p.say(core.Said{Frame: p.frame(&p.told, agent), Body: text(p.script.words["note"]), Internal: true})
	}
	p.say(core.Tagged{Frame: p.frame(&p.told, agent), Add: x.tags})
	p.wait(20 * time.Second)
	p.say(core.Ended{Frame: p.frame(&p.told, agent), Session: 1})
	if n%3 != 1 {
		p.say(core.Rating{Frame: p.frame(&p.asked, p.visitor), Session: 1, Score: []uint8{5, 4, 5, 5, 3, 5, 2}[n%7]})
	}
}
