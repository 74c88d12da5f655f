package memstore

import (
	"bytes"
	"context"

	"kefu/core"
)

// Profile implements core.Records.
func (st *Store) Profile(_ context.Context, id core.VisitorID) (core.Profile, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	p, ok := st.profiles[id]
	if !ok {
		return core.Profile{}, core.Errorf(core.NotFound, "there is no such visitor")
	}
	return p, nil
}

// PutProfile implements core.Records.
func (st *Store) PutProfile(_ context.Context, p core.Profile) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.profiles[p.ID] = p
	return nil
}

// Mark implements core.Records.
func (st *Store) Mark(_ context.Context, id core.ConversationID, side core.PartyKind, seq uint64) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	r := st.recordLocked(id)
	seq = min(seq, r.state.Seq)
	switch side {
	case core.Visitor:
		r.marks.Visitor = max(r.marks.Visitor, seq)
	case core.Staff:
		r.marks.Agent = max(r.marks.Agent, seq)
	default:
		return core.Errorf(core.Invalid, "only visitors and agents read")
	}
	return nil
}

// Marks implements core.Records.
func (st *Store) Marks(_ context.Context, id core.ConversationID) (core.Marks, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.recordLocked(id).marks, nil
}

// Settings implements core.Records.
func (st *Store) Settings(context.Context) (core.Settings, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.settings, nil
}

// PutSettings implements core.Records.
func (st *Store) PutSettings(_ context.Context, s core.Settings) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if s.Version == 0 || st.settings.Version != s.Version-1 {
		return core.Errorf(core.Conflict, "somebody else changed the settings first")
	}
	st.settings = s
	return nil
}

// Secret implements core.Records.
func (st *Store) Secret(_ context.Context, name string, fresh []byte) ([]byte, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.secrets[name]; !ok {
		st.secrets[name] = bytes.Clone(fresh)
	}
	return bytes.Clone(st.secrets[name]), nil
}
