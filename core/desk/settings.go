package desk

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"kefu/core"
)

// SettingsChange is one version of the settings, and in what it differs from
// the one before it.
type SettingsChange struct {
	Version uint64
	At      time.Time
	By      core.AgentID
	Changes []Difference
}

// Settings returns the settings. To admins secrets are shown masked, so that
// they can tell two of them apart; supervisors see none.
func (d *Desk) Settings(ctx context.Context, who core.Account) (core.Settings, error) {
	if err := allowed("get-settings", who); err != nil {
		return core.Settings{}, err
	}
	s, err := d.loadSettings(ctx)
	if err != nil {
		return core.Settings{}, err
	}
	if who.Role != core.RoleAdmin {
		s = withSecrets(s, func(int, core.Site) []string { return nil })
		return withKeys(s, func(int, int, core.Site, core.Provider) string { return "" }), nil
	}
	return masked(s), nil
}

// ChangeSettings stores s under the version that follows s.Version, and
// returns that with its secrets masked. It is Conflict if s.Version is no
// longer the newest, or if s has no place for somebody who is still there:
// see vacant. A masked secret stands for the one it was made from. Invalid
// names everything that is wrong, one line each. Only admins may.
func (d *Desk) ChangeSettings(ctx context.Context, who core.Account, s core.Settings) (core.Settings, error) {
	current, next, err := d.proposed(ctx, who, s)
	if err != nil {
		return core.Settings{}, err
	}
	next, err = d.putSettings(ctx, who, current, next)
	return masked(next), err
}

// PreviewSettings returns what ChangeSettings would change, and fails where it
// would, but stores nothing.
func (d *Desk) PreviewSettings(ctx context.Context, who core.Account, s core.Settings) ([]Difference, error) {
	current, next, err := d.proposed(ctx, who, s)
	if err != nil {
		return nil, err
	}
	return differences(current, next)
}

// SettingsHistory returns versions smaller than before (0: all), the newest
// first, at most limit, and whether there are more. A version whose
// predecessor is forgotten is left out: nobody can say what it changed.
func (d *Desk) SettingsHistory(ctx context.Context, who core.Account, before uint64, limit int) (list []SettingsChange, more bool, err error) {
	if err := allowed("settings-history", who); err != nil {
		return nil, false, err
	}
	versions, err := d.Store.History(ctx, before, limit+1)
	if err != nil {
		return nil, false, err
	}
	more = len(versions) > limit
	if n := len(versions); n > 0 && versions[n-1].Version == 1 {
		versions = append(versions, core.DefaultSettings())
	}
	for i := 0; i+1 < len(versions) && i < limit; i++ {
		v := versions[i]
		changes, err := differences(versions[i+1], v)
		if err != nil {
			return nil, false, err
		}
		list = append(list, SettingsChange{v.Version, v.At, v.By, changes})
	}
	return list, more, nil
}

// RollbackSettings stores the content of an earlier version as a new one, and
// returns that with its secrets masked. Sites that are still there keep the
// secrets they have: a way back must not bring back one that leaked. It is NotFound if that version is
// forgotten, and Conflict as ChangeSettings is. Only admins may.
func (d *Desk) RollbackSettings(ctx context.Context, who core.Account, version uint64) (core.Settings, error) {
	if err := allowed("rollback-settings", who); err != nil {
		return core.Settings{}, err
	}
	current, err := d.loadSettings(ctx)
	if err != nil {
		return core.Settings{}, err
	}
	kept, err := d.Store.History(ctx, version+1, 1)
	if err != nil {
		return core.Settings{}, err
	}
	if len(kept) == 0 || kept[0].Version != version {
		return core.Settings{}, core.Errorf(core.NotFound, "there is no version %d", version)
	}
	next := withSecrets(kept[0], func(_ int, x core.Site) []string {
		if now, ok := current.Site(x.ID); ok {
			return now.Users.Secrets
		}
		return x.Users.Secrets
	})
	next = withKeys(next, func(_, _ int, x core.Site, p core.Provider) string {
		now, _ := current.Site(x.ID)
		for _, o := range now.Receptionist.Providers {
			if o.URL == p.URL {
				return o.Key
			}
		}
		return p.Key
	})
	next.Version = current.Version
	if err := d.checkSettings(ctx, current, next); err != nil {
		return core.Settings{}, err
	}
	next, err = d.putSettings(ctx, who, current, next)
	return masked(next), err
}

