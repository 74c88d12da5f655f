package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Visitor is what agents may know of a visitor besides what they said.
type Visitor struct {
	ID           string    `json:"id"`
	Site         string    `json:"site"`
	Conversation string    `json:"conversation" doc:"Theirs with the site."`
	Name         string    `json:"name,omitempty"`
	Avatar       string    `json:"avatar,omitempty"`
	External     string    `json:"external,omitempty" doc:"The site's own id for them; absent: they are anonymous."`
	Verified     bool      `json:"verified" doc:"The site's server vouches for them."`
	Lang         string    `json:"lang,omitempty"`
	Device       string    `json:"device,omitempty" doc:"Browser and system, as the browser says."`
	Online       bool      `json:"online"`
	First        wire.Time `json:"first" doc:"When they first wrote."`
	Seen         wire.Time `json:"seen"`
	Pages        []Visit   `json:"pages" nullable:"false" doc:"The last 20, oldest first."`
	Sessions     []Served  `json:"sessions" nullable:"false" doc:"The last 20, the newest first."`
	More         bool      `json:"more" doc:"There were earlier sessions."`
	Block        *Block    `json:"block,omitempty"`
}

// Visit is a page that a visitor was on.
type Visit struct {
	URL      string    `json:"url"`
	Title    string    `json:"title,omitempty"`
	Referrer string    `json:"referrer,omitempty"`
	At       wire.Time `json:"at"`
}

// Served is a session in a few words.
type Served struct {
	Session uint32      `json:"session"`
	Began   wire.Time   `json:"began"`
	Ended   *wire.Time  `json:"ended,omitempty" doc:"Absent: it goes on."`
	Agent   *wire.Party `json:"agent,omitempty" doc:"Who held it last."`
	Said    int         `json:"said" doc:"Messages of both sides."`
	Score   uint8       `json:"score,omitempty"`
}

// LiveVisitor is somebody on a page who is in no session.
type LiveVisitor struct {
	ID           string    `json:"id"`
	Site         string    `json:"site"`
	Conversation string    `json:"conversation"`
	Name         string    `json:"name,omitempty"`
	Verified     bool      `json:"verified"`
	Lang         string    `json:"lang,omitempty"`
	Device       string    `json:"device,omitempty"`
	Page         wire.Page `json:"page"`
	Since        wire.Time `json:"since"`
	Pages        int       `json:"pages" doc:"That they were on since then."`
	Sessions     uint32    `json:"sessions" doc:"That they had before."`
	Invited      bool      `json:"invited" doc:"And have not answered."`
}

// LiveVisitors is who is on the pages, who came last first.
type LiveVisitors struct {
	Visitors []LiveVisitor `json:"visitors" nullable:"false"`
	More     bool          `json:"more" doc:"There are others; 200 are listed."`
}

type liveQuery struct {
	Online bool `query:"online" required:"true" enum:"true" doc:"Only those who are here can be listed."`
}

type invitation struct {
	ID   string `path:"id" maxLength:"64"`
	Body struct {
		_    struct{} `json:"-" additionalProperties:"false"`
		Site string   `json:"site" minLength:"1" maxLength:"64"`
		Text string   `json:"text" minLength:"1" maxLength:"300"`
	}
}

// visitors registers what is known of visitors.
func (a *api) visitors() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"visitors"},
		}
	}
	staffed(a, operation("list-visitors", http.MethodGet, "/v1/visitors", "List who is on the pages",
		"Those in no session, on the sites that the caller's groups work for. They are those of the node that is asked.",
		http.StatusNotImplemented), a.listVisitors)
	staffed(a, operation("read-visitor", http.MethodGet, "/v1/visitors/{id}", "Read what is known of a visitor",
		"For those who may read their conversation. What was said is under /v1/conversations/{id}/events.", http.StatusNotFound), a.readVisitor)
	staffed(a, operation("erase-visitor", http.MethodDelete, "/v1/visitors/{id}", "Erase a visitor",
		"For admins. What is known of them goes, every word of their conversation, by whomever, and the files that were sent in it. "+
			"Reports go on counting its sessions. Who comes back is a new visitor. If it ends with an error, ask again: it goes on. "+
			"What left earlier, by webhooks or in copies of the database, is not reached.",
		http.StatusNotFound), a.eraseVisitor)
	staffed(a, operation("invite-visitor", http.MethodPost, "/v1/visitors/{id}/invite", "Invite a visitor to talk",
		"Shown once, on the page they are on. If they answer, the session is offered to the caller first.",
		http.StatusNotFound, http.StatusConflict), a.inviteVisitor)
}

func (a *api) listVisitors(ctx context.Context, who core.Account, _ *liveQuery) (*body[LiveVisitors], error) {
	list, more, err := a.Desk.LiveVisitors(ctx, who)
	out := LiveVisitors{Visitors: make([]LiveVisitor, len(list)), More: more}
	for i, v := range list {
		out.Visitors[i] = LiveVisitor{
			ID: string(v.ID), Site: string(v.Site), Conversation: string(v.Conversation), Name: v.Name, Verified: v.Verified, Lang: v.Lang,
			Device: v.Device, Page: wire.Page(v.Page), Since: wire.Time(v.Since), Pages: v.Pages, Sessions: v.Sessions, Invited: v.Invited,
		}
	}
	return &body[LiveVisitors]{out}, err
}

func (a *api) readVisitor(ctx context.Context, who core.Account, in *byID) (*body[Visitor], error) {
	r, err := a.Desk.Visitor(ctx, who, core.VisitorID(in.ID))
	if err != nil {
		return nil, err
	}
	return &body[Visitor]{visitorOf(r)}, nil
}

func visitorOf(r desk.VisitorRecord) Visitor {
	out := Visitor{
		ID: string(r.ID), Site: string(r.Site), Conversation: string(r.Conversation), Name: r.Name, Avatar: r.Avatar, External: r.External,
		Verified: r.Verified, Lang: r.Lang, Device: r.Device, Online: r.Online, First: wire.Time(r.First), Seen: wire.Time(r.Seen),
		Pages: make([]Visit, len(r.Pages)), Sessions: make([]Served, len(r.Sessions)), More: r.More,
	}
	for i, v := range r.Pages {
		out.Pages[i] = Visit{v.URL, v.Title, v.Referrer, wire.Time(v.At)}
	}
	for i, s := range r.Sessions {
		out.Sessions[i] = Served{Session: s.Number, Began: wire.Time(s.Began), Ended: timeOf(s.Ended), Said: s.Said, Score: s.Score}
		if s.Agent != "" {
			out.Sessions[i].Agent = &wire.Party{ID: string(s.Agent), Name: s.Name, Avatar: s.Avatar}
		}
	}
	if r.Block != nil {
		b := blockOf(*r.Block)
		out.Block = &b
	}
	return out
}

func (a *api) eraseVisitor(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.EraseVisitor(ctx, who, core.VisitorID(in.ID))
}

func (a *api) inviteVisitor(ctx context.Context, who core.Account, in *invitation) (*nothing, error) {
	return nil, a.Desk.Invite(ctx, who, core.SiteID(in.Body.Site), core.VisitorID(in.ID), in.Body.Text)
}
