package bucket_test

import (
	"bytes"
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
	"kefu/core/blob/s3"
	"kefu/functions/local/bucket"
)

func keys() aws.Credentials { return aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "secret"} }

// place is a bucket that is served, and what signs for it.
type place struct {
	*s3.Store
	url string
	now time.Time // of the bucket
}

func serve(t *testing.T, dir string) *place {
	t.Helper()
	p := &place{now: time.Now()}
	b, err := bucket.Open(bucket.Options{Name: "kefu-files", Region: "eu-central-1", Credentials: keys(), Now: func() time.Time { return p.now }, Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	p.url = server.URL
	p.Store = signer(p.url, keys())
	return p
}

func signer(url string, keys aws.Credentials) *s3.Store {
	return s3.New(s3.Options{
		Bucket: "kefu-files", Region: "eu-central-1", Endpoint: url, Now: time.Now,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return keys, nil }),
	})
}

// TestStore: it is what the functions take for a bucket of S3, in memory and in
// a directory.
func TestStore(t *testing.T) {
	t.Run("memory", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store { return serve(t, "") })
	})
	t.Run("directory", func(t *testing.T) {
		blobtest.Run(t, func(t *testing.T) blob.Store { return serve(t, t.TempDir()) })
	})
}

func file() blob.File {
	return blob.File{
		Key: blobtest.Key(1), Conversation: "c_1", By: core.Party{Kind: core.Visitor, ID: "v_1"}, At: time.Unix(1_800_000_000, 0).UTC(),
		Name: "it's 账单.pdf", MIME: "application/pdf", Size: 5,
	}
}

