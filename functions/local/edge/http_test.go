package edge

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// serve is a function in the test, as JSON in and out.
type serve func(event []byte) (string, error)

func (f serve) Invoke(_ context.Context, event []byte) ([]byte, error) {
	res, err := f(event)
	return []byte(res), err
}

// ask sends a request to a function behind HTTP, and returns the event that it
// was given and the response.
func ask(t *testing.T, answer string, fails error, r *http.Request) (events.APIGatewayV2HTTPRequest, []byte, *http.Response) {
	t.Helper()
	var e events.APIGatewayV2HTTPRequest
	var data []byte
	h := &HTTP{Now: time.Now, Function: serve(func(event []byte) (string, error) {
		data = event
		if err := json.Unmarshal(event, &e); err != nil {
			t.Error(err)
		}
		return answer, fails
	})}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return e, data, w.Result()
}

// TestHTTPEvent: a request as the payload format 2.0 has it.
func TestHTTPEvent(t *testing.T) {
	r := httptest.NewRequest(http.MethodPost, "https://site.test:8443/v1/%E4%BD%A0?a=1&a=2&b=%20", strings.NewReader("你好"))
	r.Header.Set("Content-Type", "text/plain; charset=utf-8")
	r.Header.Add("X-Many", "one")
	r.Header.Add("X-Many", "two")
	r.Header.Set("Cookie", "c=1; d=2")
	e, data, _ := ask(t, `{"statusCode":200}`, nil, r)
	if e.RawPath != "/v1/%E4%BD%A0" || e.RequestContext.HTTP.Path != "/v1/你" || e.RawQueryString != "a=1&a=2&b=%20" || e.RequestContext.HTTP.Method != "POST" {
		t.Errorf("%+v", e)
	}
	if e.QueryStringParameters["a"] != "1,2" || e.Headers["x-many"] != "one,two" || e.Headers["x-forwarded-port"] != "8443" || e.Headers["cookie"] != "" {
		t.Errorf("%v %v", e.QueryStringParameters, e.Headers)
	}
	if !slices.Equal(e.Cookies, []string{"c=1", "d=2"}) || e.Body != "你好" || e.IsBase64Encoded || e.RequestContext.HTTP.SourceIP != "192.0.2.1" {
		t.Errorf("%+v", e)
	}
	own := func(f string) bool { return !strings.HasPrefix(f, ".requestContext") && f != ".version string" }
	if got, want := slices.DeleteFunc(fields(t, data), own), slices.DeleteFunc(sample(t, "testdata/http.json"), own); !slices.Equal(got, want) {
		t.Errorf("\n got %v\nwant %v", got, want)
	}
}

// TestHTTPBody: what is not text travels in base64.
func TestHTTPBody(t *testing.T) {
	for _, x := range []struct {
		kind, body string
		coded      bool
	}{
		{"application/json", "{}", false}, {"application/problem+json", "{}", false}, {"text/plain", "a", false},
		{"text/plain", "\xff", true}, {"image/png", "a", true}, {"", "a", true}, {"image/png", "", false},
	} {
		r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(x.body))
		r.Header.Set("Content-Type", x.kind)
		if e, _, _ := ask(t, `{"statusCode":204}`, nil, r); e.IsBase64Encoded != x.coded || (e.Body == x.body) == (x.coded && x.body != "") {
			t.Errorf("%s %q: %q, %v", x.kind, x.body, e.Body, e.IsBase64Encoded)
		}
	}
	_, _, res := ask(t, "", nil, httptest.NewRequest(http.MethodPost, "/", strings.NewReader(strings.Repeat("x", maxPayload))))
	if res.StatusCode != http.StatusRequestEntityTooLarge {
		t.Errorf("too much: %d", res.StatusCode)
	}
}

// TestHTTPResponse: what a function may return, and what becomes of it.
func TestHTTPResponse(t *testing.T) {
	for _, x := range []struct {
		result string
		fails  error
		code   int
		body   string
	}{
		{`{"statusCode":201,"body":"made"}`, nil, 201, "made"},
		{`{"statusCode":200,"body":"5L2g","isBase64Encoded":true}`, nil, 200, "你"},
		{`{"statusCode":200,"body":"!","isBase64Encoded":true}`, nil, 502, "Internal Server Error"},
		{`{"hello":1}`, nil, 200, `{"hello":1}`},
		{`"text"`, nil, 200, `"text"`},
		{`{"statusCode":99}`, nil, 502, "Internal Server Error"},
		{`none`, nil, 502, "Internal Server Error"},
		{"", failure("Runtime.ExitError", "gone"), 502, "Internal Server Error"},
		{"", ErrThrottled, 429, "Too Many Requests"},
	} {
		_, _, res := ask(t, x.result, x.fails, httptest.NewRequest(http.MethodGet, "/", nil))
		b, err := io.ReadAll(res.Body)
		if err != nil || res.StatusCode != x.code || !strings.Contains(string(b), x.body) || strings.Contains(string(b), "ExitError") {
			t.Errorf("%s, %v: %d %s", x.result, x.fails, res.StatusCode, b)
		}
	}
	_, _, res := ask(t, `{"statusCode":200,"headers":{"x-a":"1"},"multiValueHeaders":{"x-b":["2","3"]},"cookies":["c=1","d=2"]}`, nil, httptest.NewRequest(http.MethodGet, "/", nil))
	if res.Header.Get("X-A") != "1" || len(res.Header["X-B"]) != 2 || len(res.Cookies()) != 2 {
		t.Errorf("headers %v", res.Header)
	}
}

// TestSchedule: every minute, also while the last one still runs or after it
// failed.
func TestSchedule(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		fired := make(chan []byte, 10)
		s := &Schedule{Name: "sweep", Now: time.Now, Function: serve(func(event []byte) (string, error) {
			fired <- event
			<-ctx.Done()
			return "", errors.New("it always fails")
		})}
		done := make(chan struct{})
		go func() {
			defer close(done)
			s.Run(ctx)
		}()
		<-time.After(3*time.Minute + time.Second)
		synctest.Wait()
		if len(fired) != 3 {
			t.Errorf("fired %d times in three minutes", len(fired))
		}
		var e struct {
			Type   string `json:"detail-type"`
			Source string
			Time   time.Time
		}
		if err := json.Unmarshal(<-fired, &e); err != nil || e.Type != "Scheduled Event" || e.Source != "aws.scheduler" || e.Time.Minute() != 1 {
			t.Errorf("%+v, %v", e, err)
		}
		cancel()
		<-done
	})
}
