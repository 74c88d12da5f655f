package codec

import (
	"encoding"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// strict decodes valid JSON into what v points to and returns everything that
// does not fit, each with its path. Unlike encoding/json it takes no member
// that it does not know, none in another case, and goes on after a fault.
// Empty lists and maps become nil.
//
// It knows what mirrors of settings are made of: structs whose fields all
// have a json tag, pointers, slices, maps from string to string, and leaves.
func strict(b []byte, v any) []string {
	var f faults
	f.decode("", b, reflect.ValueOf(v).Elem())
	return f
}

type faults []string

// maxFaults is how many are told: somebody who sends nonsense gets no flood.
const maxFaults = 20

func (f *faults) add(path, format string, args ...any) {
	if len(*f) == maxFaults {
		return
	}
	if path == "" {
		path = "settings"
	}
	*f = append(*f, path+": "+fmt.Sprintf(format, args...))
}

func (f *faults) decode(path string, b json.RawMessage, v reflect.Value) {
	if string(b) == "null" {
		return // as if it were left out
	}
	_, leaf := v.Addr().Interface().(encoding.TextUnmarshaler)
	switch kind := v.Kind(); {
	case kind == reflect.Struct && !leaf:
		f.object(path, b, v)
	case kind == reflect.Slice:
		f.list(path, b, v)
	case kind == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.decode(path, b, v.Elem())
	default:
		if json.Unmarshal(b, v.Addr().Interface()) != nil {
			v.SetZero()
			f.add(path, "%s is expected", expected(v))
		}
		if kind == reflect.Map && v.Len() == 0 {
			v.SetZero()
		}
	}
}

func (f *faults) object(path string, b json.RawMessage, v reflect.Value) {
	var members map[string]json.RawMessage
	if json.Unmarshal(b, &members) != nil {
		f.add(path, "an object is expected")
		return
	}
	for i := range v.NumField() {
		name, _, _ := strings.Cut(v.Type().Field(i).Tag.Get("json"), ",")
		if raw, ok := members[name]; ok {
			f.decode(join(path, name), raw, v.Field(i))
			delete(members, name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		f.add(join(path, name), "there is no such setting")
	}
}

func (f *faults) list(path string, b json.RawMessage, v reflect.Value) {
	var items []json.RawMessage
	if json.Unmarshal(b, &items) != nil {
		f.add(path, "a list is expected")
		return
	}
	if len(items) == 0 {
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(items), len(items)))
	for i, raw := range items {
		f.decode(fmt.Sprintf("%s[%d]", path, i), raw, v.Index(i))
	}
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// expected says, for people, what may stand where v is.
func expected(v reflect.Value) string {
	switch v.Interface().(type) {
	case duration:
		return `a duration such as "3m" or "720h"`
	case clock:
		return `a time such as "09:30", up to "24:00",`
	case stamp:
		return `a time such as "2026-01-02T15:04:05.000Z"`
	case day:
		return `a day, one of "mon" "tue" "wed" "thu" "fri" "sat" "sun",`
	}
	switch v.Kind() {
	case reflect.String:
		return "a text"
	case reflect.Bool:
		return "true or false"
	case reflect.Map:
		return `an object of texts such as {"en":"Hello"}`
	case reflect.Float64:
		return "a number"
	default:
		return "a whole number"
	}
}
