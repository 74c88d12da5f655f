package desk

import (
	"context"
	"strings"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/assist"
	"kefu/core/wire"
)

// answering is one question that a model is being asked. It is over once the
// core has another opinion of what is open: from then on not a word of it is
// shown.
type answering struct {
	seq    uint64
	cancel context.CancelFunc

	mu   sync.Mutex
	over bool   // guarded by mu
	run  int64  // guarded by mu, as the rest: of what follows
	at   int    // characters of it that were pushed
	text string // and what was not yet
}

func (a *answering) end() {
	a.mu.Lock()
	a.over = true
	a.mu.Unlock()
	a.cancel()
}

// answers are the questions that this process asks models.
type answers struct {
	mu   sync.Mutex
	open map[core.ConversationID]*answering
}

// begin withdraws what was asked in the conversation before.
func (l *answers) begin(id core.ConversationID, a *answering) {
	l.mu.Lock()
	old := l.open[id]
	if l.open == nil {
		l.open = map[core.ConversationID]*answering{}
	}
	l.open[id] = a
	l.mu.Unlock()
	if old != nil {
		old.end()
	}
}

func (l *answers) done(id core.ConversationID, a *answering) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open[id] == a {
		delete(l.open, id)
	}
}

// overtake ends what is being asked if a change withdrew it, before anybody
// hears of the change.
func (l *answers) overtake(c core.Change) {
	if c.Empty() {
		return
	}
	l.mu.Lock()
	a := l.open[c.Conversation.ID]
	l.mu.Unlock()
	if a != nil && !asks(c.Conversation, a.seq) && c.Conversation.Seq > a.seq {
		a.end()
	}
}

// asks reports whether the assistant owes an answer to event seq.
func asks(c core.Conversation, seq uint64) bool {
	return c.Session.Phase == core.Bot && c.Session.Ask == seq
}

const (
	deltasEvery = 350 * time.Millisecond // at most three a second
	lookEvery   = 3                      // deltas, until it is looked whether another process took the question away
	answerSpare = 300 * time.Millisecond // before the core gives up waiting
)

// Answer has the receptionist answer event seq of a conversation, and tells
// the core. A host calls it when Options.Ask wanted it, on a goroutine of its own or in a function
// of its own: it takes seconds. Pieces are pushed to the visitor and to watchers as
// they come. It returns when the answer is stored, or counts no more.
func (d *Desk) Answer(ctx context.Context, id core.ConversationID, seq uint64) error {
	c, err := d.Store.Load(ctx, id)
	if err != nil || !asks(c, seq) {
		return err // somebody else answered, or nobody waits
	}
	work, cancel := context.WithCancel(ctx)
	defer cancel()
	a := &answering{seq: seq, cancel: cancel}
	d.answers.begin(id, a)
	defer d.answers.done(id, a)
	q, hand, err := d.question(work, c)
	in := core.Answered{Ask: seq, Hand: hand}
	switch {
	case err != nil:
		d.Log.WarnContext(ctx, "a question could not be put to the assistant; a person is called", "conversation", id, "error", err)
		in.Hand = core.ByFailure
	case hand == "":
		var pushing sync.WaitGroup
		pushing.Go(func() { d.pushDeltas(work, c, a) })
		got := d.Receptionist.Answer(work, q, a.hear)
		overtaken := work.Err() != nil && ctx.Err() == nil
		cancel()
		pushing.Wait()
		d.books.answered(c.Site, d.Now(), got)
		if overtaken {
			return nil
		}
		if got.Err != nil {
			d.Log.WarnContext(ctx, "the assistant gave no answer; a person is called", "conversation", id, "site", c.Site, "reason", got.Hand, "error", got.Err)
		}
		in = core.Answered{Ask: seq, Text: got.Text, Sources: got.Sources, Noted: got.Noted, Hand: got.Hand, Close: got.Close}
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, err = d.tell(ctx, id, in)
	return err
}

// hear takes a piece of an answer; see assist.Say.
func (a *answering) hear(run int64, at int, text string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if run != a.run {
		a.run, a.at, a.text = run, at, ""
	}
	a.text += text
}

// pushDeltas pushes what was heard, until ctx ends. Every second it looks
// whether the question is still open, for it may be another process that closes
// it; where that is the rule, it looks before each delta.
func (d *Desk) pushDeltas(ctx context.Context, c core.Conversation, a *answering) {
	tick := time.NewTicker(deltasEvery)
	defer tick.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		if n%lookEvery == 0 || d.Flush != nil && a.waiting() {
			if now, err := d.Store.Load(ctx, c.ID); err == nil && !asks(now, a.seq) {
				a.end()
				return
			}
		}
		d.pushDelta(ctx, c, a)
	}
}

