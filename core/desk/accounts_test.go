package desk_test

import (
	"context"
	"math"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

const password = "correct horse battery"

// admin makes the first account and returns it, its token and its password.
func (n *node) admin() (core.Account, string) {
	n.Helper()
	shown, err := n.desk.Bootstrap(n.Context(), password)
	n.must(err)
	if shown != "" {
		n.Errorf("a given password is shown")
	}
	token, a, err := n.desk.Login(n.Context(), "admin", password, "", "192.0.2.1")
	n.must(err)
	return a, token
}

func (n *node) code(want core.Code, err error) {
	n.Helper()
	if core.CodeOf(err) != want {
		n.Errorf("%v, want %q", err, want)
	}
}

func TestBootstrap(t *testing.T) {
	w := newWorld(t)
	n, m := w.node(), w.node()
	shown, err := n.desk.Bootstrap(t.Context(), "")
	n.must(err)
	if len(shown) < 20 {
		t.Errorf("shown %q", shown)
	}
	if again, err := m.desk.Bootstrap(t.Context(), ""); err != nil || again != "" {
		t.Errorf("a second time: %q, %v", again, err)
	}
	_, a, err := m.desk.Login(t.Context(), " Admin ", shown, "", "192.0.2.1")
	n.must(err)
	if a.ID != "admin" || a.Role != core.RoleAdmin || a.Capacity != 5 || a.Groups[0] != "default" {
		t.Errorf("account %+v", a)
	}
	empty := newNode(t)
	if _, err := empty.desk.Bootstrap(t.Context(), "12345678"); core.CodeOf(err) != core.Invalid {
		t.Errorf("a password that everybody tries: %v", err)
	}
}

// Two nodes on an empty store make one admin, and one of them shows the
// password that counts.
func TestBootstrapRace(t *testing.T) {
	w := newWorld(t)
	st := &interleavedAccounts{Store: w.store}
	w.store = st
	n, m := w.node(), w.node()
	var other string
	st.after = func() {
		var err error
		other, err = m.desk.Bootstrap(t.Context(), "")
		n.must(err)
	}
	shown, err := n.desk.Bootstrap(t.Context(), "")
	n.must(err)
	if shown != "" || other == "" {
		t.Fatalf("both show a password: %q and %q", shown, other)
	}
	if _, _, err := n.desk.Login(t.Context(), "admin", other, "", "192.0.2.1"); err != nil {
		t.Errorf("the one that is shown is %v", err)
	}
}

// interleavedAccounts is a store in which something happens just after the
// accounts were read.
type interleavedAccounts struct {
	core.Store
	after func()
}

func (st *interleavedAccounts) Accounts(ctx context.Context) ([]core.Account, error) {
	all, err := st.Store.Accounts(ctx)
	if do := st.after; do != nil {
		st.after = nil
		do()
	}
	return all, err
}

func ptr[T any](v T) *T { return &v }

func TestCreateAgent(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	a, err := n.desk.CreateAgent(t.Context(), who, desk.NewAgent{Name: "  AMY ", Password: password})
	n.must(err)
	stored, err := n.store.Account(t.Context(), a.ID)
	n.must(err)
	if a.Name != "amy" || a.Display != "amy" || a.Role != core.RoleAgent || a.Capacity != 5 || a.Weight != 1 || a.Groups[0] != "default" ||
		stored.Version != 1 || a.Version != 1 || !strings.HasPrefix(string(a.ID), "a_") {
		t.Errorf("account %+v", a)
	}
	for name, c := range map[string]struct {
		a    desk.NewAgent
		want core.Code
	}{
		"name taken":          {desk.NewAgent{Name: "Amy"}, core.Conflict},
		"no name":             {desk.NewAgent{Name: "  "}, core.Invalid},
		"name with spaces":    {desk.NewAgent{Name: "bo b"}, core.Invalid},
		"long name":           {desk.NewAgent{Name: strings.Repeat("客", 65)}, core.Invalid},
		"name of 64":          {desk.NewAgent{Name: strings.Repeat("客", 64)}, ""},
		"long display":        {desk.NewAgent{Name: "x", Display: strings.Repeat("客", 65)}, core.Invalid},
		"no such role":        {desk.NewAgent{Name: "x", Role: "root"}, core.Invalid},
		"negative capacity":   {desk.NewAgent{Name: "x", Capacity: ptr(-1)}, core.Invalid},
		"great capacity":      {desk.NewAgent{Name: "x", Capacity: ptr(101)}, core.Invalid},
		"no seats":            {desk.NewAgent{Name: "noseats", Capacity: ptr(0)}, ""},
		"no weight":           {desk.NewAgent{Name: "x", Weight: ptr(0.0)}, core.Invalid},
		"great weight":        {desk.NewAgent{Name: "x", Weight: ptr(101.0)}, core.Invalid},
		"weight of nothing":   {desk.NewAgent{Name: "x", Weight: ptr(math.NaN())}, core.Invalid},
		"no such group":       {desk.NewAgent{Name: "x", Groups: []core.GroupID{"nowhere"}}, core.Invalid},
		"too many groups":     {desk.NewAgent{Name: "x", Groups: make([]core.GroupID, 51)}, core.Invalid},
		"no group":            {desk.NewAgent{Name: "nogroup", Groups: []core.GroupID{}}, ""},
		"avatar":              {desk.NewAgent{Name: "avatar", Avatar: "https://a.example/a.png"}, ""},
		"avatar of this host": {desk.NewAgent{Name: "avatar2", Avatar: "/a.png"}, ""},
		"avatar of another":   {desk.NewAgent{Name: "x", Avatar: "//a.example/a.png"}, core.Invalid},
		"avatar without TLS":  {desk.NewAgent{Name: "x", Avatar: "http://a.example/a.png"}, core.Invalid},
		"avatar that does":    {desk.NewAgent{Name: "x", Avatar: "javascript:alert(1)"}, core.Invalid},
		"avatar with markup":  {desk.NewAgent{Name: "x", Avatar: `/a.png"onload="x`}, core.Invalid},
		"long avatar":         {desk.NewAgent{Name: "x", Avatar: "/" + strings.Repeat("a", 1024)}, core.Invalid},
		"short password":      {desk.NewAgent{Name: "x", Password: "short"}, core.Invalid},
		"password of all":     {desk.NewAgent{Name: "x", Password: "password"}, core.Invalid},
		"no password":         {desk.NewAgent{Name: "x", Password: " "}, core.Invalid},
	} {
		if c.a.Password == "" {
			c.a.Password = password
		}
		if _, err := n.desk.CreateAgent(t.Context(), who, c.a); core.CodeOf(err) != c.want {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	for _, role := range []core.Role{core.RoleAgent, core.RoleSupervisor, ""} {
		_, err := n.desk.CreateAgent(t.Context(), core.Account{ID: "x", Role: role}, desk.NewAgent{Name: "y", Password: password})
		n.code(core.Forbidden, err)
	}
}

// Admins change anybody's account, others of their own what is theirs.
func TestChangeAgentRights(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	amy := n.hire("amy", core.RoleAgent, 1)
	eve := n.hire("eve", core.RoleSupervisor, 1)
	for name, c := range map[string]struct {
		patch desk.AgentPatch
		own   core.Code
	}{
		"display":  {desk.AgentPatch{Display: ptr("Amy")}, ""},
		"avatar":   {desk.AgentPatch{Avatar: ptr("/amy.png")}, ""},
		"nothing":  {desk.AgentPatch{}, ""},
		"name":     {desk.AgentPatch{Name: ptr("amy2")}, core.Forbidden},
		"role":     {desk.AgentPatch{Role: ptr(core.RoleAdmin)}, core.Forbidden},
		"groups":   {desk.AgentPatch{Groups: ptr([]core.GroupID{})}, core.Forbidden},
		"capacity": {desk.AgentPatch{Capacity: ptr(9)}, core.Forbidden},
		"weight":   {desk.AgentPatch{Weight: ptr(2.0)}, core.Forbidden},
	} {
		for _, by := range []struct {
			who  core.Account
			want core.Code
		}{{amy, c.own}, {eve, core.Forbidden}, {who, ""}} {
			_, err := n.desk.ChangeAgent(t.Context(), by.who, "amy", c.patch)
			if core.CodeOf(err) != by.want {
				t.Errorf("%s by %s: %v, want %q", name, by.who.ID, err, by.want)
			}
		}
	}
	got, err := n.desk.Agent(t.Context(), eve, "amy")
	n.must(err)
	if got.Name != "amy2" || got.Display != "Amy" || got.Role != core.RoleAdmin || len(got.Groups) != 0 || got.Capacity != 9 || got.Weight != 2 || got.Avatar != "/amy.png" || got.Tokens != 1 {
		t.Errorf("account %+v", got)
	}
	if all, err := n.desk.Agents(t.Context(), eve); err != nil || len(all) != 3 {
		t.Errorf("%d accounts, %v", len(all), err)
	}
	_, err = n.desk.ChangeAgent(t.Context(), who, "nobody", desk.AgentPatch{})
	n.code(core.NotFound, err)
	_, err = n.desk.ChangeAgent(t.Context(), who, "eve", desk.AgentPatch{Name: ptr("AMY2")})
	n.code(core.Conflict, err)
	_, err = n.desk.ChangeAgent(t.Context(), who, "eve", desk.AgentPatch{Capacity: ptr(-1)})
	n.code(core.Invalid, err)
	n.code(core.Forbidden, n.desk.DisableAgent(t.Context(), eve, "eve"))
	n.code(core.NotFound, n.desk.DisableAgent(t.Context(), who, "nobody"))
}

// Of two who read the same version of an account one changes it, and the other
// learns that; without a version the last one wins.
func TestAgentsAreComparedAndSwapped(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	n.hire("amy", core.RoleAgent, 1)
	read, err := n.desk.Agent(t.Context(), who, "amy")
	n.must(err)
	now, err := n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Version: read.Version, Capacity: ptr(7)})
	n.must(err)
	if now.Version != read.Version+1 {
		t.Errorf("version %d after %d", now.Version, read.Version)
	}
	_, err = n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Version: read.Version, Capacity: ptr(9), Display: ptr("Amy")})
	n.code(core.Conflict, err)
	stays, err := n.desk.Agent(t.Context(), who, "amy")
	n.must(err)
	if stays.Capacity != 7 || stays.Display != read.Display || stays.Version != now.Version {
		t.Errorf("the one who was slower changed it to %+v", stays)
	}
	_, err = n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Version: now.Version, Capacity: ptr(9)})
	n.must(err)
	_, err = n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Capacity: ptr(2)})
	n.must(err)
}

