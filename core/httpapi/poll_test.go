package httpapi_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/httpapi"
)

// teller answers polls with what it was asked.
type teller struct {
	err  error
	hook func(context.Context)
}

func (p *teller) Poll(ctx context.Context, body []byte, page, addr string) ([]byte, error) {
	if p.hook != nil {
		p.hook(ctx)
	}
	return []byte(strings.Join([]string{string(body), page, addr}, " ")), p.err
}

func polls(p *teller) func(*httpapi.Options) {
	return func(o *httpapi.Options) { o.Poll = p }
}

// A page of any origin may poll with a simple request, and read the answer; it
// is never asked for a cookie.
func TestPollFromAnyPage(t *testing.T) {
	s := newSite(t, polls(&teller{}))
	for _, c := range []struct{ kind, origin string }{
		{"text/plain;charset=UTF-8", "https://shop.example"}, {"text/plain", "null"}, {"application/json", "https://shop.example:8443"},
		{"Application/JSON; charset=utf-8", ""},
	} {
		w := s.ask("POST", "/v1/poll", `{"token":"t"}`, "Content-Type", c.kind, "Origin", c.origin, "Sec-Fetch-Site", "cross-site", auth, "")
		if w.Code != http.StatusOK || w.Body.String() != `{"token":"t"} `+c.origin+" 192.0.2.1" {
			t.Errorf("%s from %q: %d %s", c.kind, c.origin, w.Code, w.Body)
		}
		wantHeader(t, w, "Access-Control-Allow-Origin", c.origin)
		wantHeader(t, w, "Access-Control-Allow-Credentials", "")
		wantHeader(t, w, "Vary", "Origin")
		wantHeader(t, w, "Cache-Control", "no-store")
		wantHeader(t, w, "Content-Type", "application/json")
		wantHeader(t, w, "Set-Cookie", "")
	}
	w := s.ask("OPTIONS", "/v1/poll", "", "Origin", "https://shop.example", "Access-Control-Request-Method", "POST", "Access-Control-Request-Headers", "content-type")
	if w.Code != http.StatusNoContent {
		t.Errorf("preflight: %d", w.Code)
	}
	wantHeader(t, w, "Access-Control-Allow-Origin", "https://shop.example")
	wantHeader(t, w, "Access-Control-Allow-Methods", "POST")
	wantHeader(t, w, "Access-Control-Allow-Headers", "Content-Type")
	wantHeader(t, w, "Access-Control-Allow-Credentials", "")
}

func TestPollRefused(t *testing.T) {
	desk := &teller{}
	s := newSite(t, polls(desk))
	for _, c := range []struct {
		name, method, body, kind string
		status                   int
		code                     core.Code
	}{
		{"a form", "POST", "a=b", "application/x-www-form-urlencoded", 400, core.Invalid},
		{"no type", "POST", "{}", "", 400, core.Invalid},
		{"another alphabet", "POST", "{}", "text/plain; charset=gbk", 400, core.Invalid},
		{"too long", "POST", strings.Repeat("x", 64<<10+1), "text/plain", 413, core.TooLarge},
		{"GET", "GET", "", "text/plain", 405, core.Invalid},
		{"PUT", "PUT", "{}", "text/plain", 405, core.Invalid},
	} {
		w := s.ask(c.method, "/v1/poll", c.body, "Content-Type", c.kind, "Origin", "https://shop.example")
		s.wants(w, c.status, c.code)
		wantHeader(t, w, "Access-Control-Allow-Origin", "https://shop.example")
		if c.status == http.StatusMethodNotAllowed {
			wantHeader(t, w, "Allow", "POST, OPTIONS")
		}
	}
	// A length that is not told ends where the limit does.
	r := httptest.NewRequest("POST", "/v1/poll", io.MultiReader(strings.NewReader(strings.Repeat("x", 70<<10))))
	r.Header.Set("Content-Type", "text/plain")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	s.wants(w, 413, core.TooLarge)

	for _, c := range []struct {
		err    error
		status int
		code   core.Code
		header [2]string
	}{
		{core.Errorf(core.Unauthorized, "the token is not valid"), 401, core.Unauthorized, [2]string{"WWW-Authenticate", "Bearer"}},
		{core.Errorf(core.Forbidden, "this page may not"), 403, core.Forbidden, [2]string{}},
		{&core.Error{Code: core.RateLimited, Message: "slower", Retry: 2500 * time.Millisecond}, 429, core.RateLimited, [2]string{"Retry-After", "3"}},
		{&core.Error{Code: core.Unavailable, Message: "full", Retry: 5 * time.Second}, 503, core.Unavailable, [2]string{"Retry-After", "5"}},
	} {
		desk.err = c.err
		w := s.ask("POST", "/v1/poll", "{}", "Content-Type", "text/plain", "Origin", "https://shop.example")
		s.wants(w, c.status, c.code)
		if c.header[0] != "" {
			wantHeader(t, w, c.header[0], c.header[1])
		}
	}
	desk.err = errors.New("disk 7 is on fire")
	p := s.wants(s.ask("POST", "/v1/poll", "{}", "Content-Type", "text/plain"), 500, core.Internal)
	if p.Detail != "internal error" || !strings.Contains(s.log.String(), "disk 7 is on fire") || !strings.Contains(s.log.String(), p.Request) {
		t.Errorf("told %q, logged %s", p.Detail, s.log)
	}
	desk.err, desk.hook = nil, func(context.Context) { panic("a bug") }
	s.wants(s.ask("POST", "/v1/poll", "{}", "Content-Type", "text/plain"), 500, core.Internal)
}

// Where nobody serves polls there is nothing.
func TestNoPoll(t *testing.T) {
	s := newSite(t)
	s.wants(s.ask("POST", "/v1/poll", "{}"), 404, core.NotFound)
}

// The server's deadlines are for requests that do not wait; a poll does. Who
// hangs up is noticed all the same.
func TestPollOutlivesTheServersDeadlines(t *testing.T) {
	desk := &teller{hook: func(ctx context.Context) {
		select {
		case <-ctx.Done():
			t.Error("a client that waits is taken for one that is gone")
		case <-time.After(300 * time.Millisecond):
		}
	}}
	s := newSite(t, polls(desk), func(o *httpapi.Options) { o.Now = time.Now })
	server := httptest.NewUnstartedServer(s)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 100*time.Millisecond, 200*time.Millisecond
	server.Start()
	defer server.Close()
	res, err := server.Client().Post(server.URL+"/v1/poll", "text/plain", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	if err != nil || res.StatusCode != http.StatusOK || !strings.HasPrefix(string(body), "{}") {
		t.Errorf("%d %q, %v", res.StatusCode, body, err)
	}

	held, gone := make(chan struct{}), make(chan struct{})
	desk.hook = func(ctx context.Context) {
		close(held)
		<-ctx.Done()
		close(gone)
	}
	ctx, cancel := context.WithCancel(t.Context())
	left := make(chan struct{})
	go func() {
		defer close(left)
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/v1/poll", strings.NewReader("{}"))
		if err != nil {
			return
		}
		r.Header.Set("Content-Type", "text/plain")
		if res, err := server.Client().Do(r); err == nil {
			_ = res.Body.Close()
		}
	}()
	<-held
	cancel()
	select {
	case <-gone:
	case <-time.After(5 * time.Second):
		t.Error("nobody noticed that the client is gone")
	}
	<-left
}
