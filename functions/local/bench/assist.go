package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"kefu/core/assist/assisttest"
)

// asked is what a question to the receptionist used.
type asked struct {
	units
	prompt float64 // bytes of the request to the model
}

// countAnswers has visitors ask a receptionist, with a fake model behind it: what
// goes to and fro is counted, and how long a real one takes is assumed. They are
// in one session after the other's first answer, so what opens a session is
// the price of the message, not of the answer.
func (b *bench) countAnswers(ctx context.Context, admin string) (asked, error) {
	fake := assisttest.Start()
	defer fake.Close()
	if err := b.reception(ctx, admin, fake.URL); err != nil {
		return asked{}, err
	}
	b.origins++
	v, err := dialSite(ctx, b.URL(), fmt.Sprintf("bench-outbox-%d", b.origins), "", receptionist)
	if err != nil {
		return asked{}, err
	}
	defer v.leave()
	if err := b.isAnswered(ctx, v); err != nil { // this one opens the session, and starts the process
		return asked{}, err
	}
	before := len(fake.Asked())
	used, err := b.of(ctx, func() error { return b.isAnswered(ctx, v) })
	if err != nil {
		return asked{}, err
	}
	out := asked{units: used}
	for _, a := range fake.Asked()[before:] {
		out.prompt += float64(len(a.Raw))
	}
	return out, nil
}

// receptionist is the site that has one, and the model that the fake plays.
const receptionist = "answer"

// reception makes the site, and waits until every process knows it.
func (b *bench) reception(ctx context.Context, admin, url string) error {
	var settings map[string]any
	if err := call(ctx, http.MethodGet, b.URL()+"/v1/settings", admin, nil, &settings); err != nil {
		return err
	}
	delete(settings, "at") // these two are not for clients to say
	delete(settings, "by")
	sites, _ := settings["sites"].([]any)
	if len(sites) == 0 {
		return fmt.Errorf("the settings have no site: %v", settings)
	}
	data, err := json.Marshal(sites[0])
	if err != nil {
		return err
	}
	site := map[string]any{}
	if err := json.Unmarshal(data, &site); err != nil {
		return err
	}
	site["id"], site["assistant"] = receptionist, true
	site["receptionist"] = map[string]any{"providers": []any{map[string]any{"url": url, "model": receptionist}}}
	settings["sites"] = append(sites, site)
	if err := call(ctx, http.MethodPut, b.URL()+"/v1/settings", admin, settings, nil); err != nil {
		return err
	}
	article := map[string]any{"site": receptionist, "title": "Returns", "text": "You can return shoes within 30 days. 退货期 30 天。"}
	if err := call(ctx, http.MethodPost, b.URL()+"/v1/knowledge", admin, article, nil); err != nil {
		return err
	}
	return pause(ctx, rightsEvery*time.Second+time.Second)
}

// isAnswered has a visitor ask something that the knowledge answers.
func (b *bench) isAnswered(ctx context.Context, v *client) error {
	if err := v.writes(ctx, "", "Can I return my shoes?"); err != nil {
		return err
	}
	_, err := v.await(ctx, func(f frame) bool { return f.Type == "event" && f.By.Kind == "bot" })
	return err
}

// pause waits, unless ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// answerBill is what an answer costs besides the message that it answers. One of
// the invocations is that of assist, which waits for the model.
func answerBill(c counted) []line {
	rest := c.answer.minus(c.warm)
	rest.invocations--
	rest.out += max(0, answerSeconds*deltasASec-(rest.out-1)) // pieces that a fake, which does not take its time, does not make
	lines := bill(rest, otherMs)
	return append(lines, line{what: fmt.Sprintf("Lambda, assist: %d MB for %g s", assistMB, modelSeconds+answerSeconds), dollars: lambda(assistMB, (modelSeconds+answerSeconds)*1000, perGBSecond)})
}
