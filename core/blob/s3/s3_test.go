package s3_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
	"kefu/core/blob/s3"
)

// server is one that speaks the protocol of S3, with a bucket kefu: one in this
// process that takes any signature and any form, or, for a second opinion, the
// one at KEFU_TEST_S3, which knows the key "kefu" with the secret below.
type server struct {
	url    string
	strict bool
}

const secret = "not-a-secret-at-all"

func serve(t *testing.T) server {
	t.Helper()
	if url := os.Getenv("KEFU_TEST_S3"); url != "" {
		return server{url, true}
	}
	backend := s3mem.New()
	if err := backend.CreateBucket("kefu"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(s.Close)
	return server{s.URL, false}
}

// open returns a store that no other test writes to.
func open(t *testing.T, endpoint string) *s3.Store {
	return s3.New(s3.Options{
		Bucket: "kefu", Prefix: fmt.Sprintf("%s-%d/", strings.ReplaceAll(t.Name(), "/", "-"), time.Now().UnixNano()), Region: "us-east-1",
		Endpoint: endpoint, Now: time.Now,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: "kefu", SecretAccessKey: secret}, nil
		}),
	})
}

func TestStore(t *testing.T) {
	blobtest.Run(t, func(t *testing.T) blob.Store { return open(t, serve(t).url) })
}

func file() blob.File {
	return blob.File{
		Key: blobtest.Key(1), Conversation: "c_1", By: core.Party{Kind: core.Visitor, ID: "v_1"}, At: time.Unix(1_800_000_000, 0).UTC(),
		Name: "it's 账单.pdf", MIME: "application/pdf", Size: 5,
	}
}

// A form that is filled in as Post says is a file afterwards.
func TestPost(t *testing.T) {
	at := serve(t)
	s, want := open(t, at.url), file()
	url, fields, err := s.Post(t.Context(), want, time.Now().Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if status, said := at.send(t, url, fields, "%PDF-"); status/100 != 2 {
		t.Fatalf("%s: %d %s", url, status, said)
	}
	if got, err := s.Stat(t.Context(), want.Key); err != nil || got != want {
		t.Errorf("stat %+v, %v, want %+v", got, err, want)
	}
}

// Any other form is refused, by a server that looks.
func TestPostRefused(t *testing.T) {
	at := serve(t)
	if !at.strict {
		t.Skip("this server takes any form; see KEFU_TEST_S3")
	}
	s := open(t, at.url)
	for name, spoil := range map[string]func(fields map[string]string, content *string){
		"another key":     func(f map[string]string, _ *string) { f["key"] += "x" },
		"another type":    func(f map[string]string, _ *string) { f["Content-Type"] = "text/html" },
		"another owner":   func(f map[string]string, _ *string) { f["x-amz-meta-kefu"] = "e30" },
		"more":            func(_ map[string]string, c *string) { *c += "x" },
		"less":            func(_ map[string]string, c *string) { *c = "%PDF" },
		"another policy":  func(f map[string]string, _ *string) { f["policy"] = "e30=" },
		"one field more":  func(f map[string]string, _ *string) { f["x-amz-meta-more"] = "x" },
		"no signature":    func(f map[string]string, _ *string) { delete(f, "X-Amz-Signature") },
		"a forged policy": func(f map[string]string, _ *string) { f["X-Amz-Signature"] = strings.Repeat("0", 64) },
	} {
		url, fields, err := s.Post(t.Context(), file(), time.Now().Add(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		content := "%PDF-"
		spoil(fields, &content)
		if status, said := at.send(t, url, fields, content); status/100 == 2 {
			t.Errorf("%s: %d %s", name, status, said)
		}
	}
}

// send sends a form as a browser does.
func (at server) send(t *testing.T, url string, fields map[string]string, content string) (int, []byte) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		if strings.HasPrefix(name, "x-amz-meta-") && !at.strict {
			name = http.CanonicalHeaderKey(name) // fields of S3 know no case; those of that server do
		}
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "x")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(part, content); err != nil {
		t.Fatal(err)
	}
	if err := form.Close(); err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, &b)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", form.FormDataContentType())
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, said
}

