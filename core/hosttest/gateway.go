package hosttest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"slices"
	"time"
)

// Where a gateway stands before the host (see Profile.Gateway), a client does
// what any client must that is told nothing but "not now": it comes again.

// again does something until it succeeds, if a gateway may refuse it for
// reasons of its own; once, if there is none.
func (s *suite) again(do func() error) error {
	limit := time.Now().Add(patience)
	for wait := 20 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		err := do()
		if err == nil || !s.host.Profile.Gateway || time.Now().After(limit) || errors.Is(err, context.Canceled) {
			return err
		}
		select {
		case <-time.After(wait):
		case <-s.ctx.Done():
			return err
		}
	}
}

// hail says hello on a new link until a frame answers it: the hello may be
// lost, and so may what answers it.
func (c *client) hail(answers func(frame) bool) {
	c.t.Helper()
	for range hails {
		c.say(c.helloFrame())
		c.hears(patience/8, answers)
		if slices.ContainsFunc(c.inbox, answers) || slices.ContainsFunc(c.words, final) {
			return
		}
		c.open()
	}
}

// hails is how often a client tries, one after the other.
const hails = 8

// hears takes what comes until a frame matches, the link ends, or a while is
// over.
func (c *client) hears(while time.Duration, match func(frame) bool) {
	limit := time.NewTimer(while)
	defer limit.Stop()
	for {
		select {
		case f, ok := <-c.link.frames():
			if !ok {
				c.ended = true
				return
			}
			if c.receive(f); match(f) {
				return
			}
		case <-limit.C:
			return
		}
	}
}

// final reports whether a word of the host tells a client to stay away. An
// invalid frame does not: a hello that came twice is one.
func final(w code) bool {
	return !slices.Contains([]code{"unavailable", "internal", "rate_limited", "invalid", "4000", "4001", "4002"}, w)
}

// answered is await for the answer to a frame, which is repeated where it may
// be lost.
func (c *client) answered(f fields, match func(frame) bool) frame {
	c.t.Helper()
	for range hails {
		if !c.p.host.Profile.Gateway || slices.ContainsFunc(c.inbox, match) {
			break
		}
		if c.hears(patience/8, match); !slices.ContainsFunc(c.inbox, match) {
			c.say(f)
		}
	}
	return c.await("an answer", match)
}

// comesBack has a client whose link ended connect again, as it must if it was
// not told to stay away, and reports whether it did. What it had is kept, and
// asked for from there.
func (c *client) comesBack() bool {
	if !c.p.host.Profile.Gateway || c.left || c.epoch == "" || slices.ContainsFunc(c.words, final) {
		return false
	}
	c.t.Logf("%s comes back; it was told %q", c.name, c.words)
	c.inbox = slices.DeleteFunc(c.inbox, is("welcome")) // an earlier one says nothing of this link
	c.open()
	c.hail(is("welcome")) // before which nothing may be said
	if c.watches != nil {
		c.say(c.watches)
	}
	return true
}

// told is how a link of this host reports what is no frame.
func (s *suite) told(fault func(error)) func(message []byte, err error) bool {
	return func(message []byte, err error) (passOver bool) {
		if s.host.Profile.Gateway && isNote(message) {
			return true
		}
		fault(err)
		return false
	}
}

// isNote reports whether a message is a gateway's own: an object with a
// message and without a type.
func isNote(m []byte) bool {
	var note struct{ Type, Message string }
	return bytes.HasPrefix(m, []byte("{")) && json.Unmarshal(m, &note) == nil && note.Type == "" && note.Message != ""
}
