package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/desk"
	"kefu/core/httpapi"
	"kefu/core/wire"
)

// shelf takes files, and gives out one.
type shelf struct {
	got     desk.Upload
	content string
	err     error
	file    blob.File
	link    string
	plain   bool // what is given out can not be sought in
}

func (s *shelf) Upload(_ context.Context, u desk.Upload) (wire.Uploaded, error) {
	s.got = u
	if u.File != nil && s.err == nil {
		data, err := io.ReadAll(u.File)
		s.content = string(data)
		return wire.Uploaded{URL: "/v1/files/f_1/a.png", Name: u.Name}, err
	}
	return wire.Uploaded{}, s.err
}

func (s *shelf) File(_ context.Context, key, name string) (blob.File, io.ReadCloser, string, error) {
	switch {
	case key != s.file.Key || name != s.file.Name:
		return s.file, nil, "", core.Errorf(core.NotFound, "there is no such file")
	case s.link != "":
		return s.file, nil, s.link, nil
	case s.plain:
		return s.file, io.NopCloser(strings.NewReader(s.content)), "", nil
	}
	return s.file, sought{strings.NewReader(s.content)}, "", nil
}

type sought struct{ *strings.Reader }

func (sought) Close() error { return nil }

func keeps(s *shelf) func(*httpapi.Options) {
	return func(o *httpapi.Options) { o.Uploads = s }
}

// form is a form with these fields in pairs, and a file unless it is empty.
func form(t *testing.T, file string, pairs ...string) (body, contentType string) {
	t.Helper()
	var b bytes.Buffer
	f := multipart.NewWriter(&b)
	for i := 0; i+1 < len(pairs); i += 2 {
		fatal(t, f.WriteField(pairs[i], pairs[i+1]))
	}
	if file != "" {
		part, err := f.CreateFormFile("file", "鞋.png")
		fatal(t, err)
		_, err = io.WriteString(part, file)
		fatal(t, err)
	}
	fatal(t, f.Close())
	return b.String(), f.FormDataContentType()
}

