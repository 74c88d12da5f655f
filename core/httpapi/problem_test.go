package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/httpapi"
)

func TestCodes(t *testing.T) {
	inner := errors.New("disk sda1 is on fire")
	for _, c := range []struct {
		err    error
		status int
		code   core.Code
		detail string
		after  string // Retry-After
		expect uint64
		retry  float64
	}{
		{core.Errorf(core.Invalid, "no such color"), 400, core.Invalid, "no such color", "", 0, 0},
		{core.Errorf(core.Unauthorized, "who?"), 401, core.Unauthorized, "who?", "", 0, 0},
		{core.Errorf(core.Forbidden, "only admins"), 403, core.Forbidden, "only admins", "", 0, 0},
		{core.Errorf(core.NotFound, "gone"), 404, core.NotFound, "gone", "", 0, 0},
		{&core.Error{Code: core.Gap, Message: "missing", Expect: 7}, 409, core.Gap, "missing", "", 7, 0},
		{core.Errorf(core.Conflict, "taken"), 409, core.Conflict, "taken", "", 0, 0},
		{core.Errorf(core.Full, "no seat"), 409, core.Full, "no seat", "", 0, 0},
		{core.Errorf(core.TooLarge, "long"), 413, core.TooLarge, "long", "", 0, 0},
		{&core.Error{Code: core.RateLimited, Message: "slow", Retry: 1500 * time.Millisecond}, 429, core.RateLimited, "slow", "2", 0, 1.5},
		{&core.Error{Code: core.RateLimited, Message: "slow", Retry: time.Microsecond}, 429, core.RateLimited, "slow", "1", 0, 0.1},
		{core.Errorf(core.Unsupported, "not here"), 501, core.Unsupported, "not here", "", 0, 0},
		{core.Errorf(core.Unavailable, "later"), 503, core.Unavailable, "later", "1", 0, 0},
		{&core.Error{Code: core.Unavailable, Message: "later", Retry: time.Minute, Cause: inner}, 503, core.Unavailable, "later", "60", 0, 60},
		{fmt.Errorf("store: %w", core.Errorf(core.NotFound, "gone")), 404, core.NotFound, "gone", "", 0, 0},
		{inner, 500, core.Internal, "internal error", "", 0, 0},
		{&core.Error{Code: core.Internal, Message: "table users", Cause: inner}, 500, core.Internal, "internal error", "", 0, 0},
		{core.Errorf("made_up", "what is this"), 500, core.Internal, "internal error", "", 0, 0},
	} {
		t.Run(c.err.Error(), func(t *testing.T) {
			s := newSite(t)
			s.fake.err = c.err
			w := s.ask("GET", "/v1/agents", "")
			p := s.wants(w, c.status, c.code)
			if p.Detail != c.detail || p.Expect != c.expect || p.Retry != c.retry {
				t.Errorf("got %s", w.Body)
			}
			for name, given := range map[string]bool{`"expect"`: c.expect > 0, `"retry"`: c.retry > 0, `"errors"`: false} {
				if strings.Contains(w.Body.String(), name) != given {
					t.Errorf("%s is in it: %v, want %v", name, !given, given)
				}
			}
			wantHeader(t, w, "Retry-After", c.after)
			logged := strings.Count(s.log.String(), "\n")
			if want := map[int]int{500: 1, 503: 1}[c.status]; logged != want {
				t.Errorf("%d lines logged, want %d: %s", logged, want, s.log)
			}
			if c.status == 500 && (!strings.Contains(s.log.String(), p.Request) || !strings.Contains(s.log.String(), c.err.Error())) {
				t.Errorf("the log does not name request and cause: %s", s.log)
			}
		})
	}
}

