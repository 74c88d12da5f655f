package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"reflect"
	"regexp"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/codec"
	"kefu/core/desk"
)

// Group is agents who share work.
type Group struct {
	ID       string    `json:"id"`
	Name     string    `json:"name"`
	Timeouts *Timeouts `json:"timeouts,omitempty" doc:"Absent: those of the site."`
	Version  string    `json:"version" doc:"Another whenever the group is another; it does not grow, for groups are a part of the settings."`
}

// Groups is a list of groups.
type Groups struct {
	Groups []Group `json:"groups" nullable:"false"`
}

// Timeouts are durations such as 90s, 3m or 720h; 0s switches one off.
type Timeouts struct {
	Assistant string `json:"assistant"`
	Agent     string `json:"agent"`
	Visitor   string `json:"visitor"`
	Warning   string `json:"warning"`
	Abandoned string `json:"abandoned"`
	Return    string `json:"return"`
}

type newGroup struct {
	_        struct{}       `json:"-" additionalProperties:"false"`
	ID       string         `json:"id,omitempty" minLength:"1" maxLength:"64" pattern:"^[A-Za-z0-9._-]+$" patternDescription:"an id" doc:"Without it, a new one."`
	Name     string         `json:"name" minLength:"1" maxLength:"64"`
	Timeouts *timeoutsPatch `json:"timeouts,omitempty" doc:"Without it, those of the site."`
}

type groupPatch struct {
	_        struct{}       `json:"-" additionalProperties:"false"`
	Name     *string        `json:"name,omitempty" minLength:"1" maxLength:"64"`
	Timeouts *timeoutsPatch `json:"timeouts,omitempty" doc:"null: those of the site again."`
	Version  string         `json:"version,omitempty" maxLength:"64" doc:"The one that was changed; if it is not that of the group any more, that is a conflict. Absent: whichever there is."`
}

// timeoutsPatch is what of them shall change. What neither it nor the group
// says is as protocol.md, "Defaults", has it.
type timeoutsPatch struct {
	_         struct{} `json:"-" additionalProperties:"false" nullable:"true"`
	Assistant *string  `json:"assistant,omitempty" maxLength:"32"`
	Agent     *string  `json:"agent,omitempty" maxLength:"32"`
	Visitor   *string  `json:"visitor,omitempty" maxLength:"32"`
	Warning   *string  `json:"warning,omitempty" maxLength:"32"`
	Abandoned *string  `json:"abandoned,omitempty" maxLength:"32"`
	Return    *string  `json:"return,omitempty" maxLength:"32"`
}

// raw is a body that fits T but is kept as it came: T could not tell what is
// null from what is absent.
type raw[T any] struct{ data json.RawMessage }

// UnmarshalJSON implements json.Unmarshaler.
func (r *raw[T]) UnmarshalJSON(b []byte) error {
	r.data = append(r.data[:0], b...)
	return nil
}

// Schema implements huma.SchemaProvider.
func (raw[T]) Schema(r huma.Registry) *huma.Schema { return r.Schema(reflect.TypeFor[T](), true, "") }

// createdGroup says where the new group is to be found.
type createdGroup struct {
	Location string `header:"Location"`
	Body     Group
}

type changeGroup struct {
	ID   string `path:"id" maxLength:"64" pattern:"^[!-~]+$" patternDescription:"an id"`
	Body raw[groupPatch]
}

// groups registers groups. They are a part of the settings, so each change of
// one is a version of those.
func (a *api) groups() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"groups"},
		}
	}
	const here = "/v1/groups/{id}"
	created := operation("create-group", http.MethodPost, "/v1/groups", "Make a group", "For admins.", http.StatusConflict)
	created.DefaultStatus = http.StatusCreated
	staffed(a, operation("list-groups", http.MethodGet, "/v1/groups", "List groups", ""), a.listGroups)
	staffed(a, created, a.createGroup)
	staffed(a, operation("update-group", http.MethodPatch, here, "Change a group", "For admins.",
		http.StatusNotFound, http.StatusConflict), a.changeGroup)
	staffed(a, operation("delete-group", http.MethodDelete, here, "Remove a group",
		"For admins. Not while a site names it, agents are in it, or sessions wait or are held in it.",
		http.StatusNotFound, http.StatusConflict), a.deleteGroup)
}

