package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// healthWithin is how long a server may take to say that it is ready; it gives
// its store two seconds.
const healthWithin = 4 * time.Second

// health asks the server with this configuration for /readyz, as a balancer
// would: an image without a shell and curl has only the program itself to do
// that with.
func (p call) health(ctx context.Context) int {
	c, err := p.load()
	if err != nil {
		return p.misconfigured(err)
	}
	host, port, err := net.SplitHostPort(c.Ops)
	if err != nil {
		return p.done(err) // the configuration has been checked
	}
	switch ip := net.ParseIP(host); { // never by name: an image from scratch knows no localhost
	case host == "", ip.Equal(net.IPv4zero):
		host = "127.0.0.1"
	case ip.Equal(net.IPv6unspecified):
		host = "::1"
	}
	ctx, cancel := context.WithTimeout(ctx, healthWithin)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(host, port)+"/readyz", nil)
	if err != nil {
		return p.done(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}} // and no proxy
	res, err := client.Do(req)
	if err != nil {
		return p.done(fmt.Errorf("no server answers on %s: %s", c.Ops, reason(err)))
	}
	defer res.Body.Close()
	said, err := io.ReadAll(io.LimitReader(res.Body, 1000))
	if err != nil || res.StatusCode != http.StatusOK {
		return p.done(fmt.Errorf("the server is not ready: %s", strings.TrimSpace(string(said))))
	}
	fmt.Fprintln(p.stdout, "ready")
	return exitOK
}
