package config

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"unicode"
)

func TestBadFiles(t *testing.T) {
	for _, c := range []struct{ name, file, want string }{
		{"unknown key", "listn: :80\n", `kefu.yaml:1: listn: unknown key; did you mean listen?`},
		{"unknown key in a section", "log:\n  lvel: warn\n", `kefu.yaml:2: log.lvel: unknown key; did you mean log.level?`},
		{"key outside its section", "# limits\nconnections: 5\n", `kefu.yaml:2: connections: unknown key; did you mean limits.connections?`},
		{"unknown key in a known section", "log:\n  color: red\n", `kefu.yaml:2: log.color: unknown key; there are log.level, log.format`},
		{"like nothing", "gadgets: 1\n", `kefu.yaml:1: gadgets: unknown key; kefu --help lists all`},
		{"unknown section, once", "redis:\n  a: 1\n  b: 2\n", `kefu.yaml:1: redis: unknown key; kefu --help lists all`},
		{"capitals", "Listen: :80\n", `kefu.yaml:1: Listen: unknown key; did you mean listen?`},
		{"empty name", `"": 1`, `kefu.yaml:1: "": unknown key; kefu --help lists all`},
		{"strange name", "\"a\\nb\\e[31m\": 1", `kefu.yaml:1: "a\nb\x1b[31m": unknown key; kefu --help lists all`},
		{"name without end", strings.Repeat("x", 100) + ": 1", `kefu.yaml:1: ` + strings.Repeat("x", 60) + `…: unknown key; kefu --help lists all`},
		{"a list for a name", "? [a]\n: b\n", `kefu.yaml:1: expected the name of a key`},
		{"merge", "<<: {listen: :80}\n", `kefu.yaml:1: "<<": unknown key; kefu --help lists all`},

		{"settings that are none", "settings: {sites: [{id: shop, groups: [nowhere], hours: {zone: Mars/Base}}], limit: {}}\n",
			"kefu.yaml:1: settings: limit: there is no such setting"},
		{"settings of nobody", "# x\nsettings: {sites: [{id: shop, groups: [nowhere]}]}\n",
			`kefu.yaml:2: settings: sites[0].groups[0]: there is no group "nowhere"`},
		{"settings as a word", "settings: mine\n", `kefu.yaml:1: settings: expected keys below it, as GET /v1/settings shows them`},
		{"an age without a unit", "retention: {age: 365}\n", `kefu.yaml:1: retention.age: expected a number of days such as 365d, or 0d, got "365"`},
		{"a site without an age", "retention: {sites: shop}\n", `kefu.yaml:1: retention.sites: expected sites with days such as shop=90d, blog=0d, got "shop"`},
		{"a backup each second", "backup: {every: 1s}\n", `kefu.yaml:1: backup.every: expected a duration from 1m0s to 744h0m0s, such as 5s or 1m30s, got "1s"`},
		{"a copy of PostgreSQL", "backup: {every: 1h}\ndatabase: postgres://db/kefu\n", `kefu.yaml:1: backup.every: expected no database beside it: PostgreSQL is copied by pg_dump`},
		{"neither on nor off", "off: {bot: maybe}\n", `kefu.yaml:1: off.bot: expected true or false, got "maybe"`},
		{"no number", "limits:\n  connections: many\n", `kefu.yaml:2: limits.connections: expected a whole number from 1 to 1000000, got "many"`},
		{"a fraction", "limits: {connections: 1.5}\n", `kefu.yaml:1: limits.connections: expected a whole number from 1 to 1000000, got "1.5"`},
		{"too large a number", "limits: {connections: 99999999999999999999}\n", `kefu.yaml:1: limits.connections: expected a whole number from 1 to 1000000, got "99999999999999999999"`},
		{"too small a number", "limits: {connections: 0}\n", `kefu.yaml:1: limits.connections: expected a whole number from 1 to 1000000, got "0"`},
		{"a duration without unit", "drain:\n  window: 5\n", `kefu.yaml:2: drain.window: expected a duration from 0s to 10m0s, such as 5s or 1m30s, got "5"`},
		{"too long a duration", "drain:\n  window: 1h\n", `kefu.yaml:2: drain.window: expected a duration from 0s to 10m0s, such as 5s or 1m30s, got "1h"`},
		{"no such level", "log: {level: LOUD}\n", `kefu.yaml:1: log.level: expected one of debug, info, warn, error, got "LOUD"`},
		{"a port alone", "listen: 8080\n", `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got "8080"`},
		{"a port too large", "listen: :65536\n", `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got ":65536"`},
		{"a URL", "listen: http://localhost:80\n", `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got "http://localhost:80"`},
		{"nothing", "\nlisten:\n", `kefu.yaml:2: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got nothing`},
		{"an empty text", "data: ''\n", `kefu.yaml:1: data: expected the path of a directory, got nothing`},
		{"a list", "listen: [a, b]\n", `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got a list`},
		{"keys", "listen:\n  host: a\n", `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got keys below it`},
		{"an alias", "data: &d x\nlisten: *d\n", `kefu.yaml:2: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got an alias`},
		{"a value for a section", "log: debug\n", `kefu.yaml:1: log: expected keys below it, got "debug"`},
		{"a list for a section", "log: [debug]\n", `kefu.yaml:1: log: expected keys below it, got a list`},
		{"a value without end", "listen: " + strings.Repeat("长", 100), `kefu.yaml:1: listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got "` + strings.Repeat("长", 60) + `…"`},

		{"set twice in two forms", "log.level: warn\nlog:\n  level: warn\n", `kefu.yaml:3: log.level: is set twice, first in line 1`},
		{"set twice", "listen: :1\ndata: x\nlisten: :2\n", `kefu.yaml:3: listen: is set twice, first in line 1`},
		{"section twice", "log:\n  level: warn\nlog:\n  format: json\n", `kefu.yaml:3: log: is set twice, first in line 1`},
		{"one address for two", "data: x\nops: 127.0.0.1:8080\n", `kefu.yaml:2: ops: expected another address than that of listen, got the same`},
		{"a secret", "admin:\n  password: x\n", `kefu.yaml:2: admin.password: can not be set here, only by KEFU_ADMIN_PASSWORD in the environment`},
		{"a database that is none", "database: sqlite:walnut\n", `kefu.yaml:1: database: expected a URL such as postgres://user@host/name`},
		{"half a certificate", "tls:\n  cert: a.pem\n", `kefu.yaml:2: tls.cert: expected tls.key beside it, the file of the private key`},
		{
			"a file of a later version", "listen: :80\nassistant:\n  model: x\nlimits:\n  uploads: 5\n",
			"kefu.yaml:2: assistant: unknown key; kefu --help lists all\nkefu.yaml:5: limits.uploads: unknown key; there are limits.connections",
		},
		{"a file in the file", "config: other.yaml\n", `kefu.yaml:1: config: can not be set here, only by --config or KEFU_CONFIG`},

		{"a list of all", "- listen: :80\n", `kefu.yaml:1: expected keys and values, such as listen: 127.0.0.1:8080`},
		{"a text", "\nlisten\n", `kefu.yaml:2: expected keys and values, such as listen: 127.0.0.1:8080`},
		{"two documents", "listen: :80\n---\ndata: x\n", `kefu.yaml:2: expected one YAML document, got another`},
		{"not closed", "listen: \":80\n", `kefu.yaml:2: expected YAML: while scanning a quoted scalar, found unexpected end of stream`},
		{"indented too far", "data: x\n  listen: :80\n", `kefu.yaml:2: expected YAML: mapping values are not allowed in this context`},
		{"a tab", "log:\n\tlevel: warn\n", `kefu.yaml:2: expected YAML: while scanning for the next token, found character that cannot start any token`},
		{"unknown alias", "data: x\nlisten: *y\n", `kefu.yaml:2: expected YAML: unknown anchor 'y' referenced`},
		{"a control character", "data: x\nlisten: \x01\n", `kefu.yaml:2: expected text in UTF-8, got a byte that is none`},
		{"not UTF-8", "data: x\n\nlisten: \xff\n", `kefu.yaml:3: expected text in UTF-8, got a byte that is none`},
		{"UTF-16", "\xff\xfel\x00", `kefu.yaml:1: expected text in UTF-8, got a byte that is none`},
		{"too large", "#" + strings.Repeat("x", maxFile), `--config: expected at most 1048576 bytes in kefu.yaml, got 1048577`},

		{
			"everything at once, by line", "listn: :1\nlog:\n  level: loud\n  color: red\nlimits:\n  connections: -1\n",
			"kefu.yaml:1: listn: unknown key; did you mean listen?\n" +
				"kefu.yaml:3: log.level: expected one of debug, info, warn, error, got \"loud\"\n" +
				"kefu.yaml:4: log.color: unknown key; there are log.level, log.format\n" +
				"kefu.yaml:6: limits.connections: expected a whole number from 1 to 1000000, got \"-1\"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Load([]string{"--config", "kefu.yaml"}, nil, only(c.file))
			wantFaults(t, got, err, c.want)
		})
	}
}

