package host_test

import (
	"context"
	"encoding/json"
	"errors"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
	"kefu/functions/internal/host"
)

// assistant is the function assist as others call it: it serves nothing, fails
// to be invoked, or has a process serve.
type assistant struct {
	serve func(ctx context.Context, w host.Work) (any, error) // nil: it takes events, and crashes
	down  bool

	mu    sync.Mutex
	taken []host.Work // guarded by mu
	all   sync.WaitGroup
}

// Start implements host.Assistant.
func (a *assistant) Start(ctx context.Context, event []byte) error {
	if a.down {
		return errors.New("no room")
	}
	var w host.Work
	if err := json.Unmarshal(event, &w); err != nil {
		return err
	}
	a.mu.Lock()
	a.taken = append(a.taken, w)
	a.mu.Unlock()
	if a.serve != nil {
		a.all.Go(func() { _, _ = a.serve(context.WithoutCancel(ctx), w) })
	}
	return nil
}

// Call implements host.Assistant.
func (a *assistant) Call(ctx context.Context, event []byte) ([]byte, error) {
	var w host.Work
	if err := json.Unmarshal(event, &w); err != nil {
		return nil, err
	}
	out, err := a.serve(ctx, w)
	if err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func (a *assistant) works() []host.Work {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]host.Work(nil), a.taken...)
}

// reads is a model that answers with its passages, in two pieces; it goes on when
// the test says so.
type reads struct{ next chan struct{} }

func (m reads) Chat(ctx context.Context, _ assist.Prompt, heard func(string)) (assist.Reply, error) {
	heard("One moment please, I look it up. ")
	select {
	case <-m.next:
	case <-ctx.Done():
		return assist.Reply{}, ctx.Err()
	}
	heard("It is blue.")
	return assist.Reply{Text: "One moment please, I look it up. It is blue.", Usage: assist.Usage{In: 7, Out: 5}}, nil
}

func (reads) Embed(context.Context, []string) ([][]float32, assist.Usage, error) {
	return nil, assist.Usage{}, errors.New("none")
}

// answering has the default site answered by an assistant.
func (w *world) answering(a *assistant, models func(core.Provider, string) assist.Model) {
	w.Helper()
	s := core.DefaultSettings()
	s.Version, s.Sites[0].Assistant = 1, true
	s.Sites[0].Receptionist.Providers = []core.Provider{{URL: "https://model.example/v1", Model: "m"}}
	w.must(w.store().PutSettings(w.Context(), s))
	w.assistant = a
	for i := range w.function.hosts {
		w.function.hosts[i] = w.process()
	}
	if models != nil {
		w.assistant, w.models = nil, models
		h := w.process()
		w.assistant, w.models = a, nil
		a.serve = func(ctx context.Context, work host.Work) (any, error) {
			ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
			defer cancel()
			return h.Assist(ctx, work)
		}
		w.Cleanup(a.all.Wait)
	}
}

// TestAssist: the ack waits for no model; another process streams what it says,
// stores the answer, and writes the books.
func TestAssist(t *testing.T) {
	w, m := newWorld(t, 2), reads{make(chan struct{})}
	a := &assistant{}
	w.answering(a, func(core.Provider, string) assist.Model { return m })
	mei := w.visitor("mei")
	mei.send("", "which colour?") // is acknowledged while the model waits
	piece := mei.await("a piece", is("delta"))
	if piece["text"] != "One moment please, I look it up. " && piece["text"] != "One moment please, I look it up." {
		t.Errorf("the first piece is %v", piece)
	}
	close(m.next)
	mei.hears("One moment please, I look it up. It is blue.")
	a.all.Wait()
	works := a.works()
	if len(works) != 1 || works[0].Answer == nil || works[0].Ledger == nil {
		t.Fatalf("assist was invoked with %+v", works)
	}
	var f desk.Figures
	doc, err := w.store().Document(t.Context(), "assist-usage", "default:"+w.clock.now().UTC().Format("2006-01-02"))
	w.must(err)
	w.must(json.Unmarshal(doc.Data, &f))
	if f.Sessions != 1 || f.Answers != 1 || f.In != 7 || f.Out != 5 {
		t.Errorf("the books say %+v", f)
	}
}

