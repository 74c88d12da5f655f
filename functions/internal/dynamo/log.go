package dynamo

import (
	"context"
	"slices"

	"kefu/core"
)

// maxEvents is how many events a change has at most: a read that begins at
// seq looks so far back for the item that has it.
const maxEvents = 8

// Load implements core.Conversations.
func (st *Store) Load(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	h, err := st.head(ctx, id)
	return h.Conversation, err
}

// head reads the newest item of a log.
func (st *Store) head(ctx context.Context, id core.ConversationID) (head, error) {
	return st.newest(ctx, id, func(item) {})
}

// Remembered returns a conversation as this process saw it last or, if it did
// not lately, as a weak read has it. It may be old: memory in the sense of
// core.Apply, which decides anew before it refuses anything. Half a read unit,
// or none.
func (st *Store) Remembered(ctx context.Context, id core.ConversationID) core.Conversation {
	if h, ok := st.heads.Get(id); ok {
		return h.Conversation
	}
	h, err := st.glance(ctx, id)
	if err != nil {
		return core.Conversation{ID: id} // whoever goes on with that reads again
	}
	if h.Seq > 0 {
		st.heads.ContainsOrAdd(id, h)
	}
	return h.Conversation
}

// Glance implements desk.Glancer: Load by a weak read, half a read unit.
func (st *Store) Glance(ctx context.Context, id core.ConversationID) (core.Conversation, error) {
	h, err := st.glance(ctx, id)
	return h.Conversation, err
}

func (st *Store) glance(ctx context.Context, id core.ConversationID) (head, error) {
	h := head{Conversation: core.Conversation{ID: id}}
	s := all(partConversation(id), slotPrefix)
	s.newest, s.limit, s.weak = true, 1, true
	err := st.each(ctx, s, func(it item) (bool, error) {
		var err error
		h, err = unpack(id, it)
		return true, err
	})
	return h, err
}

func (st *Store) newest(ctx context.Context, id core.ConversationID, found func(item)) (head, error) {
	h := head{Conversation: core.Conversation{ID: id}}
	s := all(partConversation(id), slotPrefix)
	s.newest, s.limit = true, 1
	err := st.each(ctx, s, func(it item) (bool, error) {
		var err error
		h, err = unpack(id, it)
		found(it)
		return true, err
	})
	if err == nil {
		st.heads.Add(id, h)
	}
	return h, err
}

// After implements core.Log.
func (st *Store) After(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	if limit <= 0 || seq >= 1<<62 {
		return nil, nil
	}
	before := min(seq, maxEvents-1) // events that the first item may have too many
	s := span{
		pk: partConversation(id), from: slotSK(seq + 1 - before), to: slotPrefix + last,
		limit: limit + int(before),
	}
	var out []core.Event
	err := st.each(ctx, s, func(it item) (bool, error) {
		list, err := events(it)
		for _, e := range list {
			if e.Seq > seq && len(out) < limit {
				out = append(out, e)
			}
		}
		return len(out) == limit, err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Before implements core.Log.
func (st *Store) Before(ctx context.Context, id core.ConversationID, seq uint64, limit int) ([]core.Event, error) {
	if limit <= 0 || seq == 0 {
		return nil, nil
	}
	s := span{pk: partConversation(id), from: slotSK(0), to: slotSK(seq - 1), newest: true, limit: limit}
	var out []core.Event
	err := st.each(ctx, s, func(it item) (bool, error) {
		list, err := events(it)
		for _, e := range slices.Backward(list) {
			if e.Seq < seq && len(out) < limit {
				out = append(out, e)
			}
		}
		return len(out) == limit, err
	})
	if err != nil {
		return nil, err
	}
	slices.Reverse(out)
	return out, nil
}
