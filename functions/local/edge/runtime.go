package edge

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"
)

// maxPayload is what an event or a result may have: Lambda's limit for calls
// that somebody waits for.
const maxPayload = 6 << 20

// Runtime is the Lambda Runtime API, and as much of the Extensions API as a
// runtime needs to be told of its end, for one environment.
type Runtime struct {
	// Static after newRuntime.
	arn   string
	next  chan *invocation // taken by GET /next
	ready chan struct{}    // closed at the first GET /next
	first func()           // closes ready, once

	mu        sync.Mutex
	pending   map[string]*invocation // guarded by mu: handed out, not answered
	init      *FunctionError         // guarded by mu: what POST /init/error said
	extension bool                   // guarded by mu: one was registered
}

// invocation is one event on its way.
type invocation struct {
	id       string
	event    []byte
	deadline time.Time
	done     chan answer // gets at most one
}

func newInvocation(event []byte, deadline time.Time) *invocation {
	return &invocation{uuid(), event, deadline, make(chan answer, 1)}
}

func newRuntime(arn string) *Runtime {
	rt := &Runtime{arn: arn, next: make(chan *invocation), ready: make(chan struct{}), pending: map[string]*invocation{}}
	rt.first = sync.OnceFunc(func() { close(rt.ready) })
	return rt
}

func (rt *Runtime) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", rt.serveNext)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", rt.serveResponse)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", rt.serveError)
	mux.HandleFunc("POST /2018-06-01/runtime/init/error", rt.serveInitError)
	mux.HandleFunc("POST /2020-01-01/extension/register", rt.serveRegister)
	mux.HandleFunc("GET /2020-01-01/extension/event/next", rt.serveEvents)
	return mux
}

// serveNext waits for an event. Several may wait at a time: as many as the
// runtime serves.
func (rt *Runtime) serveNext(w http.ResponseWriter, r *http.Request) {
	rt.first()
	select {
	case i := <-rt.next:
		rt.mu.Lock()
		rt.pending[i.id] = i
		rt.mu.Unlock()
		h := w.Header()
		h.Set("Content-Type", "application/json")
		h.Set("Lambda-Runtime-Aws-Request-Id", i.id)
		h.Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(i.deadline.UnixMilli(), 10))
		h.Set("Lambda-Runtime-Invoked-Function-Arn", rt.arn)
		h.Set("Lambda-Runtime-Trace-Id", "Root=1-00000000-000000000000000000000000;Sampled=0")
		_, _ = w.Write(i.event) // if it could not be read, the process is about to end
	case <-r.Context().Done():
	}
}

// take removes the invocation that a request answers, or refuses the request.
func (rt *Runtime) take(w http.ResponseWriter, r *http.Request) *invocation {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	i := rt.pending[r.PathValue("id")]
	delete(rt.pending, r.PathValue("id"))
	if i == nil {
		reply(w, http.StatusBadRequest, FunctionError{"InvalidRequestID", "Invalid request ID"})
	}
	return i
}

func (rt *Runtime) serveResponse(w http.ResponseWriter, r *http.Request) {
	result, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	var large *http.MaxBytesError
	if err != nil && !errors.As(err, &large) {
		return // the process broke off: its end is the answer
	}
	i := rt.take(w, r)
	switch {
	case i == nil:
	case large != nil:
		fail := failure("Function.ResponseSizeTooLarge", "Response payload size exceeded maximum allowed payload size (%d bytes).", maxPayload)
		i.done <- answer{nil, fail}
		reply(w, http.StatusRequestEntityTooLarge, fail)
	default:
		i.done <- answer{result, nil}
		reply(w, http.StatusAccepted, status{"OK"})
	}
}

type status struct {
	Status string `json:"status"`
}

func (rt *Runtime) serveError(w http.ResponseWriter, r *http.Request) {
	fail := readFailure(w, r)
	if i := rt.take(w, r); i != nil {
		i.done <- answer{nil, fail}
		reply(w, http.StatusAccepted, status{"OK"})
	}
}

func (rt *Runtime) serveInitError(w http.ResponseWriter, r *http.Request) {
	fail := readFailure(w, r)
	rt.mu.Lock()
	rt.init = fail
	rt.mu.Unlock()
	reply(w, http.StatusAccepted, status{"OK"})
}

// readFailure reads what a runtime says of a failure; what is not JSON is a
// failure all the same.
func readFailure(w http.ResponseWriter, r *http.Request) *FunctionError {
	fail := &FunctionError{Type: "Runtime.Unknown"}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	if err == nil {
		err = json.Unmarshal(body, fail)
	}
	if err != nil {
		fail.Message = "the runtime did not say what failed"
	}
	return fail
}

// serveRegister takes an extension on. All that it changes is that the process
// gets SIGTERM before it is killed.
func (rt *Runtime) serveRegister(w http.ResponseWriter, _ *http.Request) {
	rt.mu.Lock()
	rt.extension = true
	rt.mu.Unlock()
	w.Header().Set("Lambda-Extension-Identifier", uuid())
	reply(w, http.StatusOK, map[string]string{"functionName": rt.arn, "functionVersion": "$LATEST", "handler": "bootstrap"})
}

// serveEvents never has one: internal extensions may not ask for any but the
// end, which they learn by SIGTERM.
func (*Runtime) serveEvents(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func (rt *Runtime) extended() bool {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	return rt.extension
}

// initError returns what the runtime said of its own start, or nil.
func (rt *Runtime) initError() error {
	rt.mu.Lock()
	defer rt.mu.Unlock()
	if rt.init == nil {
		return nil
	}
	return rt.init
}

// reply writes JSON.
func reply(w http.ResponseWriter, code int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = w.Write(encode(v)) // whoever asked has gone
}
