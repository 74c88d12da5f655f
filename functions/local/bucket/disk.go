package bucket

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// Open returns a bucket with the objects that were left in Options.Dir, which is
// made if need be. It must not be open twice.
func Open(o Options) (*Bucket, error) {
	b := &Bucket{Options: o, objects: map[string]object{}}
	if o.Dir == "" {
		return b, nil
	}
	if err := os.MkdirAll(o.Dir, 0o700); err != nil {
		return nil, fmt.Errorf("there is no place for files: %w", err)
	}
	entries, err := os.ReadDir(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("the files can not be read: %w", err)
	}
	for _, e := range entries {
		if strings.HasSuffix(e.Name(), unfinished) {
			continue // it was never stored
		}
		data, err := os.ReadFile(filepath.Join(o.Dir, e.Name()))
		if err != nil {
			return nil, fmt.Errorf("the files can not be read: %w", err)
		}
		var kept object
		head, rest, _ := bytes.Cut(data, []byte("\n"))
		if err := json.Unmarshal(head, &kept); err != nil {
			return nil, fmt.Errorf("%s: %s is none of ours: %w", o.Dir, e.Name(), err)
		}
		kept.data = rest
		b.objects[kept.Key] = kept
	}
	return b, nil
}

const unfinished = ".part"

func (b *Bucket) path(key string) string { return filepath.Join(b.Dir, url.PathEscape(key)) }

// save keeps an object, whole or not at all: what is known of it in a line of
// JSON, and its bytes.
func (b *Bucket) save(o object) error {
	if b.Dir == "" {
		return nil
	}
	head, err := json.Marshal(o)
	if err != nil {
		return err
	}
	path := b.path(o.Key)
	if err := os.WriteFile(path+unfinished, append(append(head, '\n'), o.data...), 0o600); err != nil {
		return err
	}
	return os.Rename(path+unfinished, path)
}

func (b *Bucket) drop(key string) error {
	if b.Dir == "" {
		return nil
	}
	if err := os.Remove(b.path(key)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
