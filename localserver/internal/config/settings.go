package config

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.yaml.in/yaml/v4"

	"kefu/core"
	"kefu/core/codec"
)

// document reads what stands below a key as one value.
func (r *fileReader) document(k key, line int, v *yaml.Node) {
	where := fmt.Sprintf("%s:%d", r.name, line)
	var content map[string]any
	if err := v.Decode(&content); err != nil {
		r.fault(where, k.name, "expected "+k.want)
		return
	}
	text, err := json.Marshal(content)
	if err != nil { // a key that is no text
		r.fault(where, k.name, "expected "+k.want)
		return
	}
	if _, err := Document(text).Settings(); err != nil {
		for problem := range strings.SplitSeq(message(err), "\n") {
			r.fault(where, k.name, problem)
		}
		return
	}
	r.apply(setting{where: where, place: inFile, key: k.name, text: string(text)})
}

// message is what an error of core says to people.
func message(err error) string {
	var e *core.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return err.Error()
}

// Settings returns what the document says, over the settings that an empty
// store begins with: what is left out is as there. A site that is left half
// empty is filled by the default one. nil: the document is empty. The error is
// Invalid, one line for each thing that is wrong.
func (d Document) Settings() (*core.Settings, error) {
	if d == "" {
		return nil, nil
	}
	var given, base map[string]any
	if err := json.Unmarshal([]byte(d), &given); err != nil {
		return nil, core.Errorf(core.Invalid, "settings are keys and values")
	}
	if err := json.Unmarshal(codec.AppendSettings(nil, core.DefaultSettings()), &base); err != nil {
		panic("config: " + err.Error()) // we wrote it
	}
	sites, _ := base["sites"].([]any)
	if list, ok := given["sites"].([]any); ok && len(sites) > 0 {
		for i := range list {
			list[i] = over(sites[0], list[i])
		}
	}
	text, err := json.Marshal(over(base, given))
	if err != nil {
		return nil, err
	}
	s, err := codec.Settings(text)
	if err == nil {
		err = s.Validate()
	}
	if err != nil {
		return nil, err
	}
	for i, x := range s.Sites {
		if _, err := time.LoadLocation(x.Hours.Zone); err != nil || x.Hours.Zone == "Local" {
			return nil, core.Errorf(core.Invalid, "sites[%d].hours.zone: a time zone such as Asia/Shanghai is expected", i)
		}
	}
	s.Version, s.At, s.By = 0, time.Time{}, ""
	return &s, nil
}

// over returns base with what given has in its place, object by object. Lists
// and all else are replaced whole.
func over(base, given any) any {
	b, isObject := base.(map[string]any)
	g, both := given.(map[string]any)
	if !isObject || !both {
		return given
	}
	out := make(map[string]any, len(b)+len(g))
	for k, v := range b {
		out[k] = v
	}
	for k, v := range g {
		if old, there := out[k]; there && k != "greeting" { // whose languages are those that are given
			v = over(old, v)
		}
		out[k] = v
	}
	return out
}
