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

// Channel is a way to reach staff who do not look at the console.
type Channel struct {
	ID      string     `json:"id"`
	Version uint64     `json:"version"`
	Name    string     `json:"name"`
	Kind    string     `json:"kind" enum:"webhook,mail,wecom,dingtalk,feishu"`
	URL     string     `json:"url" doc:"A robot's is a key, and masked; empty: mail."`
	Secret  string     `json:"secret" doc:"Masked; empty: nothing is signed."`
	To      []string   `json:"to" nullable:"false" doc:"Of mail: the addresses."`
	After   int        `json:"after" doc:"Seconds that a visitor waits, or a message is not read, before somebody is told."`
	Waiting bool       `json:"waiting" doc:"Told of visitors whom nobody has taken."`
	Unread  bool       `json:"unread" doc:"Told of messages that nobody has read."`
	Groups  []string   `json:"groups" nullable:"false" doc:"None: all."`
	Lang    string     `json:"lang" enum:"zh,en"`
	Link    string     `json:"link" doc:"The console's address, for the message."`
	Off     bool       `json:"off"`
	Sent    *wire.Time `json:"sent,omitempty" doc:"When a message last arrived."`
	Last    string     `json:"last,omitempty" doc:"Why the last message did not arrive."`
}

// Channels is a list of them.
type Channels struct {
	Channels []Channel `json:"channels" nullable:"false"`
}

func channelOf(c desk.Channel) Channel {
	return Channel{
		ID: c.ID, Version: c.Version, Name: c.Name, Kind: c.Kind, URL: c.URL, Secret: c.Secret, To: names(c.To), After: int(c.After / time.Second),
		Waiting: c.Waiting, Unread: c.Unread, Groups: names(c.Groups), Lang: c.Lang, Link: c.Link, Off: c.Off,
		Sent: timeOf(c.State.Sent), Last: c.State.Last,
	}
}

// newChannel is all of a channel.
type newChannel struct {
	_       struct{}       `json:"-" additionalProperties:"false"`
	Name    string         `json:"name" minLength:"1" maxLength:"100"`
	Kind    string         `json:"kind" enum:"webhook,mail,wecom,dingtalk,feishu"`
	URL     string         `json:"url,omitempty" maxLength:"2000"`
	Secret  string         `json:"secret,omitempty" maxLength:"200"`
	To      []string       `json:"to,omitempty" nullable:"false" maxItems:"20"`
	After   int            `json:"after" minimum:"1" maximum:"86400"`
	Waiting bool           `json:"waiting,omitempty"`
	Unread  bool           `json:"unread,omitempty"`
	Groups  []core.GroupID `json:"groups,omitempty" nullable:"false" maxItems:"50"`
	Lang    string         `json:"lang" enum:"zh,en"`
	Link    string         `json:"link,omitempty" maxLength:"2000"`
	Off     bool           `json:"off,omitempty"`
	Version uint64         `json:"version,omitempty" doc:"Of a change: the one that was changed."`
}

func (b newChannel) desk(id string) desk.Channel {
	return desk.Channel{
		ID: id, Version: b.Version, Name: b.Name, Kind: b.Kind, URL: b.URL, Secret: b.Secret, To: b.To, After: time.Duration(b.After) * time.Second,
		Waiting: b.Waiting, Unread: b.Unread, Groups: b.Groups, Lang: b.Lang, Link: b.Link, Off: b.Off,
	}
}

type putChannel struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body newChannel
}

// createdChannel says where the new one is to be found.
type createdChannel struct {
	Location string `header:"Location"`
	Body     Channel
}

// channels registers them.
func (a *api) channels() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"channels"},
		}
	}
	const here = "/v1/channels/{id}"
	created := operation("create-channel", http.MethodPost, "/v1/channels", "Make a channel",
		"For admins. Each wait is told once. What does not arrive is tried again after 30 s, a minute … a quarter of an hour, as long as it lasts.",
		http.StatusConflict, http.StatusNotImplemented)
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-channels", http.MethodGet, "/v1/channels", "List channels", "For admins. Keys and secrets are masked."), a.listChannels)
	staffed(a, created, a.createChannel)
	staffed(a, operation("change-channel", http.MethodPut, here, "Change a channel",
		"For admins. All of it; a mask in the place of an address or a secret keeps that.", http.StatusNotFound, http.StatusConflict, http.StatusNotImplemented), a.putChannel)
	staffed(a, operation("delete-channel", http.MethodDelete, here, "Remove a channel", "For admins.", http.StatusNotFound), a.deleteChannel)
	test := operation("test-channel", http.MethodPost, here+"/test", "Send a test over a channel", "For admins. A conflict says why it did not arrive.",
		http.StatusNotFound, http.StatusConflict, http.StatusTooManyRequests)
	test.DefaultStatus = http.StatusNoContent
	staffed(a, test, a.testChannel)
}

func (a *api) listChannels(ctx context.Context, who core.Account, _ *nothing) (*body[Channels], error) {
	list, err := a.Desk.Channels(ctx, who)
	out := Channels{Channels: make([]Channel, len(list))}
	for i, c := range list {
		out.Channels[i] = channelOf(c)
	}
	return &body[Channels]{out}, err
}

func (a *api) createChannel(ctx context.Context, who core.Account, in *body[newChannel]) (*createdChannel, error) {
	c, err := a.Desk.PutChannel(ctx, who, in.Body.desk(""))
	return &createdChannel{Location: "/v1/channels/" + url.PathEscape(c.ID), Body: channelOf(c)}, located(err)
}

func (a *api) putChannel(ctx context.Context, who core.Account, in *putChannel) (*body[Channel], error) {
	c, err := a.Desk.PutChannel(ctx, who, in.Body.desk(in.ID))
	return &body[Channel]{channelOf(c)}, located(err)
}

func (a *api) deleteChannel(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.DeleteChannel(ctx, who, in.ID)
}

func (a *api) testChannel(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.TestChannel(ctx, who, in.ID)
}
