package config

import (
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"regexp"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the reference as the code has it now; read the diff before you commit it")

const referenceFile = "../../configuration.md"

const referenceHead = `# Configuration of kefu

Every key that there is, made from the code by ` + "`go test ./localserver/internal/config -run Reference -rewrite`" + `; a test holds it to that.
How values are read, and what happens when they change, is in [README.md](README.md#configuration). What sites, groups and routing
have is no configuration of a server but settings: the console has them, and ` + "`/v1/settings`" + `, which ` + "`/v1/docs`" + ` explains.

A value is taken from the command line (` + "`--log.level debug`" + `), else from the environment (` + "`KEFU_LOG_LEVEL=debug`" + `), else from the file
(` + "`log.level: debug`" + `, or ` + "`level: debug` below `log:`" + `), else it is the default. A change of the file counts **at once**, while the
server runs, or after a **restart**: the log says which.
`

// The reference for people is what the code says: the table of keys, and the
// comments of the structs.
func TestReferenceIsFresh(t *testing.T) {
	made := reference(t)
	if *rewrite {
		if err := os.WriteFile(referenceFile, []byte(made), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(referenceFile)
	if err != nil {
		t.Fatal(err)
	}
	if string(text) != made {
		t.Error("localserver/configuration.md is not what the code says: go test ./localserver/internal/config -run Reference -rewrite")
	}
}

func reference(t *testing.T) string {
	t.Helper()
	words, intros := comments(t)
	c := Default()
	var order []string
	rows := map[string]string{} // of a section
	for _, k := range keysOf(&c) {
		comment, ok := words[k.name]
		if !ok || comment == "" {
			t.Errorf("the key %s belongs to no field of Config that has a comment", k.name)
		}
		delete(words, k.name)
		section, _, nested := strings.Cut(k.name, ".")
		if !nested || intros[section] == "" {
			section = ""
		}
		if rows[section] == "" && section != "" {
			order = append(order, section)
		}
		rows[section] += k.row(comment)
	}
	for name := range words {
		t.Errorf("the field for %s has no key", name)
	}
	var b strings.Builder
	b.WriteString(referenceHead)
	for _, section := range append([]string{""}, order...) {
		if section != "" {
			fmt.Fprintf(&b, "\n## %s\n\n%s\n", section, intros[section])
		}
		b.WriteString("\n| key | environment | default | expected | a change counts | what |\n|---|---|---|---|---|---|\n" + rows[section])
	}
	return b.String()
}

// row is a key in the table of its section.
func (k key) row(comment string) string {
	name, standard, counts := "`"+k.name+"`", "none", "at once"
	if k.places&inFile == 0 && k.places&inFlags == 0 {
		name = ""
	}
	if text := k.text(); text != "" {
		standard = "`" + text + "`"
	}
	if k.places&atStart != 0 {
		counts = "restart"
	}
	what := sentence(comment)
	fits := k.want
	if fits == "a text" {
		fits = ""
	}
	switch {
	case k.places&(inFile|inFlags) == 0:
		what += "Only in the environment: a command line can be seen by others."
	case k.mask && k.places&inEnvironment != 0:
		what += "In the file or the environment, not on the command line, which others can see."
	case k.places&inEnvironment == 0:
		what += "Only in the file."
	}
	variable := "`KEFU_" + k.variable() + "`"
	if k.places&inEnvironment == 0 {
		variable = ""
	}
	cells := []string{name, variable, standard, fits, counts, strings.TrimSpace(what)}
	for i := range cells {
		cells[i] = strings.NewReplacer("|", `\|`, "<", `\<`).Replace(cells[i])
	}
	return "| " + strings.Join(cells, " | ") + " |\n"
}

// sentence is a comment as one, or nothing.
func sentence(text string) string {
	text = strings.TrimRight(strings.TrimSpace(text), ".")
	if text == "" {
		return ""
	}
	if strings.Contains(strings.Fields(text)[0], "://") {
		return text + ". "
	}
	return strings.ToUpper(text[:1]) + text[1:] + ". "
}

// comments are what config.go says of its fields, by key, and of its structs,
// by section.
func comments(t *testing.T) (words, intros map[string]string) {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), "config.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	structs, docs := map[string]*ast.StructType{}, map[string]string{}
	for _, d := range file.Decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		spec, _ := g.Specs[0].(*ast.TypeSpec)
		if s, ok := spec.Type.(*ast.StructType); ok {
			structs[spec.Name.Name], docs[spec.Name.Name] = s, g.Doc.Text()
		}
	}
	words, intros = map[string]string{}, map[string]string{}
	for _, f := range structs["Config"].Fields.List {
		kind, _ := f.Type.(*ast.Ident)
		for _, n := range f.Names {
			key := keyOf(n.Name)
			section := structs[kind.Name]
			if section == nil {
				words[key] = said(f)
				continue
			}
			intros[key] = "`" + key + "`" + strings.TrimPrefix(oneLine(docs[kind.Name]), kind.Name)
			for _, inner := range section.Fields.List {
				for _, n := range inner.Names {
					words[key+"."+keyOf(n.Name)] = said(inner)
				}
			}
		}
	}
	return words, intros
}

var hump = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// keyOf is the key of a field: AccessKey is access_key.
func keyOf(field string) string {
	switch field {
	case "File":
		return "config"
	case "AdminPassword":
		return "admin.password"
	}
	return strings.ToLower(hump.ReplaceAllString(field, "${1}_$2"))
}

// said is the comment of a field, above it or behind it, in which other fields
// are keys.
func said(f *ast.Field) string {
	text := oneLine(f.Doc.Text() + f.Comment.Text())
	return regexp.MustCompile(`\b(Data|Database)\b`).ReplaceAllStringFunc(text, func(s string) string { return "`" + strings.ToLower(s) + "`" })
}

func oneLine(text string) string {
	return strings.NewReplacer("[", "", "]", "").Replace(strings.Join(strings.Fields(text), " "))
}
