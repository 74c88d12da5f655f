package edge

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
)

// Invoker is a function as the gateway sees it; *Function is one.
type Invoker interface {
	// Invoke gives the function an event and returns its result, both JSON.
	// ErrThrottled: nobody looked at it. *FunctionError: the function failed,
	// and may or may not have done its work. The end of ctx ends the waiting,
	// not the function.
	Invoke(ctx context.Context, event []byte) (result []byte, err error)
}

// InvokerFunc is an Invoker that is one function.
type InvokerFunc func(ctx context.Context, event []byte) ([]byte, error)

// Invoke implements Invoker.
func (f InvokerFunc) Invoke(ctx context.Context, event []byte) ([]byte, error) { return f(ctx, event) }

// ErrThrottled says that all environments are busy. Lambda does not queue
// calls that somebody waits for.
var ErrThrottled = errors.New("too many requests: all environments of the function are busy")

// FunctionError is the failure of a function. Type is what the function
// called it, or Lambda did: Sandbox.Timedout, Runtime.ExitError,
// Runtime.InitError, Function.ResponseSizeTooLarge.
type FunctionError struct {
	Type    string `json:"errorType"`
	Message string `json:"errorMessage"`
}

func (e *FunctionError) Error() string { return e.Type + ": " + e.Message }

func failure(kind, format string, args ...any) *FunctionError {
	return &FunctionError{kind, fmt.Sprintf(format, args...)}
}

// encode is for events, which are made of what JSON has.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("edge: " + err.Error())
	}
	return b
}

// token returns an id as API Gateway makes them: 15 characters and a "=",
// which has to be escaped in a URL.
func token() string {
	var b [11]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.URLEncoding.EncodeToString(b[:])
}

// uuid returns an id as Lambda makes them.
func uuid() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
