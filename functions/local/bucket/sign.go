package bucket

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"kefu/functions/local/edge"
)

const stamp = "20060102T150405Z"

// signed judges a request: by its Authorization, or as a link.
func (b *Bucket) signed(r *http.Request, body []byte) error {
	if r.URL.Query().Has("X-Amz-Signature") {
		return b.link(r)
	}
	sum := sha256.Sum256(body)
	if r.Header.Get("X-Amz-Content-Sha256") != hex.EncodeToString(sum[:]) {
		return errors.New("the body is not what was signed")
	}
	return edge.Verifier{Credentials: b.Credentials, Service: "s3", Region: b.Region, Now: b.Now}.Verify(r, body)
}

// link signs a link again, as it says that it was, and compares.
func (b *Bucket) link(r *http.Request) error {
	q := r.URL.Query()
	at, err := time.Parse(stamp, q.Get("X-Amz-Date"))
	seconds, bad := strconv.Atoi(q.Get("X-Amz-Expires"))
	if err = errors.Join(err, bad); err != nil {
		return errors.New("the link does not say how long it counts")
	}
	if now := b.Now(); now.After(at.Add(time.Duration(seconds)*time.Second)) || at.After(now.Add(5*time.Minute)) {
		return errors.New("Request has expired") //nolint:staticcheck // the words of S3
	}
	said := q.Get("X-Amz-Signature")
	for _, name := range []string{"X-Amz-Signature", "X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-SignedHeaders", "X-Amz-Security-Token"} {
		q.Del(name)
	}
	again, err := http.NewRequestWithContext(r.Context(), http.MethodGet, "http://"+r.Host+r.URL.EscapedPath()+"?"+q.Encode(), http.NoBody)
	if err != nil {
		return err
	}
	want, err := b.presign(r.Context(), again, at)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(want), []byte(said)) != 1 {
		return errors.New("the link was not signed like this")
	}
	return nil
}

func (b *Bucket) presign(ctx context.Context, r *http.Request, at time.Time) (string, error) {
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	link, _, err := signer.PresignHTTP(ctx, b.Credentials, r, "UNSIGNED-PAYLOAD", "s3", b.Region, at)
	if err != nil {
		return "", err
	}
	u, err := url.Parse(link)
	if err != nil {
		return "", err
	}
	return u.Query().Get("X-Amz-Signature"), nil
}

// form stores the file of a form, if its policy allows all of it.
func (b *Bucket) form(w http.ResponseWriter, r *http.Request) *refusal {
	parts, err := r.MultipartReader()
	if err != nil {
		return no(http.StatusPreconditionFailed, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold")
	}
	fields, file, err := read(parts)
	if err != nil {
		return no(http.StatusBadRequest, "MalformedPOSTRequest", err.Error())
	}
	if said := b.allowed(fields, len(file)); said != nil {
		return said
	}
	several := map[string][]string{}
	for name, value := range fields {
		several[name] = []string{value}
	}
	if said := b.put(discarded{w.Header()}, object{Key: fields["key"], Header: kept(several), At: b.Now(), data: file}); said != nil {
		return said
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// discarded is for an answer that another one is given in the place of.
type discarded struct{ header http.Header }

func (d discarded) Header() http.Header         { return d.header }
func (d discarded) Write(p []byte) (int, error) { return len(p), nil }
func (d discarded) WriteHeader(int)             {}

// read returns the fields of a form, named in lower case, and the file that
// ends it.
func read(parts *multipart.Reader) (fields map[string]string, file []byte, err error) {
	fields = map[string]string{}
	for {
		part, err := parts.NextPart()
		if err != nil {
			return nil, nil, fmt.Errorf("the form has no file: %w", err)
		}
		value, err := io.ReadAll(io.LimitReader(part, maxObject))
		if err != nil {
			return nil, nil, fmt.Errorf("the form is not whole: %w", err)
		}
		name := strings.ToLower(part.FormName())
		if name == "file" {
			return fields, value, nil
		}
		fields[name] = string(value)
	}
}

// policy is what was signed.
type policy struct {
	Expiration time.Time
	Conditions []json.RawMessage
}

// allowed judges the fields of a form and the size of its file.
func (b *Bucket) allowed(fields map[string]string, size int) *refusal {
	denied := func(format string, args ...any) *refusal {
		return no(http.StatusForbidden, "AccessDenied", "Invalid according to Policy: "+fmt.Sprintf(format, args...))
	}
	credential := fields["x-amz-credential"]
	id, scope, _ := strings.Cut(credential, "/")
	day, _, _ := strings.Cut(scope, "/")
	switch {
	case id != b.Credentials.AccessKeyID:
		return no(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case scope != day+"/"+b.Region+"/s3/aws4_request" || fields["x-amz-algorithm"] != "AWS4-HMAC-SHA256":
		return no(http.StatusBadRequest, "AuthorizationQueryParametersError", "the credential is of another region or service")
	case !hmac.Equal([]byte(fields["x-amz-signature"]), []byte(b.signature(scope, fields["policy"]))):
		return no(http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
	}
	var p policy
	data, err := base64.StdEncoding.DecodeString(fields["policy"])
	if err = errors.Join(err, json.Unmarshal(data, &p)); err != nil {
		return no(http.StatusBadRequest, "InvalidPolicyDocument", err.Error())
	}
	if b.Now().After(p.Expiration) {
		return denied("Policy expired.")
	}
	known := map[string]bool{"policy": true, "x-amz-signature": true}
	for _, c := range p.Conditions {
		name, said := b.meets(c, fields, size)
		if said != nil {
			return said
		}
		known[name] = true
	}
	for name := range fields {
		if !known[name] {
			return denied("Extra input fields: %s", name)
		}
	}
	return nil
}

// meets judges one condition: that a field is equal to a text, or the range of
// the size.
func (b *Bucket) meets(c json.RawMessage, fields map[string]string, size int) (name string, said *refusal) {
	var equal map[string]string
	var span []any
	if json.Unmarshal(c, &equal) == nil {
		for n, want := range equal {
			name = strings.ToLower(n)
			if got := fields[name]; got != want && !(name == "bucket" && want == b.Name) {
				return name, no(http.StatusForbidden, "AccessDenied", "Invalid according to Policy: Policy Condition failed: ["+`"eq", "$`+n+`"]`)
			}
		}
		return name, nil
	}
	if json.Unmarshal(c, &span) != nil || len(span) != 3 || span[0] != "content-length-range" {
		return "", no(http.StatusBadRequest, "InvalidPolicyDocument", "a condition that is not known here: "+string(c))
	}
	low, okLow := span[1].(float64)
	high, okHigh := span[2].(float64)
	switch {
	case !okLow || !okHigh:
		return "", no(http.StatusBadRequest, "InvalidPolicyDocument", "a range of two numbers is expected")
	case float64(size) > high:
		return "", no(http.StatusBadRequest, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size")
	case float64(size) < low:
		return "", no(http.StatusBadRequest, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size")
	}
	return "", nil
}

// signature is that of a text with the key of a scope.
func (b *Bucket) signature(scope, text string) string {
	sum := []byte("AWS4" + b.Credentials.SecretAccessKey)
	for _, part := range append(strings.Split(scope, "/"), text) {
		h := hmac.New(sha256.New, sum)
		_, _ = h.Write([]byte(part)) // a hash takes everything
		sum = h.Sum(nil)
	}
	return hex.EncodeToString(sum)
}
