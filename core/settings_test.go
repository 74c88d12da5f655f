package core_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"kefu/core"
)

func TestDefaultSettingsAreValid(t *testing.T) {
	if err := core.DefaultSettings().Validate(); err != nil {
		t.Error(err)
	}
}

func TestValidate(t *testing.T) {
	for name, test := range map[string]struct {
		spoil func(*core.Settings)
		want  string // a line of the message; "": valid
	}{
		"no site":                 {func(s *core.Settings) { s.Sites = nil }, "sites: at least one is needed"},
		"a site without a name":   {func(s *core.Settings) { s.Sites[0].ID = "" }, `sites[0].id: 1 to 64 of A-Z a-z 0-9 - _ . are expected, not ""`},
		"an id with a space":      {func(s *core.Settings) { s.Groups[0].ID = "my group" }, `groups[0].id: 1 to 64 of A-Z a-z 0-9 - _ . are expected, not "my group"`},
		"an id that is too long":  {func(s *core.Settings) { s.Sites[0].ID = core.SiteID(strings.Repeat("x", 65)) }, "sites[0].id: 1 to 64"},
		"one group twice":         {func(s *core.Settings) { s.Groups = append(s.Groups, s.Groups[0]) }, `groups[1].id: "default" is there twice`},
		"one site twice":          {func(s *core.Settings) { s.Sites = append(s.Sites, s.Sites[0]) }, `sites[1].id: "default" is there twice`},
		"a site nobody works for": {func(s *core.Settings) { s.Sites[0].Groups = nil }, "sites[0].groups: at least one group must work for a site"},
		"an unknown group":        {func(s *core.Settings) { s.Sites[0].Groups = []core.GroupID{"default", "vip"} }, `sites[0].groups[1]: there is no group "vip"`},

		"an origin":               {origin("https://shop.example"), ""},
		"an origin with a port":   {origin("http://localhost:3000"), ""},
		"an origin with a path":   {origin("https://shop.example/"), `sites[0].origins[0]: an origin such as https://shop.example is expected, not "https://shop.example/"`},
		"an origin in capitals":   {origin("https://Shop.example"), "sites[0].origins[0]: an origin"},
		"an origin without https": {origin("shop.example"), "sites[0].origins[0]: an origin"},
		"an origin with nothing":  {origin("https://"), "sites[0].origins[0]: an origin"},
		"an origin in an origin":  {origin("https://http://shop.example"), "sites[0].origins[0]: an origin"},
		"another scheme":          {origin("ftp://shop.example"), "sites[0].origins[0]: an origin"},

		"a day":            {hours(core.Span{Day: time.Sunday, From: 0, Until: 24 * 60}), ""},
		"an eighth day":    {hours(core.Span{Day: 7, From: 0, Until: 60}), "sites[0].hours[0]: from must lie before until"},
		"hours backwards":  {hours(core.Span{From: 600, Until: 540}), "sites[0].hours[0]: from must lie before until"},
		"hours too long":   {hours(core.Span{From: 600, Until: 24*60 + 1}), "sites[0].hours[0]: from must lie before until"},
		"hours before day": {hours(core.Span{From: -1, Until: 60}), "sites[0].hours[0]: from must lie before until"},

		"a rule switched off":    {func(s *core.Settings) { s.Sites[0].Timeouts.Agent = 0 }, ""},
		"less than a second":     {func(s *core.Settings) { s.Sites[0].Timeouts.Agent = time.Millisecond }, "sites[0].timeouts.agent: 0 (off) or at least 1s is expected, not 1ms"},
		"a time that is gone":    {func(s *core.Settings) { s.Sites[0].Timeouts.Return = -time.Hour }, "sites[0].timeouts.return: 0 (off) or at least 1s is expected, not -1h0m0s"},
		"a warning too early":    {func(s *core.Settings) { s.Sites[0].Timeouts.Warning = 30 * time.Minute }, "sites[0].timeouts.warning: must be shorter than visitor (30m0s)"},
		"a warning without end":  {func(s *core.Settings) { s.Sites[0].Timeouts.Visitor = 0 }, ""},
		"a group's own timeouts": {func(s *core.Settings) { s.Groups[0].Timeouts = &core.Timeouts{Visitor: 1} }, "groups[0].timeouts.visitor: 0 (off) or at least 1s is expected, not 1ns"},

		"a second":               {func(s *core.Settings) { s.Sites[0].Timeouts.Agent = time.Second }, ""},
		"no affinity":            {func(s *core.Settings) { s.Routing.Affinity = 0 }, ""},
		"all the group":          {func(s *core.Settings) { s.Routing.Share = 1 }, ""},
		"one character":          {func(s *core.Settings) { s.Limits = core.Limits{Text: 1, Frame: 1 << 10, Batch: 1} }, ""},
		"a whole day to edit":    {func(s *core.Settings) { s.Sites[0].Edit = 24 * time.Hour }, ""},
		"nothing to edit":        {func(s *core.Settings) { s.Sites[0].Edit = 0 }, ""},
		"edited in the past":     {func(s *core.Settings) { s.Sites[0].Edit = -time.Second }, "sites[0].edit: 0 (off) to 24h0m0s is expected, not -1s"},
		"edited for ever":        {func(s *core.Settings) { s.Sites[0].Edit = 24*time.Hour + 1 }, "sites[0].edit: 0 (off) to 24h"},
		"a secret":               {users(false, strings.Repeat("x", 32)), ""},
		"a secret in change":     {users(true, strings.Repeat("x", 32), strings.Repeat("y", 256)), ""},
		"users without a secret": {users(true), "sites[0].users.secrets: one is needed, for users are required"},
		"three secrets":          {users(false, strings.Repeat("x", 32), strings.Repeat("y", 32), strings.Repeat("z", 32)), "sites[0].users.secrets: at most two are expected: a new one, and the one it replaces"},
		"a secret too short":     {users(true, strings.Repeat("x", 32), strings.Repeat("y", 31)), "sites[0].users.secrets[1]: 32 to 256 bytes are expected, not 31"},
		"a secret too long":      {users(true, strings.Repeat("x", 257)), "sites[0].users.secrets[0]: 32 to 256 bytes are expected, not 257"},
		"a share above one":      {func(s *core.Settings) { s.Routing.Share = 1.5 }, "routing.share: 0 to 1 is expected, not 1.5"},
		"a share below nothing":  {func(s *core.Settings) { s.Routing.Share = -0.1 }, "routing.share: 0 to 1 is expected, not -0.1"},
		"fewer than none":        {func(s *core.Settings) { s.Routing.Least = -1 }, "routing.least: 0 or more is expected, not -1"},
		"affinity with the past": {func(s *core.Settings) { s.Routing.Affinity = -time.Hour }, "routing.affinity: 0 or more is expected, not -1h0m0s"},

		"an offline text":         {site(func(s *core.Site) { s.Offline = en(strings.Repeat("客", 1000)) }), ""},
		"an offline text, long":   {site(func(s *core.Site) { s.Offline = en(strings.Repeat("x", 1001)) }), "sites[0].offline.en: at most 1000 characters are expected"},
		"a language in capitals":  {site(func(s *core.Site) { s.Offline = core.Texts{"zh-TW": "x"} }), `sites[0].offline: a language such as en or zh-tw is expected, not "zh-TW"`},
		"eight quick replies":     {site(func(s *core.Site) { s.Quick = many(8) }), ""},
		"nine quick replies":      {site(func(s *core.Site) { s.Quick = many(9) }), "sites[0].quick: at most 8 are expected, not 9"},
		"a quick reply of spaces": {site(func(s *core.Site) { s.Quick = []core.Texts{en("a"), en(" ")} }), "sites[0].quick[1]: a text in at least one language is expected"},
		"a form":                  {field(core.Field{ID: "phone", Label: en("Phone"), Type: "tel", Required: true}), ""},
		"a select":                {field(core.Field{ID: "topic", Label: en("Topic"), Type: "select", Options: many(50)}), ""},
		"a select of nothing":     {field(core.Field{ID: "topic", Label: en("Topic"), Type: "select"}), "sites[0].form.fields[0].options: a select has some, and nothing else has"},
		"a text to choose from":   {field(core.Field{ID: "topic", Label: en("Topic"), Type: "text", Options: many(1)}), "sites[0].form.fields[0].options: a select has some"},
		"too much to choose from": {field(core.Field{ID: "topic", Label: en("Topic"), Type: "select", Options: many(51)}), "sites[0].form.fields[0].options: at most 50 are expected, not 51"},
		"a label too long": {
			field(core.Field{ID: "a", Label: en("A"), Type: "text"}, core.Field{ID: "b", Label: en("B"), Type: "text"}, core.Field{ID: "c", Label: en(strings.Repeat("x", 201)), Type: "text"}),
			"sites[0].form.fields[2].label.en: at most 200 characters are expected",
		},
		"a field without a label": {field(core.Field{ID: "a", Type: "text"}), "sites[0].form.fields[0].label: a text in at least one language is expected"},
		"a field of no type":      {field(core.Field{ID: "a", Label: en("A"), Type: "password"}), `sites[0].form.fields[0].type: text, email, tel, select or textarea is expected, not "password"`},
		"a field without an id":   {field(core.Field{Label: en("A"), Type: "text"}), "sites[0].form.fields[0].id: 1 to 64 of"},
		"a field with a long id":  {field(core.Field{ID: strings.Repeat("x", 41), Label: en("A"), Type: "text"}), "sites[0].form.fields[0].id: at most 40 characters are expected"},
		"a field twice":           {field(core.Field{ID: "a", Label: en("A"), Type: "text"}, core.Field{ID: "a", Label: en("A"), Type: "text"}), `sites[0].form.fields[1].id: "a" is there twice`},
		"21 fields":               {field(make([]core.Field, 21)...), "sites[0].form.fields: at most 20 are expected, not 21"},
		"an invitation":           {invite(core.Invite{ID: "a", Text: en("Hello"), Path: "*/cart", After: 24 * time.Hour}), ""},
		"an invitation nowhere":   {invite(core.Invite{ID: "a", Text: en("Hello"), Path: "cart"}), "sites[0].invite[0].path: a path such as /cart/* is expected"},
		"an invitation in a year": {invite(core.Invite{ID: "a", Text: en("Hello"), After: 25 * time.Hour}), "sites[0].invite[0].after: 0 (at once) to 24h is expected, not 25h0m0s"},
		"an invitation for ever":  {invite(core.Invite{ID: "a", Text: en("Hello"), Again: -1}), "sites[0].invite[0].again: 0 (a day) to 8760h is expected, not -1ns"},
		"a silent invitation":     {invite(core.Invite{ID: "a"}), "sites[0].invite[0].text: a text in at least one language is expected"},
		"a long referrer":         {invite(core.Invite{ID: "a", Text: en("Hello"), Referrer: strings.Repeat("x", 201)}), "sites[0].invite[0].referrer: at most 200 bytes are expected"},
		"eleven invitations":      {invite(make([]core.Invite, 11)...), "sites[0].invite: at most 10 are expected, not 11"},
		"an invitation twice":     {invite(core.Invite{ID: "a", Text: en("x")}, core.Invite{ID: "a", Text: en("x")}), `sites[0].invite[1].id: "a" is there twice`},
		"a notice":                {site(func(s *core.Site) { s.Privacy = core.Privacy{URL: "https://shop.example/privacy?lang=en"} }), ""},
		"a look":                  {site(func(s *core.Site) { s.Look = core.Look{Color: "#1c5bD0", Theme: "dark", Side: "end", Lang: "zh-CN"} }), ""},
		"a color of no page":      {site(func(s *core.Site) { s.Look.Color = "red;}" }), `sites[0].look.color: a color such as #1c5bd0 is expected, not "red;}"`},
		"a short color":           {site(func(s *core.Site) { s.Look.Color = "#fff" }), "sites[0].look.color: a color"},
		"a theme of no widget":    {site(func(s *core.Site) { s.Look.Theme = "auto" }), `sites[0].look.theme: light or dark is expected, not "auto"`},
		"a side of no widget":     {site(func(s *core.Site) { s.Look.Side = "left" }), `sites[0].look.side: start or end is expected, not "left"`},
		"words it does not have":  {site(func(s *core.Site) { s.Look.Lang = "fr" }), `sites[0].look.lang: zh-CN or en is expected, not "fr"`},
		"a notice that is script": {site(func(s *core.Site) { s.Privacy.URL = "javascript:alert(1)" }), "sites[0].privacy.url: an address such as https://shop.example/privacy is expected"},
		"a notice with a quote":   {site(func(s *core.Site) { s.Privacy.URL = `https://x.example/"onclick=` }), "sites[0].privacy.url: an address"},
		"texts without end": {
			site(func(s *core.Site) { s.Greeting, s.Quick = en(strings.Repeat("x", 10<<10-7)), many(8) }),
			"sites[0]: what visitors are shown has 10241 bytes in one language, and may have 10240",
		},
		"uploads":               {site(func(s *core.Site) { s.Uploads = core.DefaultUploads() }), ""},
		"files of any size":     {site(func(s *core.Site) { s.Uploads.Size = core.MaxUpload + 1 }), "sites[0].uploads.size: 0 (the default) to 104857600 bytes are expected, not 104857601"},
		"files of less":         {site(func(s *core.Site) { s.Uploads.Size = -1 }), "sites[0].uploads.size: 0"},
		"files without count":   {site(func(s *core.Site) { s.Uploads.Count = 1001 }), "sites[0].uploads.count: 0 (the default) to 1000 files a day are expected, not 1001"},
		"files backwards":       {site(func(s *core.Site) { s.Uploads.Total = -1 }), "sites[0].uploads.total: 0 (the default) to 107374182400 bytes a day are expected, not -1"},
		"files of no type":      {site(func(s *core.Site) { s.Uploads.Types = []string{"image/png", "png"} }), `sites[0].uploads.types[1]: a media type such as image/png is expected, not "png"`},
		"files of every type":   {site(func(s *core.Site) { s.Uploads.Types = []string{"*/*"} }), `sites[0].uploads.types[0]: a media type such as image/png is expected, not "*/*"`},
		"files of many types":   {site(func(s *core.Site) { s.Uploads.Types = make([]string, 41) }), "sites[0].uploads.types: at most 40 are expected, not 41"},
		"a type with a charset": {site(func(s *core.Site) { s.Uploads.Types = []string{"text/plain; charset=utf-8"} }), "sites[0].uploads.types[0]: a media type"},

		"no text":              {func(s *core.Settings) { s.Limits.Text = 0 }, "limits.text: 1 to 4000 characters are expected, not 0"},
		"too much text":        {func(s *core.Settings) { s.Limits.Text = 4001 }, "limits.text: 1 to 4000"},
		"a frame that is cut":  {func(s *core.Settings) { s.Limits.Frame = 32<<10 + 1 }, "limits.frame: 1024 to 32768 bytes are expected, not 32769"},
		"a frame too small":    {func(s *core.Settings) { s.Limits.Frame = 100 }, "limits.frame: 1024"},
		"a batch of nothing":   {func(s *core.Settings) { s.Limits.Batch = 0 }, "limits.batch: 1 to 64 frames are expected, not 0"},
		"no rate, no burst":    {func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 0, 0 }, ""},
		"a slow rate":          {func(s *core.Settings) { s.Limits.Rate, s.Limits.Burst = 1, 64 }, ""},
		"a rate backwards":     {func(s *core.Settings) { s.Limits.Rate = -1 }, "limits.rate: 1 to 1000000 frames a second are expected, not -1"},
		"a rate of any height": {func(s *core.Settings) { s.Limits.Rate = 1_000_001 }, "limits.rate: 1 to 1000000"},
		"a batch over a burst": {func(s *core.Settings) { s.Limits.Burst = 63 }, "limits.burst: at least limits.batch (64) and at most 1000000 frames are expected, not 63"},
		"a burst of any size":  {func(s *core.Settings) { s.Limits.Burst = 1_000_001 }, "limits.burst: at least limits.batch (64)"},
		"a batch that is long": {func(s *core.Settings) { s.Limits.Batch = 65 }, "limits.batch: 1 to 64"},
	} {
		t.Run(name, func(t *testing.T) {
			s := core.DefaultSettings()
			test.spoil(&s)
			err := s.Validate()
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (core.CodeOf(err) != core.Invalid || !strings.Contains(err.Error(), test.want)):
				t.Errorf("Validate = %v, want %q", err, test.want)
			}
		})
	}
}

