package hosttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// Stories of limits and of what an admin decides about a site.

// after is so once d has passed.
func after(d time.Duration) func() bool {
	begun := time.Now()
	return func() bool { return time.Since(begun) >= d }
}

// What is too long is refused and said to be; a character is one, whatever it
// takes on the wire.
func tellLimits(p *play) {
	v := p.visitor("Mei")
	for _, c := range []string{"a", "é", "客", "🙂"} {
		v.writes(strings.Repeat(c, 4000))
		v.fails("too_large", "send", v.mine(), fields{"body": text(strings.Repeat(c, 4001))})
	}
	v.fails("invalid", "send", v.mine(), fields{"body": text(" \n ")})
	v.fails("invalid", "send", v.mine(), fields{"body": fields{"kind": "assigned"}})
	v.fails("forbidden", "send", v.mine(), fields{"body": fields{"kind": "options", "text": "?", "options": []string{"a"}}})
	v.fails("too_large", "rate", v.mine(), fields{"session": 1, "score": 5, "comment": strings.Repeat("x", 4001)})
	v.does("rate", v.mine(), fields{"session": 1, "score": 5, "comment": strings.Repeat("x", 4000)})
}

// Markup is a text like any other.
func tellMarkup(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	for _, s := range []string{`<script>alert(1)</script>`, "a\u2028b", "\u202eabc", `"}],"x":`, "👩‍👩‍👧", "\ufffe"} {
		v.writes(s)
		a.sees(v, s)
	}
}

// Who sends too fast is told so, of each frame of a message that was not
// looked at, and when to come back; nobody else is slowed down.
func tellRate(p *play) {
	v, other := p.visitor("who is in a hurry"), p.visitor("who is not")
	n, refused := 1, frame{}
	for ; refused.Type == "" && n < 3000; n += 50 {
		var batch []fields
		for i := range 50 {
			batch = append(batch, fields{"origin": v.origin, "n": n + i, "body": text(fmt.Sprintf("message %d", n+i))}.of("send"))
		}
		v.say(batch...)
		answer := v.await("an answer to the last", func(f frame) bool {
			return (f.Type == "ack" || f.Type == "error") && f.N == uint64(n+49)
		})
		if answer.Type == "error" {
			refused = answer
			n -= 50
		}
	}
	if refused.Code != "rate_limited" || refused.Retry <= 0 || refused.Retry > 60 {
		p.Fatalf("promise 22: %d messages at once, and %s", n, refused.raw)
	}
	for i := range 49 {
		v.await("a refusal of each", func(f frame) bool { return f.Type == "error" && f.Code == "rate_limited" && f.N == uint64(n+i) })
	}
	other.writes("who is not is served at once")
	v.view(v.mine()).next = uint64(n) // it was not looked at, so the number is still free
	v.sit(time.Duration(refused.Retry * float64(time.Second)))
	v.writes("and now slowly")
	if log := p.log(p.T, v.mine()); slices.ContainsFunc(log, func(e event) bool { return e.Body.Text == fmt.Sprintf("message %d", n) }) {
		p.Error("promise 10: what was refused is stored")
	}
}

// Silence: an agent who owes a word loses the session to another, and the
// visitor is warned before it is closed.
func tellSilence(p *play) {
	p.site(func(site fields) {
		timeouts, _ := site["timeouts"].(map[string]any)
		timeouts["agent"] = "1s"
	})
	a, b := p.agent("Li"), p.agent("Wang")
	a.offers(5)
	v := p.visitor("Mei")
	v.writes("hello?")
	v.isHeldBy(a.id())
	b.offers(5)
	e := v.seesKind(v, "released")
	if e.Body.Reason != "silent" || e.Body.Agent.ID != a.id() {
		p.Errorf("released: %+v", e.Body)
	}
	v.isHeldBy(b.id()) // and not by who slept
	b.tells(v, "sorry for the wait")
	a.fails("conflict", "send", v.mine(), fields{"body": text("I am here!")}) // promise 12
}

