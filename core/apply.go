package core

import (
	"context"
	"time"
)

// attempts is how often Apply decides anew before it gives up. Each failed one
// means that somebody else succeeded.
const attempts = 8

// Apply decides what an input does to a conversation and stores that. When
// another writer got there first it decides again on what the store holds.
// Delivering the events and performing the effects is left to the caller.
//
// The caller passes the conversation as it last knew it, or
// Conversation{ID: id}. Memory is a hint: it may only lead to a commit, which
// the store checks. Whatever would store nothing is decided again on a fresh
// read: a refusal, a repeat, and Full, for a store may look at the seat before
// it looks at the slot.
//
// The Change carries the newest state that Apply saw, also beside an error.
// After an error that is not Definite the caller forgets what it knew.
func Apply(ctx context.Context, st Conversations, c Conversation, rules Rules, at time.Time, in Input) (Change, error) {
	fresh := false
	for range attempts {
		if fresh || c.Seq == 0 {
			var err error
			if c, err = st.Load(ctx, c.ID); err != nil {
				return Change{Conversation: c}, err
			}
			fresh = true
		}
		change, err := Step(c, rules, at, in)
		switch {
		case err == nil && !change.Empty():
			err = st.Commit(ctx, change)
			if err == nil {
				return change, nil
			}
			if code := CodeOf(err); code != Conflict && (fresh || code != Full) {
				return Change{Conversation: c}, err
			}
		case fresh:
			return change, err
		}
		fresh = true
	}
	return Change{Conversation: c}, errCrowded()
}

func errCrowded() error {
	return &Error{Code: Unavailable, Message: "too many write to this conversation at once", Retry: time.Second}
}
