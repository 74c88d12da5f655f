package server

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"kefu/localserver/internal/config"
)

func TestClientOf(t *testing.T) {
	const trusted = "10.0.0.0/8, 2001:db8::/32, 127.0.0.1"
	for name, test := range map[string]struct {
		remote    string
		forwarded []string
		want      string
	}{
		"no header":             {"10.0.0.1:80", nil, "10.0.0.1:80"},
		"not trusted":           {"192.0.2.1:80", []string{"198.51.100.7"}, "192.0.2.1:80"},
		"one proxy":             {"10.0.0.1:80", []string{"198.51.100.7"}, "198.51.100.7"},
		"two proxies":           {"10.0.0.1:80", []string{"198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		"in two headers":        {"10.0.0.1:80", []string{"198.51.100.7", "10.0.0.2"}, "198.51.100.7"},
		"what the client wrote": {"10.0.0.1:80", []string{"127.0.0.1, 10.0.0.9, 198.51.100.7"}, "198.51.100.7"},
		"and in a header":       {"10.0.0.1:80", []string{"127.0.0.1", "198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		"a stranger in between": {"10.0.0.1:80", []string{"203.0.113.5, 198.51.100.7, 10.0.0.2"}, "198.51.100.7"},
		"only proxies":          {"10.0.0.1:80", []string{"10.0.0.3, 10.0.0.2"}, "10.0.0.3"},
		"IPv6":                  {"[2001:db8::1]:80", []string{"2001:db9::7"}, "2001:db9::7"},
		"IPv4 as IPv6":          {"[::ffff:10.0.0.1]:80", []string{"::ffff:198.51.100.7"}, "198.51.100.7"},
		"with ports":            {"10.0.0.1:80", []string{"198.51.100.7:5123, 10.0.0.2:443"}, "198.51.100.7"},
		"IPv6 with a port":      {"10.0.0.1:80", []string{"[2001:db9::7]:443"}, "2001:db9::7"},
		"IPv6 in brackets":      {"10.0.0.1:80", []string{"[2001:db9::7]"}, "2001:db9::7"},
		"no address":            {"10.0.0.1:80", []string{"unknown"}, "10.0.0.1:80"},
		"no address on the way": {"10.0.0.1:80", []string{"198.51.100.7, unknown, 10.0.0.2"}, "10.0.0.2"},
		"nothing":               {"10.0.0.1:80", []string{""}, "10.0.0.1:80"},
		"commas":                {"10.0.0.1:80", []string{",,,"}, "10.0.0.1:80"},
		"without end":           {"10.0.0.1:80", []string{strings.Repeat("10.0.0.2,", 5000) + "10.0.0.3"}, "10.0.0.2"},
		"a socket file":         {"@", []string{"198.51.100.7"}, "@"},
	} {
		if got := clientOf(test.remote, test.forwarded, trusted); got != test.want {
			t.Errorf("%s: got %s, want %s", name, got, test.want)
		}
	}
}

// Nobody is believed unless the configuration says so.
func TestNoProxyIsTrustedByDefault(t *testing.T) {
	for trusted, want := range map[config.Networks]string{
		config.Default().TrustedProxies: "192.0.2.1:1234",
		"198.51.100.0/24":               "192.0.2.1:1234",
		"192.0.2.0/24":                  "203.0.113.5",
	} {
		got := ""
		h := behind(func() config.Networks { return trusted }, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.RemoteAddr }))
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header.Set("X-Forwarded-For", "203.0.113.5")
		h.ServeHTTP(httptest.NewRecorder(), r)
		if got != want {
			t.Errorf("with %q trusted: got %s, want %s", trusted, got, want)
		}
	}
}
