package outgoing_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"kefu/core/outgoing"
)

func loopback() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

func TestPost(t *testing.T) {
	var got string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		got = r.Header.Get("X-Sign") + " " + string(body)
		if r.URL.Path == "/away" {
			http.Redirect(w, r, "/", http.StatusFound)
			return
		}
		_, _ = w.Write([]byte(strings.Repeat("x", 100_000)))
	}))
	defer s.Close()
	c := outgoing.New(loopback())
	defer c.Close()
	a, err := c.Post(t.Context(), s.URL, map[string]string{"X-Sign": "v1"}, []byte("hello"))
	if err != nil || a.Status != 200 || len(a.Body) != outgoing.MaxAnswer || got != "v1 hello" {
		t.Errorf("%d, %d bytes, %v; the server got %q", a.Status, len(a.Body), err, got)
	}
	if a, err := c.Post(t.Context(), s.URL+"/away", nil, nil); err != nil || a.Status != 302 {
		t.Errorf("a redirect is %d, %v", a.Status, err)
	}
}

// What a name leads to is judged when it is dialled, whatever it is written as.
func TestPrivate(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the server was asked") }))
	defer s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	c := outgoing.New(nil)
	defer c.Close()
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "169.254.169.254", "10.0.0.1", "[fe80::1]", "[::1]", "[fd00::1]"} {
		if _, err := c.Post(t.Context(), "http://"+host+":"+port+"/?key=s3cret", nil, nil); !errors.Is(err, outgoing.ErrPrivate) {
			t.Errorf("%s: %v", host, err)
		}
	}
	for _, bad := range []string{"", "ftp://shop.example/", "file:///etc/passwd", "http://", "http://user:word@shop.example/", "javascript:alert(1)"} {
		if _, err := c.Post(t.Context(), bad, nil, nil); err == nil {
			t.Errorf("%q is posted to", bad)
		}
	}
}

func TestPublic(t *testing.T) {
	for ip, want := range map[string]bool{
		"8.8.8.8": true, "2606:4700::1111": true, "1.1.1.1": true,
		"127.0.0.1": false, "10.1.2.3": false, "172.16.0.1": false, "192.168.1.1": false, "169.254.169.254": false, "100.64.0.1": false, "0.0.0.0": false,
		"224.0.0.1": false, "255.255.255.255": false, "198.18.0.1": false, "::1": false, "::": false, "fe80::1": false, "fc00::1": false, "ff02::1": false,
		"::ffff:10.0.0.1": false, "64:ff9b::a00:1": false, "2002:a00:1::": false, "::10.0.0.1": false,
	} {
		if got := outgoing.Public(netip.MustParseAddr(ip)); got != want {
			t.Errorf("%s: %v", ip, got)
		}
	}
}
