package hosttest

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core/assist/assisttest"
)

// Host is a host that runs, with an empty store but for its first account.
type Host struct {
	URL      string // http://host:port, where /ws and /v1 are; the WebSocket's follows from it
	Admin    string // name of the first account
	Password string // of it
	Profile  Profile

	// Restart ends the host at once and without warning, as kill -9 does,
	// starts it again on the same data, and returns its URL. nil: the host
	// can not be restarted, and promises 1 to 8 and 10 are not tried by it.
	Restart func(t *testing.T) string

	// Leave tells the host to leave in order, as SIGTERM does, starts it
	// again on the same data, and returns its URL. nil: it can not be told.
	Leave func(t *testing.T) string

	// Kill ends the process that asks models for the receptionist, at once and
	// without warning, and nothing else. nil: it is no process of its own.
	Kill func(t *testing.T)

	// Only names groups of stories, such as "Session", or stories; nil: all are
	// told. It is for a second look at a host with another store behind it, or
	// under conditions in which not all of them make sense.
	Only []string
}

// Profile is in what hosts may differ.
type Profile struct {
	// CloseCodes says that clients see the codes of protocol.md when a
	// connection is closed. API Gateway has none of ours.
	CloseCodes bool

	// Gateway says that what stands before the host has a word of its own: it
	// may refuse a connection or a request (429, 5xx), and fail a message, for
	// reasons of its own, in words that are no frames; and it closes whoever
	// sends too large a message, or no characters. A client comes again.
	Gateway bool

	// PollHeld says that a poll waits for news. Lambda answers at once.
	PollHeld bool

	// Ordered says that what one connection sends is served in its order,
	// and that the seqs it is sent go up (promise 7).
	Ordered bool

	// Heal is how long a view may lag (promise 19) and a seat stay empty
	// while somebody waits (20): 2 s, or one heartbeat on functions.
	Heal time.Duration

	// Beat is how often the host wants to hear of agents, in seconds; 0: 10.
	Beat int

	// Rights is within what time a right that was taken away counts
	// (promise 14): 5 s, and one cached read more on functions.
	Rights time.Duration

	// Lag is how long a change of the settings takes until it counts for
	// everybody: nothing on localserver, a cached read on functions.
	Lag time.Duration

	// Features are what the host claims to do. A story that needs another
	// one is skipped, and says so.
	Features []Feature
}

// Feature is something that a host may be unable to do, or not yet.
type Feature string

// The features that stories ask for. Those of the protocol's frames stand in
// welcome.features under the same name.
const (
	Poll     Feature = "poll"     // POST /v1/poll
	Watch    Feature = "watch"    // watch
	Edit     Feature = "edit"     // edit and recall
	Preview  Feature = "preview"  // what is being typed, where a site shows it
	Settings Feature = "settings" // GET and PUT /v1/settings
	Users    Feature = "users"    // hello.user
	Blocks   Feature = "blocks"   // /v1/blocks
	Rate     Feature = "rate"     // limits of frames a second
	Uploads  Feature = "uploads"  // POST /v1/uploads
	Assist   Feature = "assist"   // a site's receptionist asks a model
	Loopback Feature = "loopback" // webhooks may lead to this machine: the operator of this host allows it
)

func (p Profile) has(f Feature) bool { return slices.Contains(p.Features, f) }

// story is one test. It is told over WebSocket, and over long-poll too where
// its visitors can do without pushes.
type story struct {
	tell  func(*play)
	needs []Feature
	polls bool // its visitors may also come by long-poll
	waits bool // five seconds and more, where settings take that long to count
}

// Run tells every story to a host. start is called once: stories share the
// host, each has visitors of its own, and leaves nobody in line.
func Run(t *testing.T, start func(t *testing.T) Host) { Spread(t, 1, start) }

// Spread is Run for hosts of which each has a store and processes of its own:
// so many are started, and the groups of stories are told to whichever has
// nothing to do. Where a story mostly waits, as for settings that a process
// reads every few seconds, they wait at the same time.
func Spread(t *testing.T, hosts int, start func(t *testing.T) Host) {
	var told sync.WaitGroup
	defer told.Wait()
	var groups chan []string
	for range hosts {
		s := newSuite(t, start(t))
		if groups == nil {
			groups = byGroup(s.host.Only)
		}
		told.Go(func() {
			for names := range groups {
				for _, name := range names {
					s.tellAs(t, name)
				}
			}
		})
	}
}

// byGroup is what is to be told, a group at a time, first those that wait the
// most. Only is that of a Host.
func byGroup(only []string) chan []string {
	all, waits := map[string][]string{}, map[string]int{}
	for name, st := range stories() {
		if group, _, _ := strings.Cut(name, "/"); only == nil || slices.Contains(only, group) || slices.Contains(only, name) {
			if all[group] = append(all[group], name); st.waits {
				waits[group]++
			}
		}
	}
	groups := make(chan []string, len(all))
	for _, group := range slices.SortedFunc(maps.Keys(all), func(a, b string) int {
		return cmp.Or(cmp.Compare(waits[b], waits[a]), cmp.Compare(a, b))
	}) {
		slices.Sort(all[group])
		groups <- all[group]
	}
	close(groups)
	return groups
}

// tellAs tells a story by its name.
func (s *suite) tellAs(t *testing.T, name string) {
	st := stories()[name]
	t.Run(name, func(t *testing.T) { s.tell(t, st, "ws") })
	if st.polls {
		st.needs = append(slices.Clone(st.needs), Poll)
		t.Run(name+" over long-poll", func(t *testing.T) { s.tell(t, st, "poll") })
	}
}

