package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/wire"
)

// Search is what was found, and how far it was looked.
type Search struct {
	Found  []Said     `json:"found" nullable:"false" doc:"The newest phase first."`
	Looked int        `json:"looked" doc:"How many conversations were looked through, each in its newest 1000 events."`
	Since  *wire.Time `json:"since,omitempty" doc:"Those whose phase began before this were not looked through; absent: there are none."`
	Next   string     `json:"next,omitempty" doc:"For before, to look further back; absent: there are no more."`
}

// Said is a conversation with its newest event that has the text.
type Said struct {
	Conversation wire.Head  `json:"conversation"`
	Event        wire.Event `json:"event"`
}

type searching struct {
	Q      string   `query:"q" required:"true" minLength:"2" maxLength:"100" doc:"Some of what was said, in whatever case."`
	Phase  []string `query:"phase" nullable:"false" maxItems:"6" enum:"none,bot,waiting,held,closed,snoozed" doc:"One or more, with commas."`
	Agent  string   `query:"agent" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id" doc:"Who holds it."`
	Group  string   `query:"group" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Site   string   `query:"site" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Before string   `query:"before" maxLength:"256" doc:"The next of an earlier answer."`
}

// search registers what looks through logs, and what names the sites that it
// can be narrowed down to.
func (a *api) search() {
	staffed(a, huma.Operation{
		OperationID: "search-messages", Method: http.MethodGet, Path: "/v1/search", Tags: []string{"conversations"}, Summary: "Search what was said",
		Description: "In messages, notes, forms and names of files of the conversations that the caller may list. There is no index: an answer looks " +
			"through the newest 100 conversations and says so; next looks through the 100 before them.",
	}, a.searchMessages)
	staffed(a, huma.Operation{
		OperationID: "list-sites", Method: http.MethodGet, Path: "/v1/sites", Tags: []string{"conversations"}, Summary: "List the sites by name",
	}, a.listSites)
}

// SiteName is what staff know of a site: its settings are for those who lead.
type SiteName struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// SiteNames is all of them.
type SiteNames struct {
	Sites []SiteName `json:"sites" nullable:"false"`
}

func (a *api) listSites(ctx context.Context, who core.Account, _ *nothing) (*body[SiteNames], error) {
	list, err := a.Desk.Sites(ctx, who)
	out := SiteNames{Sites: make([]SiteName, len(list))}
	for i := range list {
		out.Sites[i] = SiteName{string(list[i].ID), list[i].Name}
	}
	return &body[SiteNames]{out}, err
}

func (a *api) searchMessages(ctx context.Context, who core.Account, in *searching) (*body[Search], error) {
	q, err := (&listing{Phase: in.Phase, Agent: in.Agent, Group: in.Group, Site: in.Site, Before: in.Before}).query()
	if err != nil {
		return nil, err
	}
	s, err := a.Desk.SearchMessages(ctx, who, q, in.Q)
	if err != nil {
		return nil, err
	}
	out := Search{Found: make([]Said, len(s.Found)), Looked: s.Looked, Since: timeOf(s.Since)}
	for i, f := range s.Found {
		out.Found[i] = Said{f.Head, f.Event}
	}
	if s.Next != (core.Place{}) {
		out.Next = cursorOf(s.Next)
	}
	return &body[Search]{out}, nil
}
