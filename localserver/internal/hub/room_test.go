package hub

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"kefu/core"
)

func TestRoomKeepsOrder(t *testing.T) {
	const senders, each = 8, 40
	var busy [4]atomic.Int32
	var mu sync.Mutex
	decided, done := map[core.ConversationID][]int{}, map[core.ConversationID][]int{}
	h := start(t, Options{Decide: func(_ context.Context, c core.Conversation, in core.Input) (core.Change, error) {
		room := &busy[int(c.ID[0]-'a')]
		if room.Add(1) != 1 {
			t.Errorf("two decisions at once in %s", c.ID)
		}
		defer room.Add(-1)
		mu.Lock()
		defer mu.Unlock()
		if len(decided[c.ID]) != int(c.Seq) {
			t.Errorf("%s: decided on seq %d after %d letters", c.ID, c.Seq, len(decided[c.ID]))
		}
		decided[c.ID] = append(decided[c.ID], number(in))
		c.Seq++
		return core.Change{Conversation: c}, nil
	}})
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := range each {
				id := core.ConversationID("abcd"[n%4 : n%4+1])
				var one sync.WaitGroup
				one.Add(1)
				h.Tell(t.Context(), id, note(s*each+n), func(c core.Change, err error) {
					defer one.Done()
					mu.Lock()
					defer mu.Unlock()
					if err != nil || int(c.Conversation.Seq) != len(done[id])+1 {
						t.Errorf("%s: done with seq %d, %v after %d others", id, c.Conversation.Seq, err, len(done[id]))
					}
					done[id] = append(done[id], number(note(s*each+n)))
				})
				one.Wait()
			}
		})
	}
	all.Wait()
	for id, order := range decided {
		if !slices.Equal(order, done[id]) || len(order) != senders*each/4 {
			t.Errorf("%s: decided %d letters, not as they were done", id, len(order))
		}
	}
}

// The inbox of one conversation is bounded; who finds it full is told at once.
func TestFullInbox(t *testing.T) {
	gate := make(chan struct{})
	var order []int
	h := start(t, Options{Decide: func(_ context.Context, c core.Conversation, in core.Input) (core.Change, error) {
		<-gate
		if c.ID == "c" {
			order = append(order, number(in))
		}
		return core.Change{Conversation: c}, nil
	}})
	var got outcomes
	h.Tell(t.Context(), "c", note(0), got.done)
	within(t, "the first letter is taken", func() bool {
		h.roomMu.Lock()
		defer h.roomMu.Unlock()
		return h.letters == 0
	})
	for n := 1; n <= maxInbox; n++ {
		h.Tell(t.Context(), "c", note(n), got.done)
	}
	var refused error
	h.Tell(t.Context(), "c", note(99), func(c core.Change, err error) {
		refused = err
		if c.Conversation.ID != "c" {
			t.Errorf("a refused letter comes back with %+v", c)
		}
	})
	var e *core.Error
	if !errors.As(refused, &e) || e.Code != core.Unavailable || e.Retry != time.Second {
		t.Errorf("a letter too many: %v", refused)
	}
	other := make(chan struct{})
	h.Tell(t.Context(), "d", note(100), func(core.Change, error) { close(other) })
	close(gate)
	<-other
	within(t, "all letters are done", func() bool { return got.codes()[""] == maxInbox+1 })
	if !slices.IsSorted(order) || len(order) != maxInbox+1 {
		t.Errorf("order %v", order)
	}
}

func TestAllInboxesTogether(t *testing.T) {
	gate := make(chan struct{})
	h := start(t, Options{Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
		<-gate
		return core.Change{Conversation: c}, nil
	}})
	var got outcomes
	rooms := maxLetters/maxInbox + 8
	for n := range rooms * (maxInbox + 1) {
		h.Tell(t.Context(), core.ConversationID(fmt.Sprint(n%rooms)), note(n), got.done)
	}
	if got.codes()[core.Unavailable] == 0 {
		t.Error("there is no end to what is taken")
	}
	close(gate)
	within(t, "every letter is done once", func() bool {
		c := got.codes()
		return c[""]+c[core.Unavailable] == rooms*(maxInbox+1)
	})
}

// What a room believes next, by the outcome of a decision.
func TestWhatIsRemembered(t *testing.T) {
	var seen []uint64
	outcome := map[int]func(core.Conversation) (core.Change, error){
		1: func(c core.Conversation) (core.Change, error) { c.Seq = 7; return core.Change{Conversation: c}, nil },
		2: func(c core.Conversation) (core.Change, error) {
			c.Seq = 9 // somebody else wrote; Apply read it
			return core.Change{Conversation: c}, core.Errorf(core.Conflict, "no")
		},
		3: func(c core.Conversation) (core.Change, error) {
			return core.Change{Conversation: c}, core.Errorf(core.Unavailable, "who knows")
		},
		4: func(c core.Conversation) (core.Change, error) { c.Seq = 11; return core.Change{Conversation: c}, nil },
		5: func(core.Conversation) (core.Change, error) { panic("a bug") },
		6: func(c core.Conversation) (core.Change, error) { c.Seq = 12; return core.Change{Conversation: c}, nil },
		7: func(core.Conversation) (core.Change, error) { return core.Change{}, errors.New("unheard of") },
		8: func(c core.Conversation) (core.Change, error) { c.Seq = 13; return core.Change{Conversation: c}, nil },
	}
	var log record
	synctest.Test(t, func(t *testing.T) {
		h := start(t, Options{
			Log: log.logger(), Idle: time.Minute,
			Decide: func(_ context.Context, c core.Conversation, in core.Input) (core.Change, error) {
				if c.ID != "c" {
					t.Errorf("decides about %q", c.ID)
				}
				seen = append(seen, c.Seq)
				return outcome[number(in)](c)
			},
		})
		var got outcomes
		tell := func(n int) {
			h.Tell(t.Context(), "c", note(n), got.done)
			synctest.Wait()
		}
		for n := 1; n <= 8; n++ {
			tell(n)
		}
		if want := []uint64{0, 7, 9, 0, 11, 0, 12, 0}; !slices.Equal(seen, want) {
			t.Errorf("decided on %v, want %v", seen, want)
		}
		if c := got.codes(); c[""] != 4 || c[core.Internal] != 2 || c[core.Conflict] != 1 || c[core.Unavailable] != 1 {
			t.Errorf("outcomes %v", c)
		}
		if log.of("a decision panicked") != 1 {
			t.Error("the panic is not in the log")
		}
		seen = nil
		pass(59 * time.Second)
		tell(1)
		pass(62 * time.Second)
		tell(1)
		if want := []uint64{13, 0}; !slices.Equal(seen, want) {
			t.Errorf("after a pause decided on %v, want %v", seen, want)
		}
	})
}

