// Package cloudfront tells a function who is at the other side of CloudFront.
//
// Neither a Function URL nor API Gateway can: their peer is CloudFront, the
// Host of a request is their own, and of X-Forwarded-For a Function URL keeps
// only the leftmost entry, which is whatever the client wrote. So a function
// of CloudFront's (Viewer, in template.yaml) writes down the client's address
// and the domain it asked for, over anything the client sent under these
// names, and CloudFront adds a key that only it and our functions know.
//
//	Kefu-Viewer: 203.0.113.7
//	Kefu-Host: chat.example
//	Kefu-Edge: the key
//
// Both origins have addresses of their own that anybody may call. Who comes
// that way lacks the key and is refused: otherwise they could choose the
// address that logins are counted by.
package cloudfront

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net/netip"
	"strings"

	"kefu/core"
)

// KeyVariable names the environment variable with the key. template.yaml sets
// it; where it is not set, as on one machine, there is no CloudFront.
const KeyVariable = "KEFU_EDGE_KEY"

// The headers, as template.yaml has them too. HTTP does not care about case,
// and what hands on events does not keep it.
const (
	KeyHeader    = "Kefu-Edge"
	ViewerHeader = "Kefu-Viewer"
	HostHeader   = "Kefu-Host"
)

// shortestKey is how many characters a key must have: less could be guessed.
const shortestKey = 32

// Door knows requests that came through CloudFront. The zero Door has no
// CloudFront before it.
type Door struct{ key [sha256.Size]byte }

// Viewer is who sent a request.
type Viewer struct {
	Addr string // without a port
	Host string // the domain that was asked for
}

// Open returns a door as the environment describes it. The error names the
// variable that is wrong.
func Open(getenv func(string) string) (Door, error) {
	key := getenv(KeyVariable)
	switch {
	case key == "":
		return Door{}, nil
	case len(key) < shortestKey:
		return Door{}, fmt.Errorf("%s has %d characters, and must have %d", KeyVariable, len(key), shortestKey)
	}
	return Door{sha256.Sum256([]byte(key))}, nil
}

// Viewer returns who sent a request with these headers, or Forbidden if it did
// not come through CloudFront. Direct is who the event says it was, and all
// that counts where there is no CloudFront. Whoever hands the headers on takes
// those of this package out first; see Strip.
func (d Door) Viewer(headers map[string]string, direct Viewer) (Viewer, error) {
	if d == (Door{}) {
		return direct, nil
	}
	found := map[string]string{}
	for name, value := range headers {
		found[strings.ToLower(name)] = value
	}
	key := sha256.Sum256([]byte(found[strings.ToLower(KeyHeader)]))
	if subtle.ConstantTimeCompare(key[:], d.key[:]) != 1 {
		return Viewer{}, core.Errorf(core.Forbidden, "this is not the address to come to")
	}
	v := Viewer{found[strings.ToLower(ViewerHeader)], found[strings.ToLower(HostHeader)]}
	if _, err := netip.ParseAddr(v.Addr); err != nil || v.Host == "" {
		return Viewer{}, core.Errorf(core.Internal, "CloudFront does not say whose request it is")
	}
	return v, nil
}

// Strip removes from headers what this package reads, so that neither a
// handler nor a log gets to see the key.
func Strip(headers map[string]string) {
	for name := range headers {
		for _, ours := range []string{KeyHeader, ViewerHeader, HostHeader} {
			if strings.EqualFold(name, ours) {
				delete(headers, name)
			}
		}
	}
}
