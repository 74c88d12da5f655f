package desk_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
)

// brain is a model within the test: what it says, and what it was asked.
type brain struct {
	chat func(p assist.Prompt) (assist.Reply, error) // nil: it says "Yes [1]."

	mu       sync.Mutex
	asked    []assist.Prompt
	embedded []string
}

// Chat implements assist.Model.
func (b *brain) Chat(_ context.Context, p assist.Prompt, heard func(string)) (assist.Reply, error) {
	b.mu.Lock()
	b.asked = append(b.asked, p)
	b.mu.Unlock()
	reply, err := assist.Reply{Text: "Yes [1].", Usage: assist.Usage{In: 100, Out: 20}}, error(nil)
	if b.chat != nil {
		reply, err = b.chat(p)
	}
	heard(reply.Text)
	return reply, err
}

// Embed implements assist.Model: what is worn on feet is near to each other,
// whatever it is called.
func (b *brain) Embed(_ context.Context, texts []string) ([][]float32, assist.Usage, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.embedded = append(b.embedded, texts...)
	var out [][]float32
	for _, t := range texts {
		v := []float32{0, 0, 1}
		for _, word := range []string{"shoe", "sneaker", "trainer", "鞋"} {
			if strings.Contains(strings.ToLower(t), word) {
				v = []float32{1, 0, 0}
			}
		}
		out = append(out, v)
	}
	return out, assist.Usage{In: int64(len(texts))}, nil
}

func (b *brain) times() (chats, embeds int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.asked), len(b.embedded)
}

// calls is a reply that calls a tool.
func calls(tool, arguments string) assist.Reply {
	return assist.Reply{Calls: []assist.Call{{ID: "1", Name: tool, Arguments: arguments}}, Usage: assist.Usage{In: 100, Out: 20}}
}

// reception is a node whose default site has a receptionist that asks a brain.
// What the host is asked for is done when the test says so.
type reception struct {
	*node
	*brain
	root, lead, amy core.Account
	log             bytes.Buffer
	jobs            []func() error
}

func newReception(t *testing.T, change func(*core.Receptionist)) *reception {
	t.Helper()
	r := &reception{brain: &brain{}}
	w := newWorld(t)
	log := slog.New(slog.NewTextHandler(&r.log, nil))
	models := assist.New(assist.Options{Now: w.clock, Models: func(core.Provider, string) assist.Model { return r.brain }, Log: log})
	r.node = w.node(func(o *desk.Options) {
		o.Receptionist = models
		o.Ask = func(id core.ConversationID, seq uint64) {
			r.later(func() error { return r.desk.Answer(t.Context(), id, seq) })
		}
		o.Debrief = func(id core.ConversationID, session uint32) {
			r.later(func() error { return r.desk.Brief(t.Context(), id, session) })
		}
		o.Reembed = func(site core.SiteID) { r.later(func() error { return r.desk.Embed(t.Context(), site) }) }
	})
	r.root, r.lead = leads(r.node)
	r.amy = r.hire("amy", core.RoleAgent, 5)
	r.configure(change)
	return r
}

func (r *reception) later(job func() error) { r.jobs = append(r.jobs, job) }

// work does what the host was asked for, until nothing is left.
func (r *reception) work() {
	r.Helper()
	for len(r.jobs) > 0 {
		next := r.jobs[0]
		r.jobs = r.jobs[1:]
		r.must(next())
		r.settle()
	}
}

// configure changes how the default site answers; five seconds later it counts.
func (r *reception) configure(change func(*core.Receptionist)) {
	r.Helper()
	r.set(func(s *core.Settings) {
		s.Sites[0].Assistant = true
		x := &s.Sites[0].Receptionist
		x.Providers = slices.Clone(x.Providers) // those of the version before stay as they were
		if len(x.Providers) == 0 {
			x.Providers = []core.Provider{{URL: "https://model.example/v1", Model: "m"}}
		}
		if change != nil {
			change(x)
		}
	})
	r.pass(6 * time.Second)
}

// asks has a visitor write, and all that follows done.
func (r *reception) asks(v *client, text string) core.Conversation {
	r.Helper()
	v.say(text)
	r.work()
	return r.load(v.conv)
}

func (r *reception) questions() []desk.Asked {
	r.Helper()
	r.must(r.desk.Tick(r.Context()))
	list, err := r.desk.Questions(r.Context(), r.lead, "default")
	r.must(err)
	return list
}

