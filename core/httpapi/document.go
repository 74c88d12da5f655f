package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"kefu/core"
)

// schema returns a reference to the schema of a type.
func (a *api) schema(t reflect.Type) *huma.Schema {
	return a.huma.OpenAPI().Components.Schemas.Schema(t, true, "")
}

// describe adds the problems that an operation answers with: those that it
// names, and those that all like it have.
func (a *api) describe(op *huma.Operation) {
	statuses := append([]int{http.StatusBadRequest}, op.Errors...)
	op.Errors = nil // huma would describe its own
	if len(op.Security) > 0 {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	}
	switch op.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		statuses = append(statuses, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	}
	slices.Sort(statuses)
	if op.Responses == nil {
		op.Responses = map[string]*huma.Response{}
	}
	for _, status := range slices.Compact(statuses) {
		op.Responses[strconv.Itoa(status)] = a.problemAs(sampleProblem(status))
	}
	op.Responses["default"] = a.problemAs(sampleProblem(http.StatusServiceUnavailable))
	op.Responses["default"].Description = "Any other problem, such as unavailable or internal: the outcome is unknown, come again."
}

// problemAs describes answers like one problem.
func (a *api) problemAs(p *Problem) *huma.Response {
	r := &huma.Response{
		Description: p.Title + ": the code is " + p.Code + ".",
		Content: map[string]*huma.MediaType{"application/problem+json": {
			Schema: a.schema(reflect.TypeFor[Problem]()), Example: p,
		}},
	}
	text := &huma.Schema{Type: huma.TypeString}
	for name := range p.GetHeaders() {
		if r.Headers == nil {
			r.Headers = map[string]*huma.Param{}
		}
		r.Headers[name] = &huma.Header{Schema: text}
	}
	return r
}

// longPoll describes what poll.go serves beside the operations.
func (a *api) longPoll() {
	if a.Poll == nil {
		return
	}
	op := &huma.Operation{
		OperationID: "poll", Method: http.MethodPost, Path: "/v1/poll", Tags: []string{"poll"},
		Summary: "Poll, where no socket gets through",
		Description: "For visitors, from pages of any origin that the site admits. The body, sent as text/plain or application/json, is all " +
			"the state there is; the token in it takes the place of the Authorization header. The first poll has a hello among its frames. " +
			"The answer is frames of the protocol, in order, and ends with next. It may take wait seconds.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusTooManyRequests},
	}
	a.describe(op)
	delete(op.Responses, "415") // a wrong Content-Type is 400 here
	request := &huma.MediaType{Schema: a.schema(reflect.TypeFor[pollBody]())}
	op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{"text/plain": request, "application/json": request}}
	op.Responses["200"] = &huma.Response{Description: "Frames", Content: map[string]*huma.MediaType{"application/json": {
		Schema: &huma.Schema{Type: huma.TypeArray, Items: &huma.Schema{
			Type: huma.TypeObject, Required: []string{"type"}, Properties: map[string]*huma.Schema{"type": {Type: huma.TypeString}},
		}},
	}}}
	a.huma.OpenAPI().AddOperation(op)
}

// pollBody is wire.Poll as it travels.
type pollBody struct {
	Token  string           `json:"token,omitempty" doc:"Of the welcome."`
	Site   string           `json:"site,omitempty"`
	Origin string           `json:"origin,omitempty" minLength:"8" maxLength:"40" doc:"Which outbox polls: a newer poll of it ends this one."`
	After  *uint64          `json:"after,omitempty" doc:"The last seq seen."`
	Epoch  string           `json:"epoch,omitempty" doc:"Of the welcome."`
	Head   string           `json:"head,omitempty" doc:"Of the last next."`
	Wait   int              `json:"wait,omitempty" minimum:"0" maximum:"25" default:"25" doc:"Seconds to wait for news."`
	Frames []map[string]any `json:"frames,omitempty" nullable:"false" maxItems:"64"`
}

// document encodes the OpenAPI document.
func (a *api) document() ([]byte, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	err := enc.Encode(a.huma.OpenAPI())
	return b.Bytes(), err
}

// illustrateAll ends what the document is made of: from here on it is only
// read. huma would go on at the first request, and two first requests would race.
func (a *api) illustrateAll() {
	doc := a.huma.OpenAPI()
	schemas := doc.Components.Schemas.Map()
	delete(schemas, "ErrorModel") // of huma's own errors, which translate replaces
	delete(schemas, "ErrorDetail")
	if s := schemas["Problem"]; s != nil {
		s.Properties["code"].Enum = codes()
	}
	for _, item := range doc.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Patch, item.Delete} {
			if op != nil {
				illustrate(op)
			}
		}
	}
}

// illustrate gives the bodies of an operation their examples.
func illustrate(op *huma.Operation) {
	request, answer := sample(op.OperationID)
	if op.RequestBody != nil && request != "" {
		for _, m := range op.RequestBody.Content {
			m.Example = json.RawMessage(request)
		}
	}
	for status, r := range op.Responses {
		if m := r.Content["application/json"]; m != nil && status[0] == '2' && answer != "" {
			m.Example = json.RawMessage(answer)
		}
	}
}

func codes() (out []any) {
	for _, c := range []core.Code{
		core.Invalid, core.Unauthorized, core.Forbidden, core.NotFound, core.Gap, core.Conflict, core.Full, core.TooLarge, core.Unsupported,
		core.RateLimited, core.Unavailable, core.Internal,
	} {
		out = append(out, string(c))
	}
	return out
}
