package httpapi

import (
	"net/http"
	"strings"
)

// csp are the Content-Security-Policies, by who needs what.
const (
	// The API and everything that is no page: nothing at all.
	cspNothing = "default-src 'none'; frame-ancestors 'none'"

	// The console. Sockets may go anywhere until the settings of a site know
	// better; files may go to a bucket, and avatars and images of a
	// conversation come from other hosts.
	cspConsole = "default-src 'self'; script-src 'self'; style-src 'self'; connect-src 'self' ws: wss: https:; " +
		"img-src 'self' blob: data: https:; object-src 'none'; base-uri 'none'; form-action 'self'; " +
		"frame-ancestors 'none'; require-trusted-types-for 'script'"

	// The demo: a page with the widget on it, which runs its connection in a
	// worker made from a blob.
	cspDemo = "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' blob: data: https:; " +
		"worker-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'self'"

	permissions = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"
)

// apiHeaders are those of every answer of the API.
func apiHeaders(h http.Header, request string) {
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Security-Policy", cspNothing)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("X-Request-Id", request)
}

// fileHeaders returns the security headers of a file, by the part of the site
// it belongs to ("console", "demo", or "" for the SDK itself). bucket is where
// its pages bring files to, if that is not here.
func fileHeaders(part, bucket string) http.Header {
	h := http.Header{}
	h.Set("X-Content-Type-Options", "nosniff")
	switch part {
	case "console":
		h.Set("Content-Security-Policy", withBucket(cspConsole, bucket))
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", permissions)
		h.Set("Referrer-Policy", "no-referrer")
	case "demo":
		h.Set("Content-Security-Policy", withBucket(cspDemo, bucket))
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", permissions)
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
	default:
		// Loaded by pages of any site, with or without crossorigin.
		h.Set("Access-Control-Allow-Origin", "*")
		h.Set("Cross-Origin-Resource-Policy", "cross-origin")
		h.Set("Referrer-Policy", "no-referrer")
	}
	return h
}

// withBucket is a policy that lets a page bring files to a bucket and show them
// from there.
func withBucket(policy, bucket string) string {
	if bucket == "" {
		return policy
	}
	policy = strings.Replace(policy, "connect-src 'self'", "connect-src 'self' "+bucket, 1)
	return strings.Replace(policy, "img-src 'self'", "img-src 'self' "+bucket, 1)
}
