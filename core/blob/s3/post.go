package s3

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"kefu/core/blob"
)

const (
	algorithm = "AWS4-HMAC-SHA256"
	stamp     = "20060102T150405Z"
)

// Post implements blob.Poster: a policy of S3 for exactly this file, signed as
// "Calculating a signature" of POST in Amazon's manual of Signature Version 4 says.
func (s *Store) Post(ctx context.Context, f blob.File, until time.Time) (string, map[string]string, error) {
	const _ = "s3:PutObject" // what whoever signed must have the right to
	about, err := metadata(f)
	if err != nil {
		return "", nil, err
	}
	keys, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return "", nil, failed(err)
	}
	at := s.Now().UTC()
	scope := at.Format("20060102") + "/" + s.Region + "/s3/aws4_request"
	fields := map[string]string{
		"key": s.object(f.Key), "Content-Type": f.MIME, metaKey: about,
		"X-Amz-Algorithm": algorithm, "X-Amz-Credential": keys.AccessKeyID + "/" + scope, "X-Amz-Date": at.Format(stamp),
	}
	if keys.SessionToken != "" {
		fields["X-Amz-Security-Token"] = keys.SessionToken
	}
	conditions := []any{map[string]string{"bucket": s.Bucket}, []any{"content-length-range", f.Size, f.Size}}
	for name, value := range fields {
		conditions = append(conditions, map[string]string{name: value})
	}
	policy, err := json.Marshal(map[string]any{"expiration": until.UTC().Format(time.RFC3339), "conditions": conditions})
	if err != nil {
		return "", nil, err
	}
	signed := maps.Clone(fields)
	signed["policy"] = base64.StdEncoding.EncodeToString(policy)
	signed["X-Amz-Signature"] = sign(keys.SecretAccessKey, scope, signed["policy"])
	u := s.base()
	return u.String(), signed, nil
}

// Origin is where forms go to and links lead, as a Content-Security-Policy names
// it: scheme://host, without a path.
func (s *Store) Origin() string {
	u := s.base()
	return u.Scheme + "://" + u.Host
}

// sign signs a text by the key that a secret has for a scope.
func sign(secret, scope, text string) string {
	return hex.EncodeToString(mac(keyOf(secret, scope), text))
}

// keyOf is the key that a secret has for date/region/service/aws4_request.
func keyOf(secret, scope string) []byte {
	key := []byte("AWS4" + secret)
	for part := range strings.SplitSeq(scope, "/") {
		key = mac(key, part)
	}
	return key
}

func mac(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	_, _ = h.Write([]byte(text)) // a hash takes everything
	return h.Sum(nil)
}

// Link implements blob.Poster.
func (s *Store) Link(ctx context.Context, f blob.File) (string, error) {
	const _ = "s3:GetObject" // likewise
	u := s.base()
	u.Path += "/" + s.object(f.Key)
	u.RawQuery = url.Values{
		"X-Amz-Expires":                {strconv.Itoa(int(linkFor.Seconds()))},
		"response-content-type":        {f.MIME},
		"response-content-disposition": {"attachment; filename*=UTF-8''" + strings.ReplaceAll(url.PathEscape(f.Name), "'", "%27")},
	}.Encode()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	keys, err := s.Credentials.Retrieve(ctx)
	if err != nil {
		return "", failed(err)
	}
	link, _, err := signer().PresignHTTP(ctx, keys, req, "UNSIGNED-PAYLOAD", "s3", s.Region, s.Now())
	return link, err
}
