package hosttest

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"time"

	"kefu/core/assist/assisttest"
)

// Stories of the receptionist, with a fake model behind it. Each site asks the
// model that it is named after.

// reception starts a fake model and makes a site for each of the models named.
func (p *play) reception(models ...string) *assisttest.Server {
	p.Helper()
	return p.receptionWithin("20s", models...)
}

// receptionWithin is reception where a question waits so long for its answer.
func (p *play) receptionWithin(patience string, models ...string) *assisttest.Server {
	p.Helper()
	fake := assisttest.Start()
	p.Cleanup(fake.Close)
	p.settings(func(all fields) {
		sites, _ := all["sites"].([]any)
		first, _ := sites[0].(map[string]any)
		for _, m := range models {
			site := map[string]any{}
			for k, v := range first {
				site[k] = v
			}
			site["id"], site["assistant"] = m, true
			timeouts := map[string]any{}
			if all, ok := first["timeouts"].(map[string]any); ok {
				maps.Copy(timeouts, all)
			}
			timeouts["assistant"], site["timeouts"] = patience, timeouts
			site["receptionist"] = fields{"providers": []fields{{"url": fake.URL, "model": m}}, "fields": []string{"order"}, "links": []string{"shop.example"}}
			sites = append(sites, site)
		}
		all["sites"] = sites
	})
	return fake
}

// at is a visitor of a site that a model answers at.
func (p *play) at(model string) *client {
	p.Helper()
	return p.visitor(model, fields{"site": model})
}

// The bot answers from knowledge, says that it is one, and names its source.
func tellAnswers(p *play) {
	p.reception("answer")
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
	fake := p.reception("gate-taken")
	open := fake.Gate("taken")
	defer open()
	a := p.staff("Li", "supervisor")
	v := p.at("gate-taken")
	v.writes("Can I change my order?")
	p.asked(fake, 1, v)
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

// asked waits until the model was asked so often; meanwhile v lives on.
func (p *play) asked(fake *assisttest.Server, n int, v *client) {
	p.Helper()
	v.until(fmt.Sprintf("the model to be asked %d times", n), func() bool { return len(fake.Asked()) >= n })
}

// What is said in mid-answer withdraws the question: the model is asked again,
// with both, and there is one answer.
func tellAskedAgain(p *play) {
	fake := p.reception("gate-again")
	open := fake.Gate("again")
	defer open()
	v := p.at("gate-again")
	v.writes("Do you have it in blue?")
	p.asked(fake, 1, v)
	v.writes("I mean green.")
	p.asked(fake, 2, v)
	open()
	v.seesEvent(v, "the bot's answer", func(e event) bool { return e.By.Kind == "bot" })
	v.settle()
	answers := 0
	for _, e := range p.log(p.T, v.mine()) {
		if e.By.Kind == "bot" {
			answers++
		}
	}
	last := fake.Asked()[len(fake.Asked())-1]
	if said := last.Messages[len(last.Messages)-1].Content; answers != 1 || !strings.Contains(said, "blue") || !strings.Contains(said, "green") {
		p.Errorf("%d answers; the model was asked %q", answers, said)
	}
}

// Whatever is wrong with a model, its visitor has somebody to wait for within
// ten seconds: a person, or the form to leave a message, which a session that
// waits while nobody is there shows.
func tellModelFaults(p *play) {
	models := []string{"stall", "stall-mid", "break", "500", "429", "404", "garbage", "html", "endless-line", "empty", "redirect", "keyed", "bad-arguments", "unknown-tool", "unanswered"}
	p.reception(models...)
	var visitors []*client
	for _, m := range models {
		v := p.at(m)
		v.writes("Is anybody there?")
		visitors = append(visitors, v)
	}
	begun := time.Now()
	for i, v := range visitors {
		e := v.seesKind(v, "handoff")
		v.waits()
		if took := time.Since(begun); took > 10*time.Second+busy {
			p.Errorf("%s: it took %s until a person was called", models[i], took)
		}
		if want := models[i] == "unanswered"; want != (e.Body.Reason == "unanswered") {
			p.Errorf("%s: handed over for %q", models[i], e.Body.Reason)
		}
	}
}

// Whatever becomes of the processes in between, promise 16 holds: a question has
// one answer or a person, and who has a person hears no more of the bot.
func tellAssistTrouble(p *play) {
	fake := p.receptionWithin("3s", "echo", "gate-dies")
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
	p.asked(fake, 1, v)
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
