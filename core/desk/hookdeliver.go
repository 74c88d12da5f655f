package desk

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"kefu/core"
)

const (
	hooksLease  = 20 * time.Second // that one node delivers
	hooksMargin = 12 * time.Second // before its end nothing new is sent: a request takes 10 s at most
	hooksListed = 10 * time.Second // how often the marks are read, for what other nodes did
	hooksAtOnce = 8                // conversations a webhook
	hooksPage   = 50               // events that are read at once
	hooksFirst  = 5 * time.Second  // until the second try; twice that until the next
	hooksSlow   = time.Hour        // at most
	maxMarks    = 20_000           // looked at by one round
)

// deliverer is what the node that delivers remembers. All of it may be lost.
type deliverer struct {
	busy   sync.Mutex // one round at a time
	name   string     // of this node
	until  time.Time
	listed time.Time

	mu      sync.Mutex
	cursors map[string]cursor // guarded by mu; by document ID
}

// cursor is how far a webhook was told of a conversation.
type cursor struct {
	Seq     uint64 `json:"seq"`
	version uint64
}

// DeliverHooks tells webhooks what happened since the last time; a host calls
// it about every second (on Lambda every minute). It takes as long as receivers
// do, until the context ends; a second call meanwhile returns at once. Of many
// nodes one delivers.
//
// A receiver that fails is tried again after 5 s, 10 s, 20 s … an hour, and
// nothing else is sent to it meanwhile, so the order stays. After three days it
// is disabled. 410 Gone disables it at once.
func (d *Desk) DeliverHooks(ctx context.Context) error {
	if d.Outgoing == nil || d.operator().NoWebhooks || !d.deliverer.busy.TryLock() {
		return nil
	}
	defer d.deliverer.busy.Unlock()
	now := d.Now()
	hooks, err := d.hooks.get(ctx, now)
	if err != nil || len(hooks) == 0 {
		return err
	}
	if mine, err := d.leads(ctx, now); err != nil || !mine {
		return err
	}
	due := d.marks.take()
	var listed []core.Document
	if d.Forgets || now.Sub(d.deliverer.listed) >= hooksListed { // it comes rarely then, and the news are another process's
		if listed, err = d.listMarks(ctx); err != nil {
			return err
		}
		d.deliverer.listed = now
		due = withMarks(due, listed)
	}
	if len(due) == 0 {
		return nil
	}
	reached, err := d.tellHooks(ctx, hooks, due)
	return errors.Join(err, d.clearMarks(ctx, listed, reached))
}

// leads reports whether this node delivers now.
func (d *Desk) leads(ctx context.Context, now time.Time) (bool, error) {
	if now.Before(d.deliverer.until.Add(-hooksMargin)) {
		return true, nil
	}
	until := now.Add(hooksLease)
	value, _ := json.Marshal(struct { // a string and a time
		Name  string
		Until time.Time
	}{d.deliverer.name, until})
	kept, err := d.Store.Keep(ctx, "webhooks", value, now, until)
	if err != nil {
		return false, err
	}
	var holder struct {
		Name  string
		Until time.Time
	}
	if err := json.Unmarshal(kept, &holder); err != nil {
		return false, &core.Error{Code: core.Internal, Message: "a lease is damaged", Cause: err}
	}
	mine := holder.Name == d.deliverer.name
	if !mine {
		d.deliverer.cursors = nil // the other moves them
	} else if !holder.Until.Equal(d.deliverer.until) {
		d.deliverer.until, d.deliverer.cursors, d.deliverer.listed = holder.Until, nil, time.Time{}
	}
	return mine && now.Before(holder.Until.Add(-hooksMargin)), nil
}

func (d *Desk) listMarks(ctx context.Context) (list []core.Document, err error) {
	err = d.eachDoc(ctx, kindMark, "", maxMarks, func(doc core.Document) (bool, error) {
		list = append(list, doc)
		return true, nil
	})
	return list, err
}

// withMarks adds what marks say, the oldest first.
func withMarks(due map[core.ConversationID]uint64, listed []core.Document) map[core.ConversationID]uint64 {
	if due == nil {
		due = map[core.ConversationID]uint64{}
	}
	seen := map[core.ConversationID]bool{}
	for _, doc := range listed {
		var m mark
		_, id, ok := parseMark(doc.ID)
		if ok && !seen[id] && json.Unmarshal(doc.Data, &m) == nil {
			due[id], seen[id] = m.Seq, true
		}
	}
	return due
}

// tellHooks returns up to where every webhook that works has been told, by
// conversation.
func (d *Desk) tellHooks(ctx context.Context, hooks []Webhook, due map[core.ConversationID]uint64) (map[core.ConversationID]uint64, error) {
	reached := map[core.ConversationID]uint64{}
	for id := range due {
		reached[id] = ^uint64(0)
	}
	var mu sync.Mutex
	var failed error
	ids := slices.Sorted(maps.Keys(due))
	for i := range hooks {
		h := &hooks[i]
		h.State = HookState{}
		if _, err := d.readDoc(ctx, kindHookState, h.ID, &h.State); err != nil && core.CodeOf(err) != core.NotFound {
			return nil, err
		}
		if h.State.Disabled {
			continue // its marks go: what happens now is not sent later
		}
		r := &round{d: d, h: h, open: !d.Now().Before(h.State.Next)}
		slots := make(chan struct{}, hooksAtOnce)
		var work sync.WaitGroup
		for _, id := range ids {
			slots <- struct{}{}
			work.Go(func() {
				defer func() { <-slots }()
				at, err := r.conversation(ctx, id, due[id])
				mu.Lock()
				defer mu.Unlock()
				reached[id] = min(reached[id], at)
				failed = errors.Join(failed, err)
			})
		}
		work.Wait()
		failed = errors.Join(failed, r.end(ctx))
	}
	return reached, failed
}

