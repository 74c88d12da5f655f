package desk

import (
	"context"
	"slices"

	"kefu/core"
	"kefu/core/identity"
)

// CreateGroup makes a group. Without an ID it is given one; one that is taken
// is Conflict. Only admins may, as with all that changes groups.
func (d *Desk) CreateGroup(ctx context.Context, who core.Account, g core.Group) (core.Group, error) {
	if err := allowed("create-group", who); err != nil {
		return core.Group{}, err
	}
	if g.ID == "" {
		id, err := identity.NewID(d.Random, "g")
		if err != nil {
			return core.Group{}, err
		}
		g.ID = core.GroupID(id)
	}
	err := d.changeGroups(ctx, who, func(s *core.Settings) error {
		if (core.Rules{Groups: s.Groups}).HasGroup(g.ID) {
			return core.Errorf(core.Conflict, "there is a group %q already", g.ID)
		}
		s.Groups = append(s.Groups, g)
		return nil
	})
	return g, err
}

// GroupVersion names what a group is now. Groups are stored within the settings,
// whose version grows with changes of other things too; so this is a digest,
// which is another exactly when the group is, whichever way it was changed:
// alone, with the settings, by a way back. One that is as it once was has the
// name it had then; who changed it from there has overlooked nothing.
func GroupVersion(g core.Group) string { return sum(g)[:16] }

// ChangeGroup has a group changed, all but its ID, and returns the result. It
// is Conflict unless the group has the given GroupVersion; "": any. change may
// be called more than once.
func (d *Desk) ChangeGroup(
	ctx context.Context, who core.Account, id core.GroupID, version string, change func(*core.Group) error,
) (core.Group, error) {
	if err := allowed("update-group", who); err != nil {
		return core.Group{}, err
	}
	var changed core.Group
	err := d.changeGroups(ctx, who, func(s *core.Settings) error {
		i := indexOf(s.Groups, id)
		if i < 0 {
			return errNoGroup(id)
		}
		if version != "" && version != GroupVersion(s.Groups[i]) {
			return core.Errorf(core.Conflict, "somebody changed this group meanwhile")
		}
		err := change(&s.Groups[i])
		s.Groups[i].ID = id
		changed = s.Groups[i]
		return err
	})
	return changed, err
}

// DeleteGroup removes a group. It is Conflict while a site names it, while
// agents are in it, and while sessions wait or are held in it.
func (d *Desk) DeleteGroup(ctx context.Context, who core.Account, id core.GroupID) error {
	if err := allowed("delete-group", who); err != nil {
		return err
	}
	return d.changeGroups(ctx, who, func(s *core.Settings) error {
		i := indexOf(s.Groups, id)
		if i < 0 {
			return errNoGroup(id)
		}
		for _, site := range s.Sites {
			if slices.Contains(site.Groups, id) {
				return core.Errorf(core.Conflict, "group %q works for site %q: take it off there first", id, site.ID)
			}
		}
		s.Groups = slices.Delete(s.Groups, i, i+1)
		return nil
	})
}

// changeGroups stores the settings with other groups. If somebody else changed
// them in between it looks again.
func (d *Desk) changeGroups(ctx context.Context, who core.Account, change func(*core.Settings) error) error {
	const attempts = 5
	err := d.settingsStand()
	for range attempts {
		if core.CodeOf(err) == core.Forbidden {
			return err
		}
		var current core.Settings
		if current, err = d.loadSettings(ctx); err != nil {
			return err
		}
		next := current
		next.Groups = slices.Clone(current.Groups)
		if err := change(&next); err != nil {
			return err
		}
		if err := d.checkSettings(ctx, current, next); err != nil {
			return err
		}
		if _, err = d.putSettings(ctx, who, current, next); core.CodeOf(err) != core.Conflict {
			return err
		}
	}
	return err
}

func indexOf(groups []core.Group, id core.GroupID) int {
	return slices.IndexFunc(groups, func(g core.Group) bool { return g.ID == id })
}

func errNoGroup(id core.GroupID) error { return core.Errorf(core.NotFound, "there is no group %q", id) }
