package openai_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/assist/openai"
)

// server answers each request with a status and a body, and keeps what it was
// asked.
func server(t *testing.T, status int, answer string) (m assist.Model, asked func() string) {
	t.Helper()
	var last string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		last = fmt.Sprintf("%s %s %s\n%s", r.Method, r.URL.Path, r.Header.Get("Authorization"), body)
		if strings.HasPrefix(answer, "{") {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(status)
		fmt.Fprint(w, answer)
	}))
	t.Cleanup(s.Close)
	p := core.Provider{URL: s.URL + "/v1", Model: "m", Embedding: "e"}
	return openai.New()(p, "key"), func() string { return last }
}

// TestChat: what goes over the wire, and what is made of what comes back, calls
// by pieces and counts as floats included.
func TestChat(t *testing.T) {
	m, asked := server(t, http.StatusOK, `data: {"choices":[{"delta":{"role":"assistant","content":"It "},"finish_reason":null}]}

: a comment

data: {"choices":[{"delta":{"content":"is.","tool_calls":[{"index":0,"id":"c9","function":{"name":"look","arguments":"{\"q\""}}]}}]}

data: {"choices":[{"delta":{"content":null,"tool_calls":[{"index":0,"function":{"arguments":":1}"}}]},"finish_reason":"stop"}]}

data: {"choices":[],"usage":{"prompt_tokens":7.0,"completion_tokens":5,"total_tokens":12}}

data: [DONE]

`)
	var heard string
	got, err := m.Chat(t.Context(), assist.Prompt{
		System: "be kind", Most: 300,
		Messages: []assist.Message{
			{Role: assist.User, Text: "blue?"},
			{Role: assist.Assistant, Calls: []assist.Call{{ID: "c1", Name: "look", Arguments: `{"q":"blue"}`}}},
			{Role: assist.Result, ID: "c1", Text: "it is"},
			{Role: assist.Assistant, Text: "Yes."},
		},
		Tools: []assist.Tool{{Name: "look", About: "looks it up", Parameters: map[string]any{"type": "object"}}},
	}, func(piece string) { heard += piece })
	if err != nil {
		t.Fatal(err)
	}
	want := assist.Reply{Text: "It is.", Calls: []assist.Call{{ID: "c9", Name: "look", Arguments: `{"q":1}`}}, Usage: assist.Usage{In: 7, Out: 5}}
	if !reflect.DeepEqual(got, want) || heard != "It is." {
		t.Errorf("got %+v, heard %q", got, heard)
	}
	sameRequest(t, asked(), `POST /v1/chat/completions Bearer key
{"model":"m","messages":[{"role":"system","content":"be kind"},{"role":"user","content":"blue?"},`+
		`{"role":"assistant","tool_calls":[{"id":"c1","type":"function","function":{"name":"look","arguments":"{\"q\":\"blue\"}"}}]},`+
		`{"role":"tool","content":"it is","tool_call_id":"c1"},{"role":"assistant","content":"Yes."}],"max_tokens":300,`+
		`"tools":[{"type":"function","function":{"name":"look","description":"looks it up","parameters":{"type":"object"}}}],`+
		`"stream":true,"stream_options":{"include_usage":true}}`)
}

// sameRequest compares requests, in whatever order the members of their bodies
// stand.
func sameRequest(t *testing.T, got, want string) {
	t.Helper()
	gotHead, gotBody, _ := strings.Cut(got, "\n")
	wantHead, wantBody, _ := strings.Cut(want, "\n")
	var g, w any
	if err := errors.Join(json.Unmarshal([]byte(gotBody), &g), json.Unmarshal([]byte(wantBody), &w)); err != nil {
		t.Fatal(err)
	}
	if gotHead != wantHead || !reflect.DeepEqual(g, w) {
		t.Errorf("asked\n%s\nwant\n%s", got, want)
	}
}

// TestEmbed likewise.
func TestEmbed(t *testing.T) {
	m, asked := server(t, http.StatusOK, `{"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}],"usage":{"prompt_tokens":3,"total_tokens":3}}`)
	got, used, err := m.Embed(t.Context(), []string{"a", "b"})
	if err != nil || !reflect.DeepEqual(got, [][]float32{{1, 2}, {3, 4}}) || used.In != 3 {
		t.Errorf("%v, %+v, %v", got, used, err)
	}
	sameRequest(t, asked(), "POST /v1/embeddings Bearer key\n"+`{"model":"e","input":["a","b"],"encoding_format":"float"}`)
}

// TestRefusals: servers say in several ways what is wrong.
func TestRefusals(t *testing.T) {
	said := func(message, code any) string {
		data, err := json.Marshal(map[string]any{"error": map[string]any{"message": message, "code": code}})
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	for _, c := range []struct {
		status int
		body   string
		want   assist.Kind
	}{
		{401, said("no", "invalid_api_key"), assist.BadKey},
		{404, said("it does not exist", "model_not_found"), assist.NoModel},
		{404, `{"error":"model \"m\" not found, try pulling it first"}`, assist.NoModel},
		{404, `<html>nothing here</html>`, assist.NoHost},
		{404, ``, assist.NoHost},
		{400, said("m does not support tools", nil), assist.WithoutTools},
		{400, said("too long", 400), assist.Refused},
		{429, said("slow down", nil), assist.Throttled},
		{503, `{"error":null}`, assist.Failing},
		{200, `{"choices":[]}`, assist.Garbled},
	} {
		m, _ := server(t, c.status, c.body)
		_, err := m.Chat(t.Context(), assist.Prompt{}, func(string) {})
		var f *assist.Fault
		if !errors.As(err, &f) || f.Kind != c.want {
			t.Errorf("%d %s: %v, want %v", c.status, c.body, err, c.want)
		}
	}
	m, _ := server(t, http.StatusOK, `<html>`)
	var f *assist.Fault
	if _, _, err := m.Embed(t.Context(), []string{"a"}); !errors.As(err, &f) || f.Kind != assist.Garbled {
		t.Errorf("no JSON: %v", err)
	}
}