func TestBadFlagsAndVariables(t *testing.T) {
	for _, c := range []struct {
		name      string
		args, env []string
		want      string
	}{
		{"unknown flag", []string{"--lisen", ":80"}, nil, `--lisen: unknown flag; did you mean --listen?`},
		{"unknown short flag", []string{"-v"}, nil, `--v: unknown flag; kefu --help lists all`},
		{"dashes only", []string{"--"}, nil, `--: unknown flag; kefu --help lists all`},
		{"a flag for the last part", []string{"--level=warn"}, nil, `--level: unknown flag; did you mean --log.level?`},
		{"no value at the end", []string{"--listen"}, nil, `--listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got nothing`},
		{"no file at the end", []string{"--config"}, nil, `--config: expected the path of a file, got nothing`},
		{"no value before a flag", []string{"--data", "--listen", ":80"}, nil, `--data: expected the path of a directory, got nothing`},
		{"an argument", []string{"serve", "--listen", ":80", "now"}, nil, "serve: expected --key value, got an argument without a key\nnow: expected --key value, got an argument without a key"},
		{"a secret", []string{"--admin.password=hunter22"}, nil, `--admin.password: can not be set here, only by KEFU_ADMIN_PASSWORD in the environment`},
		{"another secret", []string{"--database=postgres://u:hunter22@h/d"}, nil, `--database: can not be set here, only by KEFU_DATABASE in the environment or in the file`},
		{"a strange flag", []string{"--a\nb=c"}, nil, `"--a\nb": unknown flag; kefu --help lists all`},
		{"unknown variable, nearly ours", nil, []string{"KEFU_LISTN=:80"}, `KEFU_LISTN: unknown variable; did you mean KEFU_LISTEN?`},
		{"unknown variable of a section", nil, []string{"KEFU_LIMITS_MEMORY=1"}, `KEFU_LIMITS_MEMORY: unknown variable; kefu --help lists all`},
		{"bad value of a variable", nil, []string{"KEFU_LOG_FORMAT=xml"}, `KEFU_LOG_FORMAT: expected one of text, json, got "xml"`},
		{"bad even if overridden", []string{"--log.format", "json"}, []string{"KEFU_LOG_FORMAT=xml"}, `KEFU_LOG_FORMAT: expected one of text, json, got "xml"`},
		{"one address for two", []string{"--ops", ":80"}, []string{"KEFU_LISTEN=:80"}, `--ops: expected another address than that of listen, got the same`},
		{"no such file", []string{"--config", "other.yaml"}, nil, `--config: there is no file other.yaml`},
		{"no such file, by the environment", nil, []string{"KEFU_CONFIG=other.yaml"}, `KEFU_CONFIG: there is no file other.yaml`},
		{
			"all places at once", []string{"--config=kefu.yaml", "--x", "--listen=0"}, []string{"KEFU_DATAS=1", "KEFU_OPS=2"},
			"kefu.yaml:1: bad: unknown key; kefu --help lists all\n" +
				"KEFU_DATAS: unknown variable; did you mean KEFU_DATA?\n" +
				"KEFU_OPS: expected an address host:port, such as 127.0.0.1:8080 or :8080, got \"2\"\n" +
				"--x: unknown flag; kefu --help lists all\n" +
				"--listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got \"0\"",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Load(c.args, c.env, only("bad: 1\n"))
			wantFaults(t, got, err, c.want)
		})
	}
}

