package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The places that a key may be set in.
const (
	inFile = 1 << iota
	inEnvironment
	inFlags
	anywhere = inFile | inEnvironment | inFlags

	// atStart is no place: a change of the key waits for the next start.
	atStart = 1 << 3
)

// key is one thing that can be set.
type key struct {
	name   string // in the file, with dots for sections: log.level
	places int
	help   string
	value
}

// value is what a key holds, whatever its type.
type value struct {
	want string                 // what fits, as the end of "expected …"
	set  func(text string) bool // stores what the text says; false if it does not fit
	text func() string          // what is stored, such that set takes it
	mask bool                   // the text is never repeated
	form map[string]any         // what fits, as JSON Schema; nil: a string
}

// keysOf is the table of all keys, tied to the fields of c.
func keysOf(c *Config) []key {
	return []key{
		{"config", inEnvironment | inFlags | atStart, "YAML file to read", file(&c.File)},
		{"listen", anywhere | atStart, "address of pages, console, WebSocket and API", address(&c.Listen)},
		{"ops", anywhere | atStart, "address of health, metrics and pprof; keep it private", address(&c.Ops)},
		{"data", anywhere | atStart, "directory of everything that is stored", path(&c.Data)},
		{"database", inFile | inEnvironment | atStart, "URL of a PostgreSQL database; empty: SQLite in data", database(&c.Database)},
		{"s3.bucket", anywhere | atStart, "bucket for the files that are sent; empty: the directory uploads in data", optional(name(&c.S3.Bucket))},
		{"s3.region", anywhere | atStart, "region of the bucket", name(&c.S3.Region)},
		{"s3.endpoint", anywhere | atStart, "URL of another server than Amazon's that speaks its protocol", link(&c.S3.Endpoint, "https://s3.example.com")},
		{"s3.prefix", anywhere | atStart, "what the keys of all files begin with, such as kefu/", prefix(&c.S3.Prefix)},
		{"s3.access_key", anywhere | atStart, "who may use the bucket; empty: as AWS's own tools find it, a role for example", plain(&c.S3.AccessKey)},
		{"s3.secret_key", inFile | inEnvironment | atStart, "its secret", secret(&c.S3.SecretKey)},
		{"store", anywhere | atStart, "what the database must be: sqlite, postgres, or auto: as database says", oneOf(&c.Store, "auto", "sqlite", "postgres")},
		{"tls.cert", anywhere, "PEM file of the certificate: HTTPS; read again when it changes", file(&c.TLS.Cert)},
		{"tls.key", anywhere, "PEM file of its private key", file(&c.TLS.Key)},
		{"tls.redirect", anywhere | atStart, "address of plain HTTP that sends everybody to HTTPS", optional(address(&c.TLS.Redirect))},
		{"acme.domains", anywhere | atStart, "names to have certificates for, by Let's Encrypt", names(&c.ACME.Domains)},
		{"acme.email", anywhere | atStart, "address for the authority to write to", plain(&c.ACME.Email)},
		{"acme.ca", anywhere | atStart, "directory of another authority", link(&c.ACME.CA, "https://acme.example.com/directory")},
		{"log.level", anywhere, "least that is logged: debug, info, warn, error", level(&c.Log.Level)},
		{"log.format", anywhere | atStart, "text for people, json for machines", oneOf(&c.Log.Format, "text", "json")},
		{"drain.window", anywhere, "on SIGTERM, within what time clients come back", duration(&c.Drain.Window, 0, 10*time.Minute)},
		{"limits.connections", anywhere, "connections open at a time", whole(&c.Limits.Connections, 1, 1_000_000)},
		{"trace.slow", anywhere, "p99 from receipt to durable at which a trace is written; 0s: never", duration(&c.Trace.Slow, 0, time.Minute)},
		{"batch.linger", anywhere | atStart, "how long the first write of a transaction waits for more", duration(&c.Batch.Linger, 0, 100*time.Millisecond)},
		{"batch.max", anywhere | atStart, "writes that share a transaction at most", whole(&c.Batch.Max, 1, 512)},
		{"backup.every", anywhere, "how often the SQLite database is copied; 0s: never", spell(&c.Backup.Every, time.Minute, 31*24*time.Hour)},
		{"backup.keep", anywhere, "how many copies stay", whole(&c.Backup.Keep, 1, 10_000)},
		{"backup.dir", anywhere, "directory of the copies; empty: backups in data", optional(path(&c.Backup.Dir))},
		{"off.bot", anywhere, "true: the assistant is asked nothing, whatever the settings say", truth(&c.Off.Bot)},
		{"off.invitations", anywhere, "true: no page offers a conversation by itself", truth(&c.Off.Invitations)},
		{"off.webhooks", anywhere, "true: nothing is sent to other servers; it waits", truth(&c.Off.Webhooks)},
		{"retention.age", anywhere, "how long a conversation is kept after its last word, such as 365d; 0d: for ever", age(&c.Retention.Age)},
		{"retention.sites", anywhere, "the same for some sites, such as shop=90d, blog=0d", ages(&c.Retention.Sites)},
		{"settings", inFile, "sites, groups, routing and limits, instead of those in the store", document(&c.Settings)},
		{"outgoing.allow", anywhere | atStart, "private networks that webhooks and robots may lead to", networks(&c.Outgoing.Allow)},
		{"smtp.url", inFile | inEnvironment | atStart, "mail server for notifications: smtp://user:password@host:587, or smtps://", secret(&c.SMTP.URL)},
		{"smtp.from", anywhere | atStart, "address that notifications come from", plain(&c.SMTP.From)},
		{"trusted_proxies", anywhere, "networks of proxies before this server, whose X-Forwarded-For is believed", networks(&c.TrustedProxies)},
		{"admin.password", inEnvironment | atStart, "first password of the agent admin", secret(&c.AdminPassword)},
	}
}

