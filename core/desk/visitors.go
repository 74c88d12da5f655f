package desk

import (
	"cmp"
	"context"
	"errors"
	"time"

	"kefu/core"
	"kefu/core/identity"
	"kefu/core/wire"
)

// meet finds out which visitor says hello to which site, and returns the token
// that they keep.
func (d *Desk) meet(ctx context.Context, p *Peer, f *wire.Frame) (settings core.Settings, site core.Site, token string, err error) {
	if settings, err = d.settings.get(ctx, d.Now()); err != nil {
		return settings, site, "", err
	}
	if site, err = siteOf(settings, p, f); err != nil {
		return settings, site, "", err
	}
	if token, err = d.recognise(ctx, p, f, site); err != nil {
		return settings, site, "", err
	}
	p.Site, p.Conversation = site.ID, core.ConversationOf(site.ID, core.VisitorID(p.Who.ID))
	return settings, site, token, cmp.Or(d.blockedAt(ctx, p.Addr), d.blocked(ctx, core.VisitorID(p.Who.ID)))
}

// siteOf returns the site that a hello names, if the page may use it.
func siteOf(settings core.Settings, p *Peer, f *wire.Frame) (core.Site, error) {
	id := core.SiteID(f.Site)
	if id == "" {
		id = "default"
	}
	site, ok := settings.Site(id)
	switch {
	case !ok:
		return site, core.Errorf(core.NotFound, "there is no site %q", f.Site)
	case !site.Admits(p.Page):
		return site, core.Errorf(core.Forbidden, "this page may not use the site %q", id)
	}
	return site, nil
}

// recognise says who the visitor is, by what their site says of them, by their
// token, or as somebody new, and returns the token that they keep.
func (d *Desk) recognise(ctx context.Context, p *Peer, f *wire.Frame, site core.Site) (string, error) {
	mine, err := d.tokenOf(f, site.ID)
	if err != nil && f.User.Token == "" {
		return "", err // who is vouched for needs no token of ours
	}
	if err := d.vouched(ctx, p, f, site, mine); err != nil {
		return "", err
	}
	id := core.VisitorID(mine.ID)
	switch {
	case p.user.ID != "":
		id, err = d.known(ctx, site.ID, p.user, id)
	case id == "":
		id, err = d.newVisitor()
	}
	if err != nil {
		return "", err
	}
	p.Who = core.Party{Kind: core.Visitor, ID: string(id)}
	switch {
	case site.Users.Required && p.user.ID != "":
		return d.keys.SignVisitorUntil(string(site.ID), string(id), p.user.Expires.Add(wordOutlives))
	case string(id) == mine.ID && (!mine.Renew || site.Users.Required):
		return f.Token, nil
	}
	return d.keys.SignVisitor(string(site.ID), string(id), d.Now())
}

// wordOutlives is for how long after the end of a user token the visitor's own
// token still counts on a site that requires one. So a page that stays open over
// night reconnects; and whom a site vouches for no longer is soon shut out.
const wordOutlives = 24 * time.Hour

// lent reports whether a visitor's token is of the kind that ends with the
// site's word, and not one of a year from when the site required none.
func lent(mine identity.Visitor, now time.Time) bool {
	return mine.ID != "" && mine.Expires.Before(now.Add(identity.UserLife+wordOutlives+time.Minute))
}

// tokenOf reads the visitor's own token; without one nobody is named.
func (d *Desk) tokenOf(f *wire.Frame, site core.SiteID) (identity.Visitor, error) {
	if f.Token == "" {
		return identity.Visitor{}, nil
	}
	v, err := d.keys.Visitor(f.Token, d.Now())
	if err == nil && v.Site != string(site) {
		return identity.Visitor{}, core.Errorf(core.Unauthorized, "the token is for another site")
	}
	return v, err
}

// userOf is under what it is kept whose visitor somebody became first.
func userOf(id core.VisitorID) string { return "user-of:" + string(id) }

func (d *Desk) newVisitor() (core.VisitorID, error) {
	id, err := identity.NewID(d.Random, "v")
	return core.VisitorID(id), err
}

// vouched notes which of the site's own users this is, if its server says so.
//
// A user token that has merely expired does no harm to who is that user by
// their own token; see wordOutlives. To anybody else it is Unauthorized, which ends the connection for good, since only the
// site's server can make another; the page then starts with that one. It is not
// answered with 4004, for a client that comes back with the same token would
// be refused for ever.
func (d *Desk) vouched(ctx context.Context, p *Peer, f *wire.Frame, site core.Site, mine identity.Visitor) error {
	if f.User.Token == "" {
		return d.mayBeAnonymous(ctx, p, site, mine)
	}
	user, err := identity.VerifyUser(f.User.Token, string(site.ID), site.Users.Secrets, d.Now())
	switch {
	case errors.Is(err, identity.ErrUserExpired):
		old, missing := d.Store.Profile(ctx, core.VisitorID(mine.ID))
		if missing == nil && old.External == user.ID && (!site.Users.Required || lent(mine, d.Now())) {
			return nil
		}
	case err == nil:
		p.user = user
	}
	return err
}

