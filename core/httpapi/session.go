package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
)

// Session is what signing in gives.
type Session struct {
	Token string `json:"token" doc:"For the Authorization header, and for the hello of a socket."`
	Agent Agent  `json:"agent"`
}

// body is an answer with nothing but a body.
type body[T any] struct{ Body T }

// nothing is an input or an answer without content.
type nothing struct{}

// credentials are what somebody signs in with. A password that is too long to
// be one is the desk's to refuse, with the words of a wrong one.
type credentials struct {
	_        struct{} `json:"-" additionalProperties:"false"`
	Name     string   `json:"name" minLength:"1" maxLength:"64"`
	Password string   `json:"password" minLength:"1" maxLength:"1024"`
	Code     string   `json:"code,omitempty" maxLength:"40" doc:"Of the second factor, or a recovery code. If it is needed, or wrong, while the password is right, the 401 names body.code."`
}

// session registers signing in and out.
func (a *api) session() {
	open(a, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/v1/login", Tags: []string{"session"},
		Summary: "Sign in", Description: "After some failures it has to wait a while; nobody is locked out for that.",
		Errors: []int{http.StatusUnauthorized, http.StatusTooManyRequests},
	}, a.login)
	staffed(a, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/v1/logout", Tags: []string{"session"},
		Summary: "Sign out everywhere", Description: "Every token of the account is void afterwards.",
	}, a.logout)
}

func (a *api) login(ctx context.Context, in *body[credentials]) (*body[Session], error) {
	token, account, err := a.Desk.Login(ctx, in.Body.Name, in.Body.Password, in.Body.Code, requestOf(ctx).addr)
	if err != nil {
		return nil, located(err)
	}
	return &body[Session]{Session{Token: token, Agent: agentOf(account)}}, nil
}

func (a *api) logout(ctx context.Context, who core.Account, _ *nothing) (*nothing, error) {
	return nil, a.Desk.Logout(ctx, who)
}