// Of many who read the same version at the same time one changes it.
func TestAgentsRace(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	n.hire("amy", core.RoleAgent, 1)
	read, err := n.desk.Agent(t.Context(), who, "amy")
	n.must(err)
	errs := make([]error, 5)
	var all sync.WaitGroup
	for i := range errs {
		all.Go(func() {
			_, errs[i] = n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Version: read.Version, Capacity: ptr(i)})
		})
	}
	all.Wait()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
		} else {
			n.code(core.Conflict, err)
		}
	}
	if won != 1 {
		t.Errorf("%d of %d changed the same version", won, len(errs))
	}
}

// Another password ends the logins made with the old one.
func TestChangePassword(t *testing.T) {
	n := newNode(t)
	who, token := n.admin()
	c := n.connect("admin").hello(map[string]any{"token": token})
	_, err := n.desk.ChangeAgent(t.Context(), who, "admin", desk.AgentPatch{Password: ptr("short"), Current: ptr(password)})
	n.code(core.Invalid, err)
	const next = "another horse battery"
	_, err = n.desk.ChangeAgent(t.Context(), who, "admin", desk.AgentPatch{Password: ptr(next)})
	n.code(core.Forbidden, err)
	for range 5 {
		_, err = n.desk.ChangeAgent(t.Context(), who, "admin", desk.AgentPatch{Password: ptr(next), Current: ptr(next)})
		n.code(core.Forbidden, err)
	}
	right := desk.AgentPatch{Password: ptr(next), Current: ptr(password)}
	_, err = n.desk.ChangeAgent(t.Context(), who, "admin", right)
	n.code(core.RateLimited, err)
	n.now = n.now.Add(time.Minute)
	_, err = n.desk.ChangeAgent(t.Context(), who, "admin", right)
	n.must(err)
	_, err = n.desk.Authenticate(t.Context(), token)
	n.code(core.Unauthorized, err)
	c.serve(`{"type":"ping"}`)
	if c.closed() != 4501 {
		t.Errorf("the connection is closed with %d", c.closed())
	}
	_, _, err = n.desk.Login(t.Context(), "admin", password, "", "192.0.2.1")
	n.code(core.Unauthorized, err)
	_, _, err = n.desk.Login(t.Context(), "admin", next, "", "192.0.2.1")
	n.code("", err)
}

