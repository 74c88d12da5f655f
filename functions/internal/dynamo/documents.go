package dynamo

import (
	"bytes"
	"context"

	"kefu/core"
)

func documentKey(kind, id string) key { return key{partDocuments(kind), id} }

func errNoDocument() error { return core.Errorf(core.NotFound, "there is no such document") }

func document(kind string, it item) core.Document {
	d := core.Document{
		Kind: kind, ID: getStr(it, "sk"), Version: uint64(getNum(it, "v")), At: getTime(it, "at"),
		Data: bytes.Clone(getBin(it, "d")),
	}
	if len(d.Data) == 0 {
		d.Data = nil
	}
	return d
}

// Document implements core.Documents.
func (st *Store) Document(ctx context.Context, kind, id string) (core.Document, error) {
	if (core.Document{Kind: kind, ID: id}).Check() != nil {
		return core.Document{}, errNoDocument() // nor would DynamoDB take such a key
	}
	it, err := st.get(ctx, documentKey(kind, id))
	switch {
	case err != nil:
		return core.Document{}, err
	case it == nil:
		return core.Document{}, errNoDocument()
	}
	return document(kind, it), nil
}

// isKind reports whether there can be documents of such a kind.
func isKind(kind string) bool { return (core.Document{Kind: kind, ID: "any"}).Check() == nil }

// Documents implements core.Documents.
func (st *Store) Documents(ctx context.Context, kind, after string, limit int) ([]core.Document, error) {
	if limit <= 0 || !isKind(kind) {
		return nil, nil
	}
	s := span{pk: partDocuments(kind), from: after, to: last, limit: limit + 1} // after itself may be among them
	if after == "" {
		s.from = " " // nothing that a name may be comes before it
	}
	var out []core.Document
	err := st.each(ctx, s, func(it item) (bool, error) {
		if getStr(it, "sk") > after {
			out = append(out, document(kind, it))
		}
		return len(out) == limit, nil
	})
	return out, err
}

// PutDocument implements core.Documents. The mark tells a writer whose answer
// was lost that the version which is there is its own.
func (st *Store) PutDocument(ctx context.Context, d core.Document) error {
	if err := d.Check(); err != nil {
		return err
	}
	if d.Version == 0 {
		return errChanged("this document")
	}
	mark := newMark()
	it := item{"v": num(d.Version), "at": when(d.At), "d": bin(d.Data), "w": bin(mark)}
	c := condition{text: absent}
	if d.Version > 1 {
		c = condition{text: "v = :was", values: item{":was": num(d.Version - 1)}}
	}
	r, err := st.put(ctx, documentKey(d.Kind, d.ID), it, c)
	if err != nil || r.ok {
		return err
	}
	there, err := r.instead(ctx)
	if err == nil && !bytes.Equal(getBin(there, "w"), mark) {
		return errChanged("this document")
	}
	return err
}

// DeleteDocument implements core.Documents.
func (st *Store) DeleteDocument(ctx context.Context, kind, id string) error {
	if _, err := st.Document(ctx, kind, id); err != nil {
		return err
	}
	return st.remove(ctx, documentKey(kind, id), condition{})
}