// variable is the key's name in the environment, behind KEFU_.
func (k key) variable() string {
	return strings.ToUpper(strings.ReplaceAll(k.name, ".", "_"))
}

// expected says what would have fit instead of text.
func (k key) expected(text string) string {
	switch {
	case text == "":
		return "expected " + k.want + ", got nothing"
	case k.mask:
		return "expected " + k.want
	default:
		return fmt.Sprintf("expected %s, got %q", k.want, clip(text))
	}
}

// Usage returns the text of --help: every key, how it is set, its default.
func Usage() string {
	c := Default()
	var b strings.Builder
	b.WriteString("Usage: kefu [--key value] ...\n" +
		"       kefu --demo    a made-up shop to look around in, on data of its own that is deleted at the end\n\n" +
		"A value is taken from the command line, else the environment, else the file of --config.\n\n")
	for _, k := range keysOf(&c) {
		if k.places&inFlags != 0 {
			fmt.Fprintf(&b, "  %-22s", "--"+k.name)
		} else {
			fmt.Fprintf(&b, "  %-22s", "")
		}
		fmt.Fprintf(&b, "%-26s%s", "KEFU_"+k.variable(), k.help)
		if text := k.text(); text != "" {
			fmt.Fprintf(&b, " (%s)", text)
		}
		if k.places&atStart == 0 {
			b.WriteString(" *")
		}
		b.WriteByte('\n')
	}
	b.WriteString("\n* is taken over while the server runs: on SIGHUP, and when the file changes.\n")
	return b.String()
}

// The kinds of values.

func file(p *string) value {
	return value{
		want: "the path of a file",
		set:  func(s string) bool { *p = s; return true },
		text: func() string { return *p },
	}
}

func plain(p *string) value {
	return value{
		want: "a text",
		set:  func(s string) bool { *p = s; return true },
		text: func() string { return *p },
	}
}

func secret(p *Secret) value {
	return value{
		want: "a text",
		set:  func(s string) bool { *p = Secret(s); return true },
		text: func() string { return string(*p) },
		mask: true,
	}
}

func database(p *string) value {
	return value{
		want: "a URL such as postgres://user@host/name",
		set: func(s string) bool {
			*p = s
			return s == "" || strings.HasPrefix(s, "postgres://") || strings.HasPrefix(s, "postgresql://")
		},
		text: func() string { return *p },
		mask: true,
	}
}

