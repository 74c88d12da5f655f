package openai

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/openai/openai-go/v3"

	"kefu/core"
	"kefu/core/assist"
)

// faultOf names what a call of the SDK returned.
func faultOf(ctx context.Context, p core.Provider, err error) *assist.Fault {
	var api *openai.Error
	var known *assist.Fault
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	f := &assist.Fault{Provider: p, Cause: err}
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &known):
		return known
	case ctx.Err() != nil:
		f.Kind, f.Message = assist.Stalled, "it did not answer in time"
	case errors.As(err, &api):
		f.Kind, f.Message = ofStatus(api, p)
	case errors.Is(err, errRedirected):
		f.Kind, f.Message = assist.NoHost, errRedirected.Error()
	case errors.As(err, &dns):
		f.Kind, f.Message = assist.NoHost, "there is no such host; look at the URL"
	case errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &name) || errors.As(err, &record):
		f.Kind, f.Message = assist.NoHost, "its certificate does not count, or it speaks no TLS"
	case isNet(err):
		f.Kind, f.Message = assist.NoHost, "it can not be reached; look at the URL, and whether the server runs"
	default:
		f.Kind, f.Message = assist.Garbled, "what it answers is not of OpenAI's protocol"
	}
	return f
}

func isNet(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func ofStatus(e *openai.Error, p core.Provider) (assist.Kind, string) {
	said := strings.ToLower(cmp.Or(e.Message, e.RawJSON()) + " " + e.Code) // some servers say it in a string
	switch s := e.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return assist.BadKey, fmt.Sprintf("it does not take the key (%d)", s)
	case s == http.StatusBadRequest && strings.Contains(said, "tool"):
		return assist.WithoutTools, "this model knows no tools"
	case (s == http.StatusNotFound || s == http.StatusBadRequest) && strings.Contains(said, "model"):
		return assist.NoModel, fmt.Sprintf("it has no model %q (%d)", p.Model, s)
	case s == http.StatusNotFound:
		return assist.NoHost, "there is nothing at this URL (404); it usually ends in /v1"
	case s == http.StatusTooManyRequests:
		return assist.Throttled, "it is asked too often, or the account is used up (429)"
	case s == http.StatusPaymentRequired:
		return assist.Throttled, "the account is used up (402)"
	case s >= 500:
		return assist.Failing, fmt.Sprintf("it fails (%d)", s)
	default:
		return assist.Refused, fmt.Sprintf("it refuses the request (%d)", s)
	}
}
