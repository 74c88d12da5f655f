package edge

import (
	"bytes"
	"io"
	"sync"
)

// prefixer lets several processes share one output, a line at a time.
type prefixer struct {
	mu  sync.Mutex
	out io.Writer // guarded by mu
}

// maxLine is where a line that does not end is cut.
const maxLine = 64 << 10

// lines is the output of one process. It is used by one goroutine at a time:
// the one that exec copies both outputs with.
type lines struct {
	to   *prefixer
	name string
	rest []byte // the line so far
}

func (p *prefixer) named(name string) *lines { return &lines{to: p, name: name} }

// Write implements io.Writer. It never fails: a log that can not be written
// is no reason for a function to be.
func (l *lines) Write(b []byte) (int, error) {
	l.rest = append(l.rest, b...)
	for {
		n := bytes.IndexByte(l.rest, '\n')
		if n < 0 && len(l.rest) < maxLine {
			return len(b), nil
		}
		if n < 0 {
			n = maxLine
			l.put(l.rest[:n])
			l.rest = l.rest[n:]
			continue
		}
		l.put(l.rest[:n])
		l.rest = l.rest[n+1:]
	}
}

// flush writes what has no end of line.
func (l *lines) flush() {
	if len(l.rest) > 0 {
		l.put(l.rest)
		l.rest = nil
	}
}

func (l *lines) put(line []byte) {
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	whole := append([]byte("["+l.name+"] "), line...)
	_, _ = l.to.out.Write(append(whole, '\n')) // see Write
}
