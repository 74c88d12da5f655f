package demo

import (
	"context"
	"encoding/json"
	"math/rand/v2"
	"time"
)

// worker is an agent who answers by themselves.
type worker struct {
	*client
	id    string
	cast  Cast
	mine  map[string]bool   // conversations that they hold
	said  map[string]uint64 // the last word of a visitor that they answered, or will
	owing []owed            // answers that they are writing, soonest first
	r     *rand.Rand
	stage Stage
}

// owed is an answer on its way.
type owed struct {
	conversation string
	text         string
	at           time.Time
}

// work serves until the connection ends.
func (c Cast) work(ctx context.Context, s Stage, l Login) error {
	token, err := login(ctx, s, l)
	if err != nil {
		return err
	}
	r := rand.New(rand.NewPCG(uint64(s.Now().UnixNano()), 0))
	conn, welcome, err := dial(ctx, s.URL, origin(r), map[string]any{"token": token})
	if err != nil {
		return err
	}
	defer conn.close()
	w := &worker{client: conn, id: l.Name, cast: c, mine: map[string]bool{}, said: map[string]uint64{}, r: r, stage: s}
	if err := w.send(map[string]any{"type": "status", "status": "online"}); err != nil {
		return err
	}
	for _, h := range welcome.Conversations {
		w.look(h)
	}
	return w.serve()
}

func (w *worker) serve() error {
	ping := time.NewTicker(pinging)
	defer ping.Stop()
	next := time.NewTicker(max(w.stage.Second/4, time.Millisecond))
	defer next.Stop()
	for {
		select {
		case <-w.ctx.Done():
			return nil
		case f, ok := <-w.in:
			if !ok {
				return errOver
			}
			w.hear(f)
		case <-next.C:
			if err := w.answer(); err != nil {
				return err
			}
		case <-ping.C:
			if err := w.send(map[string]any{"type": "ping"}); err != nil {
				return err
			}
		}
	}
}

func (w *worker) hear(f frame) {
	var h head
	switch {
	case f.Type == "conversation" && json.Unmarshal(f.Conversation, &h) == nil:
		w.look(h)
	case f.Type == "event":
		w.owe(f.inConversation(), f)
	}
}

// look sees whether a conversation is theirs, and whether its last word is for
// them.
func (w *worker) look(h head) {
	w.mine[h.ID] = h.Phase == "held" && h.Agent.ID == w.id
	if !w.mine[h.ID] {
		delete(w.mine, h.ID)
		return
	}
	w.owe(h.ID, h.Last)
}

// owe notes what is to be said to a visitor's words.
func (w *worker) owe(conversation string, f frame) {
	if !w.mine[conversation] || f.By.Kind != "visitor" || f.Body.Kind != "text" || f.Seq <= w.said[conversation] {
		return
	}
	w.said[conversation] = f.Seq
	at := w.stage.Now()
	for _, text := range w.cast.script.answer(f.Body.Text) {
		at = at.Add(time.Duration(3+w.r.IntN(5)) * w.stage.Second)
		w.owing = append(w.owing, owed{conversation, text, at})
	}
}

// answer says what is due, and shows that the rest is being written.
func (w *worker) answer() error {
	now := w.stage.Now()
	rest := w.owing[:0]
	var err error
	for _, o := range w.owing {
		switch {
		case !w.mine[o.conversation] || err != nil: // a colleague has taken it over
		case now.Before(o.at):
			rest = append(rest, o)
		default:
			err = w.say(o.conversation, o.text)
		}
	}
	w.owing = rest
	return err
}
