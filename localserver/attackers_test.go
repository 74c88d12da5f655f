package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// attacker is one of those who do their worst.
type attacker struct {
	*nemesis
	inPlace func() // to be called when the attack is under way
	token   string // of who they were the last time
}

// pauses of an attacker: they share two processors with whom they attack, and
// who is to be measured is the server.
const pauses = 20 * time.Millisecond

// attack has some attackers at work, each as often as they get to it, until
// stop, which returns how often that was.
func (n *nemesis) attack(by int, do func(context.Context, *attacker) error) (stop func() int64) {
	ctx, cancel := context.WithCancel(n.t.Context())
	var did atomic.Int64
	var working, begun sync.WaitGroup
	for range by {
		begun.Add(1)
		inPlace := sync.OnceFunc(begun.Done)
		working.Go(func() {
			defer inPlace() // who never gets that far does not hold up the test
			a := &attacker{nemesis: n, inPlace: inPlace}
			for ctx.Err() == nil {
				if err := do(ctx, a); err != nil && ctx.Err() == nil {
					n.t.Errorf("an attack failed: %v", err)
					return
				}
				inPlace()
				did.Add(1)
				select {
				case <-ctx.Done():
				case <-time.After(pauses):
				}
			}
		})
	}
	begun.Wait()
	return func() int64 {
		cancel()
		working.Wait()
		return did.Load()
	}
}

// open is a connection without a friendly word.
func (a *attacker) open(ctx context.Context) (*websocket.Conn, error) {
	c, _, err := websocket.Dial(ctx, a.socket(), nil)
	if err == nil {
		c.SetReadLimit(1 << 20)
	}
	return c, err
}

func write(ctx context.Context, c *websocket.Conn, message string) error {
	return c.Write(ctx, websocket.MessageText, []byte(message))
}

const attackerHello = `{"type":"hello","v":1,"site":"other","origin":"origin-of-attack"}`

// flood sends batches as fast as they go until it is closed for it, with 4001
// (promise 22), and comes back at once, as the same visitor. It is told of each
// frame, so it may be closed for not taking that; and of who sends on and on
// behind our close frame, the connection is cut.
func flood(ctx context.Context, a *attacker) error {
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	hello := map[string]any{"type": "hello", "v": 1, "site": "other", "origin": "origin-of-attack"}
	if a.token != "" {
		hello["token"] = a.token
	}
	data, err := json.Marshal(hello)
	if err == nil {
		err = c.Write(ctx, websocket.MessageText, data)
	}
	if err != nil {
		return err
	}
	_, m, err := c.Read(ctx)
	if err != nil {
		return err
	}
	var welcome struct{ Type, Code, Token string }
	if err := json.Unmarshal(m, &welcome); err != nil {
		return err
	}
	if welcome.Code == "rate_limited" { // it came back too often
		return nil
	}
	a.token = welcome.Token
	var batch []string
	for i := range 64 {
		batch = append(batch, fmt.Sprintf(`{"type":"send","origin":"origin-of-attack","n":%d,"body":{"kind":"text","text":"flood"}}`, i+1))
	}
	message := "[" + strings.Join(batch, ",") + "]"
	ended := make(chan error, 1)
	go func() { ended <- untilTold(ctx, c) }()
	a.inPlace()
	for err == nil {
		err = write(ctx, c, message)
	}
	return <-ended
}

// newcomer is somebody else each time, with a word to begin a conversation with,
// which is stored or, if too many do that, to come again (promise 22).
func newcomer(ctx context.Context, a *attacker) error {
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	a.inPlace()
	err = write(ctx, c, attackerHello)
	if err == nil {
		_, _, err = c.Read(ctx)
	}
	if err == nil {
		err = write(ctx, c, `{"type":"send","origin":"origin-of-attack","n":1,"body":{"kind":"text","text":"hello"}}`)
	}
	for err == nil {
		var m []byte
		if _, m, err = c.Read(ctx); bytes.Contains(m, []byte(`"ack"`)) || bytes.Contains(m, []byte(`"rate_limited"`)) {
			return nil
		}
	}
	return err
}

// untilTold reads to the end, which must be one of those that flood expects.
func untilTold(ctx context.Context, c *websocket.Conn) error {
	last := ""
	for {
		_, m, err := c.Read(ctx)
		switch code := websocket.CloseStatus(err); {
		case err == nil:
			last = string(m)
		case code == 4001 || code == -1 && strings.Contains(last, `"rate_limited"`) || strings.Contains(last, `"code":4001`):
			return nil
		default:
			return fmt.Errorf("closed with %d after %.200s: %w", code, last, err)
		}
	}
}

// silence is 40 sockets that never say hello, held until they are closed for it
// or it is over: 2,000, of 50 attackers.
func silence(ctx context.Context, a *attacker) error {
	var all []*websocket.Conn
	defer func() {
		for _, c := range all {
			_ = c.CloseNow()
		}
	}()
	for range 40 {
		c, err := a.open(ctx)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	a.inPlace()
	for _, c := range all {
		_, m, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("without a word: %w", err)
		}
		if !bytes.Contains(m, []byte(`"code":4002`)) {
			return fmt.Errorf("it is told %s", m)
		}
	}
	return nil
}

// deaf asks for more and more, and reads none of it.
func deaf(ctx context.Context, a *attacker) error {
	conn, err := net.Dial("tcp", strings.TrimPrefix(*a.url.Load(), "http://"))
	if err != nil {
		return err
	}
	defer conn.Close()
	if tcp, ok := conn.(*net.TCPConn); ok {
		if err := tcp.SetReadBuffer(4 << 10); err != nil {
			return err
		}
	}
	c, _, err := websocket.Dial(ctx, a.socket(), &websocket.DialOptions{HTTPClient: &http.Client{Transport: &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return conn, nil },
	}}})
	if err != nil {
		return err
	}
	defer c.CloseNow()
	err = write(ctx, c, attackerHello)
	for i := 1; i <= 3 && err == nil; i++ {
		err = write(ctx, c, fmt.Sprintf(`{"type":"send","origin":"origin-of-attack","n":%d,"body":{"kind":"text","text":"%s"}}`, i, strings.Repeat("长", 3000)))
	}
	for range 140 {
		if err == nil {
			err = write(ctx, c, `{"type":"before","seq":100}`)
		}
	}
	a.inPlace()
	select {
	case <-ctx.Done():
	case <-time.After(2 * time.Second):
	}
	return nil // it may have been closed by then
}

// shouting says hello, then one message after the other, each on a connection
// of its own if it is closed for the one before.
func shouting(messages ...string) func(context.Context, *attacker) error {
	return func(ctx context.Context, a *attacker) error {
		for _, m := range messages {
			if err := a.shout(ctx, m); err != nil {
				return err
			}
		}
		return nil
	}
}

// shout is answered by an error, whatever it is.
func (a *attacker) shout(ctx context.Context, message string) error {
	c, err := a.open(ctx)
	if err != nil {
		return err
	}
	defer c.CloseNow()
	if err := write(ctx, c, attackerHello); err != nil {
		return err
	}
	sending := make(chan struct{})
	go func() {
		defer close(sending)
		_ = write(ctx, c, message) // it may be refused before its end
	}()
	defer func() {
		_ = c.CloseNow()
		<-sending
	}()
	for {
		_, m, err := c.Read(ctx)
		if err != nil {
			return fmt.Errorf("%.40q is not answered: %w", message, err)
		}
		if bytes.Contains(m, []byte(`"type":"error"`)) {
			return nil
		}
	}
}
