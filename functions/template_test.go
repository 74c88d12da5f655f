package functions_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v4"
)

// template.yaml and the code say the same things twice: which functions there
// are, what they are called by, which variables they read, what they may do.
// These tests hold the one against the other, both ways: what the template has
// too much is a fault like what it lacks. template_rules_test.go has the
// rules, reach_test.go reads the code, and `make aws-check` looks at what SAM
// makes of it.

// TestTemplate applies every rule to what we deploy.
func TestTemplate(t *testing.T) {
	text, code := templateText(t), readCode(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, fault := range r.faults(parseTemplate(t, text), code) {
				t.Error(fault)
			}
		})
	}
}

// TestTemplateRulesBite breaks the template, or what the code does, and wants
// each fault to be named.
func TestTemplateRulesBite(t *testing.T) {
	text := templateText(t)
	for _, r := range rules() {
		if len(r.breaks) == 0 {
			t.Errorf("%s: nothing shows that it can fail", r.name)
		}
		if faults := r.faults(parseTemplate(t, text), asDeployed()); len(faults) > 0 {
			t.Errorf("%s: complains about what fits: %q", r.name, faults)
		}
		for _, b := range r.breaks {
			changed, code := text, asDeployed()
			if b.old != "" {
				if changed = strings.Replace(text, b.old, b.new, 1); changed == text {
					t.Errorf("%s: %q is not in the template", r.name, b.old)
				}
			}
			if b.code != nil {
				b.code(&code)
			}
			faults := r.faults(parseTemplate(t, changed), code)
			if !slices.ContainsFunc(faults, func(f string) bool { return strings.Contains(f, b.fault) }) {
				t.Errorf("%s: %q -> %q: found %q, not %q", r.name, b.old, b.new, faults, b.fault)
			}
		}
	}
}

// rule is a rule of the template.
type rule struct {
	name   string
	faults func(template, code) []string
	breaks []brk
}

// brk replaces the first old of the template by new, or changes what the code
// does, and names a part of the fault that must be found.
type brk struct {
	old, new string
	code     func(*code)
	fault    string
}

// code is what the Go sources say.
type code struct {
	functions  map[string]reached // by directory
	attributes []string           // what connections have in the table, among other words
	metrics    []string           // what functions/internal/host calls its metrics and their namespace
}

// asDeployed is code that fits the template, to break.
func asDeployed() code {
	all := reached{
		variables: []string{"KEFU_BUCKET", "KEFU_LOG_LEVEL", "KEFU_TABLE", "KEFU_WS_ENDPOINT"},
		actions: []string{"dynamodb:DeleteItem", "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:Query", "dynamodb:UpdateItem", "execute-api:ManageConnections",
			"s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"},
		posts:    []string{"DELETE", "POST"},
		services: []string{"dynamodb"},
	}
	socket, http, sweep, assist := all, all, all, all
	all.variables = append([]string{"KEFU_ASSIST", "KEFU_EDGE_KEY"}, all.variables...)
	socket.variables, assist.variables = all.variables, append([]string{"KEFU_MODEL_KEY"}, all.variables...)
	for _, f := range []*reached{&socket, &http, &sweep, &assist} {
		f.actions = append(slices.Clone(all.actions), "lambda:InvokeFunction")
	}
	socket.literals = map[string]bool{"CONNECT": true, "MESSAGE": true, "DISCONNECT": true}
	http.variables = append([]string{"KEFU_ADMIN_PASSWORD", "KEFU_ADMIN_PASSWORD_SECRET", "KEFU_MODEL_KEY"}, socket.variables...)
	http.actions = append(http.actions, "secretsmanager:GetSecretValue")
	sweep.variables = socket.variables
	return code{map[string]reached{"socket": socket, "http": http, "sweep": sweep, "assist": assist}, []string{"ttl"}, []string{"Kefu", "post_429"}}
}

