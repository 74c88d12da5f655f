package hub

import (
	"context"

	"kefu/core"
)

// maxAsking is how many answers are in the making at once: each holds a
// connection to a model, and some memory.
const maxAsking = 4096

// Ask has the assistant answer on a goroutine of its own, which the desk
// cancels when its question is withdrawn and Close when the hub ends. A room
// never waits for a model. Where there are
// too many already, nothing happens: the question's own alarm calls a person.
func (h *Hub) Ask(id core.ConversationID, seq uint64) {
	h.aside(id, "an answer; the alarm of the question calls a person", func(ctx context.Context) error { return h.Answer(ctx, id, seq) })
}

// Debrief has a session summed up, likewise. Without a summary the log says all
// of it.
func (h *Hub) Debrief(id core.ConversationID, session uint32) {
	h.aside(id, "a summary", func(ctx context.Context) error { return h.Brief(ctx, id, session) })
}

// Reembed has a site's knowledge embedded, likewise.
func (h *Hub) Reembed(site core.SiteID) {
	h.aside("", "vectors of "+string(site), func(ctx context.Context) error { return h.Embed(ctx, site) })
}

// aside does something that waits for a model.
func (h *Hub) aside(id core.ConversationID, what string, do func(context.Context) error) {
	h.roomMu.Lock()
	ok := !h.shut && h.asking < maxAsking
	if ok {
		h.asking++
		h.work.Add(1)
	}
	h.roomMu.Unlock()
	if !ok {
		h.Log.Warn("too much is asked of models, or the hub ends", "without", what, "conversation", id)
		return
	}
	go func() {
		defer h.work.Done()
		defer func() {
			h.roomMu.Lock()
			h.asking--
			h.roomMu.Unlock()
		}()
		var err error
		if panicked := safely(func() { err = do(h.ctx) }); panicked != nil {
			err = panicked
		}
		if err != nil && h.ctx.Err() == nil {
			h.Log.Error("a model was asked in vain", "without", what, "conversation", id, "error", err)
		}
	}()
}
