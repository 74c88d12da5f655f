package httpapi

import (
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// maxDepth is how deep the JSON of a request may be nested.
const maxDepth = 16

// jsonFormat returns how bodies are written and read.
func jsonFormat() huma.Format {
	return huma.Format{Marshal: huma.DefaultJSONFormat.Marshal, Unmarshal: decode}
}

// decode reads a body. Huma calls it twice, for an any that it validates and
// for the type of the operation; the first call refuses what the two could
// take for different things. Errors are shown to the client.
func decode(data []byte, v any) error {
	if !utf8.Valid(data) {
		return errors.New("is not UTF-8")
	}
	if err := json.Unmarshal(data, v); err != nil {
		var t *json.UnmarshalTypeError
		if errors.As(err, &t) {
			return errors.New("has a " + t.Value + " where none can be")
		}
		return errors.New("is not JSON")
	}
	if free, ok := v.(*any); ok {
		return check(*free, 0)
	}
	return nil
}

// check refuses deep nesting, and objects with a field twice under names that
// differ in case: both would be taken for the same field, but only one of them
// validated.
func check(v any, depth int) error {
	if depth > maxDepth {
		return errors.New("is nested too deep")
	}
	switch v := v.(type) {
	case []any:
		for _, e := range v {
			if err := check(e, depth+1); err != nil {
				return err
			}
		}
	case map[string]any:
		seen := make(map[string]bool, len(v))
		for name, e := range v {
			folded := strings.ToLower(strings.ToUpper(name)) // as json does, ſ is s here
			if seen[folded] {
				return errors.New("names a field twice")
			}
			seen[folded] = true
			if err := check(e, depth+1); err != nil {
				return err
			}
		}
	}
	return nil
}
