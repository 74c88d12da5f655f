package assist

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/openai/openai-go/v3"

	"kefu/core"
)

// kind is what went wrong with a provider, as metrics name it.
type kind string

const (
	badKey      kind = "key"
	noModel     kind = "model"
	noHost      kind = "host"
	throttled   kind = "429"
	failing     kind = "5xx"
	garbled     kind = "garbage"
	broken      kind = "broken"
	stalled     kind = "timeout"
	open        kind = "open" // by the circuit breaker
	withoutTool kind = "tools"
	refused     kind = "refused"
)

// fault is what is wrong with a provider, in a sentence for whoever set it up.
// No answer of the provider's is in it but its status: it may repeat the key.
type fault struct {
	provider core.Provider
	kind     kind
	message  string
	cause    error
}

func (f *fault) Error() string {
	host := f.provider.URL
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	return fmt.Sprintf("%s (%s): %s", host, f.provider.Model, f.message)
}

func (f *fault) Unwrap() error { return f.cause }

func kindOf(err error) kind {
	var f *fault
	if errors.As(err, &f) {
		return f.kind
	}
	return failing
}

// faultOf names what a call of the SDK returned.
func faultOf(ctx context.Context, p core.Provider, err error) *fault {
	var api *openai.Error
	var known *fault
	var dns *net.DNSError
	var unknown x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var name x509.HostnameError
	var record tls.RecordHeaderError
	f := &fault{provider: p, cause: err}
	switch cause := context.Cause(ctx); {
	case errors.As(cause, &known):
		return known
	case ctx.Err() != nil:
		f.kind, f.message = stalled, "it did not answer in time"
	case errors.As(err, &api):
		f.kind, f.message = ofStatus(api, p)
	case errors.Is(err, errRedirected):
		f.kind, f.message = noHost, errRedirected.Error()
	case errors.As(err, &dns):
		f.kind, f.message = noHost, "there is no such host; look at the URL"
	case errors.As(err, &unknown) || errors.As(err, &invalid) || errors.As(err, &name) || errors.As(err, &record):
		f.kind, f.message = noHost, "its certificate does not count, or it speaks no TLS"
	case isNet(err):
		f.kind, f.message = noHost, "it can not be reached; look at the URL, and whether the server runs"
	default:
		f.kind, f.message = garbled, "what it answers is not of OpenAI's protocol"
	}
	return f
}

func isNet(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

func ofStatus(e *openai.Error, p core.Provider) (kind, string) {
	said := strings.ToLower(e.Message + " " + e.Code)
	switch s := e.StatusCode; {
	case s == http.StatusUnauthorized || s == http.StatusForbidden:
		return badKey, fmt.Sprintf("it does not take the key (%d)", s)
	case s == http.StatusBadRequest && strings.Contains(said, "tool"):
		return withoutTool, "this model knows no tools"
	case (s == http.StatusNotFound || s == http.StatusBadRequest) && strings.Contains(said, "model"):
		return noModel, fmt.Sprintf("it has no model %q (%d)", p.Model, s)
	case s == http.StatusNotFound:
		return noHost, "there is nothing at this URL (404); it usually ends in /v1"
	case s == http.StatusTooManyRequests:
		return throttled, "it is asked too often, or the account is used up (429)"
	case s == http.StatusPaymentRequired:
		return throttled, "the account is used up (402)"
	case s >= 500:
		return failing, fmt.Sprintf("it fails (%d)", s)
	default:
		return refused, fmt.Sprintf("it refuses the request (%d)", s)
	}
}
