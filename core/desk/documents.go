package desk

import (
	"context"
	"encoding/json"

	"kefu/core"
)

// The kinds of documents that this package keeps.
const (
	kindAudit = "audit"
	kindReply = "reply"
	kindTOTP  = "totp"
)

// docPage is how many documents are read at once.
const docPage = 200

// readDoc decodes a document into v.
func (d *Desk) readDoc(ctx context.Context, kind, id string, v any) (core.Document, error) {
	doc, err := d.Store.Document(ctx, kind, id)
	if err != nil {
		return doc, err
	}
	return doc, decodeDoc(doc, v)
}

func decodeDoc(doc core.Document, v any) error {
	if err := json.Unmarshal(doc.Data, v); err != nil {
		return &core.Error{Code: core.Internal, Message: "a stored document is damaged", Cause: err}
	}
	return nil
}

// putDoc stores v as the version after the given one (0: there is none yet).
func (d *Desk) putDoc(ctx context.Context, kind, id string, version uint64, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return &core.Error{Code: core.Internal, Message: "a document can not be written", Cause: err}
	}
	return d.Store.PutDocument(ctx, core.Document{Kind: kind, ID: id, Version: version + 1, At: d.Now().UTC(), Data: data})
}

// eachDoc visits the documents of a kind by ID, until visit says that it has
// enough or most of them were read.
func (d *Desk) eachDoc(ctx context.Context, kind, after string, most int, visit func(core.Document) (more bool, err error)) error {
	for seen := 0; seen < most; {
		page, err := d.Store.Documents(ctx, kind, after, min(docPage, most-seen))
		if err != nil {
			return err
		}
		for _, doc := range page {
			if more, err := visit(doc); err != nil || !more {
				return err
			}
		}
		seen += len(page)
		if len(page) < docPage {
			return nil
		}
		after = page[len(page)-1].ID
	}
	return nil
}
