// Package config is all that can be set about a localserver: one struct with
// defaults, read at the start and again whenever it may have changed.
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
// where it stands, what was expected and what might have been meant. (A library
// such as koanf merges maps, which no longer know a line; so the loader is ours.)
//
// # While a server runs
//
// [Watch] tells that a file may have changed. The configuration is then loaded
// and validated as a whole; [Config.Reloaded] is what comes of it, for some keys
// count only at the start, and [Config.Changes] says what is different. A
// Config is a value: who has one sees no other appear in it.
package config

import (
	"flag"
	"log/slog"
	"slices"
	"strings"
	"time"
)

// Config is what a server is started with. It is a plain value: two are equal
// if they say the same.
type Config struct {
	File   string // the YAML file that is read; none: there is none
	Listen string // address of pages, console, WebSocket and API; an empty host is every interface, port 0 any free one
	Ops    string // address of health, metrics and pprof; keep it private
	Data   string // directory of everything that is stored: the database, the keys, the lock, files; relative to the working directory

	// A PostgreSQL URL, postgres://user:password@host/name. None: SQLite in Data.
	// It may hold a password, which is never logged or printed.
	Database string

	// Which of the two Database must be: sqlite or postgres; auto is either. Where
	// the URL comes from a secret, postgres keeps a secret that is empty from
	// starting a server with another, empty database; sqlite refuses a URL.
	Store string

	S3     S3
	TLS    TLS
	ACME   ACME
	Log    Log
	Drain  Drain
	Limits Limits
	Trace  Trace
	Batch  Batch
	Backup Backup
	Off    Off

	Retention Retention

	// Sites, groups, routing and limits, as GET /v1/settings shows them and as
	// YAML; what is left out is as an empty store has it. The API then shows them
	// and changes none (403). None: they are in the store, and the console's.
	Settings Document

	// Networks of proxies before this server, whose word counts as to where a
	// request comes from (X-Forwarded-For). None: anybody can write a header.
	TrustedProxies Networks

	Outgoing Outgoing
	SMTP     SMTP

	AdminPassword Secret // first password of the agent admin, for an empty store; none: a random one, printed once
}

// S3 is a bucket for the files that visitors and agents send, instead of a
// directory in data: what several nodes need, and what a disk is too small for.
type S3 struct {
	Bucket    string // its name; none: files are in Data, in the directory uploads
	Region    string // of the bucket
	Endpoint  string // URL of another server than Amazon's that speaks its protocol (MinIO, R2, OSS, COS)
	Prefix    string // what the keys of all files begin with, such as kefu/
	AccessKey string // who may use the bucket; none: as AWS's own tools find it, in AWS_* variables, ~/.aws or a role
	SecretKey Secret // of the access key
}

// TLS has the main listener speak HTTPS and HTTP/2, with a certificate of ours.
// If there is none, and none by ACME, it speaks plain HTTP, for a proxy or this
// machine.
type TLS struct {
	Cert     string // PEM file: the certificate first, then those that vouch for it; read again when it changes
	Key      string // PEM file of its private key; read again when it changes
	Redirect string // address of plain HTTP that sends everybody to HTTPS, such as :80
}

// HTTPS reports whether the main listener speaks it.
func (c Config) HTTPS() bool { return c.TLS.Cert != "" || c.ACME.Domains != "" }

// ACME has certificates made, and renewed, by an authority that looks whether
// the domains lead here: on port 443 or, by tls.redirect, on port 80.
type ACME struct {
	Domains Names  // names to have certificates for; they are kept in Data, in the directory acme
	Email   string // address for the authority to write to
	CA      string // URL of the authority's directory; none: Let's Encrypt, whose terms are accepted by this
}

// Names is a list of domain names, separated by commas.
type Names string

// List returns the names one by one.
func (n Names) List() (list []string) {
	for name := range strings.SplitSeq(string(n), ",") {
		if name = strings.TrimSpace(name); name != "" {
			list = append(list, name)
		}
	}
	return list
}

// Trace says when the flight recorder's last seconds are worth a file.
type Trace struct {
	Slow time.Duration // what the p99 of messages, from receipt to durable, may come to; above it the last seconds are written to traces in Data. 0s: nothing is recorded
}

// Log says what is logged to standard error, and how.
type Log struct {
	Level  slog.Level // the least that is logged
	Format string     // text for people, json for machines
}

// Drain says how a server leaves on SIGTERM.
type Drain struct {
	Window time.Duration // clients are told to come back at a random moment within it; what stops the server must give it longer than that
}

// Outgoing is what webhooks and robots may lead to besides the public internet.
type Outgoing struct {
	Allow Networks // private networks that they may lead to, such as 10.1.0.0/16; loopback and link-local never unless listed
}

// SMTP is the mail server for notifications. None: they are not sent by mail.
type SMTP struct {
	URL  Secret // smtp://user:password@host:587 (STARTTLS), or smtps://user:password@host
	From string // address that they come from, such as Kefu <desk@shop.example>
}