// Whoever has made ten mistakes learns of all of them at once.
func TestValidateTellsEverything(t *testing.T) {
	s := core.DefaultSettings()
	s.Sites[0].Groups = nil
	s.Routing.Share = 2
	s.Limits.Batch = 0
	err := s.Validate()
	if err == nil || strings.Count(err.Error(), "\n") != 2 {
		t.Errorf("Validate = %v, want three lines", err)
	}
}

func users(required bool, secrets ...string) func(*core.Settings) {
	return func(s *core.Settings) { s.Sites[0].Users = core.Users{Required: required, Secrets: secrets} }
}

// Settings that were stored before there was a rate have that of today.
func TestAllowed(t *testing.T) {
	if rate, burst := (core.Limits{}).Allowed(); rate != 10 || burst != 150 {
		t.Errorf("%d a second, %d at once", rate, burst)
	}
	if rate, burst := (core.Limits{Rate: 3, Burst: 70}).Allowed(); rate != 3 || burst != 70 {
		t.Errorf("%d a second, %d at once", rate, burst)
	}
}

func origin(o string) func(*core.Settings) {
	return func(s *core.Settings) { s.Sites[0].Origins = []string{o} }
}

func site(change func(*core.Site)) func(*core.Settings) {
	return func(s *core.Settings) { change(&s.Sites[0]) }
}

