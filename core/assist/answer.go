package assist

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"kefu/core"
)

// Answer is what becomes of a question: core.Answered without the question.
type Answer struct {
	Text    string
	Sources []core.Source
	Noted   []core.FormField
	Hand    core.Reason
	Close   bool

	Usage Usage
	First time.Duration // until the first piece of Text
	Err   error         // why a person is called, where that is a fault; for the log
}

// Say hears the answer as it is written: text is a piece of it at the offset
// at, in characters. A greater run begins anew.
type Say func(run int64, at int, text string)

// rounds is how often a model may want the results of tools before it answers.
const rounds = 4

// Answer asks for the answer to a question. It ends with ctx, whose end says
// that nobody waits any more; what it returns then is of no use. It never
// fails: whatever goes wrong is an answer that calls a person.
func (r *Receptionist) Answer(ctx context.Context, q Question, say Say) Answer {
	began := r.Now()
	t := &turn{r: r, q: q, say: say, masker: newMasker(q.Config.Unmasked), run: began.UnixMilli()}
	a := t.answer(ctx)
	a.Usage = t.usage
	r.Meter.Spent(t.usage)
	if ctx.Err() != nil {
		return a
	}
	if a.Text != "" {
		first := t.first
		if first.IsZero() {
			first = r.Now()
		}
		a.First = first.Sub(began)
		r.Meter.Answered(len(a.Sources) > 0, a.First, r.Now().Sub(began))
	}
	return a
}

// turn is one question being answered.
type turn struct {
	r      *Receptionist
	q      Question
	say    Say
	masker *masker
	run    int64
	usage  Usage
	first  time.Time // of the first piece of text

	found []Passage // numbered from 1
	noted []core.FormField

	raw  strings.Builder // what the model says in this run
	sent int             // characters of it that were said
	full bool            // no more of it will be said
}

func (t *turn) answer(ctx context.Context) Answer {
	q := t.q
	if len(q.Config.Providers) == 0 {
		return Answer{Hand: core.ByFailure, Err: core.Errorf(core.Unsupported, "the site has no provider")}
	}
	if !q.Deadline.IsZero() {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeoutCause(ctx, q.Deadline.Sub(t.r.Now()), errLate())
		defer cancel()
	}
	t.add(q.Find(q.query(), passages))
	prompt := Prompt{System: q.system(t.found), Messages: q.messages(t.masker), Tools: tools(q.Config), Most: maxTokens}
	told := false // that its arguments were wrong
	for round := range rounds {
		reply, err := t.ask(ctx, prompt)
		if err != nil {
			return t.give(core.ByFailure, err)
		}
		if len(reply.Calls) == 0 {
			return t.finish(reply.Text, outcome{})
		}
		o := t.use(reply.Calls)
		t.noted = append(t.noted, o.noted...)
		switch {
		case o.wrong && told:
			return t.give(core.ByFailure, &Fault{Kind: Garbled, Message: "it calls tools with wrong arguments, twice"})
		case o.hand != "", o.close && !o.wrong, !o.again:
			return t.finish(reply.Text, o)
		case round == rounds-1 || q.Spent+t.usage.In+t.usage.Out > q.Config.Budget.InForce().Session:
			return t.finish(reply.Text, outcome{})
		}
		told = told || o.wrong
		prompt.Messages = append(prompt.Messages, Message{Role: Assistant, Text: reply.Text, Calls: reply.Calls})
		prompt.Messages = append(prompt.Messages, o.results...)
	}
	return t.give(core.ByFailure, nil)
}

func errLate() error { return &Fault{Kind: Stalled, Message: "the whole answer took too long"} }

// ask asks for one reply, and passes its text on as it comes.
func (t *turn) ask(ctx context.Context, p Prompt) (Reply, error) {
	t.record("prompt", p)
	reply, _, err := t.r.pool.chat(ctx, t.q.Config.Providers, p, t.r.First, t.begin, t.hear)
	t.usage.Add(reply.Usage)
	t.record("reply", reply)
	return reply, err
}

// begin starts another run: what was said in the one before does not count.
func (t *turn) begin() {
	t.run++
	t.raw.Reset()
	t.sent, t.full = 0, false
}

// hear takes a piece of text, and says what is sure to stay as it is.
func (t *turn) hear(piece string) {
	if piece == "" {
		return
	}
	if t.first.IsZero() {
		t.first = t.r.Now()
	}
	if t.full { // a model without an end is not looked at again and again; finish judges the whole
		return
	}
	t.raw.WriteString(piece)
	text := unthought(t.raw.String())
	if text = text[:settled(text)]; text == "" {
		return
	}
	if t.full = t.recites(text); t.full {
		return
	}
	shown := t.shown(text)
	n := utf8.RuneCountInString(shown)
	if t.full = n > t.q.most(); !t.full && n > t.sent {
		t.say(t.run, t.sent, string([]rune(shown)[t.sent:]))
		t.sent = n
	}
}

// shown is what a visitor is shown of a model's text.
func (t *turn) shown(text string) string {
	return tidy(t.masker.unmask(strings.TrimLeft(text, " \n\t")), t.q.Config.Links)
}

func (t *turn) recites(text string) bool {
	return recites(text, rules, 60) || recites(text, t.q.Config.Persona, 200)
}

