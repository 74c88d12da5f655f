// Package web is the HTTP side of a host on Lambda: core/httpapi behind a
// Function URL or an HTTP API, which share the payload format 2.0. It is a
// package of its own because what httpapi needs would make the functions that
// do without it twice as large.
package web

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"

	"github.com/aws/aws-lambda-go/events"
	"github.com/awslabs/aws-lambda-go-api-proxy/httpadapter"

	"kefu/core/httpapi"
	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/host"
)

var errNoRequest = errors.New("this is not an event of a Function URL or an HTTP API in the payload format 2.0")

// Function is the function http.
type Function struct {
	host *host.Host
	http http.Handler
}

// Open returns the function that the environment describes, with the files
// that it serves; see httpapi.Options. It makes the first account if there is
// none. An error is one sentence, as of host.Open.
func Open(ctx context.Context, o host.Options, files fs.FS) (*Function, error) {
	h, err := host.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := h.Bootstrap(ctx, o.Getenv); err != nil {
		return nil, err
	}
	return New(h, files)
}

// New returns the function of a host that has accounts.
func New(h *host.Host, files fs.FS) (*Function, error) {
	o := httpapi.Options{Desk: h.Desk(), Poll: h.Desk(), Files: files, Now: h.Now, Log: h.Log}
	if h.Parts.Files != nil {
		o.Uploads, o.Bucket = h.Desk(), h.Parts.Files.Origin()
	}
	api, err := httpapi.New(o)
	return &Function{h, api}, err
}

// Handle serves a request that a Function URL or an HTTP API hands on. An error
// is for an event that is none of its own.
func (f *Function) Handle(ctx context.Context, ev events.APIGatewayV2HTTPRequest) (events.APIGatewayV2HTTPResponse, error) {
	at := ev.RequestContext.HTTP
	if ev.Version != "2.0" || at.Method == "" {
		return events.APIGatewayV2HTTPResponse{}, errNoRequest
	}
	h := f.host
	viewer, refused := h.Door.Viewer(ev.Headers, cloudfront.Viewer{Addr: at.SourceIP, Host: ev.RequestContext.DomainName})
	if refused != nil {
		h.Log.WarnContext(ctx, "a request was refused", "error", refused)
		return problem(http.StatusForbidden, "forbidden", "this is not the address to come to"), nil
	}
	cloudfront.Strip(ev.Headers)
	var res events.APIGatewayV2HTTPResponse
	var err error
	panicked := h.Do(ctx, func(ctx context.Context) {
		res, err = httpadapter.NewV2(request{f.http, ev.Headers, viewer}).ProxyWithContext(ctx, ev)
	})
	if panicked != nil {
		return problem(http.StatusInternalServerError, "internal", "internal error"), nil //nolint:nilerr // it is logged
	}
	return res, err
}

// request makes of what the adapter has made of an event what a server would
// have: it splits headers at their commas, dates and product lists too.
type request struct {
	http.Handler
	headers map[string]string
	viewer  cloudfront.Viewer
}

func (q request) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	for name, value := range q.headers {
		r.Header.Set(name, value)
	}
	r.Host, r.URL.Scheme, r.URL.Host = q.viewer.Host, "", ""
	r.RemoteAddr = net.JoinHostPort(q.viewer.Addr, "0")
	q.Handler.ServeHTTP(w, r)
}

// problem is an answer of RFC 9457 where the API can not give one.
func problem(status int, code, detail string) events.APIGatewayV2HTTPResponse {
	return events.APIGatewayV2HTTPResponse{
		StatusCode: status,
		Headers:    map[string]string{"Content-Type": "application/problem+json", "Cache-Control": "no-store"},
		Body:       fmt.Sprintf(`{"title":%q,"status":%d,"code":%q,"detail":%q}`, http.StatusText(status), status, code, detail),
	}
}
