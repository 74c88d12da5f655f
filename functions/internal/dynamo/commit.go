package dynamo

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"time"

	"kefu/core"
)

// Commit implements core.Conversations. The order is what makes it safe: a
// seat, then what announces the change, then the slot, which decides, and then
// what the slot has made wrong.
func (st *Store) Commit(ctx context.Context, c core.Change) error {
	if c.Empty() {
		return nil
	}
	was, err := st.base(ctx, c)
	if err != nil {
		return err
	}
	t := attempt{Change: c, slot: c.Base() + 1, was: was, next: was.after(c), began: st.Now(), mark: newMark()}
	if t.it, err = pack(c, t.next, t.mark); err != nil {
		return err
	}
	if err := st.prepare(ctx, t); err != nil {
		return err
	}
	won, err := st.decide(ctx, t)
	switch {
	case err != nil:
		st.heads.Remove(c.Conversation.ID)
		return err
	case !won:
		return st.lost(ctx, t)
	}
	st.heads.Add(c.Conversation.ID, t.next)
	st.settle(context.WithoutCancel(ctx), t) // whoever asked may be gone by now
	return nil
}

// attempt is a change on its way into the table.
type attempt struct {
	core.Change
	slot      uint64 // the seq of its first event
	was, next head
	began     time.Time
	mark      []byte // tells it from others who try the slot
	it        item
}

func (t attempt) id() core.ConversationID { return t.Conversation.ID }

// takes reports whether a seat is needed: not for one that is there already.
func (t attempt) takes() bool { return t.Take != "" && t.was.Session.Agent != t.Take }

func errConflict() error {
	return core.Errorf(core.Conflict, "somebody else wrote to this conversation first")
}

var errLate = errors.New("it took too long to prepare")

// newMark returns what tells a writer from others.
func newMark() []byte {
	mark := make([]byte, 8)
	_, _ = rand.Read(mark) // it never fails
	return mark
}

// base returns the state that a change builds upon. A slot beyond the end of
// the log must not be tried, for it would be free; one before it need not be.
func (st *Store) base(ctx context.Context, c core.Change) (head, error) {
	was, ok := st.heads.Get(c.Conversation.ID)
	if !ok || was.Seq < c.Base() {
		var err error
		if was, err = st.head(ctx, c.Conversation.ID); err != nil {
			return was, err
		}
	}
	if was.Seq != c.Base() {
		return was, errConflict()
	}
	return was, nil
}

// prepare writes what has to be there before the slot.
func (st *Store) prepare(ctx context.Context, t attempt) error {
	if t.takes() {
		if err := st.seat(ctx, t); err != nil {
			return err
		}
	}
	if err := st.announceErase(ctx, t); err != nil {
		return err
	}
	ok, err := st.announce(ctx, t.was, t.next, t.slot)
	if err == nil && !ok {
		return st.lost(ctx, t)
	}
	return err
}

// decide tries the slot, and reports whether it won. A Put whose answer was
// lost is tried again by the SDK, and then meets itself.
func (st *Store) decide(ctx context.Context, t attempt) (won bool, err error) {
	if st.late(t.began) {
		return false, unavailable(errLate)
	}
	r, err := st.put(ctx, slotKey(t.id(), t.slot), t.it, condition{text: absent})
	if r.ok || err != nil {
		return r.ok, err
	}
	there, err := r.instead(ctx)
	return bytes.Equal(getBin(there, "w"), t.mark), err
}

// lost gives the seat of a change back whose slot another has. That one may
// have given the same conversation to the same agent.
func (st *Store) lost(ctx context.Context, t attempt) error {
	head, err := st.head(ctx, t.id())
	if err == nil && t.takes() && !seatOf(t.id(), t.slot).taken(t.Take, head) {
		st.vacate(ctx, t.Take, seatOf(t.id(), t.slot))
	}
	return errConflict()
}

// settle removes what the slot has made wrong. Whatever of it fails is found
// by who comes upon it.
func (st *Store) settle(ctx context.Context, t attempt) {
	st.withdraw(ctx, t.was, t.next, t.slot)
	if a := t.was.Session.Agent; a != "" && a != t.next.Session.Agent {
		st.vacate(ctx, a, seatOf(t.id(), t.was.seat))
	}
	if len(t.Erase) > 0 {
		st.finish(ctx, t.eraseKey(), t.id(), t.Erase)
	}
}
