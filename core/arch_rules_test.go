package core_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

func rules() []rule {
	return []rule{
		{
			name: "core is pure", faults: corePure,
			breaks: []fake{
				{"core", `import "net/http"`}, {"core", `import "os"`}, {"core", `import "math/rand/v2"`}, {"core", `import "log/slog"`},
				{"core", `import "database/sql"`}, {"core", `import "github.com/google/uuid"`}, {"core", `func f() { go f() }`},
				{"core", "import \"time\"\nvar _ = time.NewTimer(1)"}, {"core", "import \"fmt\"\nfunc f() { fmt.Println() }"},
			},
			keeps: []fake{{"core", "import \"time\"\nfunc f(t time.Time) { t.Add(1) }"}, {"core/desk", `func f() { go f() }`}, {"core", "// test\npackage core\nimport \"os\""}},
		},
		{
			name: "core's packages import downwards", faults: coreOrder,
			breaks: []fake{
				{"core", `import "kefu/core/wire"`}, {"core/wire", `import "kefu/core/desk"`}, {"core/identity", `import "kefu/core/wire"`},
				{"core/desk", `import "kefu/core/memstore"`}, {"core/desk", `import "kefu/localserver/internal/sqlstore"`},
				{"core/desk", "// test\npackage desk\nimport \"kefu/localserver/internal/hub\""}, {"core/new", `import "kefu/core"`},
			},
			keeps: []fake{{"core/httpapi", `import "kefu/core/desk"`}, {"core/desk", "// test\npackage desk\nimport \"kefu/core/memstore\""}},
		},
		{
			name: "core's packages do no I/O of their own", faults: coreNoIO,
			breaks: []fake{
				{"core/desk", `import "net/http"`}, {"core/wire", `import "os"`}, {"core/memstore", `import "database/sql"`},
				{"core/desk", `import "github.com/coder/websocket"`}, {"core/identity", `import "modernc.org/sqlite"`}, {"core/desk", `import "math/rand/v2"`},
			},
			keeps: []fake{{"core/httpapi", `import "net/http"`}, {"core/identity", `import "golang.org/x/crypto/argon2"`}, {"core/desk", `import "log/slog"`}},
		},
		{
			name: "hosts and their adapters stay apart", faults: hostsApart,
			breaks: []fake{
				{"localserver/internal/hub", `import "kefu/localserver/internal/sqlstore"`}, {"functions/internal/dynamo", `import "kefu/functions/internal/gateway"`},
				{"localserver", `import "kefu/functions/internal/dynamo"`}, {"functions/socket", "package main\nimport \"kefu/localserver/internal/hub\""},
				{"localserver/other", `import "kefu/localserver/internal/hub"`}, {"sdk", `import "kefu/core"`},
			},
			keeps: []fake{
				{"localserver/internal/server", `import "kefu/localserver/internal/hub"`}, {"functions/internal/host/web", `import "kefu/functions/internal/gateway"`}, {"localserver/internal/sqlstore", `import "kefu/core/codec"`},
				{"functions/socket", "package main\nimport \"kefu/functions/internal/dynamo\""}, {"functions/local/stack", `import "kefu/functions/internal/dynalite"`}, {"localserver/internal/sqlstore/dialect", `import "kefu/localserver/internal/sqlstore/sub"`},
			},
		},
		{
			name: "no init", faults: noInit,
			breaks: []fake{{"core/desk", `func init() {}`}, {"sdk", "// test\npackage sdk\nfunc init() {}"}},
			keeps:  []fake{{"core/desk", "type t struct{}\nfunc (t) init() {}"}},
		},
		{
			name: "no mutable package state", faults: noGlobals,
			breaks: []fake{
				{"core/desk", `var n int`}, {"core/desk", `var table = map[string]int{}`}, {"core/desk", `var a, b = errors.New("x"), 1`},
				{"core/desk", `var clients []string`}, {"core/desk", "var (\n\terrX = errors.New(\"x\")\n\tcache = new(int)\n)"},
			},
			keeps: []fake{
				{"core/desk", `var errX = errors.New("x")`}, {"core/desk", `var ErrX = core.Errorf(core.Invalid, "x")`}, {"core/desk", `var _ core.Store = (*Store)(nil)`},
				{"core/desk", "//go:embed list.txt\nvar list string"}, {"core/desk", "//go:embed dist\nvar files embed.FS"}, {"core/desk", `var word = regexp.MustCompile("a+")`},
				{"core/desk", "// test\npackage desk\nvar n int"}, {"core/storetest", `var start = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)`},
			},
		},
		{
			name: "the clock comes from outside", faults: noClock,
			breaks: []fake{
				{"core/desk", "import \"time\"\nfunc f() { time.Now() }"}, {"core/desk", "import \"time\"\ntype t struct{ now func() time.Time }\nfunc f() t { return t{time.Now} }"},
				{"localserver/internal/hub", "import clock \"time\"\nfunc f() { clock.Sleep(1) }"}, {"core/desk", "import \"time\"\nfunc f(t time.Time) { time.Since(t) }"},
				{"core/desk", "// test\npackage desk\nimport \"time\"\nfunc f() { time.Sleep(1) }"}, {"localserver", "package main\nimport \"time\"\nfunc f() { time.Sleep(1) }"},
			},
			keeps: []fake{
				{"localserver", "package main\nimport \"time\"\nfunc f() { use(time.Now) }"}, {"core/desk", "// test\npackage desk\nimport \"time\"\nfunc f() { time.Now() }"},
				{"core/desk", "// test\npackage desk\nimport \"time\"\nimport \"testing/synctest\"\nfunc f() { synctest.Wait(); time.Sleep(1) }"},
			},
		},
		{
			name: "one package comment", faults: oneDoc,
			breaks: []fake{{"core/desk", "package desk"}, {"core/desk", "// Package desk is one.\npackage desk\n-- next --\n// Package desk is two.\npackage desk"}},
			keeps:  []fake{{"core/desk", "// Package desk serves.\npackage desk\n-- next --\npackage desk\n-- next --\n// test\npackage desk"}},
		},
	}
}

