package httpapi

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"reflect"
	"strings"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// api has the operations; huma reads their input and writes their output by
// the types they declare.
type api struct {
	Options
	huma huma.API
}

// newAPI returns everything under /v1/.
func newAPI(o Options) http.Handler {
	mux := http.NewServeMux()
	a := &api{Options: o}
	a.huma = humago.New(mux, a.config())
	a.registerAll()
	a.illustrateAll()
	document := sync.OnceValues(a.document) // of 100 kB, and few ask for it
	mux.HandleFunc("GET /v1/docs", newDocs().serve)
	mux.HandleFunc("GET /v1/openapi.json", func(w http.ResponseWriter, r *http.Request) {
		doc, err := document()
		if err != nil {
			a.fail(r.Context(), "openapi.json", err).write(w)
			return
		}
		w.Header().Set("Content-Type", "application/openapi+json")
		_, _ = w.Write(doc) // a client that is gone needs no answer
	})
	return &guard{Options: o, mux: mux, origins: http.NewCrossOriginProtection()}
}

func (a *api) registerAll() {
	for _, register := range []func(){a.session, a.agents, a.groups, a.conversations, a.search, a.integration, a.blocks, a.visitors, a.floor, a.settings, a.replies, a.totp, a.audit, a.webhooks, a.channels, a.reports, a.knowledge, a.assistant, a.longPoll, a.fileTransfer} {
		register()
	}
}

// config is huma without its own documentation pages, which load scripts from
// elsewhere, and without its own errors. Inputs are closed one by one (see
// newAgent), while answers may grow: clients ignore what they do not know.
func (a *api) config() huma.Config {
	schemas := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	schemas.RegisterTypeAlias(reflect.TypeFor[wire.Time](), reflect.TypeFor[time.Time]())
	config := huma.Config{
		OpenAPI: &huma.OpenAPI{
			OpenAPI: "3.1.0",
			Info: &huma.Info{
				Title: "Kefu", Version: "1",
				Description: "What the console, administration and integrations ask of a desk. What is live goes over the socket at /ws.",
			},
			Components: &huma.Components{
				Schemas:         schemas,
				SecuritySchemes: map[string]*huma.SecurityScheme{"bearer": {Type: "http", Scheme: "bearer"}},
			},
		},
		Formats:                      map[string]huma.Format{"application/json": jsonFormat(), "json": jsonFormat()},
		DefaultFormat:                "application/json",
		RejectUnknownQueryParameters: true,
		Transformers:                 []huma.Transformer{a.translate},
	}
	config.AllowAdditionalPropertiesByDefault = true
	return config
}

// translate puts our problem in the place of an error of huma's own. Huma
// sends its status only after this, and writer ignores that.
func (a *api) translate(ctx huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	p := refused(m, requestOf(ctx.Context()).id)
	for name, values := range p.GetHeaders() {
		ctx.SetHeader(name, values[0])
	}
	ctx.SetStatus(p.Status)
	return p, nil
}

// open registers an operation that anybody may ask for.
func open[I, O any](a *api, op huma.Operation, do func(context.Context, *I) (*O, error)) {
	if op.MaxBodyBytes == 0 {
		op.MaxBodyBytes = maxBody + 1 // huma refuses what reaches it
	}
	op.BodyReadTimeout = a.Timeout
	a.describe(&op)
	huma.Register(a.huma, op, func(ctx context.Context, in *I) (*O, error) {
		out, err := do(ctx, in)
		if err != nil {
			return nil, a.fail(ctx, op.OperationID, err)
		}
		return out, nil
	})
}

// staffed registers an operation for whoever is signed in. Who that is, is
// found out before the input is looked at.
func staffed[I, O any](a *api, op huma.Operation, do func(context.Context, core.Account, *I) (*O, error)) {
	op.Middlewares = huma.Middlewares{a.authenticate}
	op.Security = []map[string][]string{{"bearer": {}}}
	open(a, op, func(ctx context.Context, in *I) (*O, error) {
		who, ok := ctx.Value(accountKey{}).(core.Account)
		if !ok {
			return nil, errUnauthorized()
		}
		return do(ctx, who, in)
	})
}

type accountKey struct{}

// authenticate lets a request pass with the account of its token, if its role
// may ask for the operation at all.
func (a *api) authenticate(ctx huma.Context, next func(huma.Context)) {
	r, w := humago.Unwrap(ctx)
	who, err := core.Account{}, errUnauthorized()
	if token, ok := bearer(r.Header); ok {
		who, err = a.Desk.Authenticate(ctx.Context(), token)
	}
	if err == nil && !desk.Allows(ctx.Operation().OperationID, who.Role) {
		err = core.Errorf(core.Forbidden, "your role does not allow that")
	}
	if err != nil {
		a.fail(ctx.Context(), ctx.Operation().OperationID, err).write(w)
		return
	}
	next(huma.WithValue(ctx, accountKey{}, who))
}

func errUnauthorized() error { return core.Errorf(core.Unauthorized, "a valid bearer token is needed") }

const maxToken = 4096 // bytes

// bearer returns the token of a request. It is looked for nowhere but in the
// one Authorization header.
func bearer(h http.Header) (string, bool) {
	values := h.Values("Authorization")
	if len(values) != 1 {
		return "", false
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	token = strings.TrimSpace(token)
	return token, strings.EqualFold(scheme, "Bearer") && token != "" && len(token) <= maxToken
}

// fail returns the problem that a client is told, and logs what it is not. An
// error after the end of the request's time is about that time.
func (a *api) fail(ctx context.Context, operation string, err error) *Problem {
	info := requestOf(ctx)
	if ctx.Err() != nil && !core.Definite(err) {
		err = &core.Error{Code: core.Unavailable, Message: "this took too long", Retry: time.Second, Cause: err}
	}
	p := problemOf(err, info.id)
	level := slog.LevelDebug // a refusal is no fault of ours
	switch {
	case p.Code == string(core.Internal):
		level = slog.LevelError
	case p.Code == string(core.Unavailable) && !errors.Is(ctx.Err(), context.Canceled):
		level = slog.LevelWarn
	}
	a.Log.LogAttrs(ctx, level, "request failed", slog.String("request", info.id),
		slog.String("operation", operation), slog.Int("status", p.Status), slog.Any("error", err))
	return p
}