func en(text string) core.Texts { return core.Texts{"en": text} }

// many are texts of one byte.
func many(n int) []core.Texts { return slices.Repeat([]core.Texts{en("x")}, n) }

func field(list ...core.Field) func(*core.Settings) {
	return site(func(s *core.Site) { s.Form.Fields = list })
}

func invite(list ...core.Invite) func(*core.Settings) {
	return site(func(s *core.Site) { s.Invite = list })
}

// What was left out, or stored before there were uploads, is as by default.
func TestUploadsInForce(t *testing.T) {
	if got := (core.Uploads{}).InForce(); !reflect.DeepEqual(got, core.DefaultUploads()) {
		t.Errorf("got %+v", got)
	}
	own := core.Uploads{Off: true, Size: 1, Types: []string{"image/png"}, Count: 2, Total: 3}
	if got := own.InForce(); !reflect.DeepEqual(got, own) {
		t.Errorf("got %+v", got)
	}
}

func hours(span core.Span) func(*core.Settings) {
	return func(s *core.Settings) { s.Sites[0].Hours.Spans = []core.Span{span} }
}

func TestRules(t *testing.T) {
	s := core.DefaultSettings()
	own := core.Timeouts{Agent: time.Minute}
	s.Groups = append(s.Groups, core.Group{ID: "vip", Timeouts: &own})
	r, ok := s.Rules("default")
	if !ok || r.Site.ID != "default" || r.Routing != s.Routing {
		t.Fatalf("Rules = %+v, %v", r, ok)
	}
	if _, ok := s.Rules("nowhere"); ok {
		t.Error("there are rules for a site that does not exist")
	}
	if r.Timeouts("vip") != own || r.Timeouts("default") != s.Sites[0].Timeouts || r.Timeouts("nowhere") != s.Sites[0].Timeouts {
		t.Error("the timeouts are a group's own, or else those of the site")
	}
	if !r.HasGroup("vip") || r.HasGroup("nowhere") {
		t.Error("HasGroup knows the groups of the desk, and only these")
	}
}