// round is what one webhook is told now.
type round struct {
	d *Desk
	h *Webhook

	mu   sync.Mutex
	open bool   // guarded by mu: nothing failed yet
	sent bool   // guarded by mu
	why  string // guarded by mu: of the failure
	gone bool   // guarded by mu
}

func (r *round) goes(ctx context.Context) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open && ctx.Err() == nil && r.d.Now().Before(r.d.deliverer.until.Add(-hooksMargin+time.Second))
}

// conversation tells of one, and returns how far.
func (r *round) conversation(ctx context.Context, id core.ConversationID, from uint64) (uint64, error) {
	d, key := r.d, r.h.ID+"."+string(id)
	c, err := d.cursor(ctx, key, from)
	if err != nil {
		return 0, err
	}
	began := c.Seq
	for r.goes(ctx) {
		events, err := d.Store.After(ctx, id, c.Seq, hooksPage)
		if err != nil {
			return began, err
		}
		if len(events) == 0 {
			break
		}
		conversation, err := d.Store.Load(ctx, id)
		if err != nil {
			return began, err
		}
		name := d.namer(ctx, conversation)
		for _, e := range events {
			if r.h.wants(conversation.Site, e) && (!r.goes(ctx) || !r.post(ctx, conversation, e, name)) {
				break
			}
			c.Seq = e.Seq
		}
	}
	if c.Seq == began {
		return c.Seq, nil
	}
	return c.Seq, d.moveCursor(ctx, key, c)
}

func (d *Desk) cursor(ctx context.Context, key string, from uint64) (cursor, error) {
	d.deliverer.mu.Lock()
	c, ok := d.deliverer.cursors[key]
	d.deliverer.mu.Unlock()
	if ok {
		return c, nil
	}
	doc, err := d.readDoc(ctx, kindCursor, key, &c)
	c.version = doc.Version
	if core.CodeOf(err) == core.NotFound {
		return cursor{Seq: from}, nil
	}
	return c, err
}

// moveCursor is refused if another node moved it: that one delivers.
func (d *Desk) moveCursor(ctx context.Context, key string, c cursor) error {
	ctx = context.WithoutCancel(ctx) // it was sent
	err := d.putDoc(ctx, kindCursor, key, c.version, c)
	d.deliverer.mu.Lock()
	defer d.deliverer.mu.Unlock()
	delete(d.deliverer.cursors, key)
	if core.CodeOf(err) == core.Conflict {
		return nil
	}
	if err == nil {
		c.version++
		if d.deliverer.cursors == nil || len(d.deliverer.cursors) > maxMarks {
			d.deliverer.cursors = map[string]cursor{}
		}
		d.deliverer.cursors[key] = c
	}
	return err
}

// end notes how the round went.
func (r *round) end(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	d, now := r.d, r.d.Now().UTC()
	switch {
	case r.why != "":
		disabled := false
		err := d.changeHook(ctx, r.h.ID, func(s *HookState) {
			if s.Since.IsZero() || r.sent {
				s.Since, s.Fails = now, 0
			}
			s.Last, s.Next = r.why, now.Add(min(hooksFirst<<min(s.Fails, 16), hooksSlow))
			s.Fails++
			s.Disabled = r.gone || now.Sub(s.Since) >= hookGivesUp
			disabled = s.Disabled
		})
		if disabled && err == nil {
			d.Log.WarnContext(ctx, "a webhook is disabled", "webhook", r.h.ID, "why", r.why)
			d.audit(ctx, core.Account{Name: "kefu"}, "disable-webhook", r.h.ID, []Difference{{Path: "why", After: r.why}})
		}
		return err
	case r.sent && (!r.h.State.Since.IsZero() || now.Sub(r.h.State.Sent) > time.Minute):
		return d.changeHook(ctx, r.h.ID, func(s *HookState) { *s = HookState{Sent: now} })
	}
	return nil
}

// clearMarks removes those of stretches that are over, of conversations of
// which everybody was told all.
func (d *Desk) clearMarks(ctx context.Context, listed []core.Document, reached map[core.ConversationID]uint64) (failed error) {
	last := stretchOf(d.Now().Add(-markLag)) - 1
	newer := map[core.ConversationID]bool{}
	for _, doc := range listed {
		if stretch, id, _ := parseMark(doc.ID); stretch > last {
			newer[id] = true
		}
	}
	for _, doc := range listed {
		stretch, id, ok := parseMark(doc.ID)
		if !ok || stretch > last {
			continue
		}
		c, err := d.Store.Load(ctx, id)
		if err != nil || reached[id] < c.Seq {
			failed = errors.Join(failed, err)
			continue
		}
		if !newer[id] {
			failed = errors.Join(failed, d.dropCursors(ctx, id))
		}
		if err := d.Store.DeleteDocument(ctx, kindMark, doc.ID); err != nil && core.CodeOf(err) != core.NotFound {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

func (d *Desk) dropCursors(ctx context.Context, id core.ConversationID) (failed error) {
	hooks, err := d.hooks.get(ctx, d.Now())
	if err != nil {
		return err
	}
	for _, h := range hooks {
		key := h.ID + "." + string(id)
		d.deliverer.mu.Lock()
		delete(d.deliverer.cursors, key)
		d.deliverer.mu.Unlock()
		if err := d.Store.DeleteDocument(ctx, kindCursor, key); err != nil && core.CodeOf(err) != core.NotFound {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
