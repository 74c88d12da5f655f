package core_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// The rules of the whole tree, as architecture.md has them. arch_rules_test.go
// says what each of them means; here they are applied, and shown to bite.
//
// They read source, so they need neither a build nor a network, and hold for
// files of every build tag.

// TestArchitecture applies every rule to every package of the module.
func TestArchitecture(t *testing.T) {
	packages := loadTree(t, "..")
	if len(packages) < 5 {
		t.Fatalf("only %d packages found; where is the tree?", len(packages))
	}
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			for _, p := range packages {
				for _, fault := range r.faults(p) {
					t.Errorf("%s: %s", p.path, fault)
				}
			}
		})
	}
}

// TestRulesBite feeds each rule small packages that break it, and others that
// come near and must pass.
func TestRulesBite(t *testing.T) {
	for _, r := range rules() {
		if len(r.breaks) == 0 {
			t.Errorf("%s: nothing shows that it can fail", r.name)
		}
		for _, f := range r.breaks {
			if len(r.faults(f.parse(t))) == 0 {
				t.Errorf("%s: does not see what is wrong with %s:\n%s", r.name, f.path, f.source)
			}
		}
		for _, f := range r.keeps {
			if faults := r.faults(f.parse(t)); len(faults) > 0 {
				t.Errorf("%s: complains about %s:\n%s\n%s", r.name, f.path, f.source, strings.Join(faults, "\n"))
			}
		}
	}
}

// rule is a rule of the tree: faults returns what is wrong with a package.
type rule struct {
	name          string
	faults        func(pkg) []string
	breaks, keeps []fake
}

// pkg is a package as its source shows it. Path is relative to the module.
type pkg struct {
	path  string
	name  string
	files []file
}

type file struct {
	name string
	*ast.File
}

func (f file) test() bool { return strings.HasSuffix(f.name, "_test.go") }

// imports returns what the file imports, packages of ours without the module.
func (f file) imports() []string {
	var list []string
	for _, i := range f.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		list = append(list, strings.TrimPrefix(p, "kefu/"))
	}
	return list
}

// uses returns where the file names something of the package with the given
// import path, such as "time": the name and its position.
func (f file) uses(of string) map[token.Pos]string {
	local := ""
	for _, i := range f.Imports {
		if p, _ := strconv.Unquote(i.Path.Value); p == of {
			local = path.Base(p)
			if i.Name != nil {
				local = i.Name.Name
			}
		}
	}
	found := map[token.Pos]string{}
	ast.Inspect(f.File, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectorExpr); ok && local != "" {
			if x, ok := s.X.(*ast.Ident); ok && x.Name == local {
				found[s.Pos()] = s.Sel.Name
			}
		}
		return true
	})
	return found
}

// loadTree parses every package of the module below root.
func loadTree(t *testing.T, root string) []pkg {
	t.Helper()
	var packages []pkg
	err := filepath.WalkDir(root, func(dir string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		if dir != root && skipped(dir) {
			return fs.SkipDir
		}
		rel, err := filepath.Rel(root, dir)
		if err != nil {
			return err
		}
		sources := map[string]string{}
		names, err := filepath.Glob(filepath.Join(dir, "*.go"))
		if err != nil {
			return err
		}
		for _, name := range names {
			b, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			sources[filepath.Base(name)] = string(b)
		}
		if len(sources) > 0 {
			packages = append(packages, parsePackage(t, filepath.ToSlash(rel), sources))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return packages
}

// skipped: what the go command skips too, and modules of their own.
func skipped(dir string) bool {
	base := filepath.Base(dir)
	if strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules" {
		return true
	}
	_, err := os.Stat(filepath.Join(dir, "go.mod"))
	return err == nil
}

func parsePackage(t *testing.T, path string, sources map[string]string) pkg {
	t.Helper()
	p := pkg{path: path}
	for name, source := range sources {
		f, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Fatalf("%s/%s: %v", path, name, err)
		}
		p.files = append(p.files, file{name, f})
		if p.name == "" || !strings.HasSuffix(name, "_test.go") {
			p.name = f.Name.Name
		}
	}
	return p
}

// fake is a package of one file, or of two that "-- next --" separates. It
// begins with a package clause unless it needs a special one.
type fake struct{ path, source string }

func (f fake) parse(t *testing.T) pkg {
	t.Helper()
	sources := map[string]string{}
	for i, s := range strings.Split(f.source, "-- next --\n") {
		if !strings.Contains(s, "package ") {
			s = "package fake\n" + s
		}
		name := "fake" + strconv.Itoa(i) + ".go"
		if strings.HasPrefix(s, "// test\n") {
			name = "fake" + strconv.Itoa(i) + "_test.go"
		}
		sources[name] = s
	}
	return parsePackage(t, f.path, sources)
}
