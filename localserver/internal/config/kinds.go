package config

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// More kinds of values.

// spell is a duration, or none at all.
func spell(p *time.Duration, least, most time.Duration) value {
	v := duration(p, least, most)
	set := v.set
	v.set = func(s string) bool { return set(s) || *p == 0 && (s == "0" || s == "0s") }
	return v
}

func truth(p *bool) value {
	return value{
		want: "true or false",
		set: func(s string) (ok bool) {
			*p = s == "true"
			return *p || s == "false"
		},
		text: func() string { return strconv.FormatBool(*p) },
		form: map[string]any{"type": "boolean"},
	}
}

// Age is a number of days of 24 hours, written 365d; 0: without end.
type Age int

// maxAge is a hundred years.
const maxAge = 36_500

// Duration returns the age as one.
func (a Age) Duration() time.Duration { return time.Duration(a) * 24 * time.Hour }

func (a Age) String() string { return strconv.Itoa(int(a)) + "d" }

// parseAge reads an age.
func parseAge(s string) (Age, bool) {
	days, ok := strings.CutSuffix(s, "d")
	n, err := strconv.Atoi(days)
	return Age(n), ok && err == nil && 0 <= n && n <= maxAge
}

func age(p *Age) value {
	return value{
		want: "a number of days such as 365d, or 0d",
		set: func(s string) (ok bool) {
			*p, ok = parseAge(s)
			return ok
		},
		text: p.String,
		form: map[string]any{"type": "string", "pattern": "^[0-9]+d$"},
	}
}

// Ages are ages by the ID of a site, as "shop=90d, blog=0d".
type Ages string

// Each returns them one by one.
func (a Ages) Each() map[string]Age {
	all := map[string]Age{}
	for pair := range strings.SplitSeq(string(a), ",") {
		site, days, ok := strings.Cut(strings.TrimSpace(pair), "=")
		if n, good := parseAge(strings.TrimSpace(days)); ok && good {
			all[strings.TrimSpace(site)] = n
		}
	}
	return all
}

func ages(p *Ages) value {
	return value{
		want: "sites with days such as shop=90d, blog=0d",
		set: func(s string) bool {
			*p = Ages(s)
			return s == "" || len(p.Each()) == len(slices.Collect(strings.SplitSeq(s, ",")))
		},
		text: func() string { return string(*p) },
	}
}

// Document is the JSON of an object that stands in the file as YAML.
type Document string

func document(p *Document) value {
	return value{
		want: "keys below it, as GET /v1/settings shows them",
		set: func(s string) bool {
			*p = Document(s)
			_, err := p.Settings()
			return err == nil
		},
		text: func() string { return string(*p) },
		mask: true, // there are secrets in it
		form: map[string]any{"type": "object"},
	}
}