func TestNowhere(t *testing.T) {
	s := newSite(t)
	for _, target := range []string{
		"/v1", "/v1/", "/v1/nothing", "/v1/agents/", "/v1//agents", "/v1/agents/a/b", "/v1/./agents", "/v1/x/../agents",
		"/v1/agents/%2e%2e", "/v1/agents/..%2fgroups", "/v1/openapi", "/v1/openapi.yaml", "/v1/docs/", "/v1/schemas/Agent.json", "/v1/settings/", "/v1/poll/",
	} {
		w := s.ask("GET", target, "")
		s.wants(w, 404, core.NotFound)
		wantHeader(s, w, "Location", "")
	}
	for target, allow := range map[string]string{
		"/v1/agents": "GET, HEAD, POST", "/v1/agents/a_2": "DELETE, GET, HEAD, PATCH", "/v1/login": "POST",
		"/v1/logout": "POST", "/v1/conversations": "GET, HEAD", "/v1/conversations/c_1/events": "GET, HEAD, POST",
		"/v1/openapi.json": "GET, HEAD", "/v1/docs": "GET, HEAD", "/v1/groups/sales": "DELETE, PATCH",
	} {
		for _, method := range []string{"PUT", "TRACE", "BREW"} {
			w := s.ask(method, target, "")
			s.wants(w, 405, core.Invalid)
			wantHeader(s, w, "Allow", allow+", OPTIONS")
		}
		w := s.ask("OPTIONS", target, "", "Origin", "https://evil.example", "Access-Control-Request-Method", "GET")
		if w.Code != 204 || w.Body.Len() > 0 {
			t.Errorf("OPTIONS %s: %d %s", target, w.Code, w.Body)
		}
		wantHeader(s, w, "Allow", allow+", OPTIONS")
		wantHeader(s, w, "Access-Control-Allow-Origin", "")
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
}

// TestOtherOrigins: a page of another site may look, but change nothing.
func TestOtherOrigins(t *testing.T) {
	s := newSite(t)
	for _, headers := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example"}, {"Origin", "null"},
	} {
		for _, r := range routes() {
			if r.method != "GET" {
				s.wants(s.ask(r.method, r.target, r.body, headers...), 403, core.Forbidden)
			}
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
	for _, headers := range [][]string{{"Sec-Fetch-Site", "same-origin"}, {"Origin", "http://example.com"}, {}} {
		if w := s.ask("POST", "/v1/logout", "", headers...); w.Code != 204 {
			t.Errorf("%v: %d", headers, w.Code)
		}
	}
}

func TestPanic(t *testing.T) {
	s := newSite(t)
	s.hook = func(context.Context) { panic("the index is out of range") }
	w := s.ask("GET", "/v1/agents/a_2", "")
	p := s.wants(w, 500, core.Internal)
	for _, want := range []string{p.Request, "GET /v1/agents/{id}", "the index is out of range", "fake_test.go"} {
		if !strings.Contains(s.log.String(), want) {
			t.Errorf("the log has no %q: %s", want, s.log)
		}
	}
	if strings.Contains(w.Body.String(), "index") {
		t.Errorf("the client is told %s", w.Body)
	}
	s.hook = func(context.Context) { panic(http.ErrAbortHandler) }
	defer func() {
		if v := recover(); v != any(http.ErrAbortHandler) {
			t.Errorf("what asks net/http to cut the connection became %v", v)
		}
	}()
	s.ask("GET", "/v1/agents", "")
}

// TestHalfAnswer: an answer that breaks off must not look like a whole one.
func TestHalfAnswer(t *testing.T) {
	s := newSite(t)
	defer func() {
		if v := recover(); v != any(http.ErrAbortHandler) || !strings.Contains(s.log.String(), "no space in the pipe") {
			t.Errorf("panicked with %v, logged %s", v, s.log)
		}
	}()
	r := httptest.NewRequest("GET", "/v1/openapi.json", nil)
	s.ServeHTTP(torn{httptest.NewRecorder()}, r) // its writer does not look at the error
	r = httptest.NewRequest("GET", "/v1/agents", nil)
	r.Header.Set("Authorization", "Bearer good")
	s.ServeHTTP(torn{httptest.NewRecorder()}, r)
}

type torn struct{ http.ResponseWriter }

func (torn) Write([]byte) (int, error) { return 0, errors.New("no space in the pipe") }

func TestTimeout(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Timeout = time.Millisecond })
	s.hook = func(ctx context.Context) { <-ctx.Done() }
	s.fake.err = context.DeadlineExceeded
	w := s.ask("GET", "/v1/agents", "")
	s.wants(w, 503, core.Unavailable)
	wantHeader(t, w, "Retry-After", "1")
	if !strings.Contains(s.log.String(), "deadline") {
		t.Errorf("logged %s", s.log)
	}
	s.fake.err = core.Errorf(core.Conflict, "taken") // late, but definite
	s.wants(s.ask("POST", "/v1/agents", `{"name":"bob","password":"p4ss"}`), 409, core.Conflict)
}