func (a *api) listGroups(ctx context.Context, who core.Account, _ *nothing) (*body[Groups], error) {
	groups, err := a.Desk.Groups(ctx, who)
	if err != nil {
		return nil, err
	}
	out, err := groupsOf(groups...)
	return &body[Groups]{out}, err
}

func (a *api) createGroup(ctx context.Context, who core.Account, in *body[raw[newGroup]]) (*createdGroup, error) {
	g, err := merged(core.Group{}, in.Body.data)
	if err != nil {
		return nil, err
	}
	g, err = a.Desk.CreateGroup(ctx, who, g)
	if err != nil {
		return nil, aboutGroup(err)
	}
	out, err := groupsOf(g)
	return &createdGroup{Location: "/v1/groups/" + url.PathEscape(string(g.ID)), Body: out.Groups[0]}, err
}

func (a *api) changeGroup(ctx context.Context, who core.Account, in *changeGroup) (*body[Group], error) {
	var of struct{ Version string }
	if err := json.Unmarshal(in.Body.data, &of); err != nil {
		return nil, err
	}
	g, err := a.Desk.ChangeGroup(ctx, who, core.GroupID(in.ID), of.Version, func(g *core.Group) (err error) {
		*g, err = merged(*g, in.Body.data)
		return err
	})
	if err != nil {
		return nil, aboutGroup(err)
	}
	out, err := groupsOf(g)
	return &body[Group]{out.Groups[0]}, err
}

func (a *api) deleteGroup(ctx context.Context, who core.Account, in *byID) (*nothing, error) {
	return nil, a.Desk.DeleteGroup(ctx, who, core.GroupID(in.ID))
}

// groupsOf shows groups, in the words of the settings. There are as many as it
// is given.
func groupsOf(groups ...core.Group) (Groups, error) {
	out := Groups{}
	if err := json.Unmarshal(codec.AppendSettings(nil, core.Settings{Groups: groups}), &out); err != nil {
		return out, err
	}
	for i, g := range groups {
		out.Groups[i].Version = desk.GroupVersion(g)
	}
	return out, nil
}

// merged returns a group as a patch has it, much as by RFC 7396: null takes the
// timeouts away.
func merged(g core.Group, patch []byte) (core.Group, error) {
	now := struct{ Groups []map[string]any }{}
	if err := json.Unmarshal(codec.AppendSettings(nil, core.Settings{Groups: []core.Group{g}}), &now); err != nil {
		return g, err
	}
	var change map[string]any
	if err := json.Unmarshal(patch, &change); err != nil {
		return g, err
	}
	delete(change, "version") // says which group is meant, and is no part of it
	if _, given := change["timeouts"].(map[string]any); given && g.Timeouts == nil {
		usual := core.DefaultTimeouts()
		g.Timeouts = &usual
		return merged(g, patch)
	}
	data, err := json.Marshal(map[string]any{"groups": []any{mergePatch(now.Groups[0], change)}})
	if err != nil {
		return g, err
	}
	s, err := codec.Settings(data)
	if err != nil {
		return g, aboutGroup(err)
	}
	return s.Groups[0], nil
}

func mergePatch(doc, patch map[string]any) map[string]any {
	for name, v := range patch {
		part, ok := v.(map[string]any)
		old, had := doc[name].(map[string]any)
		switch {
		case v == nil && had:
			delete(doc, name)
		case v == nil: // as if it were absent, like everywhere else in the API
		case ok && had:
			doc[name] = mergePatch(old, part)
		default:
			doc[name] = v
		}
	}
	return doc
}

// aboutGroup names what is wrong with a group by its place in that, and not in
// the settings.
func aboutGroup(err error) error {
	var e *core.Error
	if !errors.As(err, &e) || e.Code != core.Invalid {
		return err
	}
	inSettings := regexp.MustCompile(`(?m)^groups\[\d+\]\.`)
	return listed{core.Errorf(core.Invalid, "%s", inSettings.ReplaceAllString(e.Message, ""))}
}
