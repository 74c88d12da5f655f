package hosttest

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/coder/websocket"
)

// proxy stands between clients and a host, and does what networks do. It
// works on whole messages, so that what it repeats or holds back is something
// that a client could have sent.
type proxy struct {
	// Static after newProxy.
	host   string // its URL
	server *httptest.Server
	client *http.Client
	ctx    context.Context
	all    sync.WaitGroup // everything that is under way

	calm                              atomic.Bool // from now on it only passes on
	delayed, repeated, swallowed, cut atomic.Int64

	mu  sync.Mutex
	rng *rand.Rand // guarded by mu
}

func newProxy(p *play, seed uint64) *proxy {
	x := &proxy{host: p.url, client: p.http, rng: rand.New(rand.NewPCG(seed, 3))}
	ctx, stop := context.WithCancel(p.ctx)
	x.ctx = ctx
	mux := http.NewServeMux()
	mux.HandleFunc("/ws", x.socket)
	mux.HandleFunc("/v1/poll", x.poll)
	x.server = httptest.NewServer(mux)
	p.Cleanup(func() {
		stop()
		x.all.Wait()
		x.server.Close()
	})
	return x
}

func (x *proxy) url() string { return x.server.URL }

// trouble is what happens to one message.
type trouble int

const (
	passed trouble = iota
	delayed
	repeated
	swallowed // and all that follows in this direction: half-open
	cutOff
)

// next draws what happens to a message, and how long that takes.
func (x *proxy) next() (trouble, time.Duration) {
	if x.calm.Load() {
		return passed, 0
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	wait := time.Duration(x.rng.IntN(25)) * time.Millisecond
	switch n := x.rng.IntN(1000); {
	case n < 120:
		x.delayed.Add(1)
		return delayed, wait
	case n < 180:
		x.repeated.Add(1)
		return repeated, wait
	case n < 182:
		x.swallowed.Add(1)
		return swallowed, wait
	case n < 192:
		x.cut.Add(1)
		return cutOff, wait
	}
	return passed, 0
}

// later does something after a while, unless the storm is over by then.
func (x *proxy) later(wait time.Duration, do func()) {
	x.all.Go(func() {
		select {
		case <-time.After(wait):
			do()
		case <-x.ctx.Done():
		}
	})
}

func (x *proxy) socket(w http.ResponseWriter, r *http.Request) {
	x.all.Add(1)
	defer x.all.Done()
	near, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true, Subprotocols: []string{"kefu.v1"}})
	if err != nil {
		return
	}
	defer near.CloseNow()
	far, _, err := websocket.Dial(x.ctx, "ws"+strings.TrimPrefix(x.host, "http")+"/ws", &websocket.DialOptions{Subprotocols: []string{"kefu.v1"}})
	if err != nil {
		return
	}
	defer far.CloseNow()
	ctx, cut := context.WithCancel(x.ctx)
	defer cut()
	x.all.Go(func() { defer cut(); x.pass(ctx, far, near, false) })
	x.pass(ctx, near, far, true)
}

// pass carries the messages of one direction. The first, a hello or welcome,
// goes through: nothing may come before it. Only what clients send is
// repeated, for a host does not repeat.
func (x *proxy) pass(ctx context.Context, from, to *websocket.Conn, fromClient bool) {
	from.SetReadLimit(1 << 20)
	write := func(m []byte) { _ = to.Write(ctx, websocket.MessageText, m) } // the reader sees the end
	first, silent := true, false
	for {
		_, m, err := from.Read(ctx)
		if err != nil {
			return
		}
		what, wait := x.next()
		if first {
			what, first = passed, false
		}
		switch {
		case silent || what == swallowed:
			silent = true
		case what == cutOff:
			return
		case what == delayed:
			x.later(wait, func() { write(m) })
		case what == repeated && fromClient:
			write(m)
			x.later(wait, func() { write(m) })
		default:
			write(m)
		}
	}
}

// poll carries one request. What happens to it may also happen to its answer.
func (x *proxy) poll(w http.ResponseWriter, r *http.Request) {
	x.all.Add(1)
	defer x.all.Done()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	what, wait := x.next()
	switch what {
	case delayed:
		<-time.After(wait)
	case repeated:
		x.later(wait, func() { _, _, _ = x.forward(x.ctx, body) })
	case swallowed, cutOff:
		panic(http.ErrAbortHandler) // it never came
	case passed:
	}
	status, answer, err := x.forward(r.Context(), body)
	if what, _ := x.next(); err != nil || what == cutOff || what == swallowed {
		panic(http.ErrAbortHandler) // the answer never comes
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(answer)
}

func (x *proxy) forward(ctx context.Context, body []byte) (status int, answer []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, x.host+"/v1/poll", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "text/plain")
	res, err := x.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}
