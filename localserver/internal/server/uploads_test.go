package server

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"kefu/core"
	"kefu/core/blob"
	"kefu/core/blob/blobtest"
	"kefu/localserver/internal/config"
)

// Where files are kept: in the data directory, where somebody else keeps them,
// or nowhere, behind a database that other nodes may share.
func TestOpenUploads(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		o    Options
		want bool // there is a directory
		some bool // there are uploads
	}{
		"a directory":         {Options{Config: config.Config{Data: filepath.Join(dir, "a")}}, true, true},
		"elsewhere":           {Options{Config: config.Config{Data: filepath.Join(dir, "b")}, Uploads: &blobtest.Memory{}}, false, true},
		"a database of many":  {Options{Config: config.Config{Data: filepath.Join(dir, "c"), Database: "postgres://db/kefu"}}, false, false},
		"a database, a store": {Options{Config: config.Config{Data: filepath.Join(dir, "d"), Database: "postgres://db/kefu"}, Uploads: &blobtest.Memory{}}, false, true},
	} {
		c.o.Log = slog.New(slog.DiscardHandler)
		s := &Server{Options: c.o}
		if err := s.openUploads(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err := os.Stat(filepath.Join(c.o.Config.Data, "uploads"))
		if (err == nil) != c.want || (s.Uploads != nil) != c.some {
			t.Errorf("%s: directory %v, uploads %v", name, err == nil, s.Uploads)
		}
		if err := s.closeUploads(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is in the way is told in a sentence.
func TestUploadsInTheWay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "uploads"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Options: Options{Config: config.Config{Data: dir}}}
	if err := s.openUploads(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the directory "+dir) {
		t.Errorf("got %v", err)
	}
}

// bucket is a bucket kefu, of a server that lives as long as the test.
func bucket(t *testing.T) config.S3 {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("kefu"); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(gofakes3.New(backend, gofakes3.WithLogger(gofakes3.DiscardLog())).Server())
	t.Cleanup(s.Close)
	return config.S3{Bucket: "kefu", Region: "us-east-1", Endpoint: s.URL, Prefix: "desk/", AccessKey: "kefu", SecretKey: "walnut"}
}

// What one node is sent the others find; none has a directory for it.
func TestBucket(t *testing.T) {
	one, two := settings(t), settings(t)
	one.S3 = bucket(t)
	two.S3 = one.S3
	here, _ := begin(t, Options{Config: one, OpenStore: newStore().open})
	there, _ := begin(t, Options{Config: two, OpenStore: newStore().open})
	f := blob.File{
		Key: blobtest.Key(1), Conversation: "c_1", By: core.Party{Kind: core.Visitor, ID: "v_1"}, At: time.Unix(1_800_000_000, 0),
		Name: "leaf.txt", MIME: "text/plain", Size: 4,
	}
	if _, err := here.Uploads.Put(t.Context(), f, strings.NewReader("leaf")); err != nil {
		t.Fatal(err)
	}
	for _, s := range []*Server{here, there} {
		if status, body := get(t, "http://"+s.Addr().String()+f.URL()); status != http.StatusOK || body != "leaf" {
			t.Errorf("%s: %d %q", s.Addr(), status, body)
		}
	}
	if _, err := os.Stat(filepath.Join(one.Data, "uploads")); !os.IsNotExist(err) {
		t.Errorf("there is a directory beside the bucket: %v", err)
	}
}

// A bucket that is refused is told in a sentence, without the secret; one that is
// not there now may be there later.
func TestBucketInTheWay(t *testing.T) {
	answers := func(status int, code string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "<Error><Code>"+code+"</Code><Message>said so</Message></Error>")
		}
	}
	for name, c := range map[string]struct {
		answer http.HandlerFunc
		want   string // of the error; empty: it starts
	}{
		"no such bucket": {answers(http.StatusNotFound, "NoSuchBucket"), "the bucket kefu can not be used: NoSuchBucket: said so"},
		"no right":       {answers(http.StatusForbidden, "AccessDenied"), "the bucket kefu can not be used: AccessDenied: said so"},
		"out of order":   {answers(http.StatusServiceUnavailable, "SlowDown"), ""},
		"no answer":      {nil, ""},
	} {
		at := httptest.NewServer(c.answer)
		if c.answer == nil {
			at.Close()
		}
		var log bytes.Buffer
		s := &Server{Options: Options{Now: time.Now, Log: slog.New(slog.NewTextHandler(&log, nil)), Config: config.Config{
			S3: config.S3{Bucket: "kefu", Region: "us-east-1", Endpoint: at.URL, AccessKey: "kefu", SecretKey: "walnut"},
		}}}
		err := s.openUploads(t.Context())
		at.Close()
		switch {
		case c.want != "" && (err == nil || err.Error() != c.want):
			t.Errorf("%s: %v", name, err)
		case c.want == "" && (err != nil || s.Uploads == nil || !strings.Contains(log.String(), "does not answer")):
			t.Errorf("%s: %v, %s", name, err, &log)
		case strings.Contains(log.String(), "walnut"):
			t.Errorf("%s: a secret is in the log: %s", name, &log)
		}
	}
}

// Without a key the bucket is opened as AWS's own tools would.
func TestBucketOfARole(t *testing.T) {
	t.Setenv("AWS_ACCESS_KEY_ID", "AKROLE")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "walnut")
	found, err := credentialsOf(t.Context(), config.S3{Region: "us-east-1"})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := found.Retrieve(t.Context()); err != nil || got.AccessKeyID != "AKROLE" {
		t.Errorf("got %v, %v", got.AccessKeyID, err)
	}
}
