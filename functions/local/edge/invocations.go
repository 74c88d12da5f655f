package edge

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// maxEvent is what an event may have that nobody waits for.
const maxEvent = 256 << 10

// InvokeOptions are what Invocations need. Functions, Credentials and Now are
// required.
type InvokeOptions struct {
	Functions   map[string]Invoker // by name
	Region      string             // "": us-east-1
	Credentials aws.Credentials    // that calls are signed with
	Attempts    int                // at an event that nobody waits for, as EventInvokeConfig says; 0: 3
	Now         func() time.Time
	Log         *slog.Logger // nil: none
}

// Invocations is the Invoke call of Lambda, by which functions call each
// other: POST /2015-03-31/functions/name/invocations, signed. Make one with
// NewInvocations, end it with Close.
//
// With X-Amz-Invocation-Type: Event it is answered with 202 at once, and the
// event is given to the function until that does not fail: three times at
// most unless Attempts says so, a minute and two minutes later. So a function that is called like this
// sees some events twice. One that has no room is no attempt: the event is kept,
// and offered again after 1, 2, 4 … seconds for a minute.
type Invocations struct {
	// Static after NewInvocations.
	InvokeOptions
	mux     *http.ServeMux
	ctx     context.Context // of what was accepted
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu     sync.Mutex
	closed bool // guarded by mu
}

// NewInvocations returns the call for some functions. ctx ends what was
// accepted like Close.
func NewInvocations(ctx context.Context, o InvokeOptions) *Invocations {
	o.Region = orElse(o.Region, "us-east-1")
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	in := &Invocations{InvokeOptions: o, mux: http.NewServeMux()}
	in.ctx, in.cancel = context.WithCancel(ctx)
	in.mux.HandleFunc("POST /2015-03-31/functions/{name}/invocations", in.serve)
	return in
}

// ServeHTTP implements http.Handler.
func (in *Invocations) ServeHTTP(w http.ResponseWriter, r *http.Request) { in.mux.ServeHTTP(w, r) }

func (in *Invocations) serve(w http.ResponseWriter, r *http.Request) {
	event, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxPayload))
	var large *http.MaxBytesError
	async := r.Header.Get("X-Amz-Invocation-Type") == "Event"
	switch {
	case errors.As(err, &large) || err == nil && async && len(event) > maxEvent:
		refuse(w, http.StatusRequestEntityTooLarge, "RequestTooLargeException", "Request must be smaller")
		return
	case err != nil:
		return // the caller broke off
	}
	if err := (Verifier{in.Credentials, "lambda", in.Region, in.Now}).Verify(r, event); err != nil {
		refuse(w, http.StatusForbidden, "AccessDeniedException", "Forbidden")
		return
	}
	f, ok := in.Functions[r.PathValue("name")]
	switch {
	case !ok:
		refuse(w, http.StatusNotFound, "ResourceNotFoundException", "Function not found: "+r.PathValue("name"))
	case !async:
		in.wait(w, r, f, event)
	case in.accept(r.PathValue("name"), f, event):
		w.WriteHeader(http.StatusAccepted)
	default:
		refuse(w, http.StatusServiceUnavailable, "ServiceException", "Service Unavailable")
	}
}

// wait answers with the function's result, or with how it failed.
func (*Invocations) wait(w http.ResponseWriter, r *http.Request, f Invoker, event []byte) {
	result, err := f.Invoke(r.Context(), event)
	var failed *FunctionError
	switch {
	case err == nil:
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(result) // the caller may have gone
	case errors.As(err, &failed):
		w.Header().Set("X-Amz-Function-Error", "Unhandled")
		reply(w, http.StatusOK, failed)
	case errors.Is(err, ErrThrottled):
		refuse(w, http.StatusTooManyRequests, "TooManyRequestsException", "Rate Exceeded.")
	default:
		refuse(w, http.StatusInternalServerError, "ServiceException", "Internal Error")
	}
}

// accept has an event served later; false: there will be no later.
func (in *Invocations) accept(name string, f Invoker, event []byte) bool {
	in.mu.Lock()
	defer in.mu.Unlock()
	if !in.closed {
		in.running.Go(func() { in.deliver(name, f, event) })
	}
	return !in.closed
}

// deliver gives an event to a function until that takes it.
func (in *Invocations) deliver(name string, f Invoker, event []byte) {
	for attempt := range orElse(in.Attempts, 3) {
		if !in.pause(time.Duration(attempt) * time.Minute) {
			return
		}
		_, err := f.Invoke(in.ctx, event)
		for wait := time.Second; errors.Is(err, ErrThrottled) && wait < time.Minute && in.pause(wait); wait *= 2 {
			_, err = f.Invoke(in.ctx, event)
		}
		if err == nil || in.ctx.Err() != nil {
			return
		}
		in.Log.Warn("an event was not served", "function", name, "attempt", attempt+1, "error", err)
	}
}

// pause waits; false: there is no need to go on.
func (in *Invocations) pause(d time.Duration) bool {
	again := time.NewTimer(d)
	defer again.Stop()
	select {
	case <-again.C:
		return true
	case <-in.ctx.Done():
		return false
	}
}

// Close gives up what has not been served, and returns when nothing runs.
func (in *Invocations) Close() {
	in.mu.Lock()
	in.closed = true
	in.mu.Unlock()
	in.cancel()
	in.running.Wait()
}
