package memstore

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

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
	p.Pages = slices.Clone(p.Pages)
	return p, nil
}

// PutProfile implements core.Records.
func (st *Store) PutProfile(_ context.Context, p core.Profile) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	p.Pages = slices.Clone(p.Pages)
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

// Known implements core.Records.
func (st *Store) Known(_ context.Context, site core.SiteID, external string, fresh core.VisitorID) (core.VisitorID, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	u := user{site, external}
	if _, ok := st.known[u]; !ok {
		if fresh == "" {
			return "", core.Errorf(core.NotFound, "there is no such visitor")
		}
		st.known[u] = fresh
	}
	return st.known[u], nil
}

// Forget implements core.Records.
func (st *Store) Forget(_ context.Context, p core.Profile, kept ...string) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if u := (user{p.Site, p.External}); p.External != "" && st.known[u] == p.ID {
		delete(st.known, u)
	}
	for _, key := range kept {
		delete(st.kept, key)
	}
	delete(st.profiles, p.ID)
	return nil
}

// Blocks implements core.Records.
func (st *Store) Blocks(context.Context) ([]core.Block, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	list := slices.Collect(maps.Values(st.blocks))
	slices.SortFunc(list, func(a, b core.Block) int {
		return cmp.Or(b.At.Compare(a.At), cmp.Compare(a.Visitor, b.Visitor))
	})
	return list, nil
}

// PutBlock implements core.Records.
func (st *Store) PutBlock(_ context.Context, b core.Block) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	st.blocks[b.Visitor] = b
	return nil
}

// DeleteBlock implements core.Records.
func (st *Store) DeleteBlock(_ context.Context, id core.VisitorID) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if _, ok := st.blocks[id]; !ok {
		return core.Errorf(core.NotFound, "there is no such block")
	}
	delete(st.blocks, id)
	return nil
}

// Keep implements core.Records.
func (st *Store) Keep(_ context.Context, key string, value []byte, now, until time.Time) ([]byte, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	maps.DeleteFunc(st.kept, func(_ string, k kept) bool { return !k.until.After(now) })
	if _, ok := st.kept[key]; !ok {
		st.kept[key] = kept{bytes.Clone(value), until}
	}
	return bytes.Clone(st.kept[key].value), nil
}

// Kept implements core.Records.
func (st *Store) Kept(_ context.Context, key string, now time.Time) ([]byte, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	k, ok := st.kept[key]
	if !ok || !k.until.After(now) {
		return nil, core.Errorf(core.NotFound, "nothing is kept under this key")
	}
	return bytes.Clone(k.value), nil
}

// Settings implements core.Records.
func (st *Store) Settings(context.Context) (core.Settings, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.settingsLocked(), nil
}

func (st *Store) settingsLocked() core.Settings {
	if len(st.settings) == 0 {
		return core.Settings{}
	}
	return st.settings[len(st.settings)-1]
}

// History implements core.Records.
func (st *Store) History(_ context.Context, before uint64, limit int) ([]core.Settings, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	var list []core.Settings
	for _, s := range slices.Backward(st.settings) {
		if len(list) < limit && (before == 0 || s.Version < before) {
			list = append(list, s)
		}
	}
	return list, nil
}

// PutSettings implements core.Records.
func (st *Store) PutSettings(_ context.Context, s core.Settings) error {
	st.mu.Lock()
	defer st.mu.Unlock()
	if s.Version == 0 || st.settingsLocked().Version != s.Version-1 {
		return core.Errorf(core.Conflict, "somebody else changed the settings first")
	}
	st.settings = append(st.settings, s)
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
