package hub

import (
	"bytes"
	"encoding/json"
	"sync"
	"sync/atomic"
	"time"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Wire is a connection as the hub writes to it.
type Wire interface {
	// Write sends one text message and returns once the system has taken
	// it. There is one at a time.
	Write(message []byte) error

	// Close says why the connection ends, and ends it once the other side
	// agrees, or after a few seconds. There is no Write after it.
	Close(code wire.CloseCode, reason string)

	// Abort cuts the connection, so that a Write or Close that goes on
	// returns. It may be called at any time, and more than once.
	Abort()
}

const (
	maxQueue = 256     // messages
	maxBytes = 1 << 20 // of all messages in the queue

	// All that begin to wait at once are told to everybody who could take
	// them: after an outage a thousand within a second are nobody's fault.
	maxStaffQueue = 4096 // messages

	// Fewer that wait go out one by one: that is what every reader expects,
	// and a few writes cost nothing. A backlog goes out in batches.
	batchFrom   = 8
	batchFrames = 64       // of a batch
	batchBytes  = 32 << 10 // of a batch

	// Reading the clock costs as much as queueing a message.
	measureEvery = 16

	writeWithin   = 10 * time.Second // for one message to be taken
	messageWithin = 10 * time.Second // for one message to come in
	closeWithin   = 15 * time.Second // from the end of a connection until it is cut
)

// Conn is one connection: what is queued outwards, and what tells whether it
// still lives. It is the Outlet of its peer.
//
// Its reader calls, for each message, Began when the first byte is there,
// Heard when the last one is, has the desk serve it, and Disconnect at the end.
type Conn struct {
	// Static after Connect.
	Peer   *desk.Peer
	hub    *Hub
	wire   Wire
	poll   bool   // see Hub.Hold
	id     uint64 // in the order of Connect
	opened time.Duration

	staff   atomic.Bool  // its peer has said hello, as an agent
	heard   atomic.Int64 // age at the last whole message
	reading atomic.Int64 // age at the first byte of one that is not whole yet; 0: there is none

	// Guarded by Hub.floorMu.
	joined bool
	topics []desk.Topic

	mu       sync.Mutex
	queue    [][]byte       // guarded by mu, as is all below
	size     int            // bytes in queue
	flushing bool           // there is a goroutine that writes
	writing  time.Duration  // age when its present Write began; 0: none
	queued   uint           // messages so far
	waiting  time.Duration  // age when the one came whose way out is measured; 0: none is
	said     wire.CloseCode // what the last message said about the end; 0: nothing
	over     bool           // nothing more is queued
	overAt   time.Duration
	code     wire.CloseCode
	reason   string
}

var _ desk.Outlet = (*Conn)(nil)

// Began notes that a message has begun to come in.
func (c *Conn) Began() { c.reading.Store(int64(c.hub.since())) }

// Heard notes that it is whole.
func (c *Conn) Heard() {
	c.heard.Store(int64(c.hub.since()))
	c.reading.Store(0)
}

// since is age, but never 0.
func (h *Hub) since() time.Duration { return max(h.age(), 1) }

// Ended reports whether the connection is closed or about to be, so that
// whatever it sends is no longer served.
func (c *Conn) Ended() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.over
}

// Send queues one message. It never waits: who has not taken what is queued
// by the time the queue is full is closed with CloseSlow, and finds on
// resuming what is dropped here.
func (c *Conn) Send(message []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.over {
		return
	}
	if len(c.queue) >= c.most() || c.size+len(message) > maxBytes {
		c.queue, c.size, c.waiting = nil, 0, 0
		c.endLocked(wire.CloseSlow, "too slow to take what is sent", 0)
		return
	}
	c.said = meaning(message)
	c.hub.Meter.Queued(message)
	c.pushLocked(message)
}

// most is how many messages may wait.
func (c *Conn) most() int {
	if c.staff.Load() {
		return maxStaffQueue
	}
	return maxQueue
}

// Close ends the connection after what is queued, and after a bye with the
// same code unless the last message says as much. A code below 4000 is for
// WebSocket itself; whoever uses it has sent an error.
func (c *Conn) Close(code wire.CloseCode, reason string) { c.end(code, reason, 0) }

// end is Close with the time within which the client should come back.
func (c *Conn) end(code wire.CloseCode, reason string, window time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.endLocked(code, reason, window)
}

func (c *Conn) endLocked(code wire.CloseCode, reason string, window time.Duration) {
	if c.over {
		return
	}
	c.over, c.overAt, c.code, c.reason = true, c.hub.age(), code, reason
	if code >= 4000 && c.said != code {
		c.pushLocked(wire.Encode(wire.Bye{Type: "bye", Code: int(code), Reason: reason, Window: seconds(window)}))
		return
	}
	c.flushLocked()
}

