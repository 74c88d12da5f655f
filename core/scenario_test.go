package core_test

import (
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"unicode"
)

var rewrite = flag.Bool("rewrite", false, "write what the stories in testdata do now; read the diff before you commit it")

// TestScenarios plays the stories in testdata. Each is a text to be read:
// comments, commands, and under "----" the exact trace of what they did.
// testdata/README.md says how to read and write one.
func TestScenarios(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			told, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			played := retell(string(told), newWorld(t).do)
			if *rewrite {
				err = os.WriteFile(file, []byte(played), 0o644)
			} else if at, want, got, same := firstDifference(string(told), played); !same {
				t.Errorf("%s:%d: the story says\n\t%s\nand this happened:\n\t%s\n(all of it: go test ./core -run Scenarios -rewrite)", file, at, want, got)
			}
			if err != nil {
				t.Fatal(err)
			}
		})
	}
}

// retell returns the story with what do answers to its commands in place of
// what was written there. Comments and blank lines stay.
func retell(story string, do func(command string) string) string {
	var out strings.Builder
	var commands []string
	answering := false // within an old answer, which ends at a blank line
	for line := range strings.Lines(story) {
		text := strings.TrimSpace(line)
		switch {
		case text == "":
			answering = false
		case answering:
			continue
		case text == "----":
			out.WriteString(line)
			for _, c := range commands {
				out.WriteString(do(c))
			}
			commands, answering = nil, true
			continue
		case text[0] != '#':
			commands = append(commands, text)
		}
		out.WriteString(line)
	}
	return out.String()
}

func firstDifference(a, b string) (line int, inA, inB string, same bool) {
	x, y := strings.Split(a, "\n"), strings.Split(b, "\n")
	for i := range max(len(x), len(y)) {
		if p, q := at(x, i), at(y, i); p != q {
			return i + 1, p, q, false
		}
	}
	return 0, "", "", true
}

func at(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "(the end)"
}

// command is a line of a story: words, key=value pairs and one "quoted text".
type command struct {
	words []string
	args  map[string]string
	text  string
}

func parse(line string) (c command, ok bool) {
	c.args = map[string]string{}
	for line = strings.TrimSpace(line); line != ""; line = strings.TrimSpace(line) {
		if line[0] == '"' {
			q, err := strconv.QuotedPrefix(line)
			if err != nil {
				return c, false
			}
			c.text, _ = strconv.Unquote(q)
			line = line[len(q):]
			continue
		}
		word := line
		if i := strings.IndexFunc(line, unicode.IsSpace); i > 0 {
			word = line[:i]
		}
		line = line[len(word):]
		if key, value, is := strings.Cut(word, "="); is {
			c.args[key] = value
		} else {
			c.words = append(c.words, word)
		}
	}
	return c, len(c.words) > 0
}

func (c command) word(i int) string {
	if i < len(c.words) {
		return c.words[i]
	}
	return ""
}

func TestRetell(t *testing.T) {
	story := "# why\nsay hello\n----\nold answer\n\nsay a\nsay b\n----\n"
	want := "# why\nsay hello\n----\n<say hello>\n\nsay a\nsay b\n----\n<say a>\n<say b>\n"
	if got := retell(story, func(c string) string { return "<" + c + ">\n" }); got != want {
		t.Errorf("retell = %q, want %q", got, want)
	}
	if at, old, now, same := firstDifference(story, want); same || at != 4 || old != "old answer" || now != "<say hello>" {
		t.Errorf("firstDifference = %d, %q, %q, %v", at, old, now, same)
	}
}

func TestParse(t *testing.T) {
	c, ok := parse(`amy transfer n=4 to=bo "a \"good\" one"`)
	if !ok || strings.Join(c.words, " ") != "amy transfer" || c.args["n"] != "4" || c.args["to"] != "bo" || c.text != `a "good" one` {
		t.Errorf("parse = %+v, %v", c, ok)
	}
	if _, ok := parse(`amy send "no end`); ok {
		t.Error("an open quote is accepted")
	}
}
