package edge

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
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi/types"
	"github.com/aws/smithy-go"
	"github.com/coder/websocket"
)

// statusOf is the HTTP status that an error of the SDK stands for; 0: none.
func statusOf(err error) int {
	var res interface{ HTTPStatusCode() int }
	if errors.As(err, &res) {
		return res.HTTPStatusCode()
	}
	return 0
}

// fields returns the paths of all fields of a JSON object, sorted.
func fields(t *testing.T, data []byte) []string {
	t.Helper()
	var v any
	if err := json.Unmarshal(data, &v); err != nil {
		t.Fatal(err)
	}
	var list []string
	var walk func(path string, v any)
	walk = func(path string, v any) {
		object, ok := v.(map[string]any)
		if !ok {
			list = append(list, fmt.Sprintf("%s %T", path, v))
		}
		for name, v := range object {
			walk(path+"."+name, v)
		}
	}
	walk("", v)
	slices.Sort(list)
	return list
}

func sample(t *testing.T, file string) []string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return fields(t, b)
}

// TestManagement: the SDK posts, asks and closes, and gets the errors that it
// knows.
func TestManagement(t *testing.T) {
	w := newWorld(t, Options{Routes: defaultTo(plain(echo))})
	c := w.open(t)
	id := w.id(t)
	got, err := w.api.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &id})
	if err != nil || got.ConnectedAt == nil || got.LastActiveAt == nil || *got.Identity.UserAgent != "a client" {
		t.Errorf("%+v, %v", got, err)
	}
	var large *types.PayloadTooLargeException
	if err := w.post(t, id, strings.Repeat("x", MaxMessage+1)); !errors.As(err, &large) {
		t.Errorf("too much: %v", err)
	}
	for _, text := range []string{"one", strings.Repeat("x", MaxMessage), "three"} {
		if err := w.post(t, id, text); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.api.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}); err != nil {
		t.Fatal(err)
	}
	if one, two, three := receive(t, c), receive(t, c), receive(t, c); one != "one" || len(two) != MaxMessage || three != "three" {
		t.Errorf("before the end: %.9q, %d bytes, %.9q", one, len(two), three)
	}
	if code := ending(t, c); code != websocket.StatusNormalClosure {
		t.Errorf("closed with %d", code)
	}
	within(t, "it is gone", func() bool { return w.Connections() == 0 })
	var gone *types.GoneException
	if err := w.post(t, id, "late"); !errors.As(err, &gone) {
		t.Errorf("late: %v", err)
	}
	if _, err := w.api.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}); !errors.As(err, &gone) {
		t.Errorf("once more: %v", err)
	}
}

// TestSlowClient: what a client does not read is buffered up to a point, then
// refused; the connection can be ended all the same.
func TestSlowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, Options{})
		c := w.open(t)
		synctest.Wait()
		id := w.id(t)
		taken := 0
		for ; taken < 2*buffered; taken++ {
			err := w.post(t, id, "x")
			var limit *types.LimitExceededException
			if errors.As(err, &limit) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		if taken < buffered || taken > buffered+1 {
			t.Errorf("%d messages were taken", taken)
		}
		if _, err := w.api.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		if w.Connections() != 0 {
			t.Error("it is still open")
		}
		_ = c.CloseNow()
	})
}

// TestSignature: who can not sign as a function can may not post.
func TestSignature(t *testing.T) {
	w := newWorld(t, Options{})
	w.open(t)
	id := w.id(t)
	with := func(change func(*apigatewaymanagementapi.Options)) int {
		api := management("gateway.test", func(o *apigatewaymanagementapi.Options) { o.HTTPClient = w.http }, change)
		_, err := api.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte("x")})
		var e smithy.APIError
		if errors.As(err, &e) && e.ErrorCode() != "ForbiddenException" {
			t.Errorf("the code is %s", e.ErrorCode())
		}
		return statusOf(err)
	}
	other := func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: keys.AccessKeyID, SecretAccessKey: "guessed"}, nil
	}
	if code := with(func(o *apigatewaymanagementapi.Options) { o.Credentials = aws.CredentialsProviderFunc(other) }); code != 403 {
		t.Errorf("another secret: %d", code)
	}
	if code := with(func(o *apigatewaymanagementapi.Options) { o.Region = "eu-west-1" }); code != 403 {
		t.Errorf("another region: %d", code)
	}
	for name, at := range map[string]time.Time{"old": time.Now().Add(-6 * time.Minute), "future": time.Now().Add(6 * time.Minute)} {
		if code := raw(t, w, http.MethodPost, id, at); code != 403 {
			t.Errorf("%s: %d", name, code)
		}
	}
	if code := raw(t, w, http.MethodPost, id, time.Time{}); code != 403 {
		t.Errorf("unsigned: %d", code)
	}
	if code := raw(t, w, http.MethodPut, id, time.Now()); code != 405 {
		t.Errorf("PUT: %d", code)
	}
	if code := raw(t, w, http.MethodPost, id, time.Now()); code != 200 {
		t.Errorf("signed by hand: %d", code)
	}
}

// raw is a call that is signed as of a time; zero: not at all.
func raw(t *testing.T, w *world, method, id string, at time.Time) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://gateway.test/ws/@connections/"+strings.ReplaceAll(id, "=", "%3D"), bytes.NewReader([]byte("x")))
	if err != nil {
		t.Fatal(err)
	}
	if !at.IsZero() {
		sum := sha256.Sum256([]byte("x"))
		if err := v4.NewSigner().SignHTTP(t.Context(), keys, req, hex.EncodeToString(sum[:]), "execute-api", "us-east-1", at); err != nil {
			t.Fatal(err)
		}
	}
	res, err := w.http.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, res.Body)
	_ = res.Body.Close()
	return res.StatusCode
}