// handedFor returns the reason of the last hand-off.
func (r *reception) handedFor(v *client) (reason core.Reason) {
	r.Helper()
	for _, e := range r.node.log(v.conv) {
		if e.Body.Kind == core.KindHandoff {
			reason = e.Body.Reason
		}
	}
	return reason
}

// What the assistant does not know is listed with how often it was asked and how a
// person answered; approved, as edited, it is knowledge at once; rejected, it is
// listed no more.
func TestLoop(t *testing.T) {
	r := newReception(t, nil)
	r.chat = func(p assist.Prompt) (assist.Reply, error) {
		switch last := p.Messages[len(p.Messages)-1].Text; {
		case strings.Contains(p.System, "make one question and answer"):
			return assist.Reply{Text: "Do you deliver to Norway?\n\nYes, within a week."}, nil
		case strings.Contains(p.System, "9 euros") && strings.Contains(last, "Norway"):
			return assist.Reply{Text: "For 9 euros [1]."}, nil
		}
		return calls("handoff", `{"reason":"unanswered"}`), nil
	}
	amy := r.comes("amy").online()
	vi, wu := r.visitor("vi"), r.visitor("wu")
	r.asks(vi, "Do you deliver to Norway? I am at 13800138000.")
	if r.handedFor(vi) != core.ByIgnorance {
		t.Fatalf("handed over for %q", r.handedFor(vi))
	}
	amy.in(vi).say("Yes, for 9 euros.")
	r.asks(wu, "do you deliver to Norway?? I am at 13800138000")
	r.asks(r.visitor("xu"), "asdf")
	list := r.questions()
	if len(list) != 2 || list[0].Count != 2 || strings.Contains(list[0].Question, "0013") || !strings.Contains(list[0].Question, "Norway") {
		t.Fatalf("listed: %+v", list)
	}
	made, err := r.desk.Propose(t.Context(), r.lead, "default", list[0].ID)
	r.must(err)
	if made.Question != "Do you deliver to Norway?" || made.Proposal != "Yes, within a week." {
		t.Errorf("proposed: %+v", made)
	}
	if list = r.questions(); list[0].Proposal != "Yes, within a week." {
		t.Errorf("kept: %+v", list[0])
	}
	if _, err := r.desk.Settle(t.Context(), r.amy, "default", list[0].ID, "x", "y"); core.CodeOf(err) != core.Forbidden {
		t.Errorf("an agent approves: %v", err)
	}
	_, err = r.desk.Settle(t.Context(), r.lead, "default", list[0].ID, "Do you deliver to Norway?", "Yes, for 9 euros, within a week.")
	r.must(err)
	_, err = r.desk.Settle(t.Context(), r.lead, "default", list[1].ID, "", "")
	r.must(err)
	if c := r.asks(r.visitor("yu"), "Norway, is that possible?"); c.Session.Phase != core.Bot {
		t.Errorf("what was approved is not known: %+v", c.Session)
	}
	r.asks(r.visitor("zu"), "asdf")
	if list = r.questions(); len(list) != 0 {
		t.Errorf("left: %+v", list)
	}
	if _, err := r.desk.Settle(t.Context(), r.lead, "default", "none", "x", "y"); core.CodeOf(err) != core.NotFound {
		t.Errorf("a question that there is not: %v", err)
	}
}

// A proposal needs no model: it is what a person answered.
func TestProposalOfAPerson(t *testing.T) {
	r := newReception(t, nil)
	r.chat = func(assist.Prompt) (assist.Reply, error) { return calls("handoff", `{"reason":"unanswered"}`), nil }
	amy, vi := r.comes("amy").online(), r.visitor("vi")
	r.asks(vi, "Do you gift wrap?")
	amy.in(vi).say("We do.")
	amy.in(vi).note("what a question")
	if list := r.questions(); len(list) != 1 || list[0].Proposal != "We do." {
		t.Errorf("%+v", list)
	}
}

