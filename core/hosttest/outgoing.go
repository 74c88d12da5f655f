package hosttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

// ear is what webhooks and channels lead to: a server on this machine.
type ear struct {
	url string

	mu    sync.Mutex
	heard []told // guarded by mu
}

// told is what a webhook or a channel posts.
type told struct {
	id, signature string
	Type          string `json:"type"`
	Data          struct {
		Text          string                       `json:"text"`
		Event         event                        `json:"event"`
		Epoch         string                       `json:"epoch"`
		Conversations []struct{ ID, Group string } `json:"conversations"`
	} `json:"data"`
}

func (p *play) ear() *ear {
	x := &ear{}
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		t := told{id: r.Header.Get("webhook-id"), signature: r.Header.Get("webhook-signature")}
		if err != nil || json.Unmarshal(body, &t) != nil {
			p.Errorf("a webhook brings %s, %v", body, err)
		}
		x.mu.Lock()
		defer x.mu.Unlock()
		x.heard = append(x.heard, t)
	}))
	p.Cleanup(s.Close)
	x.url = s.URL
	return x
}

// hears waits until what was heard is as it should be.
func (p *play) hears(x *ear, what string, is func([]told) bool) {
	p.Helper()
	every := time.NewTicker(20 * time.Millisecond)
	defer every.Stop()
	for limit := time.After(2 * patience); ; {
		x.mu.Lock()
		ok, heard := is(x.heard), fmt.Sprintf("%+v", x.heard)
		x.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-every.C:
		case <-limit:
			p.Fatalf("nobody is told %s; what was told is %s", what, heard)
		}
	}
}

// of are the events of one conversation, each once, as a receiver keeps them.
func of(id string, heard []told) (list []told) {
	seen := map[string]bool{}
	for _, t := range heard {
		if t.Type == "event" && t.Data.Event.Conversation == id && !seen[t.id] {
			seen[t.id] = true
			list = append(list, t)
		}
	}
	return list
}

// Promise 17: a webhook brings every event of a conversation that is not a note,
// in order, under an id that never changes, signed.
func tellWebhook(p *play) {
	x := p.ear()
	var made struct{ ID, Secret string }
	p.call(p.T, http.MethodPost, "/v1/webhooks", fields{"url": x.url + "/hook"}, &made)
	p.Cleanup(func() { p.call(p.T, http.MethodDelete, "/v1/webhooks/"+made.ID, nil, nil) })
	<-time.After(p.host.Profile.Lag) // until everybody knows of it
	a, v := p.agent("Li"), p.visitor("Mei")
	a.offers(1)
	v.writes("where is my parcel?")
	v.isHeldBy(a.id())
	a.opens(v)
	a.notes(v, "a regular")
	a.tells(v, "on its way")
	a.ends(v)
	v.seesKind(v, "closed")
	p.hears(x, "of the whole conversation", func(heard []told) bool {
		list := of(v.mine(), heard)
		return len(list) > 0 && list[len(list)-1].Data.Event.Body.Kind == "closed"
	})
	x.mu.Lock()
	defer x.mu.Unlock()
	last, kinds := uint64(0), ""
	for _, t := range of(v.mine(), x.heard) {
		e := t.Data.Event
		if want := fmt.Sprintf("%s-%d-%s", v.mine(), e.Seq, v.welcome.Epoch); t.id != want || t.Data.Epoch != v.welcome.Epoch {
			p.Errorf("promise 17: the id is %s, want %s", t.id, want)
		}
		if e.Seq <= last || e.Internal || len(t.signature) < 40 || t.signature[:3] != "v1," {
			p.Errorf("promise 17: after #%d comes %+v, signed %q", last, e, t.signature)
		}
		last, kinds = e.Seq, kinds+" "+e.Body.Kind
	}
	if kinds != " opened text queued assigned text closed" {
		p.Errorf("promise 17: told of%s", kinds)
	}
}

// A visitor whom nobody takes is told of where staff look when they do not look
// at the console.
func tellNotification(p *play) {
	x := p.ear()
	var made struct{ ID string }
	p.call(p.T, http.MethodPost, "/v1/channels", fields{"name": "Night", "kind": "webhook", "url": x.url, "after": 1, "waiting": true, "lang": "en"}, &made)
	p.Cleanup(func() { p.call(p.T, http.MethodDelete, "/v1/channels/"+made.ID, nil, nil) })
	p.call(p.T, http.MethodPost, "/v1/channels/"+made.ID+"/test", nil, nil)
	p.hears(x, "that it works", func(heard []told) bool { return len(heard) > 0 && heard[0].Type == "test" })
	v := p.visitor("Mei")
	v.writes("is anybody there?")
	about := func(heard []told) (n int) {
		for _, t := range heard {
			for _, c := range t.Data.Conversations {
				if t.Type == "notice" && c.ID == v.mine() {
					n++
				}
			}
		}
		return n
	}
	p.hears(x, "of who waits", func(heard []told) bool { return about(heard) == 1 })
}

// A supervisor reads along, says something that only the agent hears, and takes
// over; from then on the agent can not answer.
func tellWhisper(p *play) {
	a, v := p.agent("Li"), p.visitor("Mei")
	a.offers(1)
	v.writes("I want to speak to the manager")
	v.isHeldBy(a.id())
	a.opens(v)
	s := p.staff("Sue", "supervisor")
	s.say(fields{"type": "watch", "conversations": []string{v.mine()}})
	s.opens(v)
	s.notes(v, "offer the voucher")
	a.sees(v, "offer the voucher")
	a.tells(v, "may I offer you a voucher?")
	s.sees(v, "may I offer you a voucher?")
	s.takes(v)
	v.isHeldBy(s.id())
	a.fails("conflict", "send", v.mine(), fields{"body": text("too late")})
	s.tells(v, "I am the manager")
	v.sees(v, "I am the manager")
	a.notes(v, "thank you") // of the group still
	s.sees(v, "thank you")
	for _, secret := range []string{"offer the voucher", "thank you", "too late"} {
		if v.knows(secret) {
			p.Errorf("promise 14: %s was shown %q", v.name, secret)
		}
	}
	s.ends(v)
}
