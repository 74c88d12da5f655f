package server

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// A visitor by poll and an agent by WebSocket converse; the agent's words wake
// the poll at once.
func TestPollConversation(t *testing.T) {
	s, _ := begin(t, Options{Config: settings(t)})
	vi, a := served(t, s)
	var took []time.Duration
	for i := range 20 {
		text := fmt.Sprintf("answer %d", i)
		heard := make(chan time.Time, 1)
		go func() {
			defer close(heard)
			for {
				_, answer, err := vi.ask(vi.Context(), 20)
				if err != nil {
					vi.Error(err)
					return
				}
				if at := time.Now(); len(answer) > 0 {
					vi.take(answer)
					if slices.Contains(vi.texts(), text) {
						heard <- at
						return
					}
				}
			}
		}()
		vi.isHeld(s)
		said := time.Now()
		a.say(vi.id, text)
		at, ok := <-heard
		if !ok {
			t.Fatal("not heard")
		}
		took = append(took, at.Sub(said))
		vi.poll(0, vi.say("word "+text))
		a.until("event", "word "+text)
	}
	slices.Sort(took)
	t.Logf("a poll is answered %s after the agent's message left (median; worst %s)", took[len(took)/2], took[len(took)-1])
	if worst := took[len(took)-1]; worst > time.Second {
		t.Errorf("woken after %s", worst)
	}
	if got := vi.texts(); len(got) != 41 {
		t.Errorf("%d texts: %q", len(got), got)
	}
}

// The client goes from poll to WebSocket and back in mid-conversation, with
// the same numbers and cursor; each time half of what it sent was in doubt.
func TestPollSwitch(t *testing.T) {
	s, _ := begin(t, Options{Config: settings(t)})
	vi, a := served(t, s)
	want := []string{"hello"}
	both := func(round int) {
		text := fmt.Sprintf("amy %d", round)
		a.say(vi.id, text)
		want = append(want, text)
		a.until("ack", fmt.Sprintf(`"n":%d`, a.n[vi.id]))
	}
	for round := range 5 {
		held := make(chan []byte, 1)
		go func() {
			_, answer, _ := vi.ask(vi.Context(), 20)
			held <- answer
		}()
		vi.isHeld(s)

		// Sent by poll, and the answer is lost.
		doubtful := vi.say(fmt.Sprintf("vi %d", round))
		if _, _, err := vi.ask(t.Context(), 0, doubtful); err != nil {
			t.Fatal(err)
		}
		want = append(want, fmt.Sprintf("vi %d", round))
		<-held // lost too
		both(round)

		// By socket: the same frame again, another, and what was missed.
		ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		hello := vi.hello()
		hello["token"] = vi.body["token"]
		next := vi.say(fmt.Sprintf("vi %d by socket", round))
		for _, f := range []map[string]any{hello, doubtful, next} {
			data, err := json.Marshal(f)
			if err != nil {
				t.Fatal(err)
			}
			send(t, ws, string(data))
		}
		want = append(want, fmt.Sprintf("vi %d by socket", round))
		vi.hear(ws, fmt.Sprintf("vi %d by socket", round))
		both(round + 100)
		_ = ws.CloseNow() // before that has arrived, perhaps

		// And by poll again, with a hello and a repetition.
		vi.poll(0, vi.hello(), next)
	}
	within(t, "all is told", func() bool { vi.poll(0); return len(vi.texts()) >= len(want) })
	if got := vi.texts(); !slices.Equal(got, want) {
		t.Errorf("told\n%q\nand not\n%q", got, want)
	}
	seqs := map[string]bool{}
	for _, l := range vi.log {
		if seqs[l] {
			t.Errorf("%s twice", l)
		}
		seqs[l] = true
	}
}

// hear takes what a socket brings, up to the ack of the last that was sent.
func (p *poller) hear(ws *websocket.Conn, text string) {
	p.Helper()
	ctx, cancel := context.WithTimeout(p.Context(), 10*time.Second)
	defer cancel()
	for {
		_, m, err := ws.Read(ctx)
		if err != nil {
			p.Fatal(err)
		}
		var frames []pollFrame
		if m[0] != '[' {
			m = slices.Concat([]byte("["), m, []byte("]"))
		}
		if err := json.Unmarshal(m, &frames); err != nil {
			p.Fatalf("%v: %s", err, m)
		}
		for _, f := range frames {
			for _, e := range append(f.Events, f) {
				if e.Type == "event" || f.Type == "welcome" && e.Seq > 0 {
					p.seen(e.Seq, e.Body.Text)
				}
			}
			if f.Type == "ack" && f.N == uint64(p.n) {
				p.seen(f.Seq, text) // the sender's own connection gets no event
				return
			}
		}
	}
}

