package assist_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/assist/assisttest"
	"kefu/core/assist/openai"
)

// bench is a fake model and a receptionist with some patience: the machine may
// be busy.
type bench struct {
	*testing.T
	fake *assisttest.Server
	r    *assist.Receptionist

	mu     sync.Mutex
	deltas map[int64]string // by run
}

func newBench(t *testing.T) *bench { return newBenchWith(t, 10*time.Second) }

func newBenchWith(t *testing.T, patience time.Duration) *bench {
	b := &bench{T: t, fake: assisttest.Start(), deltas: map[int64]string{}}
	t.Cleanup(b.fake.Close)
	b.r = assist.New(assist.Options{
		Now: time.Now, Models: openai.New(), First: patience, Silence: patience / 2,
		Getenv: func(name string) string { return map[string]string{"KEFU_MODEL_KEY": assisttest.Key}[name] },
	})
	return b
}

func (b *bench) say(run int64, at int, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if was := []rune(b.deltas[run]); at != len(was) {
		b.Errorf("run %d: a piece at %d after %d characters", run, at, len(was))
	}
	b.deltas[run] += text
}

// whole is what the newest run said.
func (b *bench) whole() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	newest := int64(0)
	for run := range b.deltas {
		newest = max(newest, run)
	}
	return b.deltas[newest]
}

func (b *bench) question(text string, models ...string) assist.Question {
	q := assist.Question{Site: "Shoes", Talk: []assist.Line{{Visitor: true, Text: text}}, Find: knows()}
	for _, m := range models {
		q.Config.Providers = append(q.Config.Providers, core.Provider{URL: b.fake.URL, Model: m, In: 1, Out: 2})
	}
	return q
}

// knows has one passage for every query.
func knows() assist.Find {
	x := assist.NewIndex([]assist.Article{{
		ID: "returns", Title: "Returns", Text: "You can return shoes within 30 days. 退货 30 天。 canary-public", URL: "https://shop.example/returns",
	}}, nil)
	return func(query string, n int) []assist.Passage { return x.Find(query+" returns", n, nil) }
}

func (b *bench) ask(q assist.Question) assist.Answer {
	return b.r.Answer(b.Context(), q, b.say)
}

func TestAnswer(t *testing.T) {
	b := newBench(t)
	q := b.question("Can I send them back?", "answer")
	q.Config.Links = []string{"shop.example"}
	a := b.ask(q)
	if a.Text != "The answer is in what you gave me [1]." || a.Hand != "" || len(a.Sources) != 1 || a.Sources[0] != (core.Source{ID: "returns", Title: "Returns", URL: "https://shop.example/returns"}) {
		t.Errorf("%+v", a)
	}
	if a.Usage != (assist.Usage{In: 100, Out: 20, Cost: 140e-6}) {
		t.Errorf("it took %+v", a.Usage)
	}
	if said := b.whole(); !strings.HasPrefix(a.Text, said) || len(said) < 20 {
		t.Errorf("it was written as %q", said)
	}
	asked := b.fake.Asked()[0]
	if strings.Join(asked.Tools, " ") != "search_knowledge handoff close" || asked.Messages[0].Role != "system" || !strings.Contains(asked.Messages[0].Content, "within 30 days") {
		t.Errorf("asked with %+v", asked)
	}
}

// A citation of nothing is not shown.
func TestCitesNothing(t *testing.T) {
	b := newBench(t)
	q := b.question("Can I send them back?", "answer")
	q.Find = func(string, int) []assist.Passage { return nil }
	if a := b.ask(q); a.Text != "The answer is in what you gave me." || len(a.Sources) != 0 {
		t.Errorf("%+v", a)
	}
}

