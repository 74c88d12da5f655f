package desk

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"kefu/core"
)

// ReportQuery selects the sessions that began within a time. Zero fields of the
// rest select all.
type ReportQuery struct {
	By       string // days, agents, groups or sites: what a row is of
	From, To time.Time
	Zone     *time.Location // of days
	Site     core.SiteID
	Group    core.GroupID
	Agent    core.AgentID // who held it last
}

// Report is what the log says about them.
type Report struct {
	Rows  []ReportRow // of days, by date; else those with the most sessions first
	Total ReportRow
	Since time.Time // not zero: there was too much; sessions that ended before this are left out
}

// ReportRow counts the sessions of a day, an agent, a group or a site.
type ReportRow struct {
	Key      string // 2026-01-31, or an id; empty: nobody's
	Sessions int    // that began
	Bot      int    // that ended without a person being asked
	Answered int    // in which a person wrote
	Missed   int    // that ended while they waited for one, or were held and never answered
	Open     int    // that have not ended
	Wait     Spread // from the line until somebody took it
	Response Spread // from the line until a person's first word
	Duration Spread // from the beginning to the end
	Scores   [5]int // how often 1 to 5 was given
}

// Spread describes durations.
type Spread struct {
	Count                  int
	Mean, Half, Most, Peak time.Duration // the median, the ninth decile, the greatest

	all []time.Duration
}

const (
	reportSpan   = 366 * 24 * time.Hour // at most
	reportLists  = 5000                 // conversations that are looked at
	reportEvents = 2000                 // of one conversation
	reportAtOnce = 8
)

// Reports counts sessions by what the log says of them: every session that
// began within the time is counted once, where it was at its end. Supervisors
// and admins may.
func (d *Desk) Reports(ctx context.Context, who core.Account, q ReportQuery) (Report, error) {
	if err := allowed("read-report", who); err != nil {
		return Report{}, err
	}
	switch {
	case !slices.Contains([]string{"days", "agents", "groups", "sites"}, q.By):
		return Report{}, core.Errorf(core.NotFound, "there are the reports days, agents, groups and sites")
	case !q.From.Before(q.To) || q.To.Sub(q.From) > reportSpan:
		return Report{}, core.Errorf(core.Invalid, "to: a time after from, and at most 366 days after it, is expected")
	}
	list, since, err := d.touched(ctx, q)
	if err != nil {
		return Report{}, err
	}
	sessions, err := d.sessionsOf(ctx, list, q)
	if err != nil {
		return Report{}, err
	}
	out := Report{Since: since}
	rows := map[string]*ReportRow{}
	for _, s := range sessions {
		key := s.key(q)
		if rows[key] == nil {
			rows[key] = &ReportRow{Key: key}
		}
		rows[key].add(s)
		out.Total.add(s)
	}
	for _, r := range rows {
		r.settle()
		out.Rows = append(out.Rows, *r)
	}
	out.Total.settle()
	slices.SortFunc(out.Rows, func(a, b ReportRow) int {
		if q.By == "days" {
			return cmp.Compare(a.Key, b.Key)
		}
		return cmp.Or(b.Sessions-a.Sessions, cmp.Compare(a.Key, b.Key))
	})
	return out, nil
}

// touched returns the conversations that have changed since the beginning: all
// whose sessions may count. since: the list ends there, though it goes on.
func (d *Desk) touched(ctx context.Context, q ReportQuery) (list []core.Conversation, since time.Time, err error) {
	var before core.Place
	for len(list) < reportLists {
		page, err := d.Store.List(ctx, core.Query{Site: q.Site, Before: before, Limit: 200})
		if err != nil {
			return nil, since, err
		}
		for _, c := range page {
			if c.Session.Since.Before(q.From) {
				return list, time.Time{}, nil
			}
			list = append(list, c)
		}
		if len(page) < 200 {
			return list, time.Time{}, nil
		}
		last := page[len(page)-1]
		before = core.Place{At: last.Session.Since, ID: last.ID}
	}
	return list, before.At, nil
}

// episode is a session as a report sees it.
type episode struct {
	site                             core.SiteID
	group                            core.GroupID
	agent                            core.AgentID
	number                           uint32
	opened, queued, taken, said, end time.Time
	score                            uint8
}

