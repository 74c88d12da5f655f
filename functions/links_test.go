package functions_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// unlinked are modules that are large, and of which no function calls
// anything: AWS loads every byte of a function at each cold start.
func unlinked() []string {
	return []string{
		"github.com/openai/openai-go", // 2.4 MB; the others ask models through assist, which has the keys
		"golang.org/x/image",          // pixels are looked at by localserver
	}
}

// links are what a function links of that all the same.
func links() map[string]string {
	return map[string]string{"assist": "github.com/openai/openai-go"}
}

// TestLinks: no function links what none of them calls.
func TestLinks(t *testing.T) {
	for _, name := range slices.Sorted(maps.Keys(readCode(t).functions)) {
		asks := false
		for _, fault := range (&source{t, os.DirFS(".."), map[string]*goPackage{}}).linksTooMuch(name) {
			if needed := links()[name]; needed != "" && strings.Contains(fault, "> "+needed) {
				asks = true
				continue
			}
			t.Errorf("functions/%s %s", name, fault)
		}
		if links()[name] != "" && !asks {
			t.Errorf("functions/%s does not link %s: mend links", name, links()[name])
		}
	}
}

// TestLinksBite: through packages between too, and not by a test's imports.
func TestLinksBite(t *testing.T) {
	fsys := fstest.MapFS{
		"functions/f/main.go":        {Data: []byte("package main\nimport _ \"kefu/core/desk\"")},
		"functions/g/main.go":        {Data: []byte("package main\nimport _ \"kefu/core\"")},
		"core/core.go":               {Data: []byte("package core")},
		"core/core_test.go":          {Data: []byte("package core\nimport _ \"kefu/core/desk\"")},
		"core/desk/desk.go":          {Data: []byte("package desk\nimport _ \"kefu/core/assist/openai\"")},
		"core/assist/openai/chat.go": {Data: []byte("package openai\nimport _ \"github.com/openai/openai-go/v3/option\"")},
	}
	s := &source{t, fsys, map[string]*goPackage{}}
	if got := s.linksTooMuch("f"); len(got) != 1 || !strings.Contains(got[0], "functions/f > kefu/core/desk > kefu/core/assist/openai > github.com/openai") {
		t.Errorf("what f links: %q", got)
	}
	if got := s.linksTooMuch("g"); len(got) > 0 {
		t.Errorf("what g links: %q", got)
	}
}

// linksTooMuch returns by which ways the main of a function links what is
// unlinked, as "a > b > c".
func (s *source) linksTooMuch(name string) (faults []string) {
	seen := map[string]bool{}
	var visit func(pkg, way string)
	visit = func(pkg, way string) {
		for _, to := range slices.Sorted(maps.Keys(s.load(pkg).links)) {
			switch large := slices.ContainsFunc(unlinked(), func(m string) bool { return to == m || strings.HasPrefix(to, m+"/") }); {
			case large:
				faults = append(faults, "links "+way+" > "+to)
			case strings.HasPrefix(to, module) && !seen[to]:
				seen[to] = true
				visit(to, way+" > "+to)
			}
		}
	}
	visit(module+"functions/"+name, "functions/"+name)
	return faults
}
