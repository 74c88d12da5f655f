package config

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

// Print returns a configuration as the file that would make it, each value with
// where it came from, which is what Explain said. Secrets are left out, and what
// can not stand in a file is a comment.
func Print(c Config, from map[string]string) string {
	var b strings.Builder
	for _, k := range keysOf(&c) {
		where := from[k.name]
		if where == "" {
			where = "default"
		}
		if text := k.shown(); k.places&inFile == 0 || k.mask || text == "" {
			fmt.Fprintf(&b, "# %-45s # %s\n", k.name+": "+text, where)
		} else {
			fmt.Fprintf(&b, "%-47s # %s\n", k.name+": "+scalar(text), where)
		}
	}
	return b.String()
}

var plainScalar = regexp.MustCompile(`^[A-Za-z0-9./][A-Za-z0-9./:_-]*[A-Za-z0-9./]$`)

// scalar is a text as YAML has it.
func scalar(text string) string {
	if text == "" || plainScalar.MatchString(text) {
		return text
	}
	quoted, err := json.Marshal(text) // which is YAML too
	if err != nil {
		panic("config: " + err.Error()) // a string can always be encoded
	}
	return string(quoted)
}

// shown is the value of a key for people to see: of a URL no password, of
// another secret only that there is one.
func (k key) shown() string {
	text := k.text()
	if !k.mask {
		return text
	}
	if u, err := url.Parse(text); err == nil && u.Host != "" {
		plain := url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path} // a query may say password=
		if name := u.User.Username(); name != "" {
			plain.User = url.User(name)
		}
		return plain.String()
	}
	return Secret(text).masked()
}

// String returns key=value of all keys that say something, without secrets.
func (c Config) String() string {
	var parts []string
	for _, k := range keysOf(&c) {
		if text := k.shown(); text != "" {
			parts = append(parts, k.name+"="+text)
		}
	}
	return strings.Join(parts, " ")
}

// GoString is String for %#v.
func (c Config) GoString() string { return c.String() }

// LogValue is String for log/slog.
func (c Config) LogValue() slog.Value { return slog.StringValue(c.String()) }

// MarshalText is String for JSON and its like.
func (c Config) MarshalText() ([]byte, error) { return []byte(c.String()), nil }

// Schema returns the JSON Schema of the file, for editors.
func Schema() []byte {
	c := Default()
	root := object("Configuration of kefu")
	for _, k := range keysOf(&c) {
		if k.places&inFile == 0 {
			continue
		}
		section, name, nested := strings.Cut(k.name, ".")
		at := root
		if nested {
			at = within(root, section)
		} else {
			name = section
		}
		properties(at)[name] = k.schema()
	}
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		panic("config: " + err.Error()) // strings, numbers and maps of them
	}
	return append(text, '\n')
}

func object(description string) map[string]any {
	return map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": description,
		"type": []string{"object", "null"}, "additionalProperties": false, "properties": map[string]any{},
	}
}

func properties(o map[string]any) map[string]any {
	p, _ := o["properties"].(map[string]any)
	return p
}

// within returns the section of that name, which is made if it is missing.
func within(root map[string]any, section string) map[string]any {
	if o, ok := properties(root)[section].(map[string]any); ok {
		return o
	}
	o := object("")
	delete(o, "$schema")
	delete(o, "title")
	properties(root)[section] = o
	return o
}

// schema is what fits the key, what it is for and its default.
func (k key) schema() map[string]any {
	s := map[string]any{"description": k.help + "; expected " + k.want}
	if text := k.text(); text != "" {
		s["default"] = text
	}
	if k.form == nil {
		s["type"] = "string"
	}
	for name, v := range k.form {
		s[name] = v
	}
	return s
}
