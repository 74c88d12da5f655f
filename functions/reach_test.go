package functions_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// What a function does with AWS is read from its source: from main on, to
// every declaration that is named by one already reached. A method is reached
// if its name is called anywhere and its type is reached. That is more than
// can really happen, never less, and takes no build.

// reached is what a function reads and calls.
type reached struct {
	variables []string // KEFU_...
	actions   []string // of IAM, as dynamodb:Query
	posts     []string // methods of @connections, as POST
	services  []string // packages of the AWS SDK
	literals  map[string]bool
}

// source is the module's packages by import path, parsed when first asked for.
type source struct {
	t        *testing.T
	fsys     fs.FS
	packages map[string]*goPackage
}

// goPackage is what a package declares: name -> declaration, and
// type -> method -> declaration; and what it imports.
type goPackage struct {
	decls   map[string]decl
	methods map[string]map[string]decl
	links   map[string]bool
	remote  map[string]string // methods of AWS that its interfaces name -> the service
}

type decl struct {
	ast.Node
	imports map[string]string // of its file: local name -> path
}

const (
	module = "kefu/"
	sdk    = "github.com/aws/aws-sdk-go-v2/service/"
)

func (s *source) load(name string) *goPackage {
	if p := s.packages[name]; p != nil {
		return p
	}
	p := &goPackage{map[string]decl{}, map[string]map[string]decl{}, map[string]bool{}, map[string]string{}}
	s.packages[name] = p
	files, err := fs.Glob(s.fsys, path.Join(strings.TrimPrefix(name, module), "*.go"))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		text, err := fs.ReadFile(s.fsys, file)
		if err != nil {
			s.t.Fatal(err)
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, text, parser.SkipObjectResolution)
		if err != nil {
			s.t.Fatal(err)
		}
		p.add(f)
	}
	return p
}

func (p *goPackage) add(f *ast.File) {
	imports := map[string]string{}
	for _, i := range f.Imports {
		to, _ := strconv.Unquote(i.Path.Value)
		name := path.Base(to)
		if i.Name != nil {
			name = i.Name.Name
		}
		imports[name] = to
		p.links[to] = true
	}
	for _, d := range f.Decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			p.addFunc(decl{f, imports}, f)
			continue
		}
		for _, spec := range d.(*ast.GenDecl).Specs {
			p.addSpec(decl{spec, imports})
		}
	}
}

func (p *goPackage) addFunc(d decl, f *ast.FuncDecl) {
	if f.Recv == nil {
		p.decls[f.Name.Name] = d
		return
	}
	of := f.Recv.List[0].Type
	for {
		switch x := of.(type) {
		case *ast.StarExpr:
			of = x.X
			continue
		case *ast.IndexExpr:
			of = x.X
			continue
		case *ast.IndexListExpr:
			of = x.X
			continue
		}
		break
	}
	name := of.(*ast.Ident).Name
	if p.methods[name] == nil {
		p.methods[name] = map[string]decl{}
	}
	p.methods[name][f.Name.Name] = d
}

func (p *goPackage) addSpec(d decl) {
	switch s := d.Node.(type) {
	case *ast.ValueSpec:
		for _, n := range s.Names {
			if n.Name != "_" {
				p.decls[n.Name] = d
			}
		}
	case *ast.TypeSpec:
		p.decls[s.Name.Name] = d
		if i, ok := s.Type.(*ast.InterfaceType); ok {
			p.addRemote(d, i)
		}
	}
}

// addRemote notes the methods of an interface that take an input of an AWS
// service: what stands for a client of it.
func (p *goPackage) addRemote(d decl, i *ast.InterfaceType) {
	for _, m := range i.Methods.List {
		ast.Inspect(m.Type, func(n ast.Node) bool {
			if sel, ok := n.(*ast.SelectorExpr); ok && len(m.Names) == 1 && sel.Sel.Name == m.Names[0].Name+"Input" {
				if x, ok := sel.X.(*ast.Ident); ok && strings.HasPrefix(d.imports[x.Name], sdk) {
					p.remote[m.Names[0].Name] = strings.TrimPrefix(d.imports[x.Name], sdk)
				}
			}
			return true
		})
	}
}

// walk is the search from one main.
type walk struct {
	*source
	seen   map[ast.Node]bool
	types  map[[2]string]bool // package, type
	called map[string]bool    // names of methods
	found  map[string]map[string]bool
}

