package edge

import "time"

// The most that faults hold up a message.
const (
	maxDelay = 50 * time.Millisecond
	maxHold  = 50 * time.Millisecond // if no later one comes
)

// accept has a function serve a message. It does not wait for that: the next
// message is served at the same time.
func (c *conn) accept(data []byte) {
	faults := c.g.Faults
	c.mu.Lock()
	c.seen++
	n := c.seen
	var overtaken chan struct{}
	if faults.Hit(Reorder) {
		overtaken = make(chan struct{})
		c.held[n] = overtaken
	}
	c.mu.Unlock()
	var delay time.Duration
	if faults.Hit(Delay) {
		delay = faults.UpTo(Delay, maxDelay)
	}
	copies := 1
	if faults.Hit(Duplicate) {
		copies = 2
	}
	for range copies {
		c.g.running.Go(func() {
			c.hold(n, overtaken, delay)
			c.serve(data)
			c.release(n)
		})
	}
}

// hold waits as the faults say, or until the gateway is closed.
func (c *conn) hold(n int, overtaken <-chan struct{}, delay time.Duration) {
	if overtaken == nil && delay == 0 {
		return
	}
	wait := delay
	if overtaken != nil {
		wait = max(wait, maxHold)
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-overtaken:
	case <-timer.C:
	case <-c.g.ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.held, n)
}

// release lets those go that came before a message that has been served.
func (c *conn) release(served int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for n, overtaken := range c.held {
		if n < served {
			close(overtaken)
			delete(c.held, n)
		}
	}
}

// serve has a function serve a message, also when its sender has gone, and
// sends the response if the route has one.
func (c *conn) serve(data []byte) {
	key, ok := c.g.route(data)
	request := token()
	if !ok {
		c.say(note{"Forbidden", c.id, request})
		return
	}
	event := c.event(messageEvent(key, request, data))
	res, err := c.g.invoke(c.g.ctx, key, event)
	switch {
	case err != nil:
		c.g.Log.Warn("a message was not served", "connection", c.id, "request", request, "error", err)
		c.say(note{"Internal server error", c.id, request})
	case c.g.Routes[key].Responds && len(res.Body) > MaxMessage:
		c.g.Log.Warn("a response is too large", "connection", c.id, "request", request, "bytes", len(res.Body))
		c.say(note{"Internal server error", c.id, request})
	case c.g.Routes[key].Responds && res.Body != "":
		c.respond([]byte(res.Body))
	}
}

func (c *conn) say(n note) { c.respond(encode(n)) }

// respond sends what nobody else will send again; the client may have gone.
func (c *conn) respond(data []byte) {
	if !c.send(outgoing{data: data}) {
		c.g.Log.Info("a response was dropped: the client does not keep up", "connection", c.id)
	}
}