func names(p *Names) value {
	return value{
		want: "domain names such as chat.example.com, www.example.com",
		set: func(s string) bool {
			*p = Names(s)
			return !slices.ContainsFunc(p.List(), func(name string) bool {
				return !strings.Contains(name, ".") || strings.ContainsAny(name, " :/*@") || net.ParseIP(name) != nil
			})
		},
		text: func() string { return string(*p) },
	}
}

func link(p *string, such string) value {
	return value{
		want: "a URL such as " + such,
		set: func(s string) bool {
			*p = s
			u, err := url.Parse(s)
			return s == "" || err == nil && u.Host != "" && (u.Scheme == "https" || u.Scheme == "http")
		},
		text: func() string { return *p },
	}
}

func name(p *string) value {
	return value{
		want: "a name of letters, digits, dots, dashes and underscores",
		set:  func(s string) bool { *p = s; return s != "" && made(s, "") },
		text: func() string { return *p },
	}
}

func prefix(p *string) value {
	return value{
		want: "a path such as kefu/",
		set:  func(s string) bool { *p = s; return made(s, "/") },
		text: func() string { return *p },
	}
}

// made reports whether s is of characters that mean nothing in the address of a
// bucket or of what is in it, and of those in also.
func made(s, also string) bool {
	return strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-"+also) == ""
}

// optional is a value that may also be left empty.
func optional(v value) value {
	set := v.set
	v.set = func(s string) bool { return set(s) || s == "" }
	return v
}

func path(p *string) value {
	return value{
		want: "the path of a directory",
		set:  func(s string) bool { *p = s; return s != "" && !strings.ContainsRune(s, 0) },
		text: func() string { return *p },
	}
}

func address(p *string) value {
	return value{
		want: "an address host:port, such as 127.0.0.1:8080 or :8080",
		set:  func(s string) bool { *p = s; return isAddress(s) },
		text: func() string { return *p },
	}
}

// isAddress reports whether s can be listened on, as far as its form tells.
func isAddress(s string) bool {
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, " /\t\n") {
		return false
	}
	_, err = strconv.ParseUint(port, 10, 16)
	return err == nil
}

// anyPort reports whether the address leaves the port to the system.
func anyPort(s string) bool {
	_, port, err := net.SplitHostPort(s)
	return err == nil && strings.Trim(port, "0") == ""
}

func level(p *slog.Level) value {
	names := []string{"debug", "info", "warn", "error"}
	return value{
		want: "one of " + strings.Join(names, ", "),
		set:  func(s string) bool { return slices.Contains(names, s) && p.UnmarshalText([]byte(s)) == nil },
		text: func() string { return strings.ToLower(p.String()) },
		form: map[string]any{"enum": names},
	}
}

func oneOf(p *string, names ...string) value {
	return value{
		want: "one of " + strings.Join(names, ", "),
		set:  func(s string) bool { *p = s; return slices.Contains(names, s) },
		text: func() string { return *p },
		form: map[string]any{"enum": names},
	}
}

func duration(p *time.Duration, least, most time.Duration) value {
	return value{
		want: fmt.Sprintf("a duration from %s to %s, such as 5s or 1m30s", least, most),
		set: func(s string) (ok bool) {
			d, err := time.ParseDuration(s)
			*p = d
			return err == nil && least <= d && d <= most
		},
		text: func() string { return p.String() },
		form: map[string]any{"type": "string", "pattern": `^0$|^([0-9.]+(ns|us|µs|ms|s|m|h))+$`},
	}
}

func whole(p *int, least, most int) value {
	return value{
		want: fmt.Sprintf("a whole number from %d to %d", least, most),
		set: func(s string) bool {
			n, err := strconv.Atoi(s)
			*p = n
			return err == nil && least <= n && n <= most
		},
		text: func() string { return strconv.Itoa(*p) },
		form: map[string]any{"type": "integer", "minimum": least, "maximum": most},
	}
}
