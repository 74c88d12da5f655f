package demo

import (
	_ "embed"
	"fmt"
	"strings"

	"kefu/core"
)

// story is a conversation that can be played as often as one likes.
type story struct {
	site  core.SiteID
	page  core.Page // URL is only the path
	tags  []string
	name  string // of the visitor; empty: anonymous
	lines []line
}

type line struct {
	visitor bool
	text    string
}

// script is all that is said, in one language.
type script struct {
	lang    string // en or zh
	stories []story
	words   map[string]string
	replies []reply
}

// reply is a canned one.
type reply struct{ shortcut, title, text string }

var (
	//go:embed stories.en.txt
	storiesEnglish string
	//go:embed stories.zh.txt
	storiesChinese string
	//go:embed words.en.txt
	wordsEnglish string
	//go:embed words.zh.txt
	wordsChinese string
)

// scriptIn returns the script for a locale as in LANG.
func scriptIn(locale string) (script, error) {
	if strings.HasPrefix(locale, "zh") {
		return parse("zh", storiesChinese, wordsChinese)
	}
	return parse("en", storiesEnglish, wordsEnglish)
}

func parse(lang, stories, words string) (script, error) {
	s := script{lang: lang, words: map[string]string{}}
	for l := range strings.Lines(words) {
		key, text, ok := strings.Cut(strings.TrimSpace(l), " ")
		if !ok {
			return s, fmt.Errorf("demo: %q has no text", l)
		}
		if key != "replies" {
			s.words[key] = text
			continue
		}
		parts := strings.Split(text, " | ")
		if len(parts) != 3 {
			return s, fmt.Errorf("demo: %q is no reply", l)
		}
		s.replies = append(s.replies, reply{parts[0], parts[1], parts[2]})
	}
	for l := range strings.Lines(stories) {
		if err := s.add(strings.TrimSpace(l)); err != nil {
			return s, err
		}
	}
	return s, nil
}

// add takes in one line of a file of stories.
func (s *script) add(l string) error {
	mark, text, ok := strings.Cut(l, " ")
	last := len(s.stories) - 1
	switch {
	case !ok || text == "":
	case mark == "==":
		parts := strings.Split(text, " | ")
		if len(parts) != 5 {
			break
		}
		x := story{site: core.SiteID(parts[0]), page: core.Page{URL: parts[1], Title: parts[2]}, tags: strings.Split(parts[3], ", ")}
		if parts[4] != "-" {
			x.name = parts[4]
		}
		s.stories = append(s.stories, x)
		return nil
	case (mark == "V" || mark == "A") && last >= 0:
		s.stories[last].lines = append(s.stories[last].lines, line{mark == "V", text})
		return nil
	}
	return fmt.Errorf("demo: %q is no line of a story", l)
}

// of returns the stories of one of the two sites.
func (s script) of(site core.SiteID) (list []story) {
	for _, x := range s.stories {
		if x.site == site {
			list = append(list, x)
		}
	}
	return list
}

// answer returns what an agent says to a visitor's words: all that follows them
// in the story they are from, or something that fits anything.
func (s script) answer(text string) []string {
	for _, x := range s.stories {
		for i, l := range x.lines {
			if !l.visitor || l.text != text {
				continue
			}
			var say []string
			for _, l := range x.lines[i+1:] {
				if l.visitor {
					break
				}
				say = append(say, l.text)
			}
			return say
		}
	}
	return []string{s.words["any"]}
}
