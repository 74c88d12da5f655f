package desk

import (
	"context"
	"errors"
	"strings"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/identity"
)

// NewAgent is what an admin says of a new member of staff. Zero fields are as
// protocol.md, "Defaults", has them.
type NewAgent struct {
	Name     string // to log in with
	Display  string // what visitors see; empty: the name
	Password string
	Role     core.Role      // empty: agent
	Groups   []core.GroupID // nil: default
	Capacity *int           // nil: 5
	Weight   *float64       // nil: 1
	Avatar   string
}

// AgentPatch is what changes about a member of staff; nil: nothing.
type AgentPatch struct {
	Version  uint64 // of the account that was changed; 0: whichever there is
	Name     *string
	Display  *string
	Password *string
	Current  *string // the password until now, to change one's own
	Role     *core.Role
	Groups   *[]core.GroupID
	Capacity *int
	Weight   *float64
	Avatar   *string
}

// Bootstrap makes the first account of an empty store, admin. Its password is
// the given one or, if that is empty, a random one, which is returned to be
// shown once. In a store that has accounts it does nothing.
func (d *Desk) Bootstrap(ctx context.Context, password string) (shown string, err error) {
	staff, err := d.Store.Accounts(ctx)
	if err != nil || len(staff) > 0 {
		return "", err
	}
	if password == "" {
		if shown, err = identity.NewPassword(d.Random); err != nil {
			return "", err
		}
		password = shown
	}
	hash, err := d.passwords.Hash(ctx, password)
	if err != nil {
		return "", err
	}
	err = d.putAccount(ctx, core.Account{
		ID: "admin", Name: "admin", Display: "Admin", Role: core.RoleAdmin,
		Groups: []core.GroupID{"default"}, Capacity: 5, Weight: 1, Password: hash,
	})
	if core.CodeOf(err) == core.Conflict {
		return "", nil // another node was first
	}
	return shown, err
}

// Authenticate returns the account that a bearer token names, or Unauthorized.
func (d *Desk) Authenticate(ctx context.Context, bearer string) (core.Account, error) {
	token, err := d.keys.Agent(bearer, d.Now())
	if err != nil {
		return core.Account{}, err
	}
	a, err := d.account(ctx, core.AgentID(token.ID), token.Generation)
	if core.CodeOf(err) == core.Forbidden {
		return a, core.Errorf(core.Unauthorized, "this login no longer counts")
	}
	return a, err
}

// maxLogin is more bytes than any name has: 64 characters.
const maxLogin = 64*utf8.UTFMax + 1

// Login checks a name and a password, and a code if the account has a second
// factor (without one it is ErrCode), and returns a token. Name and password
// are wrong in the same words and in the same time. After some failures from
// one address it is RateLimited for a while; nobody is ever locked out from
// elsewhere.
func (d *Desk) Login(ctx context.Context, name, password, code, addr string) (string, core.Account, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if len(name) > maxLogin {
		name = name[:maxLogin] // nobody's
	}
	if err := d.logins.begin(name, addr, d.Now()); err != nil {
		return "", core.Account{}, err
	}
	a, err := d.Store.AccountNamed(ctx, name)
	switch {
	case core.CodeOf(err) == core.NotFound || (err == nil && a.Disabled):
		err = d.passwords.VerifyUnknown(ctx, password)
	case err == nil:
		err = d.verify(ctx, &a, password)
	}
	switch core.CodeOf(err) {
	case "":
		d.logins.pass(name, addr)
	case core.Unauthorized:
		return "", core.Account{}, err
	default:
		d.logins.takeBack(name, addr)
		return "", core.Account{}, err
	}
	if err := d.secondFactor(ctx, a, code); err != nil {
		return "", core.Account{}, err
	}
	token, err := d.keys.SignAgent(string(a.ID), a.Tokens, d.Now())
	return token, a, err
}

// verify checks a password, and hashes it anew if that was done too cheaply.
func (d *Desk) verify(ctx context.Context, a *core.Account, password string) error {
	rehash, err := d.passwords.Verify(ctx, a.Password, password)
	if err != nil || !rehash {
		return err
	}
	if hash, err := d.passwords.Hash(ctx, password); err == nil {
		a.Password = hash
		if err := d.putAccount(ctx, *a); err != nil {
			d.Log.WarnContext(ctx, "a password could not be hashed anew", "agent", a.ID, "error", err)
		} else {
			a.Version++
		}
	}
	return nil
}

// Logout ends every login of an account: its tokens no longer count.
func (d *Desk) Logout(ctx context.Context, who core.Account) error {
	a, err := d.Store.Account(ctx, who.ID)
	if err != nil {
		return err
	}
	a.Tokens++
	return d.putAccount(ctx, a)
}

