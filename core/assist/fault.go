package assist

import (
	"cmp"
	"errors"
	"fmt"
	"net/url"

	"kefu/core"
)

// Kind is what went wrong with a provider, as metrics name it.
type Kind string

// The kinds.
const (
	BadKey       Kind = "key"
	NoModel      Kind = "model"
	NoHost       Kind = "host"
	Throttled    Kind = "429"
	Failing      Kind = "5xx"
	Garbled      Kind = "garbage"
	Broken       Kind = "broken"
	Stalled      Kind = "timeout"
	WithoutTools Kind = "tools" // this model knows none; it is asked again without
	Refused      Kind = "refused"
	open         Kind = "open" // by the circuit breaker
)

// Fault is what is wrong with a provider, in a sentence for whoever set it up.
// No answer of the provider's is in it but its status: it may repeat the key.
type Fault struct {
	Provider core.Provider
	Kind     Kind
	Message  string
	Cause    error // may be nil
}

func (f *Fault) Error() string {
	host := f.Provider.URL
	if u, err := url.Parse(host); err == nil {
		host = u.Host
	}
	return fmt.Sprintf("%s (%s): %s", host, f.Provider.Model, f.Message)
}

func (f *Fault) Unwrap() error { return f.Cause }

func kindOf(err error) Kind { return cmp.Or(KindOf(err), Failing) }

// KindOf returns the kind of a fault, or nothing for an error that is none.
func KindOf(err error) Kind {
	var f *Fault
	if errors.As(err, &f) {
		return f.Kind
	}
	return ""
}