// mayBeAnonymous refuses who does not say which user they are to a site that
// wants to know. A poll without a hello may: it follows one that said it, for as
// long as the token lasts that was the answer.
func (d *Desk) mayBeAnonymous(ctx context.Context, p *Peer, site core.Site, mine identity.Visitor) error {
	if !site.Users.Required {
		return nil
	}
	if p.poll != nil && !p.poll.hello && lent(mine, d.Now()) {
		old, err := d.Store.Profile(ctx, core.VisitorID(mine.ID))
		if err != nil && core.CodeOf(err) != core.NotFound {
			return err
		}
		if old.External != "" {
			return nil
		}
	}
	return core.Errorf(core.Unauthorized, "the site %q serves only its own users: hello.user.token is missing", site.ID)
}

// known returns the visitor that a user is, on every device. Who is not known
// yet stays the visitor they were when nobody knew them, and so keeps the
// conversation; of two tabs that log in at the same moment the first decides.
func (d *Desk) known(ctx context.Context, site core.SiteID, user identity.User, mine core.VisitorID) (core.VisitorID, error) {
	id, err := d.Store.Known(ctx, site, user.ID, "")
	if core.CodeOf(err) != core.NotFound {
		return id, err
	}
	fresh, err := d.claim(ctx, site, user, mine)
	if err != nil {
		return "", err
	}
	return d.Store.Known(ctx, site, user.ID, fresh)
}

// claimFor is how long it counts who was the first to log in as a visitor: as
// long as the token does by which another could.
const claimFor = identity.VisitorLife

// claim makes an anonymous visitor that of a user, unless they are another
// user's: on a device that two people share, the second one gets a visitor of
// their own. It is noted in the profile before the user is said to be known, so
// that a crash in between gives the conversation to nobody else.
func (d *Desk) claim(ctx context.Context, site core.SiteID, user identity.User, mine core.VisitorID) (core.VisitorID, error) {
	if mine == "" {
		return d.newVisitor()
	}
	profile, err := d.Store.Profile(ctx, mine)
	switch {
	case err != nil && core.CodeOf(err) != core.NotFound:
		return "", err
	case profile.External == user.ID:
		return mine, nil
	case profile.External != "":
		return d.newVisitor()
	}
	if gone, err := d.gone(ctx, core.ConversationOf(site, mine)); gone || err != nil {
		id, fresh := d.newVisitor()
		return id, cmp.Or(err, fresh)
	}
	now := d.Now()
	first, err := d.Store.Keep(ctx, userOf(mine), []byte(user.ID), now, now.Add(claimFor))
	if err != nil {
		return "", err
	}
	if string(first) != user.ID {
		return d.newVisitor()
	}
	profile.ID, profile.Site, profile.External, profile.Seen = mine, site, user.ID, now
	if err := d.Store.PutProfile(ctx, profile); err != nil {
		return "", err
	}
	d.identified(ctx, core.ConversationOf(site, mine))
	return mine, nil
}

// identified tells agents that they know by now whom they talk to. The name is
// in the profile anyway, so nobody is refused for want of this.
func (d *Desk) identified(ctx context.Context, id core.ConversationID) {
	c, err := d.Store.Load(ctx, id)
	if err == nil && c.Seq > 0 {
		_, err = d.tell(context.WithoutCancel(ctx), id, core.Identified{})
	}
	if err != nil {
		d.Log.WarnContext(ctx, "a login is not noted in the log", "conversation", id, "error", err)
	}
}

func profileOf(p *Peer, f *wire.Frame, now time.Time) *core.Profile {
	return &core.Profile{
		ID: core.VisitorID(p.Who.ID), Site: p.Site, Lang: f.Lang, Seen: now, Device: deviceOf(p.Browser), First: now,
		Pages: visited(nil, core.Visit{Page: pageOf(f), At: now}),
		Name:  p.user.Name, Avatar: p.user.Avatar, External: p.user.ID,
		Page: pageOf(f),
	}
}

// introduce stores what a visitor's hello said of them, once they say
// something: who only looks at a page leaves no record. A user of the site has
// one from their first hello on, for polls have no other proof of who they are.
func (d *Desk) introduce(ctx context.Context, p *Peer) error {
	if p.profile == nil {
		return nil
	}
	old, err := d.Store.Profile(ctx, p.profile.ID)
	if err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	next := *p.profile
	if next.External == "" { // it says nothing of who they are
		next.Name, next.Avatar, next.External = old.Name, old.Avatar, old.External
	}
	if next.Page == (core.Page{}) {
		next.Page = old.Page
	}
	next.Lang, next.Device = cmp.Or(next.Lang, old.Lang), cmp.Or(next.Device, old.Device)
	if len(next.Pages) == 0 { // a peer that another process welcomed
		next.Pages = visited(nil, core.Visit{Page: p.profile.Page, At: next.Seen})
	}
	next.Pages = joined(old.Pages, next.Pages)
	if next.First = old.First; next.First.IsZero() {
		next.First = d.Now()
	}
	if !sameProfile(next, old) { // or each process that serves them would write it once more
		if err := d.Store.PutProfile(ctx, next); err != nil {
			return err
		}
	}
	p.profile = nil
	return nil
}

// sameProfile compares what a hello said with what is stored, where times have
// milliseconds. What is stored may be from a later hello.
func sameProfile(next, stored core.Profile) bool {
	later := !next.Seen.Truncate(time.Millisecond).After(stored.Seen)
	return later && next.ID == stored.ID && next.Site == stored.Site && next.Name == stored.Name && next.Avatar == stored.Avatar &&
		next.Lang == stored.Lang && next.External == stored.External && next.Page == stored.Page && next.Device == stored.Device
}
