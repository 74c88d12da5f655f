package desk

import (
	"context"
	"slices"

	"kefu/core"
)

// Operator is what whoever runs a host decides over the heads of admins. It may
// be another one at any time; the desk follows within 5 s.
type Operator struct {
	// Settings count instead of those in the store, which stay as they are. The
	// API shows them and changes none. nil: those in the store count.
	Settings *core.Settings

	// What is off, whatever the settings say: the assistant, of which nothing is
	// asked any more, even for sessions that it has; what pages offer by
	// themselves; what is sent to other servers.
	NoBot, NoInvitations, NoWebhooks bool
}

// operator returns what is decided now.
func (d *Desk) operator() Operator {
	if d.Options.Operator == nil {
		return Operator{}
	}
	return d.Options.Operator()
}

// servedSettings are those that visitors and agents are served by: the settings
// without what is off.
func (d *Desk) servedSettings(ctx context.Context) (core.Settings, error) {
	s, err := d.loadSettings(ctx)
	o := d.operator()
	if err != nil || !o.NoBot && !o.NoInvitations {
		return s, err
	}
	s.Sites = slices.Clone(s.Sites)
	for i := range s.Sites {
		x := &s.Sites[i]
		x.Assistant = x.Assistant && !o.NoBot
		if o.NoInvitations {
			x.Invite = nil
		}
	}
	return s, nil
}

// settingsStand returns an error if the settings are not in the store.
func (d *Desk) settingsStand() error {
	if d.operator().Settings == nil {
		return nil
	}
	return core.Errorf(core.Forbidden, "the settings stand in the configuration file of the server: change them there")
}
