// Package config is all that can be set about a localserver: one struct with
// defaults, read once at the start.
//
// A value comes from four places, the later one wins: the default, the YAML
// file named by --config or KEFU_CONFIG, the environment, the command line. A
// key has one name, and the others follow from it: log.level in the file (or
// level below log), KEFU_LOG_LEVEL in the environment, --log.level on the
// command line. What a key may hold is written once, in the table of keys.go;
// a new key is a field of [Config], its default and one line there.
//
// Nothing is guessed: an unknown key, a value that does not fit and a key set
// twice are errors. All of them are told at once, each as one line that says
// where it stands, what was expected and what might have been meant.
package config

import (
	"flag"
	"log/slog"
	"slices"
	"time"
)

// Config is what a server is started with. It is a plain value: two are equal
// if they say the same.
type Config struct {
	File   string // the YAML file that was read; "" for none
	Listen string // host:port of the main listener; an empty host is every interface, port 0 any free one
	Ops    string // host:port of the listener for health, metrics and pprof; keep it private
	Data   string // directory of the database, the keys and the lock; relative to the working directory

	Log    Log
	Drain  Drain
	Limits Limits

	// TrustedProxies are those whose word counts as to where a request comes
	// from (X-Forwarded-For). None by default: anybody can write a header.
	TrustedProxies Networks

	AdminPassword Secret // of the agent admin in an empty store; "" for a random one, printed once
}

// Log says what is logged to standard error, and how.
type Log struct {
	Level  slog.Level // the least that is logged
	Format string     // "text" for people, "json" for machines
}

// Drain says how a server leaves on SIGTERM.
type Drain struct {
	Window time.Duration // clients are told to come back at a random moment within it, 0 to 10 min
}

// Limits keep one server within the memory and the descriptors it has.
type Limits struct {
	Connections int // open at a time, of visitors and agents; a further one is turned away with 503
}

// Default returns the configuration of a server about which nothing is said.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8080",
		Ops:    "127.0.0.1:9091",
		Data:   "./kefu-data",
		Log:    Log{Level: slog.LevelInfo, Format: "text"},
		Drain:  Drain{Window: 5 * time.Second},
		Limits: Limits{Connections: 10_000},
	}
}

// Load reads the configuration from the command line (without the program's
// name), the environment (as of os.Environ) and the file that either names, by
// readFile. It does nothing else, so it can be called again.
//
// The error is [flag.ErrHelp] if help is asked for, to be answered with
// [Usage], and else [Errors]: everything that is wrong, in the order file,
// environment, command line.
func Load(args, environ []string, readFile func(name string) ([]byte, error)) (Config, error) {
	if wantsHelp(args) {
		return Config{}, flag.ErrHelp
	}
	c := Default()
	l := loader{keys: keysOf(&c), from: map[string]setting{}}
	overrides := slices.Concat(l.variables(environ), l.flags(args))
	l.file(overrides, readFile)
	for _, s := range overrides {
		l.apply(s)
	}
	if len(l.faults) == 0 {
		l.validate(c)
	}
	if len(l.faults) > 0 {
		return Config{}, l.faults
	}
	return c, nil
}

// Validate checks a configuration however it was made: each value by itself,
// and those that must fit each other. The error is [Errors]; without a file or
// a flag to point at, each names its key.
func (c Config) Validate() error {
	var faults Errors
	for _, k := range keysOf(&c) {
		if !k.set(k.text()) {
			faults = append(faults, Error{Key: k.name, Problem: k.expected(k.text())})
		}
	}
	if c.Listen == c.Ops && !anyPort(c.Listen) {
		faults = append(faults, Error{Key: "ops", Problem: "expected another address than that of listen, got the same"})
	}
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// Secret is a text that does not show itself: formatting and logging it give
// dots. string(s) is the text.
type Secret string

func (s Secret) masked() string {
	if s == "" {
		return ""
	}
	return "•••"
}

// String returns dots, or nothing if there is nothing to hide.
func (s Secret) String() string { return s.masked() }

// GoString is String for %#v.
func (s Secret) GoString() string { return s.masked() }

// LogValue is String for log/slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.masked()) }

// MarshalText is String for JSON and its like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.masked()), nil }
