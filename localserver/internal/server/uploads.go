package server

import (
	"context"
	"fmt"
	"path/filepath"

	"kefu/localserver/internal/blobdir"
)

// mostUploads is how many bytes the files of visitors and agents may take
// together in the data directory. Then uploads are refused, and nothing else.
const mostUploads = 20 << 30

// openUploads opens the directory of files, unless there is another place for
// them. Behind a database that several nodes may share there is none: a file
// that one node has in its directory the others would not find.
func (s *Server) openUploads(context.Context) error {
	switch {
	case s.Uploads != nil, s.Beside:
	case s.Config.Database != "":
		s.Log.Warn("no uploads: they need a bucket where several nodes may run")
	default:
		dir := filepath.Join(s.Config.Data, "uploads")
		store, err := blobdir.Open(dir, mostUploads)
		if err != nil {
			return fmt.Errorf("the directory %s can not be used: %w", dir, cause(err))
		}
		s.uploads, s.Uploads = store, store
	}
	return nil
}

// closeUploads closes the directory if it was opened here.
func (s *Server) closeUploads() error {
	if s.uploads == nil {
		return nil
	}
	return s.uploads.Close()
}
