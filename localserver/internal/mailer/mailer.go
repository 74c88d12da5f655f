// Package mailer sends plain texts over SMTP, for notifications to staff.
//
//	m, err := mailer.Open("smtp://user:password@mail.example:587", "Kefu <desk@shop.example>")
//	err = m.Send(ctx, []string{"amy@shop.example"}, "Visitors wait", "…")
//
// smtp:// asks for STARTTLS and goes no further without, smtps:// speaks TLS
// from the first byte. ?tls=none is for a relay on the same machine.
package mailer

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	"github.com/wneessen/go-mail"
)

const within = 15 * time.Second // for one message

// Mailer sends. It is safe for concurrent use: each message has a connection of
// its own.
type Mailer struct {
	host    string
	options []mail.Option
	from    string
}

// Open reads the address of a server; nothing is sent yet. An error says what
// of it is wrong, without repeating it: it has a password in it.
func Open(server, from string) (*Mailer, error) {
	u, err := url.Parse(server)
	if err != nil || u.Hostname() == "" || (u.Scheme != "smtp" && u.Scheme != "smtps") {
		return nil, errors.New("smtp.url: a URL such as smtp://user:password@mail.example:587 is expected")
	}
	m := &Mailer{host: u.Hostname(), from: from, options: []mail.Option{mail.WithTimeout(within), mail.WithHELO("localhost")}}
	port := 587
	switch {
	case u.Scheme == "smtps":
		port = 465
		m.options = append(m.options, mail.WithSSL())
	case u.Query().Get("tls") == "none":
		port = 25
		m.options = append(m.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		m.options = append(m.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if p := u.Port(); p != "" {
		if port, err = strconv.Atoi(p); err != nil {
			return nil, errors.New("smtp.url: the port is no number")
		}
	}
	m.options = append(m.options, mail.WithPort(port))
	if u.User != nil {
		word, _ := u.User.Password()
		m.options = append(m.options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(u.User.Username()), mail.WithPassword(word))
	}
	if err := mail.NewMsg().From(from); err != nil {
		return nil, errors.New("smtp.from: an address such as desk@shop.example is expected")
	}
	return m, nil
}

// Send sends one text to all, each of whom sees the others.
func (m *Mailer) Send(ctx context.Context, to []string, subject, text string) error {
	msg := mail.NewMsg()
	if err := errors.Join(msg.From(m.from), msg.To(to...)); err != nil {
		return fmt.Errorf("an address is none: %w", err)
	}
	msg.Subject(subject)
	msg.SetDate()
	msg.SetMessageID()
	msg.SetBodyString(mail.TypeTextPlain, text)
	c, err := mail.NewClient(m.host, m.options...)
	if err != nil {
		return fmt.Errorf("the mail server can not be used: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err = c.DialAndSendWithContext(ctx, msg)
	var op *net.OpError
	if errors.As(err, &op) {
		return fmt.Errorf("the mail server does not answer: %w", op.Err)
	}
	return err
}
