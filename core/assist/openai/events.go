package openai

import (
	"bufio"
	"bytes"
	"io"
	"net/http"

	"github.com/openai/openai-go/v3/option"
)

// withoutComments leaves the comments of an answer out, by which some servers
// show that they are at work: the SDK takes the end of one for an event, and an
// event without data for a broken answer.
func withoutComments() option.RequestOption {
	return option.WithMiddleware(func(r *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(r)
		if err == nil {
			res.Body = struct {
				io.Reader
				io.Closer
			}{&events{in: bufio.NewReader(res.Body)}, res.Body}
		}
		return res, err
	})
}

// events reads an event stream but for its comments and for the ends of events
// that have nothing in them; see "Server-sent events" in the HTML standard.
type events struct {
	in   *bufio.Reader
	line []byte // what is left of it
	said bool   // the event has a line by now
	err  error  // after line
}

// Read implements io.Reader.
func (e *events) Read(p []byte) (int, error) {
	for len(e.line) == 0 {
		if e.err != nil {
			return 0, e.err
		}
		e.line, e.err = e.in.ReadBytes('\n')
		switch {
		case bytes.HasPrefix(e.line, []byte{':'}):
			e.line = nil
		case len(bytes.TrimRight(e.line, "\r\n")) > 0:
			e.said = true
		case !e.said:
			e.line = nil
		default:
			e.said = false
		}
	}
	n := copy(p, e.line)
	e.line = e.line[n:]
	return n, nil
}