func TestPanicInDone(t *testing.T) {
	var log record
	var seen []uint64
	h := start(t, Options{Log: log.logger(), Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
		seen = append(seen, c.Seq)
		c.Seq = 5
		return core.Change{Conversation: c}, nil
	}})
	calls := 0
	h.Tell(t.Context(), "c", note(1), func(core.Change, error) {
		calls++
		panic("a bug in what follows")
	})
	after := make(chan struct{})
	h.Tell(t.Context(), "c", note(2), func(core.Change, error) { close(after) })
	<-after
	if calls != 1 || seen[1] != 0 || log.of("what follows a decision panicked") != 1 {
		t.Errorf("%d calls, decided on %v", calls, seen)
	}
}

// Letters for a few conversations from many sides, so that rooms end and
// begin all the time: none is lost, doubled, or decided beside another.
func TestRoomsEndWhileLettersArrive(t *testing.T) {
	const senders, each, rooms = 16, 500, 3
	var busy [rooms]atomic.Int32
	var count [rooms]uint64 // guarded by being in the room
	h := start(t, Options{Memory: 2, Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
		i := int(c.ID[0] - '0')
		if busy[i].Add(1) != 1 {
			t.Errorf("two decisions at once in %s", c.ID)
		}
		defer busy[i].Add(-1)
		if c.Seq != 0 && c.Seq != count[i] {
			t.Errorf("%s: a memory of %d at %d", c.ID, c.Seq, count[i])
		}
		count[i]++
		c.Seq = count[i]
		return core.Change{Conversation: c}, nil
	}})
	var all sync.WaitGroup
	for s := range senders {
		all.Go(func() {
			for n := range each {
				answers := make(chan error, 2)
				id := core.ConversationID(fmt.Sprint((s + n) % rooms))
				h.Tell(t.Context(), id, note(n), func(_ core.Change, err error) { answers <- err })
				if err := <-answers; err != nil || len(answers) > 0 {
					t.Errorf("letter %d of %d: %v", n, s, err)
				}
			}
		})
	}
	all.Wait()
	if sum := count[0] + count[1] + count[2]; sum != senders*each {
		t.Errorf("%d letters decided, want %d", sum, senders*each)
	}
}

// More conversations than are remembered are busy at once: all are served,
// and only as many are kept as may be.
func TestMemoryIsBounded(t *testing.T) {
	const most, live = 4, 50
	gate := make(chan struct{})
	h := start(t, Options{Memory: most, Decide: func(_ context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
		<-gate
		c.Seq++
		return core.Change{Conversation: c}, nil
	}})
	var got outcomes
	for n := range live {
		h.Tell(t.Context(), core.ConversationID(fmt.Sprint(n)), note(n), got.done)
	}
	h.roomMu.Lock()
	if len(h.rooms) != live {
		t.Errorf("%d rooms, want %d", len(h.rooms), live)
	}
	h.roomMu.Unlock()
	close(gate)
	within(t, "all rooms end", h.quiet)
	h.roomMu.Lock()
	defer h.roomMu.Unlock()
	if got.codes()[""] != live || h.idle.Len() != most {
		t.Errorf("%v, %d remembered, want %d", got.codes(), h.idle.Len(), most)
	}
}

// What follows a decision may have something else decided, even in the room
// it is in.
func TestTellFromDone(t *testing.T) {
	h := start(t, Options{})
	answer := make(chan uint64)
	h.Tell(t.Context(), "c", note(1), func(core.Change, error) {
		h.Tell(t.Context(), "c", note(2), func(c core.Change, _ error) { answer <- c.Conversation.Seq })
	})
	if got := <-answer; got != 2 {
		t.Errorf("the second was decided at %d", got)
	}
}

// A decision that waits for the store is cancelled by Close, and every letter
// still gets its answer.
func TestCloseAnswersEveryLetter(t *testing.T) {
	h := start(t, Options{Decide: func(ctx context.Context, c core.Conversation, _ core.Input) (core.Change, error) {
		<-ctx.Done()
		return core.Change{Conversation: c}, &core.Error{Code: core.Unavailable, Message: "cancelled"}
	}})
	var got outcomes
	for n := range 20 {
		h.Tell(t.Context(), core.ConversationID(fmt.Sprint(n%3)), note(n), got.done)
	}
	h.Close()
	h.Tell(t.Context(), "late", note(1), got.done)
	if got.codes()[core.Unavailable] != 21 {
		t.Errorf("outcomes %v", got.codes())
	}
}
