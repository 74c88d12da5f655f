package server

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/localserver/internal/config"
)

// ca is an authority as RFC 8555 has it, as far as one certificate goes. It looks
// at nobody's signature, but like a real one it comes and looks whether who asks
// has the name, by RFC 8737.
type ca struct {
	url    string
	target string // where names lead
	key    *ecdsa.PrivateKey
	self   *x509.Certificate

	mu     sync.Mutex
	thumb  string // guarded by mu, as is all below: the account's key
	name   string
	valid  bool // the name is theirs
	chain  []byte
	issued int
}

const token = "a-token-of-the-authority"

func newCA(t *testing.T, target string) *ca {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	c := &ca{target: target, key: key}
	if c.self, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(http.HandlerFunc(c.serve))
	t.Cleanup(s.Close)
	c.url = s.URL
	return c
}

func (c *ca) serve(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w.Header().Set("Replay-Nonce", rand.Text())
	w.Header().Set("Content-Type", "application/json")
	protected, payload := c.read(r)
	switch r.URL.Path {
	case "/dir":
		c.say(w, http.StatusOK, map[string]any{"newNonce": c.url + "/nonce", "newAccount": c.url + "/account", "newOrder": c.url + "/order"})
	case "/account":
		var head struct {
			JWK struct{ Crv, Kty, X, Y string }
		}
		_ = json.Unmarshal(protected, &head)
		sum := sha256.Sum256(fmt.Appendf(nil, `{"crv":%q,"kty":%q,"x":%q,"y":%q}`, head.JWK.Crv, head.JWK.Kty, head.JWK.X, head.JWK.Y))
		c.thumb = base64.RawURLEncoding.EncodeToString(sum[:])
		w.Header().Set("Location", c.url+"/account/1")
		c.say(w, http.StatusCreated, map[string]any{"status": "valid"})
	case "/order":
		var order struct{ Identifiers []struct{ Value string } }
		_ = json.Unmarshal(payload, &order)
		c.name = order.Identifiers[0].Value
		w.Header().Set("Location", c.url+"/order/1")
		c.say(w, http.StatusCreated, c.order())
	case "/challenge":
		c.valid = c.look()
		c.say(w, http.StatusOK, c.challenge())
	case "/finalize":
		var request struct{ CSR string }
		_ = json.Unmarshal(payload, &request)
		c.sign(request.CSR)
		c.say(w, http.StatusOK, c.order())
	case "/order/1":
		c.say(w, http.StatusOK, c.order())
	case "/authorization":
		c.say(w, http.StatusOK, map[string]any{"status": c.status(), "identifier": c.identifier(), "challenges": []any{c.challenge()}})
	case "/certificate":
		w.Header().Set("Content-Type", "application/pem-certificate-chain")
		_, _ = w.Write(c.chain)
	}
}

// read takes a signed request apart.
func (c *ca) read(r *http.Request) (protected, payload []byte) {
	var jws struct{ Protected, Payload string }
	data, _ := io.ReadAll(r.Body)
	_ = json.Unmarshal(data, &jws)
	protected, _ = base64.RawURLEncoding.DecodeString(jws.Protected)
	payload, _ = base64.RawURLEncoding.DecodeString(jws.Payload)
	return protected, payload
}

func (c *ca) say(w http.ResponseWriter, status int, v any) {
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (c *ca) status() string { return map[bool]string{false: "pending", true: "valid"}[c.valid] }

func (c *ca) identifier() map[string]any { return map[string]any{"type": "dns", "value": c.name} }

func (c *ca) challenge() map[string]any {
	return map[string]any{"type": "tls-alpn-01", "url": c.url + "/challenge", "token": token, "status": c.status()}
}

func (c *ca) order() map[string]any {
	o := map[string]any{"status": "pending", "identifiers": []any{c.identifier()}, "authorizations": []string{c.url + "/authorization"}, "finalize": c.url + "/finalize"}
	if c.valid {
		o["status"] = "ready"
	}
	if c.chain != nil {
		o["status"], o["certificate"] = "valid", c.url+"/certificate"
	}
	return o
}

// look shakes hands with the name, and wants the certificate that only the
// account can have made.
func (c *ca) look() bool {
	d := tls.Dialer{Config: &tls.Config{ServerName: c.name, NextProtos: []string{"acme-tls/1"}, InsecureSkipVerify: true}}
	conn, err := d.DialContext(context.Background(), "tcp", c.target)
	if err != nil {
		return false
	}
	defer conn.Close()
	state := conn.(*tls.Conn).ConnectionState()
	sum := sha256.Sum256([]byte(token + "." + c.thumb))
	want, _ := asn1.Marshal(sum[:])
	for _, e := range state.PeerCertificates[0].Extensions {
		if e.Id.Equal(asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 1, 31}) {
			return state.NegotiatedProtocol == "acme-tls/1" && string(e.Value) == string(want)
		}
	}
	return false
}

func (c *ca) sign(request string) {
	der, _ := base64.RawURLEncoding.DecodeString(request)
	csr, err := x509.ParseCertificateRequest(der)
	if err != nil || !c.valid {
		return
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(2), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour), DNSNames: csr.DNSNames,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	leaf, err := x509.CreateCertificate(rand.Reader, template, c.self, csr.PublicKey, c.key)
	if err == nil {
		c.issued++
		c.chain = append(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leaf}), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.self.Raw})...)
	}
}

// visit asks the server for a page under a name, trusting the authority.
func (c *ca) visit(name string) (*http.Response, error) {
	pool := x509.NewCertPool()
	pool.AddCert(c.self)
	client := http.Client{Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool}, ForceAttemptHTTP2: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, network, c.target)
		},
	}}
	res, err := client.Get("https://" + name + "/v1/openapi.json")
	if err == nil {
		_ = res.Body.Close()
	}
	return res, err
}

// A server gets itself a certificate, and after a restart it has it still.
func TestACME(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	_ = l.Close() // the authority comes to one port, which must be known before
	authority := newCA(t, address)
	c := settings(t)
	c.Listen, c.ACME = address, config.ACME{Domains: "chat.example.com", Email: "me@example.com", CA: authority.url + "/dir"}
	for start := range 2 {
		var log record
		s, end := begin(t, Options{Config: c, OpenStore: newStore().open, Log: log.logger()})
		within(t, "there is a certificate", func() bool {
			res, err := authority.visit("chat.example.com")
			return err == nil && res.StatusCode == http.StatusOK && res.ProtoMajor == 2
		})
		if _, err := authority.visit("other.example.com"); err == nil {
			t.Error("it has one for another name")
		}
		if got := log.with("a certificate was made"); got != 1-start {
			t.Errorf("start %d: %d lines in %q", start, got, log.lines)
		}
		if !strings.Contains(s.Banner(""), "https://") {
			t.Error(s.Banner(""))
		}
		if err := end(); err != nil {
			t.Error(err)
		}
	}
	if authority.issued != 1 {
		t.Errorf("%d certificates were made", authority.issued)
	}
}

func TestACMEWantsAPort(t *testing.T) {
	c := settings(t)
	c.ACME.Domains = "chat.example.com"
	if _, err := Open(t.Context(), Options{Config: c, Now: time.Now}); err == nil || !strings.Contains(err.Error(), "need a port in listen") {
		t.Errorf("got %v", err)
	}
}
