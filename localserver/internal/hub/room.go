package hub

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

// Hub is the Rooms of a desk.
var _ desk.Rooms = (*Hub)(nil)

const (
	maxInbox   = 64     // letters that wait in one room
	maxLetters = 16_384 // letters in all rooms
	busyRetry  = time.Second

	maxCrew = 64 // goroutines that wait for a room
)

// room is a conversation that is being decided about.
type room struct {
	id    core.ConversationID
	c     core.Conversation // owned by run: as last known, or just the ID
	inbox []letter          // guarded by Hub.roomMu
}

type letter struct {
	in   core.Input
	done func(core.Change, error)
	at   time.Duration // age when it was put in
}

// memory is a room that has ended, with what it knew.
type memory struct {
	room  *room
	since time.Duration // by Hub.age
}

// Tell puts an input into the room of a conversation, see desk.Rooms. It is
// decided even if ctx ends before: that the sender is gone is no reason to
// leave a thing half done.
func (h *Hub) Tell(_ context.Context, id core.ConversationID, in core.Input, done func(core.Change, error)) {
	if !h.put(id, letter{in, done, h.age()}) {
		change := core.Change{Conversation: core.Conversation{ID: id}}
		err := &core.Error{Code: core.Unavailable, Message: "too much at once", Retry: busyRetry}
		h.Meter.Decided(in, change, 0, err)
		done(change, err)
	}
}

// put returns false if there is no place for the letter.
func (h *Hub) put(id core.ConversationID, l letter) bool {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	r := h.rooms[id]
	if h.shut || h.letters >= maxLetters || r != nil && len(r.inbox) >= maxInbox {
		return false
	}
	if r == nil {
		r = h.openLocked(id)
	}
	r.inbox = append(r.inbox, l)
	h.letters++
	return true
}

// openLocked starts a room with what is remembered of its conversation.
func (h *Hub) openLocked(id core.ConversationID) *room {
	var r *room
	if m, ok := h.idle.Peek(id); ok {
		h.idle.Remove(id)
		r = m.room
	} else {
		r = &room{id: id, c: core.Conversation{ID: id}}
	}
	h.rooms[id] = r
	if last := len(h.crew) - 1; last >= 0 {
		h.crew[last] <- r // which has place for it
		h.crew = h.crew[:last]
		return r
	}
	h.work.Add(1)
	go h.serve(r)
	return r
}

// Recall returns a conversation that is remembered and that nothing is being
// decided about now; see desk.Options.
func (h *Hub) Recall(id core.ConversationID) (core.Conversation, bool) {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	m, ok := h.idle.Peek(id)
	if !ok {
		return core.Conversation{}, false
	}
	return m.room.c, true
}

// serve runs a room, and others after it if there are some to come.
func (h *Hub) serve(r *room) {
	defer h.work.Done()
	next := make(chan *room, 1)
	for more := true; more; {
		h.run(r)
		if !h.rest(next) {
			return
		}
		r, more = <-next
	}
}

// rest puts a goroutine without a room among those that wait for one; it returns
// false if there are enough.
func (h *Hub) rest(next chan *room) bool {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	if h.shut || len(h.crew) >= maxCrew {
		return false
	}
	h.crew = append(h.crew, next)
	return true
}

// run has the letters of a room decided one by one, until there are none.
func (h *Hub) run(r *room) {
	for {
		l, ok := h.take(r)
		if !ok {
			return
		}
		h.decide(r, l)
	}
}

// take returns the next letter. If there is none, the room has ended.
func (h *Hub) take(r *room) (letter, bool) {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	if len(r.inbox) > 0 {
		l := r.inbox[0]
		r.inbox[0] = letter{}
		r.inbox = r.inbox[1:]
		h.letters--
		return l, true
	}
	delete(h.rooms, r.id)
	if r.c.Seq > 0 {
		r.inbox = nil
		h.idle.Add(r.id, memory{r, h.age()})
	}
	return letter{}, false
}

// decide has one letter decided and says what came of it. What it believes
// afterwards is as core.Apply has it: after a failure whose outcome is not
// known, nothing.
func (h *Hub) decide(r *room, l letter) {
	change, err := h.ask(r.c, l.in)
	h.Meter.Decided(l.in, change, h.age()-l.at, err)
	if (err == nil || core.Definite(err)) && change.Conversation.ID == r.id {
		r.c = change.Conversation
	} else {
		r.forget()
	}
	if err := safely(func() { l.done(change, err) }); err != nil {
		h.Log.Error("what follows a decision panicked", "conversation", r.id, "error", err)
		r.forget()
	}
}

// ask calls Decide, and turns its panic into an error: one conversation that
// can not be decided must not end all the others.
func (h *Hub) ask(c core.Conversation, in core.Input) (change core.Change, err error) {
	change.Conversation = core.Conversation{ID: c.ID}
	panicked := safely(func() { change, err = h.Decide(h.ctx, c, in) })
	if panicked != nil {
		h.Log.Error("a decision panicked", "conversation", c.ID, "input", fmt.Sprintf("%T", in), "error", panicked)
		err = core.Errorf(core.Internal, "internal error")
	}
	return change, err
}

func (r *room) forget() { r.c = core.Conversation{ID: r.id} }

// forgetIdle drops what has been idle for long.
func (h *Hub) forgetIdle(now time.Duration) {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	for {
		id, m, ok := h.idle.GetOldest()
		if !ok || now-m.since < h.Idle {
			return
		}
		h.idle.Remove(id)
	}
}

// safely calls do and returns what it panicked with, and where.
func safely(do func()) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%v\n%s", p, debug.Stack())
		}
	}()
	do()
	return nil
}