func (q Question) most() int {
	if q.Most <= 0 {
		return core.DefaultLimits().Text
	}
	return q.Most
}

// finish makes the answer of a reply.
func (t *turn) finish(text string, o outcome) Answer {
	text = unthought(text)
	if t.recites(text) {
		return t.give(core.ByAssistant, &Fault{Kind: Refused, Message: "it recites its instructions"})
	}
	shown := strings.TrimSpace(t.sourced(t.shown(text)))
	runes := []rune(shown)
	if len(runes) > t.q.most() {
		shown = string(runes[:t.q.most()-1]) + "…"
	}
	a := Answer{Text: shown, Sources: t.cited(shown), Noted: t.noted, Hand: o.hand, Close: o.close && o.hand == ""}
	switch {
	case a.Text == "" && a.Hand == "" && a.Close:
		a.Hand, a.Close = core.ByAssistant, false // it says no word of goodbye: somebody look at it
	case a.Text == "" && a.Hand == "":
		return t.give(core.ByFailure, &Fault{Kind: Garbled, Message: "it answers nothing"})
	}
	return a
}

// give calls a person. What was taken down by then is kept.
func (t *turn) give(why core.Reason, err error) Answer {
	if kindOf(err) == Stalled && why == core.ByFailure {
		why = core.ByTimeout
	}
	return Answer{Hand: why, Noted: t.noted, Err: err}
}

// add numbers passages that were not found before.
func (t *turn) add(list []Passage) (added []int) {
	for _, p := range list {
		same := func(o Passage) bool { return o.Source.ID == p.Source.ID && o.Text == p.Text }
		at := slices.IndexFunc(t.found, same)
		if at < 0 && len(t.found) < maxPassages {
			t.found = append(t.found, p)
			at = len(t.found) - 1
		}
		if at >= 0 {
			added = append(added, at+1)
		}
	}
	return added
}

// search answers search_knowledge.
func (t *turn) search(query string) string {
	numbers := t.add(t.q.Find(t.masker.unmask(query), passages))
	if len(numbers) == 0 {
		return "nothing was found"
	}
	var b strings.Builder
	for _, n := range numbers {
		writePassage(&b, n, t.found[n-1])
	}
	return b.String()
}

var citation = regexp.MustCompile(`\[(\d{1,2})\]`)

// sourced removes citations of passages that there are not: who reads them would
// look for a source in vain.
func (t *turn) sourced(text string) string {
	return dangling.ReplaceAllStringFunc(text, func(c string) string {
		if n, _ := strconv.Atoi(strings.Trim(c, " []")); n >= 1 && n <= len(t.found) {
			return c
		}
		return ""
	})
}

var dangling = regexp.MustCompile(` ?\[\d{1,2}\]`)

// cited returns the sources that a text names, in the order of their numbers;
// without a name, the one whose words it mostly consists of.
func (t *turn) cited(text string) (sources []core.Source) {
	var numbers []int
	for _, m := range citation.FindAllStringSubmatch(text, -1) {
		if n, _ := strconv.Atoi(m[1]); n >= 1 && n <= len(t.found) && !slices.Contains(numbers, n) {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	if len(numbers) == 0 {
		if n := t.closest(text); n > 0 {
			numbers = []int{n}
		}
	}
	for _, n := range numbers {
		s := t.found[n-1].Source
		if s.URL != "" && !listed(s.URL, t.q.Config.Links) {
			s.URL = ""
		}
		if !slices.ContainsFunc(sources, func(o core.Source) bool { return o.ID == s.ID }) {
			sources = append(sources, s)
		}
	}
	return sources
}

// closest returns the number of the passage that has most of a text's terms,
// if it has at least half of them.
func (t *turn) closest(text string) (number int) {
	terms := termsOf(text)
	best := len(terms) / 2
	if len(terms) < 4 {
		return 0
	}
	for i, p := range t.found {
		has, n := map[string]bool{}, 0
		for _, w := range termsOf(p.Source.Title + "\n" + p.Text) {
			has[w] = true
		}
		for _, w := range terms {
			if has[w] {
				n++
			}
		}
		if n > best {
			best, number = n, i+1
		}
	}
	return number
}

// unthought removes what some models think aloud before they answer.
func unthought(s string) string {
	trimmed := strings.TrimLeft(s, " \n")
	if !strings.HasPrefix(trimmed, "<think>") {
		if strings.HasPrefix("<think>", trimmed) {
			return ""
		}
		return s
	}
	_, after, ended := strings.Cut(trimmed, "</think>")
	if !ended {
		return ""
	}
	return strings.TrimLeft(after, " \n")
}

// record logs what was asked and said, masked, where the site wants that.
func (t *turn) record(what string, v any) {
	if !t.q.Config.Record {
		return
	}
	m := newMasker(false)
	switch v := v.(type) {
	case Prompt:
		for _, x := range v.Messages {
			t.r.Log.Info("model", "what", what, "site", t.q.Site, "role", string(x.Role), "text", m.mask(x.Text))
		}
	case Reply:
		t.r.Log.Info("model", "what", what, "site", t.q.Site, "text", m.mask(v.Text), "calls", len(v.Calls))
	}
}
