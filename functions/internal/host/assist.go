package host

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/desk"
	"kefu/functions/internal/remote"
)

// Assistant is the function assist as the others call it; invoke.Function is
// one.
type Assistant interface {
	// Start returns when the event was taken, not when it was served.
	Start(ctx context.Context, event []byte) error
	// Call returns what the function returns.
	Call(ctx context.Context, event []byte) ([]byte, error)
}

// Work is what the function assist is invoked with: by other functions that
// do not wait, a question, a session to sum up, knowledge to embed, or what they counted, or several; by one
// that waits, a request to a model. All of it but the latter may come twice, or never.
type Work struct {
	Answer *Question       `json:"answer,omitempty"`
	Brief  *Session        `json:"brief,omitempty"`
	Embed  core.SiteID     `json:"embed,omitempty"` // the knowledge of this site
	Ledger *desk.Ledger    `json:"ledger,omitempty"`
	Model  *remote.Request `json:"model,omitempty"`
}

// Question is what the assistant owes an answer to.
type Question struct {
	Conversation core.ConversationID `json:"conversation"`
	Seq          uint64              `json:"seq"`
}

// Session is one that was left to a person.
type Session struct {
	Conversation core.ConversationID `json:"conversation"`
	Session      uint32              `json:"session"`
}

// Bounds of what a site may know here: each process reads all of it before its
// first answer, at up to a read unit for 4 KiB.
const (
	maxArticles  = 500
	maxKnowledge = 1 << 20 // bytes
)

// patience is what a model has to answer whole, where that is not streamed; a
// request of core/httpapi has 15 s.
const patience = 13 * time.Second

// openAssist gives a desk its receptionist: one that asks models, or one that
// asks them through the function which does.
func (h *Host) openAssist(o *desk.Options) {
	o.Knowledge = assist.Bounds{Articles: maxArticles, Bytes: maxKnowledge}
	options := assist.Options{Now: h.Now, Models: h.Models, Getenv: h.Getenv, Log: h.Log, Meter: meter{h}}
	switch {
	case h.Models != nil:
		o.Flush = h.flushNow
	case h.Assistant != nil:
		options.Models, options.Getenv, options.First = remote.Models(h.Assistant.Call), remote.Key, patience
		o.Ask = func(id core.ConversationID, seq uint64) { h.asks.add(Work{Answer: &Question{id, seq}}) }
	default:
		return
	}
	o.Receptionist = assist.New(options)
	o.Reembed = func(site core.SiteID) { h.asks.add(Work{Embed: site}) }
	o.Debrief = func(id core.ConversationID, session uint32) { h.asks.add(Work{Brief: &Session{id, session}}) }
}

// asks is what the function assist has to do. All invocations in a process share
// it: whichever ends first has it started.
type asks struct {
	mu   sync.Mutex
	work []Work // guarded by mu
}

func (a *asks) add(w Work) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.work = append(a.work, w)
}

func (a *asks) take() (work []Work) {
	a.mu.Lock()
	defer a.mu.Unlock()
	work, a.work = a.work, nil
	return work
}

// startAssist has the function assist invoked with all that it has to do, while
// others are pushed to. The function that is returned waits until Lambda has
// taken that, and for nothing more. What it does not take is healed: a question by its alarm,
// which the sweep sees.
func (h *Host) startAssist(ctx context.Context) (taken func()) {
	if h.Assistant == nil {
		return func() {}
	}
	work := h.asks.take()
	if l := h.desk.TakeLedger(); !l.Empty() {
		if len(work) == 0 {
			work = []Work{{}}
		}
		work[0].Ledger = &l
	}
	var starting sync.WaitGroup
	for _, w := range work {
		starting.Go(func() { h.start(ctx, w) })
	}
	return starting.Wait
}

func (h *Host) start(ctx context.Context, w Work) {
	event, err := json.Marshal(w)
	if err == nil {
		err = h.Assistant.Start(ctx, event)
	}
	if err == nil {
		return
	}
	h.Log.WarnContext(ctx, "the function assist was not invoked; who waits for it gets a person by the sweep", "error", err)
	if w.Ledger != nil {
		h.desk.Enter(*w.Ledger)
	}
}

var errNoWork = errors.New("this is not an event for the function assist")

// Assist does what other functions leave to the function assist; it returns
// what a model said, if that is what was asked for. An error is for an event
// that is none of its own: whatever goes wrong with a model is an answer that
// calls a person.
func (h *Host) Assist(ctx context.Context, w Work) (any, error) {
	if w.Model != nil {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return remote.Serve(ctx, h.Models, h.Getenv, *w.Model)
	}
	if w == (Work{}) {
		return nil, errNoWork
	}
	if w.Ledger != nil {
		h.desk.Enter(*w.Ledger)
	}
	if q := w.Answer; q != nil {
		h.serve(ctx, "an answer", q.Conversation, func(ctx context.Context) error { return h.desk.Answer(ctx, q.Conversation, q.Seq) })
	}
	w.Answer = nil
	for _, w := range append([]Work{w}, h.asks.take()...) { // and what came of the answer
		if s := w.Brief; s != nil {
			h.serve(ctx, "a summary", s.Conversation, func(ctx context.Context) error { return h.desk.Brief(ctx, s.Conversation, s.Session) })
		}
		if site := w.Embed; site != "" {
			h.serve(ctx, "vectors of "+string(site), "", func(ctx context.Context) error { return h.desk.Embed(ctx, site) })
		}
	}
	h.desk.WriteBooks(ctx)
	return nil, nil //nolint:nilnil // nobody waits for more
}

// serve is an invocation within ours: what it has to say is said when it ends.
func (h *Host) serve(ctx context.Context, what string, id core.ConversationID, do func(context.Context) error) {
	var err error
	panicked := h.Do(ctx, func(ctx context.Context) { err = do(ctx) })
	if err = cmp.Or(panicked, err); err != nil {
		h.Log.WarnContext(ctx, "a model was asked in vain; who waits gets a person", "without", what, "conversation", id, "error", err)
	}
}

// flushNow pushes what the invocation has to say by now, rather than at its end.
// It is called while nothing else of the flight goes on.
func (h *Host) flushNow(ctx context.Context) {
	h.pushAll(ctx, flightOf(ctx).order) // who is gone turns out so again at the end, which tells the desk
}

// meter reports what the receptionist does, in lines of its own: its methods do
// not know of which invocation they are a part.
type meter struct{ *Host }

func (m meter) report(count func(*tally)) {
	var t tally
	count(&t)
	if line := t.line(m.Name, m.Now()); line != nil {
		m.Emit(line)
	}
}

func (m meter) Answered(_ bool, first, _ time.Duration) {
	m.report(func(t *tally) { t.count(BotAnswers); t.value(BotFirst, first.Milliseconds()) })
}

func (m meter) HandedOver(core.Reason) { m.report(func(t *tally) { t.count(BotHandoffs) }) }

func (m meter) Failed(provider, kind string) {
	m.Log.Warn("a model failed", "provider", provider, "kind", kind)
	m.report(func(t *tally) { t.count(BotFaults) })
}

func (m meter) Spent(u assist.Usage) {
	if n := u.In + u.Out; n > 0 {
		m.report(func(t *tally) { t.value(BotTokens, n) })
	}
}