func TestTexts(t *testing.T) {
	full := map[string]string{"en": "Hello", "zh": "您好", "pt-br": "Olá", "de": "Hallo"}
	for _, test := range []struct {
		greeting   map[string]string
		lang, want string
	}{
		{full, "zh", "您好"},
		{full, "zh-CN", "您好"},
		{full, "ZH-Hant-TW", "您好"},
		{full, "pt-BR", "Olá"},
		{full, "fr", "Hello"},
		{full, "", "Hello"},
		{map[string]string{"fr": "Bonjour", "de": "Hallo"}, "zh", "Hallo"}, // always the same, not whatever a map begins with
		{nil, "zh", ""},
	} {
		if got := core.Texts(test.greeting).In(test.lang); got != test.want {
			t.Errorf("In(%q) = %q, want %q", test.lang, got, test.want)
		}
	}
}

func TestAdmits(t *testing.T) {
	one := core.Site{Origins: []string{"https://shop.example"}}
	for _, test := range []struct {
		site   core.Site
		origin string
		want   bool
	}{
		{core.Site{}, "https://anywhere.example", true},
		{one, "https://shop.example", true},
		{one, "HTTPS://Shop.Example", true},
		{one, "", true},
		{one, "null", false},
		{one, "http://shop.example", false},
		{one, "https://shop.example.evil", false},
		{one, "https://shop.example:8443", false},
	} {
		if got := test.site.Admits(test.origin); got != test.want {
			t.Errorf("%v admits %q: %v, want %v", test.site.Origins, test.origin, got, test.want)
		}
	}
}

func TestHours(t *testing.T) {
	office := core.Hours{Spans: []core.Span{
		{Day: time.Monday, From: 9 * 60, Until: 12 * 60}, {Day: time.Monday, From: 13 * 60, Until: 18 * 60}, {Day: time.Sunday, From: 0, Until: 24 * 60},
	}}
	for _, test := range []struct {
		hours core.Hours
		after time.Duration // Monday, midnight
		want  bool
	}{
		{office, 9*time.Hour - time.Second, false},
		{office, 9 * time.Hour, true},
		{office, 12*time.Hour - time.Second, true},
		{office, 12 * time.Hour, false},
		{office, 13 * time.Hour, true},
		{office, 33 * time.Hour, false}, // Tuesday
		{office, -time.Second, true},    // Sunday
		{core.Hours{}, 3 * time.Hour, true},
	} {
		at := nine.Add(-9 * time.Hour).Add(test.after)
		if got := test.hours.Open(at); got != test.want {
			t.Errorf("open on %v: %v, want %v", at.Format("Mon 15:04:05"), got, test.want)
		}
	}
}
