package edge

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxSkew is how far the clock of a signer may be from ours.
const maxSkew = 5 * time.Minute

var (
	errUnsigned = errors.New("there is no SigV4 signature")
	errSkewed   = errors.New("the signature is too old, or of the future")
	errForged   = errors.New("the signature does not match")
)

// Verifier judges signatures: those that are made with the credentials for a
// service in a region.
type Verifier struct {
	Credentials     aws.Credentials
	Service, Region string
	Now             func() time.Time
}

// Verify signs a request again, as its Authorization header says that it was,
// and compares: a function that was given the wrong credentials, region or
// service name is refused here as it would be by AWS.
func (v Verifier) Verify(r *http.Request, body []byte) error {
	auth := r.Header.Get("Authorization")
	_, list, found := strings.Cut(auth, "SignedHeaders=")
	at, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if !found || err != nil || !strings.HasPrefix(auth, "AWS4-HMAC-SHA256 ") {
		return errUnsigned
	}
	if skew := v.Now().Sub(at); skew.Abs() > maxSkew {
		return errSkewed
	}
	list, _, _ = strings.Cut(list, ",")
	again, err := http.NewRequestWithContext(r.Context(), r.Method, "http://"+r.Host+r.URL.RequestURI(), bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("the request can not be signed: %w", err)
	}
	for name := range strings.SplitSeq(list, ";") {
		switch strings.ToLower(name) {
		case "host", "content-length": // the signer adds them
		default:
			again.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = v.Service == "s3" }) // which alone wants paths as they are
	if err := signer.SignHTTP(r.Context(), v.Credentials, again, hex.EncodeToString(sum[:]), v.Service, v.Region, at); err != nil {
		return fmt.Errorf("the request can not be signed: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(again.Header.Get("Authorization")), []byte(auth)) != 1 {
		return errForged
	}
	return nil
}
