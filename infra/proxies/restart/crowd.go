package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync"
	"time"
)

// crowd is everybody.
type crowd struct {
	*plan
	people []*person // agents first
	work   sync.WaitGroup
	quiet  chan struct{} // closed when nobody is to say more
	once   sync.Once
}

func newCrowd(p *plan, tokens []string) *crowd {
	c := &crowd{plan: p, quiet: make(chan struct{})}
	for i := range p.clients {
		v := newPerson(p, i)
		if i < len(tokens) {
			v.agent, v.token = true, tokens[i]
		}
		c.people = append(c.people, v)
	}
	return c
}

func (c *crowd) wait() { c.work.Wait() }

// gather has everybody come, visitors be given an agent, and begin to talk.
func (c *crowd) gather(ctx context.Context) error {
	const together = 10 // come at a time
	for i, v := range c.people {
		c.work.Go(func() { v.live(ctx) })
		if (i+1)%together == 0 || i+1 == c.agents || i+1 == len(c.people) {
			if err := c.until(ctx, "welcome", c.people[max(0, i+1-together):i+1], func(v *person) bool { return len(v.welcomes) > 0 }); err != nil {
				return err
			}
		}
	}
	visitors := c.people[c.agents:]
	for i := 0; i < len(visitors); i += together { // all agents hear of each who waits
		some := visitors[i:min(i+together, len(visitors))]
		for _, v := range some {
			v.say(ctx, c.now())
		}
		if err := c.until(ctx, "with an agent", some, func(v *person) bool { return v.held && v.acked > 0 }); err != nil {
			return err
		}
	}
	for i, v := range visitors {
		v.begin = c.now() + c.every*time.Duration(i)/time.Duration(len(visitors))
		c.work.Go(func() { c.talk(ctx, v) })
	}
	return nil
}

// talk says something at fixed times, whatever came of what was said before.
func (c *crowd) talk(ctx context.Context, v *person) {
	for due := v.begin; ; due += c.every {
		timer := time.NewTimer(due - c.now())
		select {
		case <-ctx.Done():
		case <-c.quiet:
		case <-timer.C:
			v.say(ctx, due)
			continue
		}
		timer.Stop()
		return
	}
}

// back waits until everybody was welcome again after some time.
func (c *crowd) back(ctx context.Context, left time.Duration) error {
	return c.until(ctx, "back", c.people, func(v *person) bool { return v.welcomes[len(v.welcomes)-1] > left })
}

// settle has nobody say more, and waits until all was acknowledged.
func (c *crowd) settle(ctx context.Context) error {
	c.once.Do(func() { close(c.quiet) })
	return c.until(ctx, "done", c.people, func(v *person) bool { return v.acked == len(v.said) })
}

// until waits until it is so of everybody.
func (c *crowd) until(ctx context.Context, what string, people []*person, so func(*person) bool) error {
	end := c.now() + 2*time.Minute
	for i := 0; i < len(people); {
		v := people[i]
		v.mu.Lock()
		is, refused, ended := so(v), v.refused, v.ended
		v.mu.Unlock()
		switch {
		case refused != "":
			return fmt.Errorf("%s is refused: %s", v.origin, refused)
		case is:
			i++
		case ctx.Err() != nil:
			return ctx.Err()
		case c.now() > end:
			return fmt.Errorf("only %d of %d are %s: %s: %w", i, len(people), what, v.origin, ended)
		default:
			pause(ctx, 5*time.Millisecond)
		}
	}
	return nil
}

// prepare makes agents and returns their tokens.
func prepare(ctx context.Context, agents, seats int) (tokens []string, err error) {
	admin, err := login(ctx, "admin")
	if err != nil {
		return nil, err
	}
	for i := range agents {
		name := fmt.Sprintf("agent-%d", i)
		a := map[string]any{"name": name, "password": password, "capacity": seats + 5}
		if err := call(ctx, http.MethodPost, "/v1/agents", admin, a, nil); err != nil {
			return nil, err
		}
		token, err := login(ctx, name)
		if err != nil {
			return nil, err
		}
		tokens = append(tokens, token)
	}
	return tokens, nil
}

func login(ctx context.Context, name string) (string, error) {
	var answer struct{ Token string }
	err := call(ctx, http.MethodPost, "/v1/login", "", map[string]string{"name": name, "password": password}, &answer)
	return answer.Token, err
}

// logs reads what the server has of each visitor, as texts in their order.
func (c *crowd) logs(ctx context.Context) ([][]string, error) {
	admin, err := login(ctx, "admin")
	if err != nil {
		return nil, err
	}
	var logs [][]string
	for _, v := range c.people[c.agents:] {
		var texts []string
		for after, more := uint64(0), true; more; {
			var page struct {
				Events []struct {
					Seq  uint64
					By   struct{ Kind string }
					Body struct{ Kind, Text string }
				}
				More bool
			}
			path := fmt.Sprintf("/v1/conversations/%s/events?after=%d&limit=200", url.PathEscape(v.conversation), after)
			if err := call(ctx, http.MethodGet, path, admin, nil, &page); err != nil {
				return nil, err
			}
			for _, e := range page.Events {
				if after = e.Seq; e.By.Kind == "visitor" && e.Body.Kind == "text" {
					texts = append(texts, e.Body.Text)
				}
			}
			more = page.More && len(page.Events) > 0
		}
		logs = append(logs, texts)
	}
	return logs, nil
}

// call sends JSON to the server itself, not by way of the proxy, and reads JSON.
func call(ctx context.Context, method, path, token string, body, into any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, "http://"+listen+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	got, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode > 299 {
		return errors.Join(err, fmt.Errorf("%s %s: %s %.300s", method, path, res.Status, got))
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(got, into)
}
