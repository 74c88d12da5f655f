package desk

import (
	"bytes"
	"context"
	"encoding/json"
	"hash/fnv"
	"slices"
	"strconv"
	"sync"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// poll is a long-poll that is being served: the Outlet of its peer. Answers to
// its frames stay on it until they are put together; whatever is pushed only
// says that there is news to read.
type poll struct {
	wire.Poll // Frames without the hello, Wait

	// Static after newPoll.
	begun time.Time
	news  chan struct{} // capacity 1; never closed

	// Owned by the goroutine that serves it.
	staff bool   // it is an agent's
	hello bool   // it began with one; static once the peer joins the floor
	after uint64 // the client has the events up to here, or they are in the welcome
	known string // tag of the head that the client has; empty: it does not say
	base  string // tag of the head when it was first read
	rest  bool   // the welcome says that there is more
	next  int    // as answered

	head *core.Conversation // as just read, if nothing was done since; nil: to be read

	mu      sync.Mutex
	welcome [][]byte // guarded by mu, as is all below; one at most
	answers [][]byte
	size    int    // bytes of both
	owed    int    // numbered frames without an answer
	bye     []byte // last words, if the server has any
	over    bool   // it waits no longer
	code    wire.CloseCode
}

var _ Outlet = (*poll)(nil)

const (
	maxAnswer  = 64 // frames, as in a batch
	maxReplies = maxAnswer - 4
	aroundPoll = 256 // bytes of next, brackets and commas, and more
)

// Send keeps an answer. A push has the log read; but what is told only to
// those who are connected, such as that somebody types, is dropped.
func (q *poll) Send(message []byte) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch frameType(message) {
	case "welcome":
		q.welcome = [][]byte{message}
		q.size += len(message) + 1
	case "ack", "error", "events", "pong":
		q.keepLocked(message)
	case "bye":
		q.lastWordsLocked(message)
	case "presence", "conversation":
		if q.staff { // answers too: to a status, and to a hello whose welcome had no room
			q.keepLocked(message)
		}
	case "typing", "delta":
		return
	}
	q.wake()
}

// frameType reads the type of a frame of ours, which is its first member.
func frameType(message []byte) string {
	_, rest, ok := bytes.Cut(message[:min(len(message), 40)], []byte(`{"type":"`))
	typ, _, closed := bytes.Cut(rest, []byte(`"`))
	if !ok || !closed {
		return ""
	}
	return string(typ)
}

// keepLocked keeps an answer while there is room. An ack covers those of
// smaller numbers, so these make room for others.
func (q *poll) keepLocked(message []byte) {
	if len(q.answers) >= maxReplies {
		q.dropCoveredLocked()
	}
	if len(q.answers) < maxReplies && q.size+len(message) < wire.MaxMessage-aroundPoll {
		q.answers = append(q.answers, message)
		q.size += len(message) + 1
	}
}

// dropCoveredLocked drops each ack that a later one of its outbox covers.
func (q *poll) dropCoveredLocked() {
	covered := map[string]uint64{}
	kept := make([][]byte, 0, len(q.answers))
	for _, m := range slices.Backward(q.answers) {
		var a wire.Ack
		if frameType(m) == "ack" && json.Unmarshal(m, &a) == nil {
			if a.N <= covered[a.Origin] {
				q.size -= len(m) + 1
				continue
			}
			covered[a.Origin] = a.N
		}
		kept = append(kept, m)
	}
	slices.Reverse(kept)
	q.answers = kept
}

// lastWordsLocked keeps a bye, but not that another connection has the outbox
// now: that is the same client, who shall not take it for the end.
func (q *poll) lastWordsLocked(message []byte) {
	var b wire.Bye
	if q.bye == nil && json.Unmarshal(message, &b) == nil && b.Code != int(wire.CloseReplaced) {
		q.bye = message
	}
}

// wake has the poll look whether there is something to say.
func (q *poll) wake() {
	select {
	case q.news <- struct{}{}:
	default: // it is going to look
	}
}

// Close has the poll answered now, with what there is.
func (q *poll) Close(code wire.CloseCode, reason string) { q.end(nil, code, reason) }

// end is Close after one message more, unless it is nil: an answer that went out
// between the two would leave the reason out.
func (q *poll) end(message []byte, code wire.CloseCode, reason string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if message != nil {
		q.keepLocked(message)
	}
	if q.over {
		return
	}
	q.lastWordsLocked(wire.Encode(wire.Bye{Type: "bye", Code: int(code), Reason: reason}))
	q.over, q.code = true, code
	q.wake()
}

func (q *poll) closed() bool { return q.ending() != 0 }

// ending is what the poll was closed with; 0: it is not.
func (q *poll) ending() wire.CloseCode {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.code
}

// says reports whether there is an answer to send.
func (q *poll) says() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.welcome)+len(q.answers) > 0
}

// owe notes that a frame waits for its answer, and returns how to say that it
// has it.
func (q *poll) owe() (answered func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.owed++
	return func() {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.owed--
		q.wake()
	}
}

func (q *poll) owes() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.owed > 0
}

// settle waits until every numbered frame has its answer, for so long.
func (q *poll) settle(ctx context.Context, limit time.Duration) {
	end := time.NewTimer(limit)
	defer end.Stop()
	for q.owes() {
		select {
		case <-q.news:
		case <-end.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// room is how many frames more, and bytes of them, the answer has room for
// besides a head, a bye and next.
func (q *poll) room() (frames, bytes int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return max(maxAnswer-3-len(q.welcome)-len(q.answers), 0), max(wire.MaxMessage-aroundPoll-q.size-len(q.bye), 0)
}

// compose puts the answer together, in the order of the protocol: a client
// learns of its own events before their acks, and of the head after both.
func (q *poll) compose(n news, seconds int) []byte {
	q.mu.Lock()
	defer q.mu.Unlock()
	parts := append(append(append([][]byte(nil), q.welcome...), n.events...), q.answers...)
	for _, last := range [][]byte{n.head, q.bye, wire.Encode(wire.Next{Type: "next", Seconds: seconds, Head: n.tag})} {
		if last != nil {
			parts = append(parts, last)
		}
	}
	return append(append([]byte{'['}, bytes.Join(parts, []byte{','})...), ']')
}

// headTag names what a head shows, but that its visitor is there: that they
// can tell themselves. An estimate is rough, so a few seconds are no change.
func headTag(h wire.Head) string {
	h.Visitor.Online = false
	if h.Queue != nil && h.Queue.ETA != nil {
		rough := *h.Queue.ETA / 10
		h.Queue = &wire.Queue{Position: h.Queue.Position, ETA: &rough}
	}
	sum := fnv.New64a()
	_, _ = sum.Write(wire.Encode(h)) // never fails
	return stayTag(h, strconv.FormatUint(sum.Sum64(), 36))
}