func (c *Conn) pushLocked(message []byte) {
	if c.queued++; c.queued%measureEvery == 1 && c.waiting == 0 {
		c.waiting = c.hub.since()
	}
	c.queue = append(c.queue, message)
	c.size += len(message)
	c.flushLocked()
}

// flushLocked sees to it that somebody writes.
func (c *Conn) flushLocked() {
	if !c.flushing {
		c.flushing = true
		c.hub.work.Add(1)
		go c.flush()
	}
}

// flush writes until nothing is queued, or until the connection has ended.
func (c *Conn) flush() {
	defer c.hub.work.Done()
	for {
		message, since, more := c.next()
		switch {
		case message != nil:
			if c.wire.Write(message) != nil {
				c.kill()
				c.wire.Abort() // so that the reader ends too
				return
			}
			if since > 0 {
				c.hub.Meter.Written(c.hub.age() - since)
			}
		case more:
			c.wire.Close(c.code, c.reason)
			return
		default:
			return
		}
	}
}

// next returns what to write, and since when it waits if that is measured.
// Without a message, more says that the time has come to close; if not, the
// caller is no longer the one who writes.
func (c *Conn) next() (message []byte, since time.Duration, more bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		c.queue, c.writing, c.flushing = nil, 0, c.over
		return nil, 0, c.over && c.code != 0
	}
	n, size := c.batchLocked()
	message = join(c.queue[:n], size)
	c.queue = c.queue[n:]
	c.size -= size
	c.writing = c.hub.since()
	if len(c.queue) == 0 { // so the one that is measured is in there
		since, c.waiting = c.waiting, 0
	}
	return message, since, true
}

// batchLocked returns how many messages go out as one, and their bytes.
func (c *Conn) batchLocked() (n, size int) {
	total := 1
	for _, m := range c.queue {
		total += len(m) + 1
		if n == batchFrames || n > 0 && (total > batchBytes || len(c.queue) < batchFrom) {
			break
		}
		n++
		size += len(m)
	}
	return n, size
}

// join returns one message as it is, and several as one batch.
func join(messages [][]byte, size int) []byte {
	if len(messages) == 1 {
		return messages[0]
	}
	batch := make([]byte, 0, size+len(messages)+1)
	for i, m := range messages {
		batch = append(batch, "[,"[min(i, 1)])
		batch = append(batch, m...)
	}
	return append(batch, ']')
}

// kill drops what is queued: nobody will take it. It returns the code that the
// connection was closed with, 0 if it was not.
func (c *Conn) kill() wire.CloseCode {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.over {
		c.over, c.overAt = true, c.hub.age()
	}
	c.queue, c.size, c.waiting = nil, 0, 0
	return c.code
}

// check gives the connection up if it has run out of time.
func (c *Conn) check(now time.Duration) {
	switch {
	case c.stuck(now):
		c.kill()
		c.wire.Abort()
	case c.poll: // it ends by itself
	case now-c.opened >= desk.HelloWithin && !c.Peer.Known():
		c.Close(wire.CloseStale, "no hello in time")
	case now-time.Duration(c.heard.Load()) >= desk.Patience(c.Peer.Next()):
		c.Close(wire.CloseStale, "no heartbeat")
	case c.reading.Load() > 0 && now-time.Duration(c.reading.Load()) >= messageWithin:
		c.Close(wire.CloseStale, "a message took too long")
	}
}

// stuck reports whether the other side no longer takes anything.
func (c *Conn) stuck(now time.Duration) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writing > 0 && now-c.writing >= writeWithin || c.over && now-c.overAt >= closeWithin
}

// meaning returns the close code that a message stands for: that of a bye,
// and of an error that answers no frame in particular. Others give 0.
func meaning(message []byte) wire.CloseCode {
	if !bytes.HasPrefix(message, []byte(`{"type":"error"`)) && !bytes.HasPrefix(message, []byte(`{"type":"bye"`)) {
		return 0
	}
	var f struct {
		Type string
		Code json.RawMessage // a number in bye, a string in error
		N    uint64
	}
	var number wire.CloseCode
	var code core.Code
	switch {
	case json.Unmarshal(message, &f) != nil || f.N != 0:
		return 0
	case f.Type == "bye" && json.Unmarshal(f.Code, &number) == nil:
		return number
	case f.Type == "error" && json.Unmarshal(f.Code, &code) == nil:
		return wire.CloseFor(core.Errorf(code, ""))
	}
	return 0
}
