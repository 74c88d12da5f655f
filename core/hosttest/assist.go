package hosttest

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"kefu/core/assist/assisttest"
)

// Stories of the receptionist, with a fake model behind it. Each site asks the
// model that it is named after.

// models are those that stories ask, with how long a question waits for their
// answer.
func models() map[string]string {
	all := map[string]string{"echo": "3s", "gate-dies": "3s"}
	for _, m := range append(faulty(), "answer", "gate-taken", "gate-again") {
		all[m] = "20s"
	}
	return all
}

// faulty are models of which no answer comes.
func faulty() []string {
	return []string{"stall", "stall-mid", "break", "500", "429", "404", "garbage", "html", "endless-line", "empty", "redirect", "keyed", "bad-arguments", "unknown-tool", "unanswered"}
}

// reception returns the fake model. The first story that asks for it starts it,
// and makes a site for each of the models; they stay, for no other story
// comes there.
func (p *play) reception() *assisttest.Server {
	p.Helper()
	if p.fake != nil {
		return p.fake
	}
	p.fake = assisttest.Start()
	p.atEnd(p.fake.Close)
	all := p.read(p.T)
	sites, _ := all["sites"].([]any)
	first, _ := sites[0].(map[string]any)
	patience := models()
	for _, model := range slices.Sorted(maps.Keys(patience)) {
		site := maps.Clone(first)
		timeouts, _ := first["timeouts"].(map[string]any)
		timeouts = maps.Clone(timeouts)
		timeouts["assistant"] = patience[model]
		site["id"], site["assistant"], site["timeouts"] = model, true, timeouts
		site["receptionist"] = fields{"providers": []fields{{"url": p.fake.URL, "model": model}}, "fields": []string{"order"}, "links": []string{"shop.example"}}
		sites = append(sites, site)
	}
	all["sites"] = sites
	p.put(p.T, all)
	return p.fake
}

// asked is what a model was asked.
func (p *play) asked(model string) (list []assisttest.Asked) {
	for _, a := range p.fake.Asked() {
		if a.Model == model {
			list = append(list, a)
		}
	}
	return list
}

// at is a visitor of a site that a model answers at.
func (p *play) at(model string) *client {
	p.Helper()
	return p.visitor(model, fields{"site": model})
}

// The bot answers from knowledge, says that it is one, and names its source.
func tellAnswers(p *play) {
	p.reception()
	p.call(p.T, http.MethodPost, "/v1/knowledge", fields{"site": "answer", "title": "Returns", "text": "You can return shoes within 30 days. 退货期 30 天。", "url": "https://shop.example/returns"}, nil)
	v := p.at("answer")
	v.writes("Can I return my shoes?")
	e := v.seesEvent(v, "the bot's answer", func(e event) bool { return e.By.Kind == "bot" })
	if e.Body.Text != "The answer is in what you gave me [1]." || len(e.Body.Sources) != 1 || e.Body.Sources[0].Title != "Returns" || e.Body.Sources[0].URL != "https://shop.example/returns" {
		p.Errorf("the answer is %+v", e.Body)
	}
	if !p.host.Profile.Gateway && v.view(v.mine()).last() != 3 {
		p.Errorf("it has %v", v.view(v.mine()).events)
	}
	v.writes("转人工") // and nobody has to say it to a model
	if e := v.seesKind(v, "handoff"); e.Body.Reason != "request" {
		p.Errorf("handed over for %q", e.Body.Reason)
	}
	v.waits()
}

// Who takes over in mid-answer is not talked over: not a word of the bot's comes
// behind the take-over, whatever the model still says.
func tellTakenOver(p *play) {
	fake := p.reception()
	open := fake.Gate("taken")
	defer open()
	a := p.staff("Li", "supervisor")
	v := p.at("gate-taken")
	v.writes("Can I change my order?")
	v.isAsked("gate-taken", 1)
	a.goes("online")
	a.does("take", v.mine(), fields{"session": 1})
	v.isHeldBy(a.id())
	at := len(v.all)
	open()
	a.tells(v, "I will do that for you.")
	v.sees(v, "I will do that for you.")
	v.settle()
	for _, f := range v.all[at:] {
		if f.Type == "delta" || f.Type == "event" && f.By.Kind == "bot" {
			p.Errorf("behind the take-over comes %s", f.raw)
		}
	}
	for _, e := range p.log(p.T, v.mine()) {
		if e.By.Kind == "bot" {
			p.Errorf("the log has %v of the bot", e)
		}
	}
	a.ends(v)
}

