package core

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// Texts is one text by language ("en", "zh", "zh-tw"), in lower case.
type Texts map[string]string

// In returns the text in a visitor's language, or in English, or whatever
// there is; empty: there is none.
func (t Texts) In(lang string) string {
	base, _, _ := strings.Cut(strings.ToLower(lang), "-")
	for _, l := range []string{strings.ToLower(lang), base, "en"} {
		if s, ok := t[l]; ok {
			return s
		}
	}
	for _, l := range slices.Sorted(maps.Keys(t)) {
		return t[l]
	}
	return ""
}

// Form is what visitors are asked before the first message of a session. No
// fields: nothing.
type Form struct {
	Text   Texts // above the fields
	Fields []Field
}

// Field is one question of a form.
type Field struct {
	ID       string // as in FormField
	Label    Texts
	Type     string // text, email, tel, select or textarea
	Required bool
	Options  []Texts // of a select
}

// Invite is a text with which the page offers a conversation by itself, when
// all that it names is so.
type Invite struct {
	ID       string
	Text     Texts
	After    time.Duration // on the page; 0: at once
	Path     string        // of the page, with * for anything; empty: any
	Referrer string        // a part of where they came from; empty: anywhere
	Again    time.Duration // until the same one may be shown again; 0: a day
}

// Look is how the widget of a site looks. It is kept for whoever makes the
// snippet for its pages, which carries it: a page draws its button before it
// has asked any server.
type Look struct {
	Color string // #1c5bd0; empty: the widget's own
	Theme string // light or dark; empty: as the visitor's system
	Side  string // start or end, of a line of text; empty: end
	Lang  string // of its own words, zh-CN or en; empty: as the page
}

// Privacy is what visitors are told about their data.
type Privacy struct {
	Text Texts
	URL  string // https, of the whole notice; empty: none
}

// Uploads say what files a site takes. Zero numbers and no types stand for
// those of DefaultUploads.
type Uploads struct {
	Off   bool     // visitors send no files
	Size  int64    // bytes a file
	Types []string // media types, as the bytes of a file tell them
	Count int      // files a visitor and day; an agent may send ten times as many
	Total int64    // bytes a visitor and day; an agent ten times as many
}

// MaxUpload is how many bytes a file may have whatever the settings say.
const MaxUpload = 100 << 20

// DefaultUploads are 10 MiB a file, of types that a customer has reason to
// send, 50 files and 200 MiB a day.
func DefaultUploads() Uploads {
	return Uploads{
		Size: 10 << 20, Count: 50, Total: 200 << 20,
		Types: []string{
			"image/jpeg", "image/png", "image/gif", "image/webp", "application/pdf", "text/plain", "text/csv", "video/mp4", "audio/mpeg",
			"application/vnd.openxmlformats-officedocument.wordprocessingml.document",
			"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
			"application/vnd.openxmlformats-officedocument.presentationml.presentation",
		},
	}
}

// InForce returns u with the defaults in the place of what is left out.
func (u Uploads) InForce() Uploads {
	d := DefaultUploads()
	u.Size, u.Count, u.Total = cmp.Or(u.Size, d.Size), cmp.Or(u.Count, d.Count), cmp.Or(u.Total, d.Total)
	if len(u.Types) == 0 {
		u.Types = d.Types
	}
	return u
}

// What a welcome has to carry is bounded: it shares a message of 32 KiB with
// the events of a conversation.
const (
	maxQuick   = 8
	maxFields  = 20
	maxChoices = 50 // of a select
	maxInvites = 10
	maxTypes   = 40
	maxShown   = 10 << 10 // bytes of all texts of a site in one language

	maxLabel = 200  // characters
	maxNote  = 1000 // characters of a longer text
)

// shown checks what visitors are shown.
func (v *faults) shown(at string, s Site) {
	was := len(*v)
	size := v.text(at+".greeting", s.Greeting, maxShown) + v.text(at+".offline", s.Offline, maxNote) +
		v.list(at+".quick", s.Quick, maxQuick) + v.form(at+".form", s.Form) + v.invites(at+".invite", s.Invite)
	size += v.text(at+".privacy.text", s.Privacy.Text, maxNote)
	if u := s.Privacy.URL; u != "" && (!strings.HasPrefix(u, "https://") || len(u) > 500 || strings.ContainsAny(u, " \"<>\\")) {
		v.add(at+".privacy.url", "an address such as https://shop.example/privacy is expected")
	}
	v.look(at+".look", s.Look)
	if size > maxShown && was == len(*v) {
		v.add(at, "what visitors are shown has %d bytes in one language, and may have %d", size, maxShown)
	}
}

func (v *faults) look(at string, l Look) {
	if c, ok := strings.CutPrefix(l.Color, "#"); l.Color != "" && (!ok || len(c) != 6 || strings.Trim(strings.ToLower(c), "0123456789abcdef") != "") {
		v.add(at+".color", "a color such as #1c5bd0 is expected, not %.40q", l.Color)
	}
	if !slices.Contains([]string{"", "light", "dark"}, l.Theme) {
		v.add(at+".theme", "light or dark is expected, not %.40q", l.Theme)
	}
	if !slices.Contains([]string{"", "start", "end"}, l.Side) {
		v.add(at+".side", "start or end is expected, not %.40q", l.Side)
	}
	if !slices.Contains([]string{"", "zh-CN", "en"}, l.Lang) {
		v.add(at+".lang", "zh-CN or en is expected, not %.40q", l.Lang)
	}
}