func tellVisitorSilent(p *play) {
	p.site(func(site fields) {
		timeouts, _ := site["timeouts"].(map[string]any)
		timeouts["visitor"], timeouts["warning"] = "3s", "2s"
	})
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	a.tells(v, "what can I do for you?")
	v.seesKind(v, "warned")
	if e := v.seesKind(v, "closed"); e.Body.Reason != "silent" {
		p.Errorf("closed: %+v", e.Body)
	}
}

// Offline by hand: what is held waits again, after the answer timeout at the
// latest, and somebody else takes it.
func tellOffline(p *play) {
	p.site(func(site fields) {
		timeouts, _ := site["timeouts"].(map[string]any)
		timeouts["agent"] = "1s"
	})
	a, b := p.agent("Li"), p.agent("Wang")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	b.offers(1)
	a.goes("offline")
	v.isHeldBy(b.id())
}

// Pages of other origins may not use a site that lists its own.
func tellOrigins(p *play) {
	p.site(func(site fields) { site["origins"] = []string{"https://shop.example"} })
	bad := p.stranger("on another page")
	bad.page = "https://evil.example"
	bad.via = "ws"
	bad.open()
	bad.say(bad.helloFrame())
	bad.isSentAway("forbidden", 4501)
	good := p.stranger("on the page")
	good.page = "https://shop.example"
	good.connect()
}

// sign is a JWT as a site's own server makes one: HS256.
func sign(p *play, secret string, claims fields) string {
	part := func(v any) string {
		data, err := json.Marshal(v)
		if err != nil {
			p.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(data)
	}
	head := part(fields{"alg": "HS256", "typ": "JWT"}) + "." + part(claims)
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(head))
	return head + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// A site vouches for its users: who comes as one is known, on every device,
// and who was anonymous before keeps the conversation.
func tellUsers(p *play) {
	secret := strings.Repeat("walnut-", 8)
	p.site(func(site fields) { site["users"] = fields{"required": false, "secrets": []string{secret}} })
	sub := p.newOrigin()
	claims := func(more fields) fields {
		c := fields{"aud": "default", "sub": sub, "name": "Mei Lin", "exp": time.Now().Add(time.Hour).Unix(), "iat": time.Now().Unix()}
		for k, v := range more {
			c[k] = v
		}
		return c
	}
	token := func(s string, more fields) fields { return fields{"user": fields{"token": sign(p, s, claims(more))}} }
	v := p.visitor("Mei")
	v.writes("nobody knows me yet")
	v.leave()
	v.hello = token(secret, nil)
	v.connect()
	if v.welcome.Visitor.Name != "Mei Lin" || !slices.Contains(v.texts(v), "nobody knows me yet") {
		p.Errorf("who is known now keeps the conversation: %s", v.welcome.raw)
	}
	phone := p.visitor("Mei's telephone", token(secret, nil))
	if phone.id() != v.id() || phone.mine() != v.mine() {
		p.Errorf("%s and %s are the same user", phone.id(), v.id())
	}
	for name, hello := range map[string]fields{
		"another secret":    token(secret+"x", nil),
		"another site":      token(secret, fields{"aud": "elsewhere"}),
		"of yesterday":      token(secret, fields{"exp": time.Now().Add(-24 * time.Hour).Unix()}),
		"without an end":    token(secret, fields{"exp": nil}),
		"no token at all":   {"user": fields{"token": "garbage"}},
		"without signature": {"user": fields{"token": base64.RawURLEncoding.EncodeToString([]byte(`{"alg":"none"}`)) + ".e30."}},
	} {
		c := p.stranger(name, hello)
		c.open()
		c.say(c.helloFrame())
		c.isSentAway("unauthorized", 4500)
	}
}

// Who is blocked is sent away, and does not come back.
func tellBlocked(p *play) {
	v, w := p.visitor("who was rude"), p.visitor("who was not")
	v.writes("!!!")
	p.within(14, p.host.Profile.Rights, "the blocked visitor is sent away", func() {
		p.call(p.T, http.MethodPost, "/v1/blocks", fields{"visitor": v.id(), "reason": "rude"}, nil)
		v.isSentAway("forbidden", 4501)
	})
	v.open()
	v.say(v.helloFrame())
	v.isSentAway("forbidden", 4501)
	w.writes("and nobody else is")
}
