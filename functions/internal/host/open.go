package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/blob"
	"kefu/core/blob/s3"
	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/gateway"
	"kefu/functions/internal/invoke"
)

// The environment variables that a function reads when it starts, besides
// gateway.EndpointVariable, cloudfront.KeyVariable and those that Lambda sets.
const (
	TableVariable    = "KEFU_TABLE"                // name of the DynamoDB table
	LevelVariable    = "KEFU_LOG_LEVEL"            // DEBUG, INFO, WARN or ERROR; "": INFO
	DynamoVariable   = "AWS_ENDPOINT_URL_DYNAMODB" // "": that of the region. For tests and functions/local
	BucketVariable   = "KEFU_BUCKET"               // name of the bucket of files; "": no files are taken
	S3Variable       = "AWS_ENDPOINT_URL_S3"       // "": that of the region
	PasswordVariable = "KEFU_ADMIN_PASSWORD"       // of the first account
	SecretVariable   = PasswordVariable + "_SECRET"
	SecretsVariable  = "AWS_ENDPOINT_URL_SECRETS_MANAGER" // "": that of the region
	AssistVariable   = "KEFU_ASSIST"                      // name of the function assist; "": there is no assistant, or this is it
	LambdaVariable   = "AWS_ENDPOINT_URL_LAMBDA"          // "": that of the region
	LoopbackVariable = "LOCAL_WEBHOOKS"                   // true: they may lead to this machine; only where the table is on it too
)

// Options are what a function is started with. All but Models and Media are
// required.
type Options struct {
	Getenv func(string) string
	Now    func() time.Time
	Out    io.Writer // where the log goes, metrics included

	Models func(p core.Provider, key string) assist.Model // of the function assist
	Media  blob.Media                                     // of those that take files: socket and http; it knows 170 kinds, which is 0.3 MB
}

// Open returns the host that the environment describes. An error is one
// sentence: which variable is missing or wrong, or why the table can not be
// used.
func Open(ctx context.Context, o Options) (*Host, error) {
	log, err := newLog(o.Getenv, o.Out)
	if err != nil {
		return nil, err
	}
	if err := paceCollector(o.Getenv); err != nil {
		return nil, err
	}
	pusher, err := gateway.Open(o.Getenv, o.Now)
	if err != nil {
		return nil, err
	}
	door, err := cloudfront.Open(o.Getenv)
	if err != nil {
		return nil, err
	}
	files, err := openFiles(o)
	if err != nil {
		return nil, err
	}
	table, endpoint := o.Getenv(TableVariable), o.Getenv(DynamoVariable)
	if table == "" {
		return nil, errors.New(TableVariable + " is not set")
	}
	if err := checkEndpoint(DynamoVariable, endpoint); err != nil {
		return nil, err
	}
	assistant, err := openAssistant(o)
	if err != nil {
		return nil, err
	}
	allow, err := openLoopback(o.Getenv(LoopbackVariable), endpoint)
	if err != nil {
		return nil, err
	}
	p := Parts{
		Assistant: assistant, Models: o.Models, Getenv: o.Getenv,
		Store: dynamo.New(dynamo.Options{
			API: dynamo.NewClient(o.Getenv("AWS_REGION"), endpoint, gateway.Credentials(o.Getenv)), Table: table, Now: o.Now, Log: log,
		}),
		Pusher: pusher, Door: door, Files: files, Media: o.Media, Allow: allow, Now: o.Now, Log: log, Name: o.Getenv("AWS_LAMBDA_FUNCTION_NAME"), Emit: emitter(o.Out),
	}
	h, err := New(ctx, p)
	return h, startError(table, err)
}

// openFiles returns the bucket of files, or nil if there is none. It is asked for
// nothing yet: without files people can still talk.
func openFiles(o Options) (Files, error) {
	bucket, endpoint := o.Getenv(BucketVariable), o.Getenv(S3Variable)
	switch {
	case bucket == "":
		return nil, nil //nolint:nilnil // no bucket is no error
	case strings.Trim(bucket, "abcdefghijklmnopqrstuvwxyz0123456789.-") != "":
		return nil, fmt.Errorf("%s: %q is not the name of a bucket", BucketVariable, bucket)
	}
	if err := checkEndpoint(S3Variable, endpoint); err != nil {
		return nil, err
	}
	return s3.New(s3.Options{
		Bucket: bucket, Region: o.Getenv("AWS_REGION"), Endpoint: endpoint, Credentials: gateway.Credentials(o.Getenv), Now: o.Now,
		HTTP: &http.Client{Timeout: filesTime},
	}), nil
}

// openAssistant returns the function assist as it is called, or nil.
func openAssistant(o Options) (Assistant, error) {
	name, endpoint := o.Getenv(AssistVariable), o.Getenv(LambdaVariable)
	switch {
	case name == "":
		return nil, nil //nolint:nilnil // no assistant is no error
	case strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz0123456789-_") != "":
		return nil, fmt.Errorf("%s: %q is not the name of a function", AssistVariable, name)
	}
	if err := checkEndpoint(LambdaVariable, endpoint); err != nil {
		return nil, err
	}
	return invoke.New(invoke.Options{
		Name: name, Region: o.Getenv("AWS_REGION"), Endpoint: endpoint, Credentials: gateway.Credentials(o.Getenv), Now: o.Now,
	}), nil
}

// openLoopback returns the networks that webhooks may lead to besides the public
// internet. What functions/local allows is refused in a deployment: there,
// loopback is where Lambda itself listens.
func openLoopback(value, database string) ([]netip.Prefix, error) {
	switch u, err := url.Parse(database); {
	case value == "":
		return nil, nil
	case value != "true":
		return nil, fmt.Errorf("%s: %q is not true", LoopbackVariable, value)
	case err != nil || !loopback(u.Hostname()):
		return nil, fmt.Errorf("%s is for a table on this machine, which %s does not say", LoopbackVariable, DynamoVariable)
	}
	return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// filesTime is what one request to the bucket may take, so that there is time
// for another within an invocation.
const filesTime = 2500 * time.Millisecond

// startError says what is wrong with the table, for there is nothing else that
// can be.
func startError(table string, err error) error {
	var e *core.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &e) && e.Cause != nil:
		return fmt.Errorf("the table %s (%s) can not be used: %w", table, TableVariable, e.Cause)
	default:
		return fmt.Errorf("the table %s (%s) can not be used: %w", table, TableVariable, err)
	}
}

// checkEndpoint refuses what would send credentials over the network in the
// clear.
func checkEndpoint(name, endpoint string) error {
	u, err := url.Parse(endpoint)
	switch {
	case endpoint == "":
		return nil
	case err != nil || u.Host == "" || u.User != nil:
		return fmt.Errorf("%s: %q is not a URL", name, endpoint)
	case u.Scheme == "https":
		return nil
	}
	if u.Scheme == "http" && loopback(u.Hostname()) {
		return nil
	}
	return fmt.Errorf("%s: %q is not an https URL", name, endpoint)
}

// emitter writes lines whole, though several invocations may at once.
func emitter(out io.Writer) func([]byte) {
	var mu sync.Mutex
	return func(line []byte) {
		mu.Lock()
		defer mu.Unlock()
		_, _ = out.Write(line) // there is nowhere to say so
	}
}
