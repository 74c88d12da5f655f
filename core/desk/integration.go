package desk

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"time"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// NewEvent is a message that an integration sends.
type NewEvent struct {
	Body     wire.Body
	Internal bool   // a note among agents
	Key      string // of the Idempotency-Key; empty: a repeat is another message
}

// Posted says where a message of an integration is in the log.
type Posted struct {
	Seq uint64    `json:"seq"`
	At  wire.Time `json:"at"`
}

// keepFor is how long the answer under a key is repeated.
const keepFor = 24 * time.Hour

// posted is what is kept under a key.
type posted struct {
	Request string `json:"request"` // its hash
	Posted
}

// Post stores a message whose author is the account, with the rights of a send
// frame of theirs. Under one key it is stored once: a repeat gets the same
// answer, another message under it is Conflict.
//
// The key is also the origin of the message's frame. So it is the log itself
// that refuses a second copy, whoever sends both at once, and also if this
// process ends after the message was stored and before that is noted.
func (d *Desk) Post(ctx context.Context, who core.Account, id core.ConversationID, e NewEvent) (Posted, error) {
	if err := allowed("send-event", who); err != nil {
		return Posted{}, err
	}
	in, err := d.composed(ctx, who, id, e)
	if err != nil {
		return Posted{}, err
	}
	fresh, key := posted{Request: sum(e.Body.Core(), e.Internal)}, "post:"+string(in.Origin)
	if e.Key != "" {
		if known, err := d.answered(ctx, key, fresh.Request); core.CodeOf(err) != core.NotFound {
			return known, err
		}
	}
	change, err := d.tell(ctx, id, in)
	if err != nil {
		return Posted{}, err
	}
	ack := d.ackOf(change)
	if ack == nil {
		return Posted{}, &core.Error{Code: core.Internal, Message: "a message was stored without an ack"}
	}
	fresh.Posted = Posted{Seq: ack.Seq, At: ack.At}
	if e.Key != "" {
		d.keep(ctx, key, fresh)
	}
	return fresh.Posted, nil
}

// composed turns a request into the frame that a socket would have brought, and
// has that judged as one.
func (d *Desk) composed(ctx context.Context, who core.Account, id core.ConversationID, e NewEvent) (core.Said, error) {
	origin, err := d.originOf(who.ID, id, e.Key)
	if err != nil {
		return core.Said{}, err
	}
	lim := d.limits(ctx)
	if err := d.pacedRequest(who, lim); err != nil {
		return core.Said{}, err
	}
	frames, err := wire.Decode(wire.Encode(wire.Frame{
		Type: wire.Send, Origin: origin, N: 1, Conversation: string(id), Body: &e.Body, Internal: e.Internal,
	}), lim)
	if err != nil {
		return core.Said{}, err
	}
	if frames[0].Bad != nil {
		return core.Said{}, frames[0].Bad
	}
	frame := core.Frame{By: actorOf(who), Origin: core.Origin(origin), N: 1}
	in, err := d.said(ctx, &Peer{Who: frame.By.Party}, frame, &frames[0])
	said, _ := in.(core.Said)
	return said, err
}

// pacedRequest counts a request as a frame of its author's.
func (d *Desk) pacedRequest(who core.Account, lim core.Limits) error {
	rate, burst := lim.Allowed()
	party := core.AgentParty(who.ID)
	a := allowance{float64(rate), float64(burst)}.of(party)
	if wait := d.senders.take(party, framesOf, 1, a, d.Now()); wait > 0 {
		return &core.Error{Code: core.RateLimited, Message: "too much at once; come again a little later", Retry: wait}
	}
	return nil
}

// originOf returns the origin of a key: nobody else's, and of no other
// conversation. Without a key it is a random one.
func (d *Desk) originOf(who core.AgentID, id core.ConversationID, key string) (string, error) {
	if key == "" {
		return identity.NewID(d.Random, "i")
	}
	return "k_" + sum(who, id, key)[:32], nil
}

// sum returns a hash of values, of [A-Za-z0-9_-].
func sum(values ...any) string {
	data, _ := json.Marshal(values) // strings and plain structs
	h := sha256.Sum256(data)
	return base64.RawURLEncoding.EncodeToString(h[:])
}

// answered returns the answer that is kept under a key, or NotFound, or
// Conflict if it is that to another request.
func (d *Desk) answered(ctx context.Context, key, request string) (Posted, error) {
	value, err := d.Store.Kept(ctx, key, d.Now())
	if err != nil {
		return Posted{}, err
	}
	var was posted
	if err := json.Unmarshal(value, &was); err != nil {
		return Posted{}, &core.Error{Code: core.Internal, Message: "a kept answer is damaged", Cause: err}
	}
	if was.Request != request {
		return Posted{}, core.Errorf(core.Conflict, "Idempotency-Key: another request had this key")
	}
	return was.Posted, nil
}

// keep remembers an answer. If that fails the log still has the origin, so the
// client need not hear of it.
func (d *Desk) keep(ctx context.Context, key string, p posted) {
	value, err := json.Marshal(p)
	now := d.Now()
	if err == nil {
		_, err = d.Store.Keep(ctx, key, value, now, now.Add(keepFor))
	}
	if err != nil {
		d.Log.WarnContext(ctx, "an answer is not kept; a repeat is recognised by the log alone", "error", err)
	}
}