func (d *Desk) pushDelta(ctx context.Context, c core.Conversation, a *answering) {
	a.mu.Lock()
	defer a.mu.Unlock() // held while it is pushed: whoever ends it is sure that nothing follows
	if a.over || a.text == "" {
		return
	}
	frame := wire.Encode(wire.Delta{Type: "delta", Conversation: string(c.ID), Answers: a.seq, Run: a.run, At: a.at, Text: a.text})
	a.at += len([]rune(a.text))
	a.text = ""
	d.Floor.Each(ctx, []Topic{TopicVisitor(c.ID), TopicWatch(c.ID)}, func(p *Peer) {
		if p.poll == nil && p.reads(c.Session) {
			p.push(0, frame)
		}
	})
	if d.Flush != nil {
		d.Flush(ctx)
	}
}

// waiting reports whether there is something to push.
func (a *answering) waiting() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return !a.over && a.text != ""
}

// question gathers what a model is told, or says why it is not asked.
func (d *Desk) question(ctx context.Context, c core.Conversation) (q assist.Question, hand core.Reason, err error) {
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return q, "", err
	}
	rules, _ := settings.Rules(c.Site)
	r := rules.Site.Receptionist
	if d.Receptionist == nil || len(r.Providers) == 0 {
		return q, core.ByFailure, nil
	}
	talk, answers, err := d.talk(ctx, c)
	if err != nil {
		return q, "", err
	}
	budget := r.Budget.InForce()
	spent := assist.Estimate(talk, int(c.Session.Turns))
	day, err := d.books.tokens(ctx, d.Store, c.Site, d.Now())
	if err != nil {
		return q, "", err
	}
	if answers >= budget.Visitor || spent >= budget.Session || day >= budget.Day {
		return q, core.ByBudget, nil
	}
	wait := max(rules.Timeouts(c.Session.Group).Assistant, time.Second)
	return assist.Question{
		Site: rules.Site.Name, Config: r, Talk: talk, Spent: spent, Most: settings.Limits.Text,
		Find: d.finder(ctx, c.Site, r), Deadline: c.Session.Asked.Add(wait - min(answerSpare, wait/4)),
	}, "", nil
}

const (
	talkPage = 200
	talkMost = 3 // pages
)

// talk returns what was said in the session, without what is internal, and how
// often the assistant answered this visitor within a day.
func (d *Desk) talk(ctx context.Context, c core.Conversation) (lines []assist.Line, answers int, err error) {
	since := d.Now().Add(-24 * time.Hour)
	edited := map[uint64]string{}
	before := c.Seq + 1
	for range talkMost {
		events, err := d.Store.Before(ctx, c.ID, before, talkPage)
		if err != nil {
			return nil, 0, err
		}
		for i := len(events) - 1; i >= 0; i-- {
			e := events[i]
			if e.By.Kind == core.Robot && !e.Internal && e.At.After(since) {
				answers++
			}
			if e.Session != c.Session.Number || e.Internal {
				continue
			}
			if _, known := edited[e.Body.Seq]; e.Body.Kind == core.KindEdited && !known {
				edited[e.Body.Seq] = e.Body.Text
			}
			if text, ok := edited[e.Seq]; ok && e.Body.Kind == core.KindText {
				e.Body.Text = text
			}
			if text := spokenText(e.Body); text != "" {
				lines = append(lines, assist.Line{Visitor: e.By.Kind == core.Visitor, Text: text})
			}
		}
		if len(events) < talkPage || events[0].At.Before(since) && events[0].Session < c.Session.Number {
			break
		}
		before = events[0].Seq
	}
	for i, k := 0, len(lines)-1; i < k; i, k = i+1, k-1 {
		lines[i], lines[k] = lines[k], lines[i]
	}
	return lines, answers, nil
}

// spokenText is a message as a model reads it; empty: it is none.
func spokenText(b core.Body) string {
	switch b.Kind {
	case core.KindText:
		return b.Text
	case core.KindOptions:
		return b.Text + "\n- " + strings.Join(b.Options, "\n- ")
	case core.KindForm:
		var list []string
		for _, f := range b.Fields {
			list = append(list, f.Label+": "+f.Value)
		}
		return strings.Join(list, "\n")
	case core.KindImage, core.KindFile:
		return "(a file that you can not see)"
	default:
		return ""
	}
}
