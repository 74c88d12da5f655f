package ddb

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"kefu/functions/local/edge"
)

// The most that faults hold up a request, and that a weak read lags.
const (
	maxDelay = 50 * time.Millisecond
	maxLag   = 500 * time.Millisecond
)

// maxRequest is what a request may have: a batch of DynamoDB's has 16 MB.
const maxRequest = 16 << 20

// Options are what a Proxy needs. Upstream and Now are required.
type Options struct {
	Upstream string       // URL of the DynamoDB
	Faults   *edge.Faults // DBThrottle to DBLag; nil: none
	Now      func() time.Time
	Log      *slog.Logger // nil: none
}

// Proxy is an http.Handler before a DynamoDB. Make one with New, end it with
// Close. It is safe for concurrent use.
type Proxy struct {
	Options
	client *http.Client

	order [64]sync.Mutex // of writes and lagging reads, by partition
	slots chan struct{}  // those that the engine works on hold one

	mu    sync.Mutex
	usage Usage    // guarded by mu
	past  []change // guarded by mu: the last maxLag, oldest first
}

// atOnce is how many requests the engine gets at once. It has one thread, and
// would go on with what nobody waits for any more: a moment of overload would
// become a long one.
const atOnce = 16

// New returns a proxy.
func New(o Options) *Proxy {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Proxy{Options: o, slots: make(chan struct{}, atOnce), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}}
}

// Close lets go of the connections to the DynamoDB.
func (p *Proxy) Close() { p.client.CloseIdleConnections() }

// ServeHTTP implements http.Handler.
func (p *Proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxRequest))
	if err != nil {
		return // the caller broke off, or is none of ours
	}
	switch {
	case p.Faults.Hit(edge.DBThrottle):
		p.throttle(w)
		return
	case p.Faults.Hit(edge.DBFail):
		refuse(w, http.StatusInternalServerError, model+"InternalServerError", "The request processing has failed.")
		return
	case p.Faults.Hit(edge.DBDelay) && !p.delay(r.Context()):
		return
	}
	c, err := parse(r.Header.Get("X-Amz-Target"), body)
	if err != nil { // the engine has a word for what is wrong with it
		c = &call{}
	}
	res, err := p.serve(r, c, body)
	switch {
	case err != nil && r.Context().Err() == nil:
		p.Log.Error("the local DynamoDB does not answer", "error", err)
		refuse(w, http.StatusServiceUnavailable, model+"ServiceUnavailable", "The service is not available.")
	case err != nil: // the caller broke off
	case p.Faults.Hit(edge.DBLost):
		panic(http.ErrAbortHandler)
	default:
		res.write(w)
	}
}

// delay waits as a fault says. false: the caller did not.
func (p *Proxy) delay(ctx context.Context) bool {
	timer := time.NewTimer(p.Faults.UpTo(edge.DBDelay, maxDelay))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// model is before the name of most errors.
const model = "com.amazonaws.dynamodb.v20120810#"

// throttle refuses in one of the two words that DynamoDB has for it: the
// table's own limit, or that of the service.
func (p *Proxy) throttle(w http.ResponseWriter) {
	if p.Faults.UpTo(edge.DBThrottle, 2) == 0 {
		refuse(w, http.StatusBadRequest, "com.amazon.coral.availability#ThrottlingException", "Rate of requests exceeds the allowed throughput.")
		return
	}
	refuse(w, http.StatusBadRequest, model+"ProvisionedThroughputExceededException", "The level of configured provisioned throughput for the table was exceeded.")
}

// refuse answers as DynamoDB does.
func refuse(w http.ResponseWriter, code int, kind, message string) {
	w.Header().Set("Content-Type", "application/x-amz-json-1.0")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": kind, "message": message}) // the caller may have gone
}

// response is an answer of the engine.
type response struct {
	status int
	header http.Header
	body   []byte
}

func (res response) write(w http.ResponseWriter) {
	for _, name := range []string{"Content-Type", "X-Amzn-Requestid"} { // not the checksum: the body may be another
		if v := res.header.Get(name); v != "" {
			w.Header().Set(name, v)
		}
	}
	w.WriteHeader(res.status)
	_, _ = w.Write(res.body) // the caller may have gone
}

// serve sends a call on, with what the proxy wants to know, and takes that out
// of the answer again.
func (p *Proxy) serve(r *http.Request, c *call, body []byte) (response, error) {
	if !c.counted() {
		return p.forward(r, body)
	}
	lags := c.weak() && p.Faults.Hit(edge.DBLag)
	if c.writes() || lags {
		turn := p.turn(c.partition())
		turn.Lock()
		defer turn.Unlock()
	}
	var undo []change
	if lags {
		undo = p.since(c, p.Now().Add(-p.Faults.UpTo(edge.DBLag, maxLag)))
	}
	body, err := c.ask(len(undo))
	if err != nil {
		return response{}, err
	}
	res, err := p.forward(r, body)
	if err != nil {
		return res, err
	}
	p.count(c, res)
	if res.status != http.StatusOK {
		return res, nil
	}
	if c.writes() {
		p.keep(c, res.body)
	}
	res.body, err = c.answer(res.body, undo)
	return res, err
}

// turn is the lock of a partition.
func (p *Proxy) turn(partition string) *sync.Mutex {
	h := fnv.New32a()
	_, _ = h.Write([]byte(partition)) // a hash takes everything
	return &p.order[h.Sum32()%uint32(len(p.order))]
}

// forward sends a request to the engine. Its signature is not looked at there.
func (p *Proxy) forward(r *http.Request, body []byte) (response, error) {
	req, err := http.NewRequestWithContext(r.Context(), r.Method, p.Upstream, bytes.NewReader(body))
	if err != nil {
		return response{}, err
	}
	for _, name := range []string{"Authorization", "Content-Type", "X-Amz-Date", "X-Amz-Security-Token", "X-Amz-Target"} {
		if v := r.Header.Get(name); v != "" {
			req.Header.Set(name, v)
		}
	}
	select {
	case p.slots <- struct{}{}:
		defer func() { <-p.slots }()
	case <-r.Context().Done():
		return response{}, r.Context().Err()
	}
	res, err := p.client.Do(req)
	if err != nil {
		return response{}, err
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return response{}, fmt.Errorf("the answer broke off: %w", err)
	}
	return response{res.StatusCode, res.Header, data}, nil
}

var errNoCall = errors.New("that is no call of DynamoDB")

// parse reads a call; target is as in DynamoDB_20120810.GetItem.
func parse(target string, body []byte) (*call, error) {
	_, name, found := strings.Cut(target, ".")
	c := &call{name: name}
	if !found || json.Unmarshal(body, &c.fields) != nil {
		return nil, errNoCall
	}
	return c, nil
}
