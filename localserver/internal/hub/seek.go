package hub

import "kefu/core"

// errand is a group that is being dispatched.
type errand struct{ again bool }

// Seek has Dispatch called for a group, soon, on another goroutine. Calls
// that come while it runs are one more run after it: what they are about may
// have happened behind its back.
func (h *Hub) Seek(group core.GroupID) {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	if h.shut {
		return // who waits is found by their alarm, on the next start
	}
	if e := h.seeking[group]; e != nil {
		e.again = true
		return
	}
	h.seeking[group] = &errand{}
	h.work.Add(1)
	go h.dispatch(group)
}

func (h *Hub) dispatch(group core.GroupID) {
	defer h.work.Done()
	for {
		var err error
		if panicked := safely(func() { err = h.Dispatch(h.ctx, group) }); panicked != nil {
			err = panicked
		}
		if err != nil && !h.leaving() {
			h.Log.Warn("a group could not be served; the alarms of those who wait try again", "group", group, "error", err)
		}
		if !h.again(group) {
			return
		}
	}
}

// leaving reports whether the hub is on its way out.
func (h *Hub) leaving() bool {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	return h.shut
}

// again reports whether to run once more. If not, the errand is over.
func (h *Hub) again(group core.GroupID) bool {
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	e := h.seeking[group]
	if e.again && !h.shut {
		e.again = false
		return true
	}
	delete(h.seeking, group)
	return false
}
