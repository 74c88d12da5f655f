package hosttest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Stories of how a connection begins, and what is no frame.

func tellWelcome(p *play) {
	v := p.visitor("Mei", fields{"lang": "zh-CN"})
	w := v.welcome
	if w.V != 1 || w.Role != "visitor" || w.Token == "" || w.Epoch == "" || w.Visitor.ID == "" || w.N != 0 || w.Reset || w.More {
		p.Errorf("%s", w.raw)
	}
	if w.Heartbeat.Every != 25 || w.Heartbeat.Max != 50 || w.Limits.Text != 4000 || w.Limits.Frame != maxMessage || w.Limits.Batch != maxBatch {
		p.Errorf("heartbeat and limits: %s", w.raw)
	}
	if w.Site.Name == "" || !w.Site.Open || !strings.Contains(string(w.raw), `"events":[]`) {
		p.Errorf("the site, or events that are null: %s", w.raw)
	}
	for _, f := range []Feature{Watch, Edit, Poll} {
		switch does := slices.Contains(w.Features, string(f)); {
		case does && !p.host.Profile.has(f):
			p.Errorf("the host does %q; have its Profile say so, and the stories of it are told", f)
		case !does && p.host.Profile.has(f):
			p.Errorf("the Profile claims %q, and the welcome says %v", f, w.Features)
		}
	}
	if h := w.Conversation.Head; h.ID == "" || h.Phase != "none" || h.Seq != 0 {
		p.Errorf("nothing was said, and the head is %+v", h)
	}

	a := p.agent("Li")
	w = a.welcome
	if w.V != 1 || w.Role != "agent" || w.Epoch != v.epoch || w.Heartbeat.Every != cmp.Or(p.host.Profile.Beat, 10) || w.Agent.ID != a.as.id || w.Agent.Status != "offline" {
		p.Errorf("%s", w.raw)
	}
	if !slices.ContainsFunc(w.Agents, func(x agentInfo) bool { return x.ID == a.as.id }) {
		p.Errorf("an agent is not among the staff: %s", w.raw)
	}
	if slices.ContainsFunc(p.list(p.T, ""), func(h head) bool { return h.ID == v.mine() }) {
		p.Error("a hello opened a session")
	}
}

func tellHelloRefused(p *play) {
	v := p.visitor("the first")
	foreign := v.token[:len(v.token)-2] + "xx"
	for name, test := range map[string]struct {
		hello  fields
		code   code
		closed int
	}{
		"another version":        {fields{"v": 2}, "unsupported", 4502},
		"no version":             {fields{"v": nil}, "unsupported", 4502},
		"a short origin":         {fields{"origin": "short"}, "invalid", 4502},
		"an origin of letters":   {fields{"origin": "origin with spaces"}, "invalid", 4502},
		"no such site":           {fields{"site": "nowhere"}, "not_found", 4501},
		"a token of nobody":      {fields{"token": "garbage"}, "unauthorized", 4500},
		"a token that is forged": {fields{"token": foreign}, "unauthorized", 4500},
		"a cursor of words":      {fields{"after": "all"}, "invalid", 4502},
		"a cursor below zero":    {fields{"after": -1}, "invalid", 4502},
		"a very long tag":        {fields{"tag": strings.Repeat("t", 65)}, "too_large", 4502},
		"a very long page":       {fields{"page": fields{"url": strings.Repeat("u", 2049)}}, "too_large", 4502},
	} {
		c := p.stranger(name, test.hello)
		c.open()
		c.say(c.helloFrame())
		c.isSentAway(test.code, test.closed)
	}
}

// Nothing but a hello is served before the welcome, and a second one never.
func tellHelloComesFirst(p *play) {
	for _, f := range []fields{
		fields{}.of("ping"), {"type": "send", "origin": "origin-1", "n": 1, "body": text("hi")}, fields{"seq": 0}.of("after"),
		fields{"status": "online"}.of("status"),
	} {
		c := p.stranger("who says no hello")
		c.open()
		c.say(f)
		c.isSentAway("invalid", 4502)
	}
	v := p.visitor("who says it twice")
	v.say(v.helloFrame())
	if e := v.await("an error", is("error")); e.Code != "invalid" {
		p.Errorf("a second hello: %s", e.raw)
	}
	v.writes("still here")
}

