package stack

import (
	"context"
	"fmt"
	"net"
	"path/filepath"

	"kefu/functions/local/bucket"
)

// bucketName is the name of the only one.
const bucketName = "kefu-files"

// openBucket starts the bucket of files. It has an origin of its own, as on AWS:
// what a page may not do there it may not do here.
func (s *Stack) openBucket(ctx context.Context) error {
	o := bucket.Options{Name: bucketName, Region: region, Credentials: s.keys, Now: s.Now}
	if s.Data != "" {
		o.Dir = filepath.Join(s.Data, "files")
	}
	b, err := bucket.Open(o)
	if err != nil {
		return err // a sentence already
	}
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("no port is free for the files: %w", err)
	}
	s.bucket = "http://" + l.Addr().String()
	s.serve(l, b)
	return nil
}
