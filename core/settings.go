package core

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Settings is what an admin decides about the desk. It is stored whole, under
// a Version that grows by one with each change.
type Settings struct {
	Version uint64
	At      time.Time // when this version was stored
	By      AgentID   // by whom; empty: by nobody, they are the default
	Sites   []Site
	Groups  []Group
	Routing Routing
	Limits  Limits

	Security Security
}

// Security is what protects the desk itself.
type Security struct {
	Second bool // admins have no rights as such without a second factor
}

// Site is one brand or web site.
type Site struct {
	ID           SiteID
	Name         string
	Greeting     Texts     // shown before the first message, never stored in a log
	Offline      Texts     // shown while nobody is there: leave a message
	Quick        []Texts   // quick replies below the greeting; a tap sends the text
	Form         Form      // asked before the first message of a session
	Invite       []Invite  // what the page offers by itself
	Privacy      Privacy   // a notice until the first message
	Look         Look      // of the widget
	Rating       bool      // ask for a score after a session that a person held
	Origins      []string  // "https://shop.example"; empty: any
	Groups       []GroupID // that work for it; the first is where sessions wait
	Assistant    bool      // answers first
	Receptionist Receptionist
	Preview      bool          // agents see what a visitor is typing
	Edit         time.Duration // how long a message may be edited and recalled, at most a day; 0: not at all
	Users        Users
	Uploads      Uploads
	Hours        Hours
	Timeouts     Timeouts
}

// Users is how a site's own server vouches for its users: by JWTs (HS256) in
// the hello of their pages. See identity.VerifyUser.
type Users struct {
	Required bool     // nobody is served without one
	Secrets  []string // at most two: a new one, and the one it replaces
}

// Group is agents who share work.
type Group struct {
	ID       GroupID
	Name     string
	Timeouts *Timeouts // nil: those of the site
}

// Timeouts are durations after which the desk does something by itself. Zero
// switches the rule off, unless it says otherwise.
type Timeouts struct {
	Assistant time.Duration // for an answer of the assistant, then a person is asked; at least 1 s
	Agent     time.Duration // an agent silent on a visitor's message: the session waits again
	Visitor   time.Duration // nobody says anything: the session is closed
	Warning   time.Duration // so long before that, the visitor is told
	Abandoned time.Duration // a session waits, and its visitor has been gone so long: closed
	Return    time.Duration // after a close, the next session skips the assistant
}

// Limits bound what clients may send. They are told to every client.
type Limits struct {
	Text  int // characters a message
	Frame int // bytes a message on the wire, both directions
	Batch int // frames a batch
	Rate  int // frames a second that a visitor may go on sending, agents five times as many; 0: 10
	Burst int // frames that a visitor may send at once, agents five times as many; 0: 150
}

// Allowed returns how many frames a second may come from a visitor, and how
// many at once.
func (l Limits) Allowed() (rate, burst int) { return cmp.Or(l.Rate, 10), cmp.Or(l.Burst, 150) }

// DefaultSettings is what an empty store begins with: one site for any
// origin, one group.
func DefaultSettings() Settings {
	return Settings{
		Sites: []Site{{
			ID: "default", Name: "Kefu", Groups: []GroupID{"default"}, Edit: 2 * time.Minute, Rating: true, Timeouts: DefaultTimeouts(),
			Greeting: Texts{"en": "Hello! How can we help you?", "zh": "您好，请问有什么可以帮您？"},
		}},
		Groups:  []Group{{ID: "default", Name: "Service"}},
		Routing: Routing{Share: 1.0 / 3, Least: 2, Affinity: 30 * 24 * time.Hour, Pace: 30 * time.Second},
		Limits:  DefaultLimits(),
	}
}

// DefaultTimeouts are those of protocol.md, "Defaults".
func DefaultTimeouts() Timeouts {
	return Timeouts{
		Assistant: 20 * time.Second, Agent: 3 * time.Minute, Visitor: 30 * time.Minute, Warning: 5 * time.Minute,
		Abandoned: 72 * time.Hour, Return: 10 * time.Minute,
	}
}

// DefaultLimits are those of protocol.md, "Transports". API Gateway cuts at
// the same frame size, so they are not only a wish.
func DefaultLimits() Limits {
	return Limits{Text: 4000, Frame: 32 << 10, Batch: 64, Rate: 10, Burst: 150}
}

// Site returns the site with the given ID.
func (s Settings) Site(id SiteID) (Site, bool) {
	i := slices.IndexFunc(s.Sites, func(x Site) bool { return x.ID == id })
	if i < 0 {
		return Site{}, false
	}
	return s.Sites[i], true
}

// Rules returns what Step needs to know about a site.
func (s Settings) Rules(id SiteID) (Rules, bool) {
	site, ok := s.Site(id)
	return Rules{Site: site, Groups: s.Groups, Routing: s.Routing}, ok
}

// Rules are a site's settings and the groups', by value.
type Rules struct {
	Site    Site
	Groups  []Group
	Routing Routing
}

// HasGroup reports whether there is such a group.
func (r Rules) HasGroup(id GroupID) bool {
	return slices.ContainsFunc(r.Groups, func(g Group) bool { return g.ID == id })
}

// Timeouts returns those of the group, or of the site where it has none.
func (r Rules) Timeouts(id GroupID) Timeouts {
	for i := range r.Groups {
		if r.Groups[i].ID == id && r.Groups[i].Timeouts != nil {
			return *r.Groups[i].Timeouts
		}
	}
	return r.Site.Timeouts
}

// Admits reports whether a page of the given origin may use the site. No
// origin comes only from clients that are no browser.
func (s Site) Admits(origin string) bool {
	return len(s.Origins) == 0 || origin == "" || slices.Contains(s.Origins, strings.ToLower(origin))
}

