package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// frame is as much of a frame as is looked at here.
type frame struct {
	Type         string
	Code         string
	Message      string
	Token        string
	N            uint64
	Conversation json.RawMessage // an id, or a head
	Body         struct{ Kind, Text string }
	By           struct{ Kind string }
}

// patience is what any answer may take.
const patience = 10 * time.Second

// client is one connection.
type client struct {
	conn   *websocket.Conn
	origin string
	id     string // the visitor's conversation
	n      map[string]uint64
}

// dial connects and says hello.
func dial(ctx context.Context, url, origin, token string) (*client, error) {
	return dialSite(ctx, url, origin, token, "default")
}

// dialSite is dial for one of several sites.
func dialSite(ctx context.Context, url, origin, token, site string) (*client, error) {
	conn, _, err := websocket.Dial(ctx, strings.Replace(url, "http", "ws", 1)+"/ws", nil) //nolint:bodyclose // the library closes it
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(1 << 20)
	c := &client{conn: conn, origin: origin, n: map[string]uint64{}}
	hello := map[string]any{"type": "hello", "v": 1, "origin": origin, "site": site}
	if token != "" {
		hello["token"] = token
	}
	if err := c.say(ctx, hello); err != nil {
		return nil, err
	}
	welcome, err := c.await(ctx, func(f frame) bool { return f.Type == "welcome" })
	if err != nil {
		return nil, err
	}
	var head struct{ ID string }
	_ = json.Unmarshal(welcome.Conversation, &head) // agents have none
	c.id = head.ID
	return c, nil
}

func (c *client) say(ctx context.Context, f map[string]any) error {
	data, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.conn.Write(ctx, websocket.MessageText, data)
}

// does sends a numbered frame and takes the ack. conversation is for agents.
func (c *client) does(ctx context.Context, kind, conversation string, more map[string]any) error {
	n := c.n[conversation] + 1
	f := map[string]any{"type": kind, "origin": c.origin, "n": n}
	for k, v := range more {
		f[k] = v
	}
	if conversation != "" {
		f["conversation"] = conversation
	}
	if err := c.say(ctx, f); err != nil {
		return err
	}
	c.n[conversation] = n
	_, err := c.await(ctx, func(f frame) bool { return f.Type == "ack" && f.N == n })
	return err
}

// writesAlong is writes with a ping in the same message, as the SDK sends an
// agent's that is due soon.
func (c *client) writesAlong(ctx context.Context, conversation, text string) error {
	n := c.n[conversation] + 1
	said := map[string]any{"type": "send", "origin": c.origin, "n": n, "conversation": conversation, "body": map[string]string{"kind": "text", "text": text}}
	data, err := json.Marshal([]map[string]any{said, {"type": "ping", "next": agentsBeat}})
	if err != nil {
		return err
	}
	if err := c.conn.Write(ctx, websocket.MessageText, data); err != nil {
		return err
	}
	c.n[conversation] = n
	_, err = c.await(ctx, is("pong")) // the ack is before it
	return err
}

func (c *client) writes(ctx context.Context, conversation, text string) error {
	return c.does(ctx, "send", conversation, map[string]any{"body": map[string]string{"kind": "text", "text": text}})
}

func (c *client) sees(ctx context.Context, text string) error {
	_, err := c.await(ctx, func(f frame) bool { return f.Type == "event" && f.Body.Text == text })
	return err
}

// is matches frames of a type.
func is(kind string) func(frame) bool { return func(f frame) bool { return f.Type == kind } }

// await reads until a frame matches. An error frame fails it.
func (c *client) await(ctx context.Context, match func(frame) bool) (frame, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		_, m, err := c.conn.Read(ctx)
		if err != nil {
			return frame{}, fmt.Errorf("what should come does not: %w", err)
		}
		frames := []frame{{}}
		if m[0] == '[' {
			err = json.Unmarshal(m, &frames)
		} else {
			err = json.Unmarshal(m, &frames[0])
		}
		if err != nil {
			return frame{}, fmt.Errorf("%w: %.200s", err, m)
		}
		for _, f := range frames {
			if f.Type == "error" || f.Type == "" {
				return f, fmt.Errorf("the answer is %.300s", m)
			}
			if match(f) {
				return f, nil
			}
		}
	}
}

func (c *client) leave() { _ = c.conn.Close(websocket.StatusNormalClosure, "") } // it is over either way

// call is a request of the HTTP API. answer may be nil.
func call(ctx context.Context, method, url, token string, body, answer any) error {
	data, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader(data))
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
	if err != nil {
		return err
	}
	if res.StatusCode >= 300 {
		return fmt.Errorf("%s: %d %.300s", url, res.StatusCode, got)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(got, answer)
}
