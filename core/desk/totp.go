package desk

import (
	"context"
	"errors"

	"kefu/core"
	"kefu/core/identity"
)

// ErrCode is what Login answers if the password is right and a code is needed
// besides: of the agent's authenticator, or one of the recovery codes.
var ErrCode = core.Errorf(core.Unauthorized, "code: a code of your authenticator is needed")

// TOTP is what is known of a second factor.
type TOTP struct {
	Enabled  bool
	Recovery int            // recovery codes that are left
	Required bool           // this account has no rights of an admin until it has one
	Enrolled []core.AgentID // who has one; told to admins
}

// Enrolment is what an authenticator is given.
type Enrolment struct {
	Secret string // to type
	URI    string // to scan
}

// second is what is kept of one.
type second struct {
	Secret   []byte   `json:"secret"`
	On       bool     `json:"on"`   // a code of it was shown to us
	Step     uint64   `json:"step"` // of the last code that counted
	Recovery [][]byte `json:"recovery"`
}

// theSecond returns what is kept of an agent's; nothing is no error.
func (d *Desk) theSecond(ctx context.Context, id core.AgentID) (s second, version uint64, err error) {
	doc, err := d.readDoc(ctx, kindTOTP, string(id), &s)
	if core.CodeOf(err) == core.NotFound {
		err = nil
	}
	return s, doc.Version, err
}

