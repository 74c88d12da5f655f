package server

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/localserver/internal/config"
)

// channel is one of a server, and its admin.
func channel(t *testing.T, s *Server, c desk.Channel) (core.Account, desk.Channel) {
	t.Helper()
	admin, err := s.store.Account(t.Context(), "admin")
	if err != nil {
		t.Fatal(err)
	}
	c.Name, c.After, c.Waiting, c.Lang = "Night", time.Minute, true, "en"
	if c, err = s.desk.PutChannel(t.Context(), admin, c); err != nil {
		t.Fatal(err)
	}
	return admin, c
}

// What is sent leaves, unless it would lead into a network of ours that the
// operator does not list.
func TestOutgoing(t *testing.T) {
	heard := make(chan string, 2)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		heard <- r.Header.Get("Content-Type") + " " + string(body)
	}))
	defer receiver.Close()
	for allow, want := range map[config.Networks]string{"": "public internet", "10.0.0.0/8": "public internet", "127.0.0.0/8": ""} {
		c := settings(t)
		c.Outgoing.Allow = allow
		s, _ := begin(t, Options{Config: c, OpenStore: newStore().open})
		admin, ch := channel(t, s, desk.Channel{Kind: "webhook", URL: receiver.URL})
		err := s.desk.TestChannel(t.Context(), admin, ch.ID)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("with %q allowed: %v, want %q", allow, err, want)
		}
	}
	if got := <-heard; !strings.HasPrefix(got, "application/json {") || !strings.Contains(got, `"type":"test"`) {
		t.Errorf("the receiver heard %s", got)
	}
	if len(heard) > 0 {
		t.Errorf("and it heard %s", <-heard)
	}
}

// A mail leaves by the server that the configuration names; without one there is
// none, and a channel says so.
func TestOutgoingMail(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	asked := make(chan bool, 8)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			asked <- true
			_ = c.Close() // busy
		}
	}()
	c := settings(t)
	c.SMTP.URL, c.SMTP.From = config.Secret("smtp://"+l.Addr().String()+"?tls=none"), "Kefu <desk@shop.example>"
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open})
	admin, ch := channel(t, s, desk.Channel{Kind: "mail", To: []string{"amy@shop.example"}})
	if err := s.desk.TestChannel(t.Context(), admin, ch.ID); err == nil {
		t.Error("a mail that nobody took is said to be sent")
	}
	select {
	case <-asked:
	default:
		t.Error("the mail server was never asked")
	}

	c = settings(t)
	s, _ = begin(t, Options{Config: c, OpenStore: newStore().open})
	if admin, err = s.store.Account(t.Context(), "admin"); err != nil {
		t.Fatal(err)
	}
	_, err = s.desk.PutChannel(t.Context(), admin, desk.Channel{Name: "Night", Kind: "mail", To: []string{"amy@shop.example"}, After: time.Minute, Waiting: true, Lang: "en"})
	if core.CodeOf(err) != core.Unsupported {
		t.Errorf("mail without a server: %v", err)
	}
	c = settings(t)
	c.SMTP.URL = "smtp://"
	if s, err := Open(t.Context(), Options{Config: c, Now: time.Now, OpenStore: newStore().open}); err == nil {
		_ = s.Close()
		t.Error("a mail server without a name is taken")
	}
}
