// Package memstore keeps the desk in memory. It is the reference for what a
// [core.Store] must do, and what tests and demos run on: maps behind one
// mutex, each method in the most obvious way, scans instead of indexes.
//
// Nothing is shared that somebody may change: what a caller owns is cloned on
// its way in and out. Three things are never changed by anybody once they
// exist, and are shared: what a [core.Conversation] refers to (Step leaves it
// alone), a [core.Why], and [core.Settings], which are replaced whole.
package memstore

import (
	"context"
	"slices"
	"sync"
	"time"

	"kefu/core"
)

// Store is a core.Store in memory. It is safe for concurrent use.
type Store struct {
	epoch string // static

	mu            sync.Mutex // guards everything below
	conversations map[core.ConversationID]*record
	accounts      map[core.AgentID]core.Account
	duties        map[core.AgentID]core.Duty
	given         map[core.AgentID]time.Time // when each was last given a session
	paces         map[core.AgentID]time.Duration
	profiles      map[core.VisitorID]core.Profile
	known         map[user]core.VisitorID
	blocks        map[core.VisitorID]core.Block
	secrets       map[string][]byte
	kept          map[string]kept
	documents     map[named]core.Document
	settings      []core.Settings // all versions, the oldest first
}

// user is somebody whom a site knows.
type user struct {
	site     core.SiteID
	external string
}

// kept is a value that counts until a time.
type kept struct {
	value []byte
	until time.Time
}

var _ core.Store = (*Store)(nil)

// record is a conversation with what the store keeps beside it.
type record struct {
	state core.Conversation
	log   []core.Event
	alarm time.Time // as the last Moved change or Rearm set it
	marks core.Marks
}

// New returns an empty store whose Epoch is the given one.
func New(epoch string) *Store {
	return &Store{
		epoch:         epoch,
		conversations: map[core.ConversationID]*record{},
		accounts:      map[core.AgentID]core.Account{},
		duties:        map[core.AgentID]core.Duty{},
		given:         map[core.AgentID]time.Time{},
		paces:         map[core.AgentID]time.Duration{},
		profiles:      map[core.VisitorID]core.Profile{},
		known:         map[user]core.VisitorID{},
		blocks:        map[core.VisitorID]core.Block{},
		secrets:       map[string][]byte{},
		kept:          map[string]kept{},
		documents:     map[named]core.Document{},
	}
}

// Ready never fails.
func (st *Store) Ready(context.Context) error { return nil }

// Epoch returns what New was given: the store and its epoch end together.
func (st *Store) Epoch(context.Context) (string, error) { return st.epoch, nil }

// Load implements core.Conversations.
func (st *Store) Load(_ context.Context, id core.ConversationID) (core.Conversation, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	return st.recordLocked(id).state, nil
}

// recordLocked returns the record of a conversation, or a fresh one that is
// not kept.
func (st *Store) recordLocked(id core.ConversationID) *record {
	if r := st.conversations[id]; r != nil {
		return r
	}
	return &record{state: core.Conversation{ID: id}}
}

// Commit implements core.Conversations.
func (st *Store) Commit(_ context.Context, c core.Change) error {
	if c.Empty() {
		return nil
	}
	st.mu.Lock()
	defer st.mu.Unlock()
	next := c.Conversation
	r := st.recordLocked(next.ID)
	if r.state.Seq != c.Base() {
		return core.Errorf(core.Conflict, "somebody else wrote to this conversation first")
	}
	if c.Take != "" {
		if r.state.Session.Agent != c.Take && st.heldLocked(c.Take) >= st.accounts[c.Take].Capacity {
			return core.Errorf(core.Full, "%s has no free seat now", c.Take)
		}
		st.given[c.Take] = latest(st.given[c.Take], next.At)
	}
	r.state = next
	r.log = append(r.log, cloneEvents(c.Events)...)
	for _, gone := range c.Erase {
		r.log[gone.Seq-1].Body = gone.Body()
	}
	if c.Moved {
		r.alarm = next.Alarm
	}
	st.conversations[next.ID] = r
	return nil
}

// heldLocked counts the seats of an agent. A seat is nothing but the name of
// its holder in a stored conversation, so the two can not drift apart.
func (st *Store) heldLocked(id core.AgentID) int {
	n := 0
	for _, r := range st.conversations {
		if r.state.Session.Agent == id {
			n++
		}
	}
	return n
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

// After implements core.Log.
func (st *Store) After(_ context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	log := st.recordLocked(id).log
	log = log[min(seq, uint64(len(log))):]
	return cloneEvents(log[:min(max(limit, 0), len(log))]), nil
}

// Before implements core.Log.
func (st *Store) Before(_ context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	st.mu.Lock()
	defer st.mu.Unlock()
	log := st.recordLocked(id).log
	log = log[:min(max(seq, 1)-1, uint64(len(log)))]
	return cloneEvents(log[max(len(log)-max(limit, 0), 0):]), nil
}

func cloneEvents(events []core.Event) []core.Event {
	out := slices.Clone(events)
	for i := range out {
		b := &out[i].Body
		b.Options, b.Add, b.Remove = slices.Clone(b.Options), slices.Clone(b.Add), slices.Clone(b.Remove)
	}
	return out
}
