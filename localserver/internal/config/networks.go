package config

import (
	"net/netip"
	"strings"
)

// Networks is a list of networks as text: 10.0.0.0/8, 2001:db8::/32. An address
// alone is the network of that one.
type Networks string

// Contains reports whether an address is in one of the networks. In a list that
// does not fit nothing is.
func (n Networks) Contains(addr netip.Addr) bool {
	list, _ := n.list()
	addr = addr.Unmap().WithZone("")
	for _, p := range list {
		if p.Contains(addr) {
			return true
		}
	}
	return false
}

// Prefixes returns the networks of a list that fits; else none.
func (n Networks) Prefixes() []netip.Prefix {
	list, _ := n.list()
	return list
}

// list returns the networks, or false if one of them is none. What an address
// has behind the bits of its network would be a mistake that nobody notices:
// 10.1.2.3/8 does not fit.
func (n Networks) list() (list []netip.Prefix, ok bool) {
	if strings.TrimSpace(string(n)) == "" {
		return nil, true
	}
	for text := range strings.SplitSeq(string(n), ",") {
		text = strings.TrimSpace(text)
		p, err := netip.ParsePrefix(text)
		if addr, alone := netip.ParseAddr(text); alone == nil && addr.Zone() == "" {
			p, err = netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen()), nil
		}
		if err != nil || p != p.Masked() || p.Addr().Is4In6() {
			return nil, false
		}
		list = append(list, p)
	}
	return list, true
}

func networks(p *Networks) value {
	return value{
		want: "networks such as 10.0.0.0/8, 192.0.2.7, 2001:db8::/32",
		set: func(s string) (ok bool) {
			*p = Networks(s)
			_, ok = p.list()
			return ok
		},
		text: func() string { return string(*p) },
	}
}
