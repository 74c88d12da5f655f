package core

import (
	"cmp"
	"fmt"
	"strings"
	"unicode/utf8"
)

// Receptionist is how a site's assistant answers. Site.Assistant says whether
// it does. See package assist for what each of these leads to.
type Receptionist struct {
	Providers []Provider // asked in this order until one answers; none: a person is asked at once
	Persona   string     // who it is and how it talks, in the shop's own words; no secret, for a model may repeat it
	Languages []string   // it answers in, such as "en", "zh"; empty: in that of the question
	Words     []string   // of a visitor that ask for a person; empty: DefaultWords
	Links     []string   // hosts that its answers may link to, subdomains included; empty: none
	Fields    []string   // what it may note of what visitors say, such as "order number"; empty: nothing
	Turns     int        // answers a session, then a person is asked; 0: 20
	Budget    Budget
	Unmasked  bool // phone numbers, cards and the like leave as they are
	Record    bool // prompts are logged, masked
	Brief     bool // a summary is noted for whoever takes over
}

// Provider is one endpoint that speaks OpenAI's protocol.
type Provider struct {
	URL       string // its base, such as https://api.deepseek.com/v1
	Model     string
	Key       string  // empty: none is needed; "env:KEFU_MODEL_KEY…": that variable of the server
	Embedding string  // a model for embeddings; empty: knowledge is found by its words alone
	In, Out   float64 // what a million tokens cost, in whatever money; 0: unknown
}

// Budget bounds what the assistant may be used for. Zero stands for what
// InForce says.
type Budget struct {
	Visitor int   // answers a visitor and day
	Session int64 // tokens a session
	Day     int64 // tokens a site and day
}

// InForce returns b with the defaults in the place of what is left out: 60
// answers, 60,000 and 5,000,000 tokens.
func (b Budget) InForce() Budget {
	return Budget{cmp.Or(b.Visitor, 60), cmp.Or(b.Session, 60_000), cmp.Or(b.Day, 5_000_000)}
}

// DefaultTurns is how many answers a session has unless the site says so.
const DefaultTurns = 20

// DefaultWords are those that ask for a person.
func DefaultWords() []string {
	return []string{
		"人工", "真人", "转接客服", "找客服", "人工客服", "human", "real person", "live agent", "speak to someone", "talk to a person", "talk to someone",
		"customer service representative",
	}
}

// KeyVariable begins the names of variables that a key may be in. Any other
// may hold what is none of a model's business.
const KeyVariable = "KEFU_MODEL_KEY"

// EnvKey returns the variable that a key is in, if it is in one.
func (p Provider) EnvKey() (string, bool) { return strings.CutPrefix(p.Key, "env:") }

// maxAsking is how many characters a message has that asks for a person by a
// word; in a longer one the word may be about anything.
const maxAsking = 40

// Calls reports whether a visitor's message asks for a person in so many words.
func (r Receptionist) Calls(text string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || utf8.RuneCountInString(text) > maxAsking {
		return false
	}
	words := r.Words
	if len(words) == 0 {
		words = DefaultWords()
	}
	for _, w := range words {
		if hasWord(text, strings.ToLower(w)) {
			return true
		}
	}
	return false
}

// hasWord reports whether w is in s, where it begins and ends with a Latin
// letter not as a part of a longer word.
func hasWord(s, w string) bool {
	for from := 0; w != ""; {
		i := strings.Index(s[from:], w)
		if i < 0 {
			return false
		}
		i += from
		end := i + len(w)
		if !(letter(w[0]) && i > 0 && letter(s[i-1])) && !(letter(w[len(w)-1]) && end < len(s) && letter(s[end])) {
			return true
		}
		from = i + 1
	}
	return false
}

func letter(b byte) bool { return b >= 'a' && b <= 'z' || b >= '0' && b <= '9' }

const (
	maxProviders = 5
	maxPersona   = 4000 // characters
	maxListed    = 50
)

