package codec_test

import (
	"bytes"
	"encoding/json"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"kefu/core"
	"kefu/core/codec"
)

// fullSettings has no field that is zero.
func fullSettings() core.Settings {
	own := core.Timeouts{
		Assistant: 1500 * time.Millisecond, Agent: 90 * time.Second, Visitor: time.Hour, Warning: time.Hour + 5*time.Second,
		Abandoned: 72 * time.Hour, Return: 100 * time.Minute,
	}
	return core.Settings{
		Version: 3, At: time.Date(2026, 7, 1, 9, 30, 0, 250e6, time.UTC), By: "a_1",
		Sites: []core.Site{{
			ID: "shop", Name: "Shop", Greeting: map[string]string{"en": "Hello", "zh": "您好"},
			Origins: []string{"https://shop.example"}, Groups: []core.GroupID{"sales"}, Assistant: true, Preview: true, Edit: 2 * time.Minute,
			Receptionist: core.Receptionist{
				Providers: []core.Provider{{URL: "https://llm.example/v1", Model: "small", Key: "env:KEFU_MODEL_KEY", Embedding: "vectors", In: 0.5, Out: 1.5}},
				Persona:   "You are Mei.", Languages: []string{"zh", "en"}, Words: []string{"人工"}, Links: []string{"shop.example"}, Fields: []string{"order number"},
				Turns: 10, Budget: core.Budget{Visitor: 30, Session: 20_000, Day: 1_000_000}, Unmasked: true, Record: true, Brief: true,
			},
			Offline: core.Texts{"zh": "现在没有人"}, Quick: []core.Texts{{"en": "Where is my parcel?"}}, Rating: true,
			Form: core.Form{Text: core.Texts{"en": "Who are you?"}, Fields: []core.Field{
				{ID: "topic", Label: core.Texts{"en": "Topic"}, Type: "select", Required: true, Options: []core.Texts{{"en": "Order", "zh": "订单"}}}}},
			Invite: []core.Invite{{
				ID: "cart", Text: core.Texts{"en": "May we help?"}, After: 30 * time.Second, Path: "/cart/*", Referrer: "search.example", Again: time.Hour}},
			Privacy: core.Privacy{Text: core.Texts{"en": "We keep what you write."}, URL: "https://shop.example/privacy"},
			Look:    core.Look{Color: "#1c5bd0", Theme: "dark", Side: "start", Lang: "en"},
			Uploads: core.Uploads{Off: true, Size: 5 << 20, Types: []string{"image/png"}, Count: 20, Total: 1 << 30},
			Users:   core.Users{Required: true, Secrets: []string{"0123456789abcdef0123456789abcdef"}},
			Hours: core.Hours{Zone: "Asia/Shanghai", Spans: []core.Span{
				{Day: time.Monday, From: 9*60 + 30, Until: 24 * 60}, {Day: time.Sunday, Until: 12 * 60}},
				Special: []core.Special{{Date: "2026-10-10", Name: "Make-up day", Spans: []core.Part{{From: 9 * 60, Until: 18 * 60}}}, {Date: "2026-10-01"}}},
			Timeouts: core.DefaultTimeouts(),
		}},
		Groups:  []core.Group{{ID: "sales", Name: "Sales", Timeouts: &own}, {ID: "billing", Name: "Billing"}},
		Routing: core.Routing{Share: 1.0 / 3, Least: 2, Affinity: 720 * time.Hour, Pace: 30 * time.Second},
		Limits:  core.DefaultLimits(),

		Security: core.Security{Second: true},
	}
}

func settingsRoundTrip(t *testing.T, s core.Settings) {
	t.Helper()
	stored := codec.AppendSettings([]byte("before"), s)
	got, err := codec.Settings(stored[6:])
	if err != nil {
		t.Fatalf("%v\n%s", err, stored)
	}
	if !reflect.DeepEqual(got, s) {
		t.Fatalf("%s\n got %+v\nwant %+v", stored, got, s)
	}
}

func TestSettingsRoundTrip(t *testing.T) {
	wantWhole(t, "Settings", reflect.ValueOf(fullSettings()))
	settingsRoundTrip(t, core.Settings{})
	settingsRoundTrip(t, fullSettings())
	settingsRoundTrip(t, core.DefaultSettings())
	settingsRoundTrip(t, core.Settings{Sites: []core.Site{{}}, Groups: []core.Group{{Timeouts: &core.Timeouts{}}}})
}

