// Package sniff tells by the first bytes of a file what it is, and names it
// accordingly: a blob.Media without decoders, for hosts whose clients bring
// files to a bucket by themselves. It is a tenth of package media, which makes
// images anew as well and takes the rest from here.
package sniff

import (
	"context"
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"kefu/core"
	"kefu/core/blob"
)

// Sniffer is a blob.Media that makes no images.
type Sniffer struct{}

var _ blob.Media = Sniffer{}

// Make implements blob.Media: Unsupported.
func (Sniffer) Make(context.Context, []byte, string) (blob.Image, error) {
	return blob.Image{}, core.Errorf(core.Unsupported, "images are not made anew here")
}

// Type returns the media type that the first bytes of a file show, without
// parameters; application/octet-stream: none that is known.
func Type(head []byte) string {
	kind, _, err := mime.ParseMediaType(mimetype.Detect(head).String())
	if err != nil {
		return "application/octet-stream"
	}
	return kind
}

// Accept implements blob.Media.
func (Sniffer) Accept(head []byte, declared string, types []string) (string, error) {
	found := Type(head)
	if found == "text/csv" || found == "text/tab-separated-values" {
		if !slices.Contains(types, found) {
			found = "text/plain" // commas do not make a text another thing
		}
	}
	said, _, err := mime.ParseMediaType(declared)
	switch {
	case !slices.Contains(types, found):
		return "", core.Errorf(core.Invalid, "files of type %s are not taken here", found)
	case declared == "" || said == "application/octet-stream":
	case err != nil || !alike(said, found):
		return "", core.Errorf(core.Invalid, "this file is not what it says it is, but %s", found)
	}
	return found, nil
}

// alike reports whether a declared type may be said of what was found: the same
// in other words, or, of texts, one in more words: systems call a text by what
// its name ends in.
func alike(said, found string) bool {
	if said == found || strings.HasPrefix(found, "text/") && strings.HasPrefix(said, "text/") && said != "text/html" {
		return true
	}
	if found == "text/csv" && said == "application/vnd.ms-excel" { // what Windows calls it where there is Excel
		return true
	}
	m := mimetype.Lookup(found)
	return m != nil && m.Is(said)
}