// Somebody who can undo it always remains.
func TestLastAdminIsKept(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	demote := desk.AgentPatch{Role: ptr(core.RoleAgent)}
	_, err := n.desk.ChangeAgent(t.Context(), who, "admin", demote)
	n.code(core.Conflict, err)
	n.code(core.Conflict, n.desk.DisableAgent(t.Context(), who, "admin"))
	n.hire("amy", core.RoleAdmin, 1)
	n.account("amy", func(a *core.Account) { a.Disabled = true })
	n.code(core.Conflict, n.desk.DisableAgent(t.Context(), who, "admin"))
	n.account("amy", func(a *core.Account) { a.Disabled = false })
	_, err = n.desk.ChangeAgent(t.Context(), who, "admin", demote)
	n.code("", err)
	n.code(core.Conflict, n.desk.DisableAgent(t.Context(), core.Account{ID: "amy", Role: core.RoleAdmin}, "amy"))
}

// meeting is a store in which two who look for admins have both looked before
// either goes on.
type meeting struct {
	core.Store
	mu   sync.Mutex
	come int
	met  chan struct{} // closed when both are there
}

func (st *meeting) Accounts(ctx context.Context) ([]core.Account, error) {
	list, err := st.Store.Accounts(ctx)
	if st.met == nil {
		return list, err
	}
	st.mu.Lock()
	if st.come++; st.come == 2 {
		close(st.met)
	}
	st.mu.Unlock()
	<-st.met
	return list, err
}

