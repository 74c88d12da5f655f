// Package remote is models that another function asks: the client of models is
// 2 MB, which only the function assist links, and its key is given to no other.
//
//	o.Models = remote.Models(function.Call)                    // in http
//	answer, err := remote.Serve(ctx, openai.New(), getenv, in) // in assist
//
// A request is one invocation that somebody waits for. What a model says comes
// back whole: who is shown pieces of an answer is served by the function assist
// itself.
package remote

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"kefu/core"
	"kefu/core/assist"
)

// Request is what a model is asked for: one of the two.
type Request struct {
	Provider core.Provider  `json:"provider"` // its key as the settings have it
	Prompt   *assist.Prompt `json:"prompt,omitempty"`
	Texts    []string       `json:"texts,omitempty"` // to embed
}

// answer is what comes back. What it may contain of a fault is for whoever set
// the provider up; see assist.Fault.
type answer struct {
	Reply   assist.Reply `json:"reply"`
	Vectors [][]float32  `json:"vectors,omitempty"`
	Usage   assist.Usage `json:"usage"`
	Fault   *fault       `json:"fault,omitempty"`
}

type fault struct {
	Kind    assist.Kind `json:"kind"`
	Message string      `json:"message"`
}

// Key stands for a key that the other function looks up.
func Key(string) string { return "there" }

// Models returns what makes models that are asked by call: that of a function
// which serves {"model": Request} by Serve.
func Models(call func(ctx context.Context, event []byte) ([]byte, error)) func(core.Provider, string) assist.Model {
	return func(p core.Provider, _ string) assist.Model { return model{p, call} }
}

type model struct {
	provider core.Provider
	call     func(ctx context.Context, event []byte) ([]byte, error)
}

// Chat implements assist.Model.
func (m model) Chat(ctx context.Context, p assist.Prompt, heard func(string)) (assist.Reply, error) {
	a, err := m.ask(ctx, Request{Provider: m.provider, Prompt: &p})
	if err == nil {
		heard(a.Reply.Text)
	}
	return a.Reply, err
}

// Embed implements assist.Model.
func (m model) Embed(ctx context.Context, texts []string) ([][]float32, assist.Usage, error) {
	a, err := m.ask(ctx, Request{Provider: m.provider, Texts: texts})
	if err == nil && len(a.Vectors) != len(texts) {
		err = &assist.Fault{Provider: m.provider, Kind: assist.Garbled, Message: "the function assist returns no embeddings"}
	}
	return a.Vectors, a.Usage, err
}

func (m model) ask(ctx context.Context, in Request) (a answer, err error) {
	event, err := json.Marshal(map[string]Request{"model": in})
	if err != nil {
		return a, err
	}
	data, err := m.call(ctx, event)
	if err == nil {
		err = json.Unmarshal(data, &a)
	}
	switch {
	case err != nil && ctx.Err() != nil:
		return a, &assist.Fault{Provider: m.provider, Kind: assist.Stalled, Message: "it did not answer in time", Cause: err}
	case err != nil:
		return a, &assist.Fault{Provider: m.provider, Kind: assist.Failing, Message: "the function assist, which asks it, can not be called", Cause: err}
	case a.Fault != nil:
		return a, &assist.Fault{Provider: m.provider, Kind: a.Fault.Kind, Message: a.Fault.Message}
	}
	return a, nil
}

// Serve asks the model of a request. An error says that the request is none;
// what is wrong with the model is a part of the answer. The caller's patience is
// the context's.
func Serve(ctx context.Context, models func(core.Provider, string) assist.Model, getenv func(string) string, in Request) (any, error) {
	key := in.Provider.Key
	if name, ok := in.Provider.EnvKey(); ok {
		key = ""
		if strings.HasPrefix(name, core.KeyVariable) { // the others are none of a model's business
			key = getenv(name)
		}
		if key == "" {
			return answer{Fault: &fault{assist.BadKey, "the variable " + name + " is not set on the function assist"}}, nil
		}
	}
	var a answer
	var err error
	switch m := models(in.Provider, key); {
	case in.Prompt != nil:
		a.Reply, err = m.Chat(ctx, *in.Prompt, func(string) {})
	case len(in.Texts) > 0:
		a.Vectors, a.Usage, err = m.Embed(ctx, in.Texts)
	default:
		return nil, errors.New("this is no request to a model")
	}
	var f *assist.Fault
	switch {
	case errors.As(err, &f):
		a.Fault = &fault{f.Kind, f.Message}
	case err != nil:
		a.Fault = &fault{assist.Failing, fmt.Sprintf("it can not be asked: %.100s", err)}
	}
	return a, nil
}
