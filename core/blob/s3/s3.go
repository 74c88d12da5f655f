// Package s3 is a blob.Store, and a blob.Poster, in a bucket of Amazon S3 or of a
// server that speaks its protocol. Both hosts use it: it is no host's own, as the
// one client of a model in package assist is not.
//
// An object is a file; what is known of it is its metadata. A doubt is an empty
// object whose key begins with its time, so that the oldest are the first of
// a listing, and a sweep that finds nothing is one request.
//
//	<prefix>files/f_7zk3c9q0m2x8r5w1t6y4b9d0ha
//	<prefix>doubts/001795426200-f_7zk3c9q0m2x8r5w1t6y4b9d0ha
//
// The bucket is private, and needs no versions, no listing by anybody else and no
// rule that deletes: what goes is deleted by the desk. What has the right to
// it needs s3:PutObject, GetObject and DeleteObject on <prefix>*, and ListBucket
// (or an absent file looks like a forbidden one). Pages that post to the
// bucket need a rule of CORS there: POST, from any origin.
//
// A file is spooled to a temporary one before it is sent, for its size and hash
// come first on the wire.
package s3

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"kefu/core"
	"kefu/core/blob"
)

// Options say where a bucket is. Bucket, Region, Credentials and Now are needed.
type Options struct {
	Bucket      string
	Prefix      string // of all keys, such as "kefu/"; empty: none
	Region      string
	Endpoint    string // http(s)://host:port of a server that is not Amazon's; empty: theirs
	Credentials aws.CredentialsProvider
	Now         func() time.Time
	HTTP        s3.HTTPClient // nil: that of the SDK
}

// Store is a bucket.
type Store struct {
	Options
	client  *s3.Client
	presign *s3.PresignClient
}

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Poster = (*Store)(nil)
)

// New returns a Store. It asks the bucket for nothing yet.
func New(o Options) *Store {
	options := s3.Options{
		Region: o.Region, Credentials: o.Credentials, HTTPClient: o.HTTP, RetryMaxAttempts: 3,
		// Checksums that others' servers do not know; TLS and signatures have theirs.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}
	if o.Endpoint != "" {
		options.BaseEndpoint, options.UsePathStyle = &o.Endpoint, true
	}
	client := s3.New(options)
	return &Store{Options: o, client: client, presign: s3.NewPresignClient(client)}
}

// Refused says why a bucket can not be used, in the server's words: there is no
// such one, or it is not ours to use.
type Refused struct{ Code, Message string }

func (r *Refused) Error() string { return r.Code + ": " + r.Message }

// Check uses the bucket as the rest of Store does, for an object that stays a
// moment, so that what is wrong is known before somebody sends a file. The error
// is a [Refused] if a server answered, and else says that none did, which may
// pass.
func (s *Store) Check(ctx context.Context) error {
	probe := aws.String(s.Prefix + "check")
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.Bucket, Key: probe, Body: strings.NewReader("")})
	if err == nil {
		_, err = s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: probe, MaxKeys: aws.Int32(1)})
	}
	if err == nil {
		_, err = s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: probe})
	}
	var said smithy.APIError
	var answered interface{ HTTPStatusCode() int }
	if errors.As(err, &said) && errors.As(err, &answered) && answered.HTTPStatusCode()/100 == 4 {
		return &Refused{said.ErrorCode(), cmp.Or(said.ErrorMessage(), http.StatusText(answered.HTTPStatusCode()))}
	}
	return failed(err)
}

const (
	metaName = "kefu" // x-amz-meta-kefu

	linkFor = 5 * time.Minute
)

// meta is what is known of a file besides what S3 itself knows, in JSON.
type meta struct {
	Conversation core.ConversationID `json:"c"`
	Kind         core.PartyKind      `json:"k"`
	By           string              `json:"b"`
	At           int64               `json:"a"` // milliseconds
	Name         string              `json:"n"`
	Width        int                 `json:"w,omitempty"`
	Height       int                 `json:"h,omitempty"`
	Clean        bool                `json:"i,omitempty"`
}

