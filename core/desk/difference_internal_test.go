package desk

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"kefu/core"
)

func TestCompare(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{}`, `{}`, ``},
		{`{"a":1,"b":{"c":[1,2]}}`, `{"a":1,"b":{"c":[1,2]}}`, ``},
		{`{"a":1}`, `{"a":2}`, `a: 1 -> 2`},
		{`{"a":null}`, `{}`, ``},
		{`{}`, `{"a":false}`, `a: null -> false`},
		{`{"a":{"b":1,"c":1}}`, `{"a":{"b":2,"d":1}}`, `a.b: 1 -> 2; a.c: 1 -> null; a.d: null -> 1`},
		{`{"a":[1,2]}`, `{"a":[2,1]}`, `a: [1,2] -> [2,1]`},
		{`{"a":{}}`, `{"a":[]}`, `a: {} -> []`},
		{`{"s":[{"id":"x","n":1},{"id":"y"}]}`, `{"s":[{"id":"x","n":2},{"id":"y"}]}`, `s[x].n: 1 -> 2`},
		{`{"s":[{"id":"x"},{"id":"y"}]}`, `{"s":[{"id":"y"},{"id":"z"}]}`, `s[x]: {"id":"x"} -> null; s[z]: null -> {"id":"z"}`},
		{`{"s":[{"id":"x"},{"id":"y"}]}`, `{"s":[{"id":"y"},{"id":"x"}]}`, `s: ["x","y"] -> ["y","x"]`},
		{`{"s":[{"id":"x"}]}`, `{"s":[]}`, `s[x]: {"id":"x"} -> null`},
		{`{"s":[{"id":"x"},{"id":"x"}]}`, `{"s":[{"id":"x"}]}`, `s: [{"id":"x"},{"id":"x"}] -> [{"id":"x"}]`},
		{`{"s":[{"id":1}]}`, `{"s":[{"id":2}]}`, `s: [{"id":1}] -> [{"id":2}]`},
		{`{"u":{"secrets":["hush-1234"]}}`, `{"u":{"secrets":["hush-5678","x"]}}`, `u.secrets: ["••••1234"] -> ["••••5678","••••x"]`},
		{`{"s":[]}`, `{"s":[{"id":"x","u":{"secrets":["hush-1234"]}}]}`, `s[x]: null -> {"id":"x","u":{"secrets":["••••1234"]}}`},
		{`{"p":[{"key":"hush-hush-hush-1234"}]}`, `{"p":[{"key":"short"},{"key":""},{"key":"env:KEFU_MODEL_KEY"}]}`,
			`p: [{"key":"••••1234"}] -> [{"key":"••••"},{"key":""},{"key":"env:KEFU_MODEL_KEY"}]`},
	} {
		var a, b map[string]any
		if json.Unmarshal([]byte(c.a), &a) != nil || json.Unmarshal([]byte(c.b), &b) != nil {
			t.Fatalf("%s, %s", c.a, c.b)
		}
		var got []string
		for _, d := range compare(nil, "", a, b) {
			before, _ := json.Marshal(d.Before)
			after, _ := json.Marshal(d.After)
			got = append(got, fmt.Sprintf("%s: %s -> %s", d.Path, before, after))
		}
		if got := strings.Join(got, "; "); got != c.want {
			t.Errorf("%s and %s differ in\n%s, want\n%s", c.a, c.b, got, c.want)
		}
	}
}

// Nothing differs from itself, and there is as much to say of the way back.
func FuzzCompare(f *testing.F) {
	f.Add(`{"a":[{"id":"x"},{"id":"y"}]}`, `{"a":[{"id":"y"},{"id":"x"}]}`)
	f.Add(`{"secrets":["hush-hush-hush"]}`, `{"a":{"secrets":{"b":["hush-hush-hush"]}}}`)
	f.Add(`{"a":null}`, `{"b":null}`)
	f.Fuzz(func(t *testing.T, x, y string) {
		var a, b map[string]any
		if json.Unmarshal([]byte(x), &a) != nil || json.Unmarshal([]byte(y), &b) != nil {
			return
		}
		if d := compare(nil, "", a, a); d != nil {
			t.Errorf("%s differs from itself in %v", x, d)
		}
		there, back := compare(nil, "", a, b), compare(nil, "", b, a)
		if len(there) != len(back) {
			t.Errorf("%v one way, %v the other", there, back)
		}
		for _, d := range there {
			if reflect.DeepEqual(d.Before, d.After) && d.Before == nil {
				t.Errorf("no difference: %v", d)
			}
		}
	})
}

func TestMasks(t *testing.T) {
	for secret, want := range map[string]string{"": "••••", "abc": "••••abc", "0123456789": "••••6789", "密码密码密码": "••••密码密码", "a\xff\xfe": "••••a\ufffd\ufffd"} {
		if got := maskOf(secret); got != want || !isMask(got) {
			t.Errorf("%q is masked as %q, want %q", secret, got, want)
		}
	}
	for _, s := range []string{"", "•••", "•••abcd", "••••abcde", strings.Repeat("•", 9)} {
		if isMask(s) {
			t.Errorf("%q is taken for a mask", s)
		}
	}
	// Nothing that may be a secret is a mask.
	s := core.DefaultSettings()
	s.Sites[0].Users.Secrets = []string{maskOf("𝄞𝄞𝄞𝄞")}
	if core.CodeOf(s.Validate()) != core.Invalid {
		t.Error("the longest mask may be a secret")
	}
}
