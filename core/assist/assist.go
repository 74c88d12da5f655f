package assist

import (
	"log/slog"
	"time"

	"kefu/core"
)

// Options are what a Receptionist needs. Now and Models are required.
type Options struct {
	Now    func() time.Time
	Models func(p core.Provider, key string) Model // openai.New; the key may be empty
	Getenv func(string) string                     // for keys that are in variables; nil: there are none
	Log    *slog.Logger                            // nil: none
	Meter  Meter                                   // nil: none

	First   time.Duration // within which an answer must begin; 0: 8 s
	Silence time.Duration // that ends it once it began; 0: 5 s
}

// Meter hears what is worth counting. Its methods are called from any
// goroutine.
type Meter interface {
	Answered(cited bool, first, whole time.Duration) // a text for the visitor
	Failed(provider, kind string)                    // a provider did
	Spent(u Usage)
}

type deaf struct{}

func (deaf) Answered(bool, time.Duration, time.Duration) {}
func (deaf) Failed(string, string)                       {}
func (deaf) Spent(Usage)                                 {}

// Receptionist asks models. It is safe for concurrent use.
type Receptionist struct {
	Options
	pool *pool
}

// New returns a receptionist.
func New(o Options) *Receptionist {
	if o.Getenv == nil {
		o.Getenv = func(string) string { return "" }
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Meter == nil {
		o.Meter = deaf{}
	}
	if o.First <= 0 {
		o.First = 8 * time.Second
	}
	if o.Silence <= 0 {
		o.Silence = 5 * time.Second
	}
	r := &Receptionist{Options: o}
	r.pool = &pool{
		now: o.Now, getenv: o.Getenv, models: o.Models, first: o.First, silence: o.Silence, breakers: map[address]*breaker{},
		failed: func(p core.Provider, k Kind) { o.Meter.Failed(p.URL, string(k)) },
	}
	return r
}
