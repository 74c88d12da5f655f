package server

import (
	"context"
	"errors"
	"fmt"

	"kefu/core"
	"kefu/core/desk"
)

// operator is whoever may start the program: they could as well write to the
// database.
func operator() core.Account { return core.Account{Role: core.RoleAdmin} }

// AddAgent makes an account, without anybody being logged in. An error is one
// sentence.
func (s *Server) AddAgent(ctx context.Context, n desk.NewAgent) error {
	_, err := s.desk.CreateAgent(ctx, operator(), n)
	return staffError(n.Name, err)
}

// SetPassword gives an account another password, and ends its logins. An error
// is one sentence.
func (s *Server) SetPassword(ctx context.Context, name, password string) error {
	a, err := s.store.AccountNamed(ctx, name)
	if err == nil {
		_, err = s.desk.ChangeAgent(ctx, operator(), a.ID, desk.AgentPatch{Password: &password})
	}
	return staffError(name, err)
}

// ResetTOTP removes the second factor of an account. An error is one sentence.
func (s *Server) ResetTOTP(ctx context.Context, name string) error {
	a, err := s.store.AccountNamed(ctx, name)
	if err != nil {
		return staffError(name, err)
	}
	if err = s.desk.ResetTOTP(ctx, operator(), a.ID); core.CodeOf(err) == core.NotFound {
		return fmt.Errorf("the agent %q has no second factor", name)
	}
	return staffError(name, err)
}

// staffError puts the words that a client would get into a sentence.
func staffError(name string, err error) error {
	var e *core.Error
	switch {
	case err == nil:
		return nil
	case core.CodeOf(err) == core.NotFound:
		return fmt.Errorf("there is no agent %q", name)
	case errors.As(err, &e):
		return fmt.Errorf("the agent %q can not be stored: %s", name, e.Message)
	default:
		return fmt.Errorf("the agent %q can not be stored: %w", name, err)
	}
}
