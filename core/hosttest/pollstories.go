package hosttest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Stories of the long-poll itself. That visitors can do over it what they do
// over WebSocket is told by the other stories, once more.

// post is one poll as it travels.
func (p *play) post(body any) (status int, frames []frame, answer string) {
	p.Helper()
	status, data := p.request(p.T, "", http.MethodPost, "/v1/poll", body)
	if status != http.StatusOK {
		return status, nil, string(data)
	}
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		p.Fatalf("a poll is answered with %v: %.300s", err, data)
	}
	frames, err := decodeAll(parts)
	if err != nil {
		p.Fatal(err)
	}
	if len(frames) == 0 || frames[len(frames)-1].Type != "next" || frames[len(frames)-1].Seconds < 0 {
		p.Fatalf("a poll ends with next: %.300s", data)
	}
	return status, frames, string(data)
}

// types are those of frames, in order.
func types(frames []frame) (list []string) {
	for _, f := range frames {
		list = append(list, f.Type)
	}
	return list
}

// The first poll is answered at once; what follows needs no memory of it.
func tellPoll(p *play) {
	origin := p.newOrigin()
	begun := time.Now()
	_, frames, _ := p.post(fields{"frames": []fields{{"type": "hello", "v": 1, "origin": origin}}, "wait": 25})
	if took := time.Since(begun); frames[0].Type != "welcome" || took > 3*time.Second {
		p.Fatalf("the first poll: %v after %s", types(frames), took)
	}
	w := frames[0]
	state := fields{"token": w.Token, "epoch": w.Epoch, "after": 0, "origin": origin, "wait": 0}
	sending := state.of("")
	sending["frames"] = []fields{{"type": "send", "origin": origin, "n": 1, "body": text("hello")}, {"type": "nonsense"}}
	_, frames, answer := p.post(sending)
	if last := rank(frames); last < 0 {
		p.Errorf("welcome, events, answers, head, next is the order, this is %v", types(frames))
	}
	own := slices.IndexFunc(frames, func(f frame) bool {
		return strings.HasPrefix(f.Type, "event") && strings.Contains(string(f.raw), `"hello"`)
	})
	ack, bad := slices.IndexFunc(frames, is("ack")), slices.IndexFunc(frames, is("error"))
	if own < 0 || ack < own || bad < own {
		p.Errorf("one's own events come before the ack: %s", answer)
	}
	_, frames, answer = p.post(sending) // the answer was lost
	if i := slices.IndexFunc(frames, is("ack")); i < 0 || frames[i].Prev != nil || frames[i].N != 1 {
		p.Errorf("promise 3: a repeat over long-poll is answered with %s", answer)
	}
	if n := strings.Count(answer, `"text":"hello"`); n > 2 { // the event, and the head's preview
		p.Errorf("promise 3: %d times in %s", n, answer)
	}
	state["epoch"] = "the one before the fire"
	if _, frames, answer = p.post(state); frames[0].Type != "welcome" || !frames[0].Reset || frames[0].Epoch != w.Epoch {
		p.Errorf("promise 8: another epoch is answered with %s", answer)
	}
}

// rank reports whether frames come in the order of a response; -1: they do
// not.
func rank(frames []frame) int {
	order := map[string]int{"welcome": 0, "event": 1, "events": 1, "ack": 2, "error": 2, "pong": 2, "conversation": 3, "next": 4}
	at := 0
	for _, f := range frames {
		n, ok := order[f.Type]
		if !ok || n < at {
			return -1
		}
		at = n
	}
	return at
}

func tellPollRefused(p *play) {
	v := p.visitor("Mei")
	for name, test := range map[string]struct {
		body   any
		status int
		code   string
	}{
		"a token of nobody": {fields{"token": "garbage", "after": 0, "epoch": v.epoch, "wait": 0}, 401, "unauthorized"},
		"no token":          {fields{"wait": 0}, 401, "unauthorized"},
		"a list":            {[]int{1}, 400, "invalid"},
		"a wait of words":   {fields{"token": v.token, "wait": "long"}, 400, "invalid"},
		"65 frames":         {fields{"token": v.token, "wait": 0, "frames": make([]fields, 65)}, 413, "too_large"},
		"much too long":     {fields{"token": v.token, "wait": 0, "epoch": strings.Repeat("x", 60<<10)}, 413, "too_large"},
	} {
		status, _, answer := p.post(test.body)
		var problem struct {
			Code   string
			Status int
		}
		if err := json.Unmarshal([]byte(answer), &problem); status != test.status || err != nil || problem.Code != test.code {
			p.Errorf("%s: %d %.300s (%v), want %d %s", name, status, answer, err, test.status, test.code)
		}
	}
}

