package assist

import (
	"strings"
	"testing"

	"kefu/core"
)

func TestMask(t *testing.T) {
	for text, want := range map[string]string{
		"我的电话是13800138000":                        "我的电话是[phone 1]",
		"call 138 0013 8000 or +1 212-555-0100":   "call [phone 1] or [phone 2]",
		"１３８００１３８０００":                             "[phone 1]",
		"座机 010-62770000":                         "座机 [phone 1]",
		"身份证 11010519491231002X":                  "身份证 [id card 1]",
		"card 4111 1111 1111 1111":                "card [bank card 1]",
		"mail a.b@shop.example, A.B@shop.example": "mail [email 1], [email 1]",
		"order 1042 of 2026-11-23 for 99.50":      "order 1042 of 2026-11-23 for 99.50",
	} {
		m := newMasker(false)
		got := m.mask(text)
		if got != want {
			t.Errorf("%q is masked as %q, want %q", text, got, want)
		}
		if back := m.unmask(got); !strings.EqualFold(back, text) {
			t.Errorf("%q comes back as %q", text, back)
		}
	}
}

func TestTidy(t *testing.T) {
	for text, want := range map[string]string{
		"see https://shop.example/a and https://evil.example/b": "see https://shop.example/a and […]",
		"<script>alert(1)</script>hello":                        "alert(1)hello",
		"[x](javascript:alert(1))":                              "[x]([…]))",
		"www.evil.example":                                      "[…]",
		"https://shop.example@evil.example/":                    "[…]",
		"https://shop.example.evil.example/":                    "[…]",
		"it costs 1.50, see v1.2":                               "it costs 1.50, see v1.2",
	} {
		if got := tidy(text, []string{"shop.example"}); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestImport(t *testing.T) {
	list, err := Import("faq.csv", []byte("\ufeff问题,答案\n几点开门？,九点\n"))
	if err != nil || len(list) != 1 || list[0].Question != "几点开门？" || list[0].Text != "九点" {
		t.Errorf("%+v, %v", list, err)
	}
	if list, err = Import("a.md", []byte("# Returns\n30 days\n## Shipping\n3 days\n")); err != nil || len(list) != 2 || list[1].Title != "Shipping" {
		t.Errorf("%+v, %v", list, err)
	}
	for name, c := range map[string]struct {
		data string
		code core.Code
		says string
	}{
		"big.txt": {strings.Repeat("x", 10<<20), core.TooLarge, "big.txt"}, "a.txt": {"a\x00b", core.Invalid, "a.txt: is no text"},
		"gbk.txt": {"\xc4\xe3\xba\xc3", core.Invalid, "is not in UTF-8"}, "x.pdf": {"x", core.Invalid, "x.pdf"}, "b.csv": {"x,y\n1,2", core.Invalid, "names the columns"},
	} {
		if _, err := Import(name, []byte(c.data)); core.CodeOf(err) != c.code || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