// text checks a text in all its languages, and returns how many bytes it has
// in the longest of them.
func (v *faults) text(at string, t Texts, characters int) (size int) {
	for _, lang := range slices.Sorted(maps.Keys(t)) {
		s := t[lang]
		if lang == "" || len(lang) > 35 || strings.Trim(lang, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			v.add(at, "a language such as en or zh-tw is expected, not %.40q", lang)
		}
		if utf8.RuneCountInString(s) > characters {
			v.add(at+"."+lang, "at most %d characters are expected", characters)
		}
		size = max(size, len(s))
	}
	return size
}

// needed is text for one that must say something.
func (v *faults) needed(at string, t Texts, characters int) int {
	if len(t) == 0 || slices.ContainsFunc(slices.Collect(maps.Values(t)), func(s string) bool { return strings.TrimSpace(s) == "" }) {
		v.add(at, "a text in at least one language is expected")
	}
	return v.text(at, t, characters)
}

func (v *faults) list(at string, list []Texts, most int) (size int) {
	if len(list) > most {
		v.add(at, "at most %d are expected, not %d", most, len(list))
		return 0
	}
	for i, t := range list {
		size += v.needed(fmt.Sprintf("%s[%d]", at, i), t, maxLabel)
	}
	return size
}

func (v *faults) form(at string, f Form) int {
	if len(f.Fields) > maxFields {
		v.add(at+".fields", "at most %d are expected, not %d", maxFields, len(f.Fields))
		return 0
	}
	size, seen := v.text(at+".text", f.Text, maxNote), map[string]bool{}
	for i, x := range f.Fields {
		at := fmt.Sprintf("%s.fields[%d]", at, i)
		if v.id(at+".id", x.ID, seen[x.ID]); len(x.ID) > MaxFieldID {
			v.add(at+".id", "at most %d characters are expected", MaxFieldID)
		}
		seen[x.ID] = true
		if !slices.Contains([]string{"text", "email", "tel", "select", "textarea"}, x.Type) {
			v.add(at+".type", "text, email, tel, select or textarea is expected, not %.40q", x.Type)
		}
		if (x.Type == "select") != (len(x.Options) > 0) {
			v.add(at+".options", "a select has some, and nothing else has")
		}
		size += v.needed(at+".label", x.Label, maxLabel) + v.list(at+".options", x.Options, maxChoices)
	}
	return size
}

func (v *faults) invites(at string, list []Invite) (size int) {
	if len(list) > maxInvites {
		v.add(at, "at most %d are expected, not %d", maxInvites, len(list))
		return 0
	}
	seen := map[string]bool{}
	for i, x := range list {
		at := fmt.Sprintf("%s[%d]", at, i)
		v.id(at+".id", x.ID, seen[x.ID])
		seen[x.ID] = true
		if x.Path != "" && !strings.HasPrefix(x.Path, "/") && !strings.HasPrefix(x.Path, "*") || len(x.Path) > 200 {
			v.add(at+".path", "a path such as /cart/* is expected")
		}
		if len(x.Referrer) > 200 {
			v.add(at+".referrer", "at most 200 bytes are expected")
		}
		if x.After < 0 || x.After > 24*time.Hour {
			v.add(at+".after", "0 (at once) to 24h is expected, not %v", x.After)
		}
		if x.Again < 0 || x.Again > 365*24*time.Hour {
			v.add(at+".again", "0 (a day) to 8760h is expected, not %v", x.Again)
		}
		size += v.needed(at+".text", x.Text, maxNote) + len(x.Path) + len(x.Referrer)
	}
	return size
}

func (v *faults) uploads(at string, u Uploads) {
	if u.Size < 0 || u.Size > MaxUpload {
		v.add(at+".size", "0 (the default) to %d bytes are expected, not %d", MaxUpload, u.Size)
	}
	if u.Count < 0 || u.Count > 1000 {
		v.add(at+".count", "0 (the default) to 1000 files a day are expected, not %d", u.Count)
	}
	if u.Total < 0 || u.Total > 100<<30 {
		v.add(at+".total", "0 (the default) to %d bytes a day are expected, not %d", int64(100<<30), u.Total)
	}
	if len(u.Types) > maxTypes {
		v.add(at+".types", "at most %d are expected, not %d", maxTypes, len(u.Types))
		return
	}
	for i, t := range u.Types {
		main, sub, _ := strings.Cut(t, "/")
		odd := strings.Trim(main+sub, "abcdefghijklmnopqrstuvwxyz0123456789+.-") != ""
		if main == "" || sub == "" || odd || len(t) > 100 {
			v.add(fmt.Sprintf("%s.types[%d]", at, i), "a media type such as image/png is expected, not %.40q", t)
		}
	}
}
