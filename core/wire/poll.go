package wire

import (
	"encoding/json"
	"errors"
	"unicode/utf8"

	"kefu/core"
)

// MaxWait is how many seconds a poll may ask to be held. CloudFront gives up
// after 30.
const MaxWait = 25

// MaxPoll is how many bytes the body of a poll may have: frames as long as a
// message may be, and what names the state.
const MaxPoll = MaxMessage + 16<<10

// Poll is the body of POST /v1/poll. Besides the frames it is all the state
// that there is, so that any node can answer it.
type Poll struct {
	Token  string // of the welcome; none if Frames begin with the hello of a new visitor
	Site   string // as in hello
	Origin string // optional: which outbox polls, so that a newer poll of it ends this one
	After  *uint64
	Epoch  string
	Head   string // optional: of the last next; tells whether the head has changed since
	Wait   int    // seconds, 0 to MaxWait; MaxWait if left out
	Frames []Frame
}

// Next ends every answer to a poll and says when the next one is expected:
// after so many seconds, 0 being at once. Head, if repeated there, lets the
// host see whether the client's head of the conversation is still the right
// one; it is opaque.
type Next struct {
	Type    string `json:"type"` // next
	Seconds int    `json:"seconds"`
	Head    string `json:"head,omitempty"`
}

// DecodePoll reads the body of a poll. The error is for one that can not be
// served at all; a single bad frame has Bad set, as with [Decode]. Who wants to
// wait longer than MaxWait waits that long.
func DecodePoll(data []byte, lim core.Limits) (Poll, error) {
	switch {
	case len(data) > lim.Frame+MaxPoll-MaxMessage:
		return Poll{}, core.Errorf(core.TooLarge, "a poll may have %d bytes", lim.Frame+MaxPoll-MaxMessage)
	case !utf8.Valid(data):
		return Poll{}, core.Errorf(core.Invalid, "a poll must be UTF-8")
	}
	var body struct {
		Token  string            `json:"token"`
		Site   string            `json:"site"`
		Origin string            `json:"origin"`
		After  *uint64           `json:"after"`
		Epoch  string            `json:"epoch"`
		Head   string            `json:"head"`
		Wait   *int              `json:"wait"`
		Frames []json.RawMessage `json:"frames"`
	}
	if err := json.Unmarshal(data, &body); err != nil {
		return Poll{}, pollError(err)
	}
	p := Poll{
		Token: body.Token, Site: body.Site, Origin: body.Origin, After: body.After, Epoch: body.Epoch, Head: body.Head, Wait: MaxWait,
	}
	if body.Wait != nil {
		p.Wait = min(*body.Wait, MaxWait)
	}
	if err := p.check(); err != nil {
		return Poll{}, err
	}
	var err error
	p.Frames, err = decodeFrames(body.Frames, lim)
	return p, err
}

func (p *Poll) check() error {
	switch {
	case p.Origin != "" && !validOrigin(p.Origin):
		return core.Errorf(core.Invalid, "origin: 8 to 40 of A-Z a-z 0-9 _ - are expected")
	case p.After != nil && *p.After > MaxInt:
		return core.Errorf(core.Invalid, "after: at most %d is expected", MaxInt)
	case p.Wait < 0:
		return core.Errorf(core.Invalid, "wait: 0 to %d seconds are expected", MaxWait)
	}
	for _, l := range []struct {
		name, value string
		max         int
	}{{"token", p.Token, 4096}, {"site", p.Site, maxID}, {"epoch", p.Epoch, maxID}, {"head", p.Head, maxID}} {
		if len(l.value) > l.max {
			return core.Errorf(core.TooLarge, "%s: at most %d bytes", l.name, l.max)
		}
	}
	return nil
}

// decodeFrames reads the frames of a poll, which may be none. Together they
// are a message, and keep to its limits.
func decodeFrames(parts []json.RawMessage, lim core.Limits) ([]Frame, error) {
	size := 0
	for _, p := range parts {
		size += len(p) + 1
	}
	switch {
	case len(parts) > lim.Batch:
		return nil, core.Errorf(core.TooLarge, "frames: at most %d", lim.Batch)
	case size > lim.Frame:
		return nil, core.Errorf(core.TooLarge, "frames: at most %d bytes", lim.Frame)
	}
	frames := make([]Frame, len(parts))
	for i, p := range parts {
		frames[i].decode(p, lim)
	}
	return frames, nil
}

// pollError is shapeError for the body itself.
func pollError(err error) error {
	var t *json.UnmarshalTypeError
	if errors.As(err, &t) && t.Field == "" {
		return core.Errorf(core.Invalid, "a poll is a JSON object")
	}
	return shapeError(err)
}
