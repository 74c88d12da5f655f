// Package gateway pushes to connections of API Gateway: POST and DELETE of
// @connections/id.
//
// What comes of a push is an [Outcome], not an error, because the caller goes
// on either way: a push is a hint, and whoever lacks something asks for it. So
// one attempt has to do, with a short deadline: the SDK's own three would hold
// an invocation up for 2.7 s when one client does not keep up (429). A
// [Delivered] push has reached a buffer of API Gateway, which says nothing of
// the client. [Gone] means that the caller deletes the row of the connection;
// should the connection be alive after all, its next frame finds that out.
//
// The endpoint comes from the environment, never from an event: behind a
// domain of one's own the event names that domain, and not the stage.
//
// Both calls are one request, signed, which is all that we would use of the
// SDK's module for them.
package gateway

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/encoding/httpbinding"
)

// Outcome is what came of a push.
type Outcome int

// The outcomes.
const (
	Delivered Outcome = iota + 1 // API Gateway took it
	Gone                         // there is no such connection (410)
	TooLarge                     // more than API Gateway takes, and it can not be split (413)
	Busy                         // 429, 5xx, a timeout, or not allowed: unknown or not done, and not tried again
)

// String returns the name that metrics use.
func (o Outcome) String() string {
	switch o {
	case Delivered:
		return "delivered"
	case Gone:
		return "gone"
	case TooLarge:
		return "too_large"
	case Busy:
		return "busy"
	}
	return "unknown"
}

// Timeout is what one push may take, connecting included.
const Timeout = 800 * time.Millisecond

// Options are what a Pusher calls API Gateway by. All are required.
type Options struct {
	Endpoint    string // of the stage
	Region      string
	Credentials aws.CredentialsProviderFunc
	Transport   http.RoundTripper
	Now         func() time.Time
}

// Pusher pushes to the connections of one API. It is safe for concurrent use.
type Pusher struct {
	Options
	http   *http.Client
	signer *v4.Signer // it remembers the key of the day
}

// EndpointVariable names what Open reads besides AWS_REGION and the
// credentials: the URL of the stage, as in
// https://abc.execute-api.eu-central-1.amazonaws.com/ws.
const EndpointVariable = "KEFU_WS_ENDPOINT"

// Open returns a pusher as the environment describes it. The error names the
// variable that is missing or wrong. Http, without TLS, is for an API on this
// machine only.
func Open(getenv func(string) string, now func() time.Time) (*Pusher, error) {
	endpoint, region := getenv(EndpointVariable), getenv("AWS_REGION")
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.User != nil:
		return nil, fmt.Errorf("%s: %q is not the URL of a WebSocket API's stage", EndpointVariable, endpoint)
	case u.Scheme != "https" && !(u.Scheme == "http" && loopback(u.Hostname())):
		return nil, fmt.Errorf("%s: %q is not an https URL", EndpointVariable, endpoint)
	case region == "":
		return nil, errors.New("AWS_REGION is not set")
	}
	if _, err := readKeys(getenv); err != nil {
		return nil, err
	}
	return New(Options{Endpoint: endpoint, Region: region, Credentials: Credentials(getenv), Transport: transport(), Now: now}), nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// transport keeps enough connections open for a fan-out.
func transport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: Timeout}).DialContext,
		MaxIdleConnsPerHost: 32, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true,
	}
}

// New returns a pusher. Nothing is called yet.
func New(o Options) *Pusher {
	o.Endpoint = strings.TrimSuffix(o.Endpoint, "/")
	client := &http.Client{Transport: o.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	return &Pusher{o, client, v4.NewSigner()}
}

// Credentials are those that Lambda hands to a function. They are all that we
// would use of the SDK's config module, which makes the binary 2 MB larger.
func Credentials(getenv func(string) string) aws.CredentialsProviderFunc {
	return func(context.Context) (aws.Credentials, error) { return readKeys(getenv) }
}

func readKeys(getenv func(string) string) (aws.Credentials, error) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} {
		if getenv(name) == "" {
			return aws.Credentials{}, errors.New(name + " is not set")
		}
	}
	return aws.Credentials{
		AccessKeyID: getenv("AWS_ACCESS_KEY_ID"), SecretAccessKey: getenv("AWS_SECRET_ACCESS_KEY"),
		SessionToken: getenv("AWS_SESSION_TOKEN"), Source: "environment",
	}, nil
}

// Push sends frames, in order, as few messages of at most [MaxMessage]. If
// API Gateway finds a batch too large it is sent in halves. The error says why
// an outcome is Busy, for the log, and is nil for all others.
func (p *Pusher) Push(ctx context.Context, id string, frames ...[]byte) (Outcome, error) {
	for _, batch := range pack(frames) {
		if o, err := p.post(ctx, id, batch); o != Delivered {
			return o, err
		}
	}
	return Delivered, nil
}

// post sends a batch as one message, or in halves.
func (p *Pusher) post(ctx context.Context, id string, batch [][]byte) (Outcome, error) {
	status, err := p.call(ctx, http.MethodPost, id, join(batch), mayPost)
	if status != http.StatusRequestEntityTooLarge {
		return outcome(status, err)
	}
	if len(batch) == 1 {
		return TooLarge, nil
	}
	half := len(batch) / 2
	if o, err := p.post(ctx, id, batch[:half]); o != Delivered {
		return o, err
	}
	return p.post(ctx, id, batch[half:])
}

// Close ends a connection, behind what was pushed to it. One that is gone
// already is as good as closed.
func (p *Pusher) Close(ctx context.Context, id string) (Outcome, error) {
	return outcome(p.call(ctx, http.MethodDelete, id, nil, mayDelete))
}

// What the caller's role must allow.
const (
	mayPost   = "execute-api:ManageConnections POST"
	mayDelete = "execute-api:ManageConnections DELETE"
)

const maxAnswer = 4 << 10 // bytes that are read of an answer, for its connection to be used again

// call is one request for a connection. right is what a 403 lacks. It returns
// the status; the error says what is wrong, if that is not 2xx.
func (p *Pusher) call(ctx context.Context, method, id string, message []byte, right string) (status int, err error) {
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	at := p.Endpoint + "/@connections/" + httpbinding.EscapePath(id, true)
	req, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(message))
	if err != nil {
		return 0, err
	}
	keys, err := p.Credentials(ctx)
	if err != nil {
		return 0, err
	}
	sum := sha256.Sum256(message)
	if err := p.signer.SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "execute-api", p.Region, p.Now()); err != nil {
		return 0, err
	}
	res, err := p.http.Do(req)
	if err != nil {
		return 0, err
	}
	defer func() { _ = res.Body.Close() }()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, maxAnswer)) // the status says it all
	switch {
	case res.StatusCode < 300:
		return res.StatusCode, nil
	case res.StatusCode == http.StatusForbidden:
		return res.StatusCode, errors.New("it is refused (403); the role needs " + right)
	}
	return res.StatusCode, fmt.Errorf("%d %s", res.StatusCode, res.Header.Get("X-Amzn-Errortype"))
}

// outcome sorts what came of a call.
func outcome(status int, err error) (Outcome, error) {
	switch {
	case err == nil:
		return Delivered, nil
	case status == http.StatusGone:
		return Gone, nil
	}
	return Busy, fmt.Errorf("a push failed: %w", err)
}