// wrong are messages of a client that is welcome, and what each is answered
// with; of those with an n, under that number.
var wrong = []struct {
	message string
	code    code
	n       uint64
}{
	{``, "invalid", 0}, {`null`, "invalid", 0}, {`5`, "invalid", 0}, {`"ping"`, "invalid", 0}, {`{}`, "invalid", 0}, {`{`, "invalid", 0},
	{`[]`, "invalid", 0}, {`[{"type":"ping"}`, "invalid", 0}, {`{"type":"nonsense"}`, "invalid", 0}, {`{"type":"welcome"}`, "invalid", 0},
	{`{"type":5}`, "invalid", 0}, {`{"type":"ping","next":"soon"}`, "invalid", 0}, {`{"type":"ping","next":601}`, "invalid", 0},
	{`{"type":"after","seq":-1}`, "invalid", 0}, {`{"type":"after","seq":1.5}`, "invalid", 0}, {`{"type":"after","seq":0,"limit":201}`, "invalid", 0},
	{`{"type":"before","seq":9007199254740993}`, "invalid", 0}, {`{"type":"read","seq":[]}`, "invalid", 0},
	{strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), "invalid", 0},
	{`{"type":"ping","x":` + strings.Repeat(`{"a":`, 5_000) + `1` + strings.Repeat(`}`, 5_000) + `}`, "", 0}, // deep, and JSON: the field is ignored
	{`{"type":"nonsense","origin":"origin-1","n":4}`, "invalid", 4},
	{`{"type":"send","n":1,"body":{"kind":"text","text":"x"}}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","body":{"kind":"text","text":"x"}}`, "invalid", 0},
	{`{"type":"send","origin":"origin-1","n":1}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":"x"}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text","text":"  "}}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text","text":"a\u0000b"}}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"closed"}}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"options","text":"?","options":[]}}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":0,"body":{"kind":"text","text":"x"}}`, "invalid", 0},
	{`{"type":"human","origin":"origin-1","n":1}`, "invalid", 1}, {`{"type":"rate","origin":"origin-1","n":1,"session":1,"score":6}`, "invalid", 1},
	{`{"type":"send","origin":"origin-1","n":1,"body":{"kind":"text","text":"` + strings.Repeat("字", 4001) + `"}}`, "too_large", 1},
	{`[` + strings.Repeat(`{"type":"ping"},`, maxBatch) + `{"type":"ping"}]`, "too_large", 0},
	{`{"type":"ping","x":"` + strings.Repeat("x", maxMessage) + `"}`, "too_large", 0},
}

// Whatever comes is answered: no crash, and no silence.
func tellWrongShapes(p *play) {
	var v *client
	for i, w := range wrong {
		if len(w.message) > maxMessage && p.host.Profile.Gateway {
			sender := p.visitor("who sends too much")
			sender.raw(w.message)
			sender.isSentAway(w.code, 1009)
			continue
		}
		if i%7 == 0 { // ten in a minute are one too many
			v = p.visitor(fmt.Sprintf("visitor %d", i/7))
		}
		v.raw(w.message)
		if w.code == "" {
			v.await("a pong", is("pong"))
			continue
		}
		if e := v.await("an error for "+w.message[:min(len(w.message), 80)], is("error")); e.Code != w.code || e.N != w.n || e.Message == "" {
			p.Errorf("%.80s: %s, want %s of n %d", w.message, e.raw, w.code, w.n)
		}
	}
	v.writes("still here")
}

func tellTenWrongOnes(p *play) {
	v := p.visitor("who does not give up")
	for range 9 {
		v.raw("nonsense")
		if !p.host.Profile.Ordered { // each process counts what it sees; in turn, one of them sees them all
			v.await("an error", is("error"))
		}
	}
	v.writes("nine are forgiven")
	v.raw("nonsense")
	for i := 0; i < 30 && !p.host.Profile.Ordered && !v.ended; i++ {
		v.hears(patience/8, is("error"))
		if v.link.send("nonsense") != nil {
			break
		}
	}
	v.isSentAway("invalid", 4502)
	p.visitor("somebody else").writes("and nobody else is sent away")
}

// A text frame whose bytes are no characters.
func tellNotUTF8(p *play) {
	v := p.visitor("who speaks Latin-1")
	v.raw("{\"type\":\"ping\",\"x\":\"\xe9\"}")
	v.isSentAway("invalid", 1007)
}

// A batch is served in its order, a bad frame in it does no harm.
func tellBatches(p *play) {
	a := p.agent("Li")
	a.offers(5)
	v := p.visitor("Mei")
	id := v.mine()
	var batch []fields
	for i := range maxBatch {
		batch = append(batch, fields{"origin": v.origin, "n": i + 1, "body": text(fmt.Sprintf("message %d", i+1))}.of("send"))
	}
	batch[10] = fields{"next": 20}.of("ping") // one that is no message, and one that is nothing
	batch[20] = fields{"what": "?"}.of("nonsense")
	for i, n := 0, 1; i < len(batch); i++ {
		if batch[i]["type"] == "send" {
			batch[i]["n"] = n
			n++
		}
	}
	v.say(batch...)
	v.await("the ack of the last", func(f frame) bool { return f.Type == "ack" && f.N == maxBatch-2 })
	v.await("the pong", is("pong"))
	if e := v.await("an error", is("error")); e.Code != "invalid" {
		p.Errorf("the bad one: %s", e.raw)
	}
	a.sees(v, "message 64")
	var want []string
	for i := range batch {
		if b, ok := batch[i]["body"].(fields); ok {
			want = append(want, b["text"].(string))
		}
	}
	var got []string
	for _, e := range p.log(p.T, id) {
		if e.Body.Kind == "text" {
			got = append(got, e.Body.Text)
		}
	}
	if !slices.Equal(got, want) {
		p.Errorf("promise 6: %q", got)
	}
}