func (w *walk) note(kind, what string) {
	if w.found[kind] == nil {
		w.found[kind] = map[string]bool{}
	}
	w.found[kind][what] = true
}

// from returns what the main package of a function reaches.
func (s *source) from(name string) reached {
	w := &walk{s, map[ast.Node]bool{}, map[[2]string]bool{}, map[string]bool{"ServeHTTP": true}, map[string]map[string]bool{}}
	w.reach(module+"functions/"+name, "main")
	for before := -1; before < len(w.seen); {
		before = len(w.seen)
		for at := range maps.Clone(w.types) {
			for method, d := range w.load(at[0]).methods[at[1]] {
				if w.called[method] {
					w.visit(at[0], d)
				}
			}
		}
	}
	list := func(kind string) []string { return slices.Sorted(maps.Keys(w.found[kind])) }
	return reached{list("variable"), list("action"), list("post"), list("service"), w.found["literal"]}
}

func (w *walk) reach(pkg, name string) {
	d, ok := w.load(pkg).decls[name]
	if !ok {
		return
	}
	if _, ok := d.Node.(*ast.TypeSpec); ok {
		w.types[[2]string{pkg, name}] = true
	}
	w.visit(pkg, d)
}

func (w *walk) visit(pkg string, d decl) {
	if w.seen[d.Node] {
		return
	}
	w.seen[d.Node] = true
	w.inspect(pkg, d, d.Node)
}

func (w *walk) inspect(pkg string, d decl, n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			w.selector(pkg, d, n)
			return false
		case *ast.Ident:
			w.reach(pkg, n.Name)
		case *ast.BinaryExpr:
			if text, ok := w.fold(pkg, n); ok {
				w.literal(text)
			}
		case *ast.BasicLit:
			if text, ok := w.fold(pkg, n); ok {
				w.literal(text)
			}
		}
		return true
	})
}

// selector follows x.Name.
func (w *walk) selector(pkg string, d decl, n *ast.SelectorExpr) {
	if x, ok := n.X.(*ast.Ident); ok && d.imports[x.Name] != "" {
		to := d.imports[x.Name]
		if strings.HasPrefix(to, sdk) {
			w.note("service", strings.Split(strings.TrimPrefix(to, sdk), "/")[0])
		}
		if strings.HasPrefix(to, module) {
			w.reach(to, n.Sel.Name)
		}
		return
	}
	w.inspect(pkg, d, n.X)
	w.called[n.Sel.Name] = true
	if service := w.load(pkg).remote[n.Sel.Name]; service != "" {
		w.note("action", service+":"+n.Sel.Name)
	}
}

var (
	variable = regexp.MustCompile(`^KEFU_[A-Z_]+$`)
	target   = regexp.MustCompile(`^secretsmanager\.[A-Z]\w+$`) // of a call that is signed by hand
	action   = regexp.MustCompile(`^(s3|lambda):[A-Z]\w+$`)     // likewise
	push     = regexp.MustCompile(`^(execute-api:ManageConnections) ([A-Z]+)$`)
)

func (w *walk) literal(text string) {
	if variable.MatchString(text) {
		w.note("variable", text)
	}
	if target.MatchString(text) {
		w.note("action", strings.Replace(text, ".", ":", 1))
	}
	if action.MatchString(text) {
		w.note("action", text)
	}
	if p := push.FindStringSubmatch(text); p != nil {
		w.note("action", p[1])
		w.note("post", p[2])
	}
	w.note("literal", text)
}

// fold returns a string constant: a literal, the name of a constant, or
// several of them put together.
func (w *walk) fold(pkg string, e ast.Expr) (string, bool) {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, err := strconv.Unquote(e.Value)
		return text, err == nil && e.Kind == token.STRING
	case *ast.BinaryExpr:
		x, okX := w.fold(pkg, e.X)
		y, okY := w.fold(pkg, e.Y)
		return x + y, okX && okY && e.Op == token.ADD
	case *ast.Ident:
		s, ok := w.load(pkg).decls[e.Name].Node.(*ast.ValueSpec)
		if ok && len(s.Names) == 1 && len(s.Values) == 1 {
			return w.fold(pkg, s.Values[0])
		}
	}
	return "", false
}
