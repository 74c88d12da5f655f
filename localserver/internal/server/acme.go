package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"

	"kefu/localserver/internal/config"
)

// acme has certificates made and renewed by certmagic. The authority looks
// whether a name leads here by a TLS handshake with our own listener or, if it is
// there, by a request to the one that redirects. Keys and certificates are kept
// in the data directory, so that a restart asks for none again. A nil acme does
// nothing.
type acme struct {
	// Static after newACME.
	names  []string
	cache  *certmagic.Cache
	config *certmagic.Config
	issuer *certmagic.ACMEIssuer
	log    *slog.Logger
}

func newACME(c config.Config, log *slog.Logger) (*acme, error) {
	host, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return nil, err
	}
	here, err := strconv.Atoi(port)
	if err != nil || here == 0 {
		return nil, errors.New("certificates by ACME need a port in listen, and 0 is none; the authority comes to 443")
	}
	a := &acme{names: c.ACME.Domains.List(), log: log}
	quiet := zap.NewNop() // what matters comes as an event
	a.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return a.config, nil },
		Logger:           quiet,
	})
	a.config = certmagic.New(a.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: filepath.Join(c.Data, "acme")}, Logger: quiet, OnEvent: a.event,
	})
	a.issuer = certmagic.NewACMEIssuer(a.config, certmagic.ACMEIssuer{
		CA: certmagic.LetsEncryptProductionCA, Email: c.ACME.Email, Agreed: true, Logger: quiet,
		ListenHost: host, AltTLSALPNPort: here, // where it finds that somebody listens already: we
		DisableHTTPChallenge: c.TLS.Redirect == "",
	})
	if c.ACME.CA != "" {
		a.issuer.CA, a.issuer.TestCA = c.ACME.CA, c.ACME.CA
	}
	if _, port, err := net.SplitHostPort(c.TLS.Redirect); err == nil {
		if a.issuer.AltHTTPPort, err = strconv.Atoi(port); err != nil {
			return nil, err
		}
	}
	a.config.Issuers = []certmagic.Issuer{a.issuer}
	return a, nil
}

// event logs what certmagic tells.
func (a *acme) event(_ context.Context, name string, data map[string]any) error {
	switch name {
	case "cert_obtained":
		a.log.Info("a certificate was made", "name", data["identifier"], "renewal", data["renewal"])
	case "cert_failed":
		a.log.Error("a certificate could not be made; it is tried again", "name", data["identifier"], "error", fmt.Sprint(data["error"]))
	}
	return nil
}

// run gets what is missing and renews what ends, until ctx does.
func (a *acme) run(ctx context.Context) {
	if a == nil {
		return
	}
	if err := a.config.ManageAsync(ctx, a.names); err != nil {
		a.log.Error("certificates can not be looked after", "error", err)
	}
}

func (a *acme) tlsConfig() *tls.Config {
	c := a.config.TLSConfig()
	c.MinVersion = tls.VersionTLS12
	c.NextProtos = append([]string{"h2", "http/1.1"}, c.NextProtos...)
	return c
}

// answer has the authority's requests answered before h.
func (a *acme) answer(h http.Handler) http.Handler {
	if a == nil {
		return h
	}
	return a.issuer.HTTPChallengeHandler(h)
}

func (a *acme) close() {
	if a != nil {
		a.cache.Stop()
	}
}
