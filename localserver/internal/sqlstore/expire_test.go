package sqlstore_test

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/transfer"
	"kefu/localserver/internal/pgtest"
	"kefu/localserver/internal/sqlstore"
)

func TestExpire(t *testing.T) {
	st := open(t, t.TempDir())
	defer st.Close()
	expires(t, st)
}

func TestPostgresExpire(t *testing.T) {
	o := options("")
	o.URL = pgtest.Database(t)
	st, err := sqlstore.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	expires(t, st)
}

// expires tells what goes and what stays: closed before a time, the oldest
// first, of that site or of all but some; what goes on never.
func expires(t *testing.T, st *sqlstore.Store) {
	t.Helper()
	begun := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	rules, _ := core.DefaultSettings().Rules("default")
	talk := func(i int, site core.SiteID, ends bool) core.ConversationID {
		t.Helper()
		id, at := core.ConversationID(fmt.Sprint("c_", i)), begun.AddDate(0, 0, i)
		who := core.Actor{Party: core.Party{Kind: core.Visitor, ID: fmt.Sprint("v_", i)}}
		r := rules
		r.Site.ID = site
		say := func(in core.Input) {
			t.Helper()
			if _, err := core.Apply(t.Context(), st, core.Conversation{ID: id}, r, at, in); err != nil {
				t.Fatal(err)
			}
		}
		frame := core.Frame{By: who, Origin: "tab-one-1", N: 1}
		say(core.Said{Frame: frame, Site: site, Body: core.Body{Kind: core.KindText, Text: "hello"}})
		frame.N++
		say(core.Said{Frame: frame, Site: site, Body: core.Body{Kind: core.KindFile, File: core.Attachment{URL: fmt.Sprintf("/v1/files/f_%d/x.pdf", i), Name: "x.pdf", Size: 1, MIME: "application/pdf"}}})
		frame.N++
		if ends {
			say(core.Ended{Frame: frame, Session: 1})
		}
		for _, err := range []error{
			st.PutProfile(t.Context(), core.Profile{ID: core.VisitorID(who.ID), Site: site, Name: "Vi"}),
			st.Mark(t.Context(), id, core.Visitor, 1),
		} {
			if err != nil {
				t.Fatal(err)
			}
		}
		if _, err := st.Known(t.Context(), site, "user-"+who.ID, core.VisitorID(who.ID)); err != nil {
			t.Fatal(err)
		}
		return id
	}
	for i := range 6 {
		site := core.SiteID("shop")
		if i == 1 {
			site = "blog"
		}
		talk(i, site, i != 2)
	}
	there := func() (ids []core.ConversationID) {
		for i := range 6 {
			c, err := st.Load(t.Context(), core.ConversationID(fmt.Sprint("c_", i)))
			if err != nil {
				t.Fatal(err)
			}
			if c.Seq > 0 {
				ids = append(ids, core.ConversationID(fmt.Sprint("c_", i)))
			}
		}
		return ids
	}
	for _, step := range []struct {
		site   core.SiteID
		others []core.SiteID
		days   int
		most   int
		gone   int
		left   []core.ConversationID
	}{
		{"", nil, 0, 10, 0, []core.ConversationID{"c_0", "c_1", "c_2", "c_3", "c_4", "c_5"}},
		{"", []core.SiteID{"blog"}, 5, 1, 1, []core.ConversationID{"c_1", "c_2", "c_3", "c_4", "c_5"}},
		{"shop", nil, 4, 10, 1, []core.ConversationID{"c_1", "c_2", "c_4", "c_5"}},
		{"blog", nil, 100, 10, 1, []core.ConversationID{"c_2", "c_4", "c_5"}},
		{"", nil, 100, 10, 2, []core.ConversationID{"c_2"}},
	} {
		gone, err := st.Expire(t.Context(), step.site, step.others, begun.AddDate(0, 0, step.days), step.most)
		if err != nil || gone.Conversations != step.gone || len(gone.Files) != step.gone || gone.Events < 3*step.gone {
			t.Errorf("%+v: %+v, %v", step, gone, err)
		}
		if got := there(); !slices.Equal(got, step.left) {
			t.Errorf("%+v: left are %v", step, got)
		}
	}
	if _, err := st.Profile(t.Context(), "v_0"); core.CodeOf(err) != core.NotFound {
		t.Errorf("the visitor is still known: %v", err)
	}
	if _, err := st.Known(t.Context(), "shop", "user-v_0", ""); core.CodeOf(err) != core.NotFound {
		t.Errorf("the site's visitor is still known: %v", err)
	}
	if id := talk(0, "shop", false); id != "c_0" { // and begins anew
		t.Error(id)
	}
	if _, err := st.Secret(t.Context(), "token-keys", []byte("kept")); err != nil {
		t.Fatal(err)
	}
	if s, err := transfer.Export(t.Context(), st, io.Discard); err != nil || s.Conversations != 2 {
		t.Errorf("what is left is whole: %+v, %v", s, err)
	}
}
