package main

import (
	"archive/tar"
	"bytes"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"golang.org/x/crypto/x509roots/fallback/bundle"
)

// user is the one that distroless images have made known: nobody in particular.
const user = 65532

// description is what the labels say.
type description struct {
	version, revision string
	created           time.Time
}

// build makes the index of an image for each ARCH=FILE.
func build(about description, binaries []string) (v1.ImageIndex, error) {
	if len(binaries) == 0 {
		return nil, fmt.Errorf("no binaries: ARCH=FILE …")
	}
	below, err := foundation(about.created)
	if err != nil {
		return nil, err
	}
	var adds []mutate.IndexAddendum
	for _, b := range binaries {
		arch, file, ok := strings.Cut(b, "=")
		if !ok {
			return nil, fmt.Errorf("%q is not ARCH=FILE", b)
		}
		image, err := imageOf(about, arch, file, below)
		if err != nil {
			return nil, err
		}
		adds = append(adds, mutate.IndexAddendum{Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: arch}}})
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.OCIImageIndex), adds...), nil
}

func imageOf(about description, arch, file string, below v1.Layer) (v1.Image, error) {
	binary, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	program, err := layer(about.created, entry{"kefu", 0o755, 0, binary})
	if err != nil {
		return nil, err
	}
	image := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err = mutate.Append(image,
		mutate.Addendum{Layer: below, History: history(about, "CA certificates, a user, a directory for data")},
		mutate.Addendum{Layer: program, History: history(about, "kefu")})
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = "linux", arch, v1.Time{Time: about.created}
	config.Config = settings(about)
	return mutate.ConfigFile(image, config)
}

// settings is how the image is started. Dockerfile says the same.
func settings(about description) v1.Config {
	return v1.Config{
		User:         fmt.Sprintf("%d:%d", user, user),
		Entrypoint:   []string{"/kefu"},
		Env:          []string{"PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt", "KEFU_LISTEN=:8080", "KEFU_OPS=:9091", "KEFU_DATA=/data", "KEFU_LOG_FORMAT=json"},
		ExposedPorts: map[string]struct{}{"8080/tcp": {}, "9091/tcp": {}},
		Volumes:      map[string]struct{}{"/data": {}},
		StopSignal:   "SIGTERM",
		Healthcheck: &v1.HealthConfig{
			Test: []string{"CMD", "/kefu", "health"}, Interval: 10 * time.Second, Timeout: 5 * time.Second, StartPeriod: time.Minute, Retries: 3,
		},
		Labels: map[string]string{
			"org.opencontainers.image.title":       "kefu",
			"org.opencontainers.image.description": "Online customer service for web pages",
			"org.opencontainers.image.licenses":    "MIT",
			"org.opencontainers.image.version":     about.version,
			"org.opencontainers.image.revision":    about.revision,
		},
	}
}

func history(about description, what string) v1.History {
	return v1.History{Created: v1.Time{Time: about.created}, CreatedBy: "infra/docker/image", Comment: what}
}

// entry is a file, or a directory if its name ends in a slash.
type entry struct {
	name    string
	mode    int64
	owner   int
	content []byte
}

// foundation is what is below the program, the same for every processor.
func foundation(at time.Time) (v1.Layer, error) {
	var roots bytes.Buffer
	for root := range bundle.Roots() {
		if root.Constraint != nil {
			continue // those that are trusted for some names only can not be said in this file
		}
		if err := pem.Encode(&roots, &pem.Block{Type: "CERTIFICATE", Bytes: root.Certificate}); err != nil {
			return nil, err
		}
	}
	people := fmt.Sprintf("root:x:0:0:root:/:/sbin/nologin\nkefu:x:%d:%d:kefu:/data:/sbin/nologin\n", user, user)
	groups := fmt.Sprintf("root:x:0:\nkefu:x:%d:\n", user)
	return layer(at,
		entry{"data/", 0o700, user, nil},
		entry{"etc/", 0o755, 0, nil},
		entry{"etc/group", 0o644, 0, []byte(groups)},
		entry{"etc/passwd", 0o644, 0, []byte(people)},
		entry{"etc/ssl/", 0o755, 0, nil},
		entry{"etc/ssl/certs/", 0o755, 0, nil},
		entry{"etc/ssl/certs/ca-certificates.crt", 0o644, 0, roots.Bytes()},
		entry{"tmp/", 0o1777, 0, nil},
	)
}

// layer has its files in the order given, all of one time.
func layer(at time.Time, entries ...entry) (v1.Layer, error) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, e := range entries {
		h := &tar.Header{
			Name: e.name, Mode: e.mode, Uid: e.owner, Gid: e.owner, Size: int64(len(e.content)), ModTime: at, Format: tar.FormatUSTAR, Typeflag: tar.TypeReg,
		}
		if strings.HasSuffix(e.name, "/") {
			h.Typeflag = tar.TypeDir
		}
		if err := w.WriteHeader(h); err != nil {
			return nil, err
		}
		if _, err := w.Write(e.content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return tarball.LayerFromOpener(func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(b.Bytes())), nil
	}, tarball.WithMediaType(types.OCILayer))
}
