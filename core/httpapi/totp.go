package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
)

// SecondFactor is the state of one's own second factor.
type SecondFactor struct {
	Enabled  bool     `json:"enabled"`
	Recovery int      `json:"recovery" doc:"Recovery codes that are left."`
	Required bool     `json:"required" doc:"The account has no rights of an admin until it has a second factor."`
	Enrolled []string `json:"enrolled" nullable:"false" doc:"For admins: the ids of all agents who have one."`
}

// Enrolment is what an authenticator is given.
type Enrolment struct {
	Secret string `json:"secret" doc:"To type, in base 32."`
	URI    string `json:"uri" doc:"To scan as a QR code: otpauth://totp/…"`
}

// Recovery is shown once.
type Recovery struct {
	Codes []string `json:"codes" nullable:"false" doc:"Each signs in once, in the place of a code."`
}

type beginTOTP struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Current string   `json:"current" minLength:"1" maxLength:"1024" doc:"The present password."`
}

type confirmTOTP struct {
	_    struct{} `json:"-" additionalProperties:"false"`
	Code string   `json:"code" minLength:"1" maxLength:"40"`
}

type endTOTP struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Current string   `json:"current" minLength:"1" maxLength:"1024" doc:"The present password."`
	Code    string   `json:"code" minLength:"1" maxLength:"40"`
}

// totp registers second factors.
func (a *api) totp() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"session"},
		}
	}
	const here = "/v1/totp"
	staffed(a, operation("read-totp", http.MethodGet, here, "Read the state of one's second factor", ""), a.readTOTP)
	begin := operation("begin-totp", http.MethodPost, here, "Begin to have a second factor",
		"It counts when a code of it is shown. Time-based codes as of RFC 6238: SHA-1, six digits, 30 seconds.",
		http.StatusConflict, http.StatusTooManyRequests)
	staffed(a, begin, a.beginTOTP)
	staffed(a, operation("confirm-totp", http.MethodPut, here, "Turn the second factor on",
		"From now on a login takes a code. The recovery codes are shown this once.", http.StatusConflict, http.StatusTooManyRequests), a.confirmTOTP)
	end := operation("end-totp", http.MethodPost, "/v1/totp/end", "Remove one's second factor", "It takes the password and a code.",
		http.StatusConflict, http.StatusTooManyRequests)
	end.DefaultStatus = http.StatusNoContent
	staffed(a, end, a.endTOTP)
	staffed(a, operation("reset-totp", http.MethodDelete, "/v1/agents/{id}/totp", "Remove the second factor of somebody else",
		"For admins, where somebody has lost theirs. It ends their logins.", http.StatusNotFound), a.resetTOTP)
}

func (a *api) readTOTP(ctx context.Context, who core.Account, _ *nothing) (*body[SecondFactor], error) {
	s, err := a.Desk.TOTP(ctx, who)
	out := SecondFactor{Enabled: s.Enabled, Recovery: s.Recovery, Required: s.Required, Enrolled: make([]string, len(s.Enrolled))}
	for i, id := range s.Enrolled {
		out.Enrolled[i] = string(id)
	}
	return &body[SecondFactor]{out}, err
}

func (a *api) beginTOTP(ctx context.Context, who core.Account, in *body[beginTOTP]) (*body[Enrolment], error) {
	e, err := a.Desk.BeginTOTP(ctx, who, in.Body.Current)
	return &body[Enrolment]{Enrolment(e)}, located(err)
}

func (a *api) confirmTOTP(ctx context.Context, who core.Account, in *body[confirmTOTP]) (*body[Recovery], error) {
	codes, err := a.Desk.ConfirmTOTP(ctx, who, in.Body.Code)
	return &body[Recovery]{Recovery{codes}}, located(err)
}

func (a *api) endTOTP(ctx context.Context, who core.Account, in *body[endTOTP]) (*nothing, error) {
	return nil, located(a.Desk.EndTOTP(ctx, who, in.Body.Current, in.Body.Code))
}

func (a *api) resetTOTP(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.ResetTOTP(ctx, who, core.AgentID(in.ID))
}
