package assist

import (
	"strings"
	"unicode"
)

// termsOf splits a text into what it is found by: words of Latin and other
// alphabets, in lower case and without their endings, and of CJK, which puts
// no spaces between words, each two characters that follow each other, and
// each single one. Full-width letters are ordinary ones.
func termsOf(text string) (terms []string) {
	var word, run []rune
	flush := func() {
		if len(word) > 0 {
			if w := stem(string(word)); !stopped(w) {
				terms = append(terms, w)
			}
			word = word[:0]
		}
		for i, r := range run {
			if i+1 < len(run) {
				terms = append(terms, string(run[i:i+2]))
			}
			if !strings.ContainsRune(particles, r) {
				terms = append(terms, string(r))
			}
		}
		run = run[:0]
	}
	for _, r := range text {
		if r >= '！' && r <= '～' {
			r -= '！' - '!'
		}
		switch {
		case cjk(r):
			if len(word) > 0 {
				flush()
			}
			run = append(run, r)
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			if len(run) > 0 {
				flush()
			}
			word = append(word, unicode.ToLower(r))
		case (r == '\'' || r == '’') && len(word) > 0: // it's, don't
		default:
			flush()
		}
	}
	flush()
	return terms
}

func cjk(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul)
}

// particles are characters that say little alone; in pairs they count.
const particles = "的了吗呢吧啊么我你您他她们是有在和与或就都也还很不没会能可要想请把被给对从到这那个一哪什怎为何"

// stem takes English endings off, so that a question finds what says the same
// in another form. It is coarse: both sides are cut alike.
func stem(w string) string {
	for _, e := range []struct {
		end, to string
		least   int
	}{
		{"ations", "", 4}, {"ation", "", 4}, {"ments", "", 4}, {"ment", "", 4}, {"ies", "y", 2}, {"sses", "ss", 2}, {"ings", "", 3}, {"ing", "", 3},
		{"ers", "", 3}, {"er", "", 3}, {"edly", "", 3}, {"ied", "y", 2}, {"ed", "", 3}, {"ely", "", 3}, {"ly", "", 3}, {"es", "", 3}, {"s", "", 3},
	} {
		if base, ok := strings.CutSuffix(w, e.end); ok && len(base) >= e.least && !strings.HasSuffix(base, "s") {
			w = base + e.to
			break
		}
	}
	w = strings.TrimSuffix(w, "e")
	if n := len(w); n > 4 && w[n-1] == w[n-2] && w[n-1] != 'l' && w[n-1] != 's' {
		w = w[:n-1] // shipping, shipped
	}
	return w
}

// stopped: words that are everywhere.
func stopped(w string) bool {
	switch w {
	case "", "a", "an", "th", "of", "to", "in", "on", "at", "for", "and", "or", "is", "ar", "am", "be", "do", "doe", "did", "can", "could", "will", "would", "i", "my",
		"m", "w", "you", "your", "it", "its", "im", "iv", "this", "that", "with", "from", "by", "as", "if", "hav", "ha", "has", "was", "wer", "what", "how", "when",
		"which", "who", "there", "ther", //nolint:misspell // as stem leaves "there"
		"ani", "any", "som", "pleas", "our", "us", "not", "no", "so", "me", "get", "but", "wher", "dont":
		return true
	}
	return false
}
