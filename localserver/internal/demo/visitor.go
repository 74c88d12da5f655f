package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"kefu/core"
)

// guest is a visitor during one visit.
type guest struct {
	*client
	stage   Stage
	script  script
	story   story
	lines   []string // what they have left to say
	session uint32   // 0: they have said nothing yet
	impatient,
	asked bool // they asked whether anybody is there
	done bool
}

// visit is one visit, from the first page to the last.
func (c Cast) visit(ctx context.Context, s Stage, site core.SiteID, r *rand.Rand) error {
	stories := c.script.of(site)
	x := stories[r.IntN(len(stories))]
	hello := map[string]any{"site": string(site), "lang": c.script.lang, "page": page(s, core.Page{URL: "/demo/", Title: c.script.words["shop"]})}
	if x.name != "" && r.IntN(3) > 0 {
		token, err := c.vouch(site, x.name, r, s.Now())
		if err != nil {
			return err
		}
		hello["user"] = map[string]any{"token": token}
	}
	conn, _, err := dial(ctx, s.URL, origin(r), hello)
	if err != nil {
		return err
	}
	defer conn.close()
	g := &guest{client: conn, stage: s, script: c.script, story: x}
	for _, l := range x.lines {
		if l.visitor {
			g.lines = append(g.lines, l.text)
		}
	}
	return g.stay(r)
}

// vouch is what the shop's own server says of who is logged in there.
func (c Cast) vouch(site core.SiteID, name string, r *rand.Rand, now time.Time) (string, error) {
	return jwt.NewWithClaims(jwt.SigningMethodHS256, jwt.MapClaims{
		"aud": string(site), "sub": fmt.Sprintf("customer-%04d", 5000+r.IntN(5000)), "name": name, "exp": now.Add(12 * time.Hour).Unix(),
	}).SignedString([]byte(c.secret))
}

func page(s Stage, p core.Page) map[string]any {
	return map[string]any{"url": s.URL + p.URL, "title": p.Title}
}

// How long visitors do things, in seconds.
const (
	untilNext     = 6   // page or word
	looksAround   = 90  // who has nothing to ask
	untilAsks     = 60  // without an answer, whether anybody is there
	untilGives    = 240 // and after that they leave
	beforeLeaving = 5
)

// stay looks around, asks or not, and leaves. One visitor in four has nothing to
// ask, unless an agent does.
func (g *guest) stay(r *rand.Rand) error {
	wait := func(seconds int) time.Duration { return time.Duration(seconds) * g.stage.Second }
	next := time.NewTimer(wait(r.IntN(untilNext)))
	defer next.Stop()
	ping := time.NewTicker(pinging)
	defer ping.Stop()
	if err := g.send(map[string]any{"type": "page", "page": page(g.stage, g.story.page)}); err != nil {
		return err
	}
	shy := r.IntN(4) == 0
	for !g.done {
		var after int
		var err error
		select {
		case <-g.ctx.Done():
			return nil
		case f, ok := <-g.in:
			if !ok {
				return errOver
			}
			if after = g.hear(f); after == 0 {
				continue
			}
			after += r.IntN(untilNext)
		case <-next.C:
			if shy && g.session == 0 {
				after, shy = looksAround, false // and then leaves
				g.lines = nil
				break
			}
			after, err = g.act()
		case <-ping.C:
			if err := g.send(map[string]any{"type": "ping"}); err != nil {
				return err
			}
			continue
		}
		if err != nil {
			return err
		}
		next.Reset(wait(after))
	}
	return nil
}

// hear takes in a frame, and says after how many seconds they act on it; 0: it
// is nothing to act on.
func (g *guest) hear(f frame) (after int) {
	switch {
	case f.Type == "invite" && len(g.lines) == 0 && g.session == 0: // they had not thought of asking
		g.lines = []string{g.story.lines[0].text}
		return untilNext
	case f.Type == "invite":
		return 1
	case f.Type != "event":
		return 0
	}
	g.session = f.Session
	switch {
	case f.Body.Kind == "closed":
		g.lines, g.done = nil, true
	case f.By.Kind == "agent":
		g.impatient, g.asked = false, false
		return untilNext
	}
	return 0
}

// act does what comes next, and says how long they wait for an answer then.
func (g *guest) act() (patience int, err error) {
	switch {
	case g.impatient && g.asked:
		g.done = true
		if err := g.say("", g.script.words["gone"]); err != nil {
			return 0, err
		}
		return 0, g.end()
	case g.impatient:
		g.asked = true
		return untilGives, g.say("", g.script.words["waiting"])
	case len(g.lines) > 0:
		text := g.lines[0]
		g.lines = g.lines[1:]
		if g.impatient = len(g.lines) > 0; !g.impatient {
			return beforeLeaving, g.say("", text) // the last word
		}
		return untilAsks, g.say("", text)
	}
	g.done = true
	if g.session == 0 {
		return 0, nil
	}
	return 0, g.end()
}

// end closes the session and says how it was.
func (g *guest) end() error {
	if g.session == 0 {
		return nil
	}
	if err := g.numbered("", map[string]any{"type": "end", "session": g.session}); err != nil {
		return err
	}
	if g.asked {
		return nil
	}
	return g.numbered("", map[string]any{"type": "rate", "session": g.session, "score": 5})
}