// readCode reads the mains that are there. functions/local is no function.
func readCode(t *testing.T) code {
	t.Helper()
	c := code{functions: map[string]reached{}}
	mains, err := filepath.Glob("*/main.go")
	if err != nil {
		t.Fatal(err)
	}
	s := &source{t, os.DirFS(".."), map[string]*goPackage{}}
	for _, main := range mains {
		if name := filepath.Dir(main); name != "local" {
			c.functions[name] = s.from(name)
		}
	}
	c.attributes = literals(t, "internal/dynamo/connections.go")
	c.metrics = literals(t, "internal/host/metrics.go")
	return c
}

func templateText(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../template.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// template is template.yaml as CloudFormation reads it: maps, lists and
// strings, with !Ref X as {Ref: X} and !Sub X as {Fn::Sub: X}.
type template struct{ root any }

func parseTemplate(t *testing.T, text string) template {
	t.Helper()
	var doc yaml.Node
	if err := yaml.Unmarshal([]byte(text), &doc); err != nil {
		t.Fatal(err)
	}
	return template{value(t, doc.Content[0])}
}

func value(t *testing.T, n *yaml.Node) any {
	t.Helper()
	var v any
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(n.Content); i += 2 {
			key := n.Content[i].Value
			if _, twice := m[key]; twice {
				t.Fatalf("template.yaml:%d: %s is there twice", n.Content[i].Line, key)
			}
			m[key] = value(t, n.Content[i+1])
		}
		v = m
	case yaml.SequenceNode:
		l := []any{}
		for _, c := range n.Content {
			l = append(l, value(t, c))
		}
		v = l
	case yaml.ScalarNode:
		v = n.Value
	default:
		t.Fatalf("template.yaml:%d: CloudFormation knows no anchors", n.Line)
	}
	switch {
	case n.Tag == "!Ref" || n.Tag == "!Condition":
		return map[string]any{n.Tag[1:]: v}
	case strings.HasPrefix(n.Tag, "!") && !strings.HasPrefix(n.Tag, "!!"):
		return map[string]any{"Fn::" + n.Tag[1:]: v}
	}
	return v
}

// at follows keys from a value; what is not there is nil.
func at(v any, keys ...string) any {
	for _, key := range keys {
		m, _ := v.(map[string]any)
		v = m[key]
	}
	return v
}

// get follows keys from the properties of a resource.
func (t template) get(resource string, keys ...string) any {
	return at(t.root, append([]string{"Resources", resource, "Properties"}, keys...)...)
}

// resources returns the names of the resources of a type, sorted.
func (t template) resources(kind string) (names []string) {
	all, _ := at(t.root, "Resources").(map[string]any)
	for name, r := range all {
		if at(r, "Type") == kind {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// functions returns the resource of each function by its directory.
func (t template) functions() map[string]string {
	m := map[string]string{}
	for _, name := range t.resources("AWS::Serverless::Function") {
		m[strings.TrimPrefix(fmt.Sprint(t.get(name, "CodeUri")), "dist/")] = name
	}
	return m
}

// list is a value as a list: that of one element may be written without one.
func list(v any) []any {
	switch l := v.(type) {
	case nil:
		return nil
	case []any:
		return l
	}
	return []any{v}
}

// want compares a value with what it has to be, both as text.
func want(what string, got any, want string) []string {
	if text := fmt.Sprint(got); text != want {
		return []string{fmt.Sprintf("%s is %s, not %s", what, text, want)}
	}
	return nil
}

// differ names what only one of two sets has.
func differ(what string, template, code []string) (faults []string) {
	for _, x := range template {
		if !slices.Contains(code, x) {
			faults = append(faults, what+": "+x+" is in the template, but not in the code")
		}
	}
	for _, x := range code {
		if !slices.Contains(template, x) {
			faults = append(faults, what+": "+x+" is in the code, but not in the template")
		}
	}
	return faults
}
