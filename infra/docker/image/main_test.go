package main

import (
	"bytes"
	"crypto/x509"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

func made(t *testing.T, binary, created string) (dir, digest string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kefu")
	if err := os.WriteFile(file, []byte(binary), 0o600); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(t.TempDir(), "layout")
	var out bytes.Buffer
	args := []string{"-out", dir, "-version", "v1.2.3", "-revision", "abc", "-created", created, "amd64=" + file, "arm64=" + file}
	if err := run(args, &out); err != nil {
		t.Fatal(err)
	}
	digest, _, _ = strings.Cut(out.String(), "\n")
	return dir, digest
}

const noon = "2026-01-17T12:00:00+08:00"

func TestSameInputSameDigest(t *testing.T) {
	dir, one := made(t, "binary", noon)
	if _, two := made(t, "binary", noon); two != one {
		t.Errorf("%s, then %s", one, two)
	}
	for _, other := range [][2]string{{"another", noon}, {"binary", "2026-01-18T12:00:00Z"}} {
		if _, two := made(t, other[0], other[1]); two == one {
			t.Errorf("%q has the same digest", other)
		}
	}
	if err := run([]string{"-out", dir, "amd64=main.go"}, io.Discard); err == nil || !strings.Contains(err.Error(), "is not empty") {
		t.Errorf("a layout is overwritten: %v", err)
	}
}

func TestFiles(t *testing.T) {
	dir, _ := made(t, "binary", noon)
	root := t.TempDir()
	if err := run([]string{"-unpack", root, "-arch", "arm64", "-from", dir}, io.Discard); err != nil {
		t.Fatal(err)
	}
	for file, mode := range map[string]os.FileMode{"kefu": 0o755, "data": os.ModeDir | 0o700, "tmp": os.ModeDir | os.ModeSticky | 0o777, "etc/passwd": 0o644} {
		info, err := os.Stat(filepath.Join(root, file))
		if err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, want %v: %v", file, info.Mode(), mode, err)
		}
	}
	roots, err := os.ReadFile(filepath.Join(root, "etc/ssl/certs/ca-certificates.crt"))
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(roots, []byte("BEGIN CERT")); n < 100 || !x509.NewCertPool().AppendCertsFromPEM(roots) {
		t.Errorf("%d certificates", n)
	}
}

// What is pushed is what was made, for both processors, and docker load takes it.
func TestPush(t *testing.T) {
	dir, digest := made(t, "binary", noon)
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer s.Close()
	reference := strings.TrimPrefix(s.URL, "http://") + "/kefu:v1.2.3"
	var out bytes.Buffer
	if err := run([]string{"-push", reference, "-from", dir}, &out); err != nil || !strings.HasSuffix(out.String(), "/kefu@"+digest+"\n") {
		t.Errorf("%v: %s", err, &out)
	}
	ref, err := name.ParseReference(reference)
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	image, err := of(index, "amd64")
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil || config.Config.User != "65532:65532" || config.Created.Format("15:04") != "04:00" || config.Config.Healthcheck == nil {
		t.Errorf("the image says %+v, %v", config, err)
	}
	if err := run([]string{"-tar", filepath.Join(t.TempDir(), "kefu.tar"), "-from", dir}, io.Discard); err != nil {
		t.Error(err)
	}
}

// Dockerfile makes the same: each setting of the one is in the other.
func TestDockerfileAgrees(t *testing.T) {
	text, err := os.ReadFile("../Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	s := settings(description{})
	want := []string{"USER " + s.User, `ENTRYPOINT ["` + s.Entrypoint[0] + `"]`, "STOPSIGNAL " + s.StopSignal,
		"--interval=10s --timeout=5s --start-period=1m --retries=3 CMD [\"" + strings.Join(s.Healthcheck.Test[1:], `", "`) + `"]`}
	for _, e := range s.Env {
		if !strings.HasPrefix(e, "PATH=") {
			want = append(want, e)
		}
	}
	for v := range s.Volumes {
		want = append(want, "VOLUME "+v)
	}
	for _, w := range want {
		if !strings.Contains(string(text), w) {
			t.Errorf("Dockerfile does not say %s", w)
		}
	}
}

func TestWrongCalls(t *testing.T) {
	dir, _ := made(t, "binary", noon)
	for want, args := range map[string][]string{
		"no binaries":              {"-out", t.TempDir()},
		`"amd64" is not ARCH=FILE`: {"-out", t.TempDir(), "amd64"},
		"no such file":             {"-out", t.TempDir(), "amd64=" + dir + "/none"},
		"no image for s390x":       {"-unpack", t.TempDir(), "-arch", "s390x", "-from", dir},
		"nothing to do":            {"-from", dir},
		"-out DIR ARCH=FILE":       {},
	} {
		if err := run(args, io.Discard); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", args, err, want)
		}
	}
	if _, err := layout.FromPath(dir); err != nil {
		t.Error(err)
	}
}