// Each budget ends in a person, and the model is asked no more.
func TestBudgets(t *testing.T) {
	t.Run("of a visitor", func(t *testing.T) {
		r := newReception(t, func(x *core.Receptionist) { x.Budget.Visitor = 2 })
		vi := r.visitor("vi")
		for i := range 3 {
			r.asks(vi, fmt.Sprint("question ", i))
		}
		if n, _ := r.times(); n != 2 || r.handedFor(vi) != core.ByBudget {
			t.Errorf("asked %d times, handed over for %q", n, r.handedFor(vi))
		}
		r.asks(r.visitor("wu"), "and I?")
		if n, _ := r.times(); n != 3 {
			t.Errorf("another visitor's question: asked %d times", n)
		}
	})
	t.Run("of a session", func(t *testing.T) {
		r := newReception(t, func(x *core.Receptionist) { x.Budget.Session = 1000 })
		vi := r.visitor("vi")
		r.asks(vi, "one")
		r.asks(vi, "two")
		if n, _ := r.times(); n != 1 || r.handedFor(vi) != core.ByBudget {
			t.Errorf("asked %d times, handed over for %q", n, r.handedFor(vi))
		}
	})
	t.Run("of a site and day", func(t *testing.T) {
		r := newReception(t, func(x *core.Receptionist) { x.Budget.Day = 120 })
		vi, wu := r.visitor("vi"), r.visitor("wu")
		r.asks(vi, "one") // takes all of it
		r.asks(wu, "two")
		if n, _ := r.times(); n != 1 || r.handedFor(wu) != core.ByBudget {
			t.Errorf("asked %d times, handed over for %q", n, r.handedFor(wu))
		}
		if _, _, err := r.desk.Suggest(t.Context(), r.root, wu.conv); core.CodeOf(err) != core.RateLimited {
			t.Errorf("agents go on using it: %v", err)
		}
		r.must(r.desk.Tick(t.Context())) // stored, so that a process that has just begun knows
		other := r.world.node(func(o *desk.Options) {
			o.Receptionist = assist.New(assist.Options{Now: r.clock, Models: func(core.Provider, string) assist.Model { return r.brain }})
		})
		if _, err := other.desk.TryAnswer(t.Context(), r.lead, "default", []assist.Line{{Visitor: true, Text: "x"}}); core.CodeOf(err) != core.RateLimited {
			t.Errorf("another node goes on using it: %v", err)
		}
		r.pass(24 * time.Hour)
		r.asks(r.visitor("xu"), "three")
		if n, _ := r.times(); n != 2 {
			t.Errorf("the next day: asked %d times", n)
		}
	})
}

// With a model for embeddings knowledge is found by meaning too; only what
// changed is embedded again, and all of it after another model was set.
func TestEmbeddings(t *testing.T) {
	r := newReception(t, func(x *core.Receptionist) { x.Providers[0].Embedding = "e-1" })
	put := func(title, text string) {
		t.Helper()
		_, err := r.desk.PutArticle(t.Context(), r.lead, assist.Article{Site: "default", Title: title, Text: text})
		r.must(err)
	}
	found := func(query string) string {
		t.Helper()
		list, err := r.desk.SearchKnowledge(t.Context(), r.lead, "default", query)
		r.must(err)
		if len(list) == 0 {
			return ""
		}
		return list[0].Source.Title
	}
	long := strings.Repeat("Shoes are sent back within a month. ", 30)
	put("Returns", long+"\n\n"+strings.Repeat("Refunds take a week. ", 30))
	put("Gift cards", "They are valid for three years.")
	_, first := r.times()
	if got := found("trainers"); got != "Returns" {
		t.Errorf("by meaning %q is found", got)
	}
	_, before := r.times()
	put("Returns", long+"\n\n"+strings.Repeat("Refunds take two weeks. ", 30))
	if _, after := r.times(); first < 3 || after-before != 1 {
		t.Errorf("%d pieces were embedded at first, %d after one changed", first, after-before)
	}
	_, before = r.times()
	put("Gift cards", "They are valid for three years.")
	if _, after := r.times(); after != before {
		t.Errorf("%d pieces were embedded that had not changed", after-before)
	}
	r.configure(func(x *core.Receptionist) { x.Providers[0].Embedding = "e-2" })
	if got := found("trainers"); got != "" {
		t.Errorf("by vectors of another model %q is found", got)
	}
	_, before = r.times()
	r.work() // the search asked for it
	if _, after := r.times(); after-before != first {
		t.Errorf("with another model %d pieces of %d were embedded", after-before, first)
	}
	if got := found("trainers"); got != "Returns" {
		t.Errorf("after that %q is found", got)
	}
}
