package desk

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// Outgoing is a message to an address that an admin configured.
type Outgoing struct {
	URL    string
	Header map[string]string
	Body   []byte
}

// OutgoingAnswer is what came back; Body is its beginning.
type OutgoingAnswer struct {
	Status int
	Body   []byte
}

// Told is what a webhook is sent, as JSON.
type Told struct {
	Type      string    `json:"type"` // "event"
	Timestamp wire.Time `json:"timestamp"`
	Data      ToldEvent `json:"data"`
}

// ToldEvent is an event as agents see it, and where it happened.
type ToldEvent struct {
	Site    string     `json:"site"`
	Visitor string     `json:"visitor"`
	Epoch   string     `json:"epoch"`
	Event   wire.Event `json:"event"`
}

// post sends one event, and reports whether it was taken.
func (r *round) post(ctx context.Context, c core.Conversation, e core.Event, name func(core.Party) wire.Party) bool {
	d := r.d
	body, err := json.Marshal(Told{"event", wire.Time(e.At), ToldEvent{
		string(c.Site), string(c.Visitor), d.epoch, wire.Render(c.ID, e, wire.View{Name: name}),
	}})
	if err != nil {
		return false
	}
	id := fmt.Sprintf("%s-%d-%s", c.ID, e.Seq, d.epoch)
	answer, err := d.Outgoing(ctx, Outgoing{r.h.URL, signed(r.h.Secret, id, d.Now(), body), body})
	r.mu.Lock()
	defer r.mu.Unlock()
	if err == nil && answer.Status >= 200 && answer.Status < 300 {
		r.sent = true
		return true
	}
	r.open, r.gone = false, err == nil && answer.Status == 410
	if r.why = fmt.Sprintf("the answer was %d", answer.Status); err != nil {
		r.why = clipped(err.Error(), 200)
	}
	return false
}

func clipped(s string, runes int) string {
	if r := []rune(s); len(r) > runes {
		return string(r[:runes]) + "…"
	}
	return s
}

// signed returns the headers of Standard Webhooks 1.0.
func signed(secret, id string, now time.Time, body []byte) map[string]string {
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		key = []byte(secret)
	}
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, key)
	fmt.Fprintf(mac, "%s.%s.%s", id, at, body)
	return map[string]string{
		"webhook-id": id, "webhook-timestamp": at, "webhook-signature": "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}
}