// corePure: the rulebook imports what computes, and nothing that does
// anything. A new import has to be added here, with a thought.
func corePure(p pkg) (faults []string) {
	may := []string{"cmp", "context", "crypto/sha256", "encoding/base32", "errors", "fmt", "maps", "math", "math/bits", "slices", "strings", "time", "unicode/utf8"}
	for _, f := range p.files {
		if p.path != "core" || f.test() {
			continue
		}
		for _, i := range f.imports() {
			if !slices.Contains(may, i) {
				faults = append(faults, f.name+" imports "+i)
			}
		}
		ast.Inspect(f.File, func(n ast.Node) bool {
			if _, ok := n.(*ast.GoStmt); ok {
				faults = append(faults, f.name+" starts a goroutine")
			}
			return true
		})
		for _, name := range f.uses("time") {
			if slices.Contains([]string{"After", "AfterFunc", "NewTimer", "NewTicker", "Tick", "LoadLocation"}, name) {
				faults = append(faults, f.name+" calls time."+name)
			}
		}
		for _, name := range f.uses("fmt") {
			if strings.HasPrefix(name, "Print") || strings.HasPrefix(name, "Scan") {
				faults = append(faults, f.name+" calls fmt."+name)
			}
		}
	}
	return faults
}

// coreOrder: httpapi -> desk -> assist, identity, wire, codec -> core, and
// the stores and suites beside them. Tests may use any of them, never a host.
func coreOrder(p pkg) (faults []string) {
	leaves := []string{"core", "core/assist", "core/blob", "core/codec", "core/identity", "core/wire"}
	order := map[string][]string{
		"core":                   {},
		"core/assist":            {"core"},
		"core/assist/assisttest": {},
		"core/assist/openai":     {"core", "core/assist"},
		"core/blob":              {"core"},
		"core/blob/blobtest":     {"core", "core/blob"},
		"core/blob/media":        {"core", "core/blob", "core/blob/sniff"},
		"core/blob/s3":           {"core", "core/blob"},
		"core/blob/sniff":        {"core", "core/blob"},
		"core/codec":             {"core"},
		"core/identity":          {"core"},
		"core/transfer":          {"core", "core/codec"},
		"core/wire":              {"core"},
		"core/desk":              leaves,
		"core/httpapi":           append(leaves, "core/desk"),
		"core/memstore":          {"core", "core/codec"},
		"core/storetest":         {"core", "core/codec", "core/transfer"},
		"core/outgoing":          {},
		"core/hosttest":          {"core", "core/codec", "core/wire", "core/assist/assisttest"},
	}
	may, known := order[p.path]
	if !known {
		if within(p.path, "core") {
			faults = append(faults, "has no place in the order; give it one in arch_rules_test.go")
		}
		return faults
	}
	for _, f := range p.files {
		for _, i := range f.imports() {
			if ours(i) && !slices.Contains(may, i) && !(f.test() && within(i, "core")) {
				faults = append(faults, f.name+" imports "+i)
			}
		}
	}
	return faults
}

