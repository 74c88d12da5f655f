package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
	"kefu/core/codec"
	"kefu/core/desk"
	"kefu/core/wire"
)

// Settings are what package codec makes of core.Settings. They pass through
// here as they are, so that there is one description of what they may be.
type Settings json.RawMessage

// MarshalJSON implements json.Marshaler.
func (s Settings) MarshalJSON() ([]byte, error) { return s, nil }

// UnmarshalJSON implements json.Unmarshaler.
func (s *Settings) UnmarshalJSON(b []byte) error {
	*s = append((*s)[:0], b...)
	return nil
}

// Schema implements huma.SchemaProvider. It is read off the settings that a
// new desk has, so what is added to them is described at once.
func (Settings) Schema(r huma.Registry) *huma.Schema {
	const name = "Settings"
	if r.Map()[name] == nil {
		var doc map[string]any
		_ = json.Unmarshal(codec.AppendSettings(nil, sampleSettings()), &doc) // what it writes is JSON
		schema := schemaLike(name, doc)
		schema.Properties["warnings"] = &huma.Schema{
			Type: huma.TypeArray, Items: &huma.Schema{Type: huma.TypeString},
			Description: "In the answer to a change: what a test call of the models that it brought found wrong, a line each, such as a key that is not taken. Ignored in requests.",
		}
		r.Map()[name] = schema
	}
	return &huma.Schema{Ref: "#/components/schemas/" + name}
}

// schemaLike describes documents that are like one.
func schemaLike(name string, v any) *huma.Schema {
	s := &huma.Schema{}
	switch v := v.(type) {
	case map[string]any:
		s.Type, s.AdditionalProperties = huma.TypeObject, false
		switch name {
		case "greeting", "offline", "quick", "text", "label", "options": // texts by language, whichever there are
			s.AdditionalProperties = &huma.Schema{Type: huma.TypeString}
			return s
		}
		s.Properties = map[string]*huma.Schema{}
		for name, e := range v {
			s.Properties[name] = schemaLike(name, e)
		}
	case []any:
		s.Type = huma.TypeArray
		s.Items = schemaLike(name, v[0])
	case bool:
		s.Type = huma.TypeBoolean
	case float64:
		s.Type = huma.TypeNumber
	default:
		s.Type = huma.TypeString
	}
	return s
}

// Change is one difference between two versions of the settings.
type Change struct {
	Path   string `json:"path" doc:"Such as sites[default].timeouts.agent."`
	Before any    `json:"before" doc:"null: it was not there."`
	After  any    `json:"after" doc:"null: it is not there."`
}

// Preview is what a change of the settings would change.
type Preview struct {
	Changes []Change `json:"changes" nullable:"false"`
}

// Revision is one version of the settings, and what it changed.
type Revision struct {
	Version uint64    `json:"version"`
	At      wire.Time `json:"at"`
	By      string    `json:"by" doc:"The id of an agent."`
	Changes []Change  `json:"changes" nullable:"false"`
}

// Revisions is a page of the history of the settings, the newest first.
type Revisions struct {
	Versions []Revision `json:"versions" nullable:"false"`
	Next     uint64     `json:"next,omitempty" doc:"For before, to go on; absent: there are no more."`
}

func changesOf(list []desk.Difference) []Change {
	out := make([]Change, len(list))
	for i, c := range list {
		out[i] = Change(c)
	}
	return out
}

type changeSettings struct {
	Preview bool `query:"preview" doc:"Only check them, and say what would change."`
	Body    Settings
}

type settingsPage struct {
	Before seq `query:"before" doc:"Only smaller versions than this one."`
	Limit  int `query:"limit" minimum:"1" maximum:"100" default:"20"`
}

type rollback struct {
	_       struct{} `json:"-" additionalProperties:"false"`
	Version uint64   `json:"version" minimum:"1" maximum:"9007199254740991"`
}

