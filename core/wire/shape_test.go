package wire_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/wire"
)

// field is a member of a client frame: what it must look like, and what is
// out of its range.
type field struct {
	path   string // body.text: text of the object body
	kind   string
	needed bool
	over   map[string]core.Code // JSON that is of the right type, and refused
}

// wrong is JSON of every type but the one that is expected. null is as if the
// field were left out, so it is none of them.
var wrong = map[string][]string{
	"string":  {`1`, `true`, `[]`, `{}`},
	"integer": {`"1"`, `1.5`, `-1e400`, `true`, `[]`, `{}`, `99999999999999999999`},
	"count":   {`"1"`, `1.5`, `-1`, `true`, `[]`, `{}`, `18446744073709551616`},
	"boolean": {`"true"`, `1`, `[]`, `{}`},
	"object":  {`"x"`, `1`, `true`, `[]`},
	"list":    {`"x"`, `1`, `true`, `{}`, `[1]`, `[{}]`},
}

func str(n int) string { return `"` + strings.Repeat("x", n) + `"` }

func over(code core.Code, values ...string) map[string]core.Code {
	m := map[string]core.Code{}
	for _, v := range values {
		m[v] = code
	}
	return m
}

func plus(a, b map[string]core.Code) map[string]core.Code {
	maps.Copy(a, b)
	return a
}

var (
	wantsOrigin  = field{"origin", "string", true, over(core.Invalid, `""`, str(7), str(41), `"tab 4f9a2c71"`, `"tab_4f9a2c7é"`)}
	wantsN       = field{"n", "count", true, over(core.Invalid, `0`, `9007199254740992`)}
	wantsSession = field{"session", "count", true, over(core.Invalid, `0`, `4294967296`)}
	wantsConv    = field{"conversation", "string", false, over(core.Invalid, str(65))}
	wantsSeq     = field{"seq", "count", false, over(core.Invalid, `9007199254740992`)}
	wantsTarget  = field{"seq", "count", true, over(core.Invalid, `0`, `9007199254740992`)}
	wantsLimit   = field{"limit", "integer", false, over(core.Invalid, `-1`, `201`)}
	wantsURL     = field{"body.url", "string", true, over(core.Invalid, `""`, str(2049))}
	wantsPixels  = field{"body.width", "integer", false, over(core.Invalid, `-1`)}
)

