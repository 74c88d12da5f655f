package web_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/aws/aws-lambda-go/events"

	"kefu/functions/internal/cloudfront"
	"kefu/functions/internal/dynalite"
	"kefu/functions/internal/dynamo"
	"kefu/functions/internal/gateway"
	"kefu/functions/internal/host"
	"kefu/functions/internal/host/web"
	"kefu/functions/local/edge"
)

// dbURL is where the DynamoDB of all tests is.
var dbURL string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	server, err := dynalite.Start(context.Background(), filepath.Join("../../../..", dynalite.Dir))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = server.Close() }()
	dbURL = server.Endpoint
	return m.Run()
}

// getenv is the environment of a function; more overrides.
func getenv(t *testing.T, more map[string]string) func(string) string {
	t.Helper()
	table := "web-" + strings.ReplaceAll(t.Name(), "/", "-")
	if err := dynamo.Create(t.Context(), dynamo.NewClient("us-east-1", dbURL, dynalite.Credentials()), table); err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{
		gateway.EndpointVariable: "http://127.0.0.1:1/ws", "AWS_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "AK", "AWS_SECRET_ACCESS_KEY": "secret",
		host.TableVariable: table, host.DynamoVariable: dbURL, host.PasswordVariable: "correct horse",
	}
	for name, value := range more {
		vars[name] = value
	}
	return func(name string) string { return vars[name] }
}

