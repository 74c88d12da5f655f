package identity

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 as every authenticator speaks it; HMAC does not need collision resistance
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"io"
	"net/url"
	"strings"
	"time"
)

// One-time codes by the clock, RFC 6238: SHA-1, six digits, 30 seconds. It is
// the one set of parameters that every authenticator takes.
const (
	totpStep   = 30 // seconds
	totpBytes  = 20 // of a secret: as many as SHA-1 has
	totpWindow = 1  // steps that a phone's clock may be off, each way
	recoveries = 10
)

// NewTOTP returns a secret to share with an authenticator.
func NewTOTP(random io.Reader) ([]byte, error) {
	secret := make([]byte, totpBytes)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, noRandomness(err)
	}
	return secret, nil
}

// TOTPCode returns the six digits that an authenticator shows at a time.
func TOTPCode(secret []byte, at time.Time) string { return hotp(secret, stepOf(at)) }

func stepOf(at time.Time) uint64 { return uint64(max(at.Unix(), 0)) / totpStep }

// hotp is RFC 4226.
func hotp(secret []byte, counter uint64) string {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, counter))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

// CheckTOTP reports whether a code is the one of now, or of the half minute
// before or after it, and counts only once: its step must be above after. The
// caller keeps the step for the next time.
func CheckTOTP(secret []byte, code string, now time.Time, after uint64) (step uint64, ok bool) {
	code, at := digits(code), stepOf(now)
	for s := at - min(at, totpWindow); s <= at+totpWindow; s++ {
		if subtle.ConstantTimeCompare([]byte(hotp(secret, s)), []byte(code)) == 1 && s > after {
			step, ok = s, true
		}
	}
	return step, ok
}

// digits takes out the spaces that authenticators show codes with.
func digits(code string) string { return strings.NewReplacer(" ", "", "-", "").Replace(code) }

// TOTPSecret is a secret as people type it.
func TOTPSecret(secret []byte) string {
	return base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(secret)
}

// TOTPURI is a secret as an authenticator scans it; see "Key Uri Format" of
// google-authenticator. The issuer and the account are what it shows.
func TOTPURI(secret []byte, issuer, account string) string {
	issuer = strings.ReplaceAll(issuer, ":", " ") // divides the two
	q := url.Values{"secret": {TOTPSecret(secret)}, "issuer": {issuer}, "algorithm": {"SHA1"}, "digits": {"6"}, "period": {"30"}}
	return "otpauth://totp/" + url.PathEscape(issuer+":"+account) + "?" + strings.ReplaceAll(q.Encode(), "+", "%20")
}

// NewRecovery returns codes for who has lost their authenticator, of 80 bits
// each, such as 4mq7-x0zt-ch92-wkdv; and what is kept of them. Hashes of such
// are not to be guessed, so they need neither salt nor time.
func NewRecovery(random io.Reader) (codes []string, kept [][]byte, err error) {
	for range recoveries {
		s, err := symbols(random, 16)
		if err != nil {
			return nil, nil, err
		}
		codes = append(codes, strings.Join([]string{s[:4], s[4:8], s[8:12], s[12:]}, "-"))
		kept = append(kept, recoveryHash(s))
	}
	return codes, kept, nil
}

func recoveryHash(code string) []byte {
	h := sha256.Sum256([]byte("kefu recovery " + strings.ToLower(digits(code))))
	return h[:]
}

// UseRecovery returns what is left of the kept hashes when a code is used up;
// false: it is none of them.
func UseRecovery(kept [][]byte, code string) (left [][]byte, ok bool) {
	hash := recoveryHash(code)
	for _, k := range kept {
		if subtle.ConstantTimeCompare(k, hash) == 1 {
			ok = true
			continue
		}
		left = append(left, k)
	}
	return left, ok
}
