// Command image makes the container image of kefu without Docker, as an OCI
// layout: an image for each processor below one index, from binaries that were
// built before.
//
//	image -out DIR -version V -revision COMMIT -created TIME amd64=FILE arm64=FILE
//	image -push REGISTRY/NAME:TAG -from DIR
//	image -tar FILE -arch amd64 -name kefu:V -from DIR     for docker load
//	image -unpack DIR -arch amd64 -from DIR                its files
//
// There is nothing in it but the binary (which brings the time zones), the CA
// certificates that Mozilla trusts (a Go module, so they are pinned), a user
// without rights and a directory for data. The same input gives the same digest.
package main

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"strings"
	"time"

	"archive/tar"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
)

func main() {
	log.SetFlags(0)
	if err := run(os.Args[1:], os.Stdout); err != nil {
		log.Fatal("image: ", err)
	}
}

func run(args []string, stdout io.Writer) error {
	f := flag.NewFlagSet("image", flag.ContinueOnError)
	out := f.String("out", "", "directory to write the OCI layout to; made, or it is empty")
	from := f.String("from", "", "directory of an OCI layout")
	push := f.String("push", "", "reference to push it to, with the credentials of docker login")
	load := f.String("tar", "", "file to write for docker load")
	unpack := f.String("unpack", "", "directory to unpack the files of the image to")
	arch := f.String("arch", "amd64", "which image of the layout")
	tag := f.String("name", "kefu:latest", "the name that the image has after docker load")
	about := description{}
	f.StringVar(&about.version, "version", "", "of the program")
	f.StringVar(&about.revision, "revision", "", "the commit")
	created := f.String("created", "1970-01-01T00:00:00Z", "when, as RFC 3339 has it: the time of the commit")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *out != "" {
		at, err := time.Parse(time.RFC3339, *created)
		if err != nil {
			return err
		}
		about.created = at.UTC()
		return write(*out, about, f.Args(), stdout)
	}
	if *from == "" || f.NArg() > 0 {
		return errors.New("-out DIR ARCH=FILE … makes an image; -from DIR does something with one")
	}
	index, err := layout.ImageIndexFromPath(*from)
	if err != nil {
		return err
	}
	if *push != "" {
		return pushTo(*push, index, stdout)
	}
	image, err := of(index, *arch)
	switch {
	case err != nil:
		return err
	case *load != "":
		ref, err := name.NewTag(*tag)
		if err != nil {
			return err
		}
		return tarball.WriteToFile(*load, ref, image)
	case *unpack != "":
		return extract(image, *unpack)
	}
	return errors.New("nothing to do: -push, -tar or -unpack")
}

// write makes the layout, and prints its digest and the size of each image.
func write(out string, about description, binaries []string, stdout io.Writer) error {
	index, err := build(about, binaries)
	if err != nil {
		return err
	}
	if entries, err := os.ReadDir(out); err == nil && len(entries) > 0 {
		return fmt.Errorf("%s is not empty", out)
	}
	if _, err := layout.Write(out, index); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, digest)
	manifest, err := index.IndexManifest()
	if err != nil {
		return err
	}
	for _, m := range manifest.Manifests {
		image, err := index.Image(m.Digest)
		if err != nil {
			return err
		}
		layers, err := image.Layers()
		if err != nil {
			return err
		}
		total := int64(0)
		for _, l := range layers {
			size, err := l.Size()
			if err != nil {
				return err
			}
			total += size
		}
		fmt.Fprintf(stdout, "%s\t%d\t%s\n", m.Platform.Architecture, total, m.Digest)
	}
	return nil
}

// of finds the image for a processor.
func of(index v1.ImageIndex, arch string) (v1.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	for _, m := range manifest.Manifests {
		if m.Platform != nil && m.Platform.Architecture == arch {
			return index.Image(m.Digest)
		}
	}
	return nil, fmt.Errorf("there is no image for %s", arch)
}

func pushTo(reference string, index v1.ImageIndex, stdout io.Writer) error {
	ref, err := name.ParseReference(reference)
	if err != nil {
		return err
	}
	if err := remote.WriteIndex(ref, index, remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return err
	}
	digest, err := index.Digest()
	if err == nil {
		fmt.Fprintf(stdout, "%s@%s\n", ref.Context().Name(), digest)
	}
	return err
}

// extract writes the files of an image as a runtime would, their owners too if
// it may.
func extract(image v1.Image, dir string) error {
	files := mutate.Extract(image)
	defer files.Close()
	for r := tar.NewReader(files); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if !filepath.IsLocal(h.Name) {
			return fmt.Errorf("%s leads out of the image", h.Name)
		}
		if err := put(filepath.Join(dir, h.Name), h, r); err != nil {
			return err
		}
	}
}

func put(at string, h *tar.Header, r io.Reader) error {
	switch h.Typeflag {
	case tar.TypeDir:
		if err := os.MkdirAll(at, 0o755); err != nil {
			return err
		}
	case tar.TypeReg:
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		f, err := os.Create(at)
		if err != nil {
			return err
		}
		_, err = io.Copy(f, r)
		if err := cmp.Or(err, f.Close()); err != nil {
			return err
		}
	default:
		return fmt.Errorf("%s is of kind %c, which is not in our images", strings.TrimSuffix(h.Name, "/"), h.Typeflag)
	}
	if err := os.Chmod(at, h.FileInfo().Mode()); err != nil {
		return err
	}
	if os.Geteuid() != 0 {
		return nil
	}
	return os.Chown(at, h.Uid, h.Gid)
}
