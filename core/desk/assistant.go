package desk

import (
	"context"
	"fmt"
	"slices"
	"sync"

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

// wantsBrief has a session summed up that a person has now and the assistant had
// until now, whoever ended that: the assistant, the visitor, an agent or the clock.
// Nobody waits for the summary, and it is written for sites that want it.
func (d *Desk) wantsBrief(ctx context.Context, c core.Change) {
	was, s := c.Was, c.Conversation.Session
	if d.Debrief == nil || d.Receptionist == nil || c.Empty() || was.Phase != core.Bot || was.Number != s.Number || !withPeople(s.Phase) {
		return
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return // it is a help, and no more
	}
	if site, _ := settings.Site(c.Conversation.Site); site.Receptionist.Brief && len(site.Receptionist.Providers) > 0 {
		d.Debrief(c.Conversation.ID, s.Number)
	}
}

func withPeople(p core.Phase) bool { return p == core.Waiting || p == core.Held }

// Brief notes a summary of a session for whoever takes it over, so that the
// visitor has to repeat nothing. A host calls it when Options.Debrief wanted it. What
// is short enough to be read has none, and neither has a session that went on, or a
// site that used its model as much as it may.
func (d *Desk) Brief(ctx context.Context, id core.ConversationID, session uint32) error {
	c, err := d.Store.Load(ctx, id)
	if err != nil || c.Session.Number != session || !withPeople(c.Session.Phase) {
		return err
	}
	r, err := d.receptionist(ctx, c.Site)
	if err == nil {
		err = d.budgeted(ctx, c.Site, r)
	}
	if err != nil {
		return err
	}
	talk, _, err := d.talk(ctx, c)
	if err != nil || len(talk) < briefFrom {
		return err
	}
	text, used, err := d.Receptionist.Brief(ctx, r, talk)
	d.books.spent(c.Site, d.Now(), used)
	if err != nil {
		return err
	}
	_, err = d.tell(ctx, id, core.Briefed{Session: session, Text: text})
	return err
}

// briefFrom is from how many lines on a talk is summed up.
const briefFrom = 2

// helped loads a conversation that an agent may read, with what they need to
// have a model look at it.
func (d *Desk) helped(ctx context.Context, who core.Account, operation string, id core.ConversationID) (c core.Conversation, q assist.Question, err error) {
	if err := allowed(operation, who); err != nil {
		return c, q, err
	}
	if c, err = d.Store.Load(ctx, id); err != nil {
		return c, q, err
	}
	if c.Seq == 0 || !mayRead(who, c.Session) {
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
	c, q, err := d.helped(ctx, who, "suggest-reply", id)
	if err != nil {
		return "", nil, err
	}
	text, sources, used, err := d.Receptionist.Suggest(ctx, q)
	d.books.spent(c.Site, d.Now(), used)
	return text, sources, err
}

// Summarize returns a summary of the session, and notes it in the log.
func (d *Desk) Summarize(ctx context.Context, who core.Account, id core.ConversationID) (string, error) {
	c, q, err := d.helped(ctx, who, "summarize", id)
	if err != nil {
		return "", err
	}
	text, used, err := d.Receptionist.Brief(ctx, q.Config, q.Talk)
	d.books.spent(c.Site, d.Now(), used)
	if err != nil {
		return "", err
	}
	_, err = d.tell(ctx, id, core.Briefed{Session: c.Session.Number, Text: text})
	return text, err
}

// Translate returns a message in another language; the original stays what it is.
func (d *Desk) Translate(ctx context.Context, who core.Account, id core.ConversationID, seq uint64, to string) (string, error) {
	c, q, err := d.helped(ctx, who, "translate", id)
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
	text, used, err := d.Receptionist.Translate(ctx, q.Config, spokenText(events[0].Body), to)
	d.books.spent(c.Site, d.Now(), used)
	return text, err
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
	d.books.answered(site, d.Now(), a)
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

// ModelWarnings are what is wrong with the models of sites that failed when they
// were last asked, by whoever. Nobody is asked for them.
func (d *Desk) ModelWarnings(ctx context.Context) []string {
	if d.Receptionist == nil {
		return nil
	}
	settings, err := d.settings.get(ctx, d.Now())
	if err != nil {
		return nil
	}
	var of []core.Receptionist
	for _, s := range settings.Sites {
		of = append(of, s.Receptionist)
	}
	return d.Receptionist.Warnings(of...)
}

// Ailing is TestAssistants for the host itself, for its readiness: one line each.
func (d *Desk) Ailing(ctx context.Context) ([]string, error) {
	list, err := d.ailments(ctx)
	return linesOf(list), err
}

// TestChange is TestAssistants for those models that a version of the settings
// brought or changed, one line each; whoever saved it is told.
func (d *Desk) TestChange(ctx context.Context, version uint64) ([]string, error) {
	versions, err := d.Store.History(ctx, version+1, 2)
	if err != nil || len(versions) == 0 || versions[0].Version != version {
		return nil, err
	}
	var before core.Settings
	if len(versions) > 1 {
		before = versions[1]
	}
	return linesOf(d.ailing(ctx, versions[0].Sites, func(s core.Site) bool {
		old, _ := before.Site(s.ID)
		return old.Assistant != s.Assistant || !slices.Equal(old.Receptionist.Providers, s.Receptionist.Providers)
	})), nil
}

func linesOf(list []Ailment) []string {
	lines := make([]string, len(list))
	for i, a := range list {
		lines[i] = a.String()
	}
	return lines
}

func (d *Desk) ailments(ctx context.Context) ([]Ailment, error) {
	settings, err := d.loadSettings(ctx)
	if err != nil {
		return nil, err
	}
	return d.ailing(ctx, settings.Sites, func(core.Site) bool { return true }), nil
}

// ailing tests the models of those of the sites that are wanted, all at once.
func (d *Desk) ailing(ctx context.Context, sites []core.Site, wanted func(core.Site) bool) []Ailment {
	faults := make([][]Ailment, len(sites))
	var testing sync.WaitGroup
	for i, s := range sites {
		place := fmt.Sprintf("sites[%d].receptionist.providers", i)
		switch {
		case !wanted(s):
		case s.Assistant && len(s.Receptionist.Providers) == 0:
			faults[i] = []Ailment{{place, noModel, "the assistant is on, and has no model: visitors go to people"}}
		case d.Receptionist != nil:
			testing.Go(func() {
				wrong := d.Receptionist.Test(ctx, s.Receptionist)
				for k := range s.Receptionist.Providers {
					if err := wrong[k]; err != nil {
						faults[i] = append(faults[i], Ailment{fmt.Sprintf("%s[%d]", place, k), assist.KindOf(err), err.Error()})
					}
				}
			})
		}
	}
	testing.Wait()
	return slices.Concat(faults...)
}
