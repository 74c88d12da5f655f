package server

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"kefu/localserver/internal/config"
)

// authority makes certificates that its clients trust.
type authority struct {
	t      *testing.T
	dir    string
	pool   *x509.CertPool
	serial int64
}

// issue writes another certificate, for 127.0.0.1, over the last one.
func (a *authority) issue(until time.Time) config.TLS {
	a.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		a.t.Fatal(err)
	}
	a.serial++
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), NotBefore: time.Now().Add(-2 * time.Hour), NotAfter: until,
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	cert, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		a.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(cert)
	if err != nil {
		a.t.Fatal(err)
	}
	a.pool.AddCert(parsed)
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		a.t.Fatal(err)
	}
	c := config.TLS{Cert: filepath.Join(a.dir, "cert.pem"), Key: filepath.Join(a.dir, "key.pem")}
	a.put(c.Cert, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert}))
	a.put(c.Key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return c
}

func (a *authority) put(file string, data []byte) {
	a.t.Helper()
	if err := os.WriteFile(file, data, 0o600); err != nil {
		a.t.Fatal(err)
	}
}

// client trusts the authority, and sends each request over a new connection.
func (a *authority) client() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{RootCAs: a.pool}, ForceAttemptHTTP2: true, DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// secure begins a server with a certificate.
func secure(t *testing.T, log *record) (*Server, *authority) {
	t.Helper()
	a := &authority{t: t, dir: t.TempDir(), pool: x509.NewCertPool()}
	c := settings(t)
	c.TLS = a.issue(time.Now().Add(time.Hour))
	c.TLS.Redirect = "127.0.0.1:0"
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open, Log: log.logger(), Load: func() (config.Config, error) { return c, nil }})
	return s, a
}

func TestTLS(t *testing.T) {
	s, a := secure(t, new(record))
	url := "https://" + s.Addr().String()
	res, err := a.client().Get(url + "/v1/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusOK || res.ProtoMajor != 2 || res.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s over %s", res.Status, res.Proto)
	}
	old, _, err := websocket.Dial(t.Context(), "wss://"+s.Addr().String()+"/ws", &websocket.DialOptions{HTTPClient: a.client()})
	if err != nil {
		t.Fatal(err)
	}
	defer old.CloseNow()
	send(t, old, `{"type":"hello","v":1,"origin":"origin-1"}`)
	if f := receive(t, old); f.Type != "welcome" {
		t.Errorf("got %+v", f)
	}
	if banner := s.Banner(""); !strings.Contains(banner, url+"/demo/") {
		t.Errorf("the banner: %s", banner)
	}

	res, err = a.client().Get("http://" + s.doors[2].listener.Addr().String() + "/demo/?a=b")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	if got := res.Header.Get("Location"); res.StatusCode != http.StatusPermanentRedirect || got != url+"/demo/?a=b" {
		t.Errorf("%s to %s", res.Status, got)
	}
}

// Another certificate counts from the next connection on; one that is broken
// changes nothing; and who is connected stays.
func TestTLSReloads(t *testing.T) {
	var log record
	s, a := secure(t, &log)
	serial := func() int64 {
		res, err := a.client().Get("https://" + s.Addr().String() + "/v1/openapi.json")
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.TLS.PeerCertificates[0].SerialNumber.Int64()
	}
	conn, _, err := websocket.Dial(t.Context(), "wss://"+s.Addr().String()+"/ws", &websocket.DialOptions{HTTPClient: a.client()})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	send(t, conn, `{"type":"hello","v":1,"origin":"origin-1"}`)
	receive(t, conn)

	if got := serial(); got != 1 {
		t.Errorf("serial %d", got)
	}
	within(t, "the files are watched", func() bool {
		a.issue(time.Now().Add(48 * time.Hour))
		return serial() > 1
	})
	a.issue(time.Now().Add(48 * time.Hour))
	within(t, "the last one is served", func() bool { return serial() == a.serial })

	a.put(s.config().TLS.Key, []byte("half a"))
	within(t, "it is refused", func() bool { return metric(t, s, "kefu_config_last_reload_successful 0") })
	if got := serial(); got != a.serial {
		t.Errorf("serial %d is served, not %d", got, a.serial)
	}
	if log.with("the certificate in "+s.config().TLS.Cert+" and the key in "+s.config().TLS.Key+" can not be used: ") == 0 {
		t.Errorf("the log: %q", log.lines)
	}
	send(t, conn, `{"type":"ping"}`)
	if f := receive(t, conn); f.Type != "pong" {
		t.Errorf("got %+v", f)
	}
}

func TestBadCertificates(t *testing.T) {
	a := &authority{t: t, dir: t.TempDir(), pool: x509.NewCertPool()}
	good := a.issue(time.Now().Add(time.Hour))
	if err := CheckTLS(good, time.Now()); err != nil {
		t.Error(err)
	}
	if err := CheckTLS(good, time.Now().Add(2*time.Hour)); err == nil || !strings.Contains(err.Error(), "ended on") {
		t.Errorf("an old one: %v", err)
	}
	c := settings(t)
	c.TLS = config.TLS{Cert: good.Cert, Key: filepath.Join(a.dir, "none")}
	want := "the certificate can not be used: " + c.TLS.Key + ": no such file or directory"
	if _, err := Open(t.Context(), Options{Config: c, Now: time.Now}); err == nil || err.Error() != want {
		t.Errorf("no key: %v", err)
	}
	c.TLS.Key = good.Cert
	if _, err := Open(t.Context(), Options{Config: c, Now: time.Now}); err == nil || !strings.HasPrefix(err.Error(), "the certificate in ") {
		t.Errorf("no key in it: %v", err)
	}
}

func TestRedirectHosts(t *testing.T) {
	s, _ := secure(t, new(record))
	for host, want := range map[string]int{"chat.example.com": http.StatusPermanentRedirect, "[::1]:80": http.StatusPermanentRedirect, "evil.example/x": http.StatusBadRequest, "": http.StatusBadRequest} {
		conn, err := net.Dial("tcp", s.doors[2].listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write([]byte("GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
		res, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, _ = res.Body.Close(), conn.Close()
		if res.StatusCode != want {
			t.Errorf("%q: %s", host, res.Status)
		}
	}
}