// proposed returns the newest settings, and what s would make of them.
func (d *Desk) proposed(ctx context.Context, who core.Account, s core.Settings) (current, next core.Settings, err error) {
	if err := allowed("put-settings", who); err != nil {
		return current, next, err
	}
	if err := d.settingsStand(); err != nil {
		return current, next, err
	}
	if current, err = d.loadSettings(ctx); err != nil {
		return current, next, err
	}
	if s.Version != current.Version {
		return current, next, core.Errorf(core.Conflict, "version %d is the newest, not %d: read it and change that", current.Version, s.Version)
	}
	if next, err = unmasked(s, current); err != nil {
		return current, next, err
	}
	return current, next, d.checkSettings(ctx, current, next)
}

// putSettings stores what was checked against the current settings.
func (d *Desk) putSettings(ctx context.Context, who core.Account, current, next core.Settings) (core.Settings, error) {
	if err := d.settingsStand(); err != nil {
		return next, err
	}
	next.Version, next.At, next.By = current.Version+1, d.Now().UTC().Truncate(time.Millisecond), who.ID
	err := d.Store.PutSettings(ctx, next)
	d.settings.forget()
	if err == nil {
		d.auditSettings(ctx, who, current, next)
	}
	if core.CodeOf(err) == core.Conflict {
		err = core.Errorf(core.Conflict, "somebody changed the settings at the same time: read them again")
	}
	return next, err
}

// auditSettings notes a change. Who must have a second factor may be another now.
func (d *Desk) auditSettings(ctx context.Context, who core.Account, current, next core.Settings) {
	if current.Security != next.Security {
		d.staff.forget()
	}
	changes, err := differences(current, next)
	if err != nil {
		d.Log.ErrorContext(ctx, "settings can not be compared", "error", err)
	}
	d.audit(ctx, who, "put-settings", fmt.Sprint(next.Version), changes)
}

func (d *Desk) checkSettings(ctx context.Context, current, next core.Settings) error {
	var faults []string
	if err := next.Validate(); err != nil {
		if core.CodeOf(err) != core.Invalid {
			return err
		}
		faults = append(faults, messageOf(err))
	}
	for i, s := range next.Sites {
		if _, err := time.LoadLocation(s.Hours.Zone); err != nil || s.Hours.Zone == "Local" {
			faults = append(faults, fmt.Sprintf("sites[%d].hours.zone: a time zone such as Asia/Shanghai is expected", i))
		}
	}
	if len(faults) > 0 {
		return core.Errorf(core.Invalid, "%s", strings.Join(faults, "\n"))
	}
	rules := core.Rules{Groups: next.Groups}
	for _, g := range current.Groups {
		if !rules.HasGroup(g.ID) {
			if err := d.vacant(ctx, g.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// vacant refuses that a group goes that agents work in, or visitors are in:
// they would be where nobody looks.
func (d *Desk) vacant(ctx context.Context, g core.GroupID) error {
	staff, err := d.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	members := 0
	for _, a := range staff {
		if !a.Disabled && slices.Contains(a.Groups, g) {
			members++
		}
	}
	if members > 0 {
		return core.Errorf(core.Conflict, "group %q has agents (%d): move them first", g, members)
	}
	busy, err := d.Store.List(ctx, core.Query{Phases: []core.Phase{core.Bot, core.Waiting, core.Held}, Groups: []core.GroupID{g}, Limit: 1})
	if err != nil {
		return err
	}
	if len(busy) > 0 {
		return core.Errorf(core.Conflict, "group %q has sessions that wait or are held: transfer or end them first", g)
	}
	return nil
}