// Two admins who take that from each other in the same instant: one remains.
func TestLastAdminRace(t *testing.T) {
	demote := func(n *node, who core.Account, id core.AgentID) error {
		_, err := n.desk.ChangeAgent(t.Context(), who, id, desk.AgentPatch{Role: ptr(core.RoleAgent)})
		return err
	}
	disable := func(n *node, who core.Account, id core.AgentID) error {
		return n.desk.DisableAgent(t.Context(), who, id)
	}
	for name, take := range map[string][2]func(*node, core.Account, core.AgentID) error{
		"demote": {demote, demote}, "disable": {disable, disable}, "one of each": {demote, disable},
	} {
		w := newWorld(t)
		st := &meeting{Store: w.store}
		w.store = st
		n := w.node()
		amy, bo := n.hire("amy", core.RoleAdmin, 1), n.hire("bo", core.RoleAdmin, 1)
		st.met = make(chan struct{})
		var errs [2]error
		var wg sync.WaitGroup
		wg.Go(func() { errs[0] = take[0](n, amy, "bo") })
		wg.Go(func() { errs[1] = take[1](n, bo, "amy") })
		wg.Wait()
		remain, refused := 0, 0
		for i, id := range []core.AgentID{"bo", "amy"} {
			a, err := w.truth.Account(t.Context(), id)
			n.must(err)
			admin := a.Role == core.RoleAdmin && !a.Disabled
			if remain += map[bool]int{true: 1}[admin]; errs[i] != nil {
				refused++
				n.code(core.Conflict, errs[i])
			}
			if admin != (errs[i] != nil) {
				t.Errorf("%s: %s is an admin: %v, and who took it was told %v", name, id, admin, errs[i])
			}
		}
		if remain == 0 || refused == 0 {
			t.Errorf("%s: %d admins remain, told %v", name, remain, errs)
		}
	}
}

// Who gets seats is offered those who wait; who is disabled loses what they
// hold, once their lease has ended.
func TestAccountsAndSeats(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	amy := n.agent("amy", core.RoleAgent, 0).online()
	line := n.queue("vi")
	_, err := n.desk.ChangeAgent(t.Context(), who, "amy", desk.AgentPatch{Capacity: ptr(1)})
	n.must(err)
	n.settle()
	if got := n.held(line); got != "vi held by amy; " {
		t.Errorf("%s", got)
	}
	n.must(n.desk.DisableAgent(t.Context(), who, "amy"))
	amy.serve(`{"type":"ping"}`)
	amy.gone(false)
	n.keep(42 * time.Second)
	if got := n.held(line); got != "vi waiting; " {
		t.Errorf("%s", got)
	}
}
