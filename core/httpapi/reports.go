package httpapi

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Report counts sessions by what the log says of them.
type Report struct {
	Rows  []ReportRow `json:"rows" nullable:"false" doc:"Of days, by date; else those with the most sessions first."`
	Total ReportRow   `json:"total"`
	Since *wire.Time  `json:"since,omitempty" doc:"There was too much: sessions that ended before this are left out."`
}

// ReportRow counts the sessions of a day, an agent, a group or a site.
type ReportRow struct {
	Key      string `json:"key" doc:"A day, or an id; empty: nobody's."`
	Sessions int    `json:"sessions" doc:"That began."`
	Bot      int    `json:"bot" doc:"That ended without a person being asked."`
	Answered int    `json:"answered" doc:"In which a person wrote."`
	Missed   int    `json:"missed" doc:"That ended without, though a person was asked."`
	Open     int    `json:"open" doc:"That have not ended."`
	Wait     Spread `json:"wait" doc:"From the line until somebody took it."`
	Response Spread `json:"response" doc:"From the line until a person's first word."`
	Duration Spread `json:"duration" doc:"From the beginning to the end."`
	Scores   []int  `json:"scores" nullable:"false" doc:"How often 1, 2, 3, 4 and 5 was given."`
}

// Spread describes durations, in seconds.
type Spread struct {
	Count int     `json:"count"`
	Mean  float64 `json:"mean"`
	P50   float64 `json:"p50"`
	P90   float64 `json:"p90"`
	Max   float64 `json:"max"`
}

func spreadOf(s desk.Spread) Spread {
	return Spread{s.Count, s.Mean.Seconds(), s.Half.Seconds(), s.Most.Seconds(), s.Peak.Seconds()}
}

func rowOf(r desk.ReportRow) ReportRow {
	return ReportRow{
		r.Key, r.Sessions, r.Bot, r.Answered, r.Missed, r.Open, spreadOf(r.Wait), spreadOf(r.Response), spreadOf(r.Duration), r.Scores[:],
	}
}

type report struct {
	ID    string    `path:"id" enum:"days,agents,groups,sites" doc:"What a row is of."`
	From  time.Time `query:"from" doc:"Without it, seven days before to."`
	To    time.Time `query:"to" doc:"Without it, now."`
	Zone  string    `query:"zone" maxLength:"64" doc:"Of days; an IANA name such as Asia/Shanghai. Without it, UTC."`
	Site  string    `query:"site" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Group string    `query:"group" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Agent string    `query:"agent" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id" doc:"Who held the session last."`
}

// reports registers them.
func (a *api) reports() {
	staffed(a, huma.Operation{
		OperationID: "read-report", Method: http.MethodGet, Path: "/v1/reports/{id}", Tags: []string{"reports"}, Summary: "Read a report",
		Description: "For supervisors and admins. Every session that began within the time is counted once, where it was at its end.",
		Errors:      []int{http.StatusNotFound},
	}, a.readReport)
}

func (a *api) readReport(ctx context.Context, who core.Account, in *report) (*body[Report], error) {
	zone, err := time.LoadLocation(in.Zone)
	if err != nil || in.Zone == "Local" {
		return nil, core.Errorf(core.Invalid, "zone: a time zone such as Asia/Shanghai is expected")
	}
	if in.To.IsZero() {
		in.To = a.Now()
	}
	if in.From.IsZero() {
		in.From = in.To.AddDate(0, 0, -7)
	}
	r, err := a.Desk.Reports(ctx, who, desk.ReportQuery{
		By: in.ID, From: in.From, To: in.To, Zone: zone, Site: core.SiteID(in.Site), Group: core.GroupID(in.Group), Agent: core.AgentID(in.Agent),
	})
	out := Report{Rows: make([]ReportRow, len(r.Rows)), Total: rowOf(r.Total), Since: timeOf(r.Since)}
	for i, row := range r.Rows {
		out.Rows[i] = rowOf(row)
	}
	return &body[Report]{out}, err
}
