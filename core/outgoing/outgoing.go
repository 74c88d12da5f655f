// Package outgoing is the one way in which the desk speaks to addresses that
// somebody typed into its settings: webhooks and group robots.
//
// Such an address is a way into the network that the server stands in, so what
// a name leads to is looked at when the connection is made, after it was
// resolved: an address that is not of the public internet is refused, unless
// the operator allows its network. Redirects are not followed, no proxy of the
// environment is used, an answer is read up to [MaxAnswer].
//
//	c := outgoing.New(allowed)
//	answer, err := c.Post(ctx, "https://shop.example/hook", header, body)
package outgoing

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"syscall"
	"time"
)

const (
	// MaxAnswer is how many bytes of an answer are read.
	MaxAnswer = 4 << 10

	within = 10 * time.Second // for one request
)

// ErrPrivate is why an address is not spoken to.
var ErrPrivate = errors.New("the address is not of the public internet; the operator may allow its network")

// Answer is what came back.
type Answer struct {
	Status int
	Body   []byte
}

// Client posts. It is safe for concurrent use.
type Client struct{ http *http.Client }

// New returns a Client. The networks are those that may be spoken to although
// they are not of the public internet.
func New(allowed []netip.Prefix) *Client {
	d := &net.Dialer{Timeout: 5 * time.Second, Control: func(_, address string, _ syscall.RawConn) error { return judge(address, allowed) }}
	return &Client{&http.Client{
		Timeout:       within,
		Transport:     &http.Transport{DialContext: d.DialContext, MaxIdleConnsPerHost: 8, IdleConnTimeout: 30 * time.Second, TLSHandshakeTimeout: 5 * time.Second, ForceAttemptHTTP2: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close ends connections that nobody uses.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// judge decides about what is being dialled: an IP address and a port.
func judge(address string, allowed []netip.Prefix) error {
	ap, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%q can not be dialled", address)
	}
	ip := ap.Addr().Unmap().WithZone("")
	if Public(ip) || slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(ip) }) {
		return nil
	}
	return ErrPrivate
}

// special are networks that netip does not know, and that lead into networks
// of their own all the same: shared, benchmark, documentation and reserved
// addresses, and those of IPv6 that hold an address of IPv4.
func special() []string {
	return []string{
		"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
		"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "fec0::/10", "::/96",
	}
}

// Public reports whether an address is one of the public internet.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap()
	if !ip.IsValid() || !ip.IsGlobalUnicast() || ip.IsPrivate() {
		return false
	}
	for _, s := range special() {
		if netip.MustParsePrefix(s).Contains(ip) {
			return false
		}
	}
	return true
}

// Post sends a body. An error is why no answer came; what the status says is the
// caller's to judge.
func (c *Client) Post(ctx context.Context, to string, header map[string]string, body []byte) (Answer, error) {
	u, err := url.Parse(to)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return Answer{}, errors.New("an http or https address is expected")
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(body))
	if err != nil {
		return Answer{}, errors.New("an http or https address is expected")
	}
	r.Header.Set("User-Agent", "kefu-webhooks/1")
	r.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return Answer{}, plain(err)
	}
	defer func() { _ = answer.Body.Close() }()
	read, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer))
	if err != nil && len(read) == 0 && answer.StatusCode >= 300 {
		return Answer{}, plain(err)
	}
	return Answer{answer.StatusCode, read}, nil
}

// plain leaves the address out of an error: it may have a key in it.
func plain(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	if errors.Is(err, ErrPrivate) {
		return ErrPrivate
	}
	return err
}
