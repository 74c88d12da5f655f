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
package gateway

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
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

// API is what the pusher calls of API Gateway: what its IAM statement must
// allow.
type API interface {
	PostToConnection(context.Context, *apigatewaymanagementapi.PostToConnectionInput, ...func(*apigatewaymanagementapi.Options)) (*apigatewaymanagementapi.PostToConnectionOutput, error)
	DeleteConnection(context.Context, *apigatewaymanagementapi.DeleteConnectionInput, ...func(*apigatewaymanagementapi.Options)) (*apigatewaymanagementapi.DeleteConnectionOutput, error)
}

// Pusher pushes to the connections of one API. It is safe for concurrent use.
type Pusher struct{ api API }

// EndpointVariable names what Open reads besides AWS_REGION and the
// credentials: the URL of the stage, as in
// https://abc.execute-api.eu-central-1.amazonaws.com/ws.
const EndpointVariable = "KEFU_WS_ENDPOINT"

// Open returns a pusher as the environment describes it. The error names the
// variable that is missing or wrong. Http, without TLS, is for an API on this
// machine only.
func Open(getenv func(string) string) (*Pusher, error) {
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
	return New(apigatewaymanagementapi.New(apigatewaymanagementapi.Options{
		BaseEndpoint: &endpoint, Region: region, Credentials: Credentials(getenv), RetryMaxAttempts: 1,
		HTTPClient: &http.Client{Transport: transport()},
	})), nil
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

// New returns a pusher that calls api, which must not retry.
func New(api API) *Pusher { return &Pusher{api} }

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
	within, cancel := context.WithTimeout(ctx, Timeout)
	_, err := p.api.PostToConnection(within, &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: join(batch)})
	cancel()
	o, err := outcome(err)
	if o != TooLarge || len(batch) == 1 {
		return o, err
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
	ctx, cancel := context.WithTimeout(ctx, Timeout)
	defer cancel()
	_, err := p.api.DeleteConnection(ctx, &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id})
	return outcome(err)
}

// outcome sorts errors of the SDK.
func outcome(err error) (Outcome, error) {
	var (
		gone  *types.GoneException
		large *types.PayloadTooLargeException
	)
	switch {
	case err == nil:
		return Delivered, nil
	case errors.As(err, &gone):
		return Gone, nil
	case errors.As(err, &large):
		return TooLarge, nil
	}
	return Busy, fmt.Errorf("a push failed: %w", err)
}