// TOTP returns the state of who's second factor.
func (d *Desk) TOTP(ctx context.Context, who core.Account) (TOTP, error) {
	if err := allowed("read-totp", who); err != nil {
		return TOTP{}, err
	}
	s, _, err := d.theSecond(ctx, who.ID)
	if err != nil {
		return TOTP{}, err
	}
	out := TOTP{Enabled: s.On}
	if s.On {
		out.Recovery = len(s.Recovery)
	}
	a, err := d.Store.Account(ctx, who.ID)
	if err != nil {
		return TOTP{}, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	out.Required = !s.On && a.Role == core.RoleAdmin && settings.Security.Second
	if err == nil && a.Role == core.RoleAdmin && !out.Required {
		out.Enrolled, err = d.enrolled(ctx)
	}
	return out, err
}

// enrolled returns who has a second factor.
func (d *Desk) enrolled(ctx context.Context) (list []core.AgentID, err error) {
	err = d.eachDoc(ctx, kindTOTP, "", maxStaff, func(doc core.Document) (bool, error) {
		var s second
		err := decodeDoc(doc, &s)
		if s.On {
			list = append(list, core.AgentID(doc.ID))
		}
		return true, err
	})
	return list, err
}

// maxStaff is how many accounts are looked through for a second factor.
const maxStaff = 100_000

// BeginTOTP gives who's authenticator a secret. It counts only when ConfirmTOTP
// was shown a code; one that counts already stays until then. The present
// password is needed: a login that was left open must not be enough to lock its
// owner out.
func (d *Desk) BeginTOTP(ctx context.Context, who core.Account, current string) (Enrolment, error) {
	if err := allowed("begin-totp", who); err != nil {
		return Enrolment{}, err
	}
	a, err := d.Store.Account(ctx, who.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if err := d.confirm(ctx, a, &current); err != nil {
		return Enrolment{}, err
	}
	s, version, err := d.theSecond(ctx, who.ID)
	if err != nil {
		return Enrolment{}, err
	}
	if s.On {
		return Enrolment{}, core.Errorf(core.Conflict, "there is a second factor already: remove it first")
	}
	if s.Secret, err = identity.NewTOTP(d.Random); err != nil {
		return Enrolment{}, err
	}
	if err := d.putDoc(ctx, kindTOTP, string(who.ID), version, s); err != nil {
		return Enrolment{}, err
	}
	return Enrolment{identity.TOTPSecret(s.Secret), identity.TOTPURI(s.Secret, "Kefu", a.Name)}, nil
}

// ConfirmTOTP turns the second factor on, if the code is one of the secret that
// BeginTOTP gave, and returns the recovery codes, which are shown this once.
func (d *Desk) ConfirmTOTP(ctx context.Context, who core.Account, code string) ([]string, error) {
	if err := allowed("confirm-totp", who); err != nil {
		return nil, err
	}
	s, version, err := d.theSecond(ctx, who.ID)
	switch {
	case err != nil:
		return nil, err
	case s.On:
		return nil, core.Errorf(core.Conflict, "there is a second factor already")
	case len(s.Secret) == 0:
		return nil, core.Errorf(core.Conflict, "no secret was given out yet")
	}
	if err := d.tried(who, func() error {
		var ok bool
		if s.Step, ok = identity.CheckTOTP(s.Secret, code, d.Now(), s.Step); !ok {
			return core.Errorf(core.Invalid, "code: this is not what the authenticator shows now")
		}
		return nil
	}); err != nil {
		return nil, err
	}
	codes, kept, err := identity.NewRecovery(d.Random)
	if err != nil {
		return nil, err
	}
	s.On, s.Recovery = true, kept
	if err := d.putDoc(ctx, kindTOTP, string(who.ID), version, s); err != nil {
		return nil, err
	}
	d.staff.forget() // an admin without one had no rights until now
	d.audit(ctx, who, "confirm-totp", string(who.ID), nil)
	return codes, nil
}

// EndTOTP removes who's own second factor. It takes the password and a code.
func (d *Desk) EndTOTP(ctx context.Context, who core.Account, current, code string) error {
	if err := allowed("end-totp", who); err != nil {
		return err
	}
	a, err := d.Store.Account(ctx, who.ID)
	if err != nil {
		return err
	}
	if err := d.confirm(ctx, a, &current); err != nil {
		return err
	}
	if err := d.secondFactor(ctx, a, code); core.CodeOf(err) == core.Unauthorized {
		return core.Errorf(core.Forbidden, "%s", messageOf(err)) // the login itself is good
	} else if err != nil {
		return err
	}
	return d.removeTOTP(ctx, who, who.ID, "end-totp")
}

// ResetTOTP removes the second factor of somebody else, who has lost it, and
// ends their logins. Only admins may; their own they remove by EndTOTP.
func (d *Desk) ResetTOTP(ctx context.Context, who core.Account, id core.AgentID) error {
	if err := allowed("reset-totp", who); err != nil {
		return err
	}
	if who.ID == id {
		return core.Errorf(core.Forbidden, "your own is removed with a code of it")
	}
	a, err := d.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	if err := d.removeTOTP(ctx, who, id, "reset-totp"); err != nil {
		return err
	}
	a.Tokens++
	return d.putAccount(ctx, a)
}

func (d *Desk) removeTOTP(ctx context.Context, who core.Account, id core.AgentID, operation string) error {
	defer d.staff.forget()
	err := d.Store.DeleteDocument(ctx, kindTOTP, string(id))
	if core.CodeOf(err) == core.NotFound {
		return core.Errorf(core.NotFound, "there is no second factor")
	}
	if err == nil {
		d.audit(ctx, who, operation, string(id), nil)
	}
	return err
}

// secondFactor checks the code of a login whose password is right.
func (d *Desk) secondFactor(ctx context.Context, a core.Account, code string) error {
	s, version, err := d.theSecond(ctx, a.ID)
	if err != nil || !s.On {
		return err
	}
	if code == "" {
		return ErrCode
	}
	return d.tried(a, func() error {
		step, ok := identity.CheckTOTP(s.Secret, code, d.Now(), s.Step)
		if ok {
			s.Step = step
		} else if s.Recovery, ok = identity.UseRecovery(s.Recovery, code); !ok {
			return errWrongCode()
		}
		err := d.putDoc(ctx, kindTOTP, string(a.ID), version, s)
		if core.CodeOf(err) == core.Conflict {
			return errWrongCode() // the same code came twice at once
		}
		return err
	})
}

func errWrongCode() error {
	return core.Errorf(core.Unauthorized, "code: this code is wrong, or was used already")
}

// tried slows down who guesses codes, wherever they come from: they know the
// password, so nobody else can lock its owner out by this.
func (d *Desk) tried(a core.Account, check func() error) error {
	const codes = "code of "
	if err := d.logins.begin(string(a.ID), codes+string(a.ID), d.Now()); err != nil {
		return err
	}
	err := check()
	switch core.CodeOf(err) {
	case "":
		d.logins.pass(string(a.ID), codes+string(a.ID))
	case core.Unauthorized, core.Invalid:
	default:
		d.logins.takeBack(string(a.ID), codes+string(a.ID))
	}
	return err
}

// demote takes the rights of an admin from those who must have a second factor
// and have none: they count as agents until they have.
func (d *Desk) demote(ctx context.Context, staff map[core.AgentID]core.Account) error {
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil || !settings.Security.Second {
		return err
	}
	have, err := d.enrolled(ctx)
	has := map[core.AgentID]bool{}
	for _, id := range have {
		has[id] = true
	}
	for id, a := range staff {
		if a.Role == core.RoleAdmin && !has[id] {
			a.Role = core.RoleAgent
			staff[id] = a
		}
	}
	return err
}

// NeedsCode reports whether a login failed for nothing but its code.
func NeedsCode(err error) bool {
	var e *core.Error
	return errors.Is(err, ErrCode) || errors.As(err, &e) && e.Message == messageOf(errWrongCode())
}
