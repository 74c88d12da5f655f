package openai

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"syscall"
	"time"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
	"github.com/openai/openai-go/v3/packages/param"
	"github.com/openai/openai-go/v3/shared"

	"kefu/core"
	"kefu/core/assist"
)

// New returns what makes models of providers, for assist.Options. All of them
// share their connections.
func New() func(p core.Provider, key string) assist.Model {
	h := newHTTP()
	return func(p core.Provider, key string) assist.Model { return newClient(p, key, h) }
}

// client speaks OpenAI's protocol with one provider. It is made with services
// of the SDK, not with its client: that would read a key, and a base URL, from
// variables of its own.
type client struct {
	provider core.Provider
	options  []option.RequestOption
}

func newClient(p core.Provider, key string, h *http.Client) *client {
	base := strings.TrimSuffix(p.URL, "/") + "/"
	c := &client{provider: p, options: []option.RequestOption{
		option.WithBaseURL(base), option.WithHTTPClient(h), option.WithMaxRetries(0), option.WithHeader("User-Agent", "kefu"),
	}}
	if key == "" {
		key = "none" // local servers want the header, and no key in it
	}
	c.options = append(c.options, option.WithAPIKey(key))
	return c
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

// Chat implements assist.Model.
func (c *client) Chat(ctx context.Context, p assist.Prompt, heard func(string)) (assist.Reply, error) {
	chat := openai.NewChatCompletionService(c.options...)
	stream := chat.NewStreaming(ctx, c.params(p), withoutComments())
	defer func() { _ = stream.Close() }()
	var reply assist.Reply
	var text strings.Builder
	calls := map[int64]*assist.Call{}
	finished, pieces := false, 0
	for stream.Next() {
		chunk := stream.Current()
		pieces++
		if u := chunk.Usage; u.TotalTokens > 0 {
			reply.Usage = assist.Usage{In: u.PromptTokens, Out: u.CompletionTokens}
		}
		if len(chunk.Choices) == 0 {
			continue
		}
		choice := chunk.Choices[0]
		finished = finished || choice.FinishReason != ""
		reply.Cut = reply.Cut || choice.FinishReason == "length"
		for _, d := range choice.Delta.ToolCalls {
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

func (c *client) params(p assist.Prompt) openai.ChatCompletionNewParams {
	messages := []openai.ChatCompletionMessageParamUnion{openai.SystemMessage(p.System)}
	for _, m := range p.Messages {
		switch m.Role {
		case assist.User:
			messages = append(messages, openai.UserMessage(m.Text))
		case assist.Result:
			messages = append(messages, openai.ToolMessage(m.Text, m.ID))
		case assist.Assistant:
			messages = append(messages, openai.ChatCompletionMessageParamUnion{OfAssistant: saidByAssistant(m)})
		}
	}
	out := openai.ChatCompletionNewParams{Model: c.provider.Model, Messages: messages}
	if p.Most > 0 {
		out.MaxTokens = param.NewOpt(p.Most) // max_completion_tokens is not known to many servers
	}
	for _, t := range p.Tools {
		out.Tools = append(out.Tools, openai.ChatCompletionFunctionTool(shared.FunctionDefinitionParam{
			Name: t.Name, Description: param.NewOpt(t.About), Parameters: t.Parameters,
		}))
	}
	out.StreamOptions = openai.ChatCompletionStreamOptionsParam{IncludeUsage: param.NewOpt(true)}
	return out
}

func saidByAssistant(m assist.Message) *openai.ChatCompletionAssistantMessageParam {
	out := &openai.ChatCompletionAssistantMessageParam{}
	if m.Text != "" {
		out.Content.OfString = param.NewOpt(m.Text)
	}
	for _, c := range m.Calls {
		out.ToolCalls = append(out.ToolCalls, openai.ChatCompletionMessageToolCallUnionParam{OfFunction: &openai.ChatCompletionMessageFunctionToolCallParam{
			ID: c.ID, Function: openai.ChatCompletionMessageFunctionToolCallFunctionParam{Name: c.Name, Arguments: c.Arguments},
		}})
	}
	return out
}

// Embed implements assist.Model.
func (c *client) Embed(ctx context.Context, texts []string) ([][]float32, assist.Usage, error) {
	embeddings := openai.NewEmbeddingService(c.options...)
	res, err := embeddings.New(ctx, openai.EmbeddingNewParams{
		Model: c.provider.Embedding, Input: openai.EmbeddingNewParamsInputUnion{OfArrayOfStrings: texts},
		EncodingFormat: openai.EmbeddingNewParamsEncodingFormatFloat,
	})
	if err != nil {
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
	return out, assist.Usage{In: res.Usage.TotalTokens}, nil
}

const maxDimensions = 4096
