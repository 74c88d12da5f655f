package edge

import "time"

// Usage is what a WebSocket API is billed for, counted from the start.
type Usage struct {
	In, Out int // messages, in units of 32 KB: of clients, and to them
	Posts   int // calls of @connections that found a connection; not billed themselves
	Minutes int // of connections that have ended, each rounded up
	Sent    int // bytes to clients, without what frames, TLS and TCP add
}

// Minus returns what was used since then.
func (u Usage) Minus(then Usage) Usage {
	return Usage{u.In - then.In, u.Out - then.Out, u.Posts - then.Posts, u.Minutes - then.Minutes, u.Sent - then.Sent}
}

// Usage returns the counters.
func (g *Gateway) Usage() Usage {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.usage
}

func (g *Gateway) count(add func(*Usage)) {
	g.mu.Lock()
	defer g.mu.Unlock()
	add(&g.usage)
}

// units is how many messages a message is billed as.
func units(message []byte) int { return max(1, (len(message)+32<<10-1)/(32<<10)) }

func minutes(d time.Duration) int { return int((d + time.Minute - 1) / time.Minute) }