// Limits keep one server within the memory and the descriptors it has.
type Limits struct {
	Connections int // connections open at a time, of visitors and agents; a further one is turned away with 503
}

// Batch is how writes share a transaction. The default is best where a disk is
// quick; it can be set so that it can be measured.
type Batch struct {
	Linger time.Duration // how long the first write of a transaction waits for more
	Max    int           // writes that share one at most; 1: each has its own
}

// Backup has copies of an SQLite database made by itself.
type Backup struct {
	Every time.Duration // from the start of one to the next; each is checked as by kefu backup. 0s: never
	Keep  int           // files that stay, the newest
	Dir   string        // directory that they go to; none: backups in Data
}

// Off switches things off while the server runs, whatever the settings of sites
// say: for when one of them does harm and there is no time for more.
type Off struct {
	Bot         bool // true: the assistant is asked nothing; visitors wait for a person, in its place
	Invitations bool // true: no page offers a conversation by itself
	Webhooks    bool // true: nothing is sent to other servers; it waits
}

// Retention is how long what was said is kept after the last word of its
// conversation.
type Retention struct {
	Age   Age  // closed conversations are removed then, the oldest first, with their files and what is known of the visitor; one that goes on is kept whole. 0d: for ever
	Sites Ages // the same of some sites, by their ID, instead
}

// Default returns the configuration of a server about which nothing is said.
func Default() Config {
	return Config{
		Listen: "127.0.0.1:8080",
		Ops:    "127.0.0.1:9091",
		Data:   "./kefu-data",
		S3:     S3{Region: "us-east-1"},
		Store:  "auto",
		Log:    Log{Level: slog.LevelInfo, Format: "text"},
		Drain:  Drain{Window: 5 * time.Second},
		Limits: Limits{Connections: 10_000},
		Batch:  Batch{Max: 512},
		Backup: Backup{Keep: 7},
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
	c, _, err := Explain(args, environ, readFile)
	return c, err
}

// Explain is Load, and says where each value came from: "kefu.yaml:3",
// "KEFU_LISTEN" or "--listen" by key. What is at its default is not in there.
func Explain(args, environ []string, readFile func(name string) ([]byte, error)) (Config, map[string]string, error) {
	if wantsHelp(args) {
		return Config{}, nil, flag.ErrHelp
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
		return Config{}, nil, l.faults
	}
	from := map[string]string{}
	for name, s := range l.from {
		from[name] = s.where
	}
	return c, from, nil
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
	faults = append(faults, c.misfits()...)
	if len(faults) > 0 {
		return faults
	}
	return nil
}

// misfits are values that are good, but not beside each other.
func (c Config) misfits() (faults Errors) {
	wrong := func(is bool, key, problem string) {
		if is {
			faults = append(faults, Error{Key: key, Problem: problem})
		}
	}
	same := func(a, b string) bool { return a == b && a != "" && !anyPort(a) }
	wrong(c.S3.Bucket == "" && (c.S3.Endpoint != "" || c.S3.Prefix != "" || c.S3.AccessKey != "" || c.S3.SecretKey != ""), "s3.bucket", "expected a name: there is more about a bucket")
	wrong(c.S3.AccessKey != "" && c.S3.SecretKey == "", "s3.access_key", "expected s3.secret_key beside it")
	wrong(c.S3.SecretKey != "" && c.S3.AccessKey == "", "s3.secret_key", "expected s3.access_key beside it")
	wrong(same(c.Listen, c.Ops), "ops", "expected another address than that of listen, got the same")
	wrong(c.Store == "postgres" && c.Database == "", "store", "expected the URL of a database beside it, in database or KEFU_DATABASE: there is none, or the secret that it comes from is empty")
	wrong(c.Store == "sqlite" && c.Database != "", "store", "expected no database beside it: that is PostgreSQL")
	wrong(c.TLS.Cert != "" && c.TLS.Key == "", "tls.cert", "expected tls.key beside it, the file of the private key")
	wrong(c.TLS.Key != "" && c.TLS.Cert == "", "tls.key", "expected tls.cert beside it, the file of the certificate")
	wrong(c.TLS.Cert != "" && c.ACME.Domains != "", "acme.domains", "expected no tls.cert beside it: one certificate is enough")
	wrong(c.TLS.Redirect != "" && !c.HTTPS(), "tls.redirect", "expected tls.cert and tls.key, or acme.domains, beside it: there is no HTTPS to send anybody to")
	wrong(c.Backup.Every > 0 && c.Database != "", "backup.every", "expected no database beside it: PostgreSQL is copied by pg_dump")
	wrong(same(c.TLS.Redirect, c.Listen) || same(c.TLS.Redirect, c.Ops), "tls.redirect", "expected another address than those of listen and ops, got the same")
	return faults
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
