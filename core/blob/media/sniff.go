package media

import (
	"mime"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"kefu/core"
)

// Sniff returns the media type that the first bytes of a file show, without
// parameters; application/octet-stream: none that is known.
func Sniff(head []byte) string {
	kind, _, err := mime.ParseMediaType(mimetype.Detect(head).String())
	if err != nil {
		return "application/octet-stream"
	}
	return kind
}

// Accept implements blob.Media.
func (*Media) Accept(head []byte, declared string, types []string) (string, error) {
	found := Sniff(head)
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