// A page of any origin may upload without asking first, and read the answer.
func TestUpload(t *testing.T) {
	d := &shelf{}
	s := newSite(t, keeps(d))
	body, kind := form(t, "content", "token", "t", "later", "x", "name", "shoe.png")
	w := s.ask("POST", "/v1/uploads", body, "Content-Type", kind, "Origin", "https://shop.example", "Sec-Fetch-Site", "cross-site", auth, "")
	if w.Code != http.StatusCreated || !strings.Contains(w.Body.String(), `"url":"/v1/files/f_1/a.png"`) {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	wantHeader(t, w, "Access-Control-Allow-Origin", "https://shop.example")
	wantHeader(t, w, "Access-Control-Allow-Credentials", "")
	wantHeader(t, w, "Cache-Control", "no-store")
	if u := d.got; u.Token != "t" || u.Page != "https://shop.example" || u.Name != "shoe.png" || u.MIME != "application/octet-stream" || u.Who.ID != "" || d.content != "content" {
		t.Errorf("%+v %q", u, d.content)
	}
	body, kind = form(t, "", "token", "t", "name", "a.pdf", "size", "12", "mime", "application/pdf")
	s.ask("POST", "/v1/uploads", body, "Content-Type", kind, auth, "")
	if u := d.got; u.Size != 12 || u.MIME != "application/pdf" || u.File != nil {
		t.Errorf("without a file: %+v", u)
	}
	body, kind = form(t, "content")
	s.ask("POST", "/v1/uploads", body, "Content-Type", kind, auth, "")
	if d.got.Name != "鞋.png" {
		t.Errorf("without a name: %q", d.got.Name)
	}
	w = s.ask("OPTIONS", "/v1/uploads", "", "Origin", "https://shop.example")
	wantHeader(t, w, "Access-Control-Allow-Methods", "POST")
}

// An agent is who the header says; a token in the form does not count beside it.
func TestUploadOfAnAgent(t *testing.T) {
	d := &shelf{}
	s, _ := newDesk(t, keeps(d))
	root := s.signIn("admin", "correct horse battery")
	body, kind := form(t, "content", "token", "t", "conversation", "c_1")
	if w := s.ask("POST", "/v1/uploads", body, "Content-Type", kind, auth, root); w.Code != http.StatusCreated {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	if u := d.got; u.Who.ID != "admin" || u.Token != "" || u.Conversation != "c_1" {
		t.Errorf("%+v", u)
	}
	s.wants(s.ask("POST", "/v1/uploads", body, "Content-Type", kind, auth, "Bearer forged"), 401, core.Unauthorized)
}

func TestUploadRefused(t *testing.T) {
	d := &shelf{}
	s := newSite(t, keeps(d))
	whole, kind := form(t, "content", "token", "t")
	long, longKind := form(t, "", "name", strings.Repeat("x", 5000))
	many, manyKind := form(t, "content", strings.Split(strings.Repeat("a b ", 11), " ")[:22]...)
	odd, oddKind := form(t, "", "size", "much")
	for name, c := range map[string]struct {
		method, body, kind string
		err                error
		status             int
		code               core.Code
	}{
		"GET":                  {"GET", "", kind, nil, 405, core.Invalid},
		"JSON":                 {"POST", "{}", "application/json", nil, 400, core.Invalid},
		"no boundary":          {"POST", whole, "multipart/form-data", nil, 400, core.Invalid},
		"no form":              {"POST", "hello", kind, nil, 400, core.Invalid},
		"half a form":          {"POST", whole[:40], kind, nil, 400, core.Invalid},
		"a field that is long": {"POST", long, longKind, nil, 413, core.TooLarge},
		"fields without end":   {"POST", many, manyKind, nil, 400, core.Invalid},
		"a size that is none":  {"POST", odd, oddKind, nil, 400, core.Invalid},
		"too large":            {"POST", whole, kind, core.Errorf(core.TooLarge, "a file may have 1 bytes"), 413, core.TooLarge},
		"a lie":                {"POST", whole, kind, core.Errorf(core.Invalid, "no image"), 400, core.Invalid},
		"enough":               {"POST", whole, kind, &core.Error{Code: core.RateLimited, Retry: time.Second}, 429, core.RateLimited},
		"no uploads":           {"POST", whole, kind, core.Errorf(core.Unsupported, "none"), 501, core.Unsupported},
		"a full disk":          {"POST", whole, kind, errors.New("no space left on /data"), 500, core.Internal},
	} {
		d.err = c.err
		w := s.ask(c.method, "/v1/uploads", c.body, "Content-Type", c.kind, "Origin", "https://shop.example", auth, "")
		if p := s.wants(w, c.status, c.code); strings.Contains(p.Detail, "/data") {
			t.Errorf("%s: %s", name, p.Detail)
		}
		wantHeader(t, w, "Access-Control-Allow-Origin", "https://shop.example")
	}
}

// What is given out says what it is, and nothing in it runs.
func TestFile(t *testing.T) {
	d := &shelf{content: "<script>alert(1)</script>", file: blob.File{Key: "f_1", Name: "it's 账单.txt", MIME: "text/csv", Size: 25}}
	s := newSite(t, keeps(d))
	w := s.ask("GET", d.file.URL(), "", auth, "")
	if w.Code != http.StatusOK || w.Body.String() != d.content {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for name, want := range map[string]string{
		"Content-Type": "text/plain; charset=utf-8", "Content-Disposition": "attachment; filename*=UTF-8''it%27s%20%E8%B4%A6%E5%8D%95.txt",
		"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "sandbox; default-src 'none'", "Cross-Origin-Resource-Policy": "cross-origin",
		"Cache-Control": "private, max-age=2592000, immutable", "ETag": `"f_1"`, "Content-Length": "25", "Access-Control-Allow-Credentials": "",
	} {
		wantHeader(t, w, name, want)
	}
	if w := s.ask("GET", d.file.URL(), "", "Range", "bytes=8-12", auth, ""); w.Code != http.StatusPartialContent || w.Body.String() != d.content[8:13] {
		t.Errorf("a part: %d %q", w.Code, w.Body)
	}
	if w := s.ask("GET", d.file.URL(), "", "If-None-Match", `"f_1"`, auth, ""); w.Code != http.StatusNotModified {
		t.Errorf("again: %d", w.Code)
	}
	d.plain = true
	for _, method := range []string{"GET", "HEAD"} {
		w := s.ask(method, d.file.URL(), "", auth, "")
		wantHeader(t, w, "Content-Length", "25")
		if w.Code != http.StatusOK || (w.Body.Len() == 25) != (method == "GET") {
			t.Errorf("%s: %d, %d bytes", method, w.Code, w.Body.Len())
		}
	}
	d.file = blob.File{Key: "f_2", Name: "a.png", MIME: "image/png", Clean: true, Size: 25}
	w = s.ask("GET", d.file.URL(), "", auth, "")
	wantHeader(t, w, "Content-Disposition", "inline; filename*=UTF-8''a.png")
	wantHeader(t, w, "Content-Type", "image/png")
	d.link = "https://bucket.example/f_2?X-Amz-Signature=1"
	w = s.ask("GET", d.file.URL(), "", auth, "")
	wantHeader(t, w, "Location", d.link)
	if w.Code != http.StatusFound {
		t.Errorf("elsewhere: %d", w.Code)
	}
}

func TestFileRefused(t *testing.T) {
	s := newSite(t, keeps(&shelf{file: blob.File{Key: "f_1", Name: "a.png"}}))
	for _, path := range []string{"/v1/files/", "/v1/files/f_1", "/v1/files/f_1/", "/v1/files/f_1/b.png", "/v1/files/f_2/a.png", "/v1/files/f_1/../f_1/a.png", "/v1/files/%2e%2e/a.png"} {
		w := s.ask("GET", path, "", auth, "")
		s.wants(w, 404, core.NotFound)
		wantHeader(t, w, "Cache-Control", "no-store")
	}
	for _, method := range []string{"POST", "PUT", "DELETE"} {
		s.wants(s.ask(method, "/v1/files/f_1/a.png", "", auth, ""), 405, core.Invalid)
	}
}

// A browser that is still sending when it is refused reads why.
func TestRefusedWhileSending(t *testing.T) {
	d := &shelf{err: core.Errorf(core.Invalid, "no image")}
	handler := newSite(t, keeps(d), func(o *httpapi.Options) { o.Now = time.Now }).Handler
	server := httptest.NewServer(handler)
	defer server.Close()
	body, kind := form(t, strings.Repeat("x", 10<<20), "token", "t")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/uploads", strings.NewReader(body))
	fatal(t, err)
	req.Header.Set("Content-Type", kind)
	res, err := server.Client().Do(req)
	fatal(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusBadRequest || res.Close {
		t.Errorf("%d, closed: %v", res.StatusCode, res.Close)
	}
}

// A phone in a lift may take longer than other requests.
func TestSlowUpload(t *testing.T) {
	d := &shelf{}
	server := httptest.NewUnstartedServer(newSite(t, keeps(d), func(o *httpapi.Options) { o.Now = time.Now }).Handler)
	server.Config.ReadTimeout, server.Config.WriteTimeout = 200*time.Millisecond, 200*time.Millisecond
	server.Start()
	defer server.Close()
	content := strings.Repeat("x", 100_000)
	body, kind := form(t, content, "token", "t")
	r := io.MultiReader(strings.NewReader(body[:50_000]), &lift{time.After(600 * time.Millisecond)}, strings.NewReader(body[50_000:]))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/v1/uploads", r)
	fatal(t, err)
	req.Header.Set("Content-Type", kind)
	res, err := server.Client().Do(req)
	fatal(t, err)
	defer res.Body.Close()
	if res.StatusCode != http.StatusCreated || d.content != content {
		t.Errorf("%d, and %d bytes", res.StatusCode, len(d.content))
	}
}

// lift yields nothing for a while.
type lift struct{ out <-chan time.Time }

func (l *lift) Read([]byte) (int, error) {
	<-l.out
	return 0, io.EOF
}