// shapes has a frame that passes for each type, and its fields.
var shapes = []struct {
	name, frame string
	fields      []field
}{
	{"hello", `{"type":"hello","v":1,"origin":"tab_4f9a2c71","token":"t","site":"s","after":1,"epoch":"e","user":{"token":"u"},"page":{"url":"u","title":"t","referrer":"r"},"lang":"zh","tag":"x"}`, []field{
		{"v", "integer", true, over(core.Unsupported, `0`, `2`, `-1`)}, wantsOrigin,
		{"token", "string", false, over(core.TooLarge, str(4097))}, {"site", "string", false, over(core.TooLarge, str(65))},
		{"after", "count", false, over(core.Invalid, `9007199254740992`)}, {"epoch", "string", false, over(core.TooLarge, str(65))},
		{"user", "object", false, nil}, {"user.token", "string", false, over(core.TooLarge, str(4097))},
		{"page", "object", false, nil}, {"page.url", "string", false, over(core.TooLarge, str(2049))},
		{"page.title", "string", false, over(core.TooLarge, str(513))}, {"page.referrer", "string", false, over(core.TooLarge, str(2049))},
		{"lang", "string", false, over(core.TooLarge, str(36))}, {"tag", "string", false, over(core.TooLarge, str(65))}, wantsConv,
	}},
	{"send text", `{"type":"send","origin":"tab_4f9a2c71","n":1,"conversation":"c","internal":true,"body":{"kind":"text","text":"hi"}}`, []field{
		wantsOrigin, wantsN, wantsConv, {"internal", "boolean", false, nil}, {"body", "object", true, over(core.Invalid, `{}`)},
		{"body.kind", "string", true, over(core.Invalid, `""`, `"TEXT"`, `"opened"`, `"noted"`, `"erased"`)},
		{"body.text", "string", true, plus(over(core.Invalid, `""`, `" "`, `"\u3000\u00a0\t\n"`), over(core.TooLarge, str(4001)))},
	}},
	{"send image", `{"type":"send","origin":"tab_4f9a2c71","n":1,"body":{"kind":"image","url":"/u","name":"n","size":1,"mime":"m","width":1,"height":1}}`, []field{
		wantsURL, {"body.name", "string", false, over(core.Invalid, str(256))}, {"body.mime", "string", false, over(core.Invalid, str(128))},
		{"body.size", "integer", false, over(core.Invalid, `-1`)}, wantsPixels, {"body.height", "integer", false, over(core.Invalid, `-1`)},
	}},
	{"send file", `{"type":"send","origin":"tab_4f9a2c71","n":1,"body":{"kind":"file","url":"/u","name":"n","size":1,"mime":"m"}}`, []field{wantsURL}},
	{"send options", `{"type":"send","origin":"tab_4f9a2c71","n":1,"body":{"kind":"options","text":"t","options":["a"]}}`, []field{
		{"body.text", "string", false, over(core.TooLarge, str(4001))},
		{"body.options", "list", true, plus(over(core.Invalid, `[]`, `[""]`, `["a"," "]`, `["1","2","3","4","5","6","7","8","9","10","11"]`), over(core.TooLarge, `[`+str(81)+`]`))},
	}},
	{"send form", `{"type":"send","origin":"tab_4f9a2c71","n":1,"body":{"kind":"form","fields":[{"id":"phone","label":"Phone","value":"138"}]}}`, []field{
		{"body.fields", "list", true, plus(
			over(core.Invalid, `[]`, `[`+strings.Repeat(`{"id":"a"},`, 20)+`{"id":"a"}]`, `[{"id":""}]`, `[{"id":`+str(41)+`}]`, `[{"id":"a","value":1}]`),
			over(core.TooLarge, `[{"id":"a","label":`+str(201)+`}]`, `[{"id":"a"},{"id":"b","value":`+str(1001)+`}]`,
				`[`+strings.Repeat(`{"id":"a","value":`+str(1000)+`},`, 4)+`{"id":"a","value":"x"}]`),
		)},
	}},
	{"edit", `{"type":"edit","origin":"tab_4f9a2c71","n":1,"conversation":"c","seq":2,"body":{"kind":"text","text":"hi"}}`, []field{
		wantsOrigin, wantsN, wantsConv, wantsTarget, {"body", "object", true, over(core.Invalid, `{}`)},
		{"body.kind", "string", true, over(core.Invalid, `""`, `"options"`, `"image"`, `"form"`, `"edited"`, `"tombstone"`)},
		{"body.text", "string", true, plus(over(core.Invalid, `""`, `" "`), over(core.TooLarge, str(4001)))},
	}},
	{"recall", `{"type":"recall","origin":"tab_4f9a2c71","n":1,"conversation":"c","seq":2}`, []field{wantsOrigin, wantsN, wantsConv, wantsTarget}},
	{"watch", `{"type":"watch","conversations":["c"]}`, []field{
		{"conversations", "list", true, over(core.Invalid, `[""]`, `[`+str(65)+`]`, `[`+strings.Repeat(`"c",`, 20)+`"c"]`)},
	}},
	{"typing", `{"type":"typing","conversation":"c","text":"t"}`, []field{wantsConv, {"text", "string", false, over(core.TooLarge, str(4001))}}},
	{"read", `{"type":"read","conversation":"c","seq":1}`, []field{wantsConv, wantsSeq}},
	{"human", `{"type":"human","origin":"tab_4f9a2c71","n":1,"session":1}`, []field{wantsOrigin, wantsN, wantsSession}},
	{"end", `{"type":"end","origin":"tab_4f9a2c71","n":1,"session":1,"conversation":"c"}`, []field{wantsOrigin, wantsN, wantsSession, wantsConv}},
	{"rate", `{"type":"rate","origin":"tab_4f9a2c71","n":1,"session":1,"score":1,"comment":"c"}`, []field{
		wantsOrigin, wantsN, wantsSession, {"score", "count", true, over(core.Invalid, `0`, `6`, `255`, `256`)}, {"comment", "string", false, over(core.TooLarge, str(4001))},
	}},
	{"take", `{"type":"take","origin":"tab_4f9a2c71","n":1,"session":1,"conversation":"c"}`, []field{wantsOrigin, wantsN, wantsSession, wantsConv}},
	{"reopen", `{"type":"reopen","origin":"tab_4f9a2c71","n":1,"session":1,"conversation":"c"}`, []field{wantsOrigin, wantsN, wantsSession, wantsConv}},
	{"transfer to an agent", `{"type":"transfer","origin":"tab_4f9a2c71","n":1,"session":1,"conversation":"c","to":{"agent":"a"},"note":"n"}`, []field{
		wantsOrigin, wantsN, wantsSession, wantsConv, {"to", "object", true, over(core.Invalid, `{}`, `{"agent":"a","group":"g"}`, `{"agent":"","group":""}`)},
		{"to.agent", "string", true, over(core.Invalid, `""`, str(65))}, {"note", "string", false, over(core.TooLarge, str(4001))},
	}},
	{"transfer to a group", `{"type":"transfer","origin":"tab_4f9a2c71","n":1,"session":1,"conversation":"c","to":{"group":"g"}}`, []field{
		{"to.group", "string", true, over(core.Invalid, `""`, str(65))},
	}},
	{"status", `{"type":"status","status":"online","capacity":1}`, []field{
		{"status", "string", true, over(core.Invalid, `""`, `"busy"`, `"Online"`)}, {"capacity", "integer", false, nil},
	}},
	{"after", `{"type":"after","conversation":"c","seq":1,"limit":1}`, []field{wantsConv, wantsSeq, wantsLimit}},
	{"before", `{"type":"before","conversation":"c","seq":1,"limit":1}`, []field{wantsConv, wantsSeq, wantsLimit}},
	{"ping", `{"type":"ping","next":1}`, []field{{"next", "integer", false, over(core.Invalid, `-1`, `601`)}}},
}

