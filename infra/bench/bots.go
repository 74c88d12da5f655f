//go:build linux

package main

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path/filepath"
	"slices"
	"time"

	"kefu/core/assist/assisttest"
)

// What a thousand sessions with the assistant cost people who talk to people, on
// the same server: the model is a fake one in this program, whose answer takes
// four tenths of a second, and each visitor writes again some seconds after it.

const (
	botsPiece = 100 * time.Millisecond
	botsRate  = 200 // of people's messages a second: a thousand people, each with one every five seconds
	botsSite  = "bots"
)

// thinks is how long a visitor thinks: as long as people's messages are measured,
// which is 10 s, so that each session is in it once.
func (b *bench) thinks() time.Duration { return b.load }

// together is what people's messages took, without and with the assistant at work.
type together struct {
	sessions      int
	think         time.Duration
	alone, beside offered
	answers       int           // of the assistant, while people wrote
	client        float64       // share of a core that this program used meanwhile, the model included
	cpu           time.Duration // of the server for each of them, pieces, stores and the model's stream included
}

func (b *bench) together() (t together, err error) {
	fake := assisttest.Start()
	fake.Pace = botsPiece
	defer fake.Close()
	s, err := b.set(b.binary, filepath.Join(b.temp, "bots"), min(others, b.agents), min(othersVisitors, b.active))
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, s.clear()) }()
	t.sessions, t.think = b.active, b.thinks()
	cpu := s.usage().cpu
	if t.alone, err = s.offer(botsRate, b.load); err != nil {
		return t, err
	}
	alone := s.usage().cpu - cpu
	if err := s.offerAssistant(b, fake.URL); err != nil {
		return t, err
	}
	if err := s.converse(b.active, b.thinks()); err != nil {
		return t, err
	}
	b.say("%d sessions with the assistant", b.active)
	cpu, t.answers = s.usage().cpu, s.answered
	mine, begun := usageOf("self").cpu, b.now()
	if t.beside, err = s.offer(botsRate, b.load); err != nil {
		return t, err
	}
	t.answers = s.answered - t.answers
	t.client = float64(usageOf("self").cpu-mine) / float64(b.now()-begun)
	t.cpu = (s.usage().cpu - cpu - alone) / time.Duration(max(t.answers, 1))
	b.say("p99 of people's messages: %s alone, %s beside them", round(t.alone.latencies.at(.99)), round(t.beside.latencies.at(.99)))
	return t, nil
}

// offerAssistant makes a site that the fake answers at.
func (s stage) offerAssistant(b *bench, url string) error {
	var settings map[string]any
	if err := s.get(b.ctx, s.url+"/v1/settings", &settings); err != nil {
		return err
	}
	sites, _ := settings["sites"].([]any)
	if len(sites) == 0 {
		return errors.New("the server has settings without sites")
	}
	first, _ := sites[0].(map[string]any)
	site := maps.Clone(first)
	if site == nil {
		return errors.New("the server has a site that is none")
	}
	site["id"], site["assistant"] = botsSite, true
	site["receptionist"] = map[string]any{
		"providers": []any{map[string]any{"url": url, "model": "answer"}}, "turns": 200,
		"budget": map[string]any{"visitor": 1_000_000, "session": 1_000_000_000, "day": 1_000_000_000_000},
	}
	settings["sites"] = append(slices.Clone(sites), site)
	if err := s.call(b.ctx, http.MethodPut, s.url+"/v1/settings", settings, nil); err != nil {
		return err
	}
	pause(b.ctx, 6*time.Second) // other nodes, if there are any, have read them by then
	return b.ctx.Err()
}

// converse has visitors come who talk with the assistant, until each had an answer.
func (s stage) converse(count int, think time.Duration) error {
	s.think = think
	var list []*visitor
	for i := range count {
		list = append(list, &visitor{origin: fmt.Sprintf("bench-bot-%d", i), site: botsSite})
	}
	if _, err := s.arrive(list); err != nil {
		return err
	}
	for i, v := range list { // not all at once
		s.asks = append(s.asks, ask{s.now() + int64(think)*int64(i)/int64(count), v})
	}
	return s.all("not everybody was answered by the assistant", func() bool { return s.answered >= count })
}

// ask is a question that is due.
type ask struct {
	at int64
	v  *visitor
}

// wonder writes the questions that are due, and returns when the next one is.
func (cr *crowd) wonder(now, next int64) int64 {
	for len(cr.asks) > 0 && cr.asks[0].at <= now {
		v := cr.asks[0].v
		cr.asks = cr.asks[1:]
		if v.conn.fd >= 0 {
			cr.say(v, 0)
		}
	}
	if len(cr.asks) > 0 {
		next = min(next, cr.asks[0].at)
	}
	return next
}

// ofBot begins who an event is by.
const ofBot = `"by":{"kind":"bot"`

// hearBot counts answers; behind each comes another question, after a while. All
// think equally long, so the questions stay in order.
func (cr *crowd) hearBot(v *visitor, message []byte) {
	if v.site == botsSite && bytes.Contains(message, []byte(ofBot)) {
		cr.answered++
		cr.asks = append(cr.asks, ask{cr.now() + int64(cr.think), v})
	}
}

func (r *report) together(t together) {
	r.line("### People beside the assistant\n")
	r.line("%d sessions with the assistant, each with a question every %s, and people's messages at %d/s on the same core.\n", t.sessions, t.think, t.alone.rate)
	r.line("| people's messages | p50 | p99 |\n|---|---:|---:|")
	r.line("| alone | %s | %s |", round(t.alone.latencies.at(.5)), round(t.alone.latencies.at(.99)))
	r.line("| beside %d answers | %s | %s |", t.answers, round(t.beside.latencies.at(.5)), round(t.beside.latencies.at(.99)))
	r.line("\nAn answer takes %s of the server's CPU; this program, the model included, used %.0f %% of its core.\n", round(t.cpu), 100*t.client)
}
