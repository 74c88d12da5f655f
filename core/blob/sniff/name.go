package sniff

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gabriel-vasile/mimetype"
)

// maxName is how many characters a name has at most, its ending included.
const maxName = 100

// Name implements blob.Media: the last part of what its sender called it, without what a system or an eye could take for
// something else (controls, marks of direction, spaces of no width), and with an
// ending that fits its type. "invoice\u202etxt.exe" that is a text becomes
// "invoicetxt.exe.txt".
func (Sniffer) Name(name, kind string) string {
	name = strings.ToValidUTF8(name, "")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Join(strings.FieldsFunc(strings.Map(plain, name), unicode.IsSpace), " ")
	name = strings.TrimRight(name, ". ")
	base, end := name, ""
	if i := strings.LastIndexByte(name, '.'); i >= 0 {
		base, end = name[:i], strings.ToLower(name[i:])
	}
	if fit := endings(kind); !slices.Contains(fit, end) {
		base, end = name, fit[0]
	}
	base = strings.Trim(base, ". ")
	if base == "" {
		base = "file"
	}
	return strings.TrimRight(cut(base, maxName-len(end)), ". ") + end
}

// plain maps a character to itself, to one that is harmless, or to none.
func plain(r rune) rune {
	switch {
	case unicode.IsControl(r) && !unicode.IsSpace(r) || unicode.In(r, unicode.Cf, unicode.Co, unicode.Cs, unicode.Noncharacter_Code_Point):
		return -1
	case strings.ContainsRune(`<>:"|?*%`, r):
		return '_'
	}
	return r
}

// endings are those that files of a type have, the usual one first.
func endings(kind string) []string {
	switch kind {
	case "image/jpeg":
		return []string{".jpg", ".jpeg", ".jpe", ".jfif"}
	case "text/plain":
		return []string{".txt", ".log", ".md", ".csv", ".tsv", ".text"}
	case "video/mp4":
		return []string{".mp4", ".m4v"}
	}
	if m := mimetype.Lookup(kind); m != nil && m.Extension() != "" {
		return []string{m.Extension()}
	}
	return []string{".bin"}
}

func cut(s string, runes int) string {
	if utf8.RuneCountInString(s) <= runes {
		return s
	}
	return string([]rune(s)[:runes])
}
