package hosttest

import (
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What visitors and agents do and see in a story.

// numbered sends a frame under the next number and returns its answer: an ack
// or a definite error. What is unknown is repeated, what comes too fast too.
func (c *client) numbered(typ, conversation string, f fields) frame {
	c.t.Helper()
	v := c.view(conversation)
	f = c.about(conversation, f.of(typ))
	f["origin"], f["n"] = v.origin, v.next
	n := v.next
	v.next++
	v.mailing = f
	c.say(f)
	sent := time.Now()
	for {
		answer, ok := frame{}, false
		c.until("an answer to "+typ, func() bool {
			i := slices.IndexFunc(c.inbox, func(a frame) bool {
				return a.Origin == v.origin && ((a.Type == "ack" && a.N >= n) || (a.Type == "error" && a.N == n))
			})
			if i >= 0 {
				answer, ok = c.inbox[i], true
				c.inbox = slices.Delete(c.inbox, i, i+1)
			}
			return ok || time.Since(sent) > 3*time.Second
		})
		switch {
		case !ok: // lost, or its answer was
		case answer.Type == "ack":
			return answer
		case slices.Contains([]code{"rate_limited", "unavailable", "internal"}, answer.Code):
			c.sit(time.Duration(max(answer.Retry, 0.1) * float64(time.Second)))
		default: // definite: the origin is given up
			v.outbox++
			v.origin, v.next = c.p.newOrigin(), 1
			return answer
		}
		sent = time.Now()
		c.say(f)
	}
}

// sit waits as long as the host asked for, and takes what comes meanwhile.
func (c *client) sit(d time.Duration) {
	c.t.Helper()
	begun := time.Now()
	c.until("a while", func() bool { return time.Since(begun) >= d })
}

// does is numbered for what must be accepted. It returns the seq of the ack.
func (c *client) does(typ, conversation string, f fields) uint64 {
	c.t.Helper()
	a := c.numbered(typ, conversation, f)
	if a.Type != "ack" {
		c.t.Fatalf("%s may not %s: %s %s", c.name, typ, a.Code, a.Message)
	}
	return a.Seq
}

// fails is numbered for what must be refused, with that code.
func (c *client) fails(want code, typ, conversation string, f fields) {
	c.t.Helper()
	if a := c.numbered(typ, conversation, f); a.Type != "error" || a.Code != want {
		c.t.Errorf("%s sends %s %v: %s %s %s, want %s", c.name, typ, f, a.Type, a.Code, a.Message, want)
	}
}

// writes sends a text where it may go: a visitor into their own conversation.
func (c *client) writes(words string) uint64 {
	c.t.Helper()
	return c.does("send", c.mine(), fields{"body": text(words)})
}

// tells is an agent's text to a visitor.
func (c *client) tells(v *client, words string) uint64 {
	c.t.Helper()
	return c.does("send", v.mine(), fields{"body": text(words)})
}

// notes is an agent's text about a visitor, for colleagues.
func (c *client) notes(v *client, words string) uint64 {
	c.t.Helper()
	return c.does("send", v.mine(), fields{"body": text(words), "internal": true})
}

// session is the number of the session that a visitor has come to.
func (c *client) session() uint32 {
	c.t.Helper()
	events := c.view(c.mine()).events
	if len(events) == 0 {
		c.t.Fatalf("%s has no session", c.name)
	}
	for _, e := range slices.Backward(events) {
		if e.Session > 0 {
			return e.Session
		}
	}
	return 1
}

// sees waits for a text in a conversation, and returns its event.
func (c *client) sees(of *client, words string) event {
	c.t.Helper()
	return c.seesEvent(of, words, func(e event) bool { return e.Body.Text == words })
}

// seesKind waits for the newest system event of a kind.
func (c *client) seesKind(of *client, kind string) event {
	c.t.Helper()
	return c.seesEvent(of, kind, func(e event) bool { return e.Body.Kind == kind })
}

func (c *client) seesEvent(of *client, what string, match func(event) bool) (found event) {
	c.t.Helper()
	v := c.view(of.mine())
	c.until(what, func() bool {
		for _, e := range slices.Backward(v.events) {
			if match(e) {
				found = e
				return true
			}
		}
		return false
	})
	return found
}

// isHeld waits until an agent answers for the visitor's session, and returns
// the agent's id.
func (c *client) isHeld() string {
	c.t.Helper()
	return c.isHeldBy("")
}

// isHeldBy waits until that agent does; "": anybody.
func (c *client) isHeldBy(id string) (holder string) {
	c.t.Helper()
	c.until("a person", func() bool {
		holder = c.holder()
		return holder != "" && (id == "" || holder == id)
	})
	return holder
}

// holder folds what the visitor sees into who answers them, or "".
func (c *client) holder() (holder string) {
	for _, e := range c.view(c.mine()).events {
		switch e.Body.Kind {
		case "assigned":
			holder = e.Body.Agent.ID
		case "queued", "closed", "opened":
			holder = ""
		}
	}
	return holder
}

// waits waits until the visitor stands in line.
func (c *client) waits() {
	c.t.Helper()
	c.until("a place in line", func() bool { return c.lastKind() == "queued" })
}

// lastKind is what the log says last about where the session is.
func (c *client) lastKind() string {
	for _, e := range slices.Backward(c.view(c.mine()).events) {
		if slices.Contains([]string{"queued", "assigned", "closed", "opened"}, e.Body.Kind) {
			return e.Body.Kind
		}
	}
	return ""
}

// goes says that an agent is online, away or offline.
func (c *client) goes(status string) { c.t.Helper(); c.goesWith(fields{"status": status}) }

// hasSeat waits until an agent has a free one. Functions give a seat back after
// the end that everybody sees; where one dies in between, a sweep does.
func (p *play) hasSeat(a *client) {
	p.Helper()
	free := func() bool {
		var floor struct{ Agents []agentInfo }
		p.call(p.T, http.MethodGet, "/v1/floor", nil, &floor)
		return slices.ContainsFunc(floor.Agents, func(x agentInfo) bool {
			return x.ID == a.id() && x.Status == "online" && x.Held < x.Capacity
		})
	}
	p.within(20, p.host.Profile.Heal, a.name+" has a free seat", func() {
		for begun := time.Now(); !free() && time.Since(begun) < p.longest(); {
			a.sit(healing)
		}
	})
}

// offers is online, with so many seats.
func (c *client) offers(seats int) {
	c.t.Helper()
	c.goesWith(fields{"status": "online", "capacity": seats})
}

func (c *client) goesWith(f fields) {
	c.t.Helper()
	is := func(a agentInfo) bool {
		return a.ID == c.id() && a.Status == f["status"] && (f["capacity"] == nil || a.Capacity == f["capacity"])
	}
	at := -1
	for at < 0 { // it has no number, so a client repeats it until it sees the effect
		said := time.Now()
		c.say(f.of("status"))
		c.until("their presence", func() bool {
			at = slices.IndexFunc(c.inbox, func(p frame) bool { return p.Type == "presence" && slices.ContainsFunc(p.Agents, is) })
			return at >= 0 || c.p.host.Profile.Gateway && time.Since(said) > patience/8
		})
	}
	c.inbox = slices.Delete(c.inbox, at, at+1)
}

// opens reads a conversation from its beginning, as the console does before it
// shows one.
func (c *client) opens(v *client) *view {
	c.t.Helper()
	seen := c.view(v.mine())
	c.ask(seen)
	c.until("the log", func() bool { return !seen.ahead })
	return seen
}

// takes holds a visitor's session from now on.
func (c *client) takes(v *client) {
	c.t.Helper()
	c.does("take", v.mine(), fields{"session": v.session()})
}

// ends closes the session.
func (c *client) ends(v *client) {
	c.t.Helper()
	c.does("end", v.mine(), fields{"session": v.session()})
}

// knows reports whether a client was ever sent a text, in whatever frame.
func (c *client) knows(words string) bool {
	return slices.ContainsFunc(c.all, func(f frame) bool { return strings.Contains(string(f.raw), words) })
}

// isSentAway waits for the end of the link. Before it the host must have said
// why, by an error or a bye, for not every transport has close codes; where
// they can be seen, it must be that one.
func (c *client) isSentAway(want code, closed int) {
	c.t.Helper()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !c.ended {
		select {
		case f, ok := <-c.link.frames():
			if ok {
				c.receive(f)
			} else {
				c.ended = true
			}
		case <-limit.C:
			c.t.Fatalf("%s is still connected; it was told %q", c.name, c.words)
		}
	}
	if got := c.link.status(); c.p.host.Profile.Gateway && (got == 1007 || got == 1009) {
		return // it never came to the host
	}
	if !slices.Contains(c.words, want) && !slices.Contains(c.words, code(strconv.Itoa(closed))) {
		c.t.Errorf("%s is told %q, want %q or %d", c.name, c.words, want, closed)
	}
	if got := c.link.status(); c.via == "ws" && c.p.host.Profile.CloseCodes && got != closed {
		c.t.Errorf("%s is closed with %d, want %d", c.name, got, closed)
	}
}
