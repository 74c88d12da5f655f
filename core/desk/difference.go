package desk

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"kefu/core"
	"kefu/core/codec"
)

// Difference is one thing that differs between two versions of the settings.
// What is in a list by its id is named by that, as in sites[shop].name; nil
// is nothing. Secrets are masked.
type Difference struct {
	Path          string
	Before, After any // as encoding/json decodes; numbers are json.Number
}

// differences compares two versions but for what differs in any two.
func differences(before, after core.Settings) ([]Difference, error) {
	a, err := documentOf(before)
	if err != nil {
		return nil, err
	}
	b, err := documentOf(after)
	return compare(nil, "", a, b), err
}

func documentOf(s core.Settings) (map[string]any, error) {
	dec := json.NewDecoder(bytes.NewReader(codec.AppendSettings(nil, s)))
	dec.UseNumber()
	var doc map[string]any
	err := dec.Decode(&doc)
	for _, name := range []string{"version", "at", "by"} {
		delete(doc, name)
	}
	return doc, err
}

// compare appends in what b differs from a. Objects are compared member by
// member, lists of objects with ids by those, and all else as a whole.
func compare(to []Difference, path string, a, b any) []Difference {
	if reflect.DeepEqual(a, b) {
		return to
	}
	if x, ok := a.(map[string]any); ok {
		if y, ok := b.(map[string]any); ok {
			return compareObjects(to, path, x, y)
		}
	}
	x, ids := byID(a)
	y, others := byID(b)
	if x == nil || y == nil {
		return append(to, Difference{path, conceal(path, a), conceal(path, b)})
	}
	for _, id := range union(ids, others) {
		to = compare(to, path+"["+id+"]", x[id], y[id])
	}
	kept := func(list []string, in map[string]any) []string {
		return slices.DeleteFunc(slices.Clone(list), func(id string) bool { return in[id] == nil })
	}
	if !slices.Equal(kept(ids, y), kept(others, x)) {
		to = append(to, Difference{path, ids, others}) // only the order tells them apart
	}
	return to
}

func compareObjects(to []Difference, path string, a, b map[string]any) []Difference {
	for _, name := range union(slices.Sorted(maps.Keys(a)), slices.Sorted(maps.Keys(b))) {
		at := name
		if path != "" {
			at = path + "." + name
		}
		to = compare(to, at, a[name], b[name])
	}
	return to
}

// union returns a, and what b has besides.
func union(a, b []string) []string {
	out := slices.Clone(a)
	for _, s := range b {
		if !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// byID returns a list of objects by their ids, and those in order; nil if it is
// no such list, or has an id twice.
func byID(v any) (map[string]any, []string) {
	list, ok := v.([]any)
	if !ok {
		return nil, nil
	}
	found, ids := map[string]any{}, []string{}
	for _, e := range list {
		object, _ := e.(map[string]any)
		id, ok := object["id"].(string)
		if !ok || found[id] != nil {
			return nil, nil
		}
		found[id], ids = e, append(ids, id)
	}
	return found, ids
}

// conceal masks what is kept under the names secrets and key.
func conceal(path string, v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for name, e := range v {
			out[name] = conceal(name, e)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = conceal(path, e)
		}
		return out
	case string:
		if path == "secrets" || strings.HasSuffix(path, ".secrets") {
			return maskOf(v)
		}
		if path == "key" || strings.HasSuffix(path, ".key") {
			return keyMask(core.Provider{Key: v})
		}
	}
	return v
}
