package core

import (
	"errors"
	"fmt"
	"time"
)

// A Code says what kind of failure an error is. Codes are part of the
// protocol: a released one keeps its meaning. Each host has one table from
// code to HTTP status and close code.
type Code string

// The definite codes: what was asked is not stored and never will be.
const (
	Invalid      Code = "invalid"      // malformed, or makes no sense at all
	Unauthorized Code = "unauthorized" // no token, or not one of ours
	Forbidden    Code = "forbidden"    // the author has no right to this
	NotFound     Code = "not_found"    // there is no such thing
	Gap          Code = "gap"          // an earlier frame of this origin is missing; Error.Expect says which
	Conflict     Code = "conflict"     // somebody else got there first, or what it refers to is over
	Full         Code = "full"         // the agent has no free seat
	TooLarge     Code = "too_large"    // over a limit of size
	Unsupported  Code = "unsupported"  // this host does not do that
)

// The codes that ask to come again.
const (
	RateLimited Code = "rate_limited" // not looked at; Error.Retry says when
	Unavailable Code = "unavailable"  // outcome unknown: repeat the same; Error.Retry says when
	Internal    Code = "internal"     // outcome unknown: whatever is not an *Error
)

// Error is a failure with a code for programs and a message for people. The
// message is shown to whoever caused it, so it never quotes an inner error.
type Error struct {
	Code    Code
	Message string
	Expect  uint64        // of Gap: the number to go on from
	Retry   time.Duration // of RateLimited and Unavailable: how long to wait
	Cause   error         // for the log only; never shown
}

func (e *Error) Error() string {
	if e.Cause != nil {
		return string(e.Code) + ": " + e.Message + ": " + e.Cause.Error()
	}
	return string(e.Code) + ": " + e.Message
}

// Unwrap gives logs and errors.Is the inner error.
func (e *Error) Unwrap() error { return e.Cause }

// Errorf returns an Error with the given code and a message for people.
func Errorf(code Code, format string, args ...any) error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// CodeOf returns the code of err: "" for nil, Internal for whatever wraps no
// *Error.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return Internal
}

// Definite reports whether err says for certain that nothing was stored and
// nothing will be by this attempt.
func Definite(err error) bool {
	switch CodeOf(err) {
	case "", RateLimited, Unavailable, Internal:
		return false
	default:
		return true
	}
}
