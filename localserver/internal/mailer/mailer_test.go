package mailer_test

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"kefu/localserver/internal/mailer"
)

// relay takes one message, as the least of SMTP servers does.
func relay(t *testing.T) (url string, got <-chan string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	out := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer func() { _ = c.Close() }()
		say := func(s string) { fmt.Fprint(c, s+"\r\n") }
		say("220 relay")
		var all strings.Builder
		for s := bufio.NewScanner(c); s.Scan(); {
			line := s.Text()
			all.WriteString(line + "\n")
			switch {
			case strings.HasPrefix(line, "EHLO"):
				say("250-relay\r\n250 8BITMIME")
			case line == "DATA":
				say("354 go on")
			case line == "QUIT":
				say("221 bye")
				out <- all.String()
				return
			case line == ".", strings.HasPrefix(line, "MAIL"), strings.HasPrefix(line, "RCPT"), strings.HasPrefix(line, "NOOP"), strings.HasPrefix(line, "RSET"):
				say("250 good")
			}
		}
	}()
	return "smtp://" + l.Addr().String(), out
}

func TestSend(t *testing.T) {
	url, got := relay(t)
	m, err := mailer.Open(url+"?tls=none", "Kefu <desk@shop.example>")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), []string{"amy@shop.example", "bo@shop.example"}, "客服：3 位访客在等待\r\nBcc: all@shop.example", "等待\n.\nend"); err != nil {
		t.Fatal(err)
	}
	said := <-got
	for _, want := range []string{"MAIL FROM:<desk@shop.example>", "RCPT TO:<amy@shop.example>", "RCPT TO:<bo@shop.example>", "Content-Type: text/plain; charset=UTF-8"} {
		if !strings.Contains(said, want) {
			t.Errorf("%q is not in\n%s", want, said)
		}
	}
	if strings.Contains(said, "\nBcc:") || strings.Contains(said, "RCPT TO:<all@") {
		t.Errorf("a subject makes a header:\n%s", said)
	}
}

// Without TLS nothing is said but the greeting.
func TestSendNeedsTLS(t *testing.T) {
	url, _ := relay(t)
	m, err := mailer.Open(strings.Replace(url, "smtp://", "smtp://amy:s3cret@", 1), "desk@shop.example")
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Send(t.Context(), []string{"amy@shop.example"}, "x", "x"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("sent in the clear, or a password told: %v", err)
	}
}

func TestOpen(t *testing.T) {
	for _, bad := range []string{"", "mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x"} {
		if _, err := mailer.Open(bad, "desk@shop.example"); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
	if _, err := mailer.Open("smtp://mail.example", "nobody"); err == nil {
		t.Error("mail is from nobody")
	}
}
