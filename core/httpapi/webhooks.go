package httpapi

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Webhook is an address that is told what happens in conversations.
type Webhook struct {
	ID       string     `json:"id"`
	URL      string     `json:"url"`
	Secret   string     `json:"secret" doc:"Signs what is sent, as in Standard Webhooks. Whole only in the answer that made it."`
	Kinds    []string   `json:"kinds" nullable:"false" doc:"Of events; none: all."`
	Sites    []string   `json:"sites" nullable:"false" doc:"None: all."`
	Internal bool       `json:"internal" doc:"Notes among agents too."`
	By       string     `json:"by" doc:"The id of an agent."`
	At       wire.Time  `json:"at" doc:"Events before that are not sent."`
	Sent     *wire.Time `json:"sent,omitempty" doc:"When one was last taken."`
	Since    *wire.Time `json:"since,omitempty" doc:"Since when they fail; absent: they do not."`
	Next     *wire.Time `json:"next,omitempty" doc:"When it is tried again."`
	Last     string     `json:"last,omitempty" doc:"Why the last one failed."`
	Disabled bool       `json:"disabled" doc:"It failed for three days, or said 410 Gone."`
}

// Webhooks is a list of them.
type Webhooks struct {
	Webhooks []Webhook `json:"webhooks" nullable:"false"`
}

func webhookOf(h desk.Webhook) Webhook {
	out := Webhook{
		ID: h.ID, URL: h.URL, Secret: h.Secret, Kinds: names(h.Kinds), Sites: names(h.Sites), Internal: h.Internal, By: string(h.By), At: wire.Time(h.At),
		Sent: timeOf(h.State.Sent), Since: timeOf(h.State.Since), Next: timeOf(h.State.Next), Last: h.State.Last, Disabled: h.State.Disabled,
	}
	return out
}

// names is a list of strings of some type, [] if there are none.
func names[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, s := range list {
		out[i] = string(s)
	}
	return out
}

// timeOf is nil for no time.
func timeOf(t time.Time) *wire.Time {
	if t.IsZero() {
		return nil
	}
	w := wire.Time(t)
	return &w
}

type newWebhook struct {
	_        struct{}      `json:"-" additionalProperties:"false"`
	URL      string        `json:"url" minLength:"1" maxLength:"2000"`
	Kinds    []core.Kind   `json:"kinds,omitempty" nullable:"false" maxItems:"40"`
	Sites    []core.SiteID `json:"sites,omitempty" nullable:"false" maxItems:"100"`
	Internal bool          `json:"internal,omitempty"`
}

// createdWebhook says where the new one is to be found, to end it.
type createdWebhook struct {
	Location string `header:"Location"`
	Body     Webhook
}

// webhooks registers them.
func (a *api) webhooks() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"webhooks"},
		}
	}
	created := operation("create-webhook", http.MethodPost, "/v1/webhooks", "Make a webhook",
		"For admins. It is told of every event once at least, of those of one conversation in their order: {type, timestamp, data: {site, visitor, "+
			"epoch, event}}. The headers webhook-id (conversation-seq-epoch; a repeat has the same), webhook-timestamp and webhook-signature are "+
			"those of Standard Webhooks. Any 2xx takes it; else it is tried again after 5 s, 10 s, 20 s … an hour, for three days.",
		http.StatusConflict, http.StatusNotImplemented)
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-webhooks", http.MethodGet, "/v1/webhooks", "List webhooks", "For admins. Secrets are masked."), a.listWebhooks)
	staffed(a, created, a.createWebhook)
	staffed(a, operation("delete-webhook", http.MethodDelete, "/v1/webhooks/{id}", "End a webhook", "For admins.", http.StatusNotFound), a.deleteWebhook)
	resume := operation("resume-webhook", http.MethodPost, "/v1/webhooks/{id}/resume", "Try a webhook again at once",
		"For admins. One that was disabled goes on with what happens from now on.", http.StatusNotFound)
	resume.DefaultStatus = http.StatusNoContent
	staffed(a, resume, a.resumeWebhook)
}

func (a *api) listWebhooks(ctx context.Context, who core.Account, _ *nothing) (*body[Webhooks], error) {
	list, err := a.Desk.Webhooks(ctx, who)
	out := Webhooks{Webhooks: make([]Webhook, len(list))}
	for i, h := range list {
		out.Webhooks[i] = webhookOf(h)
	}
	return &body[Webhooks]{out}, err
}

func (a *api) createWebhook(ctx context.Context, who core.Account, in *body[newWebhook]) (*createdWebhook, error) {
	b := in.Body
	h, err := a.Desk.CreateWebhook(ctx, who, desk.Webhook{URL: b.URL, Kinds: b.Kinds, Sites: b.Sites, Internal: b.Internal})
	return &createdWebhook{Location: "/v1/webhooks/" + url.PathEscape(h.ID), Body: webhookOf(h)}, located(err)
}

func (a *api) deleteWebhook(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.DeleteWebhook(ctx, who, in.ID)
}

func (a *api) resumeWebhook(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.ResumeWebhook(ctx, who, in.ID)
}