// Agents returns all accounts. Every member of staff may know their
// colleagues.
func (d *Desk) Agents(ctx context.Context, _ core.Account) ([]core.Account, error) {
	return d.Store.Accounts(ctx)
}

// Agent returns one account.
func (d *Desk) Agent(ctx context.Context, _ core.Account, id core.AgentID) (core.Account, error) {
	return d.Store.Account(ctx, id)
}

// CreateAgent makes an account. Only admins may.
func (d *Desk) CreateAgent(ctx context.Context, who core.Account, n NewAgent) (core.Account, error) {
	if err := allowed("create-agent", who); err != nil {
		return core.Account{}, err
	}
	id, err := identity.NewID(d.Random, "a")
	if err != nil {
		return core.Account{}, err
	}
	a := core.Account{
		ID: core.AgentID(id), Name: n.Name, Display: n.Display, Avatar: n.Avatar, Role: n.Role, Groups: n.Groups,
		Capacity: orElse(n.Capacity, 5), Weight: orElse(n.Weight, 1),
	}
	if a.Role == "" {
		a.Role = core.RoleAgent
	}
	if a.Groups == nil {
		a.Groups = []core.GroupID{"default"}
	}
	if err := d.checkAccount(ctx, &a); err != nil {
		return core.Account{}, err
	}
	if a.Password, err = d.hashed(ctx, n.Password); err != nil {
		return core.Account{}, err
	}
	if a, err = d.stored(ctx, a); err == nil {
		d.audit(ctx, who, "create-agent", string(a.ID), accountChanges(core.Account{Password: a.Password}, a))
	}
	return a, err
}

// ChangeAgent changes an account. Admins change anybody's; others change of
// their own the password, what visitors see, and the avatar. Who changes their
// own password shows that they know the present one: a login that was left
// open, or stolen, must not be enough to take the account. Another password
// ends the logins made with the old one. It is Conflict unless the account has
// the version of the patch, if that has one.
func (d *Desk) ChangeAgent(ctx context.Context, who core.Account, id core.AgentID, p AgentPatch) (core.Account, error) {
	own := p.Name == nil && p.Role == nil && p.Groups == nil && p.Capacity == nil && p.Weight == nil
	if who.Role != core.RoleAdmin && (who.ID != id || !own) {
		return core.Account{}, errAdmin()
	}
	a, err := d.Store.Account(ctx, id)
	if err != nil {
		return core.Account{}, err
	}
	if p.Version != 0 && p.Version != a.Version {
		return core.Account{}, core.Errorf(core.Conflict, "somebody changed this account meanwhile: it has version %d", a.Version)
	}
	was := a
	if takesAdmin(was, a.Disabled, orElse(p.Role, a.Role)) {
		if err := d.notLastAdmin(ctx, id); err != nil {
			return core.Account{}, err
		}
	}
	set(&a.Name, p.Name)
	set(&a.Display, p.Display)
	set(&a.Role, p.Role)
	set(&a.Groups, p.Groups)
	set(&a.Capacity, p.Capacity)
	set(&a.Weight, p.Weight)
	set(&a.Avatar, p.Avatar)
	if err := d.checkAccount(ctx, &a); err != nil {
		return core.Account{}, err
	}
	if p.Password != nil {
		if who.ID == id {
			if err := d.confirm(ctx, a, p.Current); err != nil {
				return core.Account{}, err
			}
		}
		if a.Password, err = d.hashed(ctx, *p.Password); err != nil {
			return core.Account{}, err
		}
		a.Tokens++
	}
	if a, err = d.stored(ctx, a); err == nil && takesAdmin(was, a.Disabled, a.Role) {
		err = d.keepAdmin(ctx, was)
	}
	if err == nil {
		d.audit(ctx, who, "change-agent", string(id), accountChanges(was, a))
	}
	return a, err
}

// hashed is the hash of a password that somebody chose; what is wrong with it
// is said of that field.
func (d *Desk) hashed(ctx context.Context, password string) (string, error) {
	hash, err := d.passwords.Hash(ctx, password)
	if core.CodeOf(err) == core.Invalid {
		return "", core.Errorf(core.Invalid, "password: %v", err)
	}
	return hash, err
}

