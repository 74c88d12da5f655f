package httpapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
)

// Problem is how the API says no: application/problem+json, RFC 9457. Code,
// Expect and Retry mean what they mean in an error frame of the protocol.
type Problem struct {
	Type    string  `json:"type" doc:"Always about:blank: code tells problems apart."`
	Title   string  `json:"title" doc:"The HTTP status in words."`
	Status  int     `json:"status"`
	Code    string  `json:"code" doc:"For programs; one of the protocol's codes." example:"not_found"`
	Detail  string  `json:"detail" doc:"For people."`
	Expect  uint64  `json:"expect,omitempty" doc:"Of a gap: the number to go on from."`
	Retry   float64 `json:"retry,omitempty" doc:"Seconds to wait before trying again."`
	Request string  `json:"request,omitempty" doc:"Names the request in the server's log."`
	Faults  []Fault `json:"errors,omitempty" nullable:"false" doc:"What is wrong with the request, by place."`

	allow string // of 405: the Allow header
}

// Fault is one thing that is wrong with a request.
type Fault struct {
	Location string `json:"location" doc:"Such as body.name or query.limit."`
	Message  string `json:"message"`
}

// statusOf is the HTTP status of each code. What is not in it is no code.
func statusOf(c core.Code) (status int, known bool) {
	switch c {
	case core.Invalid:
		return http.StatusBadRequest, true
	case core.Unauthorized:
		return http.StatusUnauthorized, true
	case core.Forbidden:
		return http.StatusForbidden, true
	case core.NotFound:
		return http.StatusNotFound, true
	case core.Gap, core.Conflict, core.Full:
		return http.StatusConflict, true
	case core.TooLarge:
		return http.StatusRequestEntityTooLarge, true
	case core.RateLimited:
		return http.StatusTooManyRequests, true
	case core.Unsupported:
		return http.StatusNotImplemented, true
	case core.Unavailable:
		return http.StatusServiceUnavailable, true
	default:
		return http.StatusInternalServerError, false
	}
}

// problemOf returns what a client is told of an error. Whatever is no
// *core.Error, or one with the code Internal, says nothing but that.
func problemOf(err error, request string) *Problem {
	var e *core.Error
	if !errors.As(err, &e) {
		e = &core.Error{Code: core.Internal}
	}
	status, known := statusOf(e.Code)
	if !known {
		e = &core.Error{Code: core.Internal, Message: "internal error"}
	}
	p := &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status,
		Code: string(e.Code), Detail: e.Message, Expect: e.Expect, Request: request,
	}
	if e.Retry > 0 {
		p.Retry = max(e.Retry.Round(100*time.Millisecond).Seconds(), 0.1)
	}
	if l := (placed{}); errors.As(err, &l) {
		if at, message, ok := strings.Cut(e.Message, ": "); ok && fieldForm.MatchString(at) {
			p.Faults = []Fault{{"body." + clip(at), clip(message)}}
		}
	}
	if l := (listed{}); errors.As(err, &l) && e.Code == core.Invalid {
		p.Faults = faultsIn(e.Message)
		p.Detail = p.Faults[0].Location + ": " + p.Faults[0].Message
	}
	return p
}

// placed is an error whose message begins with the field of the body that it is
// about, if with any, as "name: 1 to 64 characters are expected". So it has
// one fault, whatever the code.
type placed struct{ error }

func (p placed) Unwrap() error { return p.error }

// located makes err one that is placed; nil stays nil.
func located(err error) error {
	if err == nil {
		return nil
	}
	return placed{err}
}

var fieldForm = regexp.MustCompile(`^[a-z]+(\[\d+\]|\.[a-z]+)*$`)

// as gives a problem a status that tells more than its code.
func (p *Problem) as(status int) *Problem {
	p.Status, p.Title = status, http.StatusText(status)
	return p
}

// refused returns the problem behind an error that huma makes by itself, when
// a request does not fit the types of its operation. Huma's own answer would
// echo the values, and a password is one.
func refused(m *huma.ErrorModel, request string) *Problem {
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		return problemOf(errTooLarge(), request)
	case m.Status == http.StatusRequestTimeout || m.Status >= 500:
		// Handlers return problems, so this is a body that did not come through.
		return problemOf(&core.Error{Code: core.Unavailable, Message: "the request did not arrive whole", Retry: time.Second}, request)
	}
	p := problemOf(core.Errorf(core.Invalid, "%s", cmp.Or(m.Detail, "the request does not fit")), request)
	for _, d := range m.Errors[:min(len(m.Errors), maxFaults)] {
		p.Faults = append(p.Faults, Fault{Location: clip(d.Location), Message: clip(d.Message)})
	}
	if len(p.Faults) > 0 {
		p.Detail = p.Faults[0].Location + ": " + p.Faults[0].Message
	}
	return p
}

const (
	maxFaults = 10
	maxClip   = 200 // bytes of what a fault says: names of unknown fields are the client's
)

// clip shortens a text where no character is cut.
func clip(s string) string {
	if len(s) <= maxClip {
		return s
	}
	end := maxClip
	for !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

// Error makes a Problem an error that huma sends as it is.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.Status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case http.StatusMethodNotAllowed:
		h.Set("Allow", p.allow)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		h.Set("Retry-After", strconv.Itoa(int(max(math.Ceil(p.Retry), 1))))
	}
	return h
}

// write sends the problem where huma does not.
func (p *Problem) write(w http.ResponseWriter) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // a client that is gone needs no answer
}
