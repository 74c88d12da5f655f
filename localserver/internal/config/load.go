package config

import (
	"errors"
	"slices"
	"strings"
)

// setting is one value as it was found. If it has a problem, that is all that
// is to be said about it.
type setting struct {
	where   string // as in Error
	place   int    // inFile, inEnvironment or inFlags
	key     string // a known one
	text    string
	problem string
}

// loader gathers settings and faults. Sources turn what they read into
// settings; only apply knows what a key may hold.
type loader struct {
	keys   []key
	from   map[string]setting // key -> what set it last
	faults Errors
}

func (l *loader) fault(where, key, problem string) {
	l.faults = append(l.faults, Error{where, key, problem})
}

// find returns the key of that name, or false.
func (l *loader) find(name string) (key, bool) {
	i := slices.IndexFunc(l.keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return l.keys[i], true
}

// isSection reports whether there are keys below that name.
func (l *loader) isSection(name string) bool {
	return slices.ContainsFunc(l.keys, func(k key) bool { return strings.HasPrefix(k.name, name+".") })
}

// names are the keys that may be set in that place, in a form of it.
func (l *loader) names(place int, form func(key) string) []string {
	var all []string
	for _, k := range l.keys {
		if k.places&place != 0 {
			all = append(all, form(k))
		}
	}
	return all
}

// apply stores one setting.
func (l *loader) apply(s setting) {
	k, _ := l.find(s.key)
	switch {
	case s.problem != "":
		l.blame(s, s.problem)
	case k.places&s.place == 0:
		l.blame(s, "can not be set here, only "+k.elsewhere())
	case !k.set(s.text):
		l.blame(s, k.expected(s.text))
	default:
		l.from[s.key] = s
	}
}

// blame is fault for a setting. The name of a flag or a variable says which key
// it is, so it is not said again.
func (l *loader) blame(s setting, problem string) {
	if s.place != inFile {
		s.key = ""
	}
	l.fault(s.where, s.key, problem)
}

// elsewhere says where a key that is not for every place can be set.
func (k key) elsewhere() string {
	variable := "by KEFU_" + k.variable() + " in the environment"
	switch k.places & anywhere {
	case inEnvironment:
		return variable
	case inEnvironment | inFile:
		return variable + " or in the file"
	default:
		return "by --" + k.name + " or KEFU_" + k.variable()
	}
}

// validate is Validate with the places that the values came from.
func (l *loader) validate(c Config) {
	var faults Errors
	errors.As(c.Validate(), &faults)
	for _, f := range faults {
		if s, ok := l.from[f.Key]; ok {
			l.blame(s, f.Problem)
		} else {
			l.fault("", f.Key, f.Problem)
		}
	}
}

// variables are the settings of the environment. An empty variable is one that
// is not set: so it is in shell scripts and compose files.
//
// Not every strange KEFU_ variable is a mistake: Kubernetes itself sets
// KEFU_PORT and KEFU_SERVICE_HOST beside a Service called kefu. Those that are
// nearly one of ours, or begin like a section of ours, are.
func (l *loader) variables(environ []string) []setting {
	known := l.names(anywhere, key.variable)
	var found []setting
	for _, entry := range environ {
		variable, text, _ := strings.Cut(entry, "=")
		name, ours := strings.CutPrefix(variable, "KEFU_")
		if !ours || text == "" {
			continue
		}
		s := setting{where: shown(variable), place: inEnvironment, text: text}
		section, _, _ := strings.Cut(strings.ToLower(name), "_")
		if i := slices.IndexFunc(l.keys, func(k key) bool { return k.variable() == name }); i >= 0 {
			s.key = l.keys[i].name
		} else if l.isSection(section) || nearest(name, known) != "" {
			s.problem = unknown("variable", name, "KEFU_", known)
		} else {
			continue
		}
		found = append(found, s)
	}
	return found
}

// flags are the settings of the command line: --key value or --key=value; one
// dash is as good as two.
func (l *loader) flags(args []string) []setting {
	var found []setting
	for len(args) > 0 {
		arg := args[0]
		args = args[1:]
		if !strings.HasPrefix(arg, "-") {
			found = append(found, setting{where: shown(arg), problem: "expected --key value, got an argument without a key"})
			continue
		}
		name, text, given := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		// What looks like the next flag is not the value of this one.
		if !given && len(args) > 0 && !strings.HasPrefix(args[0], "-") {
			text, given, args = args[0], true, args[1:]
		}
		found = append(found, l.flag(name, text, given))
	}
	return found
}

// flag is the setting of one flag, with or without a value.
func (l *loader) flag(name, text string, given bool) setting {
	s := setting{where: shown("--" + name), place: inFlags, key: name, text: text}
	if k, ok := l.find(name); !ok {
		s.problem = unknown("flag", name, "--", l.names(anywhere, func(k key) string { return k.name }))
	} else if !given {
		s.problem = k.expected("")
	}
	return s
}

func wantsHelp(args []string) bool {
	return slices.ContainsFunc(args, func(s string) bool { return s == "-h" || s == "-help" || s == "--help" })
}
