package s3

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// request is one to the bucket.
type request struct {
	action string // of IAM: what it needs the right to
	method string
	key    string // empty: the bucket itself
	query  url.Values
	header http.Header
	body   io.ReadSeeker // nil: nothing
}

// Refused says why a bucket can not be used, in the server's words: there is no
// such one, or it is not ours to use.
type Refused struct {
	Status        int
	Code, Message string
}

func (r *Refused) Error() string { return r.Code + ": " + r.Message }

// Passes reports whether the server has no time now, and may have some later.
func (r *Refused) Passes() bool {
	return r.Status >= http.StatusInternalServerError || r.Status == http.StatusTooManyRequests
}

const (
	attempts = 3
	pause    = 100 * time.Millisecond // before the second attempt; twice as long before the third
)

// call sends a request, again if the server had no time for it, and returns an
// answer of 2xx; any other is a *Refused. The caller closes its body.
func (s *Store) call(ctx context.Context, q request) (*http.Response, error) {
	hash, size, err := measured(q.body)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", q.action, err)
	}
	for attempt := 1; ; attempt++ {
		res, err := s.send(ctx, q, hash, size)
		if err == nil && res.StatusCode/100 == 2 {
			return res, nil
		}
		passes := true
		if err == nil {
			said := refused(res)
			passes, err = said.Passes(), said
		}
		if !passes || attempt == attempts || !wait(ctx, pause<<(attempt-1)) {
			return nil, fmt.Errorf("%s: %w", q.action, err)
		}
	}
}

// measured returns the hash and the size of what is sent.
func measured(body io.ReadSeeker) (hash string, size int64, err error) {
	h := sha256.New()
	if body != nil {
		if _, err = body.Seek(0, io.SeekStart); err == nil {
			size, err = io.Copy(h, body)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), size, err
}

// wait waits about so long; false: ctx is over.
func wait(ctx context.Context, long time.Duration) bool {
	timer := time.NewTimer(long/2 + rand.N(long))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// send sends a request once.
func (s *Store) send(ctx context.Context, q request, hash string, size int64) (*http.Response, error) {
	u := s.base()
	u.Path += "/" + q.key
	u.RawQuery = q.query.Encode()
	req, err := http.NewRequestWithContext(ctx, q.method, u.String(), http.NoBody)
	if err != nil {
		return nil, err
	}
	if q.body != nil && size > 0 {
		if _, err := q.body.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		req.Body, req.ContentLength = io.NopCloser(q.body), size // the caller's to close
	}
	for name, values := range q.header {
		req.Header[name] = values
	}
	req.Header.Set("X-Amz-Content-Sha256", hash)
	keys, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, err
	}
	if err := signer().SignHTTP(ctx, keys, req, hash, "s3", s.Region, s.Now()); err != nil {
		return nil, err
	}
	return s.HTTP.Do(req)
}

// signer signs paths as they are, which S3 alone wants.
func signer() *v4.Signer {
	return v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
}

// base is where the bucket is: in its own domain at Amazon's, below a path
// elsewhere, and there too if its name has dots, which no certificate covers.
func (s *Store) base() url.URL {
	host := "s3." + s.Region + ".amazonaws.com"
	if strings.HasPrefix(s.Region, "cn-") {
		host += ".cn"
	}
	if s.Endpoint == "" && !strings.Contains(s.Bucket, ".") {
		return url.URL{Scheme: "https", Host: s.Bucket + "." + host}
	}
	u, err := url.Parse(cmp.Or(s.Endpoint, "https://"+host))
	if err != nil { // a request to nowhere says so
		return url.URL{Scheme: "https", Host: s.Endpoint}
	}
	u.Path = strings.TrimSuffix(u.Path, "/") + "/" + s.Bucket
	return *u
}

// refused is an answer that is none of 2xx, and closes it.
func refused(res *http.Response) *Refused {
	data, _ := io.ReadAll(io.LimitReader(res.Body, 64<<10)) // what is cut off says less
	_ = res.Body.Close()
	inside := func(name string) string {
		_, rest, _ := strings.Cut(string(data), "<"+name+">")
		text, _, _ := strings.Cut(rest, "</"+name+">")
		return text
	}
	status := http.StatusText(res.StatusCode)
	return &Refused{res.StatusCode, cmp.Or(inside("Code"), status), cmp.Or(inside("Message"), status)}
}
