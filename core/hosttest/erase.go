package hosttest

import (
	"bytes"
	"net/http"
	"slices"
)

// A visitor is erased in the middle of a conversation: nothing that the API
// gives away says their words any more, the seat is free, and who comes back
// with the old token begins anew.
func tellErased(p *play) {
	a, v := p.agent("Li"), p.visitor("Jane")
	a.offers(1)
	v.writes("my card is 4111-walnut")
	v.isHeldBy(a.id())
	a.opens(v)
	a.tells(v, "4111-walnut it is")
	a.does("tag", v.mine(), fields{"add": []string{"walnut"}})
	a.notes(v, "walnut again")
	visitor, conversation := "/v1/visitors/"+v.id(), "/v1/conversations/"+v.mine()
	if status, answer := p.request(p.T, a.as.token, http.MethodDelete, visitor, nil); status != http.StatusForbidden {
		p.Errorf("an agent erases a visitor: %d %s", status, answer)
	}
	v.token = v.welcome.Token
	p.call(p.T, http.MethodDelete, visitor, nil, nil)

	for _, path := range []string{visitor, conversation, conversation + "/events?after=0"} {
		if status, answer := p.request(p.T, p.admin.token, http.MethodGet, path, nil); status != http.StatusNotFound {
			p.Errorf("promise 18: %s answers %d %s", path, status, answer)
		}
	}
	if status, _ := p.request(p.T, p.admin.token, http.MethodDelete, visitor, nil); status != http.StatusNotFound {
		p.Errorf("erased twice: %d", status)
	}
	_, list := p.request(p.T, p.admin.token, http.MethodGet, "/v1/conversations?limit=200", nil)
	if bytes.Contains(list, []byte(v.mine())) || bytes.Contains(list, []byte("walnut")) {
		p.Errorf("promise 18: the list has %s", list)
	}
	if f := p.searches(p.admin.token, "walnut", ""); slices.ContainsFunc(f.Found, func(s said) bool { return s.Conversation.ID == v.mine() }) {
		p.Errorf("promise 18: a search finds %+v", f)
	}
	w := p.stranger("who was Jane")
	w.token = v.token
	w.connect()
	if w.id() == v.id() || w.mine() == v.mine() || w.knows("walnut") {
		p.Errorf("promise 18: %s is who was erased", w.name)
	}
	w.writes("hello")
	w.isHeldBy(a.id()) // so the seat was given back
}
