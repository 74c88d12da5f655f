package hub

import "kefu/core"

// maxAsking is how many answers are in the making at once: each holds a
// connection to a model, and some memory.
const maxAsking = 4096

// Ask has the assistant answer on a goroutine of its own, which the desk
// cancels when its question is withdrawn and Close when the hub ends. A room
// never waits for a model. Where there are
// too many already, nothing happens: the question's own alarm calls a person.
func (h *Hub) Ask(id core.ConversationID, seq uint64) {
	h.roomMu.Lock()
	ok := !h.shut && h.asking < maxAsking
	if ok {
		h.asking++
		h.work.Add(1)
	}
	h.roomMu.Unlock()
	if !ok {
		h.Log.Warn("too many answers are in the making, or the hub ends; the alarm of the question calls a person", "conversation", id)
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
		if panicked := safely(func() { err = h.Answer(h.ctx, id, seq) }); panicked != nil {
			err = panicked
		}
		if err != nil && h.ctx.Err() == nil {
			h.Log.Error("the assistant's answer failed; the alarm of the question calls a person", "conversation", id, "error", err)
		}
	}()
}
