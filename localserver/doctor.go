package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/coder/websocket"
)

// examination is what kefu doctor does: it is a visitor of a server, through
// whatever stands before that, by each way there is.
type examination struct {
	origin string        // of the page that has the chat on it; "" for the server's own
	wait   time.Duration // how long a long-poll is held, and a WebSocket silent

	base   *url.URL
	client *http.Client
	out    io.Writer
	now    func() time.Time
	failed bool
}

const (
	stepWithin = 10 * time.Second
	maxSkew    = 30 * time.Second    // between the clocks
	soonEnds   = 14 * 24 * time.Hour // of a certificate
	lateFrame  = 2 * time.Second     // for an answer over WebSocket
)

// run prints one line for each finding, and goes on after a bad one: that one
// way is closed says nothing of the others.
func (d *examination) run(ctx context.Context, p call, address string) int {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return p.wrong("doctor wants the public address of a server, such as https://chat.example.com")
	}
	d.base, d.out, d.now = u, p.stdout, p.now
	d.client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true}}
	defer d.client.CloseIdleConnections()
	if d.origin == "" {
		d.origin = u.Scheme + "://" + u.Host
	}
	if d.pages(ctx) {
		d.hidden(ctx)
		silent := d.webSocket(ctx)
		d.longPoll(ctx)
		silent()
	}
	if d.failed {
		return exitFailed
	}
	return exitOK
}

// A finding is good, a doubt that changes no exit code, or bad.

func (d *examination) good(format string, args ...any) {
	fmt.Fprintf(d.out, "ok    "+format+"\n", args...)
}

func (d *examination) doubt(format string, args ...any) {
	fmt.Fprintf(d.out, "hm    "+format+"\n", args...)
}

func (d *examination) bad(format string, args ...any) {
	fmt.Fprintf(d.out, "WRONG "+format+"\n", args...)
	d.failed = true
}

// pages reports whether it makes sense to go on.
func (d *examination) pages(ctx context.Context) bool {
	res, err := d.ask(ctx, stepWithin, http.MethodGet, "/kefu.js", nil)
	if err != nil {
		d.bad("%s can not be reached: %s", d.base, reason(err))
		return false
	}
	if kind := res.header.Get("Content-Type"); res.code != http.StatusOK || !strings.Contains(kind, "javascript") {
		d.bad("%s/kefu.js is answered with %s, %s: what is there is no kefu, or the proxy sends /kefu.js elsewhere", d.base, res.status, kind)
		return false
	}
	d.good("the pages are served by %s", res.proto)
	d.certificate(res)
	d.clock(res)
	return true
}

// certificate warns while there is time to do something; a bad one has kept us
// from getting here.
func (d *examination) certificate(res reply) {
	if res.tls == nil {
		d.doubt("the address is not HTTPS: pages on HTTPS can not use it, and anybody on the way can read along")
		return
	}
	ends := res.tls.PeerCertificates[0].NotAfter
	if left := ends.Sub(d.now()); left < soonEnds {
		d.doubt("the certificate ends in %d days, on %s", int(left.Hours()/24), ends.Format(time.DateOnly))
		return
	}
	d.good("the certificate is good until %s", ends.Format(time.DateOnly))
}

// clock takes the server's Date, which is exact to a second.
func (d *examination) clock(res reply) {
	there, err := http.ParseTime(res.header.Get("Date"))
	if err != nil {
		d.doubt("the answer has no Date, so the clocks could not be compared")
		return
	}
	if skew := d.now().Sub(there).Abs(); skew > maxSkew {
		d.bad("the clocks differ by %s: logins signed by a site's own server may be refused; run NTP on both", skew.Round(time.Second))
		return
	}
	d.good("the clocks agree")
}

// hidden looks for what only the operator should see.
func (d *examination) hidden(ctx context.Context) {
	for path, sign := range map[string]string{"/metrics": "kefu_build_info", "/debug/pprof/": "goroutine"} {
		if res, err := d.ask(ctx, stepWithin, http.MethodGet, path, nil); err == nil && bytes.Contains(res.body, []byte(sign)) {
			d.bad("%s%s is open to everybody: the proxy must not lead to the address of ops", d.base, path)
			return
		}
	}
	d.good("metrics and profiles are not public")
}

// hello is the first frame of a visitor.
func hello() map[string]any {
	return map[string]any{"type": "hello", "v": 1, "origin": "doctor-" + rand.Text()[:12]}
}

// webSocket returns what is to be done after some time of silence.
func (d *examination) webSocket(ctx context.Context) (silent func()) {
	silent = func() {}
	within, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	ws := *d.base.JoinPath("/ws")
	ws.Scheme = "ws" + strings.TrimPrefix(ws.Scheme, "http")
	o := &websocket.DialOptions{HTTPHeader: http.Header{"Origin": {d.origin}}, HTTPClient: d.client}
	conn, res, err := websocket.Dial(within, ws.String(), o) //nolint:bodyclose // the library says that it does
	switch {
	case err != nil && res != nil && res.StatusCode != http.StatusSwitchingProtocols:
		d.bad("a WebSocket is answered with %s: the proxy does not pass the headers Upgrade and Connection on, or speaks HTTP/1.0 to the server", res.Status)
		return silent
	case err != nil:
		d.bad("a WebSocket can not be opened: %s", reason(err))
		return silent
	}
	first, err := exchange(within, conn, hello())
	if err != nil || first["type"] != "welcome" {
		defer conn.CloseNow()
		d.bad("a visitor on %s is turned away over WebSocket: %s", d.origin, refusal(first, err))
		return silent
	}
	d.good("a WebSocket is let through, and a visitor on %s is welcome", d.origin)
	d.promptness(within, conn)
	return func() { d.silence(ctx, conn) }
}

