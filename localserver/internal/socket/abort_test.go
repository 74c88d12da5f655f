package socket

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http/httptest"
	"testing"
	"time"
)

// TestAbortBelowTLS: who does not read is cut at once, also over TLS, which
// would have them told first.
func TestAbortBelowTLS(t *testing.T) {
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	roots := x509.NewCertPool()
	roots.AddCert(web.Certificate())
	near, far := net.Pipe() // holds nothing: who writes waits for who reads
	defer far.Close()
	server := tls.Server(near, &tls.Config{Certificates: web.TLS.Certificates, MaxVersion: tls.VersionTLS12})
	shaken := make(chan error, 1)
	go func() { shaken <- tls.Client(far, &tls.Config{RootCAs: roots, ServerName: "example.com"}).Handshake() }()
	if err := server.HandshakeContext(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		(&socket{below: &strict{Conn: server}}).Abort()
		close(done)
	}()
	select {
	case <-done:
	case <-time.After(3 * time.Second):
		t.Error("it waits for who does not read")
		_ = far.Close()
		<-done
	}
}