// receptionist checks what a model is asked with.
func (v *faults) receptionist(at string, r Receptionist) {
	if len(r.Providers) > maxProviders {
		v.add(at+".providers", "at most %d are expected, not %d", maxProviders, len(r.Providers))
	}
	for i, p := range r.Providers {
		v.provider(fmt.Sprintf("%s.providers[%d]", at, i), p)
	}
	if utf8.RuneCountInString(r.Persona) > maxPersona {
		v.add(at+".persona", "at most %d characters are expected", maxPersona)
	}
	v.words(at+".languages", r.Languages, "a language such as en or zh-tw", func(s string) bool {
		return strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
	})
	v.words(at+".words", r.Words, "a word or two", nil)
	v.words(at+".fields", r.Fields, "the name of a thing to note", nil)
	v.words(at+".links", r.Links, "a host such as shop.example", func(s string) bool {
		return strings.Contains(s, ".") && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789-.") == ""
	})
	if r.Turns < 0 || r.Turns > 200 {
		v.add(at+".turns", "0 (the default) to 200 answers are expected, not %d", r.Turns)
	}
	if b := r.Budget; b.Visitor < 0 || b.Session < 0 || b.Day < 0 {
		v.add(at+".budget", "0 (the default) or more is expected")
	}
}

func (v *faults) words(at string, list []string, expected string, good func(string) bool) {
	if len(list) > maxListed {
		v.add(at, "at most %d are expected, not %d", maxListed, len(list))
		return
	}
	for i, s := range list {
		if s == "" || s != strings.TrimSpace(s) || utf8.RuneCountInString(s) > 80 || good != nil && !good(s) {
			v.add(fmt.Sprintf("%s[%d]", at, i), "%s is expected, not %.80q", expected, s)
		}
	}
}

func (v *faults) provider(at string, p Provider) {
	if reason := badBase(p.URL); reason != "" {
		v.add(at+".url", "%s", reason)
	}
	for _, x := range []struct{ name, s string }{{"model", p.Model}, {"embedding", p.Embedding}} {
		if x.s == "" && x.name == "model" || len(x.s) > 200 || strings.ContainsAny(x.s, " \t\r\n") {
			v.add(at+"."+x.name, "the name of a model is expected")
		}
	}
	variable, env := p.EnvKey()
	switch {
	case env && !strings.HasPrefix(variable, KeyVariable):
		v.add(at+".key", "a variable whose name begins with %s is expected, not %.80q", KeyVariable, variable)
	case len(p.Key) > 500 || strings.ContainsAny(p.Key, " \t\r\n"):
		v.add(at+".key", "a key has no spaces, and at most 500 bytes")
	}
	if !(p.In >= 0 && p.In < 1e6 && p.Out >= 0 && p.Out < 1e6) {
		v.add(at+".in", "what a million tokens cost is expected")
	}
}

// badBase says what is wrong with the base URL of a provider. What goes there
// in the clear must not leave the operator's own network.
func badBase(u string) string {
	host, secure := strings.CutPrefix(u, "https://")
	rest, plain := strings.CutPrefix(u, "http://")
	if !secure {
		host = rest
	}
	host, _, _ = strings.Cut(host, "/")
	name := host
	if i := strings.LastIndexByte(name, ':'); i > 0 && !strings.HasSuffix(name, "]") {
		name = name[:i]
	}
	switch {
	case !secure && !plain || name == "" || len(u) > 500 || strings.ContainsAny(u, " \t\r\n\"<>\\@?#"):
		return "a base URL such as https://api.openai.com/v1 or http://localhost:11434/v1 is expected"
	case plain && !near(strings.ToLower(name)):
		return "https:// is expected, for a key would travel in the clear; http:// is for hosts of your own network"
	case strings.HasPrefix(name, "169.254."):
		return "this address is not one of a model"
	}
	return ""
}

// near reports whether a host is on the operator's own network, by its name: a
// private address, or a name that no public DNS has.
func near(host string) bool {
	for _, prefix := range []string{"127.", "10.", "192.168."} {
		if strings.HasPrefix(host, prefix) && strings.Trim(host, "0123456789.") == "" {
			return true
		}
	}
	if strings.HasPrefix(host, "172.") && strings.Trim(host, "0123456789.") == "" {
		second, _, _ := strings.Cut(host[4:], ".")
		return len(second) == 2 && second >= "16" && second <= "31"
	}
	for _, suffix := range []string{".local", ".internal", ".localhost", ".lan"} {
		if strings.HasSuffix(host, suffix) {
			return true
		}
	}
	return !strings.Contains(host, ".") || host == "[::1]"
}