func (s *episode) key(q ReportQuery) string {
	switch q.By {
	case "agents":
		return string(s.agent)
	case "groups":
		return string(s.group)
	case "sites":
		return string(s.site)
	}
	return s.opened.In(q.Zone).Format(time.DateOnly)
}

func (d *Desk) sessionsOf(ctx context.Context, list []core.Conversation, q ReportQuery) (out []*episode, failed error) {
	var mu sync.Mutex
	var work sync.WaitGroup
	slots := make(chan struct{}, reportAtOnce)
	for _, c := range list {
		slots <- struct{}{}
		work.Go(func() {
			defer func() { <-slots }()
			found, err := d.episodes(ctx, c, q)
			mu.Lock()
			defer mu.Unlock()
			out, failed = append(out, found...), errors.Join(failed, err)
		})
		if ctx.Err() != nil {
			break
		}
	}
	work.Wait()
	return out, errors.Join(failed, ctx.Err())
}

// episodes reads a log backwards until before the beginning, then folds it.
func (d *Desk) episodes(ctx context.Context, c core.Conversation, q ReportQuery) (out []*episode, err error) {
	var log []core.Event
	for at := c.Seq + 1; at > 1 && len(log) < reportEvents; {
		page, err := d.Store.Before(ctx, c.ID, at, 200)
		if err != nil || len(page) == 0 {
			return nil, err
		}
		log = append(page, log...)
		if at = page[0].Seq; page[0].At.Before(q.From) {
			break
		}
	}
	now := map[uint32]*episode{}
	for _, e := range log {
		if e.Body.Kind == core.KindOpened {
			s := &episode{site: c.Site, number: e.Session, opened: e.At}
			now[e.Session], out = s, append(out, s)
		}
		if s := now[e.Session]; s != nil {
			s.fold(e)
		}
		if s := now[e.Body.Session]; e.Body.Kind == core.KindRated && s != nil {
			s.score = e.Body.Score
		}
	}
	return slices.DeleteFunc(out, func(s *episode) bool {
		return s.opened.Before(q.From) || !s.opened.Before(q.To) || q.Group != "" && s.group != q.Group || q.Agent != "" && s.agent != q.Agent
	}), nil
}

func (s *episode) fold(e core.Event) {
	first := func(t *time.Time) {
		if t.IsZero() {
			*t = e.At
		}
	}
	switch {
	case e.Body.Kind == core.KindQueued:
		s.group = e.Body.Group
		first(&s.queued)
	case e.Body.Kind == core.KindAssigned:
		s.agent = e.Body.Agent
		first(&s.queued)
		first(&s.taken)
	case e.Body.Kind == core.KindTransferred && e.Body.Group != "":
		s.group = e.Body.Group
	case e.Body.Kind == core.KindReopened:
		s.end = time.Time{}
	case e.Body.Kind == core.KindClosed:
		s.end = e.At
	case e.Body.Kind.Said() && e.By.Kind == core.Staff && !e.Internal:
		first(&s.said)
	}
}

func (r *ReportRow) add(s *episode) {
	r.Sessions++
	switch {
	case !s.said.IsZero():
		r.Answered++
	case s.end.IsZero():
	case s.queued.IsZero():
		r.Bot++
	default:
		r.Missed++
	}
	if s.end.IsZero() {
		r.Open++
	} else {
		r.Duration.all = append(r.Duration.all, s.end.Sub(s.opened))
	}
	if !s.taken.IsZero() {
		r.Wait.all = append(r.Wait.all, s.taken.Sub(s.queued))
	}
	if !s.said.IsZero() && !s.queued.IsZero() {
		r.Response.all = append(r.Response.all, max(s.said.Sub(s.queued), 0))
	}
	if s.score >= 1 && s.score <= 5 {
		r.Scores[s.score-1]++
	}
}

func (r *ReportRow) settle() {
	for _, s := range []*Spread{&r.Wait, &r.Response, &r.Duration} {
		s.settle()
	}
}

func (s *Spread) settle() {
	if s.Count = len(s.all); s.Count == 0 {
		return
	}
	slices.Sort(s.all)
	var sum time.Duration
	for _, d := range s.all {
		sum += d
	}
	at := func(share float64) time.Duration { return s.all[min(int(share*float64(s.Count)), s.Count-1)] }
	s.Mean, s.Half, s.Most, s.Peak = sum/time.Duration(s.Count), at(0.5), at(0.9), s.all[s.Count-1]
	s.all = nil
}
