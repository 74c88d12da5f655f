package config

import (
	"net/netip"
	"testing"
)

func TestNetworks(t *testing.T) {
	for _, test := range []struct {
		text    string
		in, out []string
	}{
		{"", nil, []string{"127.0.0.1", "::1", "10.0.0.1"}},
		{" ", nil, []string{"127.0.0.1"}},
		{"10.0.0.0/8", []string{"10.0.0.0", "10.255.255.255", "::ffff:10.1.2.3"}, []string{"11.0.0.0", "::a00:1"}},
		{"192.0.2.7", []string{"192.0.2.7"}, []string{"192.0.2.6", "192.0.2.8"}},
		{"127.0.0.1, ::1,2001:db8::/32", []string{"127.0.0.1", "::1", "2001:db8:ffff::1"}, []string{"127.0.0.2", "2001:db9::1"}},
		{"fe80::/10", []string{"fe80::1%eth0"}, []string{"fec0::1"}},
		{"::ffff:192.0.2.7", []string{"192.0.2.7"}, []string{"192.0.2.8"}},
		{"0.0.0.0/0,::/0", []string{"192.0.2.7", "2001:db8::1"}, nil},
	} {
		n := Networks(test.text)
		if _, ok := n.list(); !ok {
			t.Errorf("%q does not fit", test.text)
		}
		for _, a := range test.in {
			if !n.Contains(netip.MustParseAddr(a)) {
				t.Errorf("%s is not in %q", a, test.text)
			}
		}
		for _, a := range test.out {
			if n.Contains(netip.MustParseAddr(a)) {
				t.Errorf("%s is in %q", a, test.text)
			}
		}
	}
}

func TestNoNetworks(t *testing.T) {
	for _, text := range []string{",", "10.0.0.0/8,", "10.0.0.0/33", "10.1.2.3/8", "10.0.0", "10.*", "proxy.example", "10.0.0.0/8 ::1", "fe80::1%eth0", "::ffff:10.0.0.0/104", "private"} {
		if Networks(text).Contains(netip.MustParseAddr("10.0.0.1")) {
			t.Errorf("10.0.0.1 is in %q, which is no list of networks", text)
		}
		c := Default()
		c.TrustedProxies = Networks(text)
		want := `trusted_proxies: expected networks such as 10.0.0.0/8, 192.0.2.7, 2001:db8::/32, got "` + text + `"`
		if err := c.Validate(); err == nil || err.Error() != want {
			t.Errorf("%q: got %v, want %s", text, err, want)
		}
	}
}
