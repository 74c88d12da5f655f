package hosttest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// found is what a search of what was said answers.
type found struct {
	Found  []said
	Looked int
	Next   string
}

// said is a conversation with its newest event that has the text.
type said struct {
	Conversation head
	Event        event
}

// searches looks for a text as a member of staff; more narrows it down.
func (p *play) searches(token, text, more string) (f found) {
	p.Helper()
	status, answer := p.request(p.T, token, http.MethodGet, "/v1/search?q="+url.QueryEscape(text)+more, nil)
	if err := json.Unmarshal(answer, &f); err != nil || status != http.StatusOK {
		p.Fatalf("searching for %q%s: %d %.300s", text, more, status, answer)
	}
	return f
}

// What was said is found by whoever may read it, by the newest event that says
// it, in whatever case; and by nobody else.
func tellSearch(p *play) {
	a, outsider := p.agent("Li"), p.hire(p.T, "agent", []string{})
	a.offers(1)
	v := p.visitor("Mei")
	word := "Quittung-" + v.origin
	v.writes("where is my " + word + "? 订单在哪里")
	v.isHeldBy(a.id())
	newest := v.writes("it says " + word)
	a.tells(v, "I look for it")

	of := "&agent=" + a.id()
	for _, text := range []string{word, strings.ToUpper(word), " " + word + " "} {
		f := p.searches(a.token, text, of)
		if len(f.Found) != 1 || f.Looked < 1 || f.Found[0].Conversation.ID != v.mine() || f.Found[0].Event.Seq != newest {
			p.Errorf("searching for %q: %+v", text, f)
		}
	}
	if f := p.searches(a.token, "订单", of); len(f.Found) != 1 || f.Found[0].Event.Seq >= newest {
		p.Errorf("searching for two characters: %+v", f)
	}
	a.notes(v, "paid twice: "+word)
	if f := p.searches(a.token, word, of); len(f.Found) != 1 || !f.Found[0].Event.Internal {
		p.Errorf("the newest that says it is a note: %+v", f)
	}
	for more, want := range map[string]int{
		"&phase=held": 1, "&phase=closed": 0, "&group=default": 1, "&group=nobody": 0, "&site=default": 1, "&site=nowhere": 0,
	} {
		if f := p.searches(p.admin.token, word, of+more); len(f.Found) != want {
			p.Errorf("%s finds %d, want %d", more, len(f.Found), want)
		}
	}
	if f := p.searches(outsider.token, word, ""); len(f.Found) != 0 || f.Looked != 0 {
		p.Errorf("promise 14: an agent of no group finds %+v", f)
	}
	for _, query := range []string{"", "?q=x", "?q=%20%20", "?q=parcel&phase=sleeping", "?q=parcel&before=nonsense"} {
		if status, got := p.request(p.T, a.token, http.MethodGet, "/v1/search"+query, nil); status != http.StatusBadRequest {
			p.Errorf("/v1/search%s: %d %.200s", query, status, got)
		}
	}
	if status, _ := p.request(p.T, v.welcome.Token, http.MethodGet, "/v1/search?q="+word, nil); status != http.StatusUnauthorized {
		p.Errorf("promise 14: a visitor searches: %d", status)
	}
}
