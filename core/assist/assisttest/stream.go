package assisttest

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// stream writes server-sent events.
type stream struct {
	s *Server
	w http.ResponseWriter
	r *http.Request
}

// raw writes as it is, and reports whether anybody still listens.
func (o *stream) raw(text string) bool {
	o.w.Header().Set("Content-Type", "text/event-stream")
	_, err := io.WriteString(o.w, text)
	if f, ok := o.w.(http.Flusher); ok {
		f.Flush()
	}
	select {
	case <-o.r.Context().Done():
		return false
	case <-o.s.done:
		return false
	case <-time.After(o.s.Pace):
		return err == nil
	}
}

func (o *stream) chunk(delta map[string]any, finish any) bool {
	data, _ := json.Marshal(map[string]any{ // of what JSON can say
		"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "fake",
		"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}},
	})
	return o.raw("data: " + string(data) + "\n\n")
}

func (o *stream) say(text string) bool { return o.chunk(map[string]any{"content": text}, nil) }

// wait waits for a gate, or with nil for ever; the end of the request ends it.
func (o *stream) wait(gate <-chan struct{}) {
	select {
	case <-gate:
	case <-o.r.Context().Done():
	case <-o.s.done:
	}
}

func (o *stream) end(why string) {
	o.chunk(map[string]any{}, why)
	o.raw(`data: {"id":"chatcmpl-1","object":"chat.completion.chunk","created":1,"model":"fake","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120}}` + "\n\n")
	o.raw("data: [DONE]\n\n")
}

// answer streams a text, a few words at a time.
func (o *stream) answer(text string) {
	for len(text) > 0 {
		n := len(text)
		if i := strings.IndexByte(text[min(12, n):], ' '); i >= 0 {
			n = min(12, n) + i + 1
		}
		if !o.say(text[:n]) {
			return
		}
		text = text[n:]
	}
	o.end("stop")
}

// call streams a call, its arguments in two pieces.
func (o *stream) call(name, arguments string) { o.reply(Reply{Calls: [][2]string{{name, arguments}}}) }

func (o *stream) reply(r Reply) {
	if len(r.Calls) == 0 {
		o.answer(r.Text)
		return
	}
	if r.Text != "" {
		o.say(r.Text)
	}
	for i, c := range r.Calls {
		half := len(c[1]) / 2
		o.chunk(map[string]any{"tool_calls": []any{map[string]any{
			"index": i, "id": "call_" + string(rune('a'+i)), "type": "function", "function": map[string]any{"name": c[0], "arguments": c[1][:half]},
		}}}, nil)
		o.chunk(map[string]any{"tool_calls": []any{map[string]any{"index": i, "function": map[string]any{"arguments": c[1][half:]}}}}, nil)
	}
	o.end("tool_calls")
}

// teed keeps what is read of a body.
func teed(r *http.Request, into io.Writer) io.ReadCloser {
	return struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, into), r.Body}
}