func (s *suite) tell(t *testing.T, st story, via string) {
	for _, f := range st.needs {
		if !s.host.Profile.has(f) {
			t.Skipf("this host does not do %q", f)
		}
	}
	p := &play{T: t, suite: s, via: via, hired: map[string]int{}}
	t.Cleanup(p.clear)
	st.tell(p)
}

// play is one story being told. Its methods end it if they fail.
type play struct {
	*testing.T
	*suite
	via     string // of its visitors
	cast    []*client
	hired   map[string]int // accounts in use, by role and groups
	changed fields         // the settings as they were, if the story changed them
}

// visitor is somebody new who has opened the page. More of a hello may be
// given, such as site, lang or tag.
func (p *play) visitor(name string, more ...fields) *client {
	p.Helper()
	c := p.stranger(name, more...)
	c.connect()
	return c
}

// stranger is a visitor who has not connected yet.
func (p *play) stranger(name string, more ...fields) *client {
	c := p.client(name, "visitor", p.via)
	for _, m := range more {
		for k, v := range m {
			c.hello[k] = v
		}
	}
	return c
}

// tab is another page of the same visitor.
func (p *play) tab(of *client) *client {
	p.Helper()
	c := p.client(of.name+"'s other tab", "visitor", of.via)
	c.token = of.token
	c.connect()
	return c
}

// agent is a member of staff who has logged in and connected, in the group
// default unless others are named. They are offline until they say otherwise.
func (p *play) agent(name string, groups ...string) *client {
	p.Helper()
	return p.staff(name, "agent", groups...)
}

// staff is agent for any role.
func (p *play) staff(name, role string, groups ...string) *client {
	p.Helper()
	if len(groups) == 0 {
		groups = []string{"default"}
	}
	return p.desk(name, p.account(role, groups))
}

// desk connects an account.
func (p *play) desk(name string, a *account) *client {
	p.Helper()
	c := p.client(name, a.role, "ws")
	c.as, c.token = a, a.token
	c.connect()
	return c
}

func (p *play) client(name, role, via string) *client {
	c := &client{
		t: p.T, p: p, name: name, role: role, via: via, origin: p.newOrigin(),
		hello: fields{}, views: map[string]*view{}, heads: map[string]head{},
	}
	p.cast = append(p.cast, c)
	return c
}

// account lends one of the pool that this story does not use yet.
func (p *play) account(role string, groups []string) *account {
	p.Helper()
	key := fmt.Sprint(role, groups)
	i := p.hired[key]
	p.hired[key]++
	for len(p.pool[key]) <= i {
		p.pool[key] = append(p.pool[key], p.hire(p.T, role, groups))
	}
	return p.pool[key][i]
}

// clear sends everybody home: agents go off duty first, so that nobody gets
// what the others leave, and then what is open is closed.
func (p *play) clear() {
	for _, c := range p.cast {
		if !c.visitor() && c.link != nil {
			p.offDuty(c)
		}
	}
	p.closeAll()
	for _, c := range p.cast {
		c.leave()
	}
	if p.changed != nil {
		p.put(p.T, p.changed)
	}
	p.http.CloseIdleConnections()
}

// offDuty: an account that a story disabled has nothing to say.
func (p *play) offDuty(c *client) {
	if c.as.gone {
		return
	}
	again := p.client(c.name, c.role, "ws")
	again.t, again.token = p.T, c.as.token
	if c.link.hangUp(true); again.connectQuietly() {
		again.goes("offline")
	}
}

// connectQuietly is connect for accounts whose login may be over.
func (c *client) connectQuietly() bool {
	c.t.Helper()
	c.open()
	answer := func(f frame) bool {
		return f.Type == "welcome" || f.Type == "error" && (final(f.Code) || !c.p.host.Profile.Gateway)
	}
	if c.p.host.Profile.Gateway {
		c.hail(answer)
	} else {
		c.say(c.helloFrame())
	}
	c.until("an answer", func() bool { return slices.ContainsFunc(c.inbox, answer) })
	i := slices.IndexFunc(c.inbox, is("welcome"))
	if i >= 0 {
		c.welcome = c.inbox[i]
	}
	return i >= 0
}

// closeAll ends every session that is open, as the admin.
func (p *play) closeAll() {
	admin := p.desk("the admin", p.admin)
	for _, h := range p.list(p.T, "?phase=bot,waiting,held&limit=200") {
		admin.does("end", h.ID, fields{"session": h.Session})
	}
}

// within reports how long it took until so, which must not be longer than the
// limit and a little for a machine that is busy.
func (p *play) within(promise int, limit time.Duration, what string, do func()) {
	p.Helper()
	begun := time.Now()
	do()
	if took := time.Since(begun); took > limit+busy {
		p.Errorf("promise %d: it took %s until %s, and may take %s", promise, took.Round(time.Millisecond), what, limit)
	}
}

// busy is what a machine that does other things too may add to a bound.
const busy = 2 * time.Second

// longest is how long a client waits for what the host may take its time
// with: were it shorter than a bound that within judges, the client would
// give up before that.
func (p *play) longest() time.Duration { return max(patience, p.host.Profile.Heal+2*busy) }

// newOrigin is one that nobody has.
func (s *suite) newOrigin() string {
	return fmt.Sprintf("hosttest-%d-%d", s.started.UnixNano()%1e12, s.origins.Add(1))
}

// suite is a host under test with what its stories share.
type suite struct {
	ctx     context.Context // of all connections: longer than a story, whose end needs some
	host    Host
	url     string // of the host, now
	http    *http.Client
	admin   *account
	pool    map[string][]*account // by role and groups
	started time.Time
	atEnd   func(func())       // of all stories
	fake    *assisttest.Server // what receptionists ask; nil: no story was about one yet
	counters
}
