package hosttest

import (
	"slices"
	"strings"
	"time"
)

// Stories of edit and recall.

func tellEdit(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	if v.welcome.Site.Edit <= 0 {
		p.Errorf("the page is not told how long a message can be edited: %s", v.welcome.raw)
	}
	seq := v.writes("my pasword is walnut")
	v.isHeldBy(a.id())
	a.sees(v, "my pasword is walnut")
	v.does("edit", v.mine(), fields{"seq": seq, "body": text("my password is lost")})
	e := a.seesKind(v, "edited")
	if e.Body.Seq != seq || e.Body.Body == nil || e.Body.Body.Text != "my password is lost" || e.By.Kind != "system" || e.Internal {
		p.Errorf("edited: %+v", e)
	}
	a.fails("forbidden", "edit", v.mine(), fields{"seq": seq, "body": text("not mine")})
	a.fails("not_found", "edit", v.mine(), fields{"seq": 9999, "body": text("nothing there")})
	v.fails("invalid", "edit", v.mine(), fields{"seq": seq})

	v.does("recall", v.mine(), fields{"seq": seq})
	if e := a.seesKind(v, "recalled"); e.Body.Seq != seq || e.Internal {
		p.Errorf("recalled: %+v", e)
	}
	late := p.tab(v)
	for _, log := range [][]event{p.log(p.T, v.mine()), late.welcome.Events} {
		i := slices.IndexFunc(log, func(e event) bool { return e.Seq == seq })
		if i < 0 || log[i].Body.Kind != "tombstone" || log[i].Body.Text != "" {
			p.Errorf("promise 4: a recalled event keeps its place, and this is the log: %v", log)
		}
	}
	_, api := p.request(p.T, p.admin.token, "GET", "/v1/conversations/"+v.mine()+"/events?after=0&limit=200", nil)
	for _, words := range []string{"walnut", "is lost"} {
		if late.knows(words) || strings.Contains(string(api), words) {
			p.Errorf("%q was recalled, and is still told", words)
		}
	}
	if a.fails("forbidden", "recall", v.mine(), fields{"seq": seq + 1}); p.head(v).Phase != "held" {
		p.Error("an edit moved the session")
	}
}

// An edit or recall of a note is one itself.
func tellEditNote(p *play) {
	a := p.agent("Li")
	a.offers(1)
	v := p.visitor("Mei")
	v.writes("hello")
	v.isHeldBy(a.id())
	seq := a.notes(v, "looks like fraud")
	a.does("edit", v.mine(), fields{"seq": seq, "body": text("looks honest")})
	a.does("recall", v.mine(), fields{"seq": seq})
	a.tells(v, "good morning")
	v.sees(v, "good morning")
	v.say(fields{"seq": 0}.of("after"))
	v.settle()
	for _, words := range []string{"fraud", "honest", "edited", "recalled", "tombstone"} {
		if v.knows(words) {
			p.Errorf("promise 14: the visitor was shown %q", words)
		}
	}
}

// After the site's limit it is too late.
func tellEditLate(p *play) {
	p.site(func(site fields) { site["edit"] = "1s" })
	v := p.visitor("Mei")
	seq := v.writes("hello")
	v.sit(1100 * time.Millisecond)
	v.fails("conflict", "edit", v.mine(), fields{"seq": seq, "body": text("hallo")})
	v.fails("conflict", "recall", v.mine(), fields{"seq": seq})
}
