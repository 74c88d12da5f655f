package assist

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// linkLike is what some client may make a link of: an address with a scheme, or
// a host with a path or a known end, alone or in Markdown or HTML.
var linkLike = regexp.MustCompile(`(?i)\b(?:[a-z][a-z0-9+.\-]{1,20}:)?//[^\s<>"'\x60）)\]】。，、；！？]+` +
	`|\b(?:javascript|data|vbscript|file|blob):[^\s<>"'）)\]]+` +
	`|\b(?:www\.[^\s<>"'）)\]。，、；！？]+|(?:[a-z0-9](?:[a-z0-9\-]*[a-z0-9])?\.)+[a-z]{2,24}(?:[:/?#][^\s<>"'）)\]。，、；！？]*|\b))`)

var markup = regexp.MustCompile(`(?s)<[a-zA-Z/!][^>]*>?`)

// tidy takes out of a model's text what a visitor must not be led by: tags, and
// links to hosts that the site does not list. What it returns for a text is
// where what it returns for a longer one begins, if the text ends as settled says.
func tidy(text string, hosts []string) string {
	text = markup.ReplaceAllString(text, "")
	text = linkLike.ReplaceAllStringFunc(text, func(s string) string {
		bare := strings.TrimRight(s, ".,:;!?")
		if listed(bare, hosts) {
			return s
		}
		if looksLikeFile(bare) {
			return s
		}
		return "[…]" + s[len(bare):]
	})
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r) && r != '\u200d' && r != '\u200c') {
			return -1 // also what turns the direction of a text
		}
		return r
	}, text)
}

// looksLikeFile: "v1.2.zip", "report.pdf" and "e.g" are no hosts.
func looksLikeFile(s string) bool {
	if strings.ContainsAny(s, "/:?#") {
		return false
	}
	i := strings.LastIndexByte(s, '.')
	end := strings.ToLower(s[i+1:])
	return slices.Contains([]string{"pdf", "zip", "png", "jpg", "jpeg", "gif", "txt", "csv", "doc", "docx", "xls", "xlsx", "mp4", "mp3", "apk", "exe", "g", "js", "ts", "md"}, end)
}

// listed reports whether a link may be shown: http or https, to a host of the
// list or below it.
func listed(link string, hosts []string) bool {
	lower := strings.ToLower(link)
	rest, found := strings.CutPrefix(lower, "https://")
	if !found {
		rest, found = strings.CutPrefix(lower, "http://")
	}
	if !found {
		if strings.Contains(lower, "//") || strings.HasPrefix(lower, "javascript:") || strings.HasPrefix(lower, "data:") || strings.HasPrefix(lower, "vbscript:") || strings.HasPrefix(lower, "file:") || strings.HasPrefix(lower, "blob:") {
			return false
		}
		rest = lower
	}
	host := rest
	if i := strings.IndexAny(host, "/?#\\"); i >= 0 {
		host = host[:i]
	}
	if strings.ContainsAny(host, "@%") {
		return false
	}
	host, _, _ = strings.Cut(host, ":")
	return slices.ContainsFunc(hosts, func(h string) bool { return host == h || strings.HasSuffix(host, "."+h) })
}

// settled returns how many bytes of a text that is still being written are
// sure to stay as tidy leaves them: all but what may still become a link, a tag
// or a number in brackets.
func settled(text string) int {
	end := len(text)
	if i := strings.LastIndexByte(text, '<'); i >= 0 && !strings.Contains(text[i:], ">") {
		end = i
	}
	if i := strings.LastIndexByte(text[:end], '['); i >= 0 && !strings.Contains(text[i:end], "]") {
		end = i
	}
	for end > 0 {
		b := text[end-1]
		if b >= 0x80 || b == ' ' || b == '\n' || b == '\t' {
			break
		}
		end--
	}
	return end
}

// recites reports whether a text repeats a long piece of the instructions,
// run letters or more, whatever is between them.
func recites(text, instructions string, run int) bool {
	said, told := letters(text), letters(instructions)
	if len(said) < run || len(told) < run {
		return false
	}
	known := make(map[string]bool, len(told)/run+1)
	for i := 0; i+run/2 <= len(told); i += run / 2 { // each run of the text that long holds one of these whole
		known[string(told[i:i+run/2])] = true
	}
	for i := 0; i+run/2 <= len(said); i++ {
		if known[string(said[i:i+run/2])] {
			return true
		}
	}
	return false
}

func letters(s string) []rune {
	out := make([]rune, 0, len(s))
	for _, r := range s {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			out = append(out, unicode.ToLower(r))
		}
	}
	return out
}
