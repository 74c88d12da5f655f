package desk_test

import (
	"testing"
	"time"

	"kefu/core"
	"kefu/core/desk"
)

func TestReports(t *testing.T) {
	w := newWorld(t)
	n := w.node()
	eve := w.hire("eve", core.RoleSupervisor, 0)
	began := n.clock()
	alone := n.visitor("alone") // nobody is there
	alone.say("hello")
	n.pass(time.Minute)
	alone.own().end()
	amy := n.agent("amy", core.RoleAgent, 5).online()
	vi := n.visitor("vi")
	vi.say("hello")
	n.pass(20 * time.Second)
	amy.in(vi).say("good morning")
	n.pass(time.Minute)
	vi.own().end()
	vi.own().frame("rate", map[string]any{"session": 1, "score": 4})
	n.pass(26 * time.Hour)
	amy = n.comes("amy").online()
	vi.say("again")
	n.pass(40 * time.Second)
	amy.in(vi).say("yes?")

	ask := func(by string, change func(*desk.ReportQuery)) desk.Report {
		t.Helper()
		q := desk.ReportQuery{By: by, From: began, To: n.clock().Add(time.Second), Zone: time.UTC}
		if change != nil {
			change(&q)
		}
		r, err := n.desk.Reports(t.Context(), eve, q)
		w.must(err)
		return r
	}
	r := ask("days", nil)
	if len(r.Rows) != 2 || r.Rows[0].Key != "2026-01-05" || r.Rows[1].Key != "2026-01-06" || !r.Since.IsZero() {
		t.Fatalf("%+v", r)
	}
	one := r.Rows[0]
	if one.Sessions != 2 || one.Answered != 1 || one.Missed != 1 || one.Open != 0 || one.Scores != [5]int{0, 0, 0, 1, 0} {
		t.Errorf("the first day: %+v", one)
	}
	if one.Response.Count != 1 || one.Response.Mean != 20*time.Second || one.Duration.Count != 2 || one.Duration.Peak != 80*time.Second || one.Duration.Mean != 70*time.Second {
		t.Errorf("the first day: %+v", one)
	}
	if total := r.Total; total.Sessions != 3 || total.Open != 1 || total.Response.Half != 40*time.Second {
		t.Errorf("in all: %+v", total)
	}
	// In another zone the days are others.
	china := time.FixedZone("CST", 8*3600)
	if r := ask("days", func(q *desk.ReportQuery) { q.Zone = china }); r.Rows[0].Key != "2026-01-05" || len(r.Rows) != 2 {
		t.Errorf("%+v", r.Rows)
	}
	if r := ask("agents", nil); len(r.Rows) != 2 || r.Rows[0].Key != "amy" || r.Rows[0].Sessions != 2 || r.Rows[1].Key != "" {
		t.Errorf("%+v", r.Rows)
	}
	if r := ask("groups", func(q *desk.ReportQuery) { q.Agent = "amy" }); len(r.Rows) != 1 || r.Rows[0].Key != "default" || r.Total.Sessions != 2 {
		t.Errorf("%+v", r.Rows)
	}
	if r := ask("sites", func(q *desk.ReportQuery) { q.From = began.Add(time.Hour) }); r.Total.Sessions != 1 {
		t.Errorf("%+v", r.Rows)
	}
	_, err := n.desk.Reports(t.Context(), eve, desk.ReportQuery{By: "stars", From: began, To: began.Add(1)})
	n.code(core.NotFound, err)
	_, err = n.desk.Reports(t.Context(), eve, desk.ReportQuery{By: "days", From: began, To: began})
	n.code(core.Invalid, err)
	_, err = n.desk.Reports(t.Context(), w.hire("bo", core.RoleAgent, 1), desk.ReportQuery{By: "days", From: began, To: began.Add(1)})
	n.code(core.Forbidden, err)
}
