package desk

import (
	"context"
	"slices"
	"time"

	"kefu/core"
	"kefu/core/wire"
)

// TopicSite is the connections of the visitors of a site. Only a floor that
// Lists visitors is asked for it.
func TopicSite(id core.SiteID) Topic { return Topic("s:" + string(id)) }

// visitorTopics are what a visitor's connection listens to.
func (d *Desk) visitorTopics(p *Peer) []Topic {
	topics := []Topic{TopicVisitor(p.Conversation)}
	if d.Lists {
		topics = append(topics, TopicSite(p.Site))
	}
	return topics
}

// trail is where a visitor is and was since this connection began. Others read
// it too.
type trail struct {
	since time.Time
	pages []core.Visit
	host  core.AgentID // who invited them last; they have not said anything since
}

// visited notes a page. The same one again only brings what is new of it.
func visited(pages []core.Visit, v core.Visit) []core.Visit {
	if v.Page == (core.Page{}) {
		return pages
	}
	if n := len(pages); n > 0 && pages[n-1].URL == v.URL {
		pages = slices.Clone(pages)
		pages[n-1].Title = v.Title
		return pages
	}
	pages = append(slices.Clone(pages), v)
	return pages[max(len(pages)-core.MaxPages, 0):]
}

// visits notes where the peer is, and since when it is here.
func (p *Peer) visits(page core.Page, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.trail.since.IsZero() {
		p.trail.since = now
	}
	p.trail.pages = visited(p.trail.pages, core.Visit{Page: page, At: now})
}

// whereabouts returns what visits noted.
func (p *Peer) whereabouts() trail {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.trail
	t.pages = slices.Clone(t.pages)
	return t
}

func pageOf(f *wire.Frame) core.Page {
	return core.Page{URL: f.Page.URL, Title: f.Page.Title, Referrer: f.Page.Referrer}
}

// serveMoved notes that a visitor went to another page. Of who has said nothing
// yet nothing is stored; of others the profile follows, and agents see it.
func (d *Desk) serveMoved(ctx context.Context, p *Peer, f *wire.Frame) error {
	now := d.Now()
	p.visits(pageOf(f), now)
	if p.profile != nil {
		p.profile.Page, p.profile.Seen = pageOf(f), now
		p.profile.Pages = visited(p.profile.Pages, core.Visit{Page: pageOf(f), At: now})
		return nil
	}
	old, err := d.Store.Profile(ctx, core.VisitorID(p.Who.ID))
	if core.CodeOf(err) == core.NotFound {
		return nil // erased meanwhile
	}
	if err != nil {
		return err
	}
	old.Page, old.Seen = pageOf(f), now
	old.Pages = visited(old.Pages, core.Visit{Page: pageOf(f), At: now})
	if err := d.Store.PutProfile(ctx, old); err != nil {
		return err
	}
	c, err := d.Store.Load(ctx, p.Conversation)
	if err != nil || !c.Session.Phase.Open() {
		return err
	}
	d.pushHead(ctx, c, c.Session.Group, append(d.staffOf(c), TopicWatch(c.ID)), nil, d.namer(ctx, c))
	return nil
}

// joined returns the pages of two trails, the older one first.
func joined(old, next []core.Visit) []core.Visit {
	for _, v := range next {
		if n := len(old); n == 0 || v.At.After(old[n-1].At) {
			old = visited(old, v)
		}
	}
	return old
}