// TestDir: what was stored is there again, and what was deleted is not.
func TestDir(t *testing.T) {
	dir := t.TempDir()
	first := serve(t, dir)
	kept, gone := file(), file()
	gone.Key = blobtest.Key(2)
	for _, f := range []blob.File{kept, gone} {
		if _, err := first.Put(t.Context(), f, strings.NewReader("%PDF-")); err != nil {
			t.Fatal(err)
		}
	}
	if err := first.Delete(t.Context(), gone.Key); err != nil {
		t.Fatal(err)
	}
	again := serve(t, dir)
	if got, err := again.Stat(t.Context(), kept.Key); err != nil || got != kept {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := again.Stat(t.Context(), gone.Key); core.CodeOf(err) != core.NotFound {
		t.Errorf("deleted: %v", err)
	}
}

// send sends a form as a browser does.
func send(t *testing.T, url string, fields map[string]string, content string) (int, string) {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	for name, value := range fields {
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	part, err := form.CreateFormFile("file", "x")
	if err == nil {
		_, err = io.WriteString(part, content)
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	return ask(t, http.MethodPost, url, form.FormDataContentType(), &b)
}

func ask(t *testing.T, method, url, kind string, body io.Reader) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", kind)
	req.Header.Set("Origin", "https://shop.example")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	said, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	if res.Header.Get("Access-Control-Allow-Origin") != "*" {
		t.Errorf("%s: a page may not read the answer", url)
	}
	return res.StatusCode, string(said)
}

// TestForm: a form as it was signed is a file; any other is refused, by the code
// of S3.
func TestForm(t *testing.T) {
	p := serve(t, "")
	form := func() (string, map[string]string) {
		url, fields, err := p.Post(t.Context(), file(), time.Now().Add(10*time.Minute))
		if err != nil {
			t.Fatal(err)
		}
		return url, fields
	}
	url, fields := form()
	if status, said := send(t, url, fields, "%PDF-"); status != http.StatusNoContent {
		t.Fatalf("%d %s", status, said)
	}
	if got, err := p.Stat(t.Context(), file().Key); err != nil || got != file() {
		t.Errorf("%+v, %v", got, err)
	}
	for name, c := range map[string]struct {
		spoil func(fields map[string]string, content *string)
		code  string
	}{
		"another key":     {func(f map[string]string, _ *string) { f["key"] += "x" }, "AccessDenied"},
		"another type":    {func(f map[string]string, _ *string) { f["Content-Type"] = "text/html" }, "AccessDenied"},
		"another owner":   {func(f map[string]string, _ *string) { f["x-amz-meta-kefu"] = "e30" }, "AccessDenied"},
		"one field more":  {func(f map[string]string, _ *string) { f["acl"] = "public-read" }, "AccessDenied"},
		"more":            {func(_ map[string]string, c *string) { *c += "x" }, "EntityTooLarge"},
		"less":            {func(_ map[string]string, c *string) { *c = "%PDF" }, "EntityTooSmall"},
		"another policy":  {func(f map[string]string, _ *string) { f["policy"] = "e30=" }, "SignatureDoesNotMatch"},
		"no signature":    {func(f map[string]string, _ *string) { delete(f, "X-Amz-Signature") }, "SignatureDoesNotMatch"},
		"other keys":      {func(f map[string]string, _ *string) { f["X-Amz-Credential"] = "AKIB" + f["X-Amz-Credential"][4:] }, "InvalidAccessKeyId"},
		"another service": {func(f map[string]string, _ *string) { f["X-Amz-Algorithm"] = "none" }, "AuthorizationQueryParametersError"},
		"too late":        {func(map[string]string, *string) { p.now = p.now.Add(11 * time.Minute) }, "AccessDenied"},
	} {
		p.now = time.Now()
		url, fields := form()
		content := "%PDF-"
		c.spoil(fields, &content)
		if status, said := send(t, url, fields, content); status/100 != 4 || !strings.Contains(said, "<Code>"+c.code+"</Code>") {
			t.Errorf("%s: %d %s, want %s", name, status, said, c.code)
		}
	}
}

// TestLink: a link counts as it is, for as long as it says.
func TestLink(t *testing.T) {
	p := serve(t, "")
	if _, err := p.Put(t.Context(), file(), strings.NewReader("%PDF-")); err != nil {
		t.Fatal(err)
	}
	link, err := p.Link(t.Context(), file())
	if err != nil {
		t.Fatal(err)
	}
	if status, said := ask(t, http.MethodGet, link, "", nil); status != http.StatusOK || said != "%PDF-" {
		t.Errorf("%d %s", status, said)
	}
	if status, _ := ask(t, http.MethodGet, strings.Replace(link, "attachment", "inline", 1), "", nil); status != http.StatusForbidden {
		t.Errorf("shown in the place of saved: %d", status)
	}
	p.now = p.now.Add(6 * time.Minute)
	if status, _ := ask(t, http.MethodGet, link, "", nil); status != http.StatusForbidden {
		t.Errorf("six minutes later: %d", status)
	}
}

// TestKeys: nobody does anything without the keys.
func TestKeys(t *testing.T) {
	p := serve(t, "")
	if _, err := p.Put(t.Context(), file(), strings.NewReader("%PDF-")); err != nil {
		t.Fatal(err)
	}
	if err := signer(p.url, aws.Credentials{AccessKeyID: "AKIA", SecretAccessKey: "guessed"}).Delete(t.Context(), file().Key); err == nil {
		t.Error("it is deleted with other keys")
	}
	object := p.url + "/kefu-files/files/" + file().Key
	for _, method := range []string{http.MethodGet, http.MethodPut, http.MethodDelete} {
		if status, _ := ask(t, method, object, "", nil); status != http.StatusForbidden {
			t.Errorf("%s without any: %d", method, status)
		}
	}
	if status, _ := ask(t, http.MethodGet, p.url+"/other/x", "", nil); status != http.StatusNotFound {
		t.Errorf("another bucket: %d", status)
	}
	if status, _ := ask(t, http.MethodOptions, p.url+"/kefu-files", "", nil); status != http.StatusOK {
		t.Errorf("whether a page may: %d", status)
	}
}