// Many polls are held at a time, and all are woken.
func TestManyPolls(t *testing.T) {
	const many = 500
	c := settings(t)
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open})
	var all sync.WaitGroup
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: many}}
	t.Cleanup(client.CloseIdleConnections)
	polls := make([]*poller, many)
	slots := make(chan struct{}, 20)
	for i := range many {
		all.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			p := newPoller(t, s, fmt.Sprintf("phone-%d", i))
			p.client, polls[i] = client, p
			status, answer, err := p.ask(t.Context(), 0, p.hello(), p.say("hello"))
			if err != nil || status != http.StatusOK {
				t.Errorf("%d %s, %v", status, answer, err)
				return
			}
			p.take(answer)
		})
	}
	all.Wait()
	if t.Failed() {
		return
	}
	var said, woken [many]time.Time
	var tabs [many]poller // others of the same visitors
	for i, p := range polls {
		tabs[i] = *p
		tabs[i].body = maps.Clone(p.body)
		all.Go(func() {
			for { // places in line may be told first
				_, answer, err := p.ask(t.Context(), 25)
				at := time.Now()
				if err != nil {
					t.Error(err)
					return
				}
				p.take(answer)
				if slices.Contains(p.texts(), "more") {
					woken[i] = at
					return
				}
			}
		})
	}
	within(t, "all are held", func() bool {
		return !slices.ContainsFunc(polls, func(p *poller) bool { return !p.there(s) })
	})
	for i := range tabs {
		p := &tabs[i]
		said[i] = time.Now()
		if status, answer, err := p.ask(t.Context(), 0, p.say("more")); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s, %v", status, answer, err)
		}
	}
	all.Wait()
	took := make([]time.Duration, many)
	for i := range took {
		took[i] = woken[i].Sub(said[i])
	}
	slices.Sort(took)
	t.Logf("%d held polls, each woken %s after it was told (median; worst %s)", many, took[many/2], took[many-1])
	if took[many-1] > 5*time.Second {
		t.Errorf("woken after %s", took[many-1])
	}
}

// Who hangs up has left at once, and gives the place back.
func TestPollAbandoned(t *testing.T) {
	c := settings(t)
	c.Limits.Connections = 3
	s, _ := begin(t, Options{Config: c, OpenStore: newStore().open})
	vi := newPoller(t, s, "vi")
	vi.poll(0, vi.hello())
	for range 10 { // more than there are places
		ctx, cancel := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, _, err := vi.ask(ctx, 25)
			left <- err
		}()
		vi.isHeld(s)
		cancel()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		within(t, "it has left", func() bool { return !vi.there(s) })
	}
	visitor(t, s)
	others := newPoller(t, s, "others")
	others.poll(0, others.hello())
	visitor(t, s)
	visitor(t, s)
	status, answer, err := vi.ask(t.Context(), 25)
	if err != nil || status != http.StatusServiceUnavailable || !strings.Contains(string(answer), `"code":"unavailable"`) {
		t.Errorf("without a place: %d %s, %v", status, answer, err)
	}
}

// A server that leaves answers those who wait, and they are told when to come
// back.
func TestLeavingEndsPolls(t *testing.T) {
	s, end := begin(t, Options{Config: settings(t), OpenStore: newStore().open})
	vi := newPoller(t, s, "vi")
	vi.poll(0, vi.hello())
	held := make(chan []byte, 1)
	go func() {
		_, answer, err := vi.ask(t.Context(), 25)
		if err != nil {
			t.Error(err)
		}
		held <- answer
	}()
	vi.isHeld(s)
	begun := time.Now()
	if err := end(); err != nil {
		t.Error(err)
	}
	if took := time.Since(begun); took > 1500*time.Millisecond {
		t.Errorf("it took %s to leave", took)
	}
	answer := string(<-held)
	if !strings.HasPrefix(answer, `[{"type":"bye","code":4000,`) || !strings.Contains(answer, `"window":2`) {
		t.Errorf("told %s", answer)
	}
}

// The hello of a poll ends the socket that has its outbox; a poll without one,
// that was on its way for long, does not. The socket's hello ends a held poll
// without a word.
func TestPollAndSocketOfOneOutbox(t *testing.T) {
	s, _ := begin(t, Options{Config: settings(t), OpenStore: newStore().open})
	vi := newPoller(t, s, "vi")
	vi.poll(0, vi.hello())
	vi.body["origin"] = vi.origin
	held := make(chan []byte, 1)
	go func() {
		_, answer, err := vi.ask(t.Context(), 25)
		if err != nil {
			t.Error(err)
		}
		held <- answer
	}()
	vi.isHeld(s)
	ws, _, err := websocket.Dial(t.Context(), "ws://"+s.Addr().String()+"/ws", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.CloseNow()
	hello := vi.hello()
	hello["token"] = vi.body["token"]
	data, err := json.Marshal(hello)
	if err != nil {
		t.Fatal(err)
	}
	send(t, ws, string(data))
	receive(t, ws)
	if answer := string(<-held); !strings.HasPrefix(answer, `[{"type":"next",`) {
		t.Errorf("the poll is told %s", answer)
	}
	vi.poll(0)
	send(t, ws, `{"type":"ping"}`)
	if f := receive(t, ws); f.Type != "pong" {
		t.Errorf("after a late poll the socket is told %+v", f)
	}
	vi.poll(0, vi.hello())
	if f := receive(t, ws); f.Type != "bye" || f.Code != 4503.0 {
		t.Errorf("after the hello of a poll the socket is told %+v", f)
	}
}
