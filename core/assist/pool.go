package assist

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kefu/core"
)

// pool asks several providers, one after the other, until one answers.
type pool struct {
	now            func() time.Time
	getenv         func(string) string
	models         func(p core.Provider, key string) Model
	first, silence time.Duration
	failed         func(core.Provider, Kind) // for metrics

	mu       sync.Mutex
	breakers map[address]*breaker // guarded by mu
}

// address is a provider as far as its health goes.
type address struct{ url, model string }

// breaker keeps a provider that fails from being asked each time.
type breaker struct {
	failures int       // in a row
	until    time.Time // not asked before
	toolless bool      // the model knows no tools
	last     error     // of the failure before this; nil: it answered
}

const (
	tripAfter = 3
	tripFor   = 30 * time.Second
	maxKnown  = 1000 // providers remembered; settings have a few
	leastWait = 2 * time.Second
)

// model returns the model of a provider. Its key may be in a variable, whose
// name core.Settings.Validate has looked at.
func (p *pool) model(provider core.Provider) (Model, error) {
	key := provider.Key
	if name, ok := provider.EnvKey(); ok {
		if key = p.getenv(name); key == "" {
			return nil, &Fault{Provider: provider, Kind: BadKey, Message: "the variable " + name + " is not set on the server"}
		}
	}
	return p.models(provider, key), nil
}

// may reports whether a provider may be asked now, and with tools. While a
// breaker is open nobody asks; after that one question finds out.
func (p *pool) may(provider core.Provider) (ok, tools bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	b := p.breakers[address{provider.URL, provider.Model}]
	if b == nil {
		return true, true
	}
	now := p.now()
	if b.failures >= tripAfter {
		if now.Before(b.until) {
			return false, !b.toolless
		}
		b.until = now.Add(tripFor) // this one is the one
	}
	return true, !b.toolless
}

// note keeps how asking a provider went.
func (p *pool) note(provider core.Provider, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := address{provider.URL, provider.Model}
	b := p.breakers[at]
	if b == nil {
		if len(p.breakers) >= maxKnown {
			clear(p.breakers)
		}
		b = &breaker{}
		p.breakers[at] = b
	}
	switch {
	case err == nil:
		b.failures, b.last = 0, nil
	case kindOf(err) == WithoutTools:
		b.toolless = true
	default:
		b.last = err
		if b.failures++; b.failures >= tripAfter {
			b.until = p.now().Add(tripFor)
		}
	}
}

// warnings are what is wrong with those providers that failed when they were
// last asked.
func (p *pool) warnings(of []core.Receptionist) (list []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range of {
		for _, provider := range r.Providers {
			if b := p.breakers[address{provider.URL, provider.Model}]; b != nil && b.last != nil {
				list = append(list, b.last.Error())
			}
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

// chat asks the providers in their order. within is how long all of them have
// to begin. begun is called when another one, or the same again, begins anew.
func (p *pool) chat(ctx context.Context, providers []core.Provider, prompt Prompt, within time.Duration, begun func(), heard func(string)) (Reply, core.Provider, error) {
	var last error = &Fault{Kind: open, Message: "no provider can be asked now"}
	end := p.now().Add(within)
	spent := Usage{}
	for i := 0; i < len(providers); i++ {
		provider := providers[i]
		ok, tools := p.may(provider)
		left := end.Sub(p.now())
		if !ok || left <= 0 || ctx.Err() != nil {
			continue
		}
		asked := prompt
		if !tools {
			asked.Tools = nil
		}
		begun()
		share := min(left, max(left/time.Duration(len(providers)-i), min(leastWait, within/2)))
		reply, err := p.ask(ctx, provider, asked, share, heard)
		reply.Usage.Add(spent)
		if err := ctx.Err(); err != nil && errors.Is(context.Cause(ctx), err) {
			return reply, provider, ctx.Err() // nobody waits any more: no fault of the provider's
		}
		p.note(provider, err)
		if err == nil {
			return reply, provider, nil
		}
		spent, last = reply.Usage, err
		p.failed(provider, kindOf(err))
		if kindOf(err) == WithoutTools && tools {
			i-- // the same without
		}
	}
	return Reply{Usage: spent}, core.Provider{}, last
}

// ask asks one provider, which has wait to begin to answer.
func (p *pool) ask(ctx context.Context, provider core.Provider, prompt Prompt, wait time.Duration, heard func(string)) (Reply, error) {
	m, err := p.model(provider)
	if err != nil {
		return Reply{}, err
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	late := &Fault{Provider: provider, Kind: Stalled, Message: "it did not answer in time"}
	watch := time.AfterFunc(wait, func() { cancel(late) })
	defer watch.Stop()
	reply, err := m.Chat(ctx, prompt, func(piece string) {
		watch.Reset(p.silence)
		heard(piece)
	})
	if reply.Usage == (Usage{}) { // not every server tells
		reply.Usage = Usage{In: prompt.estimate(), Out: tokensOf(reply.Text)}
	}
	reply.Usage = reply.Usage.priced(provider)
	if err != nil && errors.Is(context.Cause(ctx), late) {
		err = late
	}
	return reply, err
}

// embed asks the first provider that has a model for embeddings.
func (p *pool) embed(ctx context.Context, providers []core.Provider, texts []string) ([][]float32, Usage, error) {
	for _, provider := range providers {
		if provider.Embedding == "" {
			continue
		}
		m, err := p.model(provider)
		if err != nil {
			return nil, Usage{}, err
		}
		vectors, usage, err := m.Embed(ctx, texts)
		return vectors, usage.priced(provider), err
	}
	return nil, Usage{}, errNoEmbeddings
}

var errNoEmbeddings = core.Errorf(core.Unsupported, "no provider has a model for embeddings")

// embedder names what vectors were made by; empty: nobody makes any.
func embedder(providers []core.Provider) string {
	for _, p := range providers {
		if p.Embedding != "" {
			return cmp.Or(p.URL) + " " + p.Embedding
		}
	}
	return ""
}