// with returns the frame with the JSON value at path; "" takes it out.
func with(t *testing.T, frame, path, value string) []byte {
	t.Helper()
	var m map[string]json.RawMessage
	unmarshal(t, []byte(frame), &m)
	head, rest, nested := strings.Cut(path, ".")
	switch {
	case nested:
		m[head] = with(t, string(m[head]), rest, value)
	case value == "":
		delete(m, head)
	default:
		m[head] = json.RawMessage(value)
	}
	// By hand, for Marshal refuses numbers that are too great.
	var members []string
	for k, v := range m {
		members = append(members, fmt.Sprintf("%q:%s", k, v))
	}
	return []byte("{" + strings.Join(members, ",") + "}")
}

func TestShapes(t *testing.T) {
	tried := 0
	for _, s := range shapes {
		check := func(path, value string, want core.Code) {
			t.Helper()
			tried++
			data := with(t, s.frame, path, value)
			got := decodeOne(t, data)
			if core.CodeOf(got.Bad) != want {
				t.Errorf("%s: %s=%.80s: %q, want %q (%v)", s.name, path, value, core.CodeOf(got.Bad), want, got.Bad)
			}
			if got.Bad != nil && path != "origin" && wire.Numbered(got.Type) && got.Origin != string(origin) {
				t.Errorf("%s: %s=%.80s: answered to origin %q", s.name, path, value, got.Origin)
			}
			if got.Bad != nil && path != "n" && wire.Numbered(got.Type) && got.N != 1 {
				t.Errorf("%s: %s=%.80s: answered to n %d", s.name, path, value, got.N)
			}
		}
		check("unknown", `{"any":["thing"]}`, "")
		check("type", `"`+strings.Fields(s.name)[0]+`s"`, core.Invalid)
		for _, f := range s.fields {
			for _, v := range wrong[f.kind] {
				check(f.path, v, core.Invalid)
			}
			for v, code := range f.over {
				check(f.path, v, code)
			}
			missing := core.Code("")
			if f.needed {
				missing = core.Invalid
			}
			if f.path == "v" {
				missing = core.Unsupported
			}
			check(f.path, "", missing)
			check(f.path, "null", missing)
		}
	}
	t.Logf("%d frames", tried)
}
