package desk

import (
	"context"
	"encoding/base32"
	"io"
	"slices"
	"strings"

	"kefu/core"
	"kefu/core/assist"
)

// Room is how much a site may know on this host.
func (d *Desk) Room() assist.Bounds { return d.Knowledge }

// Articles returns a site's knowledge, in the order of their ids, and how much
// that is.
func (d *Desk) Articles(ctx context.Context, who core.Account, site core.SiteID) ([]assist.Article, error) {
	if err := allowed("list-articles", who); err != nil {
		return nil, err
	}
	return d.articles(ctx, site)
}

// PutArticle stores an article: a new one if it has no ID, or else in the place
// of the one with its Version. It is found from then on. Only those who lead may.
func (d *Desk) PutArticle(ctx context.Context, who core.Account, a assist.Article) (assist.Article, error) {
	list, err := d.PutArticles(ctx, who, core.SiteID(a.Site), []assist.Article{a})
	if err != nil {
		return a, err
	}
	return list[0], nil
}

// PutArticles stores several, as of a file. They are checked before the first
// is stored; one that has the title or question of another takes its place.
func (d *Desk) PutArticles(ctx context.Context, who core.Account, site core.SiteID, list []assist.Article) ([]assist.Article, error) {
	if err := allowed("put-article", who); err != nil {
		return nil, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	s, ok := settings.Site(site)
	if !ok {
		return nil, core.Errorf(core.NotFound, "there is no site %q", site)
	}
	there, err := d.articles(ctx, site)
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	added, bytes, err := d.shelve(list, there, who, site)
	if err != nil {
		return nil, err
	}
	count, total := len(there)+added, 0
	for _, a := range there {
		total += len(a.Text)
	}
	if err := d.Knowledge.Check(count, total+bytes); err != nil {
		return nil, err
	}
	for i, a := range list {
		err := d.Store.PutDocument(ctx, core.Document{Kind: kindArticle, ID: string(site) + ":" + a.ID, Version: a.Version, At: a.At, Data: a.Encode()})
		if err != nil {
			_ = d.reshelved(ctx, site, 0, 0) // what is stored counts
			return list[:i], err
		}
	}
	err = d.reshelved(ctx, site, added, bytes)
	if err == nil && d.Receptionist != nil && assist.Embeds(s.Receptionist) {
		d.embedAll(ctx, s.Receptionist, list)
		d.library.forget(site)
	}
	return list, err
}

// shelve gives articles their ids and versions, and returns how many are new,
// and how many bytes more there will be.
func (d *Desk) shelve(list, there []assist.Article, who core.Account, site core.SiteID) (added, bytes int, err error) {
	for i := range list {
		a := &list[i]
		if err := a.Check(); err != nil {
			return 0, 0, err
		}
		a.Site, a.By, a.At = string(site), string(who.ID), d.Now().UTC()
		at := slices.IndexFunc(there, func(o assist.Article) bool {
			if a.ID != "" {
				return o.ID == a.ID
			}
			return o.Title == a.Title && o.Question == a.Question
		})
		switch {
		case at >= 0 && a.Version != 0 && a.Version != there[at].Version:
			return 0, 0, core.Errorf(core.Conflict, "somebody changed it meanwhile: read it again")
		case at >= 0:
			a.ID, a.Version = there[at].ID, there[at].Version+1
			bytes += len(a.Text) - len(there[at].Text)
		case a.ID != "":
			return 0, 0, core.Errorf(core.NotFound, "there is no article %q", a.ID)
		default:
			raw := make([]byte, 10)
			if _, err := io.ReadFull(d.Random, raw); err != nil {
				return 0, 0, err
			}
			a.ID, a.Version = "k_"+strings.ToLower(base32.StdEncoding.EncodeToString(raw)), 1
			added, bytes = added+1, bytes+len(a.Text)
		}
	}
	return added, bytes, nil
}

// embedAll embeds what changed. What fails is found by its words until the next
// change.
func (d *Desk) embedAll(ctx context.Context, r core.Receptionist, list []assist.Article) {
	for _, a := range list {
		if err := d.embed(ctx, r, a); err != nil {
			d.Log.WarnContext(ctx, "knowledge could not be embedded; it is found by its words", "site", a.Site, "article", a.ID, "error", err)
			return
		}
	}
}

// DeleteArticle removes an article, or returns NotFound.
func (d *Desk) DeleteArticle(ctx context.Context, who core.Account, site core.SiteID, id string) error {
	if err := allowed("delete-article", who); err != nil {
		return err
	}
	name := string(site) + ":" + id
	doc, err := d.Store.Document(ctx, kindArticle, name)
	if err == nil {
		err = d.Store.DeleteDocument(ctx, kindArticle, name)
	}
	if err != nil {
		return err
	}
	if err := d.Store.DeleteDocument(ctx, kindVectors, name); err != nil && core.CodeOf(err) != core.NotFound {
		return err
	}
	a, _ := assist.DecodeArticle(doc.Data) // what can not be read counts nothing
	return d.reshelved(ctx, site, -1, -len(a.Text))
}

// SearchKnowledge returns what the assistant would find.
func (d *Desk) SearchKnowledge(ctx context.Context, who core.Account, site core.SiteID, query string) ([]assist.Passage, error) {
	if err := allowed("search-knowledge", who); err != nil {
		return nil, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil, err
	}
	s, _ := settings.Site(site)
	return d.finder(ctx, site, s.Receptionist)(query, 5), nil
}
