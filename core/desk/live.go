package desk

import (
	"cmp"
	"context"
	"slices"
	"time"
	"unicode/utf8"

	"kefu/core"
	"kefu/core/wire"
)

// LiveVisitor is somebody on a page of a site who is not in a session.
type LiveVisitor struct {
	ID           core.VisitorID
	Site         core.SiteID
	Conversation core.ConversationID
	Name         string
	Verified     bool
	Lang         string
	Device       string
	Page         core.Page
	Since        time.Time // this connection
	Pages        int       // since then
	Sessions     uint32    // that they had before
	Invited      bool      // and have not answered
}

// maxLive bounds the list of who is on the pages: it is for people to read.
const maxLive = 200

// LiveVisitors returns who is on the pages of the sites that who works for and
// in no session, who came last first, and whether there are more. They are
// those of this node. Unsupported: this host does not know.
func (d *Desk) LiveVisitors(ctx context.Context, who core.Account) ([]LiveVisitor, bool, error) {
	if err := allowed("list-visitors", who); err != nil {
		return nil, false, err
	}
	if !d.Lists {
		return nil, false, core.Errorf(core.Unsupported, "this host does not know who is on the pages")
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil, false, err
	}
	var topics []Topic
	for i := range settings.Sites {
		if worksFor(who, settings.Sites[i]) {
			topics = append(topics, TopicSite(settings.Sites[i].ID))
		}
	}
	found := map[core.ConversationID]LiveVisitor{}
	d.Floor.Each(ctx, topics, func(p *Peer) {
		t := p.whereabouts()
		if len(t.pages) == 0 {
			return
		}
		v := LiveVisitor{
			ID: core.VisitorID(p.Who.ID), Site: p.Site, Conversation: p.Conversation, Name: p.user.Name, Verified: p.user.ID != "",
			Lang: p.lang, Device: deviceOf(p.Browser), Page: t.pages[len(t.pages)-1].Page, Since: t.since, Pages: len(t.pages), Invited: t.host != "",
		}
		if old, ok := found[v.Conversation]; !ok || v.Since.After(old.Since) { // of several tabs the last
			found[v.Conversation] = v
		}
	})
	list := make([]LiveVisitor, 0, len(found))
	for _, v := range found {
		list = append(list, v)
	}
	slices.SortFunc(list, func(a, b LiveVisitor) int { return cmp.Or(b.Since.Compare(a.Since), cmp.Compare(a.ID, b.ID)) })
	return d.idle(ctx, list)
}

// idle leaves out who is in a session.
func (d *Desk) idle(ctx context.Context, list []LiveVisitor) ([]LiveVisitor, bool, error) {
	out := make([]LiveVisitor, 0, min(len(list), maxLive))
	for _, v := range list {
		if len(out) == maxLive {
			return out, true, nil
		}
		c, err := d.Store.Load(ctx, v.Conversation)
		if err != nil {
			return nil, false, err
		}
		if v.Sessions = c.Session.Number; !c.Session.Phase.Open() {
			out = append(out, v)
		}
	}
	return out, false, nil
}

// worksFor: those who lead, and the agents of a group that the site uses.
func worksFor(who core.Account, site core.Site) bool {
	return who.Role.Leads() || slices.ContainsFunc(site.Groups, func(g core.GroupID) bool { return slices.Contains(who.Groups, g) })
}

// maxInvitation is how many characters an invitation may have.
const maxInvitation = 300

// Invite shows a visitor who is on a page what an agent writes. If they answer,
// the session that this opens is offered to that agent first. NotFound: they
// are not here. Conflict: they are in a session.
func (d *Desk) Invite(ctx context.Context, who core.Account, siteID core.SiteID, id core.VisitorID, text string) error {
	if err := allowed("invite-visitor", who); err != nil {
		return err
	}
	if n := utf8.RuneCountInString(text); n == 0 || n > maxInvitation {
		return core.Errorf(core.Invalid, "text: 1 to %d characters are expected", maxInvitation)
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return err
	}
	site, ok := settings.Site(siteID)
	switch {
	case !ok:
		return core.Errorf(core.NotFound, "there is no site %q", siteID)
	case !worksFor(who, site):
		return core.Errorf(core.Forbidden, "this site is not of your groups")
	}
	c, err := d.Store.Load(ctx, core.ConversationOf(siteID, id))
	if err != nil {
		return err
	}
	if c.Session.Phase.Open() {
		return core.Errorf(core.Conflict, "they are in a session already")
	}
	by := d.namer(ctx, c)(core.AgentParty(who.ID))
	frame, reached := wire.Encode(wire.Invitation{Type: "invite", Text: text, By: by}), false
	d.Floor.Each(ctx, []Topic{TopicVisitor(c.ID)}, func(p *Peer) {
		reached = true
		p.mu.Lock()
		p.trail.host = who.ID
		p.mu.Unlock()
		p.push(0, frame)
	})
	if !reached {
		return core.Errorf(core.NotFound, "they are not here any more")
	}
	return nil
}

// hosted says who invited the visitor, and for which group of the site: the
// first one that they are in.
func (d *Desk) hosted(ctx context.Context, p *Peer, in *core.Said) {
	host := p.whereabouts().host
	if host == "" {
		return
	}
	settings, err := d.settings.get(ctx, d.Now())
	staff, err2 := d.staff.get(ctx, d.Now())
	if err != nil || err2 != nil {
		return // it is a wish
	}
	site, _ := settings.Site(p.Site)
	for _, g := range site.Groups {
		if slices.Contains(staff[host].Groups, g) {
			in.Host, in.Group = host, g
			break
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.trail.host = ""
}
