package httpapi

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
)

// Reply is a text that agents send often.
type Reply struct {
	ID       string `json:"id"`
	Title    string `json:"title"`
	Text     string `json:"text" doc:"May have {{visitor.name}}, {{agent.name}} and {{site.name}} in it, which clients fill in."`
	Shortcut string `json:"shortcut" doc:"Typed after a slash; empty: none."`
	Shared   bool   `json:"shared" doc:"Whether others use it too."`
	Group    string `json:"group,omitempty" doc:"Of a shared one: whose it is; absent: everybody's."`
	Owner    string `json:"owner" doc:"The id of an agent."`
	Version  uint64 `json:"version"`
}

func replyOf(r desk.Reply) Reply {
	return Reply{r.ID, r.Title, r.Text, r.Shortcut, r.Shared, string(r.Group), string(r.Owner), r.Version}
}

// Replies is a list of replies.
type Replies struct {
	Replies []Reply `json:"replies" nullable:"false"`
}

type newReply struct {
	_        struct{}     `json:"-" additionalProperties:"false"`
	Title    string       `json:"title" minLength:"1" maxLength:"100"`
	Text     string       `json:"text" minLength:"1" maxLength:"4000"`
	Shortcut string       `json:"shortcut,omitempty" maxLength:"41"`
	Shared   bool         `json:"shared,omitempty"`
	Group    core.GroupID `json:"group,omitempty" maxLength:"64"`
}

type replyPatch struct {
	_        struct{}      `json:"-" additionalProperties:"false"`
	Title    *string       `json:"title,omitempty" minLength:"1" maxLength:"100"`
	Text     *string       `json:"text,omitempty" minLength:"1" maxLength:"4000"`
	Shortcut *string       `json:"shortcut,omitempty" maxLength:"41"`
	Shared   *bool         `json:"shared,omitempty"`
	Group    *core.GroupID `json:"group,omitempty" maxLength:"64"`
	Version  uint64        `json:"version,omitempty" doc:"The one that was changed; if it is not the newest any more, that is a conflict. Absent: whichever there is."`
}

type findReplies struct {
	Q string `query:"q" maxLength:"100" doc:"The beginning of a shortcut, or a part of a title or text."`
}

type changeReply struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body replyPatch
}

// createdReply says where the new reply is to be found.
type createdReply struct {
	Location string `header:"Location"`
	Body     Reply
}

// replies registers canned replies.
func (a *api) replies() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"replies"},
		}
	}
	const here = "/v1/replies/{id}"
	created := operation("create-reply", http.MethodPost, "/v1/replies", "Make a reply",
		"One's own; supervisors and admins make shared ones too.", http.StatusConflict)
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-replies", http.MethodGet, "/v1/replies", "List replies",
		"One's own, everybody's, and those of one's groups. The best matches first."), a.listReplies)
	staffed(a, created, a.createReply)
	staffed(a, operation("change-reply", http.MethodPatch, here, "Change a reply",
		"One's own; supervisors and admins change shared ones too. What is absent stays.", http.StatusNotFound, http.StatusConflict), a.changeReply)
	staffed(a, operation("delete-reply", http.MethodDelete, here, "Remove a reply", "", http.StatusNotFound), a.deleteReply)
}

func (a *api) listReplies(ctx context.Context, who core.Account, in *findReplies) (*body[Replies], error) {
	list, err := a.Desk.Replies(ctx, who, in.Q)
	out := Replies{Replies: make([]Reply, len(list))}
	for i, r := range list {
		out.Replies[i] = replyOf(r)
	}
	return &body[Replies]{out}, err
}

func (a *api) createReply(ctx context.Context, who core.Account, in *body[newReply]) (*createdReply, error) {
	b := in.Body
	r, err := a.Desk.CreateReply(ctx, who, desk.Reply{Title: b.Title, Text: b.Text, Shortcut: b.Shortcut, Shared: b.Shared, Group: b.Group})
	return &createdReply{Location: "/v1/replies/" + url.PathEscape(r.ID), Body: replyOf(r)}, located(err)
}

func (a *api) changeReply(ctx context.Context, who core.Account, in *changeReply) (*body[Reply], error) {
	b := in.Body
	r, err := a.Desk.ChangeReply(ctx, who, in.ID, b.Version, desk.ReplyPatch{
		Title: b.Title, Text: b.Text, Shortcut: b.Shortcut, Shared: b.Shared, Group: b.Group,
	})
	return &body[Reply]{replyOf(r)}, located(err)
}

func (a *api) deleteReply(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.DeleteReply(ctx, who, in.ID)
}
