package config

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"
)

// only is a readFile that knows one file, kefu.yaml.
func only(content string) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if name != "kefu.yaml" {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
		return []byte(content), nil
	}
}

// noFile is a readFile that must not be called.
func noFile(t testing.TB) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		t.Errorf("%s is read", name)
		return nil, fs.ErrNotExist
	}
}

func TestDefault(t *testing.T) {
	got, err := Load(nil, []string{"PATH=/bin", "LISTEN=x", "KEFU_LISTEN="}, noFile(t))
	if err != nil || got != Default() {
		t.Errorf("got %+v, %v", got, err)
	}
	if err := Default().Validate(); err != nil {
		t.Errorf("the default does not fit itself: %v", err)
	}
}

func TestEveryKeyFromEveryPlace(t *testing.T) {
	want := Config{
		File: "kefu.yaml", Listen: ":443", Ops: "[::1]:0", Data: "/var/lib/kefu",
		S3:     S3{"files", "auto", "http://minio:9000", "kefu/", "AKIA", "hazel nut"},
		TLS:    TLS{"cert.pem", "key.pem", ":80"},
		Log:    Log{slog.LevelWarn, "json"},
		Drain:  Drain{90 * time.Second},
		Limits: Limits{77},
		Trace:  Trace{250 * time.Millisecond},
		Batch:  Batch{2 * time.Millisecond, 100},
		Backup: Backup{0, 24, "/var/backups"},
		Off:    Off{true, true, true},

		Retention: Retention{365, "shop=90d, blog=0d"},

		TrustedProxies: "10.0.0.0/8, ::1",
	}
	acme := Default() // which goes with no certificate of one's own
	acme.ACME = ACME{"a.example, b.example", "me@a.example", "https://ca.example/dir"}
	acme.Backup.Every = time.Hour // which goes with no PostgreSQL
	file := `
# a comment
listen: :443
ops: "[::1]:0"
data: /var/lib/kefu
log: {level: warn}
log.format: json
drain:
  window: 1m30s # a comment
limits:
  connections: 77
tls: {cert: cert.pem, key: key.pem, redirect: ":80"}
trace: {slow: 250ms}
s3: {bucket: files, region: auto, endpoint: "http://minio:9000", prefix: kefu/, access_key: AKIA, secret_key: hazel nut}
database: postgres://kefu:walnut@db/kefu
store: postgres
trusted_proxies: 10.0.0.0/8, ::1
batch: {linger: 2ms, max: 100}
backup: {keep: 24, dir: /var/backups}
off: {bot: true, invitations: true, webhooks: true}
retention: {age: 365d, sites: "shop=90d, blog=0d"}
`
	env := []string{
		"KEFU_CONFIG=kefu.yaml", "KEFU_LISTEN=:443", "KEFU_OPS=[::1]:0", "KEFU_DATA=/var/lib/kefu",
		"KEFU_LOG_LEVEL=warn", "KEFU_LOG_FORMAT=json", "KEFU_DRAIN_WINDOW=1m30s", "KEFU_LIMITS_CONNECTIONS=77",
		"KEFU_ADMIN_PASSWORD=correct horse=battery", "KEFU_TRUSTED_PROXIES=10.0.0.0/8, ::1",
		"KEFU_TLS_CERT=cert.pem", "KEFU_TLS_KEY=key.pem", "KEFU_TLS_REDIRECT=:80", "KEFU_TRACE_SLOW=250ms", "KEFU_S3_BUCKET=files", "KEFU_S3_REGION=auto",
		"KEFU_S3_ENDPOINT=http://minio:9000", "KEFU_S3_PREFIX=kefu/", "KEFU_S3_ACCESS_KEY=AKIA", "KEFU_S3_SECRET_KEY=hazel nut", "KEFU_DATABASE=postgres://kefu:walnut@db/kefu", "KEFU_STORE=postgres",
		"KEFU_BATCH_LINGER=2ms", "KEFU_BATCH_MAX=100", "KEFU_BACKUP_KEEP=24", "KEFU_BACKUP_DIR=/var/backups",
		"KEFU_OFF_BOT=true", "KEFU_OFF_INVITATIONS=true", "KEFU_OFF_WEBHOOKS=true", "KEFU_RETENTION_AGE=365d", "KEFU_RETENTION_SITES=shop=90d, blog=0d",
	}
	args := []string{
		"--config", "kefu.yaml", "--listen=:443", "-ops", "[::1]:0", "--data", "/var/lib/kefu",
		"--log.level=warn", "--log.format", "json", "--drain.window", "1m30s", "-limits.connections=77",
		"--trusted_proxies", "10.0.0.0/8, ::1", "--tls.cert", "cert.pem", "--tls.key=key.pem", "--tls.redirect", ":80", "--trace.slow=250ms", "--store=sqlite",
		"--s3.bucket=files", "--s3.region", "auto", "--s3.endpoint=http://minio:9000", "--s3.prefix=kefu/", "--s3.access_key=AKIA",
		"--batch.linger=2ms", "--batch.max", "100", "--backup.keep=24", "--backup.dir", "/var/backups",
		"--off.bot=true", "--off.invitations", "true", "--off.webhooks=true", "--retention.age", "365d", "--retention.sites=shop=90d, blog=0d",
	}
	want.Store = "sqlite"
	withDatabase := want
	withDatabase.Database, withDatabase.Store = "postgres://kefu:walnut@db/kefu", "postgres"
	withPassword := withDatabase
	withPassword.AdminPassword = "correct horse=battery"
	for _, c := range []struct {
		name      string
		args, env []string
		file      string
		want      Config
	}{
		{"file", args[:2], nil, file, withDatabase},
		{"environment", nil, env, "", withPassword},
		{"flags", args, []string{"KEFU_S3_SECRET_KEY=hazel nut"}, "", want}, // secrets are never flags
		{"acme by flags", []string{"--acme.domains=a.example, b.example", "--acme.email", "me@a.example", "--acme.ca=https://ca.example/dir", "--backup.every", "1h"}, nil, "", acme},
		{"acme by the environment", nil, []string{"KEFU_ACME_DOMAINS=a.example, b.example", "KEFU_ACME_EMAIL=me@a.example", "KEFU_ACME_CA=https://ca.example/dir", "KEFU_BACKUP_EVERY=1h"}, "", acme},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := Load(c.args, c.env, only(c.file))
			if err != nil || got != c.want {
				t.Errorf("got  %+v, %v\nwant %+v", got, err, c.want)
			}
			if err := got.Validate(); err != nil {
				t.Errorf("what was loaded does not fit: %v", err)
			}
		})
	}
}

