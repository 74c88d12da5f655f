package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"kefu/core"
)

// Document implements core.Documents.
func (st *Store) Document(ctx context.Context, kind, id string) (core.Document, error) {
	const row = "SELECT version, at, data FROM document WHERE kind = ?1 AND id = ?2"
	d := core.Document{Kind: kind, ID: id}
	if !storable(kind) || !storable(id) {
		return core.Document{}, errNoDocument()
	}
	err := st.read.row(ctx, row, []any{kind, id}, &d.Version, clock{&d.At}, &d.Data)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return core.Document{}, errNoDocument()
	case err != nil:
		return core.Document{}, unavailable(err)
	}
	return filled(d), nil
}

func errNoDocument() error { return core.Errorf(core.NotFound, "there is no such document") }

// storable: PostgreSQL refuses the others even in a question.
func storable(name string) bool {
	return strings.ToValidUTF8(name, "") == name && !strings.Contains(name, "\x00")
}

// filled is d as it was put: no bytes are nil.
func filled(d core.Document) core.Document {
	if len(d.Data) == 0 {
		d.Data = nil
	}
	return d
}

// Documents implements core.Documents.
func (st *Store) Documents(ctx context.Context, kind, after string, limit int) ([]core.Document, error) {
	const page = "SELECT id, version, at, data FROM document WHERE kind = ?1 AND id > ?2 ORDER BY id LIMIT ?3"
	if !storable(kind) || !storable(after) {
		return nil, nil
	}
	var list []core.Document
	err := st.read.rows(ctx, page, []any{kind, after, max(limit, 0)}, func(scan scan) error {
		d := core.Document{Kind: kind}
		err := scan(&d.ID, &d.Version, clock{&d.At}, &d.Data)
		list = append(list, filled(d))
		return err
	})
	if err != nil {
		return nil, unavailable(err)
	}
	return list, nil
}

// The two ways to put a document: the first version of it, and a later one.
const (
	addDocument = `INSERT INTO document (version, at, data, kind, id) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING`
	setDocument = `UPDATE document SET version = ?1, at = ?2, data = ?3 WHERE kind = ?4 AND id = ?5 AND version = ?1 - 1`
)

// PutDocument implements core.Documents.
func (st *Store) PutDocument(ctx context.Context, d core.Document) error {
	if err := d.Check(); err != nil {
		return err
	}
	put := setDocument
	if d.Version == 1 {
		put = addDocument
	}
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, put, number(d.Version), millis(d.At), append([]byte{}, d.Data...), d.Kind, d.ID)
		if err == nil && n == 0 {
			return core.Errorf(core.Conflict, "somebody else changed this document first")
		}
		return err
	})
}

// DeleteDocument implements core.Documents.
func (st *Store) DeleteDocument(ctx context.Context, kind, id string) error {
	if !storable(kind) || !storable(id) {
		return errNoDocument()
	}
	return st.writer.write(ctx, func(ctx context.Context, s *statements) error {
		n, err := s.exec(ctx, "DELETE FROM document WHERE kind = ?1 AND id = ?2", kind, id)
		if err == nil && n == 0 {
			return errNoDocument()
		}
		return err
	})
}