// coreNoIO: databases, networks and files are the hosts'. What a package may
// use all the same stands here, with what it is for.
func coreNoIO(p pkg) (faults []string) {
	if !within(p.path, "core") {
		return nil
	}
	exceptions := map[string][]string{
		"core/httpapi":           {"net", "net/http", "io/fs", "github.com/danielgtaylor/huma/v2"},     // it is an http.Handler; files to serve; OpenAPI
		"core/assist/openai":     {"net", "net/http", "syscall", "github.com/openai/openai-go/v3"},     // the one client of a model
		"core/assist/assisttest": {"net/http"},                                                         // a model for tests
		"core/blob/media":        {"golang.org/x/image", "golang.org/x/sync"},                          // pixels; a budget of memory
		"core/blob/sniff":        {"github.com/gabriel-vasile/mimetype"},                               // what bytes are
		"core/blob/s3":           {"net/http", "os", "math/rand", "github.com/aws/aws-sdk-go-v2"},      // the one client of a bucket, for both hosts; what it sends is spooled; it comes again at another time
		"core/identity":          {"github.com/golang-jwt/jwt/v5", "golang.org/x/crypto"},              // signatures and argon2id
		"core/hosttest":          {"net", "net/http", "os", "math/rand", "github.com/coder/websocket"}, // it tests a host over the wire; seeds
		"core/outgoing":          {"net", "net/http", "syscall"},                                       // the one client of webhooks, for both hosts; it judges what is dialled
	}
	denied := []string{"net", "os", "io/fs", "io/ioutil", "syscall", "log", "math/rand", "database", "plugin"}
	for _, f := range p.files {
		for _, i := range f.imports() {
			harmless := i == "net/url" || i == "net/netip" || i == "net/mail" || i == "log/slog" // parsing; a logger that was handed in
			outside := strings.Contains(strings.Split(i, "/")[0], ".")
			if f.test() || ours(i) || harmless || withinAny(i, exceptions[p.path]) {
				continue
			}
			if outside || withinAny(i, denied) {
				faults = append(faults, f.name+" imports "+i)
			}
		}
	}
	return faults
}

// hostsApart: a host never imports the other, an adapter never another one.
// Only mains, and the server and the stack that tests open too, wire them.
func hostsApart(p pkg) (faults []string) {
	exceptions := map[string]string{
		"localserver/internal/socket": "localserver/internal/hub", // coder/websocket to hub: a transport without a hub is none
	}
	host, adapter := placeOf(p.path)
	for _, f := range p.files {
		for _, i := range f.imports() {
			otherHost, other := placeOf(i)
			wires := p.name == "main" || p.path == "localserver/internal/server" || p.path == "functions/local/stack" || within(p.path, "functions/internal/host") || f.test()
			switch {
			case within(p.path, "sdk") && ours(i) && !f.test():
				faults = append(faults, f.name+" imports "+i+"; the SDK only embeds its files")
			case otherHost == "":
			case host != otherHost && !(p.name == "main" && host == "infra"):
				faults = append(faults, f.name+" imports "+i+" of another host")
			case other != "" && other != adapter && !wires && exceptions[adapter] != other:
				faults = append(faults, f.name+" imports the adapter "+i)
			}
		}
	}
	return faults
}

