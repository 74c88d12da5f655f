package invoke_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kefu/functions/internal/invoke"
	"kefu/functions/local/edge"
)

// TestCall: the call is the one that Lambda verifies; who waits is given what the
// function returns, or why not, and who does not is answered before it ran.
func TestCall(t *testing.T) {
	keys := aws.Credentials{AccessKeyID: "AK", SecretAccessKey: "secret"}
	ran, hold := make(chan string, 10), make(chan struct{})
	f := edge.InvokerFunc(func(_ context.Context, event []byte) ([]byte, error) {
		switch string(event) {
		case `"wait"`:
			<-hold
		case `"fail"`:
			return nil, &edge.FunctionError{Type: "Bad", Message: "no"}
		case `"busy"`:
			return nil, edge.ErrThrottled
		}
		ran <- string(event)
		return []byte(`{"a":1}`), nil
	})
	in := edge.NewInvocations(t.Context(), edge.InvokeOptions{Functions: map[string]edge.Invoker{"fn": f}, Credentials: keys, Attempts: 1, Now: time.Now})
	server := httptest.NewServer(in)
	defer server.Close()
	defer in.Close()
	function := func(name, secret string) *invoke.Function {
		return invoke.New(invoke.Options{Name: name, Region: "us-east-1", Endpoint: server.URL, Now: time.Now, Credentials: func(context.Context) (aws.Credentials, error) {
			if secret == "" {
				return aws.Credentials{}, errors.New("no keys")
			}
			return aws.Credentials{AccessKeyID: "AK", SecretAccessKey: secret}, nil
		}})
	}
	if out, err := function("fn", "secret").Call(t.Context(), []byte(`"x"`)); err != nil || string(out) != `{"a":1}` || <-ran != `"x"` {
		t.Errorf("%s, %v", out, err)
	}
	if err := function("fn", "secret").Start(t.Context(), []byte(`"wait"`)); err != nil {
		t.Error(err)
	}
	close(hold)
	if got := <-ran; got != `"wait"` {
		t.Errorf("it served %s", got)
	}
	for _, c := range []struct{ name, secret, event, says string }{
		{"fn", "secret", `"fail"`, "fn failed: Bad no"},
		{"fn", "secret", `"busy"`, "429"},
		{"fn", "guessed", `"x"`, "lambda:InvokeFunction"},
		{"other", "secret", `"x"`, "other can not be called: 404"},
		{"fn", "", `"x"`, "no keys"},
	} {
		if _, err := function(c.name, c.secret).Call(t.Context(), []byte(c.event)); err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "guessed") {
			t.Errorf("%+v: %v", c, err)
		}
	}
}
