package config

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"
)

// What is printed is a file that makes the same configuration, says where each
// value came from, and keeps secrets.
func TestPrint(t *testing.T) {
	file := "listen: ':443'\nlimits:\n  connections: 77\ndatabase: postgres://kefu:walnut@db:5432/kefu?sslmode=require\n"
	env := []string{"KEFU_ADMIN_PASSWORD=correct horse", "KEFU_TRUSTED_PROXIES=10.0.0.0/8, ::1", "KEFU_CONFIG=kefu.yaml", "KEFU_S3_BUCKET=b", "KEFU_S3_ACCESS_KEY=AKIA", "KEFU_S3_SECRET_KEY=hazel"}
	c, from, err := Explain([]string{"--drain.window", "7s"}, env, only(file))
	if err != nil {
		t.Fatal(err)
	}
	text := Print(c, from)
	for _, want := range []string{
		"listen: \":443\" # kefu.yaml:1", "limits.connections: 77 # kefu.yaml:3", "log.level: info # default", "drain.window: 7s # --drain.window",
		"trusted_proxies: \"10.0.0.0/8, ::1\" # KEFU_TRUSTED_PROXIES", "# database: postgres://kefu@db:5432/kefu # kefu.yaml:4",
		"# admin.password: ••• # KEFU_ADMIN_PASSWORD", "# config: kefu.yaml # KEFU_CONFIG", "s3.access_key: AKIA # KEFU_S3_ACCESS_KEY", "# s3.secret_key: ••• # KEFU_S3_SECRET_KEY", "# tls.cert: # default",
	} {
		if !strings.Contains(strings.Join(strings.Fields(text), " "), want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if strings.Contains(text, "walnut") || strings.Contains(text, "horse") || strings.Contains(text, "hazel") {
		t.Errorf("a secret shows in\n%s", text)
	}
	again, err := Load([]string{"--config", "kefu.yaml"}, []string{"KEFU_S3_SECRET_KEY=hazel"}, only(text))
	again.Database, again.AdminPassword = c.Database, c.AdminPassword
	if err != nil || again != c {
		t.Errorf("as a file it is %v, %v\nnot %v", again, err, c)
	}
}

// The schema knows what the loader knows: each key of the file, and no other.
func TestSchema(t *testing.T) {
	type schema struct {
		Type       any
		Enum       []string
		Minimum    int
		Default    string
		Additional *bool `json:"additionalProperties"`
		Properties map[string]schema
	}
	var root schema
	if err := json.Unmarshal(Schema(), &root); err != nil {
		t.Fatal(err)
	}
	var names []string
	var walk func(string, schema)
	walk = func(prefix string, s schema) {
		if s.Additional == nil || *s.Additional {
			t.Errorf("%q allows any key", prefix)
		}
		for name, p := range s.Properties {
			if p.Properties == nil {
				names = append(names, prefix+name)
			} else {
				walk(prefix+name+".", p)
			}
		}
	}
	walk("", root)
	c := Default()
	for _, k := range keysOf(&c) {
		if found := contains(names, k.name); found != (k.places&inFile != 0) {
			t.Errorf("%s is in the schema: %v", k.name, found)
		}
	}
	limit, format := root.Properties["limits"].Properties["connections"], root.Properties["log"].Properties["format"]
	if limit.Type != "integer" || limit.Minimum != 1 || limit.Default != "10000" || !reflect.DeepEqual(format.Enum, []string{"text", "json"}) {
		t.Errorf("got %+v and %+v", limit, format)
	}
}

func contains(names []string, name string) bool {
	for _, n := range names {
		if n == name {
			return true
		}
	}
	return false
}

// A reload takes over what it can, and says what waits for the next start.
func TestReloaded(t *testing.T) {
	running := Default()
	running.Database = "postgres://kefu:one@db/kefu"
	next := running
	next.Listen, next.Limits.Connections, next.Drain.Window = ":80", 5, time.Second
	next.Database = "postgres://kefu:two@db/kefu"
	want := []Change{
		{"listen", "127.0.0.1:8080", ":80", true},
		{"database", "postgres://kefu@db/kefu", "postgres://kefu@db/kefu", true},
		{"drain.window", "5s", "1s", false},
		{"limits.connections", "10000", "5", false},
	}
	if got := running.Changes(next); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	taken := running
	taken.Limits.Connections, taken.Drain.Window = 5, time.Second
	if got := running.Reloaded(next); got != taken {
		t.Errorf("got  %v\nwant %v", got, taken)
	}
	if got := running.Changes(running); got != nil {
		t.Errorf("nothing changed, got %v", got)
	}
}

// Another certificate is taken over; HTTPS instead of HTTP waits.
func TestReloadedTLS(t *testing.T) {
	plain, secure, renewed := Default(), Default(), Default()
	secure.TLS = TLS{Cert: "a.pem", Key: "a.key"}
	renewed.TLS = TLS{Cert: "b.pem", Key: "b.key"}
	if got := secure.Reloaded(renewed); got != renewed {
		t.Errorf("another certificate: %v", got)
	}
	for _, pair := range [][2]Config{{plain, secure}, {secure, plain}} {
		changes := pair[0].Changes(pair[1])
		if got := pair[0].Reloaded(pair[1]); got != pair[0] || len(changes) != 2 || !changes[0].Restart || !changes[1].Restart {
			t.Errorf("%v became %v by %v", pair[0], got, changes)
		}
	}
}
