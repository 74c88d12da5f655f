package blobtest

import (
	"bytes"
	"cmp"
	"context"
	"io"
	"slices"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/blob"
)

// Memory is a blob.Store in a map. The zero Memory is empty.
type Memory struct {
	mu     sync.Mutex
	files  map[string]kept // guarded by mu
	doubts []blob.Doubt    // guarded by mu
}

type kept struct {
	blob.File
	data []byte
}

var _ blob.Store = (*Memory)(nil)

// Put implements blob.Store.
func (m *Memory) Put(_ context.Context, f blob.File, r io.Reader) (blob.File, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return f, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.files == nil {
		m.files = map[string]kept{}
	}
	f.Size = int64(len(data))
	m.files[f.Key] = kept{f, data}
	return f, nil
}

// Stat implements blob.Store.
func (m *Memory) Stat(_ context.Context, key string) (blob.File, error) {
	f, err := m.find(key)
	return f.File, err
}

// Open implements blob.Store.
func (m *Memory) Open(_ context.Context, key string) (blob.File, io.ReadCloser, error) {
	f, err := m.find(key)
	if err != nil {
		return f.File, nil, err
	}
	return f.File, seekable{bytes.NewReader(f.data)}, nil
}

type seekable struct{ *bytes.Reader }

func (seekable) Close() error { return nil }

func (m *Memory) find(key string) (kept, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	f, ok := m.files[key]
	if !ok {
		return f, core.Errorf(core.NotFound, "there is no such file")
	}
	return f, nil
}

// Delete implements blob.Store.
func (m *Memory) Delete(_ context.Context, key string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.files, key)
	return nil
}

// Doubt implements blob.Store.
func (m *Memory) Doubt(_ context.Context, d blob.Doubt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	d.At = d.At.Truncate(time.Second)
	if !slices.ContainsFunc(m.doubts, same(d)) {
		m.doubts = append(m.doubts, d)
	}
	slices.SortFunc(m.doubts, func(a, b blob.Doubt) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Key, b.Key)) })
	return nil
}

// Doubts implements blob.Store.
func (m *Memory) Doubts(_ context.Context, until time.Time, limit int) (out []blob.Doubt, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, d := range m.doubts {
		if !d.At.After(until) && len(out) < limit {
			out = append(out, d)
		}
	}
	return out, nil
}

// Settle implements blob.Store.
func (m *Memory) Settle(_ context.Context, d blob.Doubt) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.doubts = slices.DeleteFunc(m.doubts, same(d))
	return nil
}

func same(d blob.Doubt) func(blob.Doubt) bool {
	return func(x blob.Doubt) bool { return x.Key == d.Key && x.At.Equal(d.At.Truncate(time.Second)) }
}
