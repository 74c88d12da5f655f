package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"

	"kefu/core/httpapi"
)

const (
	ask    = "no-cache"
	loader = "public, max-age=300, stale-while-revalidate=86400"
	hashed = "public, max-age=31536000, immutable"
	js     = "text/javascript; charset=utf-8"
	html   = "text/html; charset=utf-8"
)

func get(s *site, path string, headers ...string) *httptest.ResponseRecorder {
	s.Helper()
	return s.ask("GET", path, "", append(headers, "Authorization", "")...)
}

func TestFiles(t *testing.T) {
	s := newSite(t)
	for _, c := range []struct{ path, name, kind, cache, vary string }{
		{"/kefu.js", "kefu.js", js, loader, "Accept-Encoding"},
		{"/kefu.mjs", "kefu.mjs", js, loader, "Accept-Encoding"},
		{"/kefu-panel.mjs", "kefu-panel.mjs", js, loader, "Accept-Encoding"},
		{"/kefu-poll.mjs", "kefu-poll.mjs", js, loader, "Accept-Encoding"},
		{"/kefu-core.mjs", "kefu-core.mjs", js, loader, "Accept-Encoding"},
		{"/kefu.es2017.js", "kefu.es2017.js", js, loader, "Accept-Encoding"},
		{"/demo/", "demo/index.html", html, ask, "Accept-Encoding"},
		{"/demo/shoe.webp", "demo/shoe.webp", "image/webp", ask, ""},
		{"/console/", "console/index.html", html, ask, "Accept-Encoding"},
		{"/console/index.html", "console/index.html", html, ask, "Accept-Encoding"},
		{"/console/main.js", "console/main.js", js, ask, "Accept-Encoding"},
		{"/console/chart-Q3ZT7ABC.js", "console/chart-Q3ZT7ABC.js", js, hashed, "Accept-Encoding"},
		{"/console/tiny.txt", "console/tiny.txt", "text/plain; charset=utf-8", ask, "Accept-Encoding"},
		{"/console/strange.bin", "console/strange.bin", "application/octet-stream", ask, ""},
	} {
		data := dist()[c.name].Data
		for _, method := range []string{"GET", "HEAD"} {
			w := s.ask(method, c.path, "")
			if w.Code != 200 {
				t.Fatalf("%s %s: %d", method, c.path, w.Code)
			}
			if method == "GET" && !bytes.Equal(w.Body.Bytes(), data) || method == "HEAD" && w.Body.Len() > 0 {
				t.Errorf("%s %s sent %d bytes of %d", method, c.path, w.Body.Len(), len(data))
			}
			wantHeader(t, w, "Content-Type", c.kind)
			wantHeader(t, w, "Content-Length", strconv.Itoa(len(data)))
			wantHeader(t, w, "Content-Encoding", "")
			wantHeader(t, w, "Cache-Control", c.cache)
			wantHeader(t, w, "Vary", c.vary)
			wantHeader(t, w, "X-Content-Type-Options", "nosniff")
		}
	}
	if len(s.asked) > 0 {
		t.Errorf("the desk was asked %q", s.asked)
	}
}

func TestSecurityHeaders(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{"/console/", "/console/main.js"} {
		w := get(s, path)
		wantHeader(t, w, "Content-Security-Policy", "default-src 'self'; script-src 'self'; style-src 'self'; "+
			"connect-src 'self' ws: wss: https:; img-src 'self' blob: data: https:; object-src 'none'; base-uri 'none'; "+
			"form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'")
		wantHeader(t, w, "Referrer-Policy", "no-referrer")
		wantHeader(t, w, "Cross-Origin-Opener-Policy", "same-origin")
		wantHeader(t, w, "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()")
		wantHeader(t, w, "Access-Control-Allow-Origin", "")
	}
	w := get(s, "/demo/")
	if csp := w.Header().Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src 'self'; ") || strings.Contains(csp, "unsafe") {
		t.Errorf("demo: %s", csp)
	}
	wantHeader(t, w, "Access-Control-Allow-Origin", "")
	for _, path := range []string{"/kefu.js", "/kefu.mjs", "/kefu-panel.mjs", "/kefu-poll.mjs", "/kefu-core.mjs"} {
		w := get(s, path, "Origin", "https://shop.example")
		wantHeader(t, w, "Access-Control-Allow-Origin", "*")
		wantHeader(t, w, "Access-Control-Allow-Credentials", "")
		wantHeader(t, w, "Cross-Origin-Resource-Policy", "cross-origin")
	}
}

