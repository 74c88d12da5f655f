package desk

import (
	"cmp"
	"context"

	"kefu/core"
)

// takesAdmin reports whether an account that may be the last admin's will be
// so no longer.
func takesAdmin(was core.Account, disabled bool, role core.Role) bool {
	return was.Role == core.RoleAdmin && !was.Disabled && (disabled || role != core.RoleAdmin)
}

// keepAdmin looks again after an admin was taken away: another may have been
// at the same moment, by a change that still saw this one. Each of the two then
// gives back what it took, unless the other has done so already; so there is an
// admin whichever is last.
func (d *Desk) keepAdmin(ctx context.Context, was core.Account) error {
	ctx = context.WithoutCancel(ctx) // who hangs up now would leave nobody
	last := d.notLastAdmin(ctx, was.ID)
	if core.CodeOf(last) != core.Conflict {
		return last
	}
	for range attempts {
		a, err := d.Store.Account(ctx, was.ID)
		if err != nil {
			return err
		}
		a.Role, a.Disabled = was.Role, was.Disabled
		if err := d.putAccount(ctx, a); core.CodeOf(err) != core.Conflict {
			return cmp.Or(err, last)
		}
	}
	return core.Errorf(core.Unavailable, "accounts change too fast")
}

// attempts is how often an account is read again that others change too.
const attempts = 5

// notLastAdmin refuses what would leave nobody to undo it.
func (d *Desk) notLastAdmin(ctx context.Context, id core.AgentID) error {
	staff, err := d.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range staff {
		if a.ID != id && a.Role == core.RoleAdmin && !a.Disabled {
			return nil
		}
	}
	return core.Errorf(core.Conflict, "this is the only admin")
}
