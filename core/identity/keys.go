package identity

import (
	"bytes"
	"encoding/json"
	"io"

	"kefu/core"
)

const (
	secretSize = 32  // bytes of a secret of ours: as long as the hash, RFC 7518 section 3.2
	maxSecret  = 256 // bytes of a secret in a key file; more is a mistake
	maxKeyID   = 64  // bytes of a kid
)

// Keys signs and reads our own tokens. It has a current key, which signs, and
// perhaps a previous one, which is still believed. It never changes and is safe
// for concurrent use: rotation makes another one.
type Keys struct {
	current, previous *key
}

// key is one HMAC key as it stands in the host's key file.
type key struct {
	ID     string `json:"kid"`
	Secret []byte `json:"secret"` // base64 in JSON
}

// keyFile is the form of [Keys.Bytes].
type keyFile struct {
	Current  *key `json:"current"`
	Previous *key `json:"previous,omitempty"`
}

// NewKeys returns Keys with one fresh key. The randomness must be fit for
// secrets, as that of crypto/rand is.
func NewKeys(random io.Reader) (*Keys, error) {
	k, err := newKey(random)
	if err != nil {
		return nil, err
	}
	return &Keys{current: k}, nil
}

// ParseKeys reads what [Keys.Bytes] wrote. It gives Invalid for anything else,
// a short secret included, and never repeats a secret in its message.
func ParseKeys(data []byte) (*Keys, error) {
	var f keyFile
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		return nil, core.Errorf(core.Invalid, "the signing keys are not the JSON that was written")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, core.Errorf(core.Invalid, "the signing keys are followed by something else")
	}
	if f.Current == nil {
		return nil, core.Errorf(core.Invalid, "the signing keys have no current key")
	}
	if !f.Current.sound() || f.Previous != nil && !f.Previous.sound() {
		return nil, core.Errorf(core.Invalid, "a signing key needs a kid of 1 to %d letters, digits, - or _ and a secret of %d to %d bytes", maxKeyID, secretSize, maxSecret)
	}
	if f.Previous != nil && f.Previous.ID == f.Current.ID {
		return nil, core.Errorf(core.Invalid, "the two signing keys have the same kid %q", f.Current.ID)
	}
	return &Keys{current: f.Current, previous: f.Previous}, nil
}

// Rotate returns Keys that sign with a fresh key and still believe what the
// current one signed; what the previous one signed is void.
func (k *Keys) Rotate(random io.Reader) (*Keys, error) {
	next, err := newKey(random)
	if err != nil {
		return nil, err
	}
	return &Keys{current: next, previous: k.current}, nil
}

// Bytes returns the keys, secrets included, for the host to store where only
// it can read: {"current":{"kid":…,"secret":…},"previous":…}. It is not called
// MarshalJSON so that no logger comes upon it.
func (k *Keys) Bytes() []byte {
	data, err := json.MarshalIndent(keyFile{k.current, k.previous}, "", "  ")
	if err != nil {
		panic(err) // strings and bytes always marshal
	}
	return append(data, '\n')
}

// String names the keys and keeps their secrets to itself.
func (k *Keys) String() string {
	s := "signing keys " + k.current.ID
	if k.previous != nil {
		s += ", " + k.previous.ID
	}
	return s
}

// GoString keeps the secrets out of %#v.
func (k *Keys) GoString() string { return k.String() }

// find returns the key with that id, or nil.
func (k *Keys) find(id string) *key {
	for _, have := range []*key{k.current, k.previous} {
		if have != nil && have.ID == id {
			return have
		}
	}
	return nil
}

func newKey(random io.Reader) (*key, error) {
	id, err := NewID(random, "k")
	if err != nil {
		return nil, err
	}
	secret := make([]byte, secretSize)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, noRandomness(err)
	}
	return &key{id, secret}, nil
}

func (k *key) sound() bool {
	return len(k.ID) <= maxKeyID && isID(k.ID) && len(k.Secret) >= secretSize && len(k.Secret) <= maxSecret
}

// isID reports whether s is not empty and made of what our ids are made of.
func isID(s string) bool {
	for _, r := range []byte(s) {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9', r == '-', r == '_':
		default:
			return false
		}
	}
	return s != ""
}