// An agent for whom no WebSocket gets through is welcomed, told where
// everything stands, and answers, over polls alone.
func tellPollOfAnAgent(p *play) {
	v := p.visitor("Mei")
	v.writes("hello")
	const origin = "origin-of-a-polling-agent"
	hello := fields{"type": "hello", "v": 1, "origin": origin}
	status, frames, answer := p.post(fields{"token": p.admin.token, "frames": []fields{hello}})
	if status != 200 || frames[0].Type != "welcome" || frames[len(frames)-1].Type != "next" {
		p.Fatalf("an agent's hello is answered with %d %.500s", status, answer)
	}
	note := fields{
		"type": "send", "origin": origin, "n": 1, "conversation": v.mine(), "internal": true,
		"body": fields{"kind": "text", "text": "by poll"},
	}
	for range 2 { // the second: the answer was lost
		_, frames, answer = p.post(fields{"token": p.admin.token, "origin": origin, "frames": []fields{note}})
		if i := slices.IndexFunc(frames, is("ack")); i < 0 || frames[i].N != 1 || !strings.Contains(answer, `"pong"`) {
			p.Errorf("an agent's note over long-poll is answered with %.500s", answer)
		}
	}
	_, log := p.request(p.T, p.admin.token, "GET", "/v1/conversations/"+v.mine()+"/events?limit=50", nil)
	if n := strings.Count(string(log), `"by poll"`); n != 1 {
		p.Errorf("promise 3: the note is %d times in the log", n)
	}
}

// A poll that is held ends as soon as there is news, and not before.
func tellPollIsHeld(p *play) {
	if !p.host.Profile.PollHeld {
		p.Skip("this host answers at once")
	}
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	v.settle()
	state := fields{"token": v.token, "epoch": v.epoch, "after": v.view(v.mine()).last(), "wait": 1}
	_, first, _ := p.post(state)
	state["head"] = first[len(first)-1].Head
	begun := time.Now()
	_, frames, answer := p.post(state)
	if took := time.Since(begun); len(frames) != 1 || took < 900*time.Millisecond || took > 2*time.Second+busy {
		p.Errorf("nothing to say, wait 1: after %s %s", took, answer)
	}
	quickest := time.Minute
	for i := range 5 { // the quickest counts: a busy machine is no slow host
		quickest = min(quickest, p.wakes(a, v, fmt.Sprintf("news %d", i)))
	}
	if quickest > 200*time.Millisecond {
		p.Errorf("promise 19: a poll is woken %s after an event", quickest)
	}
}

// wakes has an agent say something while a poll waits for it, and returns how
// much later than the agent's ack the poll was answered.
func (p *play) wakes(a, v *client, words string) time.Duration {
	p.Helper()
	v.settle()
	state := fields{"token": v.token, "epoch": v.epoch, "after": p.head(v).Seq, "wait": 0}
	_, first, _ := p.post(state)
	state["head"], state["wait"] = first[len(first)-1].Head, 20
	var answered time.Time // these belong to the poll until it is done
	var answer []byte
	var failed error
	done := make(chan struct{})
	go func() {
		defer close(done)
		_, answer, failed = p.try("", http.MethodPost, "/v1/poll", state)
		answered = time.Now()
	}()
	a.until("a moment", after(100*time.Millisecond))
	a.tells(v, words)
	said := time.Now()
	<-done
	if !strings.Contains(string(answer), words) {
		p.Errorf("a poll waits for news, and is answered with %s (%v)", answer, failed)
	}
	return answered.Sub(said)
}

// From one transport to the other and back, in the middle of a talk: nothing
// is lost and nothing doubled.
func tellSwitch(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	var want []string
	for i := range 12 {
		mine, theirs := fmt.Sprintf("question %d", i), fmt.Sprintf("answer %d", i)
		v.writes(mine)
		v.isHeldBy(a.id())
		a.sees(v, mine)
		if i%2 == 1 {
			v.vanish() // what is said now is found by the next transport
		}
		a.tells(v, theirs)
		if i%2 == 1 {
			v.via = map[string]string{"ws": "poll", "poll": "ws"}[v.via]
			v.connect()
		}
		v.sees(v, theirs)
		want = append(want, mine, theirs)
	}
	if got := v.texts(v); !slices.Equal(got, want) {
		p.Errorf("promise 19: %q", got)
	}
	if got := a.texts(v); !slices.Equal(got, want) {
		p.Errorf("promise 19, the agent: %q", got)
	}
}
