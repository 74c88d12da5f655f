package identity

import (
	"io"
	"strings"

	"kefu/core"
)

// alphabet is Crockford's base 32 in lower case: no i, l, o or u to misread.
// It has exactly 32 symbols, so five bits of a random byte choose one evenly.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// NewID returns prefix, "_" and 26 random symbols: 130 bits, not to be guessed
// and, in effect, never drawn twice. Such as v_7zk3c9q0m2x8r5w1t6y4b9d0ha.
// Internal if the source fails, as in all that draws from one.
func NewID(random io.Reader, prefix string) (string, error) {
	s, err := symbols(random, 26)
	return prefix + "_" + s, err
}

// NewPassword returns a one-time password to be read from a screen and typed:
// four groups of five symbols, 100 bits. Such as 4mq7x-0ztch-92wkd-vn5pe.
func NewPassword(random io.Reader) (string, error) {
	s, err := symbols(random, 20)
	if err != nil {
		return "", err
	}
	return strings.Join([]string{s[:5], s[5:10], s[10:15], s[15:]}, "-"), nil
}

// symbols returns n random symbols of the alphabet.
func symbols(random io.Reader, n int) (string, error) {
	b := make([]byte, n)
	if _, err := io.ReadFull(random, b); err != nil {
		return "", noRandomness(err)
	}
	for i := range b {
		b[i] = alphabet[b[i]%32]
	}
	return string(b), nil
}

func noRandomness(err error) error {
	return &core.Error{Code: core.Internal, Message: "the source of randomness failed", Cause: err}
}
