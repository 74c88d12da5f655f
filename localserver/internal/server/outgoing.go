package server

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/outgoing"
	"kefu/localserver/internal/mailer"
)

type (
	sender = func(context.Context, desk.Outgoing) (desk.OutgoingAnswer, error)
	post   = func(ctx context.Context, to []string, subject, text string) error
)

// openOutgoing returns the ways out that the desk has.
func (s *Server) openOutgoing() (sender, post, error) {
	client := outgoing.New(s.Config.Outgoing.Allow.Prefixes())
	context.AfterFunc(s.base, client.Close)
	send := func(ctx context.Context, m desk.Outgoing) (desk.OutgoingAnswer, error) {
		a, err := client.Post(ctx, m.URL, m.Header, m.Body)
		return desk.OutgoingAnswer(a), err
	}
	if s.Config.SMTP.URL == "" {
		return send, nil, nil
	}
	m, err := mailer.Open(string(s.Config.SMTP.URL), s.Config.SMTP.From)
	if err != nil {
		return nil, nil, err
	}
	return send, m.Send, nil
}

// tellOut tells others what happened, every second, until ctx ends. Receivers
// are slow, so it is no part of the tick.
func (s *Server) tellOut(ctx context.Context, tell func(context.Context) error) {
	every := time.NewTicker(tickEvery)
	defer every.Stop()
	var told failures
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
		}
		err := caught(ctx, tell)
		if ctx.Err() != nil {
			return
		}
		for _, e := range parts(err) {
			if more, tell := told.tell(core.CodeOf(e), s.Now()); tell {
				s.Log.Error("others could not be told; it is tried again", "error", e, "unsaid", more)
			}
		}
	}
}

func caught(ctx context.Context, do func(context.Context) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return do(ctx)
}