// The policy lets nothing pass but this file: its key, size, type and what is
// known of it, for so long.
func TestPolicy(t *testing.T) {
	s := open(t, "http://127.0.0.1:9")
	_, fields, err := s.Post(t.Context(), file(), time.Now().Add(10*time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	data, err := base64.StdEncoding.DecodeString(fields["policy"])
	if err != nil {
		t.Fatal(err)
	}
	var policy struct {
		Expiration time.Time
		Conditions []any
	}
	if err := json.Unmarshal(data, &policy); err != nil {
		t.Fatal(err)
	}
	if d := time.Until(policy.Expiration); d < 9*time.Minute || d > 11*time.Minute {
		t.Errorf("it counts for %s", d)
	}
	all, err := json.Marshal(policy.Conditions)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`["content-length-range",5,5]`, `{"Content-Type":"application/pdf"}`, `{"bucket":"kefu"}`,
		`{"key":"` + s.Prefix + `files/` + file().Key + `"}`, `{"x-amz-meta-kefu":"` + fields["x-amz-meta-kefu"] + `"}`,
	} {
		if !strings.Contains(string(all), want) {
			t.Errorf("no condition %s in %s", want, all)
		}
	}
	for name := range fields { // S3 refuses a form with a field that no condition is about
		known := name == "policy" || strings.EqualFold(name, "x-amz-signature")
		if !known && !strings.Contains(strings.ToLower(string(all)), `"`+strings.ToLower(name)+`"`) {
			t.Errorf("no condition is about %s in %s", name, all)
		}
	}
}

// A link gives the file, as an attachment under its name.
func TestLink(t *testing.T) {
	s := open(t, serve(t).url)
	if _, err := s.Put(t.Context(), file(), strings.NewReader("%PDF-")); err != nil {
		t.Fatal(err)
	}
	link, err := s.Link(t.Context(), file())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(link, "X-Amz-Expires=300") || !strings.Contains(link, "response-content-disposition=attachment") {
		t.Errorf("link %s", link)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, link, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(res.Body)
	if res.Body.Close(); err != nil || string(data) != "%PDF-" {
		t.Errorf("%d %q, %v", res.StatusCode, data, err)
	}
}

// What is wrong with the bucket is no absent file: files would be forgotten.
func TestFailures(t *testing.T) {
	for name, answer := range map[string]http.HandlerFunc{
		"forbidden": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
		"no bucket": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = io.WriteString(w, `<Error><Code>NoSuchBucket</Code></Error>`)
		},
		"an object of somebody else": func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Length", "0") },
	} {
		server := httptest.NewServer(answer)
		s := open(t, server.URL)
		if _, _, err := s.Open(t.Context(), blobtest.Key(1)); err == nil || core.CodeOf(err) == core.NotFound {
			t.Errorf("%s: %v", name, err)
		}
		server.Close()
	}
}

// A server that has no time now is asked again; one that says no is not.
func TestAgain(t *testing.T) {
	for status, c := range map[int]struct {
		asked int
		code  core.Code
	}{http.StatusServiceUnavailable: {3, core.Unavailable}, http.StatusForbidden: {1, core.Unavailable}, http.StatusNotFound: {1, core.NotFound}} {
		asked := 0
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked++
			w.WriteHeader(status)
		}))
		if _, err := open(t, server.URL).Stat(t.Context(), blobtest.Key(1)); core.CodeOf(err) != c.code || asked != c.asked {
			t.Errorf("%d: %v after %d requests, want %s after %d", status, err, asked, c.code, c.asked)
		}
		server.Close()
	}
}

// What is wrong with a bucket is known before somebody sends a file.
func TestCheck(t *testing.T) {
	if err := open(t, serve(t).url).Check(t.Context()); err != nil {
		t.Error(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>`)
	}))
	defer server.Close()
	var said *s3.Refused
	if err := open(t, server.URL).Check(t.Context()); !errors.As(err, &said) || said.Code != "AccessDenied" || said.Message != "Access Denied" {
		t.Errorf("a bucket of somebody else: %v", err)
	}
	if err := open(t, "http://127.0.0.1:9").Check(t.Context()); err == nil || errors.As(err, &said) && said.Status == 0 {
		t.Errorf("nobody there: %v", err)
	}
}

// At Amazon a bucket has a domain of its own.
func TestAmazon(t *testing.T) {
	for _, c := range []struct{ bucket, region, want string }{
		{"kefu", "eu-central-1", "https://kefu.s3.eu-central-1.amazonaws.com"},
		{"kefu", "cn-north-1", "https://kefu.s3.cn-north-1.amazonaws.com.cn"},
		{"kefu.eu", "eu-central-1", "https://s3.eu-central-1.amazonaws.com/kefu.eu"},
	} {
		s := open(t, "")
		s.Bucket, s.Region = c.bucket, c.region
		if url, _, err := s.Post(t.Context(), file(), time.Now()); err != nil || url != c.want || !strings.HasPrefix(url, s.Origin()) || strings.Count(s.Origin(), "/") != 2 {
			t.Errorf("%s of %s, %v, want %s", url, s.Origin(), err, c.want)
		}
	}
}
