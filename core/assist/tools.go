package assist

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"kefu/core"
)

// The tools, and all there are.
const (
	toolSearch  = "search_knowledge"
	toolHandoff = "handoff"
	toolCollect = "collect"
	toolClose   = "close"
)

const (
	maxQuery = 300 // characters
	maxValue = 200 // characters of something taken down
	maxNoted = 8   // in one answer
)

// reasons that a model gives for a hand-off, and what the log says.
func reasonOf(given string) (core.Reason, bool) {
	switch given {
	case "request":
		return core.ByRequest, true
	case "unanswered":
		return core.ByIgnorance, true
	case "upset", "action":
		return core.ByAssistant, true
	default:
		return "", false
	}
}

// tools of a site: collect only where there is something to take down.
func tools(r core.Receptionist) []Tool {
	text := func(about string) map[string]any { return map[string]any{"type": "string", "description": about} }
	one := func(about string, of ...string) map[string]any {
		return map[string]any{"type": "string", "enum": of, "description": about}
	}
	object := func(properties map[string]any, required ...string) map[string]any {
		return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
	}
	list := []Tool{
		{toolSearch, "Find passages of the shop's knowledge.", object(map[string]any{"query": text("What to look for, in the language of the visitor.")}, "query")},
		{toolHandoff, "Hand the conversation over to a person.", object(map[string]any{
			"reason": one("Why.", "request", "unanswered", "upset", "action"),
		}, "reason")},
		{toolClose, "End the conversation: the visitor has what they came for.", object(map[string]any{}, []string{}...)},
	}
	if len(r.Fields) > 0 {
		list = append(list, Tool{toolCollect, "Take down something that the visitor said, for the person who takes over.", object(map[string]any{
			"field": one("What it is.", r.Fields...), "value": text("As the visitor said it."),
		}, "field", "value")})
	}
	return list
}

// outcome is what the calls of a reply come to.
type outcome struct {
	hand    core.Reason
	close   bool
	noted   []core.FormField
	results []Message // of tools that return something
	wrong   bool      // arguments were
	again   bool      // the model wants the results
}

// use does what a model calls for. It reaches nothing but the search.
func (s *turn) use(calls []Call) (o outcome) {
	for _, c := range calls {
		result, err := s.call(c, &o)
		if err != nil {
			o.wrong, result = true, "wrong: "+err.Error()
		}
		o.again = o.again || err != nil || c.Name == toolSearch || c.Name == toolCollect
		o.results = append(o.results, Message{Role: Result, ID: c.ID, Text: result})
	}
	return o
}

func (s *turn) call(c Call, o *outcome) (string, error) {
	switch c.Name {
	case toolSearch:
		var in struct{ Query string }
		if err := arguments(c, &in); err != nil {
			return "", err
		}
		if in.Query = strings.TrimSpace(in.Query); in.Query == "" || utf8.RuneCountInString(in.Query) > maxQuery {
			return "", fmt.Errorf("query: 1 to %d characters are expected", maxQuery)
		}
		return s.search(in.Query), nil
	case toolHandoff:
		var in struct{ Reason string }
		if err := arguments(c, &in); err != nil {
			return "", err
		}
		reason, ok := reasonOf(in.Reason)
		if !ok {
			return "", fmt.Errorf("reason: request, unanswered, upset or action is expected")
		}
		o.hand = reason
		return "done", nil
	case toolCollect:
		var in struct{ Field, Value string }
		if err := arguments(c, &in); err != nil {
			return "", err
		}
		value := strings.TrimSpace(s.masker.unmask(in.Value))
		if !slices.Contains(s.q.Config.Fields, in.Field) || value == "" || utf8.RuneCountInString(value) > maxValue {
			return "", fmt.Errorf("field: one of %s, and a value of 1 to %d characters are expected", strings.Join(s.q.Config.Fields, ", "), maxValue)
		}
		if len(o.noted)+len(s.noted) < maxNoted {
			id := cutTo(in.Field, core.MaxFieldID)
			o.noted = append(o.noted, core.FormField{ID: id, Label: in.Field, Value: value})
		}
		return "noted", nil
	case toolClose:
		if err := arguments(c, &struct{}{}); err != nil {
			return "", err
		}
		o.close = true
		return "done", nil
	default:
		return "", fmt.Errorf("there is no such tool")
	}
}

// arguments decodes what a call brings; anything it does not know is wrong.
func arguments(c Call, into any) error {
	raw := strings.TrimSpace(c.Arguments)
	if raw == "" {
		raw = "{}" // of a tool without any
	}
	dec := json.NewDecoder(bytes.NewReader([]byte(raw)))
	dec.DisallowUnknownFields()
	if err := dec.Decode(into); err != nil || dec.More() {
		return fmt.Errorf("arguments as the schema has them are expected")
	}
	return nil
}
