package openai

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/openai/openai-go/v3/packages/ssestream"

	"kefu/core"
	"kefu/core/assist"
)

// New returns what makes models of providers, for assist.Options. All of them
// share their connections.
func New() func(p core.Provider, key string) assist.Model {
	h := newHTTP()
	return func(p core.Provider, key string) assist.Model { return newClient(p, key, h) }
}

// client speaks OpenAI's protocol with one provider.
type client struct {
	provider core.Provider
	base     string // of its URLs, with a slash at the end
	key      string
	http     *http.Client
}

func newClient(p core.Provider, key string, h *http.Client) *client {
	return &client{
		provider: p, base: strings.TrimSuffix(p.URL, "/") + "/", http: h,
		key: cmp.Or(key, "none"), // local servers want the header, and no key in it
	}
}

// post sends a body, and returns an answer that is 2xx, whose body the caller
// closes. Any other is a *refusal.
func (c *client) post(ctx context.Context, path, accept string, body any) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	for name, value := range map[string]string{"Authorization": "Bearer " + c.key, "Content-Type": "application/json", "Accept": accept, "User-Agent": "kefu"} {
		req.Header.Set(name, value)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode < 300 {
		return res, nil
	}
	defer func() { _ = res.Body.Close() }()
	return nil, refusalOf(res)
}

// maxAnswer is how many bytes of an answer are read: of a server that never
// ends, and never says anything.
const maxAnswer = 4 << 20

var errRedirected = errors.New("it redirects elsewhere, where no key is sent")

// newHTTP returns the client that all providers are spoken to with. It follows
// no redirect and asks no proxy, so a key goes to the host it was given for and
// nowhere else; and it connects to no address of the cloud's own.
func newHTTP() *http.Client {
	dialer := &net.Dialer{Timeout: 4 * time.Second, KeepAlive: 30 * time.Second, Control: mayConnect}
	return &http.Client{
		Transport: bounded{&http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 4 * time.Second,
			MaxIdleConnsPerHost: 64, IdleConnTimeout: 90 * time.Second, MaxResponseHeaderBytes: 64 << 10,
		}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return errRedirected },
	}
}

// mayConnect judges the address that a connection really goes to, whatever a
// name resolved to: link-local ones are where clouds keep credentials.
func mayConnect(_, address string, _ syscall.RawConn) error {
	addr, err := netip.ParseAddrPort(address)
	if err != nil || addr.Addr().Unmap().IsLinkLocalUnicast() {
		return fmt.Errorf("the address %s is not one of a model", address)
	}
	return nil
}

// bounded cuts answers off that have more than maxAnswer bytes.
type bounded struct{ http.RoundTripper }

func (b bounded) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := b.RoundTripper.RoundTrip(r)
	if err == nil {
		res.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(res.Body, maxAnswer), res.Body}
	}
	return res, err
}

// spoken leaves out what the SDK takes for an event and is none: the end of a
// comment, by which some servers show that they are at work.
type spoken struct{ ssestream.Decoder }

// Next implements ssestream.Decoder.
func (s spoken) Next() bool {
	for s.Decoder.Next() {
		if len(s.Event().Data) > 0 {
			return true
		}
	}
	return false
}