func open(t *testing.T, more map[string]string) *web.Function {
	t.Helper()
	files := fstest.MapFS{
		"kefu.js": {Data: []byte(strings.Repeat("// 客服\n", 1000))}, "kefu.mjs": {Data: []byte("export {}")},
		"demo/index.html": {Data: []byte("<title>demo</title>")}, "console/index.html": {Data: []byte("<title>console</title>")},
	}
	f, err := web.Open(t.Context(), host.Options{Getenv: getenv(t, more), Now: time.Now, Out: t.Output()}, files)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// function is a function in this process, as API Gateway invokes it.
type function struct{ *web.Function }

// Invoke implements edge.Invoker.
func (f function) Invoke(ctx context.Context, event []byte) ([]byte, error) {
	var ev events.APIGatewayV2HTTPRequest
	if err := json.Unmarshal(event, &ev); err != nil {
		return nil, err
	}
	res, err := f.Handle(ctx, ev)
	if err != nil {
		return nil, err
	}
	return json.Marshal(res)
}

// site is a function behind HTTP.
type site struct {
	*testing.T
	url   string
	token string
}

func newSite(t *testing.T) *site {
	server := httptest.NewServer(&edge.HTTP{Function: function{open(t, nil)}, Now: time.Now})
	t.Cleanup(server.Close)
	return &site{T: t, url: server.URL}
}

// call sends a request, and returns what answers it.
func (s *site) call(method, path, body string, headers ...string) (*http.Response, string) {
	s.Helper()
	req, err := http.NewRequestWithContext(s.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if s.token != "" {
		req.Header.Set("Authorization", "Bearer "+s.token)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		s.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res, string(data)
}

// TestAPI: one logs in, and does what the API offers; what is wrong is answered
// as on any host.
func TestAPI(t *testing.T) {
	s := newSite(t)
	res, body := s.call("POST", "/v1/login", `{"name":"admin","password":"correct horse"}`)
	var login struct{ Token string }
	if err := json.Unmarshal([]byte(body), &login); err != nil || res.StatusCode != 200 {
		t.Fatalf("%d %s", res.StatusCode, body)
	}
	for _, c := range []struct {
		method, path, body string
		headers            []string
		token              string
		status             int
		has                string
	}{
		{"GET", "/v1/agents", "", nil, login.Token, 200, `"admin"`},
		{"GET", "/v1/agents", "", nil, "", 401, `"unauthorized"`},
		{"GET", "/v1/agents?x=1&x=2", "", nil, login.Token, 400, `"invalid"`},
		{"POST", "/v1/agents", `{"name":"李","password":"battery staple"}`, nil, login.Token, 201, `"李"`},
		{"POST", "/v1/agents", `{"name":"x","password":"battery staple"}`, []string{"Content-Type", "text/html"}, login.Token, 415, `"invalid"`},
		{"POST", "/v1/agents", `{"x":"` + strings.Repeat("x", 70<<10) + `"}`, nil, login.Token, 413, `"too_large"`},
		{"POST", "/v1/agents", "{\"name\":\"\xff\"}", nil, login.Token, 400, `"invalid"`}, // travels in base64
		{"PUT", "/v1/agents", "", nil, login.Token, 405, ""},
		{"GET", "/v1/nothing", "", nil, login.Token, 404, `"not_found"`},
		{"GET", "/v1/a%2Fb", "", nil, login.Token, 404, `"not_found"`},
	} {
		s.token = c.token
		if res, body := s.call(c.method, c.path, c.body, c.headers...); res.StatusCode != c.status || !strings.Contains(body, c.has) {
			t.Errorf("%s %s: %d %.300s", c.method, c.path, res.StatusCode, body)
		}
	}
}

// TestPoll: a visitor of a page elsewhere says something by long-poll.
func TestPoll(t *testing.T) {
	s := newSite(t)
	hello := `{"frames":[{"type":"hello","v":1,"origin":"origin-of-mei"},{"type":"send","origin":"origin-of-mei","n":1,"body":{"kind":"text","text":"你好"}}]}`
	res, body := s.call("POST", "/v1/poll", hello, "Content-Type", "text/plain;charset=UTF-8", "Origin", "https://shop.example")
	if res.StatusCode != 200 || res.Header.Get("Access-Control-Allow-Origin") != "https://shop.example" {
		t.Errorf("%d %v", res.StatusCode, res.Header)
	}
	for _, part := range []string{`"welcome"`, `"ack"`, `"你好"`, `"next","seconds":1`} {
		if !strings.Contains(body, part) {
			t.Errorf("without %s: %s", part, body)
		}
	}
	if res, body = s.call("POST", "/v1/poll", `{"token":"garbage","after":0}`); res.StatusCode != 401 || res.Header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}

// TestFiles: files come as they are, or compressed, which is binary; and a
// header with commas arrives whole.
func TestFiles(t *testing.T) {
	s := newSite(t)
	res, body := s.call("GET", "/kefu.js", "", "Accept-Encoding", "identity")
	if res.StatusCode != 200 || !strings.HasPrefix(body, "// 客服\n") || !strings.Contains(res.Header.Get("Content-Type"), "javascript") {
		t.Errorf("%d %v %.100q", res.StatusCode, res.Header, body)
	}
	tag := res.Header.Get("Etag")
	res, body = s.call("GET", "/kefu.js", "", "Accept-Encoding", "deflate, gzip;q=1.0, *;q=0.5")
	unzip, err := gzip.NewReader(bytes.NewReader([]byte(body)))
	if err != nil || res.Header.Get("Content-Encoding") != "gzip" {
		t.Fatalf("%v %v", res.Header, err)
	}
	if plain, err := io.ReadAll(unzip); err != nil || !bytes.HasPrefix(plain, []byte("// 客服\n")) {
		t.Errorf("%.100q %v", plain, err)
	}
	if res, _ = s.call("GET", "/kefu.js", "", "Accept-Encoding", "identity", "If-None-Match", `"another", `+tag); res.StatusCode != 304 {
		t.Errorf("what one has is answered with %d", res.StatusCode)
	}
}

// TestDoor: behind CloudFront nobody comes around it, and logins are counted
// by the address that it saw.
func TestDoor(t *testing.T) {
	const key = "a key that only CloudFront and we know"
	f := open(t, map[string]string{cloudfront.KeyVariable: key})
	get := func(headers map[string]string) events.APIGatewayV2HTTPResponse {
		ev := events.APIGatewayV2HTTPRequest{Version: "2.0", RawPath: "/v1/agents", Headers: headers}
		ev.RequestContext.HTTP.Method, ev.RequestContext.HTTP.SourceIP = "GET", "192.0.2.1"
		res, err := f.Handle(t.Context(), ev)
		if err != nil {
			t.Fatal(err)
		}
		return res
	}
	if res := get(map[string]string{"kefu-viewer": "203.0.113.9", "kefu-host": "chat.example"}); res.StatusCode != 403 || !json.Valid([]byte(res.Body)) {
		t.Errorf("around it: %+v", res)
	}
	if res := get(map[string]string{"kefu-edge": key, "kefu-viewer": "203.0.113.9", "kefu-host": "chat.example"}); res.StatusCode != 401 {
		t.Errorf("through it: %+v", res)
	}
}

// TestOtherEvents: what is no request is refused, not panicked on.
func TestOtherEvents(t *testing.T) {
	f := open(t, nil)
	for _, event := range []string{
		`{}`, `{"requestContext":{"eventType":"MESSAGE","connectionId":"x="},"body":"{}"}`, `{"version":"1.0","httpMethod":"GET","path":"/"}`,
		`{"version":"2.0","rawPath":"/v1/poll","isBase64Encoded":true,"body":"!","requestContext":{"http":{"method":"POST"}}}`,
	} {
		var ev events.APIGatewayV2HTTPRequest
		if err := json.Unmarshal([]byte(event), &ev); err != nil {
			t.Fatal(err)
		}
		if res, err := f.Handle(t.Context(), ev); err == nil {
			t.Errorf("%s: %+v", event, res)
		}
	}
}

// TestNoPassword: a function without accounts says what it needs.
func TestNoPassword(t *testing.T) {
	_, err := web.Open(t.Context(), host.Options{Getenv: getenv(t, map[string]string{host.PasswordVariable: ""}), Now: time.Now, Out: io.Discard}, nil)
	if err == nil || !strings.Contains(err.Error(), host.SecretVariable) {
		t.Errorf("%v", err)
	}
}
