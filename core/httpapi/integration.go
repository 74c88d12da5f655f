package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Posted says where in the log a message is.
type Posted struct {
	Conversation string    `json:"conversation"`
	Seq          uint64    `json:"seq"`
	At           wire.Time `json:"at"`
}

// message is what can be said. What belongs together, the protocol decides, as
// for a send frame.
type message struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Kind    string   `json:"kind" enum:"text,options,image,file"`
	Text    string   `json:"text,omitempty"`
	Options []string `json:"options,omitempty" nullable:"false" maxItems:"10" doc:"Quick replies."`
	URL     string   `json:"url,omitempty" maxLength:"2048"`
	Name    string   `json:"name,omitempty" maxLength:"255"`
	Size    int64    `json:"size,omitempty" minimum:"0" doc:"Bytes."`
	MIME    string   `json:"mime,omitempty" maxLength:"127"`
	Width   int      `json:"width,omitempty" minimum:"0" doc:"Pixels."`
	Height  int      `json:"height,omitempty" minimum:"0" doc:"Pixels."`
}

type newEvent struct {
	_        struct{} `json:"-" additionalProperties:"false"`
	Body     message  `json:"body"`
	Internal bool     `json:"internal,omitempty" doc:"A note that visitors do not see."`
}

type postEvent struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Key  string `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII" doc:"Names the request: a repeat of it within 24 hours is answered the same, and stored once."`
	Body newEvent
}

// integration registers what other programs send.
func (a *api) integration() {
	op := huma.Operation{
		OperationID: "send-event", Method: http.MethodPost, Path: "/v1/conversations/{id}/events", Tags: []string{"conversations"},
		Summary: "Send a message",
		Description: "Its author is the agent whose token it is, with the rights that they have on the socket. Who can not know whether a " +
			"request arrived repeats it under the same Idempotency-Key; another request under that key is a conflict.",
		DefaultStatus: http.StatusCreated,
		Errors:        []int{http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests, http.StatusNotImplemented},
	}
	staffed(a, op, a.createEvent)
}

func (a *api) createEvent(ctx context.Context, who core.Account, in *postEvent) (*body[Posted], error) {
	m := in.Body.Body
	p, err := a.Desk.Post(ctx, who, core.ConversationID(in.ID), desk.NewEvent{
		Body: wire.Body{
			Kind: m.Kind, Text: m.Text, Options: m.Options, URL: m.URL, Name: m.Name, Size: m.Size, MIME: m.MIME, Width: m.Width, Height: m.Height,
		},
		Internal: in.Body.Internal, Key: in.Key,
	})
	return &body[Posted]{Posted{Conversation: in.ID, Seq: p.Seq, At: p.At}}, err
}
