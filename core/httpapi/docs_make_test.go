package httpapi

import (
	"bytes"
	"cmp"
	_ "embed" // for the page's template
	"encoding/json"
	"flag"
	"html/template"
	"log/slog"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// The page at /v1/docs is made here and committed: a program that has a
// template engine in it is 4 MB larger, on Lambda at every cold start.

var rewrite = flag.Bool("rewrite", false, "write the page of the document as it is now; read the diff before you commit it")

//go:embed docs.html
var docsTemplate string

// TestDocsAreFresh: the committed page is that of the document.
func TestDocsAreFresh(t *testing.T) {
	a := &api{Options: Options{Poll: noPolls{}, Log: slog.New(slog.DiscardHandler), Timeout: time.Second}}
	a.huma = humago.New(http.NewServeMux(), a.config())
	a.registerAll()
	a.illustrateAll()
	document, err := a.document()
	if err != nil {
		t.Fatal(err)
	}
	page, err := docsPage(document)
	if err != nil {
		t.Fatal(err)
	}
	if *rewrite {
		if err := os.WriteFile("docs_page.html", page, 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	if !bytes.Equal(page, docsHTML) {
		t.Error("the page is not that of the document: go test ./core/httpapi -run DocsAreFresh -rewrite")
	}
}

// docsPage makes the page of a document.
func docsPage(document []byte) ([]byte, error) {
	var doc openAPI
	if err := json.Unmarshal(document, &doc); err != nil {
		return nil, err
	}
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, err
	}
	var page bytes.Buffer
	err = t.Execute(&page, map[string]any{
		"Title": doc.Info.Title, "About": doc.Info.Description, "Style": template.CSS(docsCSS), // our own file
		"Tags": doc.tags(), "Schemas": doc.schemas(),
	})
	return page.Bytes(), err
}

// openAPI is what the page shows of a document.
type openAPI struct {
	Info       struct{ Title, Description string }
	Paths      map[string]map[string]operation
	Components struct{ Schemas map[string]schema }
}

type operation struct {
	OperationID, Summary, Description string
	Tags                              []string
	Security                          []map[string][]string
	Parameters                        []parameter
	RequestBody                       struct{ Content map[string]media }
	Responses                         map[string]struct {
		Description string
		Content     map[string]media
	}
}

type parameter struct {
	Name, In, Description string
	Required              bool
	Schema                schema
}

type media struct {
	Schema  schema
	Example json.RawMessage
}

// schema leaves open what it does not need; type may be a list.
type schema struct {
	Ref         string `json:"$ref"`
	Type        any
	Format      string
	Description string
	Enum        []any
	Items       *schema
	OneOf       []schema
	Properties  map[string]schema
	Required    []string
}

// shown is one operation on the page.
type shown struct {
	ID, Method, Path, Summary, About string
	Secured                          bool
	Parameters                       []field
	Request                          *example
	Answers, Problems                []example
}

type field struct {
	Name, In, About string
	Kind            []piece
	Required        bool
}

type example struct {
	Status, About, Example string
	Schema                 []piece
}

// piece is a part of the name of a type; with Schema it is a link.
type piece struct{ Text, Schema string }

type tag struct {
	Name       string
	Operations []shown
}

// tags returns the operations by what they are about, in the order of their
// paths.
func (doc *openAPI) tags() []tag {
	byName := map[string][]shown{}
	for _, path := range slices.Sorted(maps.Keys(doc.Paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			if op, ok := doc.Paths[path][method]; ok {
				name := cmp.Or(strings.Join(op.Tags, " "), "other")
				byName[name] = append(byName[name], op.show(strings.ToUpper(method), path))
			}
		}
	}
	var out []tag
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		out = append(out, tag{name, byName[name]})
	}
	return out
}

func (op operation) show(method, path string) shown {
	out := shown{
		ID: op.OperationID, Method: method, Path: path, Summary: op.Summary, About: op.Description, Secured: len(op.Security) > 0,
	}
	for _, p := range op.Parameters {
		out.Parameters = append(out.Parameters, field{p.Name, p.In, p.Description, p.Schema.kind(), p.Required})
	}
	if m, ok := op.RequestBody.Content["application/json"]; ok {
		out.Request = &example{Schema: m.Schema.kind(), Example: indented(m.Example)}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		r := op.Responses[status]
		if _, problem := r.Content["application/problem+json"]; problem {
			out.Problems = append(out.Problems, example{Status: status, About: r.Description})
			continue
		}
		m := r.Content["application/json"]
		out.Answers = append(out.Answers, example{status, r.Description, indented(m.Example), m.Schema.kind()})
	}
	return out
}

// described is one schema on the page.
type described struct {
	Name   string
	Fields []field
}

func (doc *openAPI) schemas() []described {
	var out []described
	for _, name := range slices.Sorted(maps.Keys(doc.Components.Schemas)) {
		s := doc.Components.Schemas[name]
		d := described{Name: name}
		for _, property := range slices.Sorted(maps.Keys(s.Properties)) {
			p := s.Properties[property]
			d.Fields = append(d.Fields, field{
				Name: property, Kind: p.kind(), About: p.Description, Required: slices.Contains(s.Required, property),
			})
		}
		out = append(out, d)
	}
	return out
}

// kind names the type of a schema in a few words.
func (s schema) kind() []piece {
	switch {
	case s.Ref != "":
		name := s.Ref[strings.LastIndex(s.Ref, "/")+1:]
		return []piece{{name, name}}
	case len(s.OneOf) > 0:
		var out []piece
		for i, one := range s.OneOf {
			if i > 0 {
				out = append(out, piece{Text: " or "})
			}
			out = append(out, one.kind()...)
		}
		return out
	case s.Items != nil:
		return append([]piece{{Text: "list of "}}, s.Items.kind()...)
	case len(s.Enum) > 0:
		var names []string
		for _, e := range s.Enum {
			if name, ok := e.(string); ok {
				names = append(names, name)
			}
		}
		return []piece{{Text: strings.Join(names, " · ")}}
	}
	return []piece{{Text: strings.TrimSpace(typeName(s.Type) + " " + s.Format)}}
}

// typeName: a type, or several, of which null is one.
func typeName(t any) string {
	switch t := t.(type) {
	case string:
		return t
	case []any:
		var names []string
		for _, one := range t {
			names = append(names, typeName(one))
		}
		return strings.Join(names, " or ")
	default:
		return "" // a schema that says nothing, or nothing to be said
	}
}

func indented(data []byte) string {
	var b bytes.Buffer
	if len(data) == 0 || json.Indent(&b, data, "", "  ") != nil {
		return ""
	}
	return b.String()
}
