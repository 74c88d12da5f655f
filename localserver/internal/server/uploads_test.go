package server

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"kefu/core/blob/blobtest"
	"kefu/localserver/internal/config"
)

// Where files are kept: in the data directory, where somebody else keeps them,
// or nowhere, behind a database that other nodes may share.
func TestOpenUploads(t *testing.T) {
	dir := t.TempDir()
	for name, c := range map[string]struct {
		o    Options
		want bool // there is a directory
		some bool // there are uploads
	}{
		"a directory":         {Options{Config: config.Config{Data: filepath.Join(dir, "a")}}, true, true},
		"elsewhere":           {Options{Config: config.Config{Data: filepath.Join(dir, "b")}, Uploads: &blobtest.Memory{}}, false, true},
		"a database of many":  {Options{Config: config.Config{Data: filepath.Join(dir, "c"), Database: "postgres://db/kefu"}}, false, false},
		"a database, a store": {Options{Config: config.Config{Data: filepath.Join(dir, "d"), Database: "postgres://db/kefu"}, Uploads: &blobtest.Memory{}}, false, true},
	} {
		c.o.Log = slog.New(slog.DiscardHandler)
		s := &Server{Options: c.o}
		if err := s.openUploads(t.Context()); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		_, err := os.Stat(filepath.Join(c.o.Config.Data, "uploads"))
		if (err == nil) != c.want || (s.Uploads != nil) != c.some {
			t.Errorf("%s: directory %v, uploads %v", name, err == nil, s.Uploads)
		}
		if err := s.closeUploads(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// What is in the way is told in a sentence.
func TestUploadsInTheWay(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "uploads"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	s := &Server{Options: Options{Config: config.Config{Data: dir}}}
	if err := s.openUploads(t.Context()); err == nil || !strings.HasPrefix(err.Error(), "the directory "+dir) {
		t.Errorf("got %v", err)
	}
}