// settings registers what is about the settings as a whole.
func (a *api) settings() {
	operation := func(id, method, path, summary, about string, errors ...int) huma.Operation {
		return huma.Operation{
			OperationID: id, Method: method, Path: path, Summary: summary, Description: about, Errors: errors, Tags: []string{"settings"},
		}
	}
	staffed(a, operation("get-settings", http.MethodGet, "/v1/settings", "Read the settings",
		"For admins, and for supervisors, who see no secrets. Secrets are masked: four dots and their last four characters."), a.readSettings)
	change := operation("put-settings", http.MethodPut, "/v1/settings", "Change the settings",
		"For admins. The version is the one they were read under; if it is not the newest any more, that is a conflict, and nothing is "+
			"changed. Models that are new in them are asked for a word, and what is wrong with them is in warnings. What is left out is off or empty. A mask in the place of a secret keeps that secret. A group can not go while agents "+
			"are in it, or sessions wait or are held in it.", http.StatusConflict)
	change.SkipValidateBody = true // package codec does, and finds more
	change.Responses = map[string]*huma.Response{"200": {Description: "The new settings, or what would change", Content: map[string]*huma.MediaType{
		"application/json": {Schema: &huma.Schema{OneOf: []*huma.Schema{
			Settings{}.Schema(a.huma.OpenAPI().Components.Schemas), a.schema(reflect.TypeFor[Preview]()),
		}}},
	}}}
	staffed(a, change, a.changeSettings)
	staffed(a, operation("settings-history", http.MethodGet, "/v1/settings/history", "List earlier settings",
		"For admins. The newest first, each with what it changed."), a.listRevisions)
	staffed(a, operation("rollback-settings", http.MethodPost, "/v1/settings/rollback", "Go back to earlier settings",
		"For admins. Their content becomes a new version.", http.StatusNotFound, http.StatusConflict), a.rollbackSettings)
}

func settingsBody(s core.Settings) *body[Settings] {
	return &body[Settings]{codec.AppendSettings(nil, s)}
}

func (a *api) readSettings(ctx context.Context, who core.Account, _ *nothing) (*body[Settings], error) {
	s, err := a.Desk.Settings(ctx, who)
	return settingsBody(s), err
}

func (a *api) changeSettings(ctx context.Context, who core.Account, in *changeSettings) (*body[any], error) {
	var free any
	if err := decode(in.Body, &free); err != nil {
		return nil, core.Errorf(core.Invalid, "body: %s", err)
	}
	s, err := codec.Settings(in.Body)
	if err != nil {
		return nil, listed{err}
	}
	if in.Preview {
		list, err := a.Desk.PreviewSettings(ctx, who, s)
		return &body[any]{Preview{changesOf(list)}}, listed{err}.orNil()
	}
	s, err = a.Desk.ChangeSettings(ctx, who, s)
	if err != nil {
		return nil, listed{err}
	}
	return &body[any]{a.saved(ctx, s)}, nil
}

// saved is settings that were just stored, with what is wrong with the models
// that they brought: they count all the same, and visitors go to people.
func (a *api) saved(ctx context.Context, s core.Settings) Settings {
	doc := codec.AppendSettings(nil, s)
	d, err := a.assist()
	if err != nil {
		return doc
	}
	warnings, err := d.TestChange(ctx, s.Version)
	if err != nil {
		a.Log.WarnContext(ctx, "the models of new settings were not tested", "error", err)
	}
	if len(warnings) == 0 {
		return doc
	}
	list, _ := json.Marshal(warnings) // of strings
	doc = append(doc[:len(doc)-1], `,"warnings":`...)
	return append(append(doc, list...), '}')
}

func (a *api) listRevisions(ctx context.Context, who core.Account, in *settingsPage) (*body[Revisions], error) {
	list, more, err := a.Desk.SettingsHistory(ctx, who, in.Before.value, in.Limit)
	out := Revisions{Versions: make([]Revision, len(list))}
	for i, v := range list {
		out.Versions[i] = Revision{v.Version, wire.Time(v.At), string(v.By), changesOf(v.Changes)}
	}
	if more && len(list) > 0 {
		out.Next = list[len(list)-1].Version
	}
	return &body[Revisions]{out}, err
}

func (a *api) rollbackSettings(ctx context.Context, who core.Account, in *body[rollback]) (*body[Settings], error) {
	s, err := a.Desk.RollbackSettings(ctx, who, in.Body.Version)
	if err != nil {
		return nil, listed{err}
	}
	return &body[Settings]{a.saved(ctx, s)}, nil
}

// listed is an error that, if it is Invalid, has a fault in each line, as
// "path: what is expected".
type listed struct{ error }

func (l listed) Unwrap() error { return l.error }

func (l listed) orNil() error {
	if l.error == nil {
		return nil
	}
	return l
}

// faultsIn splits such lines.
func faultsIn(lines string) []Fault {
	var out []Fault
	for line := range strings.SplitSeq(lines, "\n") {
		at, message, ok := strings.Cut(line, ": ")
		if !ok {
			at, message = "", line
		}
		out = append(out, Fault{Location: strings.TrimSuffix("body."+clip(at), "."), Message: clip(message)})
	}
	return out
}
