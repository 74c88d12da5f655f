package blob

import "context"

// Media knows what is in files; see package media. It is a port, so that a host
// which takes no uploads does not carry the decoders: Lambda loads the whole
// program at each cold start.
type Media interface {
	// Accept returns the type that the first bytes of a file show, at most
	// Head of them, without parameters. It is Invalid if that is none of types,
	// or not what was declared; nothing, and what says nothing, is no lie.
	Accept(head []byte, declared string, types []string) (string, error)

	// Name returns what a file of a type is called where it is kept and saved.
	Name(name, kind string) string

	// Pixels returns how wide and high an image is, by its first bytes; zeros
	// if those do not tell.
	Pixels(head []byte, kind string) (w, h int)

	// Bare overwrites what an image says besides its pixels, where it stands: where
	// and when it was taken, and by whom. It reports whether there was anything.
	// It is for files that nobody can make anew.
	Bare(data []byte, kind string) (changed bool)

	// Make makes an image of a type for which IsImage anew. It waits while
	// others take what memory there is. TooLarge: it has more pixels than that;
	// Invalid: it is no whole image.
	Make(ctx context.Context, data []byte, kind string) (Image, error)
}

// Image is one that was made.
type Image struct {
	Data          []byte
	MIME          string
	Width, Height int
}

// Head is how many of the first bytes of a file tell what it is.
const Head = 3072

// IsImage reports whether files of a type are made anew.
func IsImage(kind string) bool {
	switch kind {
	case "image/jpeg", "image/png", "image/gif", "image/webp":
		return true
	default:
		return false
	}
}
