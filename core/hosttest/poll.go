package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"
)

// poller is a link over long-poll. One request after the other waits for
// news; what the client sends goes in requests of its own that do not wait,
// one after the other too: two at a time could overtake each other.
type poller struct {
	url    string
	client *http.Client
	in     chan frame
	ctx    context.Context
	cancel context.CancelFunc
	all    sync.WaitGroup
	outbox chan []any
	fault  func(error)
	again  func(func() error) error // see suite.again

	mu    sync.Mutex
	state pollState // guarded by mu
	code  int       // guarded by mu: of a refusal
}

// pollState is what every request names, so that any node can answer.
type pollState struct {
	Token  string  `json:"token,omitempty"`
	Site   string  `json:"site,omitempty"`
	After  *uint64 `json:"after,omitempty"`
	Epoch  string  `json:"epoch,omitempty"`
	Origin string  `json:"origin,omitempty"` // a newer request of the same outbox ends the one that waits
	Head   string  `json:"head,omitempty"`   // as the last next said: what of the conversation's head is known
	Frames []any   `json:"frames,omitempty"`
	Wait   int     `json:"wait"`
}

// pollWait is how many seconds a request may wait for news.
const pollWait = 10

// startPoll returns a link whose first message must be a hello; nothing waits
// for news before its answer.
func startPoll(ctx context.Context, s *suite, url, site, origin string, fault func(error)) *poller {
	p := &poller{
		url: url, client: s.http, in: make(chan frame, queue), outbox: make(chan []any, 64), fault: fault, again: s.again,
		state: pollState{Site: site, Origin: origin},
	}
	p.ctx, p.cancel = context.WithCancel(ctx)
	p.all.Go(p.run)
	return p
}

// run sends what there is to send, and once it is welcome waits for news
// beside that.
func (p *poller) run() {
	var both sync.WaitGroup
	defer close(p.in)
	defer both.Wait()
	waits := false
	for {
		select {
		case <-p.ctx.Done():
			return
		case frames := <-p.outbox:
			_, err := p.ask(frames, 0)
			if err != nil {
				p.cancel()
				return
			}
			if !waits && p.welcome() {
				waits = true
				both.Go(p.wait)
			}
		}
	}
}

func (p *poller) wait() {
	for p.ctx.Err() == nil {
		next, err := p.ask(nil, pollWait)
		if err != nil {
			p.cancel()
			return
		}
		select {
		case <-p.ctx.Done():
		case <-time.After(next):
		}
	}
}

// ask makes one request, passes its frames on, and returns when to come back.
func (p *poller) ask(frames []any, wait int) (time.Duration, error) {
	p.mu.Lock()
	state := p.state
	p.mu.Unlock()
	state.Frames, state.Wait = frames, wait
	body, err := json.Marshal(state)
	if err != nil {
		return 0, err
	}
	var status int
	var data []byte
	err = p.again(func() (err error) {
		status, data, err = p.request(body)
		if err == nil && isNote(data) {
			err = fmt.Errorf("status %d: %s", status, data)
		}
		return err
	})
	switch {
	case err != nil:
		return 0, err
	case status != http.StatusOK:
		return 0, p.refused(status, data)
	}
	return p.answer(data)
}

func (p *poller) request(body []byte) (status int, answer []byte, err error) {
	ctx, cancel := context.WithTimeout(p.ctx, pollWait*time.Second+patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/v1/poll", bytes.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Content-Type", "text/plain") // what a page can send without asking first
	res, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// refused turns a problem into the error frame that a socket would have got.
func (p *poller) refused(status int, problem []byte) error {
	f := frame{Type: "error", raw: problem}
	if err := json.Unmarshal(problem, &f); err != nil {
		p.fault(fmt.Errorf("status %d without a problem: %.200s", status, problem))
	}
	f.Type = "error"
	p.mu.Lock()
	p.code = status
	p.mu.Unlock()
	p.in <- f
	return fmt.Errorf("status %d", status)
}

// answer passes the frames of a response on. The last of them says when to
// come back.
func (p *poller) answer(data []byte) (time.Duration, error) {
	var parts []json.RawMessage
	if err := json.Unmarshal(data, &parts); err != nil {
		p.fault(fmt.Errorf("no response of a poll: %w: %.200s", err, data))
		return 0, err
	}
	if len(data) > maxMessage {
		p.fault(fmt.Errorf("a response of %d bytes", len(data)))
	}
	frames, err := decodeAll(parts)
	if err != nil || len(frames) == 0 || frames[len(frames)-1].Type != "next" {
		p.fault(fmt.Errorf("a poll ends with next: %w: %.200s", err, data))
		return 0, fmt.Errorf("no next")
	}
	next := frames[len(frames)-1]
	p.mu.Lock()
	p.state.Head = next.Head
	p.mu.Unlock()
	for _, f := range frames[:len(frames)-1] {
		p.learn(f)
		select {
		case p.in <- f:
		case <-p.ctx.Done():
			return 0, p.ctx.Err()
		}
	}
	return time.Duration(next.Seconds * float64(time.Second)), nil
}

// welcome reports whether there is a state to ask with.
func (p *poller) welcome() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.state.Token != ""
}

// learn takes the token and the epoch of a welcome at once: the next request
// may leave before the client has read it.
func (p *poller) learn(f frame) {
	if f.Type != "welcome" {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.Token, p.state.Epoch = f.Token, f.Epoch
	last := f.Conversation.Head.Seq
	p.state.After = &last
}

func (p *poller) send(frames ...any) error {
	select {
	case p.outbox <- frames:
		return nil
	case <-p.ctx.Done():
		return p.ctx.Err()
	}
}

func (p *poller) frames() <-chan frame { return p.in }

func (p *poller) seen(last uint64, epoch, token string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.state.After, p.state.Epoch, p.state.Token = &last, epoch, token
}

func (p *poller) status() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}

// hangUp can not tell the host: a poller is gone when it comes no more.
func (p *poller) hangUp(bool) {
	p.cancel()
	p.all.Wait()
}