// metadata is ASCII, as headers have to be.
func metadata(f blob.File) (string, error) {
	data, err := json.Marshal(meta{f.Conversation, f.By.Kind, f.By.ID, f.At.UnixMilli(), f.Name, f.Width, f.Height, f.Clean})
	if err != nil || len(data) > 1500 { // S3 takes 2 KB
		return "", core.Errorf(core.Invalid, "this file can not be kept")
	}
	return base64.RawURLEncoding.EncodeToString(data), nil
}

func fileOf(key string, metadata map[string]string, kind *string, size *int64) (blob.File, error) {
	var text string
	for name, value := range metadata {
		if strings.EqualFold(name, metaName) { // some servers write Kefu
			text = value
		}
	}
	var m meta
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		return blob.File{}, fmt.Errorf("the object of file %s is not ours: %w", key, err)
	}
	return blob.File{
		Key: key, Conversation: m.Conversation, By: core.Party{Kind: m.Kind, ID: m.By}, At: time.UnixMilli(m.At).UTC(), Name: m.Name,
		MIME: aws.ToString(kind), Size: aws.ToInt64(size), Width: m.Width, Height: m.Height, Clean: m.Clean,
	}, nil
}

func (s *Store) object(key string) *string { return aws.String(s.Prefix + "files/" + key) }

// Put implements blob.Store.
func (s *Store) Put(ctx context.Context, f blob.File, r io.Reader) (blob.File, error) {
	about, err := metadata(f)
	if err != nil {
		return f, err
	}
	spool, err := os.CreateTemp("", "kefu-upload-*")
	if err != nil {
		return f, err
	}
	defer func() { _ = errors.Join(spool.Close(), os.Remove(spool.Name())) }() // what stays is the system's to clean
	if f.Size, err = io.Copy(spool, r); err != nil {
		return f, err
	}
	if _, err := spool.Seek(0, io.SeekStart); err != nil {
		return f, err
	}
	_, err = s.client.PutObject(ctx, &s3.PutObjectInput{
		Bucket: &s.Bucket, Key: s.object(f.Key), Body: spool, ContentLength: &f.Size, ContentType: &f.MIME,
		Metadata: map[string]string{metaName: about},
	})
	return f, failed(err)
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.File, error) {
	if !blob.IsKey(key) {
		return blob.File{}, errNone()
	}
	out, err := s.client.HeadObject(ctx, &s3.HeadObjectInput{Bucket: &s.Bucket, Key: s.object(key)})
	if err != nil {
		return blob.File{}, failed(err)
	}
	return fileOf(key, out.Metadata, out.ContentType, out.ContentLength)
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (blob.File, io.ReadCloser, error) {
	if !blob.IsKey(key) {
		return blob.File{}, nil, errNone()
	}
	out, err := s.client.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.Bucket, Key: s.object(key)})
	if err != nil {
		return blob.File{}, nil, failed(err)
	}
	f, err := fileOf(key, out.Metadata, out.ContentType, out.ContentLength)
	if err != nil {
		return f, nil, errors.Join(err, out.Body.Close())
	}
	return f, out.Body, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if !blob.IsKey(key) {
		return nil
	}
	return s.remove(ctx, s.object(key))
}

func (s *Store) remove(ctx context.Context, object *string) error {
	_, err := s.client.DeleteObject(ctx, &s3.DeleteObjectInput{Bucket: &s.Bucket, Key: object})
	if err = failed(err); core.CodeOf(err) == core.NotFound {
		return nil
	}
	return err
}

func (s *Store) note(d blob.Doubt) *string {
	return aws.String(fmt.Sprintf("%sdoubts/%012d-%s", s.Prefix, d.At.Unix(), d.Key))
}