// placeOf returns the host that a package belongs to, and the adapter.
func placeOf(path string) (host, adapter string) {
	parts := strings.Split(path, "/")
	if parts[0] != "localserver" && parts[0] != "functions" {
		if parts[0] == "infra" {
			return "infra", ""
		}
		return "", ""
	}
	if len(parts) > 2 && parts[1] == "internal" {
		return parts[0], strings.Join(parts[:3], "/")
	}
	return parts[0], ""
}

// noInit: nothing happens because a package was imported.
func noInit(p pkg) (faults []string) {
	for _, f := range p.files {
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				faults = append(faults, f.name+" has an init function")
			}
		}
	}
	return faults
}

// noGlobals: two servers in one process share nothing. What is set once and
// never changed is allowed where the language has no constants for it. The
// suites are tests in all but name.
func noGlobals(p pkg) (faults []string) {
	exceptions := map[string]string{"localserver.version": "the linker sets it"} // variable: why it may
	if strings.HasSuffix(p.path, "test") {
		return nil
	}
	for _, f := range p.files {
		for _, d := range f.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || f.test() || embeds(g.Doc) {
				continue
			}
			for _, s := range g.Specs {
				v, ok := s.(*ast.ValueSpec)
				if !ok || constant(v) || exceptions[p.path+"."+v.Names[0].Name] != "" {
					continue
				}
				faults = append(faults, fmt.Sprintf("%s has the variable %s", f.name, v.Names[0].Name))
			}
		}
	}
	return faults
}

func embeds(doc *ast.CommentGroup) bool {
	return doc != nil && slices.ContainsFunc(doc.List, func(c *ast.Comment) bool { return strings.HasPrefix(c.Text, "//go:embed ") })
}

// constant: interface assertions, embedded files, errors, compiled regexps.
func constant(v *ast.ValueSpec) bool {
	if embeds(v.Doc) || !slices.ContainsFunc(v.Names, func(n *ast.Ident) bool { return n.Name != "_" }) {
		return true
	}
	made := func(e ast.Expr) bool {
		call, ok := e.(*ast.CallExpr)
		if !ok {
			return false
		}
		name := ""
		switch fn := call.Fun.(type) {
		case *ast.Ident:
			name = fn.Name
		case *ast.SelectorExpr:
			if x, ok := fn.X.(*ast.Ident); ok {
				name = x.Name + "." + fn.Sel.Name
			}
		}
		return slices.Contains([]string{"errors.New", "fmt.Errorf", "core.Errorf", "Errorf", "regexp.MustCompile"}, name)
	}
	return len(v.Values) > 0 && !slices.ContainsFunc(v.Values, func(e ast.Expr) bool { return !made(e) })
}

// noClock: mains and the server pass time.Now on; everybody else is told the
// time. Nobody sleeps; in a synctest bubble sleeping is how time is told.
func noClock(p pkg) (faults []string) {
	exceptions := map[string]string{"core/hosttest": "its clients live in real time, as a host does"} // package: why it may
	for _, f := range p.files {
		wires := p.name == "main" || p.path == "localserver/internal/server" || f.test()
		for _, name := range f.uses("time") {
			reads := slices.Contains([]string{"Now", "Since", "Until"}, name) && !wires
			sleeps := name == "Sleep" && !(f.test() && slices.Contains(f.imports(), "testing/synctest"))
			if (reads && exceptions[p.path] == "") || sleeps {
				faults = append(faults, f.name+" uses time."+name)
			}
		}
	}
	return faults
}

// oneDoc: the package comment is the manual, so there is exactly one.
func oneDoc(p pkg) (faults []string) {
	var with []string
	tests := 0
	for _, f := range p.files {
		if f.test() {
			tests++
		} else if f.Doc != nil {
			with = append(with, f.name)
		}
	}
	if len(with) != 1 && tests < len(p.files) {
		slices.Sort(with)
		faults = append(faults, fmt.Sprintf("%d package comments %v, not one", len(with), with))
	}
	return faults
}

// within reports whether a path is the given one or below it.
func within(path, top string) bool { return path == top || strings.HasPrefix(path, top+"/") }

func withinAny(path string, tops []string) bool {
	return slices.ContainsFunc(tops, func(top string) bool { return within(path, top) })
}

// ours reports whether an import is a package of this module.
func ours(i string) bool {
	return withinAny(i, []string{"core", "functions", "localserver", "infra", "sdk"})
}
