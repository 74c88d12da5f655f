package desk_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"kefu/core"
	"kefu/core/desk"
)

// A wrong password, an unknown name and a disabled account are one answer,
// and the same work.
func TestLoginTellsNothing(t *testing.T) {
	n := newNode(t)
	who, token := n.admin()
	bo, err := n.desk.CreateAgent(t.Context(), who, desk.NewAgent{Name: "bo", Password: password})
	n.must(err)
	n.must(n.desk.DisableAgent(t.Context(), who, bo.ID))
	var words []string
	for i, c := range []struct{ name, password string }{
		{"admin", "wrong horse battery"}, {"nobody", password}, {"bo", password}, {strings.Repeat("客", 5000), password}, {"", ""}, {"admin", ""},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		token, a, err := n.desk.Login(t.Context(), c.name, c.password, "", fmt.Sprint("192.0.2.", i))
		runtime.ReadMemStats(&after)
		n.code(core.Unauthorized, err)
		if token != "" || a.ID != "" || a.Password != "" {
			t.Errorf("%.10s: %q, %+v", c.name, token, a)
		}
		if spent := after.TotalAlloc - before.TotalAlloc; spent < 19<<20 || spent > 30<<20 {
			t.Errorf("%.10s: spends %d bytes", c.name, spent)
		}
		words = append(words, err.Error())
	}
	for _, s := range words {
		if s != words[0] {
			t.Errorf("%q, and %q", s, words[0])
		}
	}
	if got, err := n.desk.Authenticate(t.Context(), token); err != nil || got.ID != "admin" {
		t.Errorf("a good token: %v, %v", got.ID, err)
	}
	for _, bad := range []string{"", "nonsense", token + "x", n.visitor("vi").token} {
		_, err := n.desk.Authenticate(t.Context(), bad)
		n.code(core.Unauthorized, err)
		if desk.IsExpired(err) {
			t.Errorf("%q is called expired", bad)
		}
	}
	n.pass(13 * time.Hour)
	_, err = n.desk.Authenticate(t.Context(), token)
	n.code(core.Unauthorized, err)
	if !desk.IsExpired(err) {
		t.Errorf("an old token: %v", err)
	}
}

// After five failures the sixth try waits, whoever it is for; elsewhere nobody
// waits; and a good password begins anew.
func TestLoginThrottle(t *testing.T) {
	n := newNode(t)
	n.admin()
	try := func(password, addr string) error {
		_, _, err := n.desk.Login(t.Context(), "ADMIN", password, "", addr)
		return err
	}
	for range 5 {
		n.code(core.Unauthorized, try("wrong", "192.0.2.1"))
	}
	n.code(core.RateLimited, try(password, "192.0.2.1"))
	n.code("", try(password, "192.0.2.2"))
	n.pass(time.Second)
	n.code("", try(password, "192.0.2.1"))
	n.code(core.Unauthorized, try("wrong", "192.0.2.1"))
}

// unnamed is a store that finds no account by its name, for it is away.
type unnamed struct{ core.Store }

func (unnamed) AccountNamed(context.Context, string) (core.Account, error) {
	return core.Account{}, core.Errorf(core.Unavailable, "the accounts are away")
}

// A try that was not looked at is not held against who made it.
func TestLoginWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	w.store = unnamed{w.store}
	n := w.node()
	for range 10 {
		_, _, err := n.desk.Login(t.Context(), "amy", password, "", "192.0.2.1")
		n.code(core.Unavailable, err)
	}
}

func TestLogoutEndsEveryLogin(t *testing.T) {
	n := newNode(t)
	who, token := n.admin()
	c := n.connect("admin").hello(map[string]any{"token": token})
	n.must(n.desk.Logout(t.Context(), who))
	_, err := n.desk.Authenticate(t.Context(), token)
	n.code(core.Unauthorized, err)
	n.after(time.Second)
	if c.closed() != 4501 {
		t.Errorf("the connection is closed with %d", c.closed())
	}
	n.code(core.NotFound, n.desk.Logout(t.Context(), core.Account{ID: "nobody"}))
}

// A password that was hashed too cheaply is hashed anew once it is known.
func TestLoginRehashes(t *testing.T) {
	n := newNode(t)
	salt := []byte("0123456789abcdef")
	sum := argon2.IDKey([]byte(password), salt, 1, 64, 1, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	cheap := fmt.Sprintf("$argon2id$v=19$m=64,t=1,p=1$%s$%s", b64(salt), b64(sum))
	n.hire("amy", core.RoleAgent, 1)
	n.account("amy", func(a *core.Account) { a.Password = cheap })
	for range 2 {
		token, a, err := n.desk.Login(t.Context(), "amy", password, "", "192.0.2.1")
		n.must(err)
		stored, err := n.store.Account(t.Context(), "amy")
		n.must(err)
		if stored.Password == cheap || stored.Version != 3 || a.Version != 3 || stored.Tokens != 1 {
			t.Errorf("stored %+v, returned version %d", stored, a.Version)
		}
		if _, err := n.desk.Authenticate(t.Context(), token); err != nil {
			t.Error(err)
		}
	}
}
