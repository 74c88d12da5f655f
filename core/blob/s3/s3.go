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
//
// The seven requests that this takes are signed here, by the signer of the AWS
// SDK, and sent as they are: with the SDK's own client of S3 a function has 1.2 MB
// more, which AWS loads at each cold start.
package s3

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"

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
	HTTP        HTTPClient // nil: http.DefaultClient
}

// HTTPClient is an http.Client.
type HTTPClient interface {
	Do(*http.Request) (*http.Response, error)
}

// Store is a bucket.
type Store struct{ Options }

var (
	_ blob.Store  = (*Store)(nil)
	_ blob.Poster = (*Store)(nil)
)

// New returns a Store. It asks the bucket for nothing yet.
func New(o Options) *Store {
	if o.HTTP == nil {
		o.HTTP = http.DefaultClient
	}
	return &Store{o}
}

// Check uses the bucket as the rest of Store does, for an object that stays a
// moment, so that what is wrong is known before somebody sends a file. The error
// is a [Refused] that does not pass if the server will have none of it, and else
// core's of a store that does not answer, which may pass.
func (s *Store) Check(ctx context.Context) error {
	probe := s.Prefix + "check"
	err := s.write(ctx, probe, nil, nil)
	if err == nil {
		_, err = s.list(ctx, probe, 1)
	}
	if err == nil {
		err = s.discard(ctx, probe)
	}
	var said *Refused
	if errors.As(err, &said) && !said.Passes() {
		return said
	}
	return failed(err)
}

const (
	metaName = "kefu" // x-amz-meta-kefu
	metaKey  = "x-amz-meta-" + metaName

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

func fileOf(key string, h http.Header) (blob.File, error) {
	var m meta
	data, err := base64.RawURLEncoding.DecodeString(h.Get(metaKey))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	size, bad := strconv.ParseInt(h.Get("Content-Length"), 10, 64)
	if err = errors.Join(err, bad); err != nil {
		return blob.File{}, fmt.Errorf("the object of file %s is not ours: %w", key, err)
	}
	return blob.File{
		Key: key, Conversation: m.Conversation, By: core.Party{Kind: m.Kind, ID: m.By}, At: time.UnixMilli(m.At).UTC(), Name: m.Name,
		MIME: h.Get("Content-Type"), Size: size, Width: m.Width, Height: m.Height, Clean: m.Clean,
	}, nil
}

func (s *Store) object(key string) string { return s.Prefix + "files/" + key }

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
	return f, failed(s.write(ctx, s.object(f.Key), spool, http.Header{"Content-Type": {f.MIME}, http.CanonicalHeaderKey(metaKey): {about}}))
}

// Stat implements blob.Store.
func (s *Store) Stat(ctx context.Context, key string) (blob.File, error) {
	if !blob.IsKey(key) {
		return blob.File{}, errNone()
	}
	res, err := s.call(ctx, request{action: "s3:GetObject", method: http.MethodHead, key: s.object(key)})
	if err != nil {
		return blob.File{}, failed(err)
	}
	_ = res.Body.Close() // it has none
	return fileOf(key, res.Header)
}

// Open implements blob.Store.
func (s *Store) Open(ctx context.Context, key string) (blob.File, io.ReadCloser, error) {
	if !blob.IsKey(key) {
		return blob.File{}, nil, errNone()
	}
	res, err := s.call(ctx, request{action: "s3:GetObject", method: http.MethodGet, key: s.object(key)})
	if err != nil {
		return blob.File{}, nil, failed(err)
	}
	f, err := fileOf(key, res.Header)
	if err != nil {
		return f, nil, errors.Join(err, res.Body.Close())
	}
	return f, res.Body, nil
}

// Delete implements blob.Store.
func (s *Store) Delete(ctx context.Context, key string) error {
	if !blob.IsKey(key) {
		return nil
	}
	return failed(s.discard(ctx, s.object(key)))
}

func (s *Store) note(d blob.Doubt) string {
	return fmt.Sprintf("%sdoubts/%012d-%s", s.Prefix, d.At.Unix(), d.Key)
}

// Doubt implements blob.Store.
func (s *Store) Doubt(ctx context.Context, d blob.Doubt) error {
	if !blob.IsKey(d.Key) || d.At.Unix() < 0 {
		return core.Errorf(core.Invalid, "there is no such file")
	}
	return failed(s.write(ctx, s.note(d), nil, nil))
}

// Doubts implements blob.Store.
func (s *Store) Doubts(ctx context.Context, until time.Time, limit int) (out []blob.Doubt, err error) {
	prefix := s.Prefix + "doubts/"
	keys, err := s.list(ctx, prefix, min(limit, 1000))
	if err != nil {
		return nil, failed(err)
	}
	for _, k := range keys {
		seconds, key, _ := strings.Cut(strings.TrimPrefix(k, prefix), "-")
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
func (s *Store) Settle(ctx context.Context, d blob.Doubt) error {
	return failed(s.discard(ctx, s.note(d)))
}

// write puts an object, of a file of which all is sent or of nothing.
func (s *Store) write(ctx context.Context, key string, content *os.File, h http.Header) error {
	q := request{action: "s3:PutObject", method: http.MethodPut, key: key, header: h}
	if content != nil {
		q.body = content
	}
	res, err := s.call(ctx, q)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// discard deletes an object, there or not.
func (s *Store) discard(ctx context.Context, key string) error {
	res, err := s.call(ctx, request{action: "s3:DeleteObject", method: http.MethodDelete, key: key})
	if core.CodeOf(failed(err)) == core.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// list returns the first keys with a prefix, in their order. Of the answer only
// what stands in <Key> is read: a parser of XML is as large as the rest of this
// package, and no key of ours has a character that XML writes otherwise.
func (s *Store) list(ctx context.Context, prefix string, most int) (keys []string, err error) {
	query := url.Values{"list-type": {"2"}, "prefix": {prefix}, "max-keys": {strconv.Itoa(most)}}
	res, err := s.call(ctx, request{action: "s3:ListBucket", method: http.MethodGet, query: query})
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(io.LimitReader(res.Body, 4<<20))
	if err = errors.Join(err, res.Body.Close()); err != nil {
		return nil, fmt.Errorf("s3:ListBucket: %w", err)
	}
	for {
		var key []byte
		if _, data, _ = bytes.Cut(data, []byte("<Key>")); len(data) == 0 {
			return keys, nil
		}
		key, data, _ = bytes.Cut(data, []byte("</Key>"))
		keys = append(keys, string(key))
	}
}

func errNone() error { return core.Errorf(core.NotFound, "there is no such file") }

// failed returns what the desk knows of an error of S3: that there is no such
// thing, or that nobody knows what came of it.
func failed(err error) error {
	if err == nil {
		return nil
	}
	var said *Refused
	if errors.As(err, &said) && said.Status == http.StatusNotFound && said.Code != "NoSuchBucket" {
		return errNone()
	}
	return &core.Error{Code: core.Unavailable, Message: "the store of files does not answer", Retry: time.Second, Cause: err}
}
