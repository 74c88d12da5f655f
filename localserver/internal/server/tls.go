package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"

	"kefu/localserver/internal/config"
)

// openCertificate reads the certificate, if there is to be one.
func (s *Server) openCertificate(context.Context) error {
	pair, err := s.certificate(s.Config.TLS)
	s.pair.Store(pair)
	if err == nil && s.Config.ACME.Domains != "" {
		s.acme, err = newACME(s.Config, s.Log)
	}
	return err
}

// certificate returns the pair that the configuration names, or nil if it names
// none.
func (s *Server) certificate(c config.TLS) (*tls.Certificate, error) {
	if c.Cert == "" {
		return nil, nil
	}
	pair, err := readPair(c)
	if err != nil {
		return nil, err
	}
	if s.Now().After(pair.Leaf.NotAfter) {
		s.Log.Warn("the certificate has ended; browsers refuse it", "file", c.Cert, "ended", pair.Leaf.NotAfter)
	}
	s.metrics.Certified(pair.Leaf.NotAfter)
	return pair, nil
}

// CheckTLS says in a sentence why the certificate will not do at a time, or
// returns nil.
func CheckTLS(c config.TLS, at time.Time) error {
	if c.Cert == "" {
		return nil
	}
	pair, err := readPair(c)
	if err == nil && at.After(pair.Leaf.NotAfter) {
		err = fmt.Errorf("the certificate in %s ended on %s", c.Cert, pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return err
}

// readPair reads the files. An error is a sentence.
func readPair(c config.TLS) (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.Cert, c.Key)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, fmt.Errorf("the certificate can not be used: %s: %w", file.Path, file.Err)
	case err != nil:
		return nil, fmt.Errorf("the certificate in %s and the key in %s can not be used: %s", c.Cert, c.Key, strings.TrimPrefix(err.Error(), "tls: "))
	}
	return &pair, nil
}

// tlsConfig asks for the pair with each handshake, so that another one counts
// from the next connection on. The rest is as Go has it: TLS 1.2 at least.
func (s *Server) tlsConfig() *tls.Config {
	if s.acme != nil {
		return s.acme.tlsConfig()
	}
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.pair.Load(), nil },
	}
}

// redirect sends a request for plain HTTP to the same page by HTTPS.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	host := r.Host
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	if host == "" || strings.ContainsAny(host, "/\\@?#") {
		http.Error(w, "which host?", http.StatusBadRequest)
		return
	}
	if _, port, err := net.SplitHostPort(s.Addr().String()); err == nil && port != "443" {
		host = net.JoinHostPort(strings.Trim(host, "[]"), port)
	}
	http.Redirect(w, r, "https://"+host+r.URL.RequestURI(), http.StatusPermanentRedirect)
}
