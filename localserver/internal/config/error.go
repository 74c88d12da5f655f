package config

import (
	"strconv"
	"strings"
)

// Error is one thing that is wrong with a configuration.
type Error struct {
	Where   string // "kefu.yaml:3", "KEFU_LISTEN", "--listen"; "" for a Config that was not loaded
	Key     string // log.level; "" if Where names it, or it is about none
	Problem string // "expected …, got …"
}

func (e Error) Error() string {
	var parts []string
	for _, s := range []string{e.Where, e.Key, e.Problem} {
		if s != "" {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// Errors is all that is wrong with a configuration. It is never empty.
type Errors []Error

// Error gives one line for each.
func (es Errors) Error() string {
	lines := make([]string, len(es))
	for i, e := range es {
		lines[i] = e.Error()
	}
	return strings.Join(lines, "\n")
}

// unknown says that there is no such key, variable or flag, and which of the
// known ones, prefix before it, may have been meant.
func unknown(what, word, prefix string, known []string) string {
	if near := nearest(word, known); near != "" {
		return "unknown " + what + "; did you mean " + prefix + near + "?"
	}
	if near := below(word, known); near != "" {
		return "unknown " + what + "; there are " + near
	}
	return "unknown " + what + "; kefu --help lists all"
}

// below lists the known keys of the section that word would be in.
func below(word string, known []string) string {
	dot := strings.LastIndexByte(word, '.')
	var all []string
	for _, k := range known {
		if dot > 0 && strings.HasPrefix(k, word[:dot+1]) {
			all = append(all, k)
		}
	}
	return strings.Join(all, ", ")
}

// nearest returns the known word that the fewest typing mistakes lead to, if
// they are few for its length; or the one that ends in word after a dot.
func nearest(word string, known []string) string {
	best, distance := "", max(1, len(word)/3)+1
	for _, k := range known {
		if strings.HasSuffix(k, "."+word) {
			return k
		}
		if d := mistakes(word, k); d < distance {
			best, distance = k, d
		}
	}
	return best
}

// mistakes is the Levenshtein distance: letters to insert, delete or change.
func mistakes(a, b string) int {
	// A word of a thousand letters is no typing mistake, and the work is a times b.
	if len(a) > 64 {
		return len(a)
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// shown is a name from outside as a message may repeat it: on one line, not
// without end.
func shown(name string) string {
	plain := func(r rune) bool {
		return strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", r)
	}
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return !plain(r) }) {
		return strconv.Quote(clip(name))
	}
	return clip(name)
}

// clip shortens what a message repeats.
func clip(s string) string {
	const most = 60
	if runes := []rune(s); len(runes) > most {
		return string(runes[:most]) + "…"
	}
	return s
}
