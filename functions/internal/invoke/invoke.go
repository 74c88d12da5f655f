// Package invoke is the Invoke call of Lambda, by which functions call each
// other: one POST, signed, which is all that we would use of the SDK's module
// for it.
package invoke

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// Options are what a Function is called by. All but Endpoint are required.
type Options struct {
	Name        string // of the function
	Region      string
	Endpoint    string // "": that of the region
	Credentials aws.CredentialsProviderFunc
	Now         func() time.Time
}

// Function is a function as others call it. It is safe for concurrent use.
type Function struct {
	Options
	url  string
	http *http.Client
}

// startTime is what Start waits for Lambda to accept an event: somebody waits for
// an ack meanwhile, and what is lost is healed.
const startTime = 2 * time.Second

// maxAnswer is how many bytes a function may return (Lambda quotas: 6 MB).
const maxAnswer = 6 << 20

// New returns a function. Nothing is called yet.
func New(o Options) *Function {
	base := strings.TrimSuffix(o.Endpoint, "/")
	if base == "" {
		base = "https://lambda." + o.Region + ".amazonaws.com"
		if strings.HasPrefix(o.Region, "cn-") {
			base += ".cn"
		}
	}
	transport := &http.Transport{MaxIdleConnsPerHost: 32, IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: startTime}
	return &Function{o, base + "/2015-03-31/functions/" + url.PathEscape(o.Name) + "/invocations", &http.Client{Transport: transport}}
}

// Start has the function invoked with an event, and returns when Lambda has
// taken that: nobody waits for the function. It is one attempt.
func (f *Function) Start(ctx context.Context, event []byte) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	_, err := f.call(ctx, "Event", event)
	return err
}

// Call invokes the function and returns what it returns. An error is one of
// Lambda's, or says how the function failed.
func (f *Function) Call(ctx context.Context, event []byte) ([]byte, error) {
	return f.call(ctx, "RequestResponse", event)
}

// right is what the caller's role must allow.
const right = "lambda:InvokeFunction"

func (f *Function) call(ctx context.Context, kind string, event []byte) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(event))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Amz-Invocation-Type", kind)
	keys, err := f.Credentials(ctx)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(event)
	if err := v4.NewSigner().SignHTTP(ctx, keys, req, hex.EncodeToString(sum[:]), "lambda", f.Region, f.Now()); err != nil {
		return nil, err
	}
	res, err := f.http.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	switch {
	case err != nil:
		return nil, err
	case res.StatusCode == http.StatusForbidden:
		return nil, fmt.Errorf("%s refuses the call (403); its role needs %s", f.Name, right)
	case res.StatusCode >= 300:
		return nil, fmt.Errorf("%s can not be called: %d %s", f.Name, res.StatusCode, res.Header.Get("X-Amzn-Errortype"))
	case res.Header.Get("X-Amz-Function-Error") != "":
		return nil, failed(f.Name, data)
	case len(data) > maxAnswer:
		return nil, errors.New(f.Name + " returns too much")
	}
	return data, nil
}

// failed is the error that a function returned.
func failed(name string, data []byte) error {
	var said struct {
		Type    string `json:"errorType"`
		Message string `json:"errorMessage"`
	}
	_ = json.Unmarshal(data, &said) // what can not be read says nothing
	return fmt.Errorf("%s failed: %s %.200s", name, said.Type, said.Message)
}
