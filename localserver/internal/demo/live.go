package demo

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"kefu/core"
)

// Stage is where the people of the demo are.
type Stage struct {
	URL    string // of the server, without a slash at the end
	Second time.Duration
	Now    func() time.Time
	Log    *slog.Logger
}

const (
	shoppers, customers = 5, 4 // at a time, at most
	pinging             = 10 * time.Second
)

// Live has visitors talk and agents work until ctx ends. A server that can not be
// reached is tried again.
func (c Cast) Live(ctx context.Context, s Stage) error {
	if err := c.furnish(ctx, s); err != nil {
		return fmt.Errorf("the demonstration can not begin: %w", err)
	}
	var g errgroup.Group
	for _, w := range c.workers {
		g.Go(func() error { s.again(ctx, func(*rand.Rand) error { return c.work(ctx, s, w) }, 1); return nil })
	}
	people := func(site core.SiteID, n int) {
		for i := range n {
			luck := uint64(i) + uint64(len(site))<<8
			g.Go(func() error {
				s.again(ctx, func(r *rand.Rand) error { return c.visit(ctx, s, site, r) }, luck)
				return nil
			})
		}
	}
	people(shop, shoppers)
	people(trade, customers)
	return g.Wait()
}

// again does something over and over, with a pause in between that is another
// each time. The first of several begins at once, the others one after another.
func (s Stage) again(ctx context.Context, do func(*rand.Rand) error, luck uint64) {
	r := rand.New(rand.NewPCG(uint64(s.Now().UnixNano()), luck))
	pause := time.Duration(luck&0xff) * 4
	for {
		if !s.rest(ctx, pause) {
			return
		}
		if err := do(r); err != nil && ctx.Err() == nil {
			s.Log.DebugContext(ctx, "somebody of the demonstration was interrupted", "error", err)
		}
		pause = time.Duration(4 + r.IntN(20))
	}
}

// rest waits for so many seconds; false: it is all over.
func (s Stage) rest(ctx context.Context, seconds time.Duration) bool {
	t := time.NewTimer(seconds * s.Second)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// furnish makes what only the API makes: canned replies, by the admin.
func (c Cast) furnish(ctx context.Context, s Stage) error {
	token, err := login(ctx, s, c.Logins[0])
	if err != nil {
		return err
	}
	for _, r := range c.script.replies {
		made := map[string]any{}
		body := map[string]any{"title": r.title, "text": r.text, "shortcut": r.shortcut, "shared": true}
		if err := post(ctx, s.URL+"/v1/replies", token, body, &made); err != nil {
			return err
		}
	}
	return nil
}

func login(ctx context.Context, s Stage, l Login) (string, error) {
	var answer struct {
		Token string `json:"token"`
	}
	err := post(ctx, s.URL+"/v1/login", "", map[string]any{"name": l.Name, "password": l.Password}, &answer)
	return answer.Token, err
}

// origin is a fresh outbox.
func origin(r *rand.Rand) string { return fmt.Sprintf("demo-%016x", r.Uint64()) }
