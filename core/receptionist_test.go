package core_test

import (
	"math"
	"strings"
	"testing"

	"kefu/core"
)

func TestReceptionistValidate(t *testing.T) {
	url := func(u string) core.Provider { return core.Provider{URL: u, Model: "m"} }
	for name, c := range map[string]struct {
		r    core.Receptionist
		want string
	}{
		"OpenAI":                  {core.Receptionist{Providers: []core.Provider{{URL: "https://api.openai.com/v1", Model: "gpt-4o-mini", Key: "sk-x", In: 0.15}}}, ""},
		"Ollama here":             {core.Receptionist{Providers: []core.Provider{url("http://localhost:11434/v1")}}, ""},
		"Ollama in compose":       {core.Receptionist{Providers: []core.Provider{url("http://ollama:11434/v1")}}, ""},
		"vLLM next door":          {core.Receptionist{Providers: []core.Provider{url("http://172.16.0.9:8000/v1"), url("http://192.168.1.9/v1"), url("http://gpu.lan/v1")}}, ""},
		"IPv6 here":               {core.Receptionist{Providers: []core.Provider{url("http://[::1]:8000/v1")}}, ""},
		"in the clear":            {core.Receptionist{Providers: []core.Provider{url("http://api.openai.com/v1")}}, "providers[0].url: https:// is expected, for a key would travel in the clear"},
		"in the clear, disguised": {core.Receptionist{Providers: []core.Provider{url("http://10.0.0.1.evil.example/v1")}}, "providers[0].url: https:// is expected"},
		"not next door":           {core.Receptionist{Providers: []core.Provider{url("http://172.99.0.9/v1")}}, "providers[0].url: https:// is expected"},
		"no URL":                  {core.Receptionist{Providers: []core.Provider{url("api.openai.com")}}, "providers[0].url: a base URL such as"},
		"a user in it":            {core.Receptionist{Providers: []core.Provider{url("https://a@evil.example/v1")}}, "providers[0].url: a base URL such as"},
		"the cloud's own":         {core.Receptionist{Providers: []core.Provider{url("https://169.254.169.254/v1")}}, "providers[0].url: this address is not one of a model"},
		"no model":                {core.Receptionist{Providers: []core.Provider{{URL: "https://x.example"}}}, "providers[0].model: the name of a model"},
		"a key elsewhere":         {core.Receptionist{Providers: []core.Provider{{URL: "https://x.example", Model: "m", Key: "env:DATABASE_URL"}}}, `providers[0].key: a variable whose name begins with KEFU_MODEL_KEY is expected, not "DATABASE_URL"`},
		"a key in the variable":   {core.Receptionist{Providers: []core.Provider{{URL: "https://x.example", Model: "m", Key: "env:KEFU_MODEL_KEY_2"}}}, ""},
		"a key in two lines":      {core.Receptionist{Providers: []core.Provider{{URL: "https://x.example", Model: "m", Key: "a\nb"}}}, "providers[0].key: a key has no spaces"},
		"no price":                {core.Receptionist{Providers: []core.Provider{{URL: "https://x.example", Model: "m", In: math.NaN()}}}, "providers[0].in: what a million tokens cost"},
		"too many":                {core.Receptionist{Providers: make([]core.Provider, 6)}, "providers: at most 5"},
		"a novel":                 {core.Receptionist{Persona: strings.Repeat("字", 4001)}, "persona: at most 4000 characters"},
		"a language":              {core.Receptionist{Languages: []string{"zh", "Deutsch"}}, `languages[1]: a language such as en or zh-tw is expected, not "Deutsch"`},
		"a link":                  {core.Receptionist{Links: []string{"https://shop.example"}}, "links[0]: a host such as shop.example is expected"},
		"an empty word":           {core.Receptionist{Words: []string{""}}, "words[0]: a word or two"},
		"too many turns":          {core.Receptionist{Turns: 201}, "turns: 0 (the default) to 200"},
		"a budget of less":        {core.Receptionist{Budget: core.Budget{Day: -1}}, "budget: 0 (the default) or more"},
	} {
		t.Run(name, func(t *testing.T) {
			s := core.DefaultSettings()
			s.Sites[0].Receptionist = c.r
			err := s.Validate()
			if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), "sites[0].receptionist."+c.want) {
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func TestCalls(t *testing.T) {
	own := core.Receptionist{Words: []string{"Mensch", "小二"}}
	for text, want := range map[string]bool{
		"转人工": true, "我要找真人": true, "Human please": true, "I want a human.": true, "let me talk to a person": true, "HUMAN": true,
		"human": true, "": false, "humane treatment": false, "inhuman": false, "人": false, "I need a real  person": false,
		"Is this food suited for human consumption, and where is it made?": false, "superhuman or human?": true,
	} {
		if got := (core.Receptionist{}).Calls(text); got != want {
			t.Errorf("%q calls: %v", text, got)
		}
	}
	if !own.Calls("ein mensch bitte") || own.Calls("human") || !own.Calls("小二，来一下") {
		t.Error("the site's own words do not count, or others do")
	}
}
