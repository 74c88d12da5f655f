package server

import (
	"kefu/core/desk"
	"kefu/localserver/internal/config"
)

// operator is what the configuration in force decides over the heads of admins.
func (s *Server) operator() desk.Operator { return *s.decided.Load() }

// decide has the desk follow a configuration, which was validated: only one that
// nobody has can have settings that are none.
func (s *Server) decide(c config.Config) error {
	settings, err := c.Settings.Settings()
	if err != nil {
		return err
	}
	s.decided.Store(&desk.Operator{Settings: settings, NoBot: c.Off.Bot, NoInvitations: c.Off.Invitations, NoWebhooks: c.Off.Webhooks})
	return nil
}