// TestSettingsOfTheFirstRelease reads what was stored before there were forms:
// all that was added since is off, or as by default.
func TestSettingsOfTheFirstRelease(t *testing.T) {
	stored, err := os.ReadFile("testdata/settings.v1.json")
	if err != nil {
		t.Fatal(err)
	}
	want := fullSettings()
	s := &want.Sites[0]
	s.Offline, s.Quick, s.Form, s.Invite, s.Privacy, s.Rating, s.Uploads = nil, nil, core.Form{}, nil, core.Privacy{}, false, core.Uploads{}
	s.Receptionist, s.Look = core.Receptionist{}, core.Look{}
	s.Hours.Special, want.Security = nil, core.Security{}
	got, err := codec.Settings(stored)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

// TestSettingsShape pins the JSON that clients of /v1/settings see.
func TestSettingsShape(t *testing.T) {
	want, err := os.ReadFile("testdata/settings.json")
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, codec.AppendSettings(nil, fullSettings()), "", "  "); err != nil {
		t.Fatal(err)
	}
	if got.WriteByte('\n'); got.String() != string(want) {
		t.Errorf("the settings are\n%s\nwant\n%s", &got, want)
	}
	read, err := codec.Settings(want)
	if err != nil || !reflect.DeepEqual(read, fullSettings()) {
		t.Errorf("read back: %+v, %v", read, err)
	}
}

func TestSettingsFaults(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"no JSON":      {`{"sites":[}`, `settings must be one JSON object`},
		"nothing":      {``, `settings must be one JSON object`},
		"two":          {`{}{}`, `settings must be one JSON object`},
		"no object":    {`[]`, `settings: an object is expected`},
		"unknown":      {`{"site":[]}`, `site: there is no such setting`},
		"case":         {`{"Sites":[]}`, `Sites: there is no such setting`},
		"deep":         {`{"sites":[{},{"timeouts":{"agents":"3m"}}]}`, `sites[1].timeouts.agents: there is no such setting`},
		"number":       {`{"groups":[{"timeouts":{"agent":180}}]}`, `groups[0].timeouts.agent: a duration such as "3m" or "720h" is expected`},
		"unit":         {`{"routing":{"affinity":"30d"}}`, `routing.affinity: a duration such as "3m" or "720h" is expected`},
		"list":         {`{"sites":{}}`, `sites: a list is expected`},
		"text":         {`{"sites":[{"id":1}]}`, `sites[0].id: a text is expected`},
		"truth":        {`{"sites":[{"assistant":"yes"}]}`, `sites[0].assistant: true or false is expected`},
		"texts":        {`{"sites":[{"quick":["hello"]}]}`, `sites[0].quick[0]: an object of texts such as {"en":"Hello"} is expected`},
		"label":        {`{"sites":[{"form":{"fields":[{},{"label":1}]}}]}`, `sites[0].form.fields[1].label: an object of texts such as {"en":"Hello"} is expected`},
		"map":          {`{"sites":[{"greeting":{"en":1}}]}`, `sites[0].greeting: an object of texts such as {"en":"Hello"} is expected`},
		"whole":        {`{"limits":{"text":1.5}}`, `limits.text: a whole number is expected`},
		"negative":     {`{"version":-1}`, `version: a whole number is expected`},
		"fraction":     {`{"routing":{"share":"third"}}`, `routing.share: a number is expected`},
		"day":          {`{"sites":[{"hours":{"spans":[{"day":"Monday"}]}}]}`, `sites[0].hours.spans[0].day: a day, one of "mon" "tue" "wed" "thu" "fri" "sat" "sun", is expected`},
		"clock":        {`{"sites":[{"hours":{"spans":[{"from":"9:30"}]}}]}`, `sites[0].hours.spans[0].from: a time such as "09:30", up to "24:00", is expected`},
		"past the end": {`{"sites":[{"hours":{"spans":[{"until":"24:01"}]}}]}`, `sites[0].hours.spans[0].until: a time such as "09:30", up to "24:00", is expected`},
		"all of them":  {`{"b":1,"a":1,"version":true}`, "version: a whole number is expected\na: there is no such setting\nb: there is no such setting"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := codec.Settings([]byte(c.in))
			if core.CodeOf(err) != core.Invalid || !strings.HasSuffix(err.Error(), ": "+c.want) {
				t.Errorf("got  %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestSettingsFaultsAreBounded(t *testing.T) {
	in := `{"sites":[` + strings.Repeat(`{"x":1},`, 5000) + `{}]}`
	if _, err := codec.Settings([]byte(in)); err == nil || strings.Count(err.Error(), "\n") != 19 {
		t.Errorf("got %.200v", err)
	}
}

func TestSettingsLeftOut(t *testing.T) {
	got, err := codec.Settings([]byte(`{"version":2,"sites":null,"groups":[{"id":"a","timeouts":null}]}`))
	want := core.Settings{Version: 2, Groups: []core.Group{{ID: "a"}}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
}

func FuzzSettings(f *testing.F) {
	f.Add(codec.AppendSettings(nil, core.DefaultSettings()))
	f.Add(codec.AppendSettings(nil, fullSettings()))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got, err := codec.Settings(b); err == nil {
			settingsRoundTrip(t, got)
		} else if core.CodeOf(err) != core.Invalid {
			t.Errorf("%v", err)
		}
	})
}
