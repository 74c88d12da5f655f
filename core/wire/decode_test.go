package wire_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/wire"
)

const ping = `{"type":"ping"}`

func send(text string) string {
	return `{"type":"send","origin":"tab_4f9a2c71","n":1,"body":{"kind":"text","text":"` + text + `"}}`
}

// Whole messages that are no frame and no batch.
func TestDecodeRefusesMessages(t *testing.T) {
	batch := func(n int) string { return "[" + strings.Repeat(ping+",", n-1) + ping + "]" }
	for _, c := range []struct {
		name, message string
		want          core.Code
	}{
		{"32 KiB and a byte", strings.Repeat(" ", wire.MaxMessage) + "1", core.TooLarge},
		{"65 frames", batch(65), core.TooLarge},
		{"an empty batch", `[]`, core.Invalid},
		{"a batch without end", `[` + ping, core.Invalid},
		{"a batch and something else", `[` + ping + `]]`, core.Invalid},
		{"a batch with a hole", `[` + ping + `,,` + ping + `]`, core.Invalid},
		{"half a character", `{"type":"ping` + "\xc3" + `"}`, core.Invalid},
		{"a surrogate in UTF-8", `{"type":"` + "\xed\xa0\x80" + `"}`, core.Invalid},
		{"more characters than there are", `{"type":"` + "\xf4\x90\x80\x80" + `"}`, core.Invalid},
		{"lists 10,000 deep", strings.Repeat("[", 10_000) + strings.Repeat("]", 10_000), core.Invalid},
		{"lists 16,000 deep", strings.Repeat("[", 16_000) + strings.Repeat("]", 16_000), core.Invalid},
	} {
		frames, err := wire.Decode([]byte(c.message), core.DefaultLimits())
		bad := err
		if err == nil && len(frames) == 1 {
			bad = frames[0].Bad
		}
		if core.CodeOf(bad) != c.want {
			t.Errorf("%s: %v, want %s", c.name, bad, c.want)
		}
	}
	for _, ok := range []string{batch(64), ping + strings.Repeat(" ", wire.MaxMessage-len(ping)), " \r\n\t" + ping, "\n[" + ping + "]\n"} {
		if _, err := wire.Decode([]byte(ok), core.DefaultLimits()); err != nil {
			t.Errorf("%.40q: %v", ok, err)
		}
	}
}

// Messages that are one bad frame.
func TestDecodeRefusesFrames(t *testing.T) {
	deep := strings.Repeat(`{"type":`, 3_000) + `1` + strings.Repeat(`}`, 3_000)
	tooDeep := `{"type":"ping","x":` + strings.Repeat("[", 10_001) + strings.Repeat("]", 10_001) + `}`
	for _, m := range []string{
		``, ` `, `null`, `true`, `5`, `"ping"`, `{}`, `{`, `}`, `{"type"}`, `{"type":}`, `{"type":"ping"} x`, `{"type":"ping",}`, ping + ping,
		`{"type":"PING"}`, `{"type":"welcome"}`, `{"type":""}`, `{"type":null}`, `{'type':'ping'}`, "\ufeff" + ping, deep, tooDeep,
		`{"type":"` + strings.Repeat("x", 30_000) + `"}`,
		`{"type":"send","origin":"` + strings.Repeat("x", 30_000) + `","n":1}`,
		`{"type":"send","conversation":"` + strings.Repeat("\u2028", 10_000) + `","n":1}`,
		`{"type":"send","n":` + strings.Repeat("1", 30_000) + `}`,
	} {
		f := decodeOne(t, []byte(m))
		if core.CodeOf(f.Bad) != core.Invalid {
			t.Errorf("%.60q: %v", m, f.Bad)
		}
		if answer := wire.Encode(wire.ErrorFor(f, f.Bad)); len(answer) > 1000 {
			t.Errorf("%.60q is answered with %d bytes: %.200s", m, len(answer), answer)
		}
	}
}

// One bad frame does not spoil the good ones around it.
func TestDecodeBatch(t *testing.T) {
	for _, bad := range []string{`{}`, `null`, `7`, `[]`, `{"type":"send"}`, `{"type":"ping","next":"soon"}`, `"ping"`} {
		frames, err := wire.Decode([]byte(`[`+send("a")+`,`+bad+`,`+ping+`]`), core.DefaultLimits())
		if err != nil || len(frames) != 3 {
			t.Fatalf("%s: %d frames, %v", bad, len(frames), err)
		}
		if frames[0].Bad != nil || frames[0].Body.Text != "a" || frames[2].Bad != nil || frames[2].Type != wire.Ping {
			t.Errorf("%s: the good ones are %+v and %+v", bad, frames[0], frames[2])
		}
		if core.CodeOf(frames[1].Bad) != core.Invalid {
			t.Errorf("%s: %v", bad, frames[1].Bad)
		}
	}
}

// A character is a code point, whatever it takes on the wire.
func TestDecodeCountsCharacters(t *testing.T) {
	for _, c := range []string{"a", "é", "客", "🙂", "\u2028", `\n`, `\\`, `\u5ba2`} {
		if f := decodeOne(t, []byte(send("x"+strings.Repeat(c, 3999)))); f.Bad != nil {
			t.Errorf("4,000 times %q: %v", c, f.Bad)
		}
		if f := decodeOne(t, []byte(send("x"+strings.Repeat(c, 4000)))); core.CodeOf(f.Bad) != core.TooLarge {
			t.Errorf("4,001 times %q: %v", c, f.Bad)
		}
	}
	small := core.Limits{Text: 3, Frame: 1 << 10, Batch: 1}
	frames, err := wire.Decode([]byte(send("客客客客")), small)
	if err != nil || core.CodeOf(frames[0].Bad) != core.TooLarge {
		t.Errorf("over a site's own limit: %v, %v", frames, err)
	}
}

