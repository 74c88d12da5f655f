// Package blobdir is a blob.Store in a directory. It is for one node: another
// would not see its files.
//
// A file is a file: one line of JSON that says what is known of it, and then what
// was sent. It is written beside the others, synced and only then given its name, so
// whatever has a name is whole. A doubt is an empty file whose name begins
// with its time, so the oldest is the first of a listing.
//
//	files/f_7zk3c9q0m2x8r5w1t6y4b9d0ha
//	doubts/001795426200-f_7zk3c9q0m2x8r5w1t6y4b9d0ha
//	coming/…
//
// Nobody but the server's own user can read any of it. No name that comes from
// a client can leave the directory: see os.Root.
package blobdir

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"kefu/core"
	"kefu/core/blob"
)

const (
	files, doubts, coming = "files", "doubts", "coming"

	maxHeader = 8 << 10 // bytes of the line of JSON
)

// Store is a directory of files.
type Store struct {
	root *os.Root
	most int64        // bytes of all files
	used atomic.Int64 // bytes; what is being written counts
}

var _ blob.Store = (*Store)(nil)

// Open makes a directory ready, which is made if it is not there, for at most
// so many bytes of files. What was not whole when the last server ended is
// removed.
func Open(dir string, most int64) (*Store, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{root: root, most: most}
	if err := s.prepare(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return s, nil
}

func (s *Store) prepare() error {
	if err := s.root.RemoveAll(coming); err != nil {
		return err
	}
	for _, dir := range []string{files, doubts, coming} {
		if err := s.root.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	list, err := fs.ReadDir(s.root.FS(), files)
	for _, e := range list {
		if info, err := e.Info(); err == nil { // or it has gone meanwhile
			s.used.Add(info.Size())
		}
	}
	return errors.Join(err, s.sync("."))
}

// Close gives the directory back.
func (s *Store) Close() error { return s.root.Close() }

// head is the line before the content, in JSON.
type head struct {
	Conversation core.ConversationID `json:"conversation"`
	Kind         core.PartyKind      `json:"kind"`
	By           string              `json:"by"`
	At           time.Time           `json:"at"`
	Name         string              `json:"name"`
	MIME         string              `json:"mime"`
	Width        int                 `json:"width,omitempty"`
	Height       int                 `json:"height,omitempty"`
	Clean        bool                `json:"clean,omitempty"`
}

// Put implements blob.Store.
func (s *Store) Put(_ context.Context, f blob.File, r io.Reader) (blob.File, error) {
	line, err := json.Marshal(head{f.Conversation, f.By.Kind, f.By.ID, f.At, f.Name, f.MIME, f.Width, f.Height, f.Clean})
	if err != nil || !blob.IsKey(f.Key) || len(line) >= maxHeader {
		return f, core.Errorf(core.Invalid, "this file can not be kept")
	}
	temporary := path.Join(coming, f.Key)
	w, err := s.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return f, err
	}
	counted := &counter{store: s, w: w}
	_, err = counted.Write(append(line, '\n'))
	if err == nil {
		f.Size, err = io.Copy(counted, r)
	}
	if err == nil {
		err = w.Sync()
	}
	if err = errors.Join(err, w.Close()); err == nil {
		err = s.root.Rename(temporary, path.Join(files, f.Key))
	}
	if err != nil {
		s.used.Add(-counted.n)
		return f, errors.Join(err, s.remove(temporary))
	}
	return f, s.sync(files)
}

// counter writes as long as there is room.
type counter struct {
	store *Store
	w     io.Writer
	n     int64
}

// Write implements io.Writer.
func (c *counter) Write(p []byte) (int, error) {
	if c.store.used.Add(int64(len(p))) > c.store.most {
		c.store.used.Add(-int64(len(p)))
		return 0, &core.Error{Code: core.Unavailable, Message: "there is no room for more files"}
	}
	c.n += int64(len(p))
	return c.w.Write(p)
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.File, error) {
	f, content, err := s.Open(ctx, key)
	if err != nil {
		return f, err
	}
	return f, content.Close()
}

// Open implements blob.Store.
func (s *Store) Open(_ context.Context, key string) (blob.File, io.ReadCloser, error) {
	none := core.Errorf(core.NotFound, "there is no such file")
	if !blob.IsKey(key) {
		return blob.File{}, nil, none
	}
	r, err := s.root.Open(path.Join(files, key))
	if errors.Is(err, fs.ErrNotExist) {
		return blob.File{}, nil, none
	}
	if err != nil {
		return blob.File{}, nil, err
	}
	f, begin, err := readHead(r)
	if err != nil {
		return f, nil, errors.Join(fmt.Errorf("file %s: %w", key, err), r.Close())
	}
	f.Key = key
	return f, &content{io.NewSectionReader(r, begin, f.Size), r}, nil
}

// content is what follows the head.
type content struct {
	*io.SectionReader
	io.Closer
}

func readHead(r *os.File) (f blob.File, begin int64, err error) {
	info, err := r.Stat()
	if err != nil {
		return f, 0, err
	}
	start := make([]byte, maxHeader)
	n, err := io.ReadFull(r, start)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return f, 0, err
	}
	line, _, ok := strings.Cut(string(start[:n]), "\n")
	var h head
	if err := json.Unmarshal([]byte(line), &h); err != nil || !ok {
		return f, 0, errors.New("its first line is damaged")
	}
	begin = int64(len(line)) + 1
	return blob.File{
		Conversation: h.Conversation, By: core.Party{Kind: h.Kind, ID: h.By}, At: h.At, Name: h.Name, MIME: h.MIME,
		Size: info.Size() - begin, Width: h.Width, Height: h.Height, Clean: h.Clean,
	}, begin, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(_ context.Context, key string) error {
	if !blob.IsKey(key) {
		return nil
	}
	name := path.Join(files, key)
	info, err := s.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = s.root.Remove(name)
	}
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return nil // another was faster, and counted it
		}
		return err
	}
	s.used.Add(-info.Size())
	return s.sync(files)
}

func doubtName(d blob.Doubt) string {
	return path.Join(doubts, fmt.Sprintf("%012d-%s", d.At.Unix(), d.Key))
}

// Doubt implements blob.Store.
func (s *Store) Doubt(_ context.Context, d blob.Doubt) error {
	if !blob.IsKey(d.Key) || d.At.Unix() < 0 {
		return core.Errorf(core.Invalid, "there is no such file")
	}
	w, err := s.root.OpenFile(doubtName(d), os.O_WRONLY|os.O_CREATE, 0o600)
	if err == nil {
		err = w.Close()
	}
	return errors.Join(err, s.sync(doubts))
}

// Doubts implements blob.Store.
func (s *Store) Doubts(_ context.Context, until time.Time, limit int) (out []blob.Doubt, err error) {
	list, err := fs.ReadDir(s.root.FS(), doubts) // sorted by name
	for _, e := range list {
		seconds, key, _ := strings.Cut(e.Name(), "-")
		at, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || !blob.IsKey(key) {
			continue // nothing of ours
		}
		if at > until.Unix() || len(out) == limit {
			break
		}
		out = append(out, blob.Doubt{Key: key, At: time.Unix(at, 0).UTC()})
	}
	return out, err
}

// Settle implements blob.Store.
func (s *Store) Settle(_ context.Context, d blob.Doubt) error { return s.remove(doubtName(d)) }

func (s *Store) remove(name string) error {
	if err := s.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// sync has names that were given survive a power cut. Windows does so by itself,
// and has no call for it.
func (s *Store) sync(dir string) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	d, err := s.root.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