func TestWaysIn(t *testing.T) {
	s := newSite(t)
	for path, to := range map[string]string{"/": "/console/", "/console": "/console/", "/demo": "/demo/", "/?next=//evil.example": "/console/"} {
		w := get(s, path)
		if w.Code != 302 {
			t.Errorf("%s: %d", path, w.Code)
		}
		wantHeader(t, w, "Location", to)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS"} {
		for _, path := range []string{"/kefu.js", "/", "/console/"} {
			w := s.ask(method, path, "")
			if w.Code != 405 {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
			wantHeader(t, w, "Allow", "GET, HEAD")
		}
	}
}

// TestNotServed: what is not there, not ours to give, hidden, or reached by a
// path that climbs; and directories are not listed.
func TestNotServed(t *testing.T) {
	s := newSite(t)
	for _, path := range []string{
		"/nothing", "/favicon.ico", "/kefu.js/", "/kefu.js.map", "/KEFU.JS", "/kefu-panel.js", "/kefu-other.mjs", "/demo/kefu-poll.mjs", "/console/nothing.js", "/console/assets/", "/demo/console/",
		"/secret.txt", "/console.bak/", "/console.bak", "/node_modules/console/index.js", "/console/.hidden", "/console/.git/config", "/console/.git/",
		"/console/../secret.txt", "/console/..%2fsecret.txt", "/console/%2e%2e/secret.txt", "/console/%2e%2e%2fsecret.txt",
		"/console/..%5csecret.txt", "/console/....//secret.txt", "/demo/../../etc/passwd", "/..%2f..%2f..%2fetc/passwd", "/%2e%2e/%2e%2e/etc/passwd",
		"/console//main.js", "//console/main.js", "/./console/main.js", "/console/main.js%00", "/console/main.js%00.html", "/console/%2ehidden",
		"/console/main.js/..", "/v1.json", "/v10/agents",
	} {
		r := httptest.NewRequest("GET", "http://kefu.example"+path, nil)
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		if w.Code != 404 || w.Body.String() != "404 not found\n" {
			t.Errorf("%s: %d %q", path, w.Code, w.Body)
		}
		wantHeader(t, w, "Content-Type", "text/plain; charset=utf-8")
		wantHeader(t, w, "X-Content-Type-Options", "nosniff")
		wantHeader(t, w, "Location", "")
	}
}

func TestGzip(t *testing.T) {
	s := newSite(t)
	data := dist()["kefu.js"].Data
	for accept, want := range map[string]bool{
		"gzip": true, "gzip, deflate, br, zstd": true, "GZIP": true, "br;q=1.0, gzip;q=0.8, *;q=0.1": true, "*": true, "x-gzip": true, "gzip; q=0.001": true,
		"": false, "br": false, "identity": false, "gzip;q=0": false, "gzip; Q=0.0": false, "*;q=0": false, "*, gzip;q=0": false, "gzip;q=x": false, "gzipped": false,
	} {
		w := get(s, "/kefu.js", "Accept-Encoding", accept)
		got := w.Body.Bytes()
		wantHeader(t, w, "Vary", "Accept-Encoding")
		wantHeader(t, w, "Content-Length", strconv.Itoa(len(got)))
		wantHeader(t, w, "Content-Type", js)
		if want != (w.Header().Get("Content-Encoding") == "gzip") {
			t.Fatalf("%q is answered with %q", accept, w.Header().Get("Content-Encoding"))
		}
		if want {
			z, err := gzip.NewReader(w.Body)
			if err != nil {
				t.Fatal(err)
			}
			if len(got) >= len(data) {
				t.Errorf("%d bytes packed, %d plain", len(got), len(data))
			}
			if got, err = io.ReadAll(z); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(got, data) {
			t.Errorf("%q: other bytes", accept)
		}
	}
	for _, path := range []string{"/demo/shoe.webp", "/console/tiny.txt"} {
		wantHeader(t, get(s, path, "Accept-Encoding", "gzip"), "Content-Encoding", "")
	}
}

func TestNotModified(t *testing.T) {
	s := newSite(t)
	plain := get(s, "/kefu.js").Header().Get("Etag")
	packed := get(s, "/kefu.js", "Accept-Encoding", "gzip").Header().Get("Etag")
	other := get(s, "/kefu.mjs").Header().Get("Etag")
	if plain == "" || plain == packed || plain == other || plain[0] != '"' {
		t.Fatalf("tags %s, %s, %s", plain, packed, other)
	}
	for match, want := range map[string]int{
		plain: 304, packed: 304, "W/" + plain: 304, "*": 304, `"x", ` + plain: 304, plain + `,"y"`: 304,
		other: 200, `"x"`: 200, "x": 200, strings.Trim(plain, `"`): 200, ",": 200,
	} {
		for _, accept := range []string{"", "gzip"} {
			for _, method := range []string{"GET", "HEAD"} {
				w := s.ask(method, "/kefu.js", "", "If-None-Match", match, "Accept-Encoding", accept)
				if w.Code != want || want == 304 && w.Body.Len() > 0 {
					t.Errorf("%s %s: %d with %d bytes, want %d", method, match, w.Code, w.Body.Len(), want)
				}
				wantHeader(t, w, "Etag", map[string]string{"": plain, "gzip": packed}[accept])
				if want == 304 {
					wantHeader(t, w, "Content-Encoding", "")
				}
				wantHeader(t, w, "Cache-Control", loader)
				wantHeader(t, w, "Vary", "Accept-Encoding")
				wantHeader(t, w, "Access-Control-Allow-Origin", "*")
			}
		}
	}
	changed := newSite(t, func(o *httpapi.Options) {
		d := dist()
		d["kefu.js"] = &fstest.MapFile{Data: []byte("window.Kefu=1")}
		o.Files = d
	})
	if w := get(changed, "/kefu.js", "If-None-Match", plain); w.Code != 200 {
		t.Errorf("a changed file is answered %d", w.Code)
	}
}

// TestLeftAlone: answering one does not change what the next one gets.
func TestLeftAlone(t *testing.T) {
	s := newSite(t)
	first := get(s, "/kefu.js", "Accept-Encoding", "gzip")
	for name := range first.Header() {
		first.Header()[name] = append(first.Header()[name][:0:0], "scribbled")
	}
	wantHeader(t, get(s, "/kefu.js"), "Content-Type", js)
	wantHeader(t, get(s, "/kefu.js"), "Content-Encoding", "")
}

func TestNoFiles(t *testing.T) {
	s := newSite(t, func(o *httpapi.Options) { o.Files = nil })
	if w := get(s, "/"); w.Code != 404 {
		t.Errorf("/: %d", w.Code)
	}
	if w := s.ask("GET", "/v1/groups", ""); w.Code != 200 {
		t.Errorf("the API: %d", w.Code)
	}
	broken := errors.New("input/output error")
	_, err := httpapi.New(httpapi.Options{Desk: s.fake, Files: brokenFS{broken}})
	if !errors.Is(err, broken) {
		t.Errorf("files that can not be read: %v", err)
	}
}

type brokenFS struct{ err error }

func (b brokenFS) Open(string) (fs.File, error) { return nil, b.err }
