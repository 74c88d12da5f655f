package hosttest

import (
	"net/http"
	"slices"
	"time"
)

// Stories of who may do what; promise 14.

// right is a line of the table: who sends which frame into a conversation
// that an agent holds, and what comes of it; "": it is allowed.
type right struct {
	who  string
	typ  string
	with fields
	want code
}

// rights walks role x frame. The roles: the visitor; another visitor, who
// names that conversation; the agent who holds it; a colleague of the group;
// an agent of no group; a supervisor; an admin. What ends or moves the session
// comes last.
func rights(to *client) []right {
	said, note := fields{"body": text("x")}, fields{"body": text("x"), "internal": true}
	first, there := fields{"session": 1}, fields{"seq": 1}
	to1 := fields{"session": 1, "to": fields{"agent": to.id()}}
	score := fields{"session": 1, "score": 5}
	away := fields{"status": "away"}
	return slices.Concat(
		row("visitor", "", "send", said, "read", there, "typing", nil, "after", there, "before", there, "ping", nil, "human", first, "rate", score),
		row("visitor", "forbidden", "send", note, "take", first, "transfer", to1, "reopen", first, "status", away, "watch", fields{"conversations": []string{}},
			"send", fields{"body": fields{"kind": "options", "text": "?", "options": []string{"a"}}}),
		row("stranger", "forbidden", "send", said, "read", there, "typing", nil, "after", there, "before", there, "human", first, "rate", score, "end", first,
			"take", first, "transfer", to1, "reopen", first),
		row("holder", "", "send", said, "send", note, "read", there, "typing", nil, "after", there, "before", there, "ping", nil, "take", first,
			"send", fields{"body": fields{"kind": "options", "text": "?", "options": []string{"a", "b"}}}),
		row("holder", "forbidden", "human", first, "rate", score),
		row("colleague", "", "send", note, "read", there, "after", there, "before", there, "status", away),
		row("colleague", "forbidden", "send", said, "human", first, "rate", score),
		row("colleague", "conflict", "take", first, "transfer", to1, "end", first),
		row("outsider", "forbidden", "send", said, "send", note, "read", there, "typing", nil, "after", there, "before", there, "take", first, "transfer", to1,
			"end", first, "reopen", first, "human", first, "rate", score),
		row("supervisor", "", "send", said, "send", note, "read", there, "typing", nil, "after", there, "before", there, "status", away),
		row("supervisor", "forbidden", "human", first, "rate", score),
		row("admin", "", "send", said, "send", note, "after", there, "before", there),
		row("admin", "forbidden", "human", first, "rate", score),
		row("supervisor", "", "transfer", to1), // to the colleague, so the holder held it
		row("holder", "conflict", "send", said, "end", first, "transfer", to1, "take", first),
		row("holder", "", "after", there),
		row("admin", "", "end", first),
		row("visitor", "", "end", first),
		row("supervisor", "conflict", "send", said, "send", note, "take", first, "transfer", to1),
	)
}

// row makes lines of pairs of a type and its fields.
func row(who string, want code, frames ...any) (lines []right) {
	for i := 0; i < len(frames); i += 2 {
		with, _ := frames[i+1].(fields)
		lines = append(lines, right{who: who, typ: frames[i].(string), with: with, want: want})
	}
	return lines
}

func tellRights(p *play) {
	people := map[string]*client{
		"visitor": p.visitor("visitor"), "stranger": p.visitor("stranger"), "holder": p.agent("holder"), "colleague": p.agent("colleague"),
		"outsider": p.desk("outsider", p.hire(p.T, "agent", []string{})), "supervisor": p.staff("supervisor", "supervisor"), "admin": p.desk("admin", p.admin),
	}
	v := people["visitor"]
	people["holder"].offers(1)
	v.writes("hello")
	v.isHeldBy(people["holder"].id())
	for _, x := range []string{"colleague", "supervisor", "admin"} {
		people[x].goesWith(fields{"status": "away", "capacity": 5})
	}
	people["colleague"].offers(5)
	for _, r := range rights(people["colleague"]) {
		c := people[r.who]
		if c == people["colleague"] && r.typ == "status" {
			continue // the supervisor's transfer needs them on duty
		}
		if got := c.outcome(v, r); got != r.want {
			p.Errorf("a %s sends %s %v: %q, want %q", r.who, r.typ, r.with, got, r.want)
		}
	}
	if people["stranger"].view(v.mine()).last() != 0 || people["outsider"].view(v.mine()).last() != 0 {
		p.Error("promise 14: who may not read it has part of the log")
	}
}

