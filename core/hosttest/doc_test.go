package hosttest

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// promised are those that one node can keep.
var promised = []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 14, 15, 17, 18, 19, 20, 21, 22, 23}

// The table of the package doc names tests that exist, at least one for each
// promise, and stories that are told.
func TestPromises(t *testing.T) {
	doc, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	told, err := os.ReadFile("stories.go")
	if err != nil {
		t.Fatal(err)
	}
	tests := map[int][]string{}
	for _, line := range regexp.MustCompile(`(?m)^//\t *(\d+) (.*)$`).FindAllStringSubmatch(string(doc), -1) {
		n, _ := strconv.Atoi(line[1])
		tests[n] = regexp.MustCompile(`[a-z/]+\.[A-Za-z]+`).FindAllString(line[2], -1)
	}
	for _, n := range promised {
		if len(tests[n]) == 0 {
			t.Errorf("nothing tries promise %d", n)
		}
	}
	known := map[string][]string{}
	for n, names := range tests {
		for _, name := range names {
			dir, test, _ := strings.Cut(name, ".")
			if dir == "hosttest" {
				dir = "core/hosttest"
			}
			if known[dir] == nil {
				known[dir] = functions(t, filepath.Join("..", "..", filepath.FromSlash(dir)))
			}
			if !slices.Contains(known[dir], test) {
				t.Errorf("promise %d: there is no %s", n, name)
			}
			if dir == "core/hosttest" && !strings.Contains(string(told), "tell: "+test) {
				t.Errorf("promise %d: %s is never told", n, name)
			}
		}
	}
}

// functions are the names of all in a directory, tests or not.
func functions(t *testing.T, dir string) (names []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: %d files, %v", dir, len(files), err)
	}
	for _, name := range files {
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil {
				names = append(names, fn.Name.Name)
			}
		}
	}
	return names
}

// Every story stands in the table of stories, and nothing else does.
func TestStoriesAreTold(t *testing.T) {
	told, err := os.ReadFile("stories.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range functions(t, ".") {
		if strings.HasPrefix(name, "tell") && !strings.Contains(string(told), "tell: "+name) {
			t.Errorf("%s is never told", name)
		}
	}
}
