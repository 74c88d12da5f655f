package server

import (
	"net"
	"net/http"
	"net/netip"
	"strings"

	"kefu/localserver/internal/config"
)

// behind has a handler see where a request comes from, not through which
// proxies. Without any that are trusted it changes nothing.
func behind(trusted func() config.Networks, h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if t := trusted(); t != "" {
			r.RemoteAddr = clientOf(r.RemoteAddr, r.Header.Values("X-Forwarded-For"), t)
		}
		h.ServeHTTP(w, r)
	})
}

// clientOf returns the address of a client. Each proxy adds, on the right, who
// it got the request from; so it is read from there, only as long as the one who
// says so is trusted: what is further to the left the client may have written.
func clientOf(remote string, forwarded []string, trusted config.Networks) string {
	at, ok := addrOf(remote)
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for i := len(hops) - 1; ok && i >= 0 && trusted.Contains(at); i-- {
		next, known := addrOf(strings.TrimSpace(hops[i]))
		if !known {
			break // "unknown", a name, nonsense: then the hop that said so is as far as we see
		}
		at, remote = next, next.String()
	}
	return remote
}

// addrOf reads an address with or without a port; some proxies write one.
func addrOf(s string) (netip.Addr, bool) {
	if host, _, err := net.SplitHostPort(s); err == nil {
		s = host
	}
	addr, err := netip.ParseAddr(strings.Trim(s, "[]"))
	return addr.Unmap().WithZone(""), err == nil
}