// TestGone: a client that does not wait is no fault to log.
func TestGone(t *testing.T) {
	s := newSite(t)
	ctx, cancel := context.WithCancel(t.Context())
	s.hook = func(ctx context.Context) { cancel(); <-ctx.Done() }
	s.fake.err = context.Canceled
	r := httptest.NewRequestWithContext(ctx, "GET", "/v1/agents", nil)
	r.Header.Set("Authorization", "Bearer good")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	s.wants(w, 503, core.Unavailable)
	if s.log.Len() > 0 {
		t.Errorf("logged %s", s.log)
	}
}

// TestAddress: what throttles logins is the connection's address, not what a
// header claims.
func TestAddress(t *testing.T) {
	for remote, want := range map[string]string{
		"192.0.2.7:4711": "192.0.2.7", "192.0.2.7": "192.0.2.7", "[2001:db8::7]:4711": "2001:db8::7", "2001:db8::7": "2001:db8::7",
		"[::ffff:192.0.2.7]:4711": "192.0.2.7", "[fe80::1%eth0]:4711": "fe80::1", "": "", "@": "", "pipe:1": "",
	} {
		s := newSite(t)
		r := httptest.NewRequest("POST", "/v1/login", strings.NewReader(`{"name":"amy","password":"p4ss"}`))
		r.RemoteAddr = remote
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Forwarded-For", "203.0.113.9")
		r.Header.Set("X-Real-Ip", "203.0.113.9")
		s.ServeHTTP(httptest.NewRecorder(), r)
		if asked := `Login["amy","p4ss","","` + want + `"]`; len(s.asked) != 1 || s.asked[0] != asked {
			t.Errorf("%q: the desk was asked %q, want %q", remote, s.asked, asked)
		}
	}
}

// TestOverTheWire: what only a real server shows.
func TestOverTheWire(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Timeout = 200 * time.Millisecond })
	var complaints strings.Builder // net/http's own, such as about a second status
	server := httptest.NewUnstartedServer(s)
	server.Config.ErrorLog = log.New(&complaints, "", 0)
	server.Start()
	defer func() {
		server.Close()
		if complaints.Len() > 0 {
			t.Error(complaints.String())
		}
	}()
	client := server.Client()
	defer client.CloseIdleConnections()
	post := func(body io.Reader) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), "POST", server.URL+"/v1/login", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		w, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Body.Close()
		var p httpapi.Problem
		_ = json.NewDecoder(w.Body).Decode(&p)
		return w.StatusCode, p.Code
	}
	const login = `{"name":"amy","password":"p4ss"}`
	fill := func(n int) string { return login + strings.Repeat(" ", n-len(login)) }
	for _, c := range []struct {
		name   string
		body   io.Reader
		status int
		code   string
	}{
		{"as large as may be", strings.NewReader(fill(64 << 10)), 200, ""},
		{"too large", strings.NewReader(fill(64<<10 + 1)), 413, "too_large"},
		{"as large as may be, in chunks", io.MultiReader(strings.NewReader(fill(64 << 10))), 200, ""},
		{"too large, in chunks", io.MultiReader(strings.NewReader(fill(64<<10 + 1))), 413, "too_large"},
		{"empty chunks", io.MultiReader(), 400, "invalid"},
		{"that does not fit", strings.NewReader("{}"), 400, "invalid"},
	} {
		if status, code := post(c.body); status != c.status || code != c.code {
			t.Errorf("%s: %d %s, want %d %s", c.name, status, code, c.status, c.code)
		}
	}

	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	fmt.Fprintf(conn, "POST /v1/login HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 30\r\n\r\n{\"name\"")
	answer, err := io.ReadAll(conn) // without the deadline this would wait for ever
	if !strings.Contains(string(answer), " 503 ") || !strings.Contains(string(answer), `"unavailable"`) {
		t.Errorf("a body that stalls is answered %q, %v", answer, err)
	}
}