// Validate returns Invalid with everything that is wrong, one line each, or
// nil.
func (s Settings) Validate() error {
	var v faults
	if len(s.Sites) == 0 {
		v.add("sites", "at least one is needed")
	}
	known := map[GroupID]bool{}
	for i, g := range s.Groups {
		at := fmt.Sprintf("groups[%d]", i)
		v.id(at+".id", string(g.ID), known[g.ID])
		known[g.ID] = true
		if g.Timeouts != nil {
			v.timeouts(at+".timeouts", *g.Timeouts)
		}
	}
	sites := map[SiteID]bool{}
	for i, site := range s.Sites {
		at := fmt.Sprintf("sites[%d]", i)
		v.id(at+".id", string(site.ID), sites[site.ID])
		sites[site.ID] = true
		v.site(at, site, known)
	}
	v.routing(s.Routing)
	v.limits(s.Limits)
	if len(v) > 0 {
		return Errorf(Invalid, "%s", strings.Join(v, "\n"))
	}
	return nil
}

// faults collects what is wrong with settings, as "path: what is expected".
type faults []string

func (v *faults) add(path, format string, args ...any) {
	*v = append(*v, path+": "+fmt.Sprintf(format, args...))
}

func (v *faults) id(path, id string, taken bool) {
	if id == "" || len(id) > 64 || strings.Trim(id, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.") != "" {
		v.add(path, "1 to 64 of A-Z a-z 0-9 - _ . are expected, not %q", id)
	} else if taken {
		v.add(path, "%q is there twice", id)
	}
}

func (v *faults) site(at string, s Site, groups map[GroupID]bool) {
	if len(s.Groups) == 0 {
		v.add(at+".groups", "at least one group must work for a site")
	}
	for i, g := range s.Groups {
		if !groups[g] {
			v.add(fmt.Sprintf("%s.groups[%d]", at, i), "there is no group %q", g)
		}
	}
	for i, o := range s.Origins {
		host, ok := strings.CutPrefix(strings.Replace(o, "http://", "https://", 1), "https://")
		if !ok || host == "" || strings.ContainsAny(host, "/ ") || o != strings.ToLower(o) {
			v.add(fmt.Sprintf("%s.origins[%d]", at, i), "an origin such as https://shop.example is expected, not %q", o)
		}
	}
	v.hours(at+".hours", s.Hours)
	if s.Edit < 0 || s.Edit > maxEdit {
		v.add(at+".edit", "0 (off) to %v is expected, not %v", maxEdit, s.Edit)
	}
	v.users(at+".users", s.Users)
	v.shown(at, s)
	v.receptionist(at+".receptionist", s.Receptionist)
	v.uploads(at+".uploads", s.Uploads)
	v.timeouts(at+".timeouts", s.Timeouts)
}

// maxEdit bounds how much of a log is read for an edit: all since the message.
const maxEdit = 24 * time.Hour

// userSecret is how many bytes a secret has that user tokens are signed with.
const userSecretMin, userSecretMax = 32, 256

func (v *faults) users(at string, u Users) {
	if u.Required && len(u.Secrets) == 0 {
		v.add(at+".secrets", "one is needed, for users are required")
	}
	if len(u.Secrets) > 2 {
		v.add(at+".secrets", "at most two are expected: a new one, and the one it replaces")
	}
	for i, s := range u.Secrets {
		if len(s) < userSecretMin || len(s) > userSecretMax {
			v.add(fmt.Sprintf("%s.secrets[%d]", at, i), "%d to %d bytes are expected, not %d", userSecretMin, userSecretMax, len(s))
		}
	}
}

func (v *faults) timeouts(at string, t Timeouts) {
	for _, d := range []struct {
		name string
		d    time.Duration
	}{
		{"assistant", t.Assistant}, {"agent", t.Agent}, {"visitor", t.Visitor}, {"warning", t.Warning},
		{"abandoned", t.Abandoned}, {"return", t.Return},
	} {
		if d.d < 0 || (d.d > 0 && d.d < time.Second) {
			v.add(at+"."+d.name, "0 (off) or at least 1s is expected, not %v", d.d)
		}
	}
	if t.Visitor > 0 && t.Warning >= t.Visitor {
		v.add(at+".warning", "must be shorter than visitor (%v)", t.Visitor)
	}
}

func (v *faults) routing(r Routing) {
	if r.Share < 0 || r.Share > 1 {
		v.add("routing.share", "0 to 1 is expected, not %v", r.Share)
	}
	if r.Least < 0 {
		v.add("routing.least", "0 or more is expected, not %d", r.Least)
	}
	if r.Affinity < 0 {
		v.add("routing.affinity", "0 or more is expected, not %v", r.Affinity)
	}
}

func (v *faults) limits(l Limits) {
	if l.Text < 1 || l.Text > 4000 {
		v.add("limits.text", "1 to 4000 characters are expected, not %d", l.Text)
	}
	if l.Frame < 1<<10 || l.Frame > 32<<10 {
		v.add("limits.frame", "1024 to 32768 bytes are expected, not %d", l.Frame)
	}
	if l.Batch < 1 || l.Batch > 64 {
		v.add("limits.batch", "1 to 64 frames are expected, not %d", l.Batch)
	}
	rate, burst := l.Allowed()
	if rate < 1 || rate > 1_000_000 {
		v.add("limits.rate", "1 to 1000000 frames a second are expected, not %d", l.Rate)
	}
	if burst < l.Batch || burst > 1_000_000 {
		v.add("limits.burst", "at least limits.batch (%d) and at most 1000000 frames are expected, not %d", l.Batch, l.Burst)
	}
}