// Chat implements assist.Model.
func (c *client) Chat(ctx context.Context, p assist.Prompt, heard func(string)) (assist.Reply, error) {
	res, err := c.post(ctx, "chat/completions", "text/event-stream", c.question(p))
	if err != nil {
		return assist.Reply{}, faultOf(ctx, c.provider, err)
	}
	defer func() { _ = res.Body.Close() }()
	stream := ssestream.NewStream[chunk](spoken{ssestream.NewDecoder(res)}, nil)
	var reply assist.Reply
	var text strings.Builder
	calls := map[int64]*assist.Call{}
	finished, pieces := false, 0
	for stream.Next() {
		chunk := stream.Current()
		pieces++
		if u := chunk.Usage; u.Total > 0 {
			reply.Usage = assist.Usage{In: int64(u.Prompt), Out: int64(u.Completion)}
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		choice := chunk.Choices[0]
		finished = finished || choice.Finish != ""
		reply.Cut = reply.Cut || choice.Finish == "length"
		for _, d := range choice.Delta.Calls {
			if d.Index < 0 || d.Index >= maxCalls {
				return reply, &assist.Fault{Provider: c.provider, Kind: assist.Garbled, Message: "it calls too many tools at once"}
			}
			call := calls[d.Index]
			if call == nil {
				call = &assist.Call{}
				calls[d.Index] = call
			}
			if d.ID != "" {
				call.ID = d.ID
			}
			if call.Arguments += d.Function.Arguments; len(call.Arguments) > maxArguments {
				return reply, &assist.Fault{Provider: c.provider, Kind: assist.Garbled, Message: "the arguments of a call have no end"}
			}
			call.Name += d.Function.Name
			heard("")
		}
		if s := choice.Delta.Content; s != "" {
			text.WriteString(s)
			heard(s)
		}
		if text.Len() > maxText {
			reply.Cut = true
			break
		}
	}
	reply.Text = text.String()
	for i := range int64(len(calls)) {
		if calls[i] == nil {
			return reply, &assist.Fault{Provider: c.provider, Kind: assist.Garbled, Message: "its calls are not numbered from 0"}
		}
		if calls[i].ID == "" {
			calls[i].ID = fmt.Sprint("call_", i)
		}
		reply.Calls = append(reply.Calls, *calls[i])
	}
	switch err := stream.Err(); {
	case reply.Cut && text.Len() > maxText:
		return reply, nil
	case err != nil:
		return reply, faultOf(ctx, c.provider, err)
	case pieces == 0 || !finished && reply.Text == "" && len(reply.Calls) == 0:
		return reply, &assist.Fault{Provider: c.provider, Kind: assist.Garbled, Message: "what it answers is no stream of OpenAI's protocol"}
	case !finished:
		return reply, &assist.Fault{Provider: c.provider, Kind: assist.Broken, Message: "its answer breaks off"}
	}
	return reply, nil
}

const (
	maxCalls     = 8        // tools at once
	maxArguments = 8 << 10  // bytes
	maxText      = 24 << 10 // bytes of an answer; it is cut to the characters of a message later
)

func (c *client) question(p assist.Prompt) question {
	q := question{Model: c.provider.Model, Messages: []message{{Role: "system", Content: p.System}}, Most: p.Most, Stream: true}
	q.Options.Usage = true
	for _, m := range p.Messages {
		switch m.Role {
		case assist.User:
			q.Messages = append(q.Messages, message{Role: "user", Content: m.Text})
		case assist.Result:
			q.Messages = append(q.Messages, message{Role: "tool", Content: m.Text, Call: m.ID})
		case assist.Assistant:
			q.Messages = append(q.Messages, saidByAssistant(m))
		}
	}
	for _, t := range p.Tools {
		q.Tools = append(q.Tools, tool{"function", function{Name: t.Name, About: t.About, Parameters: t.Parameters}})
	}
	return q
}

func saidByAssistant(m assist.Message) message {
	out := message{Role: "assistant"}
	if m.Text != "" {
		out.Content = m.Text
	}
	for _, c := range m.Calls {
		out.Calls = append(out.Calls, call{ID: c.ID, Type: "function", Function: called{Name: c.Name, Arguments: c.Arguments}})
	}
	return out
}

// Embed implements assist.Model.
func (c *client) Embed(ctx context.Context, texts []string) ([][]float32, assist.Usage, error) {
	answer, err := c.post(ctx, "embeddings", "application/json", words{c.provider.Embedding, texts, "float"})
	if err != nil {
		return nil, assist.Usage{}, faultOf(ctx, c.provider, err)
	}
	defer func() { _ = answer.Body.Close() }()
	var res vectors
	if err := json.NewDecoder(answer.Body).Decode(&res); err != nil {
		return nil, assist.Usage{}, faultOf(ctx, c.provider, err)
	}
	wrong := &assist.Fault{Provider: c.provider, Kind: assist.Garbled, Message: "what it answers are no embeddings"}
	if len(res.Data) != len(texts) {
		return nil, assist.Usage{}, wrong
	}
	out := make([][]float32, len(texts))
	for _, d := range res.Data {
		if d.Index < 0 || int(d.Index) >= len(out) || out[d.Index] != nil || len(d.Embedding) == 0 || len(d.Embedding) > maxDimensions {
			return nil, assist.Usage{}, wrong
		}
		v := make([]float32, len(d.Embedding))
		for i, x := range d.Embedding {
			v[i] = float32(x)
		}
		out[d.Index] = v
	}
	for _, v := range out {
		if len(v) != len(out[0]) {
			return nil, assist.Usage{}, wrong
		}
	}
	return out, assist.Usage{In: int64(res.Usage.Total)}, nil
}

const maxDimensions = 4096