// promptness notices a proxy that holds frames back until it has enough.
func (d *examination) promptness(ctx context.Context, conn *websocket.Conn) {
	slowest := time.Duration(0)
	for range 3 {
		begun := d.now()
		if _, err := exchange(ctx, conn, map[string]any{"type": "ping", "next": 60}); err != nil {
			d.bad("frames do not come through: something on the way buffers them (%s)", reason(err))
			return
		}
		slowest = max(slowest, d.now().Sub(begun))
	}
	if slowest > lateFrame {
		d.bad("an answer over WebSocket took %s: something on the way buffers", slowest.Round(time.Millisecond))
		return
	}
	d.good("answers over WebSocket come within %s", slowest.Round(time.Millisecond))
}

// silence looks whether a connection is still there after nothing was said.
func (d *examination) silence(ctx context.Context, conn *websocket.Conn) {
	defer conn.CloseNow()
	within, cancel := context.WithTimeout(ctx, stepWithin)
	defer cancel()
	if _, err := exchange(within, conn, map[string]any{"type": "ping"}); err != nil {
		d.bad("a WebSocket that was silent for %s was cut: the proxy's timeout must be above 60 s (%s)", d.wait, reason(err))
		return
	}
	d.good("a WebSocket stays open through %s of silence", d.wait)
}

// exchange sends a frame and returns the next one that comes.
func exchange(ctx context.Context, conn *websocket.Conn, frame map[string]any) (answer map[string]any, err error) {
	data, err := json.Marshal(frame)
	if err != nil {
		return nil, err
	}
	if err := conn.Write(ctx, websocket.MessageText, data); err != nil {
		return nil, err
	}
	if _, data, err = conn.Read(ctx); err != nil {
		return nil, err
	}
	return answer, json.Unmarshal(data, &answer)
}

// longPoll is the way for those whom no WebSocket reaches.
func (d *examination) longPoll(ctx context.Context) {
	frames, _, err := d.poll(ctx, map[string]any{"frames": []any{hello()}, "wait": 0})
	i := slices.IndexFunc(frames, func(f map[string]any) bool { return f["type"] == "welcome" })
	if err != nil || i < 0 {
		d.bad("a long-poll does not come through: %s", refusal(first(frames), err))
		return
	}
	welcome, seconds := frames[i], int(d.wait.Seconds())
	begun := d.now()
	_, next, err := d.poll(ctx, map[string]any{"token": welcome["token"], "epoch": welcome["epoch"], "after": 0, "wait": seconds})
	took := d.now().Sub(begun)
	switch {
	case err != nil:
		d.bad("a long-poll was cut after %s: the proxy must let a request take 30 s (%s)", took.Round(100*time.Millisecond), reason(err))
	case next == 0 && took < d.wait/2:
		d.doubt("a long-poll came back after %s without news", took.Round(100*time.Millisecond))
	default:
		d.good("a long-poll is held for %s", took.Round(100*time.Millisecond))
	}
}

// poll returns the frames, and in how many seconds the server wants the next one.
func (d *examination) poll(ctx context.Context, request map[string]any) (frames []map[string]any, next float64, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return nil, 0, err
	}
	res, err := d.ask(ctx, d.wait+stepWithin, http.MethodPost, "/v1/poll", body)
	if err != nil {
		return nil, 0, err
	}
	if res.code != http.StatusOK {
		return nil, 0, fmt.Errorf("it is answered with %s", res.status)
	}
	if err := json.Unmarshal(res.body, &frames); err != nil {
		return nil, 0, errors.New("the answer is not the server's")
	}
	for _, f := range frames {
		if s, ok := f["seconds"].(float64); ok && f["type"] == "next" {
			next = s
		}
	}
	return frames, next, nil
}

// reply is what there is to know of a response, its body read.
type reply struct {
	code          int
	status, proto string
	header        http.Header
	tls           *tls.ConnectionState // nil: it is not HTTPS
	body          []byte
}

// ask is one HTTP request, as the page would send it.
func (d *examination) ask(ctx context.Context, limit time.Duration, method, path string, body []byte) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, d.base.JoinPath(path).String(), bytes.NewReader(body))
	if err != nil {
		return reply{}, err
	}
	req.Header.Set("Origin", d.origin)
	req.Header.Set("Content-Type", "text/plain")
	res, err := d.client.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, 1<<20))
	return reply{res.StatusCode, res.Status, res.Proto, res.Header, res.TLS, data}, err
}

func first(frames []map[string]any) map[string]any {
	if len(frames) == 0 {
		return nil
	}
	return frames[0]
}

// refusal says why somebody is not welcome.
func refusal(frame map[string]any, err error) string {
	switch {
	case err != nil:
		return reason(err)
	case frame["code"] == "forbidden":
		return "the site does not allow that origin; add it to the site's origins in the settings"
	default:
		return fmt.Sprintf("%v %v", frame["code"], frame["message"])
	}
}

// reason is an error without the request that it is about.
func reason(err error) string {
	var u *url.Error
	var name *net.DNSError
	switch {
	case errors.As(err, &name):
		return "there is no host " + name.Name
	case errors.Is(err, context.DeadlineExceeded):
		return "no answer in time"
	case errors.As(err, &u):
		return u.Err.Error()
	}
	return err.Error()
}
