package config

import (
	"fmt"
	"log/slog"
	"net"
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
}

// keysOf is the table of all keys, tied to the fields of c.
func keysOf(c *Config) []key {
	return []key{
		{"config", inEnvironment | inFlags, "YAML file to read", file(&c.File)},
		{"listen", anywhere, "address of pages, console, WebSocket and API", address(&c.Listen)},
		{"ops", anywhere, "address of health, metrics and pprof; keep it private", address(&c.Ops)},
		{"data", anywhere, "directory of everything that is stored", path(&c.Data)},
		{"log.level", anywhere, "least that is logged: debug, info, warn, error", level(&c.Log.Level)},
		{"log.format", anywhere, "text for people, json for machines", oneOf(&c.Log.Format, "text", "json")},
		{"drain.window", anywhere, "on SIGTERM, within what time clients come back", duration(&c.Drain.Window, 0, 10*time.Minute)},
		{"limits.connections", anywhere, "connections open at a time", whole(&c.Limits.Connections, 1, 1_000_000)},
		{"trusted_proxies", anywhere, "networks of proxies before this server, whose X-Forwarded-For is believed", networks(&c.TrustedProxies)},
		{"admin.password", inEnvironment, "first password of the agent admin", secret(&c.AdminPassword)},
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
	b.WriteString("Usage: kefu [--key value] ...\n\n" +
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
		b.WriteByte('\n')
	}
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

func secret(p *Secret) value {
	return value{
		want: "a text",
		set:  func(s string) bool { *p = Secret(s); return true },
		text: func() string { return string(*p) },
		mask: true,
	}
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
	}
}

func oneOf(p *string, names ...string) value {
	return value{
		want: "one of " + strings.Join(names, ", "),
		set:  func(s string) bool { *p = s; return slices.Contains(names, s) },
		text: func() string { return *p },
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
	}
}
