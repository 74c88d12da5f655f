package core

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"
)

// Document is a small record of the desk that belongs to no conversation: a
// canned reply, an article, a webhook. What is in it is up to whoever keeps
// documents of its kind; a store only counts versions.
type Document struct {
	Kind, ID string // 1 to 200 bytes of UTF-8 each, without control characters
	Version  uint64 // 1 at first, one more with each change
	At       time.Time
	Data     []byte // at most MaxDocument
}

// The limits of a document. DynamoDB has 400 KB for an item and 1,024 bytes for
// a sort key.
const (
	MaxDocument     = 300 << 10 // bytes of Data
	maxDocumentName = 200       // bytes of Kind and of ID
)

// Documents keeps documents, read strongly.
type Documents interface {
	// Document returns a document, or NotFound. The caller owns its Data.
	Document(ctx context.Context, kind, id string) (Document, error)

	// Documents returns the documents of a kind with an ID greater than
	// after, byte by byte, in that order, at most limit of them. Each page is
	// read by itself: what is put or deleted in between may be in it or not.
	Documents(ctx context.Context, kind, after string, limit int) ([]Document, error)

	// PutDocument stores d under d.Version. It returns Conflict unless the
	// stored version is d.Version-1 (none: 0), and whatever Check does.
	PutDocument(ctx context.Context, d Document) error

	// DeleteDocument removes a document, whatever its version, or returns
	// NotFound. One that is put under its name later begins at version 1.
	DeleteDocument(ctx context.Context, kind, id string) error
}

// Check returns Invalid if Kind or ID is no name, and TooLarge if Data is
// longer than MaxDocument. Every store asks it first.
func (d Document) Check() error {
	for _, name := range []string{d.Kind, d.ID} {
		if name == "" || len(name) > maxDocumentName || !utf8.ValidString(name) || strings.ContainsFunc(name, control) {
			return Errorf(Invalid, "a document needs a kind and an id of 1 to %d bytes, without control characters", maxDocumentName)
		}
	}
	if len(d.Data) > MaxDocument {
		return Errorf(TooLarge, "a document has at most %d KiB", MaxDocument>>10)
	}
	return nil
}

func control(r rune) bool { return r < 0x20 || 0x7f <= r && r < 0xa0 }
