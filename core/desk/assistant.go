package desk

import (
	"context"
	"encoding/base32"
	"fmt"
	"io"
	"slices"
	"strings"

	"kefu/core"
	"kefu/core/assist"
)

// receptionist returns the settings of a site's assistant, or Unsupported if it
// has no provider.
func (d *Desk) receptionist(ctx context.Context, site core.SiteID) (core.Receptionist, error) {
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return core.Receptionist{}, err
	}
	s, ok := settings.Site(site)
	switch {
	case !ok:
		return core.Receptionist{}, core.Errorf(core.NotFound, "there is no site %q", site)
	case d.Receptionist == nil || len(s.Receptionist.Providers) == 0:
		return s.Receptionist, core.Errorf(core.Unsupported, "the site has no model; an admin can set one up")
	}
	return s.Receptionist, nil
}

// brief notes a summary for whoever takes over, where the site wants that.
// Nobody waits for it.
func (d *Desk) brief(ctx context.Context, q assist.Question, c core.Change) {
	s := c.Conversation.Session
	if !q.Config.Brief || s.Phase != core.Waiting && s.Phase != core.Held || len(q.Talk) == 0 {
		return
	}
	text, err := d.Receptionist.Brief(ctx, q.Config, q.Talk)
	if err != nil {
		d.Log.InfoContext(ctx, "there is no summary of a session", "conversation", c.Conversation.ID, "error", err)
		return
	}
	if _, err := d.tell(ctx, c.Conversation.ID, core.Briefed{Session: s.Number, Text: text}); err != nil {
		d.Log.InfoContext(ctx, "a summary could not be noted", "conversation", c.Conversation.ID, "error", err)
	}
}

// helped loads a conversation that an agent may read, with what they need to
// have a model look at it.
func (d *Desk) helped(ctx context.Context, who core.Account, operation string, id core.ConversationID) (c core.Conversation, q assist.Question, err error) {
	if err := allowed(operation, who); err != nil {
		return c, q, err
	}
	if c, err = d.Store.Load(ctx, id); err != nil {
		return c, q, err
	}
	if c.Seq == 0 || !mayRead(who, c) {
		return c, q, core.Errorf(core.NotFound, "there is no conversation %q", id)
	}
	if q.Config, err = d.receptionist(ctx, c.Site); err != nil {
		return c, q, err
	}
	if q.Talk, _, err = d.talk(ctx, c); err != nil {
		return c, q, err
	}
	q.Find = d.finder(ctx, c.Site, q.Config)
	return c, q, d.budgeted(ctx, c.Site, q.Config)
}

func (d *Desk) budgeted(ctx context.Context, site core.SiteID, r core.Receptionist) error {
	used, err := d.books.tokens(ctx, d.Store, site, d.Now())
	if err == nil && used >= r.Budget.InForce().Day {
		err = core.Errorf(core.RateLimited, "the model has been used as much as this site allows today")
	}
	return err
}

// Suggest returns what an agent may answer. It is sent by nobody but them.
func (d *Desk) Suggest(ctx context.Context, who core.Account, id core.ConversationID) (string, []core.Source, error) {
	_, q, err := d.helped(ctx, who, "suggest-reply", id)
	if err != nil {
		return "", nil, err
	}
	return d.Receptionist.Suggest(ctx, q)
}

// Summarize returns a summary of the session, and notes it in the log.
func (d *Desk) Summarize(ctx context.Context, who core.Account, id core.ConversationID) (string, error) {
	c, q, err := d.helped(ctx, who, "summarize", id)
	if err != nil {
		return "", err
	}
	text, err := d.Receptionist.Brief(ctx, q.Config, q.Talk)
	if err != nil {
		return "", err
	}
	_, err = d.tell(ctx, id, core.Briefed{Session: c.Session.Number, Text: text})
	return text, err
}

// Translate returns a message in another language; the original stays what it is.
func (d *Desk) Translate(ctx context.Context, who core.Account, id core.ConversationID, seq uint64, to string) (string, error) {
	_, q, err := d.helped(ctx, who, "translate", id)
	if err != nil {
		return "", err
	}
	events, err := d.Store.After(ctx, id, seq-1, 1)
	if err != nil {
		return "", err
	}
	if len(events) == 0 || events[0].Seq != seq || spokenText(events[0].Body) == "" {
		return "", core.Errorf(core.NotFound, "there is no message %d", seq)
	}
	return d.Receptionist.Translate(ctx, q.Config, spokenText(events[0].Body), to)
}

// TryAnswer is a question put to the assistant as a visitor would, of which
// nobody hears: to see what it knows. There is no state: lines are the talk so far.
func (d *Desk) TryAnswer(ctx context.Context, who core.Account, site core.SiteID, lines []assist.Line) (assist.Answer, error) {
	if err := allowed("try-assistant", who); err != nil {
		return assist.Answer{}, err
	}
	r, err := d.receptionist(ctx, site)
	if err == nil {
		err = d.budgeted(ctx, site, r)
	}
	if err != nil {
		return assist.Answer{}, err
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return assist.Answer{}, err
	}
	s, _ := settings.Site(site)
	a := d.Receptionist.Answer(ctx, assist.Question{
		Site: s.Name, Config: r, Talk: lines, Most: settings.Limits.Text, Find: d.finder(ctx, site, r),
	}, func(int64, int, string) {})
	d.books.spent(site, d.Now(), a)
	return a, nil
}

// Ailment is what is wrong with a model, or that a site has none.
type Ailment struct {
	Place   string      // in the settings, such as sites[0].receptionist.providers[1]
	Kind    assist.Kind // empty: no provider answered as it should, and nobody knows why
	Message string      // a sentence for whoever set it up
}

func (a Ailment) String() string { return a.Place + ": " + a.Message }

// noModel is the kind of an ailment of a site whose assistant is on without one.
const noModel assist.Kind = "none"

// TestAssistants asks the providers of all sites for a word, and returns what is wrong
// with them. It warns; it refuses nothing.
func (d *Desk) TestAssistants(ctx context.Context, who core.Account) ([]Ailment, error) {
	if err := allowed("test-assistant", who); err != nil {
		return nil, err
	}
	return d.ailments(ctx)
}

// Ailing is TestAssistants for the host itself, for its readiness: one line each.
func (d *Desk) Ailing(ctx context.Context) ([]string, error) {
	list, err := d.ailments(ctx)
	lines := make([]string, len(list))
	for i, a := range list {
		lines[i] = a.String()
	}
	return lines, err
}

func (d *Desk) ailments(ctx context.Context) (list []Ailment, err error) {
	settings, err := d.loadSettings(ctx)
	if err != nil {
		return nil, err
	}
	for i, s := range settings.Sites {
		place := fmt.Sprintf("sites[%d].receptionist.providers", i)
		switch {
		case s.Assistant && len(s.Receptionist.Providers) == 0:
			list = append(list, Ailment{place, noModel, "the assistant is on, and has no model: visitors go to people"})
		case d.Receptionist == nil:
		default:
			wrong := d.Receptionist.Test(ctx, s.Receptionist)
			for k := range s.Receptionist.Providers {
				if err := wrong[k]; err != nil {
					list = append(list, Ailment{fmt.Sprintf("%s[%d]", place, k), assist.KindOf(err), err.Error()})
				}
			}
		}
	}
	return list, nil
}

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
	if count > assist.MaxArticles || total+bytes > assist.MaxKnowledge {
		return nil, core.Errorf(core.TooLarge, "a site knows at most %d articles with %d MiB of text; this would be %d with %d KiB",
			assist.MaxArticles, assist.MaxKnowledge>>20, count, (total+bytes)>>10)
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
