package desk

import (
	"encoding/json"
	"slices"
	"time"

	"kefu/core"
)

// memoryVersion is of the form of Peer.Memory. A process that finds another
// one has the client come back, so there is nothing to convert.
const memoryVersion = 1

// memory is a peer as it stands in the table of a host where every frame may
// come to another process.
type memory struct {
	V       int                   `json:"v"`
	Kind    core.PartyKind        `json:"k"`
	ID      string                `json:"i"`
	Outbox  core.Origin           `json:"o,omitempty"`
	Site    core.SiteID           `json:"s,omitempty"`
	Tag     string                `json:"t,omitempty"`
	Profile *introduction         `json:"p,omitempty"`
	Tokens  uint64                `json:"g,omitempty"`
	Expires *time.Time            `json:"e,omitempty"`
	Role    core.Role             `json:"r,omitempty"`
	Sees    []core.GroupID        `json:"l,omitempty"`
	Watched []core.ConversationID `json:"w,omitempty"`
	Next    int                   `json:"n,omitempty"`
}

// introduction is what a hello said of a visitor, besides the ID and the site.
type introduction struct {
	Name     string     `json:"n,omitempty"`
	Avatar   string     `json:"a,omitempty"`
	Lang     string     `json:"l,omitempty"`
	External string     `json:"x,omitempty"`
	Page     *core.Page `json:"p,omitempty"`
	Seen     time.Time  `json:"s"`
}

// Memory is what a host keeps of a peer whose next frame may come to another
// process: who it is, what its hello said, what it watches. It is good for
// [Recall], and opaque; a few hundred bytes, and with a long page URL a few
// thousand. What may be forgotten at any time, such as how much the peer has
// sent lately, is not in it.
func (p *Peer) Memory() []byte {
	m := memory{
		V: memoryVersion, Kind: p.Who.Kind, ID: p.Who.ID, Outbox: p.Outbox, Site: p.Site, Tag: p.Tag,
		Tokens: p.tokens, Role: p.role, Sees: p.sees, Watched: p.watched,
	}
	if next := p.Next(); p.Who.Kind == core.Staff && next > agentMax { // what is shorter is no news to their lease
		m.Next = next
	}
	if !p.expires.IsZero() {
		m.Expires = &p.expires
	}
	if x := p.profile; x != nil {
		m.Profile = &introduction{Name: x.Name, Avatar: x.Avatar, Lang: x.Lang, External: x.External, Seen: x.Seen}
		if x.Page != (core.Page{}) {
			m.Profile.Page = &x.Page
		}
	}
	data, err := json.Marshal(m)
	if err != nil {
		panic("desk: " + err.Error()) // strings, numbers and times
	}
	return data
}

// Recall returns a peer as Memory had it, welcomed already, with another way
// out. Invalid: the memory is of another release, or none at all; then the
// client has to come back with a hello.
func Recall(out Outlet, page, addr string, data []byte) (*Peer, error) {
	var m memory
	err := json.Unmarshal(data, &m)
	if err != nil || m.V != memoryVersion || m.ID == "" || (m.Kind != core.Visitor && m.Kind != core.Staff) {
		return nil, core.Errorf(core.Invalid, "this is not the memory of a connection")
	}
	p := NewPeer(out, page, addr)
	p.Who, p.Outbox = core.Party{Kind: m.Kind, ID: m.ID}, m.Outbox
	p.next.Store(int64(m.Next))
	if m.Kind == core.Visitor {
		p.Site, p.Conversation = m.Site, core.ConversationOf(m.Site, core.VisitorID(m.ID))
		p.learnt(m)
	} else {
		p.tokens, p.role, p.sees, p.watched = m.Tokens, m.Role, m.Sees, m.Watched
		p.topics = staffTopics(core.AgentID(m.ID), m.Sees)
		if m.Expires != nil {
			p.expires = *m.Expires
		}
	}
	p.know()
	return p, nil
}

// learnt takes over what the hello of a visitor said.
func (p *Peer) learnt(m memory) {
	p.Tag = m.Tag
	if m.Profile == nil {
		return
	}
	x := m.Profile
	p.profile = &core.Profile{
		ID: core.VisitorID(p.Who.ID), Site: p.Site, Name: x.Name, Avatar: x.Avatar, Lang: x.Lang, External: x.External, Seen: x.Seen,
	}
	if x.Page != nil {
		p.profile.Page = *x.Page
	}
}

// staffTopics is what an agent's connection listens to who sees these lines.
func staffTopics(id core.AgentID, sees []core.GroupID) []Topic {
	topics := []Topic{TopicAgent(id), TopicStaff}
	for _, g := range sees {
		topics = append(topics, TopicGroup(g))
	}
	return slices.Clip(topics)
}