// Every fault of a model calls a person, soon, and a second provider answers
// instead where there is one.
func TestFaults(t *testing.T) {
	for model, want := range map[string]struct {
		hand core.Reason
		err  string
	}{
		"stall":         {core.ByTimeout, "did not answer in time"},
		"stall-mid":     {core.ByTimeout, "did not answer in time"},
		"break":         {core.ByFailure, ""},
		"500":           {core.ByFailure, "it fails (500)"},
		"429":           {core.ByFailure, "asked too often"},
		"402":           {core.ByFailure, "used up (402)"},
		"404":           {core.ByFailure, `it has no model "404" (404)`},
		"no-such":       {core.ByFailure, `it has no model "no-such" (404)`},
		"garbage":       {core.ByFailure, "not of OpenAI's protocol"},
		"html":          {core.ByFailure, "no stream of OpenAI's protocol"},
		"endless-line":  {core.ByFailure, ""},
		"empty":         {core.ByFailure, "it answers nothing"},
		"redirect":      {core.ByFailure, "redirects elsewhere"},
		"keyed":         {core.ByFailure, "does not take the key (401)"},
		"bad-arguments": {core.ByFailure, "wrong arguments, twice"},
		"unknown-tool":  {core.ByFailure, "wrong arguments, twice"},
	} {
		t.Run(model, func(t *testing.T) {
			t.Parallel()
			patience := 5 * time.Second
			if strings.HasPrefix(model, "stall") {
				patience = 400 * time.Millisecond
			}
			b := newBenchWith(t, patience)
			began := time.Now()
			a := b.ask(b.question("Hello?", model))
			if a.Hand != want.hand && !(model == "endless-line" && a.Hand == core.ByTimeout) || a.Text != "" || a.Err == nil || !strings.Contains(a.Err.Error(), want.err) {
				t.Errorf("%+v", a)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
			for _, asked := range b.fake.Asked() {
				if a.Err != nil && asked.Auth != "" && strings.Contains(a.Err.Error(), strings.TrimPrefix(asked.Auth, "Bearer ")) && asked.Auth != "Bearer none" {
					t.Error("the error repeats the key")
				}
			}
			switch model {
			case "bad-arguments", "unknown-tool":
				if n := len(b.fake.Asked()); n != 2 {
					t.Errorf("asked %d times: it is told once", n)
				}
				return
			case "empty":
				return // it answered
			case "stall", "stall-mid":
				b = newBenchWith(t, 5*time.Second) // half of it is the second one's share
				b.fake.Pace = 0
			}
			if a := b.ask(b.question("Hello?", model, "answer")); a.Text == "" || a.Hand != "" {
				t.Errorf("with another provider: %+v", a)
			}
		})
	}
}

func TestKeyInVariable(t *testing.T) {
	b := newBench(t)
	q := b.question("Hello?", "keyed")
	q.Config.Providers[0].Key = "env:KEFU_MODEL_KEY"
	if a := b.ask(q); a.Text != "You have the key." {
		t.Errorf("%+v", a)
	}
	q.Config.Providers[0].Key = "env:KEFU_MODEL_KEY_2"
	if a := b.ask(q); a.Hand != core.ByFailure || !strings.Contains(a.Err.Error(), "KEFU_MODEL_KEY_2 is not set") {
		t.Errorf("%+v", a)
	}
}

func TestEndless(t *testing.T) {
	b := newBench(t)
	q := b.question("Tell me everything", "endless")
	q.Most = 500
	a := b.ask(q)
	if n := len([]rune(a.Text)); n != 500 || !strings.HasSuffix(a.Text, "…") || a.Hand != "" {
		t.Errorf("%d characters, %+v", n, a)
	}
}

func TestToolsOfModels(t *testing.T) {
	b := newBench(t)
	if a := b.ask(b.question("I want a person", "handoff")); a.Text != "I will get somebody." || a.Hand != core.ByRequest {
		t.Errorf("handoff: %+v", a)
	}
	if a := b.ask(b.question("What is love?", "unanswered")); a.Text != "" || a.Hand != core.ByIgnorance {
		t.Errorf("unanswered: %+v", a)
	}
	if a := b.ask(b.question("send back", "search")); !strings.Contains(a.Text, "within 30 days") || len(a.Sources) != 1 {
		t.Errorf("search: %+v", a)
	}
	if a := b.ask(b.question("Which colour?", "think")); a.Text != "It is blue." || strings.Contains(b.whole(), "rude") {
		t.Errorf("think: %+v, written as %q", a, b.whole())
	}
	for range 2 { // the second time it is known
		if a := b.ask(b.question("Hello", "toolless")); a.Text != "I need no tools." {
			t.Errorf("toolless: %+v", a)
		}
	}
	q := b.question("My number is 138 0013 8000", "script")
	q.Config.Fields = []string{"phone"}
	b.fake.Script(func(a assisttest.Asked, round int) assisttest.Reply {
		if strings.Contains(a.Raw, "0013") {
			t.Errorf("a number left: %s", a.Raw)
		}
		if round == 0 {
			return assisttest.Reply{Calls: [][2]string{{"collect", `{"field":"phone","value":"[phone 1]"}`}}}
		}
		return assisttest.Reply{Text: "We call you at [phone 1]. Bye!", Calls: [][2]string{{"close", ""}}}
	})
	a := b.ask(q)
	if len(a.Noted) != 1 || a.Noted[0] != (core.FormField{ID: "phone", Label: "phone", Value: "138 0013 8000"}) || !a.Close || a.Text != "We call you at 138 0013 8000. Bye!" {
		t.Errorf("collect: %+v", a)
	}
}

// A provider that failed three times in a row is not asked for a while.
func TestBreaker(t *testing.T) {
	b := newBench(t)
	for range 5 {
		if a := b.ask(b.question("Hello", "500")); a.Hand != core.ByFailure {
			t.Errorf("%+v", a)
		}
	}
	if n := len(b.fake.Asked()); n != 3 {
		t.Errorf("asked %d times", n)
	}
}

// Who cancels is not kept waiting, and the provider is not to blame.
func TestCancel(t *testing.T) {
	b := newBench(t)
	for range 4 {
		ctx, cancel := context.WithCancel(t.Context())
		gone := make(chan struct{})
		b.fake.Script(func(assisttest.Asked, int) assisttest.Reply { // it is asked, and says nothing while somebody listens
			cancel()
			<-gone
			return assisttest.Reply{}
		})
		b.r.Answer(ctx, b.question("Hello", "script"), b.say)
		close(gone)
	}
	if n := len(b.fake.Asked()); n != 4 {
		t.Errorf("asked %d times: the breaker is open", n)
	}
}