// Every field is a key: one that is forgotten in the table could not be set.
func TestEveryFieldIsAKey(t *testing.T) {
	var c Config
	fields := 0
	var count func(reflect.Type)
	count = func(s reflect.Type) {
		for f := range s.Fields() {
			if f.Type.Kind() == reflect.Struct {
				count(f.Type)
			} else {
				fields++
			}
		}
	}
	count(reflect.TypeFor[Config]())
	if n := len(keysOf(&c)); n != fields {
		t.Errorf("%d keys for %d fields", n, fields)
	}
	if err := c.Validate(); err == nil {
		t.Error("the zero Config fits, though it listens nowhere")
	}
}

func TestLaterPlacesWin(t *testing.T) {
	file := "listen: :1\nops: :11\ndata: file\n"
	env := []string{"KEFU_LISTEN=:2", "KEFU_OPS=:22", "KEFU_CONFIG=other.yaml"}
	args := []string{"--listen", ":3", "--listen", ":4", "--config=kefu.yaml"}
	got, err := Load(args, env, only(file))
	if err != nil || got.Listen != ":4" || got.Ops != ":22" || got.Data != "file" || got.File != "kefu.yaml" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestFilesThatSayNothing(t *testing.T) {
	if got, err := Load([]string{"--config="}, []string{"KEFU_CONFIG=other.yaml"}, noFile(t)); err != nil || got != Default() {
		t.Errorf("with an empty name: got %+v, %v", got, err)
	}
	for _, file := range []string{"", "\n", "# nothing\n", "---\n", "---\n# nothing\n...\n", "{}", "log:\n", "log: {}\nlimits:\n  # connections: 1\n"} {
		got, err := Load([]string{"--config", "kefu.yaml"}, nil, only(file))
		want := Default()
		want.File = "kefu.yaml"
		if err != nil || got != want {
			t.Errorf("%q: got %+v, %v", file, got, err)
		}
	}
}

// The variables that Kubernetes sets for a Service called kefu, and those of
// tools around us, are not ours to complain about.
func TestForeignVariables(t *testing.T) {
	env := []string{
		"KEFU_SERVICE_HOST=10.0.0.1", "KEFU_SERVICE_PORT=80", "KEFU_SERVICE_PORT_HTTP=80", "KEFU_PORT=tcp://10.0.0.1:80",
		"KEFU_PORT_80_TCP=tcp://10.0.0.1:80", "KEFU_PORT_80_TCP_ADDR=10.0.0.1", "KEFU_PORT_80_TCP_PORT=80",
		"KEFU_PORT_80_TCP_PROTO=tcp", "KEFU_BIN=./kefu", "KEFU_=1", "KEFUX_LISTEN=1", "=C:=x", "",
	}
	if got, err := Load(nil, env, noFile(t)); err != nil || got != Default() {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestHelp(t *testing.T) {
	for _, arg := range []string{"-h", "-help", "--help"} {
		if _, err := Load([]string{"--nonsense", arg}, nil, noFile(t)); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("%s: got %v", arg, err)
		}
	}
	usage := Usage()
	for _, want := range []string{
		"--listen              KEFU_LISTEN               address of pages, console, WebSocket and API (127.0.0.1:8080)\n",
		"--drain.window        KEFU_DRAIN_WINDOW         on SIGTERM, within what time clients come back (5s) *\n",
		"                      KEFU_ADMIN_PASSWORD       first password of the agent admin\n",
	} {
		if !strings.Contains(usage, "  "+want) {
			t.Errorf("no line %q in\n%s", want, usage)
		}
	}
	if strings.Contains(usage, "--admin.password") {
		t.Error("a password may not be set by a flag: others see it in the list of processes")
	}
}

func TestValidate(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*Config)
		want   string
	}{
		{"listen", func(c *Config) { c.Listen = "8080" }, `listen: expected an address host:port, such as 127.0.0.1:8080 or :8080, got "8080"`},
		{"ops", func(c *Config) { c.Ops = "" }, `ops: expected an address host:port, such as 127.0.0.1:8080 or :8080, got nothing`},
		{"data", func(c *Config) { c.Data = "" }, `data: expected the path of a directory, got nothing`},
		{"level", func(c *Config) { c.Log.Level = 3 }, `log.level: expected one of debug, info, warn, error, got "info+3"`},
		{"format", func(c *Config) { c.Log.Format = "xml" }, `log.format: expected one of text, json, got "xml"`},
		{"window", func(c *Config) { c.Drain.Window = -1 }, `drain.window: expected a duration from 0s to 10m0s, such as 5s or 1m30s, got "-1ns"`},
		{"connections", func(c *Config) { c.Limits.Connections = 0 }, `limits.connections: expected a whole number from 1 to 1000000, got "0"`},
		{"proxies", func(c *Config) { c.TrustedProxies = "10.0.0.0/8;::1" }, `trusted_proxies: expected networks such as 10.0.0.0/8, 192.0.2.7, 2001:db8::/32, got "10.0.0.0/8;::1"`},
		{"database", func(c *Config) { c.Database = "mysql://root:walnut@db" }, `database: expected a URL such as postgres://user@host/name`},
		{"no bucket", func(c *Config) { c.S3.Prefix = "kefu/" }, `s3.bucket: expected a name: there is more about a bucket`},
		{"no name of a bucket", func(c *Config) { c.S3.Bucket = "a/b" }, `s3.bucket: expected a name of letters, digits, dots, dashes and underscores, got "a/b"`},
		{"no endpoint", func(c *Config) { c.S3.Bucket, c.S3.Endpoint = "b", "minio:9000" }, `s3.endpoint: expected a URL such as https://s3.example.com, got "minio:9000"`},
		{"no secret", func(c *Config) { c.S3.Bucket, c.S3.AccessKey = "b", "AKIA" }, `s3.access_key: expected s3.secret_key beside it`},
		{"no key of the secret", func(c *Config) { c.S3.Bucket, c.S3.SecretKey = "b", "walnut" }, `s3.secret_key: expected s3.access_key beside it`},
		{"no key", func(c *Config) { c.TLS.Cert = "cert.pem" }, `tls.cert: expected tls.key beside it, the file of the private key`},
		{"no certificate", func(c *Config) { c.TLS.Key = "key.pem" }, `tls.key: expected tls.cert beside it, the file of the certificate`},
		{"no URL", func(c *Config) { c.Store = "postgres" }, `store: expected the URL of a database beside it, in database or KEFU_DATABASE: there is none, or the secret that it comes from is empty`},
		{"another store", func(c *Config) { c.Store, c.Database = "sqlite", "postgres://db/kefu" }, `store: expected no database beside it: that is PostgreSQL`},
		{"no HTTPS", func(c *Config) { c.TLS.Redirect = ":80" }, `tls.redirect: expected tls.cert and tls.key, or acme.domains, beside it: there is no HTTPS to send anybody to`},
		{"two certificates", func(c *Config) { c.TLS, c.ACME.Domains = TLS{Cert: "a", Key: "b"}, "a.example" }, `acme.domains: expected no tls.cert beside it: one certificate is enough`},
		{"no domain", func(c *Config) { c.ACME.Domains = "a.example, localhost" }, `acme.domains: expected domain names such as chat.example.com, www.example.com, got "a.example, localhost"`},
		{"no authority", func(c *Config) { c.ACME.CA = "letsencrypt" }, `acme.ca: expected a URL such as https://acme.example.com/directory, got "letsencrypt"`},
		{"nowhere to go", func(c *Config) { c.TLS = TLS{"cert.pem", "key.pem", c.Ops} }, `tls.redirect: expected another address than those of listen and ops, got the same`},
		{"never slow", func(c *Config) { c.Trace.Slow = 2 * time.Minute }, `trace.slow: expected a duration from 0s to 1m0s, such as 5s or 1m30s, got "2m0s"`},
		{"one address", func(c *Config) { c.Ops = c.Listen }, `ops: expected another address than that of listen, got the same`},
		{"two", func(c *Config) { c.Data, c.Log.Format = "", "" }, "data: expected the path of a directory, got nothing\nlog.format: expected one of text, json, got nothing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			config := Default()
			c.change(&config)
			before := config
			var faults Errors
			if err := config.Validate(); !errors.As(err, &faults) || err.Error() != c.want {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
			if config != before {
				t.Errorf("Validate made it %+v", config)
			}
		})
	}
	anyPorts := Default()
	anyPorts.Listen, anyPorts.Ops = "127.0.0.1:0", "127.0.0.1:0"
	if err := anyPorts.Validate(); err != nil {
		t.Errorf("two free ports: %v", err)
	}
}

func TestSecretsDoNotShow(t *testing.T) {
	const password = "correct horse"
	c, err := Load(nil, []string{"KEFU_ADMIN_PASSWORD=" + password, "KEFU_DATABASE=postgres://kefu:" + url.PathEscape(password) + "@db/kefu?password=horse"}, noFile(t))
	if err != nil || string(c.AdminPassword) != password {
		t.Fatalf("got %q, %v", string(c.AdminPassword), err)
	}
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "config", c, "password", c.AdminPassword)
	slog.New(slog.NewJSONHandler(&out, nil)).Info("start", "config", c, "password", c.AdminPassword)
	fmt.Fprintf(&out, "%v %+v %#v %s %q", c, c, c, c.AdminPassword, c.AdminPassword)
	if err := json.NewEncoder(&out).Encode(c); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(out.String(), "horse") {
		t.Errorf("the password shows in %s", out.String())
	}
	if !strings.Contains(out.String(), "•••") || !strings.Contains(out.String(), "postgres://kefu@db/kefu") {
		t.Errorf("nothing shows that there is one: %s", out.String())
	}
	if s := fmt.Sprintf("%v", Default().AdminPassword); s != "" {
		t.Errorf("no password shows as %q", s)
	}
}
