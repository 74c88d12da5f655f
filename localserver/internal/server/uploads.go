package server

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"

	"kefu/core/blob/s3"
	"kefu/localserver/internal/blobdir"
	"kefu/localserver/internal/config"
)

const (
	// mostUploads is how many bytes the files of visitors and agents may take
	// together in the data directory. Then uploads are refused, and nothing else.
	mostUploads = 20 << 30

	// checkWithin is how long the start waits for the bucket.
	checkWithin = 5 * time.Second
)

// openUploads opens the place for files: the bucket that is configured, or else a
// directory. Behind a database that several nodes may share there is none
// without a bucket: a file that one node has in its directory the others would
// not find.
func (s *Server) openUploads(ctx context.Context) error {
	switch {
	case s.Uploads != nil, s.Beside:
	case s.Config.S3.Bucket != "":
		return s.openBucket(ctx)
	case s.Config.Database != "":
		s.Log.Warn("no uploads: they need a bucket where several nodes may run, see s3.bucket")
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

// openBucket has files in the bucket. They pass through here all the same, so that
// images are made anew and the bucket is nobody's business but ours.
//
// A bucket that is refused keeps the server from starting, for somebody has to
// mend the configuration; one that does not answer does not, for people can talk
// without sending files, and it may come back.
func (s *Server) openBucket(ctx context.Context) error {
	c := s.Config.S3
	credentials, err := credentialsOf(ctx, c)
	if err != nil {
		return fmt.Errorf("what AWS's tools find about the bucket can not be used: %w", err)
	}
	store := s3.New(s3.Options{
		Bucket: c.Bucket, Prefix: c.Prefix, Region: c.Region, Endpoint: c.Endpoint, Credentials: credentials, Now: s.Now,
	})
	within, cancel := context.WithTimeout(ctx, checkWithin)
	defer cancel()
	var refused *s3.Refused
	switch err := store.Check(within); {
	case errors.As(err, &refused) && !refused.Passes():
		return fmt.Errorf("the bucket %s can not be used: %w", c.Bucket, refused)
	case err != nil:
		s.Log.Warn("the bucket does not answer; until it does, no file can be sent", "bucket", c.Bucket, "error", errors.Unwrap(err))
	}
	s.Uploads = store
	return nil
}

// credentialsOf are those that are configured, or else those that AWS's own tools
// would use: of the environment, of ~/.aws, of the role of this machine or task.
func credentialsOf(ctx context.Context, c config.S3) (aws.CredentialsProvider, error) {
	if c.AccessKey == "" {
		found, err := awsconfig.LoadDefaultConfig(ctx, awsconfig.WithRegion(c.Region))
		return found.Credentials, err
	}
	return aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{AccessKeyID: c.AccessKey, SecretAccessKey: string(c.SecretKey), Source: "configuration"}, nil
	}), nil
}

// closeUploads closes the directory if it was opened here.
func (s *Server) closeUploads() error {
	if s.uploads == nil {
		return nil
	}
	return s.uploads.Close()
}