// confirm checks that somebody knows the password of their own account. Wrong
// ones are slowed down as at a login; the answer is Forbidden, for the login
// itself is good.
func (d *Desk) confirm(ctx context.Context, a core.Account, current *string) error {
	if current == nil {
		return core.Errorf(core.Forbidden, "current: the present password is needed to choose another")
	}
	const here = "own account" // in the place of an address
	if err := d.logins.begin(a.Name, here, d.Now()); err != nil {
		return err
	}
	_, err := d.passwords.Verify(ctx, a.Password, *current)
	switch core.CodeOf(err) {
	case "":
		d.logins.pass(a.Name, here)
		return nil
	case core.Unauthorized:
		return core.Errorf(core.Forbidden, "current: this is not the present password")
	default:
		d.logins.takeBack(a.Name, here)
		return err
	}
}

// DisableAgent ends an account: it may not log in, its connections are closed
// and what it holds waits again once its lease has ended. The record is kept,
// for the log still names it.
func (d *Desk) DisableAgent(ctx context.Context, who core.Account, id core.AgentID) error {
	if err := allowed("disable-agent", who); err != nil {
		return err
	}
	a, err := d.Store.Account(ctx, id)
	if err != nil {
		return err
	}
	was := a
	if takesAdmin(was, true, a.Role) {
		if err := d.notLastAdmin(ctx, id); err != nil {
			return err
		}
	}
	a.Disabled = true
	a.Tokens++
	err = d.putAccount(ctx, a)
	if err == nil && takesAdmin(was, true, a.Role) {
		err = d.keepAdmin(ctx, was)
	}
	if err == nil {
		d.audit(ctx, who, "disable-agent", string(id), accountChanges(was, a))
	}
	return err
}

// putAccount stores an account that was read, under its next version.
func (d *Desk) putAccount(ctx context.Context, a core.Account) error {
	a.Version++
	err := d.Store.PutAccount(ctx, a)
	d.staff.forget()
	return err
}

func (d *Desk) stored(ctx context.Context, a core.Account) (core.Account, error) {
	if err := d.putAccount(ctx, a); err != nil {
		return core.Account{}, err
	}
	a.Version++
	if a.Capacity > 0 {
		for _, g := range a.Groups {
			d.Seek(g)
		}
	}
	return a, nil
}

// checkAccount holds what was asked for against the limits.
func (d *Desk) checkAccount(ctx context.Context, a *core.Account) error {
	a.Name = strings.ToLower(strings.TrimSpace(a.Name))
	if a.Display = strings.TrimSpace(a.Display); a.Display == "" {
		a.Display = a.Name
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	rules := core.Rules{Groups: settings.Groups}
	switch {
	case a.Name == "" || utf8.RuneCountInString(a.Name) > 64 || strings.ContainsAny(a.Name, " \t\r\n"):
		return core.Errorf(core.Invalid, "name: 1 to 64 characters without spaces are expected")
	case utf8.RuneCountInString(a.Display) > 64:
		return core.Errorf(core.Invalid, "display: at most 64 characters")
	case a.Role != core.RoleAgent && a.Role != core.RoleSupervisor && a.Role != core.RoleAdmin:
		return core.Errorf(core.Invalid, "role: agent, supervisor or admin is expected")
	case a.Capacity < 0 || a.Capacity > maxSeats:
		return core.Errorf(core.Invalid, "capacity: 0 to %d is expected", maxSeats)
	case !(a.Weight > 0 && a.Weight <= 100): // NaN too
		return core.Errorf(core.Invalid, "weight: above 0 and at most 100 is expected")
	case len(a.Groups) > 50:
		return core.Errorf(core.Invalid, "groups: at most 50")
	case !validAvatar(a.Avatar):
		return core.Errorf(core.Invalid, "avatar: an https URL or a path of this host is expected")
	}
	for _, g := range a.Groups {
		if !rules.HasGroup(g) {
			return core.Errorf(core.Invalid, "groups: there is no group %q", g)
		}
	}
	return nil
}

// maxAvatar is how many bytes an avatar's URL may have: it stands in every
// event of its owner.
const maxAvatar = 1024

func validAvatar(s string) bool {
	if s == "" {
		return true
	}
	path := strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
	odd := func(r rune) bool { return r <= ' ' || r >= 0x7f || strings.ContainsRune(`"\<>`, r) }
	return (path || strings.HasPrefix(s, "https://")) && len(s) <= maxAvatar && !strings.ContainsFunc(s, odd)
}

func errAdmin() error { return core.Errorf(core.Forbidden, "only admins do that") }

func orElse[T any](p *T, otherwise T) T {
	if p == nil {
		return otherwise
	}
	return *p
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// IsExpired reports whether err says that a token of ours is merely too old.
func IsExpired(err error) bool { return errors.Is(err, identity.ErrExpired) }
