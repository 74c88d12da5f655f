package assist

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// masker replaces what identifies a person before a text leaves, and puts it
// back into what comes back. The same thing has the same name throughout, so
// that a model can speak of it.
//
// It knows phone numbers (mainland China's mobile and landline ones, and
// international ones with a plus or in groups), resident identity cards of 18
// and 15 digits, bank cards (by Luhn's sum), and e-mail addresses; with full-width digits,
// and with spaces, dots or dashes between groups, too. What it does not know
// leaves: it is a help, not a wall.
type masker struct {
	off   bool
	names map[string]string // what was there -> name
	back  []string          // name, what was there, name, …
	count map[string]int
}

func newMasker(off bool) *masker {
	return &masker{off: off, names: map[string]string{}, count: map[string]int{}}
}

var (
	emailLike  = regexp.MustCompile(`[A-Za-z0-9][A-Za-z0-9._%+\-]*[@＠][A-Za-z0-9][A-Za-z0-9\-]*(?:[.。．][A-Za-z0-9\-]+)*[.。．][A-Za-z]{2,}`)
	digitsLike = regexp.MustCompile(`[+＋(（]?[0-9０-９][0-9０-９ \t()（）.．\-－—·]*[0-9０-９][XxＸｘ]?`)
	chineseNum = regexp.MustCompile(`[〇零一幺二两三四五六七八九]{11,18}`)
)

// mask returns text with names such as [phone 1] for what it hides.
func (m *masker) mask(text string) string {
	if m.off {
		return text
	}
	text = emailLike.ReplaceAllStringFunc(text, func(s string) string { return m.name("email", s) })
	text = digitsLike.ReplaceAllStringFunc(text, m.number)
	return chineseNum.ReplaceAllStringFunc(text, func(s string) string {
		if what := kindOfNumber(spelled(s), ""); what != "" {
			return m.name(what, s)
		}
		return s
	})
}

// number names a run of digits if it is one of those that are hidden. A run
// may be several numbers, "138 0013 8000 110101199003077571": then each of its
// groups is looked at, and all of it if no group is one.
func (m *masker) number(s string) string {
	if what := kindOfNumber(digits(s), s); what != "" {
		return m.name(what, s)
	}
	parts := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '\t' })
	if len(parts) < 2 {
		return s
	}
	out := s
	for i := 0; i < len(parts); i++ {
		for k := len(parts); k > i; k-- { // the longest run of groups first
			joined := strings.Join(parts[i:k], " ")
			if what := kindOfNumber(digits(joined), joined); what != "" && strings.Contains(out, joined) {
				out = strings.Replace(out, joined, m.name(what, joined), 1)
				i = k - 1
				break
			}
		}
	}
	return out
}

func (m *masker) name(what, s string) string {
	key := what + digitsOr(s)
	if n, ok := m.names[key]; ok {
		return n
	}
	m.count[what]++
	n := fmt.Sprintf("[%s %d]", what, m.count[what])
	m.names[key] = n
	m.back = append(m.back, n, s)
	return n
}

// unmask puts back what was there.
func (m *masker) unmask(text string) string {
	if len(m.back) == 0 || !strings.Contains(text, "[") {
		return text
	}
	return strings.NewReplacer(m.back...).Replace(text)
}

// digits returns the digits of s in ASCII, and a last X as "X".
func digits(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r >= '0' && r <= '9':
			b.WriteRune(r)
		case r >= '０' && r <= '９':
			b.WriteRune(r - '０' + '0')
		case r == 'x' || r == 'X' || r == 'Ｘ' || r == 'ｘ':
			b.WriteByte('X')
		}
	}
	return b.String()
}

func digitsOr(s string) string {
	if d := digits(s); len(d) >= 7 {
		return d
	}
	return strings.ToLower(s)
}

// spelled turns Chinese numerals into digits.
func spelled(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch r {
		case '〇', '零':
			b.WriteByte('0')
		case '一', '幺':
			b.WriteByte('1')
		case '二', '两':
			b.WriteByte('2')
		default:
			b.WriteByte(byte('3' + strings.IndexRune("三四五六七八九", r)/3))
		}
	}
	return b.String()
}

// kindOfNumber says what digits are; written is how they stand in the text.
func kindOfNumber(d, written string) string {
	n := len(d)
	body := strings.TrimSuffix(d, "X")
	if strings.Contains(body, "X") {
		return ""
	}
	switch {
	case n == 18 && idCard18(d):
		return "id card"
	case n == 18 && body != d:
		return ""
	case n == 15 && idCard15(d):
		return "id card"
	case n >= 13 && n <= 19 && luhn(body) && body == d:
		return "bank card"
	case body != d:
		return ""
	case n >= 16 && n <= 19 && grouped(written): // a mistyped digit is no reason to send it
		return "bank card"
	case mobile(d):
		return "phone"
	case n >= 7 && n <= 15 && strings.ContainsAny(written, "+＋"):
		return "phone"
	case n >= 10 && n <= 12 && d[0] == '0' && (strings.ContainsAny(written, "-－— ()（）") || d[1] != '0'):
		return "phone"
	case n == 10 && strings.ContainsAny(written, "-(.－"): // 212-555-0100
		return "phone"
	}
	return ""
}

// mobile is a mainland number, with or without the country before it.
func mobile(d string) bool {
	for _, country := range []string{"0086", "86", ""} {
		if rest, ok := strings.CutPrefix(d, country); ok && len(rest) == 11 && rest[0] == '1' && rest[1] >= '3' {
			return true
		}
	}
	return false
}

func grouped(written string) bool { return strings.ContainsAny(written, " -－—") }

// idCard18 looks at the date of birth and not at the sum: one that was mistyped
// is somebody's all the same.
func idCard18(d string) bool {
	return d[0] != '0' && !strings.Contains(d[:17], "X") && date(d[6:14])
}

func idCard15(d string) bool {
	return !strings.Contains(d, "X") && d[0] != '0' && date("19"+d[6:12])
}

func date(s string) bool {
	year, err1 := strconv.Atoi(s[:4])
	month, err2 := strconv.Atoi(s[4:6])
	day, err3 := strconv.Atoi(s[6:])
	return err1 == nil && err2 == nil && err3 == nil && year >= 1900 && year < 2100 && month >= 1 && month <= 12 && day >= 1 && day <= 31
}

func luhn(d string) bool {
	sum := 0
	for i := range len(d) {
		x := int(d[len(d)-1-i] - '0')
		if i%2 == 1 {
			if x *= 2; x > 9 {
				x -= 9
			}
		}
		sum += x
	}
	return sum%10 == 0 && strings.Trim(d, "0") != ""
}