// TestAssistTakenOver: who takes over in mid-answer is not talked over.
func TestAssistTakenOver(t *testing.T) {
	w, m := newWorld(t, 2), reads{make(chan struct{})}
	a := &assistant{}
	w.answering(a, func(core.Provider, string) assist.Model { return m })
	li, mei := w.agent("li", 1), w.visitor("mei")
	mei.send("", "which colour?")
	mei.await("a piece", is("delta"))
	li.n++
	li.say(fields{"type": "take", "origin": li.origin, "n": li.n, "conversation": mei.conv, "session": 1})
	mei.held()
	before := len(mei.seen)
	close(m.next)
	a.all.Wait()
	li.send(mei.conv, "I am here")
	mei.hears("I am here")
	for _, f := range mei.seen[before:] {
		if f["type"] == "delta" || text(f) == "One moment please, I look it up. It is blue." {
			t.Errorf("behind the take-over comes %v", f)
		}
	}
}

// TestAssistHealed: whether the function assist crashes or can not even be
// invoked, within two sweeps its visitor waits for a person, or is shown the form.
func TestAssistHealed(t *testing.T) {
	for name, a := range map[string]*assistant{"it crashes": {}, "it can not be invoked": {down: true}} {
		w := newWorld(t, 2)
		w.answering(a, nil)
		mei := w.visitor("mei")
		mei.send("", "which colour?")
		if c, err := w.store().Load(t.Context(), core.ConversationID(mei.conv)); err != nil || c.Session.Phase != core.Bot || c.Session.Ask == 0 {
			t.Fatalf("%s: %+v, %v", name, c.Session, err)
		}
		for range 2 {
			w.clock.pass(time.Minute)
			w.sweep()
		}
		f := mei.await("the hand-off", func(f fields) bool {
			body, _ := f["body"].(map[string]any)
			return f["type"] == "event" && body["kind"] == "handoff"
		})
		if body, _ := f["body"].(map[string]any); body["reason"] != "timeout" {
			t.Errorf("%s: %v", name, f)
		}
		if c, err := w.store().Load(t.Context(), core.ConversationID(mei.conv)); err != nil || c.Session.Phase != core.Waiting {
			t.Errorf("%s: %+v, %v", name, c.Session, err)
		}
	}
}

// TestRemoteModels: the function http asks models through assist, which has their
// keys; what is wrong with them comes back as it is.
func TestRemoteModels(t *testing.T) {
	w := newWorld(t, 1)
	a := &assistant{}
	var keys []string
	w.answering(a, func(p core.Provider, key string) assist.Model {
		keys = append(keys, key)
		return refuses{p}
	})
	h := w.function.hosts[0]
	var lines []string
	w.must(h.Do(t.Context(), func(ctx context.Context) {
		var err error
		lines, err = h.Desk().TestChange(ctx, 1)
		w.must(err)
	}))
	if len(lines) != 1 || lines[0] != "sites[0].receptionist.providers[0]: model.example (m): it does not take the key (401)" {
		t.Errorf("%q", lines)
	}
	if len(keys) != 1 || keys[0] != "" {
		t.Errorf("asked with the keys %q", keys)
	}
}

// refuses is a model that takes no key.
type refuses struct{ core.Provider }

func (r refuses) Chat(context.Context, assist.Prompt, func(string)) (assist.Reply, error) {
	return assist.Reply{}, &assist.Fault{Provider: r.Provider, Kind: assist.BadKey, Message: "it does not take the key (401)"}
}

func (r refuses) Embed(context.Context, []string) ([][]float32, assist.Usage, error) {
	return nil, assist.Usage{}, &assist.Fault{Provider: r.Provider, Kind: assist.BadKey, Message: "it does not take the key (401)"}
}

// TestAssistOfNothing: an event of another kind is refused by name.
func TestAssistOfNothing(t *testing.T) {
	w := newWorld(t, 1)
	if _, err := w.function.hosts[0].Assist(t.Context(), host.Work{}); err == nil {
		t.Error("an empty event is served")
	}
}
