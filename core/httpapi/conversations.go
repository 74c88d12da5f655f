package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/wire"
)

// Conversations is a page of a list of conversations.
type Conversations struct {
	Conversations []wire.Head `json:"conversations" nullable:"false"`
	Next          string      `json:"next,omitempty" doc:"For before, to go on; absent: there are no more."`
}

// listing selects conversations. An empty parameter is like none.
type listing struct {
	Phase  []string `query:"phase" nullable:"false" maxItems:"6" enum:"none,bot,waiting,held,closed,snoozed" doc:"One or more, with commas."`
	Agent  string   `query:"agent" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id" doc:"Who holds it."`
	Group  string   `query:"group" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Site   string   `query:"site" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Q      string   `query:"q" maxLength:"64" doc:"Only those whose visitor's name or id, own id or tag has this in it. The newest of them are looked through, some at a time: there may be a next though none was found."`
	Before string   `query:"before" maxLength:"256" doc:"The next of the page before."`
	Limit  int      `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// paging selects events of a conversation. That after and before exclude each
// other is the desk's to say.
type paging struct {
	ID     string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	After  seq    `query:"after" doc:"Only newer events than this seq, the oldest of them."`
	Before seq    `query:"before" doc:"Only older events than this seq, the newest of them."`
	Limit  int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// seq is a parameter that may be absent, which is not the same as 0.
type seq struct {
	value uint64
	given bool
}

func (s *seq) pointer() *uint64 {
	if !s.given {
		return nil
	}
	return &s.value
}

// maxSeq is the greatest number that every client and store can hold.
const maxSeq = 1<<53 - 1

// Schema implements huma.SchemaProvider.
func (seq) Schema(huma.Registry) *huma.Schema {
	least, most := 0.0, float64(maxSeq)
	s := &huma.Schema{Type: huma.TypeInteger, Format: "int64", Minimum: &least, Maximum: &most}
	s.PrecomputeMessages()
	return s
}

// Receiver implements huma.ParamWrapper: where huma puts the number.
func (s *seq) Receiver() reflect.Value { return reflect.ValueOf(&s.value).Elem() }

// OnParamSet implements huma.ParamReactor.
func (s *seq) OnParamSet(given bool, _ any) { s.given = given }

// conversations registers what reads conversations.
func (a *api) conversations() {
	operation := func(id, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: http.MethodGet, Path: path, Summary: summary, Description: about, Errors: errors,
			Tags: []string{"conversations"},
		}
	}
	staffed(a, operation("list-conversations", "/v1/conversations", "List conversations",
		"The newest phase first. Agents see those of their groups, and their own; supervisors and admins see all."), a.listConversations)
	staffed(a, operation("read-conversation", "/v1/conversations/{id}", "Read the head of a conversation",
		"", http.StatusNotFound), a.readConversation)
	staffed(a, operation("read-events", "/v1/conversations/{id}/events", "Read the log of a conversation",
		"Oldest first. After or before, not both; with neither: the newest.", http.StatusNotFound), a.readEvents)
}

func (a *api) listConversations(ctx context.Context, who core.Account, in *listing) (*body[Conversations], error) {
	q, err := in.query()
	if err != nil {
		return nil, err
	}
	list := a.Desk.Conversations
	if text := strings.TrimSpace(in.Q); text != "" {
		list = func(ctx context.Context, who core.Account, q core.Query) ([]wire.Head, core.Place, error) {
			return a.Desk.Find(ctx, who, q, text)
		}
	}
	heads, next, err := list(ctx, who, q)
	if err != nil {
		return nil, err
	}
	out := Conversations{Conversations: append([]wire.Head{}, heads...)} // none is [], not null
	if next != (core.Place{}) {
		out.Next = cursorOf(next)
	}
	return &body[Conversations]{out}, nil
}

// query returns what the desk is asked; the cursor is what huma could not
// check by its type.
func (in *listing) query() (core.Query, error) {
	q := core.Query{Agent: core.AgentID(in.Agent), Site: core.SiteID(in.Site), Limit: in.Limit}
	for _, name := range in.Phase {
		for p := core.None; p <= core.Snoozed; p++ {
			if p.String() == name {
				q.Phases = append(q.Phases, p)
			}
		}
	}
	if in.Group != "" {
		q.Groups = []core.GroupID{core.GroupID(in.Group)}
	}
	if in.Before == "" {
		return q, nil
	}
	place, ok := parseCursor(in.Before)
	if !ok {
		return q, core.Errorf(core.Invalid, "query.before: the next of an earlier answer is expected")
	}
	q.Before = place
	return q, nil
}

func (a *api) readConversation(ctx context.Context, who core.Account, in *byID) (*body[wire.Head], error) {
	head, err := a.Desk.Conversation(ctx, who, core.ConversationID(in.ID))
	return &body[wire.Head]{head}, err
}

func (a *api) readEvents(ctx context.Context, who core.Account, in *paging) (*body[wire.Events], error) {
	events, err := a.Desk.Events(ctx, who, core.ConversationID(in.ID), in.After.pointer(), in.Before.pointer(), in.Limit)
	return &body[wire.Events]{events}, err
}
