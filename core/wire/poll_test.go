package wire_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"kefu/core"
	"kefu/core/wire"
)

// testdata/poll/poll.json has bodies of polls that pass, those that are
// refused, and why.
type pollFile struct {
	Valid   []pollExample `json:"valid"`
	Invalid []pollExample `json:"invalid"`
}

type pollExample struct {
	Name  string          `json:"name"`
	Poll  json.RawMessage `json:"poll"`
	Error string          `json:"error,omitempty"` // code: message
}

func TestPollGolden(t *testing.T) {
	eachFile(t, "poll", []string{"poll"}, func(t *testing.T, _ string, data []byte) []byte {
		var f pollFile
		unmarshal(t, data, &f)
		if len(f.Valid) == 0 || len(f.Invalid) == 0 {
			t.Errorf("%d valid and %d invalid examples", len(f.Valid), len(f.Invalid))
		}
		for _, e := range f.Valid {
			got, err := wire.DecodePoll(e.Poll, core.DefaultLimits())
			if err != nil {
				t.Errorf("%s: %v", e.Name, err)
				continue
			}
			if want, have := asked(t, e.Poll), pollText(got); want != have {
				t.Errorf("%s: read as\n%s\nand not\n%s", e.Name, have, want)
			}
			for _, frame := range got.Frames {
				if frame.Bad != nil {
					t.Errorf("%s: %v", e.Name, frame.Bad)
				}
			}
		}
		for i, e := range f.Invalid {
			_, err := wire.DecodePoll(e.Poll, core.DefaultLimits())
			if err == nil || !core.Definite(err) {
				t.Errorf("%s: refused with %v", e.Name, err)
				continue
			}
			f.Invalid[i].Error = err.Error()
		}
		return indented(t, f)
	})
}

// asked is pollText of JSON, read without any of our code.
func asked(t *testing.T, data []byte) string {
	t.Helper()
	m := map[string]any{}
	unmarshal(t, data, &m)
	p := wire.Poll{Wait: wire.MaxWait}
	if w, ok := m["wait"].(float64); ok {
		p.Wait = min(int(w), wire.MaxWait)
	}
	if a, ok := m["after"].(float64); ok {
		after := uint64(a)
		p.After = &after
	}
	for key, to := range map[string]*string{"token": &p.Token, "site": &p.Site, "origin": &p.Origin, "epoch": &p.Epoch, "head": &p.Head} {
		*to, _ = m[key].(string)
	}
	frames, _ := m["frames"].([]any)
	for _, x := range frames {
		p.Frames = append(p.Frames, wire.Frame{Type: x.(map[string]any)["type"].(string)})
	}
	return pollText(p)
}

func pollText(p wire.Poll) string {
	s := fmt.Sprintf("token %q, site %q, origin %q, epoch %q, head %q, wait %d", p.Token, p.Site, p.Origin, p.Epoch, p.Head, p.Wait)
	if p.After != nil {
		s += fmt.Sprintf(", after %d", *p.After)
	}
	for _, f := range p.Frames {
		s += ", " + f.Type
	}
	return s
}

// What is too much is refused as a whole; what is wrong with one frame is
// wrong with that one.
func TestPollBounds(t *testing.T) {
	lim := core.DefaultLimits()
	frames := func(n int, one string) string {
		return `{"token":"t","frames":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]}`
	}
	long := `{"type":"typing","text":"` + strings.Repeat("x", 3000) + `"}`
	for _, c := range []struct {
		name, body string
		want       core.Code
		frames     int
	}{
		{"as many frames as a batch", frames(lim.Batch, ping), "", lim.Batch},
		{"one more", frames(lim.Batch+1, ping), core.TooLarge, 0},
		{"frames as long as a message", frames(10, long), "", 10},
		{"longer ones", frames(11, long), core.TooLarge, 0},
		{"a token that is too long", `{"token":"` + strings.Repeat("t", 4097) + `"}`, core.TooLarge, 0},
		{"a body that is too long", `{"token":"t","more":"` + strings.Repeat("x", wire.MaxPoll) + `"}`, core.TooLarge, 0},
		{"half a character", "{\"token\":\"\xe5\"}", core.Invalid, 0},
		{"too deep", `{"x":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + `}`, core.Invalid, 0},
		{"nothing", ``, core.Invalid, 0},
		{"two bodies", `{}{}`, core.Invalid, 0},
		{"nothing asked", `{}`, "", 0},
		{"what is unknown is passed over", `{"token":"t","later":[1]}`, "", 0},
		{"null is as if left out", `{"token":null,"after":null,"wait":null,"frames":null}`, "", 0},
	} {
		p, err := wire.DecodePoll([]byte(c.body), lim)
		if core.CodeOf(err) != c.want || len(p.Frames) != c.frames {
			t.Errorf("%s: %d frames, %v", c.name, len(p.Frames), err)
		}
	}
	p, err := wire.DecodePoll([]byte(`{"frames":[`+ping+`,null,7,{"type":"what"},`+ping+`]}`), lim)
	if err != nil || len(p.Frames) != 5 || p.Frames[0].Bad != nil || p.Frames[4].Bad != nil {
		t.Fatalf("%+v, %v", p, err)
	}
	for _, f := range p.Frames[1:4] {
		if core.CodeOf(f.Bad) != core.Invalid {
			t.Errorf("%+v", f)
		}
	}
	if p.Wait != wire.MaxWait {
		t.Errorf("left out, wait is %d", p.Wait)
	}
}

// Whatever comes, nothing panics, and what passes is within the limits.
func FuzzDecodePoll(f *testing.F) {
	f.Add([]byte(`{"token":"t","site":"default","after":41,"epoch":"e_1","frames":[` + ping + `],"wait":25}`))
	f.Add([]byte(`{"frames":[{"type":"hello","v":1,"origin":"tab_4f9a2c71"}],"head":"x","origin":"tab_4f9a2c71"}`))
	for _, s := range shapes {
		f.Add([]byte(`{"frames":[` + s.frame + `]}`))
	}
	lim := core.DefaultLimits()
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := wire.DecodePoll(data, lim)
		if err != nil {
			if !core.Definite(err) || len(p.Frames) != 0 || len(wire.Encode(wire.ErrorFor(wire.Frame{}, err))) > 1000 {
				t.Fatalf("%d frames beside %v", len(p.Frames), err)
			}
			return
		}
		if len(p.Frames) > lim.Batch || p.Wait < 0 || p.Wait > wire.MaxWait || p.After != nil && *p.After > wire.MaxInt {
			t.Fatalf("%s passed as %s", data, pollText(p))
		}
		for _, got := range p.Frames {
			if got.Bad != nil && !core.Definite(got.Bad) {
				t.Fatalf("refused with %v", got.Bad)
			}
		}
	})
}
