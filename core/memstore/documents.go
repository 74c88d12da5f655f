package memstore

import (
	"bytes"
	"cmp"
	"context"
	"slices"

	"kefu/core"
)

// named is what a document is found by.
type named struct{ kind, id string }

func cloneDocument(d core.Document) core.Document {
	d.Data = bytes.Clone(d.Data)
	return d
}

// Document implements core.Documents.
func (st *Store) Document(_ context.Context, kind, id string) (core.Document, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	d, ok := st.documents[named{kind, id}]
	if !ok {
		return core.Document{}, core.Errorf(core.NotFound, "there is no such document")
	}
	return cloneDocument(d), nil
}

// Documents implements core.Documents.
func (st *Store) Documents(_ context.Context, kind, after string, limit int) ([]core.Document, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var out []core.Document
	for at, d := range st.documents {
		if at.kind == kind && at.id > after {
			out = append(out, cloneDocument(d))
		}
	}
	slices.SortFunc(out, func(a, b core.Document) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(max(limit, 0), len(out))], nil
}

// PutDocument implements core.Documents.
func (st *Store) PutDocument(_ context.Context, d core.Document) error {
	if err := d.Check(); err != nil {
		return err
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	at := named{d.Kind, d.ID}
	if d.Version == 0 || st.documents[at].Version != d.Version-1 {
		return core.Errorf(core.Conflict, "somebody else changed this document first")
	}
	if len(d.Data) == 0 {
		d.Data = nil
	}
	st.documents[at] = cloneDocument(d)
	return nil
}

// DeleteDocument implements core.Documents.
func (st *Store) DeleteDocument(_ context.Context, kind, id string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	at := named{kind, id}
	if _, ok := st.documents[at]; !ok {
		return core.Errorf(core.NotFound, "there is no such document")
	}
	delete(st.documents, at)
	return nil
}
