package desk_test

import (
	"encoding/base32"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/identity"
)

// enrol gives an account a second factor.
func (n *node) enrol(who core.Account, password string) (secret []byte, recovery []string) {
	n.Helper()
	e, err := n.desk.BeginTOTP(n.Context(), who, password)
	n.must(err)
	secret, err = base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(e.Secret)
	n.must(err)
	recovery, err = n.desk.ConfirmTOTP(n.Context(), who, identity.TOTPCode(secret, n.clock()))
	n.must(err)
	return secret, recovery
}

func (n *node) login(code string) error {
	_, _, err := n.desk.Login(n.Context(), "admin", password, code, "192.0.2.7")
	return err
}

func TestTOTP(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	_, err := n.desk.BeginTOTP(t.Context(), who, "not the password")
	n.code(core.Forbidden, err)
	_, err = n.desk.ConfirmTOTP(t.Context(), who, "123456")
	n.code(core.Conflict, err)
	e, err := n.desk.BeginTOTP(t.Context(), who, password)
	n.must(err)
	n.must(n.login("")) // it does not count yet
	_, err = n.desk.ConfirmTOTP(t.Context(), who, "abc")
	n.code(core.Invalid, err)
	if e.Secret == "" || e.URI == "" {
		t.Fatal(e)
	}
	secret, recovery := n.enrol(who, password)
	if err := n.login(""); err != desk.ErrCode { //nolint:errorlint // the value itself
		t.Fatalf("without a code: %v", err)
	}
	n.code(core.Unauthorized, n.login(identity.TOTPCode(secret, n.clock()))) // it turned the factor on
	n.pass(30 * time.Second)
	n.must(n.login(identity.TOTPCode(secret, n.clock())))
	n.code(core.Unauthorized, n.login(identity.TOTPCode(secret, n.clock()))) // a second time
	n.must(n.login(recovery[0]))
	n.code(core.Unauthorized, n.login(recovery[0]))
	state, err := n.desk.TOTP(t.Context(), who)
	if n.must(err); !state.Enabled || state.Recovery != 9 || len(state.Enrolled) != 1 {
		t.Errorf("%+v", state)
	}
	_, err = n.desk.BeginTOTP(t.Context(), who, password)
	n.code(core.Conflict, err)

	// A wrong password says nothing about the code.
	_, _, err = n.desk.Login(t.Context(), "admin", "wrong", recovery[1], "192.0.2.8")
	if n.code(core.Unauthorized, err); desk.NeedsCode(err) {
		t.Error("a wrong password tells that there is a second factor")
	}
	n.pass(time.Hour)
	n.code(core.Forbidden, n.desk.EndTOTP(t.Context(), who, password, "000000"))
	n.code(core.Forbidden, n.desk.EndTOTP(t.Context(), who, "wrong", recovery[1]))
	n.must(n.desk.EndTOTP(t.Context(), who, password, recovery[1]))
	n.must(n.login(""))
}

// Codes are slowed down by account, wherever they come from.
func TestTOTPIsSlow(t *testing.T) {
	n := newNode(t)
	who, _ := n.admin()
	_, recovery := n.enrol(who, password)
	var err error
	for i := range 12 {
		_, _, err = n.desk.Login(t.Context(), "admin", password, "000000", "192.0.2."+string(rune('0'+i%10)))
	}
	n.code(core.RateLimited, err)
	n.pass(time.Hour)
	n.must(n.login(recovery[0]))
}

// Admins who must have a second factor count as agents until they do.
func TestTOTPRequired(t *testing.T) {
	n := newNode(t)
	who, token := n.admin()
	s, err := n.desk.Settings(t.Context(), who)
	n.must(err)
	s.Security.Second = true
	_, err = n.desk.ChangeSettings(t.Context(), who, s)
	n.must(err)
	me, err := n.desk.Authenticate(t.Context(), token)
	if n.must(err); me.Role != core.RoleAgent {
		t.Fatalf("an admin without one is %s", me.Role)
	}
	if state, err := n.desk.TOTP(t.Context(), me); err != nil || !state.Required {
		t.Errorf("%+v, %v", state, err)
	}
	n.enrol(me, password)
	me, err = n.desk.Authenticate(t.Context(), token)
	if n.must(err); me.Role != core.RoleAdmin {
		t.Errorf("an admin with one is %s", me.Role)
	}

	// Another admin resets who has lost theirs.
	other := n.hire("other", core.RoleAdmin, 1)
	n.code(core.Forbidden, n.desk.ResetTOTP(t.Context(), me, me.ID))
	n.code(core.NotFound, n.desk.ResetTOTP(t.Context(), me, other.ID))
	n.must(n.desk.ResetTOTP(t.Context(), other, me.ID))
	_, err = n.desk.Authenticate(t.Context(), token)
	n.code(core.Unauthorized, err)
}