func TestFilesThatCanNotBeRead(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrPermission, "--config: there is no permission to read kefu.yaml"},
		{errors.New("is a directory"), "--config: kefu.yaml can not be read: is a directory"},
	} {
		got, err := Load([]string{"--config", "kefu.yaml"}, nil, func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "read", Path: name, Err: c.err}
		})
		wantFaults(t, got, err, c.want)
	}
}

func wantFaults(t *testing.T, got Config, err error, want string) {
	t.Helper()
	var faults Errors
	if !errors.As(err, &faults) || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	if got != (Config{}) {
		t.Errorf("got %+v beside the error", got)
	}
}

func TestMistakes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"a", "", 1}, {"", "ab", 2}, {"listen", "listen", 0}, {"lisen", "listen", 1},
		{"lsiten", "listen", 2}, {"kitten", "sitting", 3}, {strings.Repeat("x", 65), "x", 65},
	} {
		if got := mistakes(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: got %d, want %d", c.a, c.b, got, c.want)
		}
	}
}

// FuzzFile: no file makes Load panic; what it accepts fits; what it refuses is
// told in lines of plain text, each with its place.
func FuzzFile(f *testing.F) {
	for _, s := range []string{
		"", "listen: :80\n", "log:\n  level: warn\nlimits: {connections: 5}\n", "a: &a {b: *a}\nlog: *a\n",
		"\"\\u202e\": 1", "log: !!set {level}\n", "? |\n  x\n: y\n", "%YAML 1.2\n---\n", "listen: \"\\x85:1\"\n",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, file string) {
		c, err := Load([]string{"--config", "kefu.yaml"}, nil, only(file))
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Errorf("%q is accepted: %v", file, err)
			}
			return
		}
		var faults Errors
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("%q: got %v", file, err)
		}
		for _, line := range strings.Split(err.Error(), "\n") {
			if !strings.HasPrefix(line, "kefu.yaml") && !strings.HasPrefix(line, "--config: ") || strings.ContainsFunc(line, unicode.IsControl) {
				t.Errorf("%q: got line %q", file, line)
			}
		}
	})
}

// FuzzArgs is FuzzFile for the command line and the environment.
func FuzzArgs(f *testing.F) {
	f.Add("--listen", ":80", "KEFU_LOG_LEVEL=warn")
	f.Add("---=", "-", "KEFU_LISTN=")
	f.Fuzz(func(t *testing.T, one, two, variable string) {
		c, err := Load([]string{one, two}, []string{variable}, only(""))
		if err == nil {
			if err := c.Validate(); err != nil {
				t.Errorf("%q %q %q is accepted: %v", one, two, variable, err)
			}
		}
	})
}
