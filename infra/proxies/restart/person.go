package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/coder/websocket"
)

// person is a visitor, or an agent: a client as the SDK is one.
type person struct {
	plan   *plan
	dialer *http.Client // from an address of its own
	origin string
	agent  bool
	begin  time.Duration // when a visitor says the first word
	later  sync.WaitGroup

	// Guarded by mu.
	mu           sync.Mutex
	token        string
	conversation string
	epoch        string
	after        uint64
	said         []*message // all of them; n is the index and 1
	acked        int        // of them
	flying       bool       // one of them waits for its ack on conn
	unavailable  int        // how often it was told so
	conn         *websocket.Conn
	tried        []time.Duration // when it began to connect
	welcomes     []time.Duration
	tries        int  // since the last welcome
	held         bool // by an agent, a visitor's conversation
	refused      string
	ended        error // why the last connection did
}

// message is something that a visitor says.
type message struct {
	due, acked time.Duration // acked is 0 until it is
}

// frame is what is read of what a server sends.
type frame struct {
	Type         string
	Token        string
	Epoch        string
	Conversation json.RawMessage
	N, Seq       uint64
	Code         any
	Message      string
	Window       float64
	Retry        float64
	Events       []frame
}

func newPerson(p *plan, i int) *person {
	// A proxy must not see all of them as one, nor may one address have all ports.
	from := &net.TCPAddr{IP: net.IPv4(127, 0, 1, byte(1+i%250))}
	transport := &http.Transport{DialContext: (&net.Dialer{LocalAddr: from, Timeout: 10 * time.Second}).DialContext, DisableKeepAlives: true}
	if !strings.HasPrefix(p.url, "http://127.") {
		transport.DialContext = nil
	}
	return &person{plan: p, dialer: &http.Client{Transport: transport}, origin: fmt.Sprintf("restart-%d", 100_000+i)}
}

// live connects again and again until ctx ends.
func (v *person) live(ctx context.Context) {
	for ctx.Err() == nil {
		window := v.once(ctx)
		wait := time.Duration(rand.Float64() * float64(window))
		if window == 0 { // full jitter, as sdk/visitor/link.ts
			v.mu.Lock()
			most := min(30*time.Second, 500*time.Millisecond<<min(v.tries, 6))
			v.tries++
			v.mu.Unlock()
			wait = time.Duration(rand.Float64() * float64(most))
		}
		pause(ctx, wait)
	}
}

// once is one connection. window is that of a bye, or 0.
func (v *person) once(ctx context.Context) (window time.Duration) {
	v.mu.Lock()
	v.tried = append(v.tried, v.plan.now())
	v.mu.Unlock()
	within, cancel := context.WithTimeout(ctx, 15*time.Second)
	conn, _, err := websocket.Dial(within, "ws"+strings.TrimPrefix(v.plan.url, "http")+"/ws", &websocket.DialOptions{HTTPClient: v.dialer}) //nolint:bodyclose // Dial does
	cancel()
	if err != nil {
		v.end(err)
		return 0
	}
	conn.SetReadLimit(1 << 20)
	defer conn.CloseNow()
	defer v.gone()
	if v.write(ctx, conn, v.hello()) != nil {
		return 0
	}
	beats := sync.WaitGroup{}
	ctx, stop := context.WithCancel(ctx)
	defer v.later.Wait()
	defer beats.Wait()
	defer stop()
	beats.Go(func() { v.beat(ctx, conn) })
	for {
		_, text, err := conn.Read(ctx)
		if err != nil {
			v.end(err)
			return 0
		}
		if !bytes.HasPrefix(text, []byte("[")) {
			text = fmt.Appendf(nil, "[%s]", text)
		}
		var frames []frame
		if err := json.Unmarshal(text, &frames); err != nil {
			v.refuse(fmt.Sprintf("no frame: %.200s", text))
			return 0
		}
		for _, f := range frames {
			if f.Type == "bye" {
				return time.Duration(f.Window * float64(time.Second))
			}
			v.hear(ctx, conn, f)
		}
	}
}

// beat pings until ctx ends.
func (v *person) beat(ctx context.Context, conn *websocket.Conn) {
	ping := time.NewTicker(9 * time.Second)
	defer ping.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ping.C:
			_ = v.write(ctx, conn, map[string]any{"type": "ping", "next": 10}) // who reads notices
		}
	}
}

func (v *person) hello() map[string]any {
	v.mu.Lock()
	defer v.mu.Unlock()
	h := map[string]any{"type": "hello", "v": 1, "origin": v.origin}
	if v.token != "" {
		h["token"] = v.token
	}
	if v.epoch != "" {
		h["epoch"], h["after"] = v.epoch, v.after
	}
	return h
}

func (v *person) hear(ctx context.Context, conn *websocket.Conn, f frame) {
	v.mu.Lock()
	defer v.mu.Unlock()
	switch f.Type {
	case "welcome":
		v.welcomes = append(v.welcomes, v.plan.now())
		v.conn, v.tries = conn, 0
		if v.agent {
			_ = v.write(ctx, conn, map[string]any{"type": "status", "status": "online"}) // who reads notices
			return
		}
		var head struct {
			ID  string
			Seq uint64
		}
		if json.Unmarshal(f.Conversation, &head) == nil {
			v.conversation = head.ID
		}
		v.token, v.epoch, v.after = f.Token, f.Epoch, max(v.after, head.Seq)
		v.nextLocked(ctx)
	case "ack":
		for ; v.acked < min(int(f.N), len(v.said)); v.acked++ {
			v.said[v.acked].acked = v.plan.now()
		}
		v.after, v.flying = max(v.after, f.Seq), false
		v.nextLocked(ctx)
	case "event":
		v.after = max(v.after, f.Seq)
	case "conversation":
		v.held = bytes.Contains(f.Conversation, []byte(`"phase":"held"`))
	case "error":
		if f.Code != "unavailable" && f.Code != "busy" {
			v.refused = fmt.Sprintf("%v: %s", f.Code, f.Message)
			return
		}
		v.unavailable++
		wait := time.Duration(f.Retry*1000+rand.Float64()*500) * time.Millisecond
		v.later.Go(func() {
			pause(ctx, wait)
			v.mu.Lock()
			defer v.mu.Unlock()
			if v.conn == conn {
				v.flying = false
				v.nextLocked(ctx)
			}
		})
	}
}

// say has a visitor say something that was due then: at once, or when they are
// back.
func (v *person) say(ctx context.Context, due time.Duration) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.said = append(v.said, &message{due: due})
	v.nextLocked(ctx)
}

// nextLocked says what is next, if there is something and nothing is on its way.
func (v *person) nextLocked(ctx context.Context) {
	if v.conn == nil || v.flying || v.acked == len(v.said) {
		return
	}
	v.flying = true
	i := v.acked
	_ = v.write(ctx, v.conn, map[string]any{ // who reads notices; it is said again then
		"type": "send", "origin": v.origin, "n": i + 1, "body": map[string]any{"kind": "text", "text": fmt.Sprintf("%s says %d", v.origin, i+1)},
	})
}

func (v *person) end(err error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.ended = err
}

// gone notes that there is no connection.
func (v *person) gone() {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.conn, v.flying = nil, false
}

func (v *person) refuse(why string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.refused = why
}

func (v *person) write(ctx context.Context, conn *websocket.Conn, f map[string]any) error {
	text, err := json.Marshal(f)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	return conn.Write(ctx, websocket.MessageText, text)
}
