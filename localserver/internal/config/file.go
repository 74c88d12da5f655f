package config

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v4"
)

// maxFile is how many bytes a configuration file may have.
const maxFile = 1 << 20

// file applies the file that the last of the overrides names, if one does.
func (l *loader) file(overrides []setting, readFile func(string) ([]byte, error)) {
	var named setting
	for _, s := range overrides {
		if s.key == "config" {
			named = s
		}
	}
	name := named.text
	if name == "" {
		return
	}
	data, err := readFile(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		l.fault(named.where, "", "there is no file "+name)
	case errors.Is(err, fs.ErrPermission):
		l.fault(named.where, "", "there is no permission to read "+name)
	case err != nil:
		l.fault(named.where, "", name+" can not be read: "+cause(err))
	case len(data) > maxFile:
		l.fault(named.where, "", fmt.Sprintf("expected at most %d bytes in %s, got %d", maxFile, name, len(data)))
	default:
		(&fileReader{l, name, map[string]int{}}).read(data)
	}
}

// cause leaves out of an error of the file system what the message says anyway.
func cause(err error) string {
	var p *fs.PathError
	if errors.As(err, &p) {
		err = p.Err
	}
	return err.Error()
}

// fileReader applies the YAML of one file, line by line.
type fileReader struct {
	*loader
	name  string
	lines map[string]int // key or section -> the line it stands in
}

func (r *fileReader) faultAt(line int, key, problem string) {
	where := r.name
	if line > 0 {
		where = fmt.Sprintf("%s:%d", r.name, line)
	}
	r.fault(where, key, problem)
}

func (r *fileReader) read(data []byte) {
	if line := strangeLine(data); line > 0 {
		r.faultAt(line, "", "expected text in UTF-8, got a byte that is none")
		return
	}
	var docs []yaml.Node
	if err := yaml.Load(data, &docs, yaml.WithAllDocuments()); err != nil {
		r.syntax(err)
		return
	}
	for i, doc := range docs {
		switch {
		case i > 0:
			r.faultAt(doc.Line, "", "expected one YAML document, got another")
		case len(doc.Content) == 1:
			r.top(doc.Content[0])
		}
	}
}

// syntax tells of what is not YAML. The parser's own words say what it missed.
func (r *fileReader) syntax(err error) {
	var e *yaml.LoadError
	if !errors.As(err, &e) {
		r.faultAt(0, "", "expected YAML: "+err.Error())
		return
	}
	problem := e.Message
	if e.ContextMsg != "" {
		problem = e.ContextMsg + ", " + problem
	}
	r.faultAt(e.Mark.Line, "", "expected YAML: "+problem)
}

// top reads the outermost value: a mapping, or nothing where all is commented
// out.
func (r *fileReader) top(n *yaml.Node) {
	switch {
	case n.Kind == yaml.MappingNode:
		r.section("", n)
	case !isNothing(n):
		r.faultAt(n.Line, "", "expected keys and values, such as listen: 127.0.0.1:8080")
	}
}

// section reads a mapping whose keys have prefix before them. It goes no deeper
// than the known keys do, so neither does its recursion.
func (r *fileReader) section(prefix string, mapping *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		k, v := mapping.Content[i], mapping.Content[i+1]
		if k.Kind != yaml.ScalarNode {
			r.faultAt(k.Line, "", "expected the name of a key")
			continue
		}
		name := prefix + k.Value
		if first := r.lines[name]; first > 0 {
			r.faultAt(k.Line, shown(name), fmt.Sprintf("is set twice, first in line %d", first))
			continue
		}
		r.lines[name] = k.Line
		r.entry(name, k.Line, v)
	}
}

// entry reads one key, in that line, with its value.
func (r *fileReader) entry(name string, line int, v *yaml.Node) {
	k, known := r.find(name)
	switch {
	case known && k.form["type"] == "object" && v.Kind == yaml.MappingNode:
		r.document(k, line, v)
	case known && v.Kind != yaml.ScalarNode:
		r.faultAt(line, name, "expected "+k.want+", got "+kindOf(v))
	case known && isNothing(v):
		r.faultAt(line, name, k.expected(""))
	case known:
		r.apply(setting{where: fmt.Sprintf("%s:%d", r.name, line), place: inFile, key: name, text: v.Value})
	case !r.isSection(name):
		known := r.names(inFile, func(k key) string { return k.name })
		r.faultAt(line, shown(name), unknown("key", name, "", known))
	case v.Kind == yaml.MappingNode:
		r.section(name+".", v)
	case !isNothing(v):
		r.faultAt(line, name, "expected keys below it, got "+kindOf(v))
	}
}

func isNothing(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.Tag == "!!null" }

func kindOf(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "keys below it"
	case yaml.SequenceNode:
		return "a list"
	case yaml.AliasNode:
		return "an alias"
	default:
		return fmt.Sprintf("%q", clip(n.Value))
	}
}

// strangeLine is the first line with a byte that no text has, or 0. The parser
// refuses such bytes too, but does not say where.
func strangeLine(data []byte) int {
	text := string(data)
	for i, r := range text {
		invalid := r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError))
		if invalid || r < ' ' && r != '\n' && r != '\r' && r != '\t' || r == 0x7f {
			return 1 + strings.Count(text[:i], "\n")
		}
	}
	return 0
}
