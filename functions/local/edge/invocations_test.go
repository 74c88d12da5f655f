package edge

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// invoke calls a function by its name, signed for a service.
func invoke(t *testing.T, in *Invocations, name, kind, service, event string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://lambda.test/2015-03-31/functions/"+name+"/invocations", strings.NewReader(event))
	r.Header.Set("X-Amz-Invocation-Type", kind)
	sum := sha256.Sum256([]byte(event))
	if err := v4.NewSigner().SignHTTP(t.Context(), keys, r, hex.EncodeToString(sum[:]), service, "us-east-1", time.Now()); err != nil {
		t.Fatal(err)
	}
	w := httptest.NewRecorder()
	in.ServeHTTP(w, r)
	return w
}

// TestInvoke: who waits gets the result or how it failed.
func TestInvoke(t *testing.T) {
	var result string
	var fails error
	f := serve(func([]byte) (string, error) { return result, fails })
	in := NewInvocations(t.Context(), InvokeOptions{Functions: map[string]Invoker{"fn": f}, Credentials: keys, Now: time.Now})
	defer in.Close()
	for _, x := range []struct {
		name, service, event, result string
		fails                        error
		code                         int
		body                         string
	}{
		{"fn", "lambda", "{}", `{"a":1}`, nil, 200, `{"a":1}`},
		{"fn", "lambda", "{}", "", failure("Bad", "no"), 200, `"errorType":"Bad"`},
		{"fn", "lambda", "{}", "", ErrThrottled, 429, "Rate"},
		{"fn", "lambda", "{}", "", errors.New("closed"), 500, "Internal"},
		{"fn", "execute-api", "{}", "", nil, 403, "Forbidden"},
		{"none", "lambda", "{}", "", nil, 404, "none"},
		{"fn", "lambda", strings.Repeat("x", maxPayload+1), "", nil, 413, "smaller"},
	} {
		result, fails = x.result, x.fails
		w := invoke(t, in, x.name, "RequestResponse", x.service, x.event)
		if w.Code != x.code || !strings.Contains(w.Body.String(), x.body) || (w.Header().Get("X-Amz-Function-Error") != "") != (x.code == 200 && x.fails != nil) {
			t.Errorf("%+v: %d %s %v", x.fails, w.Code, w.Body, w.Header())
		}
	}
	if w := invoke(t, in, "fn", "Event", "lambda", strings.Repeat("x", maxEvent+1)); w.Code != 413 {
		t.Errorf("too much for later: %d", w.Code)
	}
}

// TestEventsOfBusyFunctions: an event waits until there is room for it, and is
// tried as often as its function says.
func TestEventsOfBusyFunctions(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		f := serve(func([]byte) (string, error) {
			at = append(at, time.Since(began))
			if len(at) < 3 {
				return "", ErrThrottled
			}
			return "", failure("Bad", "no")
		})
		in := NewInvocations(t.Context(), InvokeOptions{Functions: map[string]Invoker{"fn": f}, Credentials: keys, Attempts: 1, Now: time.Now})
		invoke(t, in, "fn", "Event", "lambda", "{}")
		<-time.After(10 * time.Minute)
		synctest.Wait()
		if len(at) != 3 || at[1] != time.Second || at[2] != 3*time.Second {
			t.Errorf("served after %v", at)
		}
		in.Close()
	})
}

// TestEvents: what nobody waits for is tried three times, and given up with
// the rest at the end.
func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began, works := time.Now(), 5
		f := serve(func([]byte) (string, error) {
			at = append(at, time.Since(began))
			if len(at) == works {
				return "{}", nil
			}
			return "", failure("Bad", "no")
		})
		in := NewInvocations(t.Context(), InvokeOptions{Functions: map[string]Invoker{"fn": f}, Credentials: keys, Now: time.Now})
		for range 3 { // fails three times; fails once, then works; fails three times
			if w := invoke(t, in, "fn", "Event", "lambda", "{}"); w.Code != 202 {
				t.Errorf("%d %s", w.Code, w.Body)
			}
			<-time.After(10 * time.Minute)
			synctest.Wait()
			began = began.Add(10 * time.Minute)
		}
		want := []time.Duration{0, 1, 3, 0, 1, 0, 1, 3}
		for i, d := range want {
			if i >= len(at) || at[i] != d*time.Minute {
				t.Fatalf("served after %v, want %v minutes", at, want)
			}
		}
		if w := invoke(t, in, "fn", "Event", "lambda", "{}"); w.Code != 202 {
			t.Errorf("%d %s", w.Code, w.Body)
		}
		synctest.Wait()
		in.Close()
		if len(at) != len(want)+1 {
			t.Errorf("%d attempts", len(at))
		}
		if w := invoke(t, in, "fn", "Event", "lambda", "{}"); w.Code != 503 {
			t.Errorf("afterwards: %d", w.Code)
		}
	})
}
