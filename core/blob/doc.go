// Package blob is about the files that visitors and agents send: what a file
// is, what a store of files promises, and what is done to one before it is kept.
//
// # A file
//
// A [File] has a key of 130 random bits, and its [File.URL] is all that is
// needed to fetch it: pages show images by it, and no token can be in a URL. A
// message says the URL; what else it says of the file the desk fills in from
// here. So a file can be sent only by who uploaded it, where it was uploaded to.
//
// # What a file is
//
// Only its first bytes say it: see [Media]. The name and the declared type of an
// upload are the sender's word; a name is made to fit what it is.
//
// # Images
//
// [Media] makes an image anew from its pixels. So the place where it was taken
// stays with who took it (EXIF, XMP, IPTC and comments are gone, the orientation is
// applied), and whatever else was hidden in the file is gone too. An image is
// decoded only if what that takes is within a budget, which all uploads share. JPEG
// and GIF (all frames) stay what they are; PNG too; a WebP becomes a JPEG or, if it
// is lossless or has transparency, a PNG. A colour profile is lost. Where a host
// can not decode (Lambda has neither the time nor the memory), what an image says
// besides its pixels is overwritten, and the pixels stay as they are.
//
// # Doubts
//
// A file that nobody sends in the end, or whose message was taken back, has to
// go. Both are found in one way, whatever process crashes in between: a doubt is a
// note that the file must be held against the log after a time. One is made
// before a file is stored, and one before a message is taken back; who sweeps
// looks into the log and either deletes the file or settles the doubt. That is why
// sending a file writes nothing here.
package blob

import (
	"context"
	"io"
	"net/url"
	"strings"
	"time"

	"kefu/core"
)

// File is what is known of a stored file.
type File struct {
	Key          string // f_ and 26 of a-z 0-9
	Conversation core.ConversationID
	By           core.Party // who uploaded it
	At           time.Time
	Name         string // as Media made it
	MIME         string // as its first bytes show
	Size         int64  // bytes
	Width        int    // pixels, of images
	Height       int
	Clean        bool // an image that Media made: a page may show it as it is
}

// Prefix is what the URL of every file begins with.
const Prefix = "/v1/files/"

// URL is the path of the file on its host.
func (f File) URL() string { return Prefix + f.Key + "/" + url.PathEscape(f.Name) }

// KeyOf returns the key in the URL of a file; empty: there is none.
func KeyOf(u string) string {
	rest, ok := strings.CutPrefix(u, Prefix)
	key, _, named := strings.Cut(rest, "/")
	if !ok || !named || !IsKey(key) {
		return ""
	}
	return key
}

// IsKey reports whether s may be a key: nothing that means anything to a file
// system or in a URL.
func IsKey(s string) bool {
	return len(s) > 2 && len(s) <= 40 && s[:2] == "f_" && strings.Trim(s[2:], "abcdefghijklmnopqrstuvwxyz0123456789") == ""
}

// Attachment is the file as a message has it.
func (f File) Attachment() core.Attachment {
	return core.Attachment{URL: f.URL(), Name: f.Name, Size: f.Size, MIME: f.MIME, Width: f.Width, Height: f.Height}
}

// Doubt says that a file is to be held against the log once At has come.
type Doubt struct {
	Key string
	At  time.Time // whole seconds
}

// Store keeps files. It is safe for concurrent use. Package blobtest checks that
// an implementation keeps to these comments.
type Store interface {
	// Put stores what r yields under f.Key, durably and whole or not at all,
	// and returns f with the Size that it has. An error of r comes back as
	// it is. A key is never put twice, but for a file that a client brought
	// by itself (see Poster): Put replaces it.
	Put(ctx context.Context, f File, r io.Reader) (File, error)

	// Stat returns a file, or NotFound.
	Stat(ctx context.Context, key string) (File, error)

	// Open returns a file and its content, or NotFound. The content may
	// also be an io.Seeker. Whoever asked closes it.
	Open(ctx context.Context, key string) (File, io.ReadCloser, error)

	// Delete removes a file; if there is none it does nothing.
	Delete(ctx context.Context, key string) error

	// Doubt notes a doubt, durably.
	Doubt(ctx context.Context, d Doubt) error

	// Doubts returns those whose time is not after until, the oldest
	// first, at most limit of them.
	Doubts(ctx context.Context, until time.Time, limit int) ([]Doubt, error)

	// Settle removes a doubt; if there is none it does nothing.
	Settle(ctx context.Context, d Doubt) error
}

// Poster is a store that clients send files to by themselves, because the host
// can not pass them on: what Lambda takes in one request is less than a file may
// have. Such files are stored as they were sent, until somebody sends one in a
// message: then [Media] makes an image say no more than its pixels.
type Poster interface {
	// Post returns where a form with the file goes, and what it has to say
	// besides, to store f under f.Key until a time: exactly f.Size bytes of
	// f.MIME. What arrives there otherwise is refused.
	Post(ctx context.Context, f File, until time.Time) (url string, fields map[string]string, err error)

	// Link returns an address from which a file can be fetched for a
	// while, as an attachment.
	Link(ctx context.Context, f File) (string, error)
}
