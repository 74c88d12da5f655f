package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// frame is what the people of the demo read of a server's frame.
type frame struct {
	Type         string          `json:"type"`
	Conversation json.RawMessage `json:"conversation"` // an id, or in a head frame the head
	Seq          uint64          `json:"seq"`
	Session      uint32          `json:"session"`
	Internal     bool            `json:"internal"`
	By           who             `json:"by"`
	Body         struct {
		Kind string `json:"kind"`
		Text string `json:"text"`
	} `json:"body"`
	Conversations []head `json:"conversations"` // of an agent's welcome
	Code          any    `json:"code"`
	Message       string `json:"message"`
}

type who struct {
	Kind string `json:"kind"`
	ID   string `json:"id"`
}

type head struct {
	ID      string `json:"id"`
	Phase   string `json:"phase"`
	Session uint32 `json:"session"`
	Agent   who    `json:"agent"`
	Last    frame  `json:"last"`
}

// inConversation is the id of the conversation that a frame is about.
func (f frame) inConversation() string {
	var id string
	if json.Unmarshal(f.Conversation, &id) != nil {
		return ""
	}
	return id
}

// client is one connection. One goroutine uses it.
type client struct {
	ctx    context.Context
	conn   *websocket.Conn
	in     chan frame // closed when the connection has ended
	origin string
	n      map[string]uint64 // the last number sent, by conversation; visitors have one, ""
	ended  sync.WaitGroup
	stop   context.CancelFunc
}

// errOver says that the server ended a connection, or is gone.
var errOver = errors.New("the connection has ended")

// dial connects and says hello with the given fields, and returns the welcome.
func dial(ctx context.Context, url, origin string, hello map[string]any) (*client, frame, error) {
	ctx, stop := context.WithCancel(ctx)
	within, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	header := http.Header{"User-Agent": {"Mozilla/5.0 (Windows NT 10.0) Chrome/130"}}
	conn, _, err := websocket.Dial(within, "ws"+strings.TrimPrefix(url, "http")+"/ws", &websocket.DialOptions{HTTPHeader: header}) //nolint:bodyclose // the library closes it
	if err != nil {
		stop()
		return nil, frame{}, err
	}
	conn.SetReadLimit(1 << 20)
	c := &client{ctx: ctx, conn: conn, in: make(chan frame, 256), origin: origin, n: map[string]uint64{}, stop: stop}
	c.ended.Go(c.read)
	hello["type"], hello["v"], hello["origin"] = "hello", 1, origin
	if err := c.send(hello); err != nil {
		c.close()
		return nil, frame{}, err
	}
	for f := range c.in {
		switch f.Type {
		case "welcome":
			return c, f, nil
		case "error":
			c.close()
			return nil, frame{}, fmt.Errorf("%v: %s", f.Code, f.Message)
		}
	}
	c.close()
	return nil, frame{}, errOver
}

// read passes on what comes: a frame, or several.
func (c *client) read() {
	defer close(c.in)
	for {
		_, m, err := c.conn.Read(c.ctx)
		if err != nil {
			return
		}
		var list []frame
		if !bytes.HasPrefix(m, []byte("[")) {
			m = fmt.Appendf(nil, "[%s]", m)
		}
		if json.Unmarshal(m, &list) != nil {
			return
		}
		for _, f := range list {
			select {
			case c.in <- f:
			case <-c.ctx.Done():
				return
			}
		}
	}
}

func (c *client) send(f map[string]any) error {
	m, err := json.Marshal(f)
	if err != nil {
		return err
	}
	return c.conn.Write(c.ctx, websocket.MessageText, m)
}

// numbered sends a frame that is to be stored.
func (c *client) numbered(conversation string, f map[string]any) error {
	c.n[conversation]++
	f["origin"], f["n"] = c.origin, c.n[conversation]
	if conversation != "" {
		f["conversation"] = conversation
	}
	return c.send(f)
}

// say sends a message.
func (c *client) say(conversation, text string) error {
	return c.numbered(conversation, map[string]any{"type": "send", "body": map[string]any{"kind": "text", "text": text}})
}

// close leaves, as a page that is closed.
func (c *client) close() {
	_ = c.conn.Close(websocket.StatusNormalClosure, "") // what is lost by that the server notices itself
	c.stop()
	c.ended.Wait()
}

// post sends JSON to the API, as a person would whose token that is, and decodes
// the answer.
func post(ctx context.Context, url, token string, body, answer any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(text))
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
	got, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	if err == nil && res.StatusCode > 299 {
		err = fmt.Errorf("%s: %s: %s", url, res.Status, got)
	}
	if err == nil {
		err = json.Unmarshal(got, answer)
	}
	return err
}