// Doubt implements blob.Store.
func (s *Store) Doubt(ctx context.Context, d blob.Doubt) error {
	if !blob.IsKey(d.Key) || d.At.Unix() < 0 {
		return core.Errorf(core.Invalid, "there is no such file")
	}
	_, err := s.client.PutObject(ctx, &s3.PutObjectInput{Bucket: &s.Bucket, Key: s.note(d), Body: strings.NewReader("")})
	return failed(err)
}

// Doubts implements blob.Store.
func (s *Store) Doubts(ctx context.Context, until time.Time, limit int) (out []blob.Doubt, err error) {
	prefix := s.Prefix + "doubts/"
	list, err := s.client.ListObjectsV2(ctx, &s3.ListObjectsV2Input{Bucket: &s.Bucket, Prefix: &prefix, MaxKeys: aws.Int32(int32(min(limit, 1000)))})
	if err != nil {
		return nil, failed(err)
	}
	for _, o := range list.Contents {
		seconds, key, _ := strings.Cut(strings.TrimPrefix(aws.ToString(o.Key), prefix), "-")
		at, err := strconv.ParseInt(seconds, 10, 64)
		if err != nil || !blob.IsKey(key) {
			continue // nothing of ours
		}
		if at > until.Unix() {
			break
		}
		out = append(out, blob.Doubt{Key: key, At: time.Unix(at, 0).UTC()})
	}
	return out, nil
}

// Settle implements blob.Store.
func (s *Store) Settle(ctx context.Context, d blob.Doubt) error { return s.remove(ctx, s.note(d)) }

// Post implements blob.Poster: a policy of S3 for exactly this file.
func (s *Store) Post(ctx context.Context, f blob.File, until time.Time) (string, map[string]string, error) {
	about, err := metadata(f)
	if err != nil {
		return "", nil, err
	}
	more := map[string]string{"Content-Type": f.MIME, "x-amz-meta-" + metaName: about}
	conditions := []any{[]any{"content-length-range", f.Size, f.Size}}
	for name, value := range more {
		conditions = append(conditions, map[string]string{name: value})
	}
	out, err := s.presign.PresignPostObject(ctx, &s3.PutObjectInput{Bucket: &s.Bucket, Key: s.object(f.Key)}, func(o *s3.PresignPostOptions) {
		o.Expires = until.Sub(s.Now())
		o.Conditions = conditions
	})
	if err != nil {
		return "", nil, failed(err)
	}
	maps.Copy(more, out.Values)
	return out.URL, more, nil
}

// Link implements blob.Poster.
func (s *Store) Link(ctx context.Context, f blob.File) (string, error) {
	name := "attachment; filename*=UTF-8''" + strings.ReplaceAll(url.PathEscape(f.Name), "'", "%27")
	out, err := s.presign.PresignGetObject(ctx, &s3.GetObjectInput{
		Bucket: &s.Bucket, Key: s.object(f.Key), ResponseContentDisposition: &name, ResponseContentType: &f.MIME,
	}, s3.WithPresignExpires(linkFor))
	if err != nil {
		return "", failed(err)
	}
	return out.URL, nil
}

func errNone() error { return core.Errorf(core.NotFound, "there is no such file") }

// failed returns what the desk knows of an error of S3: that there is no such
// thing, or that nobody knows what came of it.
func failed(err error) error {
	if err == nil {
		return nil
	}
	var absent *types.NoSuchKey
	var gone *types.NotFound
	var answered interface{ HTTPStatusCode() int }
	var said smithy.APIError
	bucket := errors.As(err, &said) && said.ErrorCode() == "NoSuchBucket"
	status := errors.As(err, &answered) && answered.HTTPStatusCode() == http.StatusNotFound
	if !bucket && (status || errors.As(err, &absent) || errors.As(err, &gone)) {
		return errNone()
	}
	return &core.Error{Code: core.Unavailable, Message: "the store of files does not answer", Retry: time.Second, Cause: err}
}