// isAsked waits until a model was asked so often; meanwhile v lives on.
func (v *client) isAsked(model string, n int) {
	v.t.Helper()
	v.until(fmt.Sprintf("the model to be asked %d times", n), func() bool { return len(v.p.asked(model)) >= n })
}

// What is said in mid-answer withdraws the question: the model is asked again,
// with both, and there is one answer.
func tellAskedAgain(p *play) {
	fake := p.reception()
	open := fake.Gate("again")
	defer open()
	v := p.at("gate-again")
	v.writes("Do you have it in blue?")
	v.isAsked("gate-again", 1)
	v.writes("I mean green.")
	v.isAsked("gate-again", 2)
	open()
	v.seesEvent(v, "the bot's answer", func(e event) bool { return e.By.Kind == "bot" })
	v.settle()
	answers := 0
	for _, e := range p.log(p.T, v.mine()) {
		if e.By.Kind == "bot" {
			answers++
		}
	}
	all := p.asked("gate-again")
	last := all[len(all)-1]
	if said := last.Messages[len(last.Messages)-1].Content; answers != 1 || !strings.Contains(said, "blue") || !strings.Contains(said, "green") {
		p.Errorf("%d answers; the model was asked %q", answers, said)
	}
}

// Whatever is wrong with a model, its visitor has somebody to wait for within
// ten seconds: a person, or the form to leave a message, which a session that
// waits while nobody is there shows.
func tellModelFaults(p *play) {
	p.reception()
	var visitors []*client
	for _, m := range faulty() {
		v := p.at(m)
		v.writes("Is anybody there?")
		visitors = append(visitors, v)
	}
	begun := time.Now()
	for i, v := range visitors {
		e := v.seesKind(v, "handoff")
		v.waits()
		if took := time.Since(begun); took > 10*time.Second+busy {
			p.Errorf("%s: it took %s until a person was called", faulty()[i], took)
		}
		if want := faulty()[i] == "unanswered"; want != (e.Body.Reason == "unanswered") {
			p.Errorf("%s: handed over for %q", faulty()[i], e.Body.Reason)
		}
	}
}

// Whatever becomes of the processes in between, promise 16 holds: a question has
// one answer or a person, and who has a person hears no more of the bot.
func tellAssistTrouble(p *play) {
	fake := p.reception()
	if p.host.Kill != nil {
		p.dies(fake)
	}
	var visitors []*client
	for range 4 {
		visitors = append(visitors, p.at("echo"))
	}
	person := func(v *client) bool { return v.lastKind() == "queued" }
	for round := range 3 {
		for _, v := range visitors {
			if !person(v) {
				v.writes(fmt.Sprintf("Question %d of %s, please?", round+1, v.name))
			}
		}
		for _, v := range visitors {
			v.until("an answer, or a person", func() bool {
				events := v.view(v.mine()).events
				return person(v) || len(events) > 0 && byBot(events[len(events)-1])
			})
		}
	}
	for _, v := range visitors {
		p.answeredOnce(v)
	}
}

// dies has the process that asks the model end in mid-answer. Its visitor has a
// person to wait for as soon as the question has waited long enough, and whoever
// asks next is answered by another process.
func (p *play) dies(fake *assisttest.Server) {
	p.Helper()
	open := fake.Gate("dies")
	defer open()
	v := p.at("gate-dies")
	v.writes("Is there a way back?")
	v.isAsked("gate-dies", 1)
	p.host.Kill(p.T)
	if e := v.seesKind(v, "handoff"); e.Body.Reason != "timeout" {
		p.Errorf("handed over for %q", e.Body.Reason)
	}
	v.waits()
	open()
	w := p.at("gate-dies")
	w.writes("And for me?")
	w.seesEvent(w, "the bot's answer", byBot)
	v.settle()
	p.answeredOnce(v)
	p.answeredOnce(w)
}

func byBot(e event) bool { return e.By.Kind == "bot" }

// answeredOnce holds a log against promise 16. What was asked before an answer
// came is answered by that one.
func (p *play) answeredOnce(v *client) {
	p.Helper()
	open, handed := 0, false
	for _, e := range p.log(p.T, v.mine()) {
		switch {
		case e.Body.Kind == "handoff":
			handed = true
		case e.Body.Kind == "text" && e.By.Kind == "visitor":
			open++
		case byBot(e) && (handed || open == 0):
			p.Errorf("promise 16: %v comes unasked for", e)
		case byBot(e):
			open = 0
		}
	}
	if open > 0 && !handed {
		p.Errorf("promise 16: %d questions of %s have no answer", open, v.name)
	}
}