// outcome sends a frame and returns the code of the error that answers it, or
// "" if none does.
func (c *client) outcome(v *client, r right) code {
	c.t.Helper()
	if slices.Contains([]string{"send", "human", "end", "rate", "take", "transfer", "reopen", "edit", "recall"}, r.typ) {
		if c.visitor() && c != v {
			r.with = r.with.of(r.typ)
			r.with["conversation"] = v.mine()
		}
		return c.numbered(r.typ, v.mine(), r.with).Code
	}
	f := r.with.of(r.typ)
	if c != v && r.typ != "status" && r.typ != "watch" {
		f["conversation"] = v.mine()
	}
	c.settle()
	c.inbox = slices.DeleteFunc(c.inbox, is("error"))
	c.say(f)
	c.settle()
	if r.want != "" {
		return c.await("a refusal of "+r.typ, is("error")).Code
	}
	if i := slices.IndexFunc(c.inbox, is("error")); i >= 0 {
		return c.inbox[i].Code
	}
	return ""
}

// What the API of the console reads, it reads by the same rights.
func tellReadingByAPI(p *play) {
	a, outsider := p.agent("Li"), p.desk("outsider", p.hire(p.T, "agent", []string{}))
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("a secret")
	v.isHeld()
	for path, statuses := range map[string][3]int{ // the holder, an agent of no group, nobody
		"/v1/conversations/" + v.mine():             {200, 403, 401},
		"/v1/conversations/" + v.mine() + "/events": {200, 403, 401},
		"/v1/conversations/nothing":                 {404, 404, 401},
		"/v1/agents":                                {200, 200, 401},
	} {
		for i, token := range []string{a.token, outsider.token, "garbage"} {
			if status, got := p.request(p.T, token, http.MethodGet, path, nil); status != statuses[i] {
				p.Errorf("%s, token %d: %d %.200s, want %d", path, i, status, got, statuses[i])
			}
		}
	}
	if status, _ := p.request(p.T, v.token, http.MethodGet, "/v1/conversations", nil); status != http.StatusUnauthorized {
		p.Errorf("a visitor's token reads the list: %d", status)
	}
}

// A right that is taken away ends the connection that had it.
func tellRevoked(p *play) {
	disabled, changed, moved := p.hire(p.T, "agent", []string{"default"}), p.hire(p.T, "agent", []string{"default"}), p.hire(p.T, "agent", []string{"default"})
	a, b, c := p.desk("who is dismissed", disabled), p.desk("who changed the password", changed), p.desk("who was promoted", moved)
	for _, x := range []*client{a, b, c} {
		x.goes("away")
	}
	p.within(14, p.host.Profile.Rights, "who has no right is sent away", func() {
		disabled.gone, changed.gone = true, true
		p.call(p.T, http.MethodDelete, "/v1/agents/"+disabled.id, nil, nil)
		p.call(p.T, http.MethodPatch, "/v1/agents/"+changed.id, fields{"password": "another-walnut-43-meadow"}, nil)
		p.call(p.T, http.MethodPatch, "/v1/agents/"+moved.id, fields{"role": "supervisor"}, nil)
		a.isSentAway("forbidden", 4501)
		b.isSentAway("forbidden", 4501)
		c.isSentAway("4000", 4000) // they come back, as what they are now
	})
	a.open()
	a.say(a.helloFrame())
	a.isSentAway("forbidden", 4501)
	c.connect()
	if lag := p.host.Profile.Lag; lag > 0 && c.welcome.Role == "agent" { // by a copy that is not read again yet
		<-time.After(lag)
		c.connect()
	}
	if c.welcome.Role != "supervisor" {
		p.Errorf("promoted, and welcome as %s", c.welcome.Role)
	}
}

// Nobody reads a log by guessing a name, and a token of one site is none of
// another.
func tellStrangersConversation(p *play) {
	v, w := p.visitor("Mei"), p.visitor("Hua")
	v.writes("a secret")
	for _, typ := range []string{"after", "before"} {
		w.say(fields{"conversation": v.mine(), "seq": 0}.of(typ))
		if e := w.await("a refusal", is("error")); e.Code != "forbidden" {
			p.Errorf("%s: %s", typ, e.raw)
		}
	}
	w.writes("my own")
	w.settle()
	if w.knows("a secret") {
		p.Error("promise 14: a visitor was sent what another one said")
	}
}