// What package doc says of JSON's dark corners.
func TestDecodeDarkCorners(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`a\ud800b`, "a\ufffdb"}, {`\udc00\ud800`, "\ufffd\ufffd"}, {`\ud83d\ude42`, "🙂"}, {`a\ufffeb`, "a\ufffeb"},
		{`\\u0000`, `\u0000`}, {`\\\\u0000`, `\\u0000`}, {`\\u0000\\`, `\u0000\`}, {`\u0001`, "\x01"},
	} {
		f := decodeOne(t, []byte(send(c.text)))
		if f.Bad != nil || f.Body.Text != c.want {
			t.Errorf("%s: %q, %v; want %q", c.text, f.Body.Text, f.Bad, c.want)
		}
	}
	for _, text := range []string{`\u0000`, `a\\\u0000`, `\\u0000\u0000`} {
		if f := decodeOne(t, []byte(send(text))); core.CodeOf(f.Bad) != core.Invalid || f.N != 1 {
			t.Errorf("%s: n %d, %v", text, f.N, f.Bad)
		}
	}
	twice := decodeOne(t, []byte(`{"type":"rate","type":"send","n":9,"n":1,"origin":"tab_4f9a2c71","body":{"kind":"file","text":"a"},"body":{"kind":"text","text":"b"}}`))
	if twice.Bad != nil || twice.Type != wire.Send || twice.N != 1 || twice.Body.Core().Text != "b" {
		t.Errorf("keys given twice: %+v", twice)
	}
}

// What a page says of itself is shown to agents: no control characters, which
// would also be six times as long in JSON.
func TestHelloIsPrintable(t *testing.T) {
	f := decodeOne(t, []byte(`{"type":"hello","v":1,"origin":"tab_4f9a2c71","page":{"url":"https://a/\u0001b","title":"a\u0007\n\u009fb","referrer":"\u001b[2J"}}`))
	if want := (wire.Page{URL: "https://a/b", Title: "ab", Referrer: "[2J"}); f.Bad != nil || *f.Page != want {
		t.Errorf("page %+v, %v; want %+v", f.Page, f.Bad, want)
	}
}

// A frame of a later release is refused under its own number, so that an
// outbox does not wait for it.
func TestUnknownFramesKeepTheirNumber(t *testing.T) {
	for frame, code := range map[string]core.Code{
		`{"type":"pin","origin":"tab_4f9a2c71","n":4}`: core.Invalid,
	} {
		f := decodeOne(t, []byte(frame))
		e := wire.ErrorFor(f, f.Bad)
		if e.Code != string(code) || e.Origin != string(origin) || e.N != 4 {
			t.Errorf("%s: %+v", frame, e)
		}
	}
	if e := wire.ErrorFor(decodeOne(t, []byte(`{"type":"hello","n":4,"origin":"tab_4f9a2c71"}`)), core.Errorf(core.Invalid, "x")); e.N != 0 || e.Origin != "" {
		t.Errorf("a refused hello answers n: %+v", e)
	}
}

func FuzzDecode(f *testing.F) {
	for _, s := range shapes {
		f.Add([]byte(s.frame))
		f.Add([]byte("[" + s.frame + "," + ping + "," + s.frame + "]"))
	}
	f.Add([]byte(send(`\ud800\u0000`)))
	lim := core.DefaultLimits()
	f.Fuzz(func(t *testing.T, data []byte) {
		frames, err := wire.Decode(data, lim)
		if err != nil {
			if len(frames) != 0 || !core.Definite(err) {
				t.Fatalf("%d frames beside %v", len(frames), err)
			}
			return
		}
		if len(frames) == 0 || len(frames) > lim.Batch {
			t.Fatalf("%d frames and no error", len(frames))
		}
		for _, got := range frames {
			if got.Bad != nil {
				answer := wire.Encode(wire.ErrorFor(got, got.Bad))
				if !core.Definite(got.Bad) || len(answer) > 1000 {
					t.Fatalf("refused with %v, answered with %d bytes", got.Bad, len(answer))
				}
				continue
			}
			written := encode(t, got)
			loose := lim
			loose.Frame *= 8 // JSON can be written longer than it came
			again, err := wire.Decode(written, loose)
			if err != nil || len(again) != 1 || again[0].Bad != nil {
				t.Fatalf("%s passed, and as %s: %v, %v", data, written, again, err)
			}
			if rewritten := encode(t, again[0]); !bytes.Equal(written, rewritten) {
				t.Fatalf("%s\nbecame\n%s", written, rewritten)
			}
		}
	})
}

func BenchmarkDecode(b *testing.B) {
	for _, n := range []int{20, 4000} {
		data := []byte(send(strings.Repeat("客", n)))
		b.Run(fmt.Sprintf("%d characters", n), func(b *testing.B) {
			lim := core.DefaultLimits()
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if f, err := wire.Decode(data, lim); err != nil || f[0].Bad != nil {
					b.Fatal(err, f[0].Bad)
				}
			}
		})
	}
}
